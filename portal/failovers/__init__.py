"""Failovers: what can be failed over, the preview and the request, the history and its incidents."""
