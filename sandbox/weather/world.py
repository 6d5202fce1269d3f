"""What there is to measure: services, load balancers, databases, ... read through the sandbox's own APIs, so that
metrics and answers never contradict each other."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from sandbox.inproc import client

log = logging.getLogger("sandbox.weather.world")
Zones = tuple[tuple[str, int], ...]
"""How many per availability zone."""


@dataclass(frozen=True)
class Service:
    """An ECS service. `floor` is its minimum capacity (its desired count if nothing scales it)."""

    cluster: str
    name: str
    floor: int
    running: Zones
    groups: tuple[str, ...]
    databases: tuple[str, ...] = ()
    """ARNs of the databases it relies on."""

    @property
    def count(self) -> int:
        """Running tasks."""
        return sum(n for _, n in self.running)


@dataclass(frozen=True)
class Balancer:
    """A load balancer; `id` and `groups` are the ARNs' last parts, as in metric dimensions."""

    id: str
    zones: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """A target group and its targets."""

    id: str
    healthy: Zones
    unhealthy: Zones

    @property
    def count(self) -> int:
        """Healthy targets."""
        return sum(n for _, n in self.healthy)


@dataclass(frozen=True)
class Database:
    """A DB instance; memory and storage in GiB."""

    id: str
    status: str
    multi_az: bool
    memory: float
    storage: int
    arn: str = ""
    follows: bool = False
    """Whether it is written from another one: a reader of a cluster, or a read replica."""


@dataclass(frozen=True)
class CacheNode:
    """A cache cluster of a replication group."""

    id: str
    node: str
    primary: bool
    status: str


@dataclass(frozen=True)
class Queue:
    """An SQS queue; `dead` if others send their failures to it."""

    name: str
    visible: int
    dead: bool


@dataclass(frozen=True)
class Api:
    """An HTTP API."""

    id: str
    name: str


@dataclass(frozen=True)
class World:
    """All of it, by the key metrics use."""

    services: dict[tuple[str, str], Service]
    balancers: dict[str, Balancer]
    groups: dict[str, Group]
    databases: dict[str, Database]
    caches: dict[str, CacheNode]
    queues: dict[str, Queue]
    apis: dict[str, Api]

    def of_environment(self, name: str) -> list[Service]:
        """The services whose cluster a resource belongs to by its name: `<cluster>` or `<cluster>-...`."""
        return [s for (cluster, _), s in self.services.items() if name == cluster or name.startswith(f"{cluster}-")]


def places() -> set[tuple[str, str]]:
    """The (account, region) pairs in which there is something to measure or to watch."""
    return {
        (account, region)
        for known in list(BackendDict._instances)
        if known.service_name in ("ecs", "rds", "cloudwatch", "elasticache", "sqs", "elbv2")
        for account, region, backend in list(known.iter_backends())
        if any(getattr(backend, held, None) for held in ("services", "databases", "alarms", "queues", "load_balancers"))
    }


def read(account: str, region: str) -> World:
    """The world of one account and region as it is now."""

    def part(service: str, reader: Callable[[Any], dict[Any, Any]]) -> dict[Any, Any]:
        if not _in_use(service.replace("-", ""), account, region):
            return {}
        try:
            return reader(client(service, region, account))
        except ClientError as problem:
            log.warning("%s cannot be measured: %s", service, problem)
            return {}

    floors = part("application-autoscaling", _floors)
    return World(
        part("ecs", lambda ecs: _services(ecs, floors)),
        part("elbv2", _balancers),
        part("elbv2", _groups),
        part("rds", _databases),
        part("elasticache", _caches),
        part("sqs", _queues),
        part("apigatewayv2", _apis),
    )


def _in_use(service: str, account: str, region: str) -> bool:
    known = next((b for b in list(BackendDict._instances) if b.service_name.replace("-", "") == service), None)
    return known is not None and account in known.keys() and region in known[account].keys()  # noqa: SIM118 - `in` creates


def _pages(client: Any, operation: str, key: str, **given: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**given):
        yield from page.get(key, ())


def _zones(found: Iterator[str]) -> Zones:
    return tuple(sorted(Counter(found).items()))


def _floors(scaling: Any) -> dict[str, int]:
    return {
        t["ResourceId"]: t["MinCapacity"]
        for t in _pages(scaling, "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs")
    }


def _services(ecs: Any, floors: dict[str, int]) -> dict[tuple[str, str], Service]:
    found = {}
    for arn in _pages(ecs, "list_clusters", "clusterArns"):
        cluster = arn.rpartition("/")[2]
        names = list(_pages(ecs, "list_services", "serviceArns", cluster=cluster))
        arns = list(_pages(ecs, "list_tasks", "taskArns", cluster=cluster, desiredStatus="RUNNING"))
        tasks = [
            t
            for at in range(0, len(arns), 100)
            for t in ecs.describe_tasks(cluster=cluster, tasks=arns[at : at + 100])["tasks"]
            if t.get("lastStatus") == "RUNNING"
        ]
        for at in range(0, len(names), 10):
            for s in ecs.describe_services(cluster=cluster, services=names[at : at + 10])["services"]:
                if s["status"] != "ACTIVE":
                    continue
                name = s["serviceName"]
                mine = (t.get("availabilityZone", "") for t in tasks if t.get("group") == f"service:{name}")
                groups = tuple(_tail(b["targetGroupArn"]) for b in s.get("loadBalancers", ()) if "targetGroupArn" in b)
                floor = floors.get(f"service/{cluster}/{name}", s["desiredCount"])
                databases = _databases_of(s["serviceArn"])
                found[cluster, name] = Service(cluster, name, max(1, floor), _zones(mine), groups, databases)
    return found


def _databases_of(arn: str) -> tuple[str, ...]:
    """No API of AWS tells on which databases a service relies."""
    from sandbox.gaps import reliance
    from sandbox.gaps.ecs import find_service

    _, _, _, region, account, path = arn.split(":", 5)
    _, cluster, name = path.split("/")
    service = find_service(account, region, cluster, name)
    return tuple(reliance.databases_of(service)) if service is not None else ()


def _tail(arn: str) -> str:
    """What CloudWatch's dimensions keep of an ELB ARN: `app/name/id` or `targetgroup/name/id`."""
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")


def _balancers(elb: Any) -> dict[str, Balancer]:
    attached: dict[str, list[str]] = {}
    for group in _pages(elb, "describe_target_groups", "TargetGroups"):
        for arn in group.get("LoadBalancerArns", ()):
            attached.setdefault(arn, []).append(_tail(group["TargetGroupArn"]))
    return {
        _tail(b["LoadBalancerArn"]): Balancer(
            _tail(b["LoadBalancerArn"]),
            tuple(sorted(z["ZoneName"] for z in b.get("AvailabilityZones", ()))),
            tuple(attached.get(b["LoadBalancerArn"], ())),
        )
        for b in _pages(elb, "describe_load_balancers", "LoadBalancers")
    }


def _groups(elb: Any) -> dict[str, Group]:
    found = {}
    for group in _pages(elb, "describe_target_groups", "TargetGroups"):
        health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]

        def zones(*states: str, health: Any = health) -> Zones:
            return _zones(
                h["Target"].get("AvailabilityZone", "") for h in health if h["TargetHealth"]["State"] in states
            )

        name = _tail(group["TargetGroupArn"])
        found[name] = Group(name, zones("healthy"), zones("unhealthy"))
    return found


def _databases(rds: Any) -> dict[str, Database]:
    clusters = _pages(rds, "describe_db_clusters", "DBClusters")
    members = [m for c in clusters for m in c.get("DBClusterMembers", ())]
    readers = {m["DBInstanceIdentifier"] for m in members if not m["IsClusterWriter"]}
    return {
        d["DBInstanceIdentifier"]: Database(
            d["DBInstanceIdentifier"],
            d["DBInstanceStatus"],
            bool(d.get("MultiAZ")),
            memory_of(d["DBInstanceClass"]),
            int(d.get("AllocatedStorage") or 20),
            d["DBInstanceArn"],
            d["DBInstanceIdentifier"] in readers or bool(d.get("ReadReplicaSourceDBInstanceIdentifier")),
        )
        for d in _pages(rds, "describe_db_instances", "DBInstances")
    }


def memory_of(instance_class: str) -> float:
    """Memory of a DB instance class in GiB (aws-facts 10): db.t4g.medium has 4, db.r6g.large 16."""
    _, family, size = [*instance_class.split("."), "", ""][:3]
    large = 16.0 if family[:1] in ("r", "x") else 8.0
    small = {"micro": 1.0, "small": 2.0, "medium": 4.0, "large": large}
    if size in small:
        return small[size]
    times = size.removesuffix("xlarge")
    return large * 2 * (int(times) if times.isdigit() else 1)


def _caches(elasticache: Any) -> dict[str, CacheNode]:
    return {
        m["CacheClusterId"]: CacheNode(
            m["CacheClusterId"], m.get("CacheNodeId", "0001"), m.get("CurrentRole") == "primary", g["Status"]
        )
        for g in _pages(elasticache, "describe_replication_groups", "ReplicationGroups")
        for shard in g.get("NodeGroups", ())
        for m in shard.get("NodeGroupMembers", ())
    }


def _queues(sqs: Any) -> dict[str, Queue]:
    attributes = {
        url.rpartition("/")[2]: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in _pages(sqs, "list_queues", "QueueUrls")
    }
    dead = {
        json.loads(a["RedrivePolicy"])["deadLetterTargetArn"] for a in attributes.values() if a.get("RedrivePolicy")
    }
    return {
        name: Queue(name, int(a.get("ApproximateNumberOfMessages", 0)), a.get("QueueArn") in dead)
        for name, a in attributes.items()
    }


def _apis(gateway: Any) -> dict[str, Api]:
    return {a["ApiId"]: Api(a["ApiId"], a["Name"]) for a in gateway.get_apis()["Items"]}
