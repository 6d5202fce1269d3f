"""`python -m services.cli`: the same as `haven`."""

from services.cli import haven

haven()
