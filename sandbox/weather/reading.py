"""Reads the world from the backends as the APIs do: what is stored is taken, and what the gaps work out (a target's
health, a cache's roles) they are asked for. A test holds it together with what the APIs themselves say: to ask them
takes eighty times as long."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.ecs.models import ecs_backends
from moto.elasticache.models import elasticache_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends
from moto.sqs.models import sqs_backends

from sandbox.gaps import reliance
from sandbox.gaps.ecs import records
from sandbox.gaps.elasticache import groups
from sandbox.gaps.elbv2 import targets
from sandbox.weather.world import (
    Api,
    Balancer,
    CacheNode,
    Database,
    Group,
    Queue,
    Service,
    World,
    Zones,
    memory_of,
)

log = logging.getLogger("sandbox.weather.reading")


def read(account: str, region: str) -> World:
    """The world of one account and region as it is now."""

    def part(backends: Any, reader: Callable[[Any], dict[Any, Any]]) -> dict[Any, Any]:
        backend = held(backends, account, region)
        try:
            return reader(backend) if backend is not None else {}
        except Exception:  # the others are measured all the same
            log.exception("%s cannot be measured", backends.service_name)
            return {}

    floors = part(applicationautoscaling_backends, _floors)
    return World(
        part(ecs_backends, lambda ecs: _services(ecs, floors)),
        part(elbv2_backends, _balancers),
        part(elbv2_backends, _groups),
        part(rds_backends, _databases),
        part(elasticache_backends, _caches),
        part(sqs_backends, _queues),
        part(apigatewayv2_backends, _apis),
    )


def held(backends: Any, account: str, region: str) -> Any:
    """The backend of an account and region if there is one: a subscript would make it."""
    regions = backends.get(account)
    return regions.get(region) if regions is not None else None


def _zones(found: Iterable[str]) -> Zones:
    return tuple(sorted(Counter(found).items()))


def _floors(scaling: Any) -> dict[str, int]:
    return {t.resource_id: t.min_capacity for t in scaling.describe_scalable_targets("ecs", None, None)}


def _services(ecs: Any, floors: dict[str, int]) -> dict[tuple[str, str], Service]:
    found = {}
    for cluster in (c.name for c in ecs.clusters.values() if c.status == "ACTIVE"):
        running = _running(ecs.tasks.get(cluster, {}).values())
        for s in sorted(_active(ecs, cluster), key=lambda s: s.name):
            behind = [b["targetGroupArn"] for b in s.data.get("loadBalancers") or () if "targetGroupArn" in b]
            found[cluster, s.name] = Service(
                cluster,
                s.name,
                max(1, floors.get(f"service/{cluster}/{s.name}", s.desired_count)),
                _zones(running[f"service:{s.name}"]),
                tuple(map(_tail, behind)),
                _databases_of(s),
            )
    return found


def _active(ecs: Any, cluster: str) -> list[records.Service]:
    known = (s for s in ecs.services.values() if isinstance(s, records.Service))
    return [s for s in known if s.cluster_name == cluster and s.status == "ACTIVE"]


def _running(tasks: Iterable[Any]) -> dict[str, list[str]]:
    """The zones of the tasks that run and are meant to, by the tasks' group."""
    zones: dict[str, list[str]] = defaultdict(list)
    for task in tasks:
        if isinstance(task, records.Task) and task.status == task.desired_status == "RUNNING":
            zones[task.data.get("group") or ""].append(task.data.get("availabilityZone") or "")
    return zones


def _databases_of(service: records.Service) -> tuple[str, ...]:
    if held(rds_backends, service.account, service.region) is None:  # to ask would make it
        return ()
    return tuple(reliance.databases_of(service))


def _tail(arn: str) -> str:
    """What CloudWatch's dimensions keep of an ELB ARN: `app/name/id` or `targetgroup/name/id`."""
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")


def _balancers(elb: Any) -> dict[str, Balancer]:
    attached: dict[str, list[str]] = defaultdict(list)
    for group in elb.describe_target_groups(None, [], None):
        for arn in group.load_balancer_arns:
            attached[arn].append(_tail(group.arn))
    return {
        _tail(b.arn): Balancer(
            _tail(b.arn), tuple(sorted(z.zone_name for z in b.availability_zones)), tuple(attached[b.arn])
        )
        for b in elb.load_balancers.values()
    }


def _groups(elb: Any) -> dict[str, Group]:
    found = {}
    for group in elb.describe_target_groups(None, [], None):
        zones: dict[str, list[str]] = defaultdict(list)
        for target in group.targets.values():
            health = targets.health(group, target)
            zones[health["TargetHealth"]["State"]].append(health["Target"].get("AvailabilityZone", ""))
        name = _tail(group.arn)
        found[name] = Group(name, _zones(zones["healthy"]), _zones(zones["unhealthy"]))
    return found


def _databases(rds: Any) -> dict[str, Database]:
    members = [m for cluster in rds.clusters.values() for m in cluster.members]
    readers = {m.db_instance_identifier for m in members if not m.is_cluster_writer}
    found = {}
    for d in rds.databases.values():
        _ = d.endpoint  # who looks first gives it its address, and one that has none at a restart never gets one
        name = d.db_instance_identifier
        found[name] = Database(
            name,
            d.status,
            str(d.multi_az).lower() == "true",
            memory_of(d.db_instance_class),
            int(d.allocated_storage or 20),
            d.db_instance_arn,
            name in readers or bool(d.read_replica_source_db_instance_identifier),
        )
    return found


def _caches(elasticache: Any) -> dict[str, CacheNode]:
    shown = (g.shape() for g in elasticache.replication_groups.values() if isinstance(g, groups.Group))
    return {
        m["CacheClusterId"]: CacheNode(
            m["CacheClusterId"], m["CacheNodeId"], m.get("CurrentRole") == "primary", group["Status"]
        )
        for group in shown
        for shard in group["NodeGroups"]
        for m in shard["NodeGroupMembers"]
    }


def _queues(sqs: Any) -> dict[str, Queue]:
    known = list(sqs.queues.values())
    dead = {q.redrive_policy["deadLetterTargetArn"] for q in known if q.redrive_policy}
    return {q.name: Queue(q.name, q.approximate_number_of_messages, q.queue_arn in dead) for q in known}


def _apis(gateway: Any) -> dict[str, Api]:
    return {a.api_id: Api(a.api_id, a.name) for a in gateway.get_apis()}
