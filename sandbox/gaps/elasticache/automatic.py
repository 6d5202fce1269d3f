"""A primary node that fails by itself, on command (aws-facts 2.1, 2.4).

With automatic failover and a replica in step the replica takes over, and only the events of the failover and of the
recovery tell it: nobody called the API. Without, the node is replaced where it is, and is away meanwhile.
"""

from sandbox.clock import clock, transition
from sandbox.gaps.elasticache.failovers import DETECTION, begin, successor
from sandbox.gaps.elasticache.groups import find, where

CAUSES = ("host", "network", "zone", "patching")
PLANNED = ("patching",)


def fail_over(account: str, region: str, name: str, cause: str, shard: str | None = None) -> str:
    """Let the primary of a node group (the first one, or the one with that id) fail; returns `failover` or
    `recovery`. Raises LookupError if it does not exist, ValueError if it cannot happen now."""
    group = find(account, region, name)
    if group is None:
        raise LookupError(f"there is no replication group {name}")
    found = next((s for s in group.shards if shard in (None, s["id"])), None)
    if found is None:
        raise LookupError(f"{name} has no node group {shard}")
    if cause not in CAUSES:
        raise ValueError(f"a cache node cannot fail because of {cause}; it can because of: {', '.join(CAUSES)}")
    primary = next(m for m in found["members"] if m["role"] == "primary")
    if group.status != "available" or primary["status"] != "available":
        raise ValueError(f"it is {group.status}, and its primary {primary['status']}")
    if group.automatic_failover == "enabled" and successor(found) is not None:
        if cause in PLANNED:
            begin(group, found)
        else:
            primary["status"] = "modifying"
            clock.after(DETECTION, "elasticache.struck", shard=found["id"], **where(group))
        return "failover"
    primary["status"] = "modifying"
    clock.after(DETECTION, "elasticache.recovering", node=primary["id"], **where(group))
    return "recovery"


@transition("elasticache.struck")
def struck(account: str, region: str, group: str, shard: str) -> None:
    """The service noticed that a primary failed."""
    found = find(account, region, group)
    here = next((s for s in found.shards if s["id"] == shard), None) if found else None
    if found is None or here is None or shard in found.failing_over:
        return
    if successor(here) is not None:
        begin(found, here)
        return
    for primary in [m for m in here["members"] if m["role"] == "primary"]:  # the replica was lost meanwhile
        clock.after(1, "elasticache.recovering", node=primary["id"], **where(found))
