"""What the control API can be told to do."""

import threading
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from moto.core.utils import get_service_model
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from sandbox import calls as arrivals
from sandbox import state
from sandbox.clock import LOCK, clock
from sandbox.fields import Bad, Body
from sandbox.weather import buckets, demand, minutes, zones
from sandbox.weather import trouble as troubling
from sandbox.wire import SIGNING_NAMES

LONGEST = 24 * 3600.0
ACCOUNT, REGION = "123456789012", "us-east-1"
_one_at_a_time = threading.Lock()


def status(body: Body) -> dict[str, Any]:
    """How the sandbox is: its time, what is down, what disturbs."""
    return {
        "time": clock.now().isoformat(),
        "speed": clock.speed,
        "frozen": clock.frozen,
        "zones": zones.since(),
        "trouble": [asdict(t) for t in troubling.active()],
        "load": demand.factors(),
        "pending": len(clock.pending()),
        "limits": "on" if buckets.enabled else "off",
        "changes": state.changes(),
    }


def pending(body: Body) -> dict[str, Any]:
    """What is still to come, soonest first, in seconds of the sandbox's clock."""
    return {"pending": [{"in": wait, "name": name, "arguments": given} for wait, name, given in clock.pending()]}


def calls(body: Body) -> dict[str, Any]:
    """How often each AWS operation was asked for since the sandbox started."""
    return {"calls": arrivals.counts()}


def speed(body: Body) -> dict[str, Any]:
    """{"speed": n}: AWS's seconds per real second."""
    factor = body.number("speed", 0.01, 10_000)
    body.done()
    clock.set_speed(factor)
    minutes.schedule()
    return status(body)


def turn_clock(body: Body) -> dict[str, Any]:
    """{"freeze": true|false} or {"advance": seconds}."""
    if "freeze" in body:
        freeze = body.flag("freeze")
        body.done()
        if freeze:
            clock.freeze()
        else:
            clock.thaw()
        return status(body)
    seconds = body.number("advance", 0, LONGEST)
    body.done()
    with _one_at_a_time:
        if not clock.frozen:
            raise Bad("freeze the clock first: only a frozen clock can be advanced")
        ran = clock.advance(seconds)
    return {**status(body), "ran": ran}


def zone(body: Body) -> dict[str, Any]:
    """{"zone": "us-east-1b", "state": "fail"|"recover"}."""
    name = body.text("zone")
    act = body.text("state", ("fail", "recover"))
    body.done()
    if not any(name == z.name for all_of in RegionsAndZonesBackend.zones.values() for z in all_of):
        raise Bad(f"there is no availability zone {name}")
    changed = zones.fail(name) if act == "fail" else zones.recover(name)
    return {"zone": name, "failed": name in zones.failed(), "changed": changed}


def task(body: Body) -> dict[str, Any]:
    """{"cluster": ..., "task": id or ARN, "act": "crash"}."""
    cluster, name = body.text("cluster"), body.text("task")
    body.text("act", ("crash",), "crash")
    body.done()
    from sandbox.gaps import ecs  # ECS is large; it is there once the application is

    with LOCK:
        try:
            ecs.crash_task(cluster, name)
        except (KeyError, LookupError, ValueError) as problem:
            raise Bad(f"cannot crash task {name} of {cluster}: {problem}") from None
        state.touch()
    return {"cluster": cluster, "task": name, "act": "crash"}


def failover(body: Body) -> dict[str, Any]:
    """{"instance"|"cluster"|"group"|"name": ..., "cause": ..., "shard"}: let a primary fail, as AWS's events then tell.

    "name" is looked for among DB instances, DB clusters and replication groups, in that order.
    """
    from sandbox.gaps import elasticache, rds

    kinds = [kind for kind in ("instance", "cluster", "group", "name") if kind in body]
    if len(kinds) != 1:
        raise Bad("name one of: instance, cluster, group, name")
    kind, name = kinds[0], body.text(kinds[0])
    cause = body.text("cause", tuple(rds.CAUSES), "host")
    shard = body.optional_text("shard")
    place = body.text("account", default=ACCOUNT), body.text("region", default=REGION)
    body.done()
    with LOCK:
        kind = (rds.kind_of(*place, name) or "group") if kind == "name" else kind
        if shard is not None and kind != "group":
            raise Bad("only a replication group has shards")
        try:
            if kind == "group":
                told = elasticache.fail_over(*place, name, cause, shard)
            elif kind == "cluster":
                told = rds.fail_over_cluster(*place, name, cause)
            else:
                told = rds.fail_over(*place, name, cause)
        except (LookupError, ValueError) as problem:
            raise Bad(f"{name} cannot fail over: {problem.args[0]}") from None
        state.touch()
    return {kind: name, "cause": cause, "told": told}


def maintenance(body: Body) -> dict[str, Any]:
    """{"name": DB instance or cluster, "action": ..., "description", "deadline": days, "act": "add"|"remove"}: what is
    pending for a database."""
    from sandbox.gaps import rds

    name = body.text("name")
    action = body.text("action", tuple(rds.ACTIONS), "system-update")
    description = body.optional_text("description")
    days = body.number("deadline", 1, 365) if "deadline" in body else None
    act = body.text("act", ("add", "remove"), "add")
    place = body.text("account", default=ACCOUNT), body.text("region", default=REGION)
    body.done()
    with LOCK:
        try:
            if act == "add":
                arn = rds.add_maintenance(*place, name, action, description, days)
            else:
                arn = rds.remove_maintenance(*place, name, action)
        except (LookupError, ValueError) as problem:
            raise Bad(f"{problem.args[0]}") from None
        state.touch()
    return {"resource": arn, "action": action, "act": act}


def service_update(body: Body) -> dict[str, Any]:
    """{"engine": "valkey"|"redis", "severity", "description", "apply_by": days}: ElastiCache releases a service update,
    due for every replication group of that engine."""
    from sandbox.gaps import elasticache

    engine = body.text("engine", ("valkey", "redis"), "valkey")
    severity = body.text("severity", ("critical", "important", "medium", "low"), "important")
    description = body.optional_text("description")
    days = body.number("apply_by", 1, 365, 30.0)
    place = body.text("account", default=ACCOUNT), body.text("region", default=REGION)
    body.done()
    with LOCK:
        name = elasticache.release_update(*place, engine, severity, description, days)
        state.touch()
    return {"update": name, "engine": engine, "severity": severity}


def troubles(body: Body) -> dict[str, Any]:
    """What disturbs now."""
    return {"trouble": [asdict(t) for t in troubling.active()]}


def trouble(body: Body) -> dict[str, Any]:
    """{"service", "operation"|null, "kind", "rate", "delay", "status", "for"}."""
    service = body.text("service")
    operation = body.optional_text("operation")
    kind = body.text("kind", troubling.KINDS)
    rate = body.number("rate", 0, 1, 1.0)
    delay = body.number("delay", 0, 60, 2.0 if kind == "latency" else 0.0)
    code = int(body.number("status", 500, 503, 500))
    lasts = body.number("for", 1, LONGEST, 300.0)
    body.done()
    service = SIGNING_NAMES.get(service, service)
    if service != "*":
        _known(service, operation)
    elif operation is not None:
        raise Bad("name a service to name an operation")
    return asdict(troubling.make(service, operation, kind, rate, delay, code, lasts))


def calm(body: Body) -> dict[str, Any]:
    """End all trouble, or {"id": n}."""
    number = int(body.number("id", 1, 1e9)) if "id" in body else None
    body.done()
    return {"ended": troubling.calm(number)}


def load(body: Body) -> dict[str, Any]:
    """{"service", "factor", "for"}: how many times its usual load a service (or "*") gets; says which services
    feel it, since when and until when."""
    service = body.text("service")
    factor = body.number("factor", 0, 100)
    lasts = body.number("for", 1, 7 * LONGEST, 900.0)
    body.done()
    with LOCK:
        surge = demand.push(service, factor, lasts)
        names = [f"{cluster}/{name}" for cluster, name in _services() if surge.strikes(cluster, name)]
    return {
        "load": demand.factors(),
        "services": sorted(names),
        "since": datetime.fromtimestamp(surge.since, UTC).isoformat(),
        "until": datetime.fromtimestamp(surge.until, UTC).isoformat(),
    }


def _services() -> list[tuple[str, str]]:
    """(cluster, name) of every active service."""
    from moto.ecs.models import ecs_backends

    known = [s for regions in ecs_backends.values() for b in regions.values() for s in b.services.values()]
    return [(s.cluster_name, s.name) for s in known if s.status == "ACTIVE"]


def ordinary_load(body: Body) -> dict[str, Any]:
    """End all unusual load."""
    body.done()
    return {"ended": demand.relax()}


def limits(body: Body) -> dict[str, Any]:
    """{"limits": "on"|"off"}: AWS's request rates."""
    buckets.enabled = body.text("limits", ("on", "off")) == "on"
    body.done()
    return status(body)


def _known(service: str, operation: str | None) -> None:
    try:
        model = get_service_model(service)
    except Exception:
        raise Bad(f"AWS has no service {service}; use botocore's name, as rds, ecs, elbv2") from None
    if operation is not None and operation not in model.operation_names:
        raise Bad(f"{service} has no operation {operation}")
