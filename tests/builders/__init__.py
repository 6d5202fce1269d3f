"""Plain builders of domain objects: `snapshot()` is a healthy Multi-AZ `production`, `legacy_snapshot()` the single-AZ
system as found. Every builder takes field=value changes; everything is deterministic and was read at `NOW`."""

from tests.builders.data import alarm, cache, cache_node, database, dead_letter_queue, metric, queue, stack
from tests.builders.fargate import deployment, policy, scaling, service, target, task
from tests.builders.places import (
    ACCOUNT,
    NOW,
    REGION,
    SERVICES,
    TIERS,
    ZONES,
    actor,
    arn,
    environment,
    gateway,
    load_balancer,
    nat_gateway,
    network,
    subnet,
    user,
)
from tests.builders.whole import legacy_snapshot, readings, snapshot

__all__ = [
    "ACCOUNT",
    "NOW",
    "REGION",
    "SERVICES",
    "TIERS",
    "ZONES",
    "actor",
    "alarm",
    "arn",
    "cache",
    "cache_node",
    "database",
    "dead_letter_queue",
    "deployment",
    "environment",
    "gateway",
    "legacy_snapshot",
    "load_balancer",
    "metric",
    "nat_gateway",
    "network",
    "policy",
    "queue",
    "readings",
    "scaling",
    "service",
    "snapshot",
    "stack",
    "subnet",
    "target",
    "task",
    "user",
]
