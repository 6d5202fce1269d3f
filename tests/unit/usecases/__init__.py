"""Use cases, on fakes."""
