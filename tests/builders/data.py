"""Database, cache, queues, alarms, metrics and stacks."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.domain.snapshot import Alarm, Cache, CacheNode, Database, Failover, Metric, Queue, Stack, StackResource
from tests.builders.places import ACCOUNT, NOW, REGION, ZONES, arn


def database(env: str = "production", **changes: Any) -> Database:
    """A healthy Multi-AZ RDS for PostgreSQL: primary in us-east-1a, standby in us-east-1b."""
    made = Database(
        identifier=f"{env}-app",
        arn=arn("rds", f"db:{env}-app"),
        resource_id="db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        engine="postgres",
        engine_version="16.8",
        instance_class="db.r6g.large",
        status="available",
        multi_az=True,
        zone=ZONES[0],
        secondary_zone=ZONES[1],
        endpoint=f"{env}-app.cdefghijklmn.{REGION}.rds.amazonaws.com",
        port=5432,
        storage_type="gp3",
        allocated_storage=100,
        encrypted=True,
        deletion_protection=True,
        backup_retention_days=14,
        latest_restorable=NOW - timedelta(minutes=4),
        performance_insights=True,
        publicly_accessible=False,
        parameter_group=f"{env}-postgres16",
        subnet_zones=ZONES,
        created_at=NOW - timedelta(days=90),
    )
    return replace(made, **changes)


def cache_node(number: int = 1, env: str = "production", **changes: Any) -> CacheNode:
    """Member 001 is the primary in us-east-1a, every other a replica in the next zone."""
    role = "primary" if number == 1 else "replica"
    zone = ZONES[(number - 1) % len(ZONES)]
    return replace(CacheNode(f"{env}-cache-{number:03d}", "0001", zone, role, "available"), **changes)


def cache(env: str = "production", nodes: int = 3, **changes: Any) -> Cache:
    """A healthy replication group with automatic failover and encryption."""
    made = Cache(
        identifier=f"{env}-cache",
        arn=arn("elasticache", f"replicationgroup:{env}-cache"),
        engine="valkey",
        engine_version="8.0",
        node_type="cache.r7g.large",
        status="available",
        automatic_failover="enabled",
        multi_az="enabled",
        transit_encryption=True,
        at_rest_encryption=True,
        endpoint=f"master.{env}-cache.abcdef.use1.cache.amazonaws.com",
        port=6379,
        snapshot_retention_days=7,
        nodes=tuple(cache_node(number, env) for number in range(1, nodes + 1)),
    )
    return replace(made, **changes)


def queue(env: str = "production", **changes: Any) -> Queue:
    """The events queue, redriving to its dead-letter queue after five receives."""
    name = f"{env}-events"
    made = Queue(
        name=name,
        url=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}",
        arn=arn("sqs", name),
        visible=4,
        in_flight=2,
        delayed=0,
        encrypted=True,
        dead_letter=arn("sqs", f"{name}-dlq"),
        max_receives=5,
    )
    return replace(made, **changes)


def dead_letter_queue(env: str = "production", **changes: Any) -> Queue:
    """The empty dead-letter queue of the events queue."""
    name = f"{env}-events-dlq"
    base = queue(env, name=name, url=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}", arn=arn("sqs", name))
    alone = replace(base, visible=0, in_flight=0, dead_letter=None, max_receives=None, dead_letter_of=f"{env}-events")
    return replace(alone, **changes)


def alarm(name: str = "production-database-cpu", **changes: Any) -> Alarm:
    """A quiet alarm with its actions on."""
    made = Alarm(
        name=name,
        arn=arn("cloudwatch", f"alarm:{name}"),
        state="OK",
        reason="Threshold Crossed: 3 datapoints were not greater than the threshold (80.0).",
        since=NOW - timedelta(days=2),
        description="Database CPU is high.",
        metric="CPUUtilization",
        threshold=80.0,
        actions_enabled=True,
    )
    return replace(made, **changes)


def metric(subject: str = "rbac", name: str = "CPUUtilization", value: float = 41.5, **changes: Any) -> Metric:
    """The newest point of a metric, a minute old, in percent."""
    return replace(Metric(subject, name, value, "Percent", NOW - timedelta(minutes=1)), **changes)


def failover(subject: str = "production-app", **changes: Any) -> Failover:
    """A database's failover, completed three hours ago."""
    return replace(
        Failover(subject, NOW - timedelta(hours=3), "Multi-AZ instance failover completed", "rds"), **changes
    )


def stack(name: str = "network", env: str = "production", **changes: Any) -> Stack:
    """A completed, protected stack with one resource."""
    stack_name = f"{env}-{name}"
    made = Stack(
        name=name,
        stack_name=stack_name,
        stack_id=arn("cloudformation", f"stack/{stack_name}/11111111-2222-3333-4444-555555555555"),
        status="CREATE_COMPLETE",
        status_reason=None,
        created_at=NOW - timedelta(days=90),
        updated_at=None,
        termination_protection=True,
        parameters=(("EnvironmentName", env),),
        outputs=(("VpcId", "vpc-0production"),) if name == "network" else (),
        resources=(StackResource("Main", f"{stack_name}-main", "AWS::EC2::VPC", "CREATE_COMPLETE"),),
    )
    return replace(made, **changes)
