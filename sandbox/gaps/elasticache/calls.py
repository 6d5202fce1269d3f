"""Replication groups created, described and deleted (aws-facts 2.3)."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.elasticache.exceptions import (
    CacheClusterNotFound,
    CacheSubnetGroupNotFound,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    ReplicationGroupAlreadyExists,
)
from moto.elasticache.models import elasticache_backends

from sandbox.clock import clock, transition
from sandbox.gaps.elasticache.changes import check_redundancy, existing, greet, true
from sandbox.gaps.elasticache.events import tell
from sandbox.gaps.elasticache.failovers import NOT_AVAILABLE, Refusal
from sandbox.gaps.elasticache.groups import Group, find, where

CREATING, DELETING = 120, 60  # seconds
VERSIONS = {"valkey": "8.1", "redis": "7.1"}
FLAGS = ("AtRestEncryptionEnabled", "TransitEncryptionEnabled", "AutomaticFailoverEnabled", "MultiAZEnabled")


def create_replication_group(self: Any) -> ActionResult:
    """CreateReplicationGroup."""
    given = dict(self._get_params())
    name = str(given["ReplicationGroupId"]).lower()
    backend = self.elasticache_backend
    if name in backend.replication_groups:
        raise ReplicationGroupAlreadyExists(name)
    subnets = given.get("CacheSubnetGroupName")
    if subnets and subnets not in backend.cache_subnet_groups:
        raise CacheSubnetGroupNotFound(subnets)
    shards = int(given.get("NumNodeGroups") or 1)
    nodes = int(given.get("NumCacheClusters") or 0) or int(given.get("ReplicasPerNodeGroup") or 0) + 1
    group = Group(self.current_account, self.region, name, _data(given, shards))
    failover, multi_az = true(given.get("AutomaticFailoverEnabled")), true(given.get("MultiAZEnabled"))
    check_redundancy(group, failover, multi_az, nodes)
    zones = given.get("PreferredCacheClusterAZs") or None
    if zones and len(zones) != nodes:
        text = "The number of PreferredCacheClusterAZs must be equal to the number of cache clusters."
        raise InvalidParameterCombinationException(text)
    group.automatic_failover = "enabled" if failover else "disabled"
    group.multi_az = "enabled" if multi_az else "disabled"
    for number in range(shards):
        first, last = 16384 * number // shards, 16384 * (number + 1) // shards - 1
        shard: dict[str, Any] = {"id": f"{number + 1:04}", "slots": f"{first}-{last}", "made": 0, "members": []}
        group.shards.append(shard)
        group.add_members(shard, nodes, zones)
    backend.replication_groups[name] = group
    if given.get("Tags"):
        backend.tagging_service.tag_resource(group.arn, given["Tags"])
    clock.after(CREATING, "elasticache.created", **where(group))
    return ActionResult({"ReplicationGroup": group.shape()})


def _data(given: dict[str, Any], shards: int) -> dict[str, Any]:
    engine = str(given.get("Engine") or "redis").lower()
    if engine not in VERSIONS:
        raise InvalidParameterValueException(f"Invalid engine for a replication group: {engine}")
    if not given.get("CacheNodeType"):
        raise InvalidParameterValueException("The parameter CacheNodeType must be provided and must not be null.")
    version = str(given.get("EngineVersion") or VERSIONS[engine])
    family = f"{engine}{version.split('.')[0]}"
    parameters = given.get("CacheParameterGroupName") or f"default.{family}"
    clustered = shards > 1 or given.get("ClusterMode") == "enabled" or parameters.endswith(".cluster.on")
    defaults = {
        "Port": 6379,
        "SnapshotRetentionLimit": 0,
        "SnapshotWindow": "05:00-06:00",
        "PreferredMaintenanceWindow": "sun:23:00-mon:01:30",
        "AutoMinorVersionUpgrade": True,
        "AtRestEncryptionEnabled": False,
        "TransitEncryptionEnabled": False,
    }
    data = {**defaults, **{key: value for key, value in given.items() if value is not None}}
    data.update(Engine=engine, EngineVersion=version, CacheParameterGroupName=parameters, ClusterEnabled=clustered)
    for flag in (*FLAGS, "AutoMinorVersionUpgrade"):
        data[flag] = true(data.get(flag))
    data["Port"], data["SnapshotRetentionLimit"] = int(data["Port"]), int(data["SnapshotRetentionLimit"])
    if data["TransitEncryptionEnabled"]:
        data.setdefault("TransitEncryptionMode", "required")
    return data


@transition("elasticache.created")
def created(account: str, region: str, group: str) -> None:
    """The group is there."""
    found = find(account, region, group)
    if found is not None and found.status == "creating":
        found.status = "available"
        greet(found, found.members)
        tell(found, f"Replication group {group} created")


def delete_replication_group(original: Callable[..., Any]) -> Callable[[Any], ActionResult]:
    """DeleteReplicationGroup; `original` is moto's CreateSnapshot of the backend."""

    def handler(self: Any) -> ActionResult:
        group = existing(self)
        if group.status in ("creating", "deleting"):
            raise Refusal("InvalidReplicationGroupState", NOT_AVAILABLE.format(name=group.replication_group_id))
        if final := self._get_param("FinalSnapshotIdentifier"):
            original(self.elasticache_backend, final, group.replication_group_id, None, None, None)
        group.status = "deleting"
        for member in group.members:
            member["status"] = "deleting"
        clock.after(DELETING, "elasticache.deleted", **where(group))
        return ActionResult({"ReplicationGroup": group.shape()})

    return handler


@transition("elasticache.deleted")
def deleted(account: str, region: str, group: str) -> None:
    """The group is gone."""
    found = find(account, region, group)
    if found is not None:
        for member in found.members:
            tell(found, "Cache cluster deleted", cluster=member["id"])
        tell(found, f"Replication group {group} deleted")
        del elasticache_backends[account][region].replication_groups[group]


def describe_replication_groups(self: Any) -> ActionResult:
    """DescribeReplicationGroups."""
    if self._get_param("ReplicationGroupId"):
        return ActionResult({"ReplicationGroups": [existing(self).shape()]})
    groups = [g.shape() for g in self.elasticache_backend.replication_groups.values() if isinstance(g, Group)]
    return PaginatedResult({"ReplicationGroups": groups})


def describe_cache_clusters(self: Any) -> ActionResult:
    """DescribeCacheClusters: the nodes of all groups; those outside of groups are moto's."""
    wanted, nodes = self._get_param("CacheClusterId"), true(self._get_param("ShowCacheNodeInfo"))
    found = [
        group.cluster_shape(member, nodes)
        for group in self.elasticache_backend.replication_groups.values()
        if isinstance(group, Group)
        for member in group.members
        if wanted in (None, member["id"])
    ]
    others = self.elasticache_backend.cache_clusters
    found += [cluster for name, cluster in others.items() if wanted in (None, name)]
    if wanted and not found:
        raise CacheClusterNotFound(wanted)
    return PaginatedResult({"CacheClusters": found})
