"""Failovers: what can be failed over, the checks before, the steps of it, and the history after."""
