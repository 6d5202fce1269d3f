"""The status vocabulary: eight words, worst first, the same everywhere (design README, "Status vocabulary")."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.domain.snapshot import Part, Snapshot


class Status(StrEnum):
    """How something stands. The order of the members is the order of a verdict: the first one present wins."""

    DOWN = "down"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    STALE = "stale"
    CHANGING = "changing"
    PAUSED = "paused"
    SIMULATED = "simulated"
    HEALTHY = "healthy"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return _RANK[self]


_RANK = {status: number for number, status in enumerate(Status)}

_BY_THE_MINUTE = (Part.METRICS, Part.EVENTS)
_MINUTE_ALLOWANCE = 3
"""CloudWatch has one point a minute and Haven asks once a minute, for metrics and events alike, so these are allowed to
be older than states."""


def worst(statuses: Iterable[Status]) -> Status:
    """The worst status present; healthy when there is none."""
    return min(statuses, key=lambda status: status.rank, default=Status.HEALTHY)


@dataclass(frozen=True)
class State:
    """A status and the one or two words that say why, such as `down`, "unhealthy"."""

    status: Status
    word: str


def freshness(snapshot: Snapshot, part: Part, now: datetime, stale_after: timedelta) -> Status | None:
    """UNKNOWN when the part never was read, STALE when it was read too long before `now`, else None."""
    read_at = snapshot.reading(part).read_at
    if read_at is None:
        return Status.UNKNOWN
    allowed = stale_after * _MINUTE_ALLOWANCE if part in _BY_THE_MINUTE else stale_after
    return Status.STALE if now - read_at > allowed else None


def as_read(state: State, fresh: Status | None) -> State:
    """The state as it may be shown: an unread one is never what it was, and never healthy."""
    if fresh is None:
        return state
    return State(fresh, "not read" if fresh is Status.UNKNOWN else "stale")
