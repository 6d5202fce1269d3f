"""Failovers put together from AWS's events: in any order, told twice, with a start or an end missing.

Events are sorted by AWS's clock and each is used once, so that the same events always give the same failovers. One
begins with its start, or with whatever of it was seen first; it ends with its completion. Plain restarts, repairs of a
standby, and events of other kinds make no failover by themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.domain.event import CloudEvent
from services.domain.failover.causes import Said, What, group_of, member_shard, understood
from services.domain.operation import Target

LONGEST = timedelta(minutes=30)
"""Without an end for this long, an end was missed, and what comes next is another failover."""
TWICE = timedelta(minutes=2)
"""AWS says some things twice, by two sources or seconds apart."""
REASON_WITHIN = timedelta(minutes=10)
"""How long after a completion its reason may still come; they carry the same time as a rule."""
REBUILT_WITHIN = timedelta(hours=6)

Key = tuple[Target, str, str]
"""Kind, name, and a cache's node group."""


@dataclass
class Draft:
    """A failover in the making. `heard` is all that belongs to it, in AWS's order; `started` says whether its own
    beginning was seen, or `started_at` is only the first sign of it; `lost` that the next one began without its end."""

    key: Key
    started_at: datetime
    started: bool = False
    lost: bool = False
    completed_at: datetime | None = None
    ended: What | None = None
    reason: tuple[CloudEvent, Said] | None = None
    heard: list[tuple[CloudEvent, Said]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether its end is still to come."""
        return self.ended is None

    @property
    def abandoned(self) -> bool:
        """Whether AWS dropped the request: then nothing moved."""
        return self.ended is What.ABANDONED

    def close(self, what: What, at: datetime) -> None:
        """It ended so."""
        self.ended, self.completed_at = what, at if what is What.COMPLETED else None


def drafts(events: Iterable[CloudEvent]) -> tuple[Draft, ...]:
    """Every failover that the events tell of, by when it began."""
    told: dict[Key, list[tuple[CloudEvent, Said]]] = {}
    for event in distinct(events):
        said = understood(event)
        key = _key(event, said)
        if key is not None and said.what is not What.OTHER:
            told.setdefault(key, []).append((event, said))
    found = [draft for key, heard in told.items() for draft in _walk(key, heard)]
    return tuple(sorted(found, key=lambda draft: (draft.started_at, draft.key)))


def distinct(events: Iterable[CloudEvent]) -> tuple[CloudEvent, ...]:
    """Each event once, in AWS's order, whatever order they came in."""
    once: dict[str, CloudEvent] = {}
    for event in events:
        known = once.get(event.key)
        if known is None or _earlier(event) < _earlier(known):
            once[event.key] = event
    return tuple(sorted(once.values(), key=_earlier))


def _earlier(event: CloudEvent) -> tuple[datetime, str, str, str]:
    return event.at, event.message, event.source_type, event.event_id


def _key(event: CloudEvent, said: Said) -> Key | None:
    if event.source == "elasticache" and event.source_type in ("replication-group", "cache-cluster"):
        member = event.subject if event.source_type == "cache-cluster" else ""
        # A group whose members carry no node group in their names has only the first.
        shard = said.shard or member_shard(member) or "0001"
        return Target.CACHE, group_of(member) if member else event.subject, shard
    if event.source == "rds" and event.source_type == "db-cluster":
        return Target.DATABASE_CLUSTER, event.subject, ""
    if event.source == "rds" and event.source_type == "db-instance":
        return Target.DATABASE_INSTANCE, event.subject, ""
    return None


def _walk(key: Key, heard: Sequence[tuple[CloudEvent, Said]]) -> list[Draft]:
    walk = _Walk(key)
    for event, said in heard:
        walk.hear(event, said)
    return walk.found


class _Walk:
    def __init__(self, key: Key) -> None:
        self._key = key
        self.found: list[Draft] = []
        self._restart: tuple[CloudEvent, Said] | None = None

    def hear(self, event: CloudEvent, said: Said) -> None:
        what = said.what
        if what in (What.STARTED, What.CALLED):
            self._begin(event, said)
        elif what is What.COMPLETED:
            self._complete(event, said)
        elif what is What.REASON:
            self._explain(event, said)
        elif what is What.ABANDONED:
            self._new(event, said).close(What.ABANDONED, event.at)
        elif what in (What.FAILED, What.TAKEN_BACK, What.PARTIAL):
            self._fail(event, said)
        elif what is What.RESTARTED:
            self._restarted(event, said)
        else:
            self._rebuild(event, said)

    def _begin(self, event: CloudEvent, said: Said) -> None:
        last = self._last()
        if last is not None and last.open and event.at - last.started_at <= TWICE:
            last.started = True
            last.heard.append((event, said))
        else:
            if last is not None and last.open:
                last.lost = True
            self._new(event, said).started = True

    def _complete(self, event: CloudEvent, said: Said) -> None:
        last = self._last()
        going = last is not None and event.at - last.started_at <= LONGEST
        if last is not None and going and last.ended in (None, What.PARTIAL):
            last.close(What.COMPLETED, event.at)
        elif last is not None and going and last.ended is not What.COMPLETED:
            pass  # it was taken back: what is completed is the way back
        elif last is None or last.completed_at is None or event.at - last.completed_at > TWICE:
            self._new(event, said, with_restart=True).close(What.COMPLETED, event.at)
            return
        last.heard.append((event, said))

    def _explain(self, event: CloudEvent, said: Said) -> None:
        last = self._last()
        if last is not None and (
            (last.open and event.at - last.started_at <= LONGEST)
            or (last.completed_at is not None and event.at - last.completed_at <= REASON_WITHIN)
        ):
            last.heard.append((event, said))
        else:
            last = self._new(event, said, with_restart=True)
        last.reason = last.reason or (event, said)

    def _fail(self, event: CloudEvent, said: Said) -> None:
        last = self._last()
        if last is not None and last.open and event.at - last.started_at <= LONGEST:
            last.close(said.what, event.at)
        elif last is None or event.at - (last.completed_at or last.started_at) > LONGEST:
            self._new(event, said).close(said.what, event.at)
            return
        last.heard.append((event, said))

    def _restarted(self, event: CloudEvent, said: Said) -> None:
        last = self._last()
        if last is not None and (
            (last.open and event.at - last.started_at <= LONGEST)
            or (last.completed_at is not None and event.at - last.completed_at <= TWICE)
        ):
            last.heard.append((event, said))
        else:
            self._restart = (event, said)  # of a plain reboot, or of a failover whose start was lost

    def _rebuild(self, event: CloudEvent, said: Said) -> None:
        last = self._last()
        if last is not None and event.at - last.started_at <= REBUILT_WITHIN:
            last.heard.append((event, said))

    def _last(self) -> Draft | None:
        """The newest that moved, or may have moved, something."""
        return next((draft for draft in reversed(self.found) if not draft.abandoned), None)

    def _new(self, event: CloudEvent, said: Said, *, with_restart: bool = False) -> Draft:
        draft = Draft(self._key, event.at)
        if with_restart and self._restart and event.at - self._restart[0].at <= TWICE:
            draft.started_at = self._restart[0].at
            draft.heard.append(self._restart)
        draft.heard.append((event, said))
        self.found.append(draft)
        return draft
