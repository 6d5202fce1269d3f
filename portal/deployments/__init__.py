"""Deployments: the history, planning one, its review, recovering one that failed, and comparing two."""
