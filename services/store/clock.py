"""The time."""

from datetime import UTC, datetime


class SystemClock:
    """`services.ports.Clock` by this machine's clock."""

    def now(self) -> datetime:
        """The present as aware UTC."""
        return datetime.now(UTC)
