"""Keeping what CloudFormation says while it works on stacks, whoever made it work: it forgets a deleted stack's events
after 90 days, and the history of deployments is for ever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.deployment.event import StackEvent
from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.snapshot import Snapshot, Stack
from services.ports import Clock, StackReader, Store, UnitOfWork

RECENT = 1000
"""Among how many of the newest kept events stacks are looked for that are no longer there."""
ENOUGH = 20
"""Of a stack that was quiet for long, how many events say how it ended, and from where to read on."""
KEPT_BY_AWS = timedelta(days=90)
_GONE = "DELETE_COMPLETE"


@dataclass(frozen=True)
class _Known:
    """A stack to read on at: Haven's name, AWS's id, and ids of events that are kept already."""

    name: str
    stack_id: str
    ids: frozenset[str]


class StackEventKeeping:
    """The only writer of stack events. Keeping twice at the same time does no harm."""

    def __init__(self, unit: UnitOfWork, clock: Clock, reader: StackReader) -> None:
        self._unit, self._clock, self._reader = unit, clock, reader

    def keep(self, environment: str) -> int:
        """Read on at each stack of the newest snapshot, and at those that are gone while their end is not known; how
        many events were new. One that does not answer does not keep the others: its HavenError is raised at the end."""
        return self._keep(environment, quiet=True)

    def follow(self, environment: str) -> int:
        """As `keep`, but without the stacks about which the newest snapshot says nothing new: cheap enough to be asked
        every other second while something is deployed."""
        return self._keep(environment, quiet=False)

    def _keep(self, name: str, *, quiet: bool) -> int:
        with self._unit(readonly=True) as store:
            environment = store.environments.get(name)
            snapshot = store.snapshots.newest(name) if environment else None
            if environment is None or snapshot is None:
                return 0
            stacks = self._stacks(store, snapshot, quiet=quiet)
        new, trouble = 0, None
        for stack in stacks:
            try:
                new += self._read_on(environment, stack)
            except HavenError as problem:
                trouble = problem
        if trouble is not None:
            raise trouble
        return new

    def _stacks(self, store: Store, snapshot: Snapshot, *, quiet: bool) -> Sequence[_Known]:
        by_id: dict[str, list[StackEvent]] = {}
        for event in store.stack_events.of(snapshot.environment, limit=RECENT):
            by_id.setdefault(event.stack_id, []).append(event)
        found = []
        for stack in snapshot.stacks:
            kept = by_id.pop(stack.stack_id, None) or _of(store, snapshot.environment, stack)
            if quiet or not settled(stack, kept):
                found.append(_Known(stack.name, stack.stack_id, _ids(kept)))
        return [*found, *_unfinished(by_id, self._clock.now())]

    def _read_on(self, environment: Environment, stack: _Known) -> int:
        # By its id: under its name there may be another one by now.
        events = self._reader.events(environment, stack.stack_id, stack.ids)
        if not events:
            return 0
        with self._unit() as store:
            return store.stack_events.put(environment.name, [replace(event, stack=stack.name) for event in events])


def settled(stack: Stack, kept: Sequence[StackEvent]) -> bool:
    """Whether the kept events of a stack end as the snapshot says that it stands."""
    last = _last_own(kept)
    if last is None or stack.status.endswith("_IN_PROGRESS"):
        return False
    return last.status == stack.status and last.at >= (stack.updated_at or stack.created_at)


def _of(store: Store, environment: str, stack: Stack) -> Sequence[StackEvent]:
    """The newest kept of a stack that has none among the recent ones of all."""
    kept = store.stack_events.of(environment, stack.name, limit=ENOUGH)
    return [event for event in kept if event.stack_id == stack.stack_id]


def _unfinished(by_id: Mapping[str, Sequence[StackEvent]], now: datetime) -> Sequence[_Known]:
    """Of stacks that are no longer there, those whose deletion was not yet seen to end, as long as AWS would tell."""
    found = []
    for stack_id, kept in by_id.items():
        last = _last_own(kept)
        if (last is None or last.status != _GONE) and now - kept[-1].at < KEPT_BY_AWS:
            found.append(_Known(kept[-1].stack, stack_id, _ids(kept)))
    return found


def _last_own(kept: Sequence[StackEvent]) -> StackEvent | None:
    return next((event for event in reversed(kept) if event.own), None)


def _ids(kept: Sequence[StackEvent]) -> frozenset[str]:
    return frozenset(event.id for event in kept)
