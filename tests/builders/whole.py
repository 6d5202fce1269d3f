"""Whole snapshots: a healthy production and the single-AZ system as found."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.domain.snapshot import Calls, Gap, Part, Reading, Snapshot, Zone
from tests.builders.data import alarm, cache, database, dead_letter_queue, metric, queue, stack
from tests.builders.fargate import service
from tests.builders.places import NOW, SERVICES, ZONES, gateway, load_balancer, network


def readings(at: datetime = NOW, failed: dict[Part, str] | None = None) -> tuple[Reading, ...]:
    """Every part read at `at`; the parts in `failed` (to AWS's error code) were last read a minute before that."""
    gone = failed or {}
    return tuple(
        Reading(part, at - timedelta(minutes=1), Gap(part, gone[part], f"{part} could not be read: {gone[part]}.", at))
        if part in gone
        else Reading(part, at)
        for part in Part
    )


def snapshot(env: str = "production", **changes: Any) -> Snapshot:
    """A healthy Multi-AZ environment, everything read at `NOW`."""
    names = ("network", "data", "platform", *(f"service-{name}" for name in SERVICES))
    made = Snapshot(
        environment=env,
        taken_at=NOW,
        readings=readings(),
        stacks=tuple(stack(name, env) for name in names),
        zones=tuple(Zone(zone, f"use1-az{number}") for number, zone in enumerate(ZONES, start=1)),
        network=network(),
        gateway=gateway(env),
        load_balancer=load_balancer(env),
        services=tuple(service(name, env=env) for name in SERVICES),
        databases=(database(env),),
        caches=(cache(env),),
        queues=(queue(env), dead_letter_queue(env)),
        alarms=(alarm(f"{env}-database-cpu"),),
        metrics=(
            metric("rbac"),
            metric("rbac", "MemoryUtilization", 52.0),
            metric(f"{env}-app", "CPUUtilization", 23.0),
        ),
        calls=Calls(count=24, seconds=0.4, throttled=0, failed=0, by_operation=(("DescribeServices", 1),)),
    )
    return replace(made, **changes)


def legacy_snapshot(**changes: Any) -> Snapshot:
    """The system as found: one task per service, one NAT, single-AZ database and cache, no backups, no scaling."""
    env, zone = "legacy", ZONES[0]
    made = snapshot(
        env,
        network=network(nat_zones=(zone,)),
        load_balancer=load_balancer(env, deletion_protection=False, zonal_shift_enabled=False, access_logs=False),
        services=tuple(
            service(
                name,
                zones=(zone,),
                env=env,
                scaling=None,
                zone_rebalancing=False,
                circuit_breaker=False,
                circuit_breaker_rollback=False,
            )
            for name in SERVICES
        ),
        databases=(
            database(
                env,
                multi_az=False,
                secondary_zone=None,
                backup_retention_days=0,
                latest_restorable=None,
                deletion_protection=False,
            ),
        ),
        caches=(cache(env, nodes=1, automatic_failover="disabled", multi_az="disabled", snapshot_retention_days=0),),
    )
    return replace(made, **changes)
