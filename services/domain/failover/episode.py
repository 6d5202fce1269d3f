"""One failover as it is kept for ever: who or what asked for it, where from and to, its phases and what they cost."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.domain.operation import Target


class Origin(StrEnum):
    """Who began it."""

    HAVEN = "controlled"
    OUTSIDE = "asked for outside Haven"
    AUTOMATIC = "automatic"
    UNKNOWN = "not known yet"


class Result(StrEnum):
    """How it ended."""

    RUNNING = "running"
    COMPLETED = "completed"
    ABANDONED = "abandoned by AWS"
    FAILED = "failed"
    UNFINISHED = "no end was seen"


@dataclass(frozen=True)
class Phase:
    """One thing that happened on the way. `words` are AWS's (or the probe's), `name` is ours."""

    name: str
    at: datetime
    words: str = ""


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody has looked at it."""

    by: str
    at: datetime
    comment: str


@dataclass(frozen=True)
class Episode:
    """A failover in the history.

    `cause` is AWS's own sentence, `meaning` ours. `from_zone` and `to_zone` are None until they are known: the zones
    swap late and without an event. `detected_at` is the first sign of trouble that was seen before AWS began (a failing
    probe, an alarm), so that detection and recovery are told apart; None when there was none. `outage_seconds` was
    measured by `outage_source` (`probe`, or `events`: from started to completed, an upper bound); None when unknown.
    `related` are ids of operations, alarms and stacks around it. `number` counts within an environment.
    """

    id: str
    environment: str
    target_kind: Target
    target: str
    started_at: datetime
    result: Result
    origin: Origin
    cause: str = ""
    meaning: str = ""
    from_zone: str | None = None
    to_zone: str | None = None
    from_member: str = ""
    to_member: str = ""
    detected_at: datetime | None = None
    completed_at: datetime | None = None
    phases: tuple[Phase, ...] = ()
    outage_seconds: float | None = None
    outage_source: str = ""
    operation_id: str = ""
    who: str = ""
    reason: str = ""
    related: tuple[str, ...] = ()
    acknowledged: Acknowledgement | None = None
    number: int = 0

    @property
    def seconds(self) -> float | None:
        """From its beginning to its completion; None while there is no end."""
        return (self.completed_at - self.started_at).total_seconds() if self.completed_at else None
