"""Which metrics are asked for, for a snapshot and over time, and what each is about. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.aws.ecs import ServiceFacts
from services.domain.scaling import measured
from services.domain.snapshot import Cache, DatabaseCluster, FargateService, Zone

ENVIRONMENT = "environment"
"""The subject of what belongs to no single thing: the HTTP API's metrics. (They keep AWS's names Count, 5xx and
Latency: with this subject no other metric is called so.)"""


@dataclass(frozen=True)
class Wanted:
    """One metric to read. CloudWatch does not say units in its answers, so AWS's documented one is kept here."""

    subject: str
    namespace: str
    name: str
    stat: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]


def wanted(
    services: Sequence[ServiceFacts],
    zones: Sequence[Zone],
    caches: Sequence[Cache],
    *,
    apis: Sequence[str],
    balancers: Sequence[str],
    databases: Sequence[str],
    clusters: Sequence[DatabaseCluster] = (),
    queue_urls: Sequence[str],
) -> tuple[Wanted, ...]:
    """Every metric of an environment, by what it is about. `balancers` are ARNs."""
    found: list[Wanted] = []
    for api in apis:
        found += _api(api)
    for balancer in balancers:
        load_balancer = balancer.partition(":loadbalancer/")[2]
        for zone in zones:
            dimensions = (("LoadBalancer", load_balancer), ("AvailabilityZone", zone.name))
            found.append(Wanted(zone.name, "AWS/ApplicationELB", "RequestCount", "Sum", "Count", dimensions))
    for facts in services:
        found += _service(facts, balancers)
    members = {member.identifier: member for cluster in clusters for member in cluster.members}
    for database in dict.fromkeys((*databases, *members)):
        found += _database(database)
    found += [_lag(name) for name, member in members.items() if not member.writer]
    for cluster_id in (node.cluster_id for cache in caches for node in cache.nodes):
        found += _cache_node(cluster_id)
    for url in queue_urls:
        name = url.rpartition("/")[2]
        oldest = ("ApproximateAgeOfOldestMessage", "Maximum", "Seconds")
        found.append(Wanted(name, "AWS/SQS", *oldest, (("QueueName", name),)))
    return tuple(found)


def over_time(service: FargateService, balancers: Sequence[str]) -> tuple[tuple[str, Wanted], ...]:
    """`measured.FROM_AWS` of one service, each with the name it is kept under. `balancers` are ARNs."""
    name, own = service.name, (("ClusterName", service.cluster), ("ServiceName", service.service_name))
    found = [
        (measured.CPU, Wanted(name, "AWS/ECS", "CPUUtilization", "Average", "Percent", own)),
        (measured.MEMORY, Wanted(name, "AWS/ECS", "MemoryUtilization", "Average", "Percent", own)),
        (measured.TASKS, Wanted(name, "AWS/ECS", "CPUUtilization", "SampleCount", "Count", own)),
    ]
    if service.target_group is None:
        return tuple(found)
    group = ("TargetGroup", service.target_group.arn.rpartition(":")[2])
    requests = Wanted(name, "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", "Count", (group,))
    found.append((measured.REQUESTS, requests))
    for balancer in balancers[:1]:
        both = (("LoadBalancer", balancer.partition(":loadbalancer/")[2]), group)
        times = Wanted(name, "AWS/ApplicationELB", "TargetResponseTime", "Average", "Seconds", both)
        errors = Wanted(name, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", "Count", both)
        found += [(measured.RESPONSE_TIME, times), (measured.ERRORS, errors)]
    return tuple(found)


def _api(api: str) -> Iterable[Wanted]:
    for name, stat, unit in (
        ("Count", "Sum", "Count"),
        ("5xx", "Sum", "Count"),
        ("Latency", "Average", "Milliseconds"),
    ):
        yield Wanted(ENVIRONMENT, "AWS/ApiGateway", name, stat, unit, (("ApiId", api),))


def _service(facts: ServiceFacts, balancers: Sequence[str]) -> Iterable[Wanted]:
    service = facts.service
    own = (("ClusterName", service.cluster), ("ServiceName", service.service_name))
    for name in ("CPUUtilization", "MemoryUtilization"):
        yield Wanted(service.name, "AWS/ECS", name, "Average", "Percent", own)
    if not facts.target_group:
        return
    group = ("TargetGroup", facts.target_group.rpartition(":")[2])
    yield Wanted(service.name, "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", "Count", (group,))
    for balancer in balancers[:1]:
        both = (("LoadBalancer", balancer.partition(":loadbalancer/")[2]), group)
        yield Wanted(service.name, "AWS/ApplicationELB", "TargetResponseTime", "Average", "Seconds", both)
        yield Wanted(service.name, "AWS/ApplicationELB", "UnHealthyHostCount", "Minimum", "Count", both)


def _database(identifier: str) -> Iterable[Wanted]:
    for name, stat, unit in (
        ("CPUUtilization", "Average", "Percent"),
        ("DatabaseConnections", "Maximum", "Count"),
        ("FreeStorageSpace", "Minimum", "Bytes"),
        ("WriteLatency", "Average", "Seconds"),
    ):
        yield Wanted(identifier, "AWS/RDS", name, stat, unit, (("DBInstanceIdentifier", identifier),))


def _lag(reader: str) -> Wanted:
    return Wanted(reader, "AWS/RDS", "ReplicaLag", "Maximum", "Seconds", (("DBInstanceIdentifier", reader),))


def _cache_node(cluster_id: str) -> Iterable[Wanted]:
    for name, stat, unit in (
        ("EngineCPUUtilization", "Average", "Percent"),
        ("ReplicationLag", "Maximum", "Seconds"),
        ("DatabaseMemoryUsagePercentage", "Maximum", "Percent"),
    ):
        yield Wanted(cluster_id, "AWS/ElastiCache", name, stat, unit, (("CacheClusterId", cluster_id),))
