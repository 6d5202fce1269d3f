"""Until when: a few spans from now, or a time typed in UTC. Pure."""

import re
from datetime import UTC, datetime, timedelta

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?( ?UTC|Z)?")
HINT = "A time in UTC as 2026-11-22 18:00."
_SPANS = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "2h": timedelta(hours=2), "8h": timedelta(hours=8)}
CHOICES = (
    ("good", "For good"),
    ("30m", "30 min"),
    ("1h", "1 h"),
    ("2h", "2 h"),
    ("8h", "8 h"),
    ("at", "Until…"),
)


def ends(lasts: str, text: str, now: datetime) -> datetime | None:
    """The end of what begins now; None for good. Raises ValueError for a time that is none."""
    if lasts == "good":
        return None
    if lasts in _SPANS:
        return (now + _SPANS[lasts]).replace(microsecond=0)
    at = typed(text)
    if at is None:
        raise ValueError(HINT)
    return at


def typed(text: str) -> datetime | None:
    """A time as people type it, None when it is none."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ''}").replace(tzinfo=UTC)
    except ValueError:
        return None


def written(at: datetime) -> str:
    """As `typed` reads it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
