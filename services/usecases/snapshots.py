"""Snapshots: taking them from AWS, and showing the newest and the kept ones."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.environment import NAME, Environment
from services.domain.errors import Invalid, NotFound, NotNow
from services.domain.snapshot import Part, Snapshot
from services.ports import Clock, CloudReader, Kept, UnitOfWork


@dataclass(frozen=True)
class Current:
    """An environment with its newest snapshot, None before the first. `from_memory` says that Haven's own database is
    away and this is what this process saw last."""

    environment: Environment
    snapshot: Snapshot | None
    from_memory: bool = False


@dataclass(frozen=True)
class Taken:
    """A snapshot just read. `changed` against the one before; `stored` is False when another worker has taken over."""

    snapshot: Snapshot
    changed: bool
    stored: bool


class Snapshots:
    """`fingerprint` says which facts count as a change; `judge` gives verdict and summary of a snapshot at a time.

    Metrics are read at most every `metrics_every`; history is kept for `keep`.
    """

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        reader: CloudReader,
        *,
        fingerprint: Callable[[Snapshot], str],
        judge: Callable[[Snapshot, datetime], tuple[str, str]],
        metrics_every: timedelta = timedelta(minutes=1),
        keep: timedelta = timedelta(days=400),
    ) -> None:
        self._unit, self._clock, self._reader = unit, clock, reader
        self._fingerprint, self._judge = fingerprint, judge
        self._metrics_every, self._keep = metrics_every, keep
        self._last_known: dict[str, Current] = {}
        self._lock = threading.Lock()

    def take(self, environment_name: str, token: int) -> Taken:
        """Read an environment from AWS and put the snapshot in place under a lease's fencing token. AWS is read
        between two transactions, never inside one."""
        with self._unit(readonly=True) as store:
            environment = store.environments.get(environment_name)
            previous = store.snapshots.newest(environment_name)
        if environment is None:
            raise NotFound(f"There is no environment {environment_name}.")
        snapshot = self._reader.read(environment, previous, metrics=self._metrics_due(previous))
        changed = previous is None or self._fingerprint(previous) != self._fingerprint(snapshot)
        verdict, summary = self._judge(snapshot, self._clock.now())
        with self._unit() as store:
            stored = store.snapshots.put(snapshot, changed=changed, verdict=verdict, summary=summary, token=token)
        return Taken(snapshot, changed, stored)

    def current(self, actor: Actor, name: str) -> Current:
        """An environment and its newest snapshot. Raises NotFound; NotNow when the database is away and this process
        has not seen the environment yet (see `remember`)."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        try:
            with self._unit(readonly=True) as store:
                environment = store.environments.get(name) if NAME.fullmatch(name) else None
                snapshot = store.snapshots.newest(name) if environment else None
        except NotNow:
            return self._recall(name)
        if environment is None:
            raise _no_environment(name)
        return self._remember(Current(environment, snapshot))

    def fleet(self, actor: Actor) -> list[Current]:
        """Every environment in use with its newest snapshot, by name."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        try:
            with self._unit(readonly=True) as store:
                found = [Current(each, store.snapshots.newest(each.name)) for each in store.environments.all()]
        except NotNow:
            with self._lock:
                known = [replace(each, from_memory=True) for _, each in sorted(self._last_known.items())]
            if not known:
                raise
            return [each for each in known if not each.environment.archived]
        return [self._remember(each) for each in found]

    def remember(self) -> None:
        """See every environment and its newest snapshot, so that this process can show also those it was never asked
        for while the database is away. Raises NotNow when it is already."""
        with self._unit(readonly=True) as store:
            everything = store.environments.all(archived=True)
            found = [Current(each, store.snapshots.newest(each.name)) for each in everything]
        for each in found:
            self._remember(each)

    def kept(self, actor: Actor, name: str, since: datetime, until: datetime, limit: int = 500) -> Sequence[Kept]:
        """The kept snapshots that overlap a window, oldest first; beyond `limit` the oldest are left out."""
        if since > until:
            raise Invalid("The window ends before it begins.", {"until": "Later than the beginning."})
        self._check(actor, name)
        with self._unit(readonly=True) as store:
            return store.snapshots.kept(name, since, until, limit)

    def at(self, actor: Actor, name: str, when: datetime) -> tuple[Kept, Snapshot]:
        """The kept snapshot that was true at a time. Raises NotFound when nothing is kept from then."""
        self._check(actor, name)
        with self._unit(readonly=True) as store:
            found = store.snapshots.at(name, when)
        if found is None:
            raise NotFound(f"No snapshot of {name} is kept from {when:%Y-%m-%d %H:%M:%S} UTC or before.")
        return found

    def number(self, actor: Actor, name: str, number: int) -> tuple[Kept, Snapshot]:
        """The kept snapshot of that number. Raises NotFound."""
        self._check(actor, name)
        found = None
        if 0 < number < 2**31:
            with self._unit(readonly=True) as store:
                found = store.snapshots.number(name, number)
        if found is None:
            raise NotFound(f"No snapshot {number} of {name} is kept.")
        return found

    def prune(self) -> int:
        """Forget history older than Haven keeps; how many snapshots."""
        with self._unit() as store:
            return store.snapshots.prune(self._clock.now() - self._keep)

    def _metrics_due(self, previous: Snapshot | None) -> bool:
        read_at = previous.reading(Part.METRICS).read_at if previous else None
        return read_at is None or self._clock.now() - read_at >= self._metrics_every

    def _check(self, actor: Actor, name: str) -> None:
        actor.require(Permission.SEE_ENVIRONMENTS)
        if not NAME.fullmatch(name):
            raise _no_environment(name)

    def _remember(self, current: Current) -> Current:
        with self._lock:
            self._last_known[current.environment.name] = current
        return current

    def _recall(self, name: str) -> Current:
        with self._lock:
            known = self._last_known.get(name)
        if known is None:
            raise NotNow("Haven's own database is away, and this environment was not looked at here before.")
        return replace(known, from_memory=True)


def _no_environment(name: str) -> NotFound:
    return NotFound(f"There is no environment {name[:32]}.")
