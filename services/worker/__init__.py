"""The background process: ticks on a schedule, under a lease."""
