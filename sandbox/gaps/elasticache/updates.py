"""Service updates: what ElastiCache releases, for which groups it is due, and applying it.

Nothing is released unless ordered (`release_update`). Applied, the replicas are updated one after the other, then the
group fails over and the old primary follows; a node without a replica is away while it is updated.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException
from moto.elasticache.models import elasticache_backends

from sandbox.clock import clock, transition
from sandbox.gaps.elasticache.changes import begin_change, end_change
from sandbox.gaps.elasticache.failovers import RECOVERED, Refusal, begin, successor
from sandbox.gaps.elasticache.groups import NODE, Group, find, where

WAITING, NODE_TAKES = 30, 90  # seconds
ESTIMATE = "30 minutes per node"
STATUSES = ("available", "cancelled", "expired")
WORDS = "Security and reliability improvements of the {engine} engine and of its operating system."


def release_update(account: str, region: str, engine: str, severity: str, description: str | None, days: float) -> str:
    """Release an update, due for every group of the engine there is; returns its name."""
    backend = elasticache_backends[account][region]
    known = _released(backend)
    now = clock.now()
    name = f"elasticache-{now:%Y%m%d}-{len(known) + 1:03}"
    update = {
        "ServiceUpdateName": name,
        "ServiceUpdateReleaseDate": now,
        "ServiceUpdateEndDate": now + timedelta(days=days + 90),
        "ServiceUpdateSeverity": severity,
        "ServiceUpdateRecommendedApplyByDate": now + timedelta(days=days),
        "ServiceUpdateDescription": description or WORDS.format(engine=engine),
        "ServiceUpdateType": "security-update",
        "Engine": engine,
        "EngineVersion": "All versions",
        "AutoUpdateAfterRecommendedApplyByDate": False,
        "EstimatedUpdateTime": ESTIMATE,
    }
    known.insert(0, update)
    for group in _groups(backend):
        if group.data["Engine"] == engine and group.status != "deleting":
            action = {"status": "not-applied", "available": now, "changed": now, "done": [], "left": []}
            group.updates = {**group.updates, name: action}
    return name


def _released(backend: Any) -> list[dict[str, Any]]:
    if not hasattr(backend, "service_updates"):
        backend.service_updates = []
    found: list[dict[str, Any]] = backend.service_updates
    return found


def _groups(backend: Any) -> list[Group]:
    return [group for group in backend.replication_groups.values() if isinstance(group, Group)]


def _status(update: dict[str, Any]) -> str:
    return "expired" if update["ServiceUpdateEndDate"] < clock.now() else "available"


def _page(rows: list[dict[str, Any]], given: dict[str, Any], key: str) -> ActionResult:
    size = int(given.get("MaxRecords") or 50)
    if not 20 <= size <= 50:
        raise InvalidParameterValueException(f"Invalid value {size} for MaxRecords. Must be between 20 and 50")
    marker = str(given.get("Marker") or "0")
    if not marker.isdigit():
        raise InvalidParameterValueException("The marker provided is not valid.")
    first = int(marker)
    more = {"Marker": str(first + size)} if first + size < len(rows) else {}
    return ActionResult({key: rows[first : first + size], **more})


def _named(backend: Any, name: Any) -> dict[str, Any]:
    found = next((u for u in _released(backend) if u["ServiceUpdateName"] == name), None)
    if found is None:
        raise Refusal("ServiceUpdateNotFoundFault", f"Service update {name} not found.")
    return found


def _wanted(given: dict[str, Any]) -> list[str]:
    wanted = given.get("ServiceUpdateStatus") or list(STATUSES)
    if not set(wanted) <= set(STATUSES):
        raise InvalidParameterValueException(f"Invalid ServiceUpdateStatus. Valid values: {', '.join(STATUSES)}")
    return list(wanted)


def describe_service_updates(self: Any) -> ActionResult:
    """DescribeServiceUpdates: newest first."""
    given = self._get_params()
    backend = self.elasticache_backend
    name, wanted = given.get("ServiceUpdateName"), _wanted(given)
    found = [_named(backend, name)] if name else _released(backend)
    rows = [{**update, "ServiceUpdateStatus": _status(update)} for update in found if _status(update) in wanted]
    return _page(rows, given, "ServiceUpdates")


def describe_update_actions(self: Any) -> ActionResult:
    """DescribeUpdateActions: what is due, or was, for which replication group."""
    given = self._get_params()
    if given.get("CacheClusterIds") and given.get("ReplicationGroupIds"):
        text = "Specify either ReplicationGroupIds or CacheClusterIds, not both."
        raise InvalidParameterCombinationException(text)
    backend = self.elasticache_backend
    span = given.get("ServiceUpdateTimeRange") or {}
    earliest, latest = _aware(span.get("StartTime")), _aware(span.get("EndTime"))
    wanted = _wanted(given)
    nodes = str(given.get("ShowNodeLevelUpdateStatus")).lower() == "true"
    rows = []
    for update in _released(backend):
        name, released = update["ServiceUpdateName"], update["ServiceUpdateReleaseDate"]
        if given.get("ServiceUpdateName") not in (None, name) or given.get("Engine") not in (None, update["Engine"]):
            continue
        if _status(update) not in wanted or (earliest and released < earliest) or (latest and released > latest):
            continue
        for group in _groups(backend) if not given.get("CacheClusterIds") else ():
            action = group.updates.get(name)
            if action is None or group.replication_group_id not in (
                given.get("ReplicationGroupIds") or [group.replication_group_id]
            ):
                continue
            if action["status"] in (given.get("UpdateActionStatus") or [action["status"]]):
                rows.append(_action(group, update, action, nodes))
    return _page(rows, given, "UpdateActions")


def _aware(value: Any) -> datetime | None:
    if value is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _action(group: Group, update: dict[str, Any], action: dict[str, Any], nodes: bool) -> dict[str, Any]:
    shared = ("Name", "ReleaseDate", "Severity", "RecommendedApplyByDate", "Type")
    total = len(group.members)
    done = total if action["status"] == "complete" else len(action["done"])
    late = clock.now() > update["ServiceUpdateRecommendedApplyByDate"]
    met = "n/a" if action["status"] != "complete" and not late else "no" if late else "yes"
    shown = {
        "ReplicationGroupId": group.replication_group_id,
        **{f"ServiceUpdate{key}": update[f"ServiceUpdate{key}"] for key in shared},
        "ServiceUpdateStatus": _status(update),
        "UpdateActionAvailableDate": action["available"],
        "UpdateActionStatus": action["status"],
        "NodesUpdated": f"{done}/{total}",
        "UpdateActionStatusModifiedDate": action["changed"],
        "SlaMet": action.get("met", met),
        "EstimatedUpdateTime": ESTIMATE,
        "Engine": update["Engine"],
    }
    if nodes:
        shown["NodeGroupUpdateStatus"] = [
            {
                "NodeGroupId": shard["id"],
                "NodeGroupMemberUpdateStatus": [_node(member, action) for member in shard["members"]],
            }
            for shard in group.shards
        ]
    return shown


def _node(member: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    left = action["left"]
    status = "complete" if member["id"] in action["done"] else "not-applied"
    if member["id"] in left:
        status = "in-progress" if left[0] == member["id"] else "waiting-to-start"
    return {
        "CacheClusterId": member["id"],
        "CacheNodeId": NODE,
        "NodeUpdateStatus": status,
        "NodeUpdateStatusModifiedDate": action["changed"],
        **({"NodeUpdateInitiatedBy": "customer"} if status != "not-applied" else {}),
    }


def batch_apply_update_action(self: Any) -> ActionResult:
    """BatchApplyUpdateAction: each group for itself; what cannot be updated is told beside the others."""
    given = self._get_params()
    backend = self.elasticache_backend
    name = given.get("ServiceUpdateName")
    _named(backend, name)
    groups, clusters = given.get("ReplicationGroupIds") or [], given.get("CacheClusterIds") or []
    if not groups and not clusters:
        raise InvalidParameterValueException("Specify ReplicationGroupIds or CacheClusterIds.")
    processed, unprocessed = [], []
    for one in groups:
        group = backend.replication_groups.get(one)
        problem = _obstacle(group, one, str(name))
        row = {"ReplicationGroupId": one, "ServiceUpdateName": name}
        if problem or group is None:
            unprocessed.append({**row, "ErrorType": problem[0], "ErrorMessage": problem[1]} if problem else row)
            continue
        _change(group, str(name), status="waiting-to-start")
        clock.after(WAITING, "elasticache.update_begins", name=name, **where(group))
        processed.append({**row, "UpdateActionStatus": "waiting-to-start"})
    for one in clusters:
        text = f"Cache cluster {one} is not found, or is a member of a replication group."
        row = {"CacheClusterId": one, "ServiceUpdateName": name}
        unprocessed.append({**row, "ErrorType": "InvalidParameterValue", "ErrorMessage": text})
    return ActionResult({"ProcessedUpdateActions": processed, "UnprocessedUpdateActions": unprocessed})


def _obstacle(group: Any, name: str, update: str) -> tuple[str, str] | None:
    if not isinstance(group, Group):
        return "ReplicationGroupNotFoundFault", f"Replication group {name} not found."
    action = group.updates.get(update)
    if action is None:
        return "InvalidParameterValue", f"Service update {update} is not applicable to replication group {name}."
    if action["status"] not in ("not-applied", "stopped"):
        return "InvalidParameterValue", f"The update action of replication group {name} is {action['status']}."
    if group.status != "available":
        return "InvalidReplicationGroupState", f"Replication group {name} is not in available state."
    return None


def _change(group: Group, name: str, **values: Any) -> dict[str, Any]:
    changed = {**group.updates[name], "changed": clock.now(), **values}
    group.updates = {**group.updates, name: changed}
    return changed


@transition("elasticache.update_begins")
def update_begins(account: str, region: str, group: str, name: str) -> None:
    """The first replica's turn; the primary of each node group comes last."""
    found = find(account, region, group)
    if found is None or name not in found.updates:
        return
    if found.status != "available":
        clock.after(WAITING, "elasticache.update_begins", name=name, **where(found))
        return
    order = sorted(found.members, key=lambda m: m["role"] == "primary")
    _change(found, name, status="in-progress", left=[m["id"] for m in order], done=[])
    begin_change(found, 0, "elasticache.update_node", name=name)


@transition("elasticache.update_node")
def update_node(account: str, region: str, group: str, name: str, finished: str | None = None) -> None:
    """One node is updated; the next one's turn."""
    found = find(account, region, group)
    if found is None or name not in found.updates:
        return
    action = found.updates[name]
    members = {m["id"]: m for m in found.members}
    if finished is not None:
        if finished in members:
            members[finished]["status"] = "available"
        left = [i for i in action["left"] if i != finished]
        action = _change(found, name, left=left, done=[*action["done"], finished])
    left = [i for i in action["left"] if i in members]
    if not left:
        _finish(found, name)
        return
    shard = next(s for s in found.shards if members[left[0]] in s["members"])
    takes = NODE_TAKES
    if members[left[0]]["role"] == "primary" and found.automatic_failover == "enabled" and successor(shard):
        begin(found, shard)  # its recovery as a replica is the update
        takes = RECOVERED
    else:
        members[left[0]]["status"] = "modifying"
    clock.after(takes, "elasticache.update_node", name=name, finished=left[0], **where(found))


def _finish(group: Group, name: str) -> None:
    update = _named(elasticache_backends[group.account][group.region], name)
    met = "yes" if clock.now() <= update["ServiceUpdateRecommendedApplyByDate"] else "no"
    _change(group, name, status="complete", met=met)
    end_change(group)
