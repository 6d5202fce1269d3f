"""Mends moto's elasticache: replication groups with members over the zones, roles that move, events, sizes that change.

Facts: aws-facts 2; moto.md 2 ("AZs hard-coded us-east-1a/b", "NumCacheClusters=3 gives 1 member", "no member cache
clusters in describe_cache_clusters", "no ReaderEndpoint", "test_failover NotImplemented"), aws-facts 13.1
(TestFailover, DescribeEvents, IncreaseReplicaCount, DecreaseReplicaCount, service updates). Remove when moto has all of
these.

Parts: `groups` remembers and shows, `calls` and `changes` answer, `failovers` moves roles, `automatic` lets
nodes fail, `updates` patches them, `events` tells.
"""

from typing import Any

from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from sandbox.gaps.elasticache import calls, changes, events, failovers, updates
from sandbox.gaps.elasticache.automatic import fail_over
from sandbox.gaps.elasticache.failovers import reachable
from sandbox.gaps.elasticache.updates import release_update
from sandbox.weather.placement import on_zone_change

HANDLERS: tuple[Any, ...] = (
    calls.create_replication_group,
    calls.describe_replication_groups,
    calls.describe_cache_clusters,
    changes.modify_replication_group,
    changes.increase_replica_count,
    changes.decrease_replica_count,
    failovers.test_failover,
    events.describe_events,
    updates.describe_service_updates,
    updates.describe_update_actions,
    updates.batch_apply_update_action,
)


def _named_zones(made: Any) -> Any:
    """AWS's shape of a subnet's zone is a structure with a name."""

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        for subnet in self.subnets:
            zone = subnet.get("subnet_availability_zone")
            if isinstance(zone, str):
                subnet["subnet_availability_zone"] = {"Name": zone}

    return init


def mend() -> None:
    """Patch moto once."""
    response = ElastiCacheResponse
    if response.create_replication_group is calls.create_replication_group:
        return
    for handler in HANDLERS:
        setattr(response, handler.__name__, handler)
    response.delete_replication_group = calls.delete_replication_group(ElastiCacheBackend.create_snapshot)
    CacheSubnetGroup.__init__ = _named_zones(CacheSubnetGroup.__init__)
    on_zone_change(failovers.zone_changed)


__all__ = ["fail_over", "mend", "reachable", "release_update"]
