"""TestFailover, and failovers because a zone is lost (aws-facts 2.1, 2.4).

Seconds after a failover began the roles have changed; the completed event comes a minute later, the old primary is a
replica again after more than ten minutes, in a lost zone only once the zone is back.
"""

from datetime import timedelta
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.elasticache.exceptions import ReplicationGroupNotFound
from moto.elasticache.models import elasticache_backends

from sandbox.clock import clock, transition
from sandbox.gaps.elasticache.events import tell
from sandbox.gaps.elasticache.groups import NODE, Group, find, where
from sandbox.weather.placement import zones_down

SWAPPED, COMPLETED, RECOVERING, RECOVERED = 20, 63, 146, 764  # seconds after the call, as captured on AWS
DETECTION = 15
LIMIT, PERIOD = 15, timedelta(hours=24)
OFF = "Failover is not available for the replication group {name} because automatic failover is not enabled."
NOT_AVAILABLE = "Replication group {name} is not in available state."
NO_REPLICA = "Node group {shard} of replication group {name} has no available replica to fail over to."


class Refusal(ServiceException):
    """An error of the service."""


def test_failover(self: Any) -> ActionResult:
    """TestFailover: at most fifteen node groups in a day."""
    name, shard_id = self._get_param("ReplicationGroupId"), self._get_param("NodeGroupId")
    group = self.elasticache_backend.replication_groups.get(name)
    if not isinstance(group, Group):
        raise ReplicationGroupNotFound(name)
    shard = next((s for s in group.shards if s["id"] == shard_id), None)
    if shard is None:
        raise Refusal("NodeGroupNotFoundFault", f"Node group {shard_id} not found.")
    if group.automatic_failover != "enabled":
        raise Refusal("InvalidReplicationGroupState", OFF.format(name=name))
    if group.status != "available":
        raise Refusal("InvalidReplicationGroupState", NOT_AVAILABLE.format(name=name))
    if successor(shard) is None:
        raise Refusal("InvalidReplicationGroupState", NO_REPLICA.format(shard=shard_id, name=name))
    oldest = clock.now() - PERIOD
    group.tested = [(at, which) for at, which in group.tested if at > oldest]
    if len(group.tested) >= LIMIT:
        text = f"The customer has exceeded the allowed rate of API calls: {LIMIT} node groups in 24 hours."
        raise Refusal("APICallRateForCustomerExceeded", text)
    group.tested.append((clock.now(), shard_id))
    tell(group, f"Test Failover API called for node group {shard_id}")
    begin(group, shard)
    return ActionResult({"ReplicationGroup": group.shape()})


def successor(shard: dict[str, Any]) -> dict[str, Any] | None:
    """The replica that would become primary: one that is in step, in a standing zone."""
    fit = [m for m in shard["members"] if m["role"] == "replica" and m["status"] == "available"]
    return next((m for m in fit if m["zone"] not in zones_down()), None)


def begin(group: Group, shard: dict[str, Any]) -> None:
    """Set a failover of one node group on its way."""
    replica = successor(shard)
    if replica is None:
        return
    primary = next(m for m in shard["members"] if m["role"] == "primary")
    group.failing_over = [*group.failing_over, shard["id"]]
    group.status = "modifying"
    primary["status"] = "modifying"
    nodes = {"shard": shard["id"], "old": primary["id"], "new": replica["id"]}
    clock.after(SWAPPED, "elasticache.swapped", **nodes, **where(group))
    clock.after(COMPLETED, "elasticache.completed", **nodes, **where(group))
    clock.after(RECOVERING, "elasticache.recovering", node=primary["id"], **where(group))


def _member(group: Group, node: str) -> dict[str, Any] | None:
    return next((m for m in group.members if m["id"] == node), None)


@transition("elasticache.swapped")
def swapped(account: str, region: str, group: str, shard: str, old: str, new: str) -> None:
    """The replica is primary; the endpoint's name points to it."""
    found = find(account, region, group)
    if found is None:
        return
    for member in found.members:
        if member["id"] in (old, new):
            member["role"] = "primary" if member["id"] == new else "replica"


@transition("elasticache.completed")
def completed(account: str, region: str, group: str, shard: str, old: str, new: str) -> None:
    """Both sources tell it."""
    found = find(account, region, group)
    if found is None:
        return
    message = f"Failover from primary node {old} to replica node {new} completed"
    tell(found, message, cluster=new)
    tell(found, message)
    found.failing_over = [s for s in found.failing_over if s != shard]
    if not found.failing_over and not found.changes and found.status == "modifying":
        found.status = "available"


@transition("elasticache.recovering")
def recovering(account: str, region: str, group: str, node: str) -> None:
    """The old primary is rebuilt as a replica, if its zone stands."""
    found = find(account, region, group)
    member = _member(found, node) if found else None
    if found is None or member is None or member["zone"] in zones_down():
        return
    tell(found, f"Recovering cache nodes {NODE}", cluster=node)
    clock.after(RECOVERED - RECOVERING, "elasticache.recovered", node=node, **where(found))


@transition("elasticache.recovered")
def recovered(account: str, region: str, group: str, node: str) -> None:
    """Redundancy is back."""
    found = find(account, region, group)
    member = _member(found, node) if found else None
    if found is not None and member is not None and member["zone"] not in zones_down():
        member["status"] = "available"
        tell(found, f"Finished recovery for cache nodes {NODE}", cluster=node)


@transition("elasticache.detect")
def detect(account: str, region: str, group: str) -> None:
    """The service notices primaries in a lost zone."""
    found = find(account, region, group)
    if found is None or found.automatic_failover != "enabled" or found.status in ("creating", "deleting"):
        return
    for shard in found.shards:
        primary = next((m for m in shard["members"] if m["role"] == "primary"), None)
        if primary and primary["zone"] in zones_down() and shard["id"] not in found.failing_over:
            begin(found, shard)


def zone_changed(zone: str, failed: bool) -> None:
    """Notice lost primaries; rebuild nodes when their zone is back."""
    for regions in list(elasticache_backends.values()):
        for backend in list(regions.values()):
            for group in [g for g in backend.replication_groups.values() if isinstance(g, Group)]:
                lost = [m for m in group.members if m["zone"] == zone and m["status"] in ("available", "modifying")]
                if failed and lost:
                    clock.after(DETECTION, "elasticache.detect", **where(group))
                for member in [] if failed else [m for m in lost if m["role"] == "replica"]:
                    member["status"] = "modifying"
                    clock.after(1, "elasticache.recovering", node=member["id"], **where(group))


def reachable(account: str, region: str, group: str, node: str) -> bool:
    """Whether a node answers at this moment."""
    found = find(account, region, group)
    member = _member(found, node) if found else None
    return member is not None and member["status"] == "available" and member["zone"] not in zones_down()
