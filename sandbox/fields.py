"""Reading the fields of a JSON object with clear refusals."""

from collections.abc import Sequence
from typing import Any


class Bad(Exception):
    """The request cannot be followed; the text says why."""


class Body:
    """A JSON object being read; `done` refuses what nobody read."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._left = dict(given)

    def __contains__(self, name: object) -> bool:
        return name in self._left

    def text(self, name: str, choices: Sequence[str] | None = None, default: str | None = None) -> str:
        """A text of 1 to 200 characters, one of `choices` if given."""
        value = self._left.pop(name, default)
        if value is None:
            raise Bad(f"{name} is missing")
        if not isinstance(value, str) or not 1 <= len(value) <= 200:
            raise Bad(f"{name} must be a text of 1 to 200 characters")
        if choices is not None and value not in choices:
            raise Bad(f"{name} must be one of: {', '.join(choices)}")
        return value

    def optional_text(self, name: str) -> str | None:
        """A text, or None if it is absent or null."""
        if self._left.get(name) is None:
            self._left.pop(name, None)
            return None
        return self.text(name)

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """A number in a range."""
        value = self._left.pop(name, default)
        if value is None:
            raise Bad(f"{name} is missing")
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Bad(f"{name} must be a number from {low:g} to {high:g}")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._left.pop(name, None)
        if not isinstance(value, bool):
            raise Bad(f"{name} must be true or false")
        return value

    def done(self) -> None:
        """Refuse fields nobody knows."""
        if self._left:
            raise Bad(f"unknown: {', '.join(sorted(self._left))}")
