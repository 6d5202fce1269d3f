# ruff: noqa: ARG005 - readers in a table share one signature
"""Load balancers and their target groups: requests, answers, healthy targets."""

from sandbox.weather import demand, outages, zones
from sandbox.weather.history import History
from sandbox.weather.load import Table, compute
from sandbox.weather.point import Point, counted, gauge, latency
from sandbox.weather.world import Balancer, Group, Service

FAILING = 2  # minutes a lost zone goes on costing requests: its targets must fail their checks first

NEEDING = 0.85  # the share of requests that fail while the database cannot be reached


def group_requests(history: History, group: str, minute: int) -> float:
    """Requests for a target group in a minute."""
    return sum(compute.requests(history, key, minute) for key in _services(history, group, minute))


def refused(history: History, group: str, minute: int) -> float:
    """Requests the balancer itself must refuse (503): nobody is there to answer."""
    known: Group | None = history.thing("groups", group, minute)
    nobody = known is not None and not known.healthy and not known.unhealthy
    return group_requests(history, group, minute) if nobody else 0.0


def failures(history: History, group: str, minute: int) -> float:
    """Requests answered 5xx by targets: overloaded tasks, lost zones, a database away."""
    share = 0.0
    for key in _services(history, group, minute):
        strained = compute.strain(history, key, minute)
        if strained is None:
            return 0.0
        share = max(share, min(0.5, 0.4 * (strained - 2.1)))
        share = max(share, _outage(history, key, minute), _database(history, key, minute))
    return round(group_requests(history, group, minute) * share)


def answer_time(history: History, group: str, minute: int) -> float | None:
    """Mean seconds a target takes: steady until its tasks are busy, then rising steeply."""
    busiest = [compute.processor(history, key, minute) for key in _services(history, group, minute)]
    known = [b for b in busiest if b is not None]
    if not known:
        return None
    base = 0.014 + 0.02 * demand.seed(group, "latency")
    return base / max(0.06, 1 - (max(known) / 100) ** 4)


def of_balancer(history: History, balancer: str, minute: int) -> tuple[str, ...]:
    """The target groups behind a balancer."""
    known: Balancer | None = history.thing("balancers", balancer, minute)
    return () if known is None else known.groups


def _services(history: History, group: str, minute: int) -> list[tuple[str, str]]:
    now = history.at(minute) or history.latest
    return [] if now is None else [key for key, service in now.services.items() if group in service.groups]


def _outage(history: History, key: tuple[str, str], minute: int) -> float:
    hit = 0.0
    for zone, began, _ in zones.outages():
        if 0 <= minute - began // 60 < FAILING:
            before = history.thing("services", key, int(began // 60) - 1)
            total = before.count if before else 0
            hit += 0.5 * dict(before.running).get(zone, 0) / total if total else 0.0
    return min(0.9, hit)


def _database(history: History, key: tuple[str, str], minute: int) -> float:
    """Most requests need the database; the rest is answered from the cache."""
    service: Service | None = history.thing("services", key, minute)
    away = [outages.share(arn, minute) for arn in (service.databases if service else ())]
    return NEEDING * max(away, default=0.0)


def _counts(number: float) -> Point | None:
    """AWS reports no count of zero."""
    return counted(round(number)) if round(number) else None


def _zone_share(history: History, balancer: str, zone: str, minute: int) -> float:
    known: Balancer | None = history.thing("balancers", balancer, minute)
    if known is None or zone not in known.zones:
        return 0.0
    down = {z for z, began, until in zones.outages() if began <= minute * 60 and (until is None or minute * 60 < until)}
    up = [z for z in known.zones if z not in down]
    return 1 / len(up) if zone in up else 0.0


def _times(history: History, groups: tuple[str, ...], minute: int) -> Point | None:
    each = [
        latency(time, max(1.0, group_requests(history, g, minute)))
        for g in groups
        if (time := answer_time(history, g, minute)) is not None
    ]
    if not each:
        return None
    count, total = sum(p.count for p in each), sum(p.total for p in each)
    return Point(count, total, min(p.low for p in each), max(p.high for p in each), each[0].spread)


def _hosts(history: History, group: str, minute: int, *, healthy: bool, zone: str | None = None) -> Point | None:
    known: Group | None = history.thing("groups", group, minute)
    if known is None:
        return None
    found = dict(known.healthy if healthy else known.unhealthy)
    return gauge(sum(found.values()) if zone is None else found.get(zone, 0))


def _per_target(history: History, group: str, minute: int) -> Point | None:
    known: Group | None = history.thing("groups", group, minute)
    targets = sum(n for _, n in known.healthy) if known else 0
    return gauge(group_requests(history, group, minute) / targets) if targets else None


def _ok(h: History, group: str, m: int) -> float:
    return group_requests(h, group, m) - failures(h, group, m) - refused(h, group, m)


BALANCER: Table = {
    "RequestCount": ("Count", lambda h, b, m: _counts(sum(group_requests(h, g, m) for g in of_balancer(h, b, m)))),
    "TargetResponseTime": ("Seconds", lambda h, b, m: _times(h, of_balancer(h, b, m), m)),
    "HTTPCode_Target_2XX_Count": ("Count", lambda h, b, m: _counts(sum(_ok(h, g, m) for g in of_balancer(h, b, m)))),
    "HTTPCode_Target_5XX_Count": (
        "Count",
        lambda h, b, m: _counts(sum(failures(h, g, m) for g in of_balancer(h, b, m))),
    ),
    "HTTPCode_ELB_5XX_Count": ("Count", lambda h, b, m: _counts(sum(refused(h, g, m) for g in of_balancer(h, b, m)))),
    "TargetConnectionErrorCount": (
        "Count",
        lambda h, b, m: _counts(sum(failures(h, g, m) for g in of_balancer(h, b, m)) / 3),
    ),
    "RejectedConnectionCount": ("Count", lambda h, b, m: None),
    "ActiveConnectionCount": (
        "Count",
        lambda h, b, m: _counts(sum(group_requests(h, g, m) for g in of_balancer(h, b, m)) / 12),
    ),
}
BALANCER_ZONE: Table = {
    "RequestCount": (
        "Count",
        lambda h, key, m: _counts(
            sum(group_requests(h, g, m) for g in of_balancer(h, key[0], m)) * _zone_share(h, key[0], key[1], m)
        ),
    ),
    "HTTPCode_Target_5XX_Count": (
        "Count",
        lambda h, key, m: _counts(
            sum(failures(h, g, m) for g in of_balancer(h, key[0], m)) * _zone_share(h, key[0], key[1], m)
        ),
    ),
    "TargetResponseTime": ("Seconds", lambda h, key, m: _times(h, of_balancer(h, key[0], m), m)),
}
GROUP: Table = {
    "RequestCount": ("Count", lambda h, key, m: _counts(group_requests(h, key[1], m))),
    "RequestCountPerTarget": ("Count", lambda h, key, m: _per_target(h, key[1], m)),
    "TargetResponseTime": ("Seconds", lambda h, key, m: _times(h, (key[1],), m)),
    "HTTPCode_Target_2XX_Count": ("Count", lambda h, key, m: _counts(_ok(h, key[1], m))),
    "HTTPCode_Target_5XX_Count": ("Count", lambda h, key, m: _counts(failures(h, key[1], m))),
    "HealthyHostCount": ("Count", lambda h, key, m: _hosts(h, key[1], m, healthy=True)),
    "UnHealthyHostCount": ("Count", lambda h, key, m: _hosts(h, key[1], m, healthy=False)),
}
GROUP_ALONE: Table = {
    "RequestCountPerTarget": GROUP["RequestCountPerTarget"],
    "HTTPCode_Target_5XX_Count": GROUP["HTTPCode_Target_5XX_Count"],
}
GROUP_ZONE: Table = {
    "HealthyHostCount": ("Count", lambda h, key, m: _hosts(h, key[1], m, healthy=True, zone=key[2])),
    "UnHealthyHostCount": ("Count", lambda h, key, m: _hosts(h, key[1], m, healthy=False, zone=key[2])),
}
