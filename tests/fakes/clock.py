"""A clock that moves only when told to."""

from datetime import datetime, timedelta

from tests.builders import NOW


class MovableClock:
    """`services.ports.Clock` for tests."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        """The present of the test."""
        return self._now

    def move(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Go forward; the new present."""
        self._now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._now
