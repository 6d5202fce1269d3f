"""The facts of a snapshot that history keeps: one flat table of (subject, aspect) to value."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.domain.finding import Subject
from services.domain.snapshot import (
    Alarm,
    Cache,
    Database,
    DatabaseCluster,
    Failover,
    FargateService,
    Part,
    Queue,
    Scaling,
    Snapshot,
)
from services.domain.states import present, task_state


class Kind(StrEnum):
    """What sort of fact: decides how its change is said."""

    EXISTS = "exists"
    GAP = "gap"
    STATUS = "status"
    COUNT = "count"
    PLACE = "place"
    SETTING = "setting"
    FAILOVER = "failover"


@dataclass(frozen=True)
class Fact:
    """One fact that matters. `name` and `aspect` are words for a sentence; `part` is where it was read."""

    subject: str
    name: str
    aspect: str
    value: str
    kind: Kind
    part: Part


def facts(snapshot: Snapshot) -> dict[tuple[str, str], Fact]:
    """Every fact that matters, by subject and aspect, in the order of the picture. Parts never read have none."""
    read = {part for part in Part if snapshot.reading(part).read_at is not None}
    found: dict[tuple[str, str], Fact] = {}
    for fact in _all(snapshot):
        if fact.kind is Kind.GAP or fact.part in read:
            found[(fact.subject, fact.aspect)] = fact
    return found


def _all(snapshot: Snapshot) -> Iterator[Fact]:
    yield from _gaps(snapshot)
    yield from _entrance(snapshot)
    for service in snapshot.services:
        yield from _service(service)
    for database in snapshot.databases:
        yield from _database(database)
    for cluster in snapshot.clusters:
        yield from _cluster(cluster)
    for cache in snapshot.caches:
        yield from _cache(cache)
    for queue in snapshot.queues:
        yield from _queue(queue)
    yield from _network(snapshot)
    for stack in snapshot.stacks:
        of = _Of(f"stack-{stack.name}", f"stack {stack.name}", Part.STACKS)
        yield of.exists()
        yield of.status("status", stack.status)
        yield of.setting("termination protection", _switch(stack.termination_protection))
    for alarm in snapshot.alarms:
        yield from _alarm(alarm)
    yield from _failovers(snapshot)


@dataclass(frozen=True)
class _Of:
    """Makes the facts of one subject."""

    subject: str
    name: str
    part: Part

    def exists(self) -> Fact:
        return Fact(self.subject, self.name, "exists", "yes", Kind.EXISTS, self.part)

    def status(self, aspect: str, value: str, part: Part | None = None) -> Fact:
        return Fact(self.subject, self.name, aspect, value, Kind.STATUS, part or self.part)

    def count(self, aspect: str, value: int, part: Part | None = None) -> Fact:
        return Fact(self.subject, self.name, aspect, str(value), Kind.COUNT, part or self.part)

    def place(self, aspect: str, value: str | None) -> Fact:
        return Fact(self.subject, self.name, aspect, value or "", Kind.PLACE, self.part)

    def setting(self, aspect: str, value: str, part: Part | None = None) -> Fact:
        return Fact(self.subject, self.name, aspect, value, Kind.SETTING, part or self.part)


def _switch(on: bool | None) -> str:
    return "unknown" if on is None else "on" if on else "off"


def _gaps(snapshot: Snapshot) -> Iterator[Fact]:
    for part in Part:
        reading = snapshot.reading(part)
        if reading.gap is not None:
            yield Fact(Subject.unread(part), part, "gap", reading.gap.code, Kind.GAP, part)
        elif reading.read_at is None:
            yield Fact(Subject.unread(part), part, "gap", "not read yet", Kind.GAP, part)


def _entrance(snapshot: Snapshot) -> Iterator[Fact]:
    if snapshot.gateway:
        of = _Of(Subject.GATEWAY, "API Gateway", Part.GATEWAY)
        yield of.exists()
        for link in snapshot.gateway.links:
            yield of.status(f"VPC link {link.name}", link.status)
    if alb := snapshot.load_balancer:
        of = _Of(Subject.BALANCER, "load balancer", Part.LOAD_BALANCER)
        yield of.exists()
        yield of.status("state", alb.state)
        yield of.setting("zones", " ".join(sorted(alb.zones)))
        yield of.setting("deletion protection", _switch(alb.deletion_protection))
        yield of.setting("zonal shift", _switch(alb.zonal_shift_enabled))


def _service(service: FargateService) -> Iterator[Fact]:
    of = _Of(Subject.service(service.name), service.name, Part.SERVICES)
    yield of.exists()
    yield of.status("service", service.status)
    yield of.count("tasks", service.desired)
    yield of.setting("revision", service.task_definition.rpartition("/")[2])
    for deployment in service.deployments:
        if deployment.status == "PRIMARY":
            yield of.status("deployment", deployment.rollout)
    yield of.setting("zone rebalancing", _switch(service.zone_rebalancing))
    yield of.setting("circuit breaker", _switch(service.circuit_breaker))
    yield of.setting("rollback", _switch(service.circuit_breaker_rollback))
    # By state and zone, never by id: a task replaced by its like is no change of the picture.
    by_state = Counter(task_state(service, task).word for task in present(service))
    for word, number in sorted(by_state.items()):
        yield of.count(f"tasks {word}", number, Part.TASKS)
    for zone, number in sorted(Counter(task.zone or "no zone" for task in present(service)).items()):
        yield of.count(f"tasks in {zone}", number, Part.TASKS)
    targets = service.target_group.targets if service.target_group else ()
    for state, number in sorted(Counter(target.state for target in targets).items()):
        yield of.count(f"targets {state}", number, Part.TARGETS)
    yield from _scaling(of, service.scaling)


def _scaling(of: _Of, scaling: Scaling | None) -> Iterator[Fact]:
    def setting(aspect: str, value: str) -> Fact:
        return of.setting(aspect, value, Part.SCALING)

    if scaling is None:
        yield setting("scaling", "none")
        return
    yield setting("scaling", "on")
    yield setting("minimum", str(scaling.min_capacity))
    yield setting("maximum", str(scaling.max_capacity))
    held = (scaling.scale_out_suspended, scaling.scale_in_suspended, scaling.scheduled_suspended)
    yield setting("suspended", " ".join(word for word, off in zip(("out", "in", "schedule"), held, strict=True) if off))
    for policy in scaling.policies:
        value = f"{policy.target:g} %" if policy.target is not None else policy.type
        if policy.scale_in_disabled:
            value += " without scaling in"
        cool = f"{policy.scale_out_cooldown}/{policy.scale_in_cooldown} s"
        yield setting(f"policy {policy.name}", f"{policy.metric or policy.type} {value}, cooldown {cool}")
    for action in scaling.scheduled:
        bounds = f"{action.min_capacity} to {action.max_capacity}"
        yield setting(f"scheduled {action.name}", f"{action.schedule} {bounds} {action.timezone or ''}".rstrip())


def _database(database: Database) -> Iterator[Fact]:
    of = _Of(Subject.database(database.identifier), f"database {database.identifier}", Part.DATABASE)
    yield of.exists()
    yield of.status("status", database.status)
    yield of.place("primary", database.zone)
    yield of.place("standby", database.secondary_zone)
    yield of.setting("Multi-AZ", _switch(database.multi_az))
    yield of.setting("class", database.instance_class)
    yield of.setting("engine", f"{database.engine} {database.engine_version}")
    yield of.setting("storage", f"{database.allocated_storage} GiB {database.storage_type or ''}".rstrip())
    yield of.setting("backup retention", f"{database.backup_retention_days} days")
    yield of.setting("deletion protection", _switch(database.deletion_protection))
    yield of.setting("public access", _switch(database.publicly_accessible))
    yield of.setting("encryption", _switch(database.encrypted))
    yield of.setting("waiting changes", ", ".join(f"{name} {value}" for name, value in database.pending))
    yield of.setting("waiting maintenance", ", ".join(database.maintenance))


def _cluster(cluster: DatabaseCluster) -> Iterator[Fact]:
    of = _Of(Subject.database_cluster(cluster.identifier), f"database cluster {cluster.identifier}", Part.DATABASE)
    yield of.exists()
    yield of.status("status", cluster.status)
    yield of.place("writer", cluster.writer.zone if cluster.writer else None)
    yield of.setting("class", cluster.instance_class or "")
    yield of.setting("engine", f"{cluster.engine} {cluster.engine_version}")
    yield of.setting("backup retention", f"{cluster.backup_retention_days} days")
    yield of.setting("deletion protection", _switch(cluster.deletion_protection))
    yield of.setting("encryption", _switch(cluster.encrypted))
    yield of.setting("waiting changes", ", ".join(f"{name} {value}" for name, value in cluster.pending))
    yield of.setting("waiting maintenance", ", ".join(cluster.maintenance))
    for each in cluster.members:
        member = _Of(Subject.database_member(each.identifier), f"database member {each.identifier}", Part.DATABASE)
        yield member.exists()
        yield member.status("role", "writer" if each.writer else "reader")
        yield member.status("status", each.status or cluster.status)
        yield member.place("", each.zone)


def _cache(cache: Cache) -> Iterator[Fact]:
    of = _Of(Subject.cache(cache.identifier), f"cache {cache.identifier}", Part.CACHE)
    yield of.exists()
    yield of.status("status", cache.status)
    yield of.setting("automatic failover", cache.automatic_failover)
    yield of.setting("Multi-AZ", cache.multi_az)
    yield of.setting("node type", cache.node_type)
    yield of.setting("TLS", _switch(cache.transit_encryption))
    yield of.setting("encryption", _switch(cache.at_rest_encryption))
    for group in sorted({node.node_group for node in cache.nodes}):
        leads = [node.zone or "" for node in cache.nodes if node.node_group == group and node.role == "primary"]
        yield of.place("primary" if group == "0001" else f"primary of {group}", " ".join(leads))
    for node in cache.nodes:
        member = _Of(Subject.cache_node(node.cluster_id), f"cache node {node.cluster_id}", Part.CACHE)
        yield member.exists()
        yield member.status("role", node.role or "member")
        yield member.status("status", node.status or cache.status)
        yield member.place("", node.zone)


def _queue(queue: Queue) -> Iterator[Fact]:
    of = _Of(Subject.queue(queue.name), f"queue {queue.name}", Part.QUEUES)
    yield of.exists()
    yield of.setting("encryption", _switch(queue.encrypted))
    yield of.setting("dead-letter queue", (queue.dead_letter or "").rpartition(":")[2])
    if queue.dead_letter_of is not None:
        # How many wait on a working queue changes all the time; a dead letter is news.
        yield of.count("dead letters", queue.visible + queue.in_flight)


def _network(snapshot: Snapshot) -> Iterator[Fact]:
    for zone in snapshot.zones:
        of = _Of(Subject.zone(zone.name), f"zone {zone.name}", Part.ZONES)
        yield of.exists()
        yield of.status("state", zone.state)
    if snapshot.network is None:
        return
    of = _Of(Subject.NETWORK, "network", Part.NETWORK)
    yield of.exists()
    for subnet in snapshot.network.subnets:
        yield of.place(f"subnet {subnet.subnet_id}", subnet.zone)
    for nat in snapshot.network.nat_gateways:
        gateway = _Of(Subject.nat(nat.nat_gateway_id), f"NAT gateway in {nat.zone}", Part.NETWORK)
        yield gateway.exists()
        yield gateway.status("state", nat.state)


def _alarm(alarm: Alarm) -> Iterator[Fact]:
    if alarm.scaling and "AlarmLow" in alarm.name:
        return  # it fires whenever there is room to shrink, which is no news
    of = _Of(f"alarm-{alarm.name}", f"alarm {alarm.name}", Part.ALARMS)
    yield of.exists()
    yield of.status("state", alarm.state)
    yield of.setting("actions", _switch(alarm.actions_enabled))


def _failovers(snapshot: Snapshot) -> Iterator[Fact]:
    newest: dict[tuple[str, str], Failover] = {}
    for failover in snapshot.failovers:
        key = (failover.source, failover.subject)
        if key not in newest or newest[key].at < failover.at:
            newest[key] = failover
    for (source, name), failover in newest.items():
        thing, subject = ("cache", Subject.cache) if source == "elasticache" else ("database", Subject.database)
        at = f"{failover.at:%Y-%m-%d %H:%M:%S}"
        yield Fact(subject(name), f"{thing} {name}", "last failover", at, Kind.FAILOVER, Part.EVENTS)
