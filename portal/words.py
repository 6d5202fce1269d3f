"""How Haven says numbers and times. Pure; the page's script (static/js/app.js) says ages with the same words."""

from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHORT_DAYS = 6
"""A weekday's name is clear for times less than a week back."""


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit: 6 s, 4 min, 3 h, 2 days. Never negative."""
    whole = max(0, int(seconds))
    for unit, size in (("day", 86400), ("h", 3600), ("min", 60)):
        if whole >= size:
            number = whole // size
            return f"{number} {unit}{'s' if unit == 'day' and number > 1 else ''}"
    return f"{whole} s"


def age(at: datetime, now: datetime) -> str:
    """How long ago: `6 s ago`. A time in the future, by a clock that runs ahead, reads as now."""
    seconds = (now - at).total_seconds()
    return "now" if seconds < 1 else f"{duration(seconds)} ago"


def iso(at: datetime) -> str:
    """For a `datetime` attribute: 2026-11-22T14:02:11Z, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(at: datetime) -> str:
    """The whole time, for tables and titles: 2026-11-22 14:02:11 UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def moment(at: datetime, now: datetime) -> str:
    """A time as people say it, in UTC: `today 14:02`, `Mon 09:14`, `3 Oct 09:14`, `3 Oct 2025`."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    days = (now.date() - at.date()).days
    clock = f"{at:%H:%M}"
    if days == 0:
        return f"today {clock}"
    if 0 < days <= _SHORT_DAYS:
        return f"{_DAYS[at.weekday()]} {clock}"
    day = f"{at.day} {_MONTHS[at.month - 1]}"
    return f"{day} {clock}" if at.year == now.year else f"{day} {at.year}"


def account(number: str) -> str:
    """An AWS account in groups of four, as people read it aloud: 1234 5678 9012."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4)) if number.isdigit() else number
