"""Taking in what AWS says happened, and making the failover history of it.

Events come by two ways: from the queue that EventBridge feeds, within seconds, and from the services' own lists, polled
with overlap as the net below. Each is kept once and for ever. Listening twice at the same time does no harm.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.event import Came, CloudEvent
from services.domain.failover.around import with_surroundings
from services.domain.failover.episodes import Place, episodes, merge, places_of
from services.domain.snapshot import Snapshot
from services.ports import Clock, EventQueue, EventReader, Store, UnitOfWork

SOURCES = ("rds", "elasticache", "scaling")
OVERLAP = timedelta(minutes=10)
"""AWS lists events late and in no order; what is read twice is kept once."""
KEPT_BY_AWS = timedelta(days=14) - timedelta(minutes=5)
AROUND = timedelta(hours=1)
"""How far around a new event the history is put together again."""
BATCHES = 10


class Intake:
    """The only writer of events and of the history."""

    def __init__(self, unit: UnitOfWork, clock: Clock, reader: EventReader, queue: EventQueue) -> None:
        self._unit, self._clock, self._reader, self._queue = unit, clock, reader, queue

    def listen(self, environment_name: str) -> int:
        """Empty the environment's queue, if it has one; how many events were new."""
        known = self._known(environment_name)
        if known is None:
            return 0
        environment, snapshot = known
        new = 0
        for _ in range(BATCHES):
            events, handles = self._queue.receive(environment, snapshot)
            if not handles:
                break
            new += self._keep(environment, snapshot, events)
            # Only now: a message is taken off the queue once its event is kept.
            self._queue.done(environment, snapshot, handles)
        return new

    def poll(self, environment_name: str, sources: Sequence[str] = SOURCES) -> int:
        """Ask the services' own lists; how many events were new. One that does not answer does not keep the other."""
        known = self._known(environment_name)
        if known is None:
            return 0
        environment, snapshot = known
        new, trouble = self._keep(environment, snapshot, _of_services(environment, snapshot)), None
        for source in sources:
            try:
                new += self._poll(environment, snapshot, source)
            except HavenError as problem:
                trouble = problem
        if trouble is not None:
            raise trouble
        return new

    def _poll(self, environment: Environment, snapshot: Snapshot, source: str) -> int:
        now = self._clock.now()
        with self._unit(readonly=True) as store:
            until = store.events.polled_until(environment.name, source)
        since = max(until - OVERLAP, now - KEPT_BY_AWS) if until else now - KEPT_BY_AWS
        events = self._reader.events(environment, snapshot, source, since)
        new = self._keep(environment, snapshot, events)
        with self._unit() as store:
            store.events.set_polled_until(environment.name, source, now)
        return new

    def _known(self, name: str) -> tuple[Environment, Snapshot] | None:
        with self._unit(readonly=True) as store:
            environment = store.environments.get(name)
            snapshot = store.snapshots.newest(name) if environment else None
        return (environment, snapshot) if environment and snapshot else None

    def _keep(self, environment: Environment, snapshot: Snapshot, events: Sequence[CloudEvent]) -> int:
        with self._unit() as store:
            new = store.events.add(events) if events else ()
            self._put_together(store, environment, snapshot, new)
        return len(new)

    def _put_together(
        self, store: Store, environment: Environment, snapshot: Snapshot, new: Sequence[CloudEvent]
    ) -> None:
        """The history around what is new, and around what is not settled: zones swap late, and without an event."""
        now, name = self._clock.now(), environment.name
        unsettled = store.episodes.list(environment=name, since=now - AROUND)
        if not new and not unsettled:
            return
        since = min([event.at for event in new] + [each.started_at for each in unsettled]) - AROUND
        operations = store.operations.list(environment=name, kind="failover", limit=200)
        events = store.events.between(name, since, now + AROUND, limit=5000)
        found = episodes(
            environment,
            events,
            operations,
            snapshot,
            now,
            _places(store, name, since, now),
        )
        stored = store.episodes.list(environment=name, since=since - AROUND, limit=1000)
        before = {each.id: each for each in stored}
        for episode in merge(stored, [with_surroundings(each, events) for each in found]):
            if before.get(episode.id) != episode:
                store.episodes.put(episode)


def _places(store: Store, environment: str, since: datetime, until: datetime) -> list[Place]:
    """Where the roles stood in the kept snapshots of a window: from when each was taken to when it was last true."""
    found: list[Place] = []
    for kept in store.snapshots.kept(environment, since, until, 60):
        whole = store.snapshots.number(environment, kept.number)
        for place in places_of(whole[1]) if whole else ():
            found += [place, replace(place, at=max(place.at, kept.until))]
    return found


def _of_services(environment: Environment, snapshot: Snapshot) -> list[CloudEvent]:
    """ECS's own service events, which the snapshot has read anyway."""
    return [
        CloudEvent(environment.name, "ecs", "service", service.name, event.at, event.message, came=Came.SNAPSHOT)
        for service in snapshot.services
        for event in service.events
    ]


def subjects(snapshot: Snapshot, target: str) -> frozenset[str]:
    """The identifiers under which AWS speaks of a target: its own and its members'."""
    of_caches = {node.cluster_id for cache in snapshot.caches if cache.identifier == target for node in cache.nodes}
    of_clusters = {
        m.identifier for cluster in snapshot.clusters if cluster.identifier == target for m in cluster.members
    }
    return frozenset({target} | of_caches | of_clusters)


def since_of(sent_at: datetime | None, now: datetime) -> datetime:
    """From when on events matter to an operation: a little before its intent, for two clocks are never one."""
    return (sent_at or now) - timedelta(minutes=2)
