"""Drift: where resources are not as their stacks say, looking for it, and what of it is meant."""
