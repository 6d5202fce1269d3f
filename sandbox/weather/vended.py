# ruff: noqa: ARG005 - readers in a table share one signature
"""The metrics AWS publishes by itself (aws-facts 7.2): each a function of (history, key, minute) to a Point or None.

A count that AWS does not report when it is zero is None then. The numbers follow from the load and from what there is
to carry it: fewer tasks are busier, busy tasks are slower, a zone that fails costs errors until its targets are out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.weather.history import History
from sandbox.weather.load import Reader, Table, caches, compute, databases, regional, traffic


@dataclass(frozen=True)
class Metric:
    """One metric of one kind of thing."""

    unit: str
    read: Reader


Dimensions = tuple[tuple[str, str], ...]
"""Sorted (name, value) pairs."""

_BY_SHAPE: dict[tuple[str, tuple[str, ...]], tuple[Callable[..., Any], Table]] = {
    ("AWS/ECS", ("ClusterName", "ServiceName")): (lambda c, s: (c, s), compute.METRICS),
    ("AWS/ApplicationELB", ("LoadBalancer",)): (lambda b: b, traffic.BALANCER),
    ("AWS/ApplicationELB", ("AvailabilityZone", "LoadBalancer")): (lambda z, b: (b, z), traffic.BALANCER_ZONE),
    ("AWS/ApplicationELB", ("LoadBalancer", "TargetGroup")): (lambda b, g: (b, g), traffic.GROUP),
    ("AWS/ApplicationELB", ("TargetGroup",)): (lambda g: (None, g), traffic.GROUP_ALONE),
    ("AWS/ApplicationELB", ("AvailabilityZone", "LoadBalancer", "TargetGroup")): (
        lambda z, b, g: (b, g, z),
        traffic.GROUP_ZONE,
    ),
    ("AWS/RDS", ("DBInstanceIdentifier",)): (lambda d: d, databases.METRICS),
    ("AWS/ElastiCache", ("CacheClusterId",)): (lambda c: (c, None), caches.METRICS),
    ("AWS/ElastiCache", ("CacheClusterId", "CacheNodeId")): (lambda c, n: (c, n), caches.METRICS),
    ("AWS/SQS", ("QueueName",)): (lambda q: q, regional.QUEUE),
    ("AWS/ApiGateway", ("ApiId",)): (lambda a: a, regional.API),
    ("AWS/ApiGateway", ("ApiId", "Stage")): (lambda a, s: a, regional.API),
}


def find(namespace: str, name: str, dimensions: Dimensions) -> tuple[Any, Metric] | None:
    """The key and the metric of a name AWS publishes under; None if it publishes no such metric."""
    shape = _BY_SHAPE.get((namespace, tuple(n for n, _ in dimensions)))
    if shape is None or name not in shape[1]:
        return None
    unit, reader = shape[1][name]
    return shape[0](*(value for _, value in dimensions)), Metric(unit, reader)


def listed(history: History) -> list[tuple[str, str, Dimensions]]:
    """Every metric of the things there are now, as (namespace, name, dimensions)."""
    now = history.latest
    if now is None:
        return []
    found: list[tuple[str, Dimensions]] = []
    found += [("AWS/ECS", (("ClusterName", c), ("ServiceName", s))) for c, s in now.services]
    for b in now.balancers.values():
        here = ("LoadBalancer", b.id)
        found.append(("AWS/ApplicationELB", (here,)))
        found += [("AWS/ApplicationELB", (("AvailabilityZone", z), here)) for z in b.zones]
        found += [("AWS/ApplicationELB", (here, ("TargetGroup", g))) for g in b.groups]
        found += [("AWS/ApplicationELB", (("TargetGroup", g),)) for g in b.groups]
        found += [
            ("AWS/ApplicationELB", (("AvailabilityZone", z), here, ("TargetGroup", g)))
            for z in b.zones
            for g in b.groups
        ]
    found += [("AWS/RDS", (("DBInstanceIdentifier", d),)) for d in now.databases]
    for c in now.caches.values():
        found.append(("AWS/ElastiCache", (("CacheClusterId", c.id),)))
        found.append(("AWS/ElastiCache", (("CacheClusterId", c.id), ("CacheNodeId", c.node))))
    found += [("AWS/SQS", (("QueueName", q),)) for q in now.queues]
    found += [("AWS/ApiGateway", (("ApiId", a),)) for a in now.apis]
    return [
        (namespace, name, dimensions)
        for namespace, dimensions in found
        for name in _BY_SHAPE[namespace, tuple(n for n, _ in dimensions)][1]
        if name != "ReplicaLag" or now.databases[dimensions[0][1]].follows
    ]
