"""Keeping what AWS measures and did: metrics over time, and scaling activities for ever.

The newest minutes come first, so that a chart is of use within a minute. The past follows piece by piece, each time a
piece further back, in the steps in which CloudWatch keeps it. What becomes older than its step is there already in
longer steps: they are made here, once their minutes have settled.
"""

import threading
from datetime import datetime, timedelta

from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.scaling.measured import DESIRED, FROM_AWS, HOW, MAX, MIN, OWN, PENDING, STEPS, Measured
from services.domain.scaling.series import How, Series, coarser, minute_of, time_of
from services.domain.snapshot import Part, Snapshot
from services.ports import Clock, ScalingReader, Store, UnitOfWork

OVERLAP = 3
"""Minutes read once more: CloudWatch tells some of them late."""
FIRST = 180
"""Minutes read at first contact, and after a longer time without reading."""
HOUR, DAY = 60, 24 * 60
PIECES = {1: DAY, 5: 2 * DAY, 60: 15 * DAY}
"""Minutes of the past read at once, by step: all of it is there after about an hour, and no reading is a long one."""
MARGIN = 2 * HOUR
"""Minutes this side of the edge at which CloudWatch forgets a step: it refuses nothing, it answers with nothing."""
ACTIVITIES_OVERLAP, ACTIVITIES_KEPT = timedelta(hours=1), timedelta(weeks=6)


class Measuring:
    """The only writer of metrics and activities. `every` is between two readings of an environment's metrics."""

    def __init__(self, unit: UnitOfWork, clock: Clock, reader: ScalingReader, *, every: timedelta) -> None:
        self._unit, self._clock, self._reader, self._every = unit, clock, reader, every
        self._tried: dict[str, datetime] = {}
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()

    def refresh(self, environment_name: str) -> None:
        """Read what is new since the last time, with overlap, and one piece of the past not yet read (CloudWatch keeps
        minutes for 15 days); then the activities. Nothing when it was done less than `every` ago. Metrics that cannot
        be read do not keep the activities from being read. Raises HavenError."""
        known = self._known(environment_name) if self._due(environment_name) else None
        if known is None:
            return
        with self._lock:
            self._tried[environment_name] = self._clock.now()
        trouble: HavenError | None = None
        for read in (self._metrics, self._activities):
            try:
                read(*known)
            except HavenError as problem:
                trouble = trouble or problem
        if trouble is not None:
            raise trouble

    def saw(self, snapshot: Snapshot) -> None:
        """Keep the counts and bounds that a snapshot saw of each service, once for a minute. What it did not see itself
        but knows from before stays a gap."""
        minute = minute_of(snapshot.taken_at)
        with self._lock:
            if self._seen.get(snapshot.environment) == minute:
                return
        found = [Measured(service, name, Series(minute, (float(value),))) for service, name, value in _counts(snapshot)]
        if found:
            with self._unit() as store:
                store.metrics.put(snapshot.environment, found)
        with self._lock:
            self._seen[snapshot.environment] = minute

    def prune(self) -> int:
        """Forget points older than `measured.STEPS` keeps them; how many blocks."""
        now = minute_of(self._clock.now())
        with self._unit() as store:
            return store.metrics.prune({step: now - days * DAY for step, days in STEPS})

    def _known(self, name: str) -> tuple[Environment, Snapshot] | None:
        with self._unit(readonly=True) as store:
            environment = store.environments.get(name)
            snapshot = store.snapshots.newest(name) if environment else None
        return (environment, snapshot) if environment and snapshot and snapshot.services else None

    def _due(self, name: str) -> bool:
        with self._lock:
            tried = self._tried.get(name)
        return tried is None or not timedelta() <= self._clock.now() - tried < self._every

    def _metrics(self, environment: Environment, snapshot: Snapshot) -> None:
        now = minute_of(self._clock.now())
        self._newest(environment, snapshot, now)
        self._past(environment, snapshot, now)

    def _newest(self, environment: Environment, snapshot: Snapshot, now: int) -> None:
        """The minutes since the last time. After hours without reading it is as at first contact: the newest hours
        now, and the hole is filled on the way back through the past."""
        with self._unit(readonly=True) as store:
            before = store.metrics.read_until(environment.name, 1)
        away = FIRST + 1 if before is None else now - before
        anew = away > FIRST
        since = (now - FIRST) // HOUR * HOUR if before is None or anew else min(before, now) - OVERLAP
        found = self._reader.metrics(environment, snapshot, time_of(since), time_of(now), 1)
        with self._unit() as store:
            store.metrics.put(environment.name, found)
            if anew:
                for step in _forgotten(away):
                    store.metrics.set_read_since(environment.name, step, since)
        self._make_longer(environment.name, snapshot, since, now - OVERLAP)
        with self._unit() as store:  # last: until then it is read again
            store.metrics.set_read_until(environment.name, 1, now)

    def _past(self, environment: Environment, snapshot: Snapshot, now: int) -> None:
        """One piece further back, of the first step whose past is not all there."""
        with self._unit(readonly=True) as store:
            piece = _missing(store, environment.name, now)
        if piece is None:
            return
        step, since, until = piece
        found = self._reader.metrics(environment, snapshot, time_of(since), time_of(until), step)
        with self._unit() as store:
            store.metrics.put(environment.name, found)
        if step == 1:
            self._make_longer(environment.name, snapshot, since, until)
        with self._unit() as store:
            store.metrics.set_read_since(environment.name, step, since)

    def _make_longer(self, environment: str, snapshot: Snapshot, since: int, until: int) -> None:
        """The longer steps of the minutes, as far as whole ones ended after `since` and not after `until`."""
        spans = [(step, since // step * step, until // step * step) for step, _ in STEPS[1:]]
        ended = [span for span in spans if span[1] < span[2]]
        if not ended:
            return
        first, last = min(span[1] for span in ended), max(span[2] for span in ended)
        made: list[Measured] = []
        with self._unit(readonly=True) as store:
            for service in snapshot.services:
                minutes = store.metrics.read(environment, service.name, (*FROM_AWS, *OWN), first, last, 1)
                made += [
                    Measured(service.name, name, coarser(_part(fine, begins, ends), step, HOW.get(name, How.MEAN)))
                    for name, fine in minutes.items()
                    for step, begins, ends in ended
                ]
        with self._unit() as store:
            store.metrics.put(environment, made)

    def _activities(self, environment: Environment, snapshot: Snapshot) -> None:
        with self._unit(readonly=True) as store:
            newest = store.activities.newest_at(environment.name)
        since = newest - ACTIVITIES_OVERLAP if newest else self._clock.now() - ACTIVITIES_KEPT
        found = self._reader.activities(environment, snapshot, since)
        if any(found.values()):
            with self._unit() as store:
                for service, some in sorted(found.items()):
                    store.activities.put(environment.name, service, some)


def _counts(snapshot: Snapshot) -> list[tuple[str, str, int]]:
    """Service, name and value of what was read for this very snapshot."""
    fresh = {part: snapshot.reading(part).gap is None for part in (Part.SERVICES, Part.SCALING)}
    found: list[tuple[str, str, int]] = []
    for service in snapshot.services:
        if fresh[Part.SERVICES]:
            found += [(service.name, DESIRED, service.desired), (service.name, PENDING, service.pending)]
        if fresh[Part.SCALING] and service.scaling is not None:
            bounds = service.scaling
            found += [(service.name, MIN, bounds.min_capacity), (service.name, MAX, bounds.max_capacity)]
    return found


def _forgotten(away: int) -> list[int]:
    """The steps whose past must be read again after so many minutes without reading: one that is kept for shorter does
    not reach back over the hole."""
    reaching = (FIRST, *(days * DAY for _, days in STEPS))
    return [step for (step, _), reach in zip(STEPS, reaching, strict=False) if away > reach]


def _missing(store: Store, environment: str, now: int) -> tuple[int, int, int] | None:
    """The next piece of the past: step, and from which minute up to which. None when all is there."""
    until: int | None = None
    for step, days in STEPS:
        until = store.metrics.read_since(environment, step) or until
        if until is None:
            return None
        oldest = -(-(now - days * DAY + MARGIN) // HOUR) * HOUR
        if until > oldest:
            return step, max(oldest, until - PIECES[step]), until
    return None


def _part(of: Series, since: int, until: int) -> Series:
    return Series(since, tuple(of.at(minute) for minute in range(since, until)))
