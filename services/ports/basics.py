"""The time and unguessable strings."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The present as aware UTC."""
        ...


class Tokens(Protocol):
    """Unguessable strings."""

    def new(self) -> str:
        """A fresh URL-safe token of at least 256 bits."""
        ...
