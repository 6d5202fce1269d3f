"""Deployments: what a change set would do, how dangerous that is, and what came of it. Pure."""
