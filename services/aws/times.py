"""AWS's times as Haven keeps them: aware UTC."""

from datetime import UTC, datetime


def utc(at: datetime) -> datetime:
    """The same instant in UTC. botocore's times are aware, in whatever zone its parser chose."""
    return at.astimezone(UTC)


def utc_or_none(at: datetime | None) -> datetime | None:
    """As `utc`, for a field that AWS may leave out."""
    return None if at is None else utc(at)
