"""The picture of an environment, from a snapshot: nodes with their states, facts and ages, and the edges between them.

It knows zones, tiers and traffic, and nothing of pixels (portal/topology/drawing draws it).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.domain.finding import Subject
from services.domain.snapshot import Cache, Part, Queue, Snapshot
from services.domain.status import State, Status
from services.domain.topology import clusters, places, stores, work
from services.domain.topology.eye import Eye
from services.domain.topology.model import Cell, Detail, Edge, Flow, Kind, Lane, Node, Row, Topology
from services.domain.wording import capital

__all__ = ["Cell", "Detail", "Edge", "Flow", "Kind", "Lane", "Node", "Row", "Topology", "build"]


def build(snapshot: Snapshot, now: datetime, stale_after: timedelta) -> Topology:
    """The picture at `now`: facts older than `stale_after` are stale."""
    eye = Eye.on(snapshot, now, stale_after)
    zones = places.zone_names(snapshot)
    lanes = places.lanes(eye, zones)
    services = tuple(
        work.service_row(eye, service, zones) for service in sorted(snapshot.services, key=lambda each: each.name)
    )
    databases = (
        *(stores.database_row(eye, each, zones) for each in snapshot.databases),
        *(clusters.cluster_row(eye, each, zones) for each in snapshot.clusters),
    )
    caches = tuple(stores.cache_row(eye, each, zones) for each in snapshot.caches)
    queues = tuple(stores.queue_node(eye, each) for each in _by_source(snapshot))
    return Topology(
        environment=snapshot.environment,
        taken_at=snapshot.taken_at,
        lanes=lanes,
        gateway=places.gateway(eye),
        balancer=places.balancer(eye),
        services=services,
        databases=databases,
        caches=caches,
        queues=queues,
        network=places.network(eye, zones),
        stacks=stores.stacks_node(eye),
        alarms=stores.alarms_node(eye),
        parts=tuple(_part(eye, part) for part in Part),
        edges=tuple(_edges(snapshot, lanes)),
        findings=eye.findings,
    )


def _by_source(snapshot: Snapshot) -> list[Queue]:
    """Each queue followed by its dead-letter queue."""
    return sorted(snapshot.queues, key=lambda queue: (queue.dead_letter_of or queue.name, bool(queue.dead_letter_of)))


def _part(eye: Eye, part: Part) -> Node:
    """What was read together: when, and why not."""
    reading = eye.snapshot.reading(part)
    state = (
        State(Status.UNKNOWN, "not read") if reading.gap or reading.read_at is None else State(Status.HEALTHY, "read")
    )
    details = eye.details(
        part,
        ("Last read", f"{reading.read_at:%Y-%m-%d %H:%M:%S}" if reading.read_at else "never"),
        *((("AWS's answer", reading.gap.code),) if reading.gap else ()),
    )
    node_id = Subject.unread(part)
    return Node(
        node_id, Kind.PART, capital(part), state, part, reading.read_at, details=details, findings=eye.of(node_id)
    )


def _weight(value: float | None, largest: float) -> int:
    """1 to 3 by share of the largest, 0 when not known."""
    if value is None or largest <= 0:
        return 0
    return 1 + min(2, round(2 * value / largest))


def _edges(snapshot: Snapshot, lanes: tuple[Lane, ...]) -> Iterator[Edge]:
    largest = max((lane.requests or 0 for lane in lanes), default=0)
    yield Edge(Subject.GATEWAY, Subject.BALANCER, Flow.REQUESTS, 3 if largest else 0, "VPC link v2")
    for lane in lanes:
        if lane.has_balancer:
            yield Edge(Subject.BALANCER, lane.node.id, Flow.REQUESTS, _weight(lane.requests, largest))
    for service in snapshot.services:
        yield Edge(Subject.BALANCER, Subject.service(service.name), Flow.REQUESTS)
    for database in snapshot.databases:
        if database.secondary_zone:
            name = database.identifier
            yield Edge(Subject.database(name), Subject.standby(name), Flow.SYNC, label="RPO 0")
    for cluster in snapshot.clusters:
        yield from clusters.replication(cluster)
    for cache in snapshot.caches:
        yield from _replication(cache)
    names = {queue.arn: queue.name for queue in snapshot.queues}
    for queue in snapshot.queues:
        if queue.dead_letter in names:
            target = names[str(queue.dead_letter)]
            yield Edge(Subject.queue(queue.name), Subject.queue(target), Flow.REDRIVE)


def _replication(cache: Cache) -> Iterator[Edge]:
    leads = {node.node_group: node for node in cache.nodes if node.role == "primary"}
    for node in cache.nodes:
        lead = leads.get(node.node_group)
        if node.role == "replica" and lead is not None:
            source, target = Subject.cache_node(lead.cluster_id), Subject.cache_node(node.cluster_id)
            yield Edge(source, target, Flow.ASYNC, label="async")
