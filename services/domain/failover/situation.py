"""All that the checks before a failover are judged by, and how a check is made of a fact with an age."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.check import Answer, Check
from services.domain.environment import Environment
from services.domain.failover.episode import Episode
from services.domain.failover.target import Candidate, FailoverTarget
from services.domain.freeze import Freeze
from services.domain.operation import Operation
from services.domain.pause import Pause
from services.domain.snapshot import Part, Snapshot
from services.domain.status import Status, freshness


@dataclass(frozen=True)
class Situation:
    """`recent` are the target's own failovers, newest first; `live` the operations of this environment that are not
    over, of which `own_id` (the one being checked) is not in its own way. `tests_today` counts TestFailovers of the
    last 24 hours in the account as far as Haven knows. `apart` is how long two failovers of a target must be apart.
    `freeze` is the change freeze that is on, if one is."""

    environment: Environment
    snapshot: Snapshot
    target: FailoverTarget
    to: Candidate | None
    now: datetime
    stale_after: timedelta
    recent: tuple[Episode, ...] = ()
    tests_today: int = 0
    live: tuple[Operation, ...] = ()
    own_id: str = ""
    pause: Pause | None = None
    apart: timedelta = timedelta(minutes=30)
    freeze: Freeze | None = None

    def unread(self, *parts: Part) -> str:
        """Why what these parts say cannot be gone by; empty when all were read lately enough."""
        for part in parts:
            old = freshness(self.snapshot, part, self.now, self.stale_after)
            read_at = self.snapshot.reading(part).read_at
            if old is Status.UNKNOWN or read_at is None:
                return f"Not known: {part} never was read."
            if old is not None:
                return f"Not known: {part} was last read {span(self.now - read_at)} ago, at {read_at:%H:%M:%S} UTC."
        return ""

    def read_at(self, *parts: Part) -> datetime | None:
        """When the oldest of these parts was read; None when one never was."""
        times = [self.snapshot.reading(part).read_at for part in parts]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None


READ_AGAIN = "Haven reads again by itself; if AWS denies it, give Haven's reader role the right to make the call."


@dataclass(frozen=True)
class Judge:
    """One check in the making. `parts` are what it is read from: when one is too old, the answer is UNKNOWN whatever
    the facts say. `unknown_overridable` says whether an admin may go by other knowledge then."""

    situation: Situation
    key: str
    title: str
    parts: tuple[Part, ...] = ()
    unknown_overridable: bool = False

    @property
    def unread(self) -> Check | None:
        """The check when its facts are too old, else None."""
        why = self.situation.unread(*self.parts)
        return self.unknown(why, READ_AGAIN) if why else None

    def passed(self, fact: str) -> Check:
        """It holds."""
        return self._made(Answer.PASS, fact, "", False)

    def failed(self, fact: str, mend: str, *, overridable: bool) -> Check:
        """It does not hold."""
        return self._made(Answer.FAIL, fact, mend, overridable)

    def unknown(self, fact: str, mend: str) -> Check:
        """Nobody knows."""
        return self._made(Answer.UNKNOWN, fact, mend, self.unknown_overridable)

    def _made(self, answer: Answer, fact: str, mend: str, overridable: bool) -> Check:
        return Check(self.key, self.title, answer, fact, self.situation.read_at(*self.parts), mend, overridable)


def span(length: timedelta) -> str:
    """`40 s`, `12 min`, `3 h 5 min`, `2 days`: how long, in the two largest words that matter."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 120:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min".replace(" 0 min", "")
    return f"{hours // 24} days"
