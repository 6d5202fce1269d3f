"""Replication groups changed and resized (aws-facts 2.3).

AWS refuses to change a group that is being changed. Here more changes are accepted while others run, but not during a
failover, a creation or a deletion: a stack update asks for a new size and new settings without waiting in between.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    ReplicationGroupNotFound,
)

from sandbox.clock import clock, transition
from sandbox.gaps.elasticache.events import tell
from sandbox.gaps.elasticache.failovers import NOT_AVAILABLE, Refusal
from sandbox.gaps.elasticache.groups import NODE, Group, find, where
from sandbox.gaps.rds.changes import seconds_until

CHANGING, RESIZING = 60, 120  # seconds
MOST_NODES, MOST_REPLICAS = 6, 5
SETTINGS = (
    "ReplicationGroupDescription",
    "SnapshotRetentionLimit",
    "SnapshotWindow",
    "PreferredMaintenanceWindow",
    "CacheParameterGroupName",
    "SecurityGroupIds",
    "AutoMinorVersionUpgrade",
    "NotificationTopicArn",
    "TransitEncryptionEnabled",
    "TransitEncryptionMode",
    "LogDeliveryConfigurations",
    "UserGroupIds",
    "IpDiscovery",
)
IN_WINDOW = ("CacheNodeType", "EngineVersion", "Engine")
"""What waits for the maintenance window without ApplyImmediately."""


def true(value: Any) -> bool:
    """A flag of the wire."""
    return str(value).lower() == "true"


def check_redundancy(group: Group, failover: bool, multi_az: bool, nodes: int) -> None:
    """What has to be there before failover and Multi-AZ can be."""
    if not 1 <= nodes <= MOST_NODES:
        raise InvalidParameterValueException("The number of nodes in a node group must be between 1 and 6.")
    if group.cluster_enabled and not failover:
        text = "Redis with cluster mode enabled cannot be created with auto failover turned off."
        raise InvalidParameterValueException(text)
    if failover and nodes < 2 and not group.cluster_enabled:
        text = "Automatic Failover is not supported for a replication group with fewer than two cache clusters."
        raise InvalidParameterCombinationException(text)
    if multi_az and not failover:
        text = "Must enable automatic failover to enable Multi-AZ."
        raise InvalidParameterCombinationException(text)
    if multi_az and (nodes < 2 or len(set(group.zones())) < 2):
        text = "Multi-AZ needs at least one replica and subnets in at least two Availability Zones."
        raise InvalidParameterCombinationException(text)


def greet(group: Group, members: list[dict[str, Any]]) -> None:
    """New nodes are there."""
    for member in members:
        member["status"] = "available"
        tell(group, f"Added cache node {NODE} in availability zone {member['zone']}", cluster=member["id"])
        tell(group, "Cache cluster created", cluster=member["id"])


def existing(self: Any) -> Group:
    """The group a call is about."""
    name = self._get_param("ReplicationGroupId")
    found = self.elasticache_backend.replication_groups.get(name)
    if not isinstance(found, Group):
        raise ReplicationGroupNotFound(name)
    return found


def _changeable(self: Any) -> Group:
    group = existing(self)
    if group.status not in ("available", "modifying") or group.failing_over:
        raise Refusal("InvalidReplicationGroupState", NOT_AVAILABLE.format(name=group.replication_group_id))
    return group


def begin_change(group: Group, seconds: float, name: str, /, **arguments: Any) -> None:
    """The group is `modifying` until `end_change`, which the named transition calls."""
    group.status = "modifying"
    group.changes += 1
    clock.after(seconds, name, **arguments, **where(group))


def end_change(group: Group) -> None:
    """A change is done; the last one makes the group available again."""
    group.changes -= 1
    if not group.changes and not group.failing_over and group.status == "modifying":
        group.status = "available"


def modify_replication_group(self: Any) -> ActionResult:
    """ModifyReplicationGroup."""
    group = _changeable(self)
    given = self._get_params()
    wanted = {flag: given.get(f"{flag}Enabled") for flag in ("AutomaticFailover", "MultiAZ")}
    failover = true(wanted["AutomaticFailover"]) if wanted["AutomaticFailover"] is not None else _on(group, "failover")
    multi_az = true(wanted["MultiAZ"]) if wanted["MultiAZ"] is not None else _on(group, "zones")
    check_redundancy(group, failover, multi_az, min(len(shard["members"]) for shard in group.shards))
    if failover != _on(group, "failover"):
        group.automatic_failover = "enabling" if failover else "disabling"
    group.multi_az = "enabled" if multi_az else "disabled"
    group.data.update({key: given[key] for key in SETTINGS if given.get(key) is not None})
    for flag in ("TransitEncryptionEnabled", "AutoMinorVersionUpgrade"):
        group.data[flag] = true(group.data[flag])
    group.data["SnapshotRetentionLimit"] = int(group.data["SnapshotRetentionLimit"])
    changes = {key: given[key] for key in IN_WINDOW if given.get(key) is not None}
    if changes and not true(given.get("ApplyImmediately")):
        wait = seconds_until(group.data["PreferredMaintenanceWindow"], clock.now())
        clock.after(wait * clock.speed, "elasticache.window", changes=changes, **where(group))
        changes = {}
    begin_change(group, CHANGING * (5 if changes else 1), "elasticache.modified", changes=changes)
    return ActionResult({"ReplicationGroup": group.shape()})


def _on(group: Group, what: str) -> bool:
    if what == "zones":
        return group.multi_az == "enabled"
    return group.automatic_failover in ("enabled", "enabling")


@transition("elasticache.window")
def window(account: str, region: str, group: str, changes: dict[str, Any]) -> None:
    """The maintenance window opens."""
    found = find(account, region, group)
    if found is not None:
        begin_change(found, CHANGING * 5, "elasticache.modified", changes=changes)


@transition("elasticache.modified")
def modified(account: str, region: str, group: str, changes: dict[str, Any]) -> None:
    """The changes are applied."""
    found = find(account, region, group)
    if found is None:
        return
    found.data.update(changes)
    settled = {"enabling": "enabled", "disabling": "disabled"}
    found.automatic_failover = settled.get(found.automatic_failover, found.automatic_failover)
    end_change(found)


def increase_replica_count(self: Any) -> ActionResult:
    """IncreaseReplicaCount of every node group."""
    return _resize(self, more=True)


def decrease_replica_count(self: Any) -> ActionResult:
    """DecreaseReplicaCount of every node group."""
    return _resize(self, more=False)


def _resize(self: Any, more: bool) -> ActionResult:
    group = _changeable(self)
    given = self._get_params()
    if not true(given.get("ApplyImmediately")):
        raise InvalidParameterValueException("ApplyImmediately must be true.")
    if given.get("NewReplicaCount") is None:
        raise InvalidParameterValueException("NewReplicaCount must be specified.")
    replicas = int(given["NewReplicaCount"])
    if not 0 <= replicas <= MOST_REPLICAS:
        raise InvalidParameterValueException("NewReplicaCount must be between 0 and 5.")
    now = max(len(shard["members"]) - 1 for shard in group.shards)
    if (replicas <= now) if more else (replicas >= now):
        word = "greater" if more else "less"
        text = f"New replica count must be {word} than the current replica count {now}."
        raise InvalidParameterValueException(text)
    if not more and replicas == 0 and _on(group, "failover"):
        text = "Automatic failover needs at least one replica. Disable automatic failover first."
        raise InvalidParameterCombinationException(text)
    nodes = []
    for shard in group.shards:
        if more:
            nodes += group.add_members(shard, replicas + 1 - len(shard["members"]))
        else:
            nodes += _leaving(shard, replicas + 1)
    ids = [member["id"] for member in nodes]
    begin_change(group, RESIZING, "elasticache.resized", nodes=ids, more=more)
    return ActionResult({"ReplicationGroup": group.shape()})


def _leaving(shard: dict[str, Any], keep: int) -> list[dict[str, Any]]:
    """The youngest replicas go, from the fullest zones first."""
    left = list(shard["members"])
    going = []
    while len(left) > keep:
        zones = [m["zone"] for m in left]
        replicas = [m for m in left if m["role"] == "replica"]
        member = max(replicas, key=lambda m: (zones.count(m["zone"]), m["created"], m["id"]))
        left.remove(member)
        member["status"] = "deleting"
        going.append(member)
    return going


@transition("elasticache.resized")
def resized(account: str, region: str, group: str, nodes: list[str], more: bool) -> None:
    """New nodes are in step, or old ones gone."""
    found = find(account, region, group)
    if found is None:
        return
    if more:
        greet(found, [m for m in found.members if m["id"] in nodes])
    else:
        for shard in found.shards:
            shard["members"] = [m for m in shard["members"] if m["id"] not in nodes]
        for node in nodes:
            tell(found, "Cache cluster deleted", cluster=node)
    end_change(found)
