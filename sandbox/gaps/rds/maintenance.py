"""Pending maintenance: what is due, and the calls that opt in to it (aws-facts 1.9).

Nothing is pending unless ordered (`add_maintenance`). What an action does when it is applied is `patching`.
"""

from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import (
    InvalidDBClusterStateFault,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBCluster, rds_backends

from sandbox.clock import clock, transition
from sandbox.gaps.rds import patching
from sandbox.gaps.rds.changes import seconds_until
from sandbox.gaps.rds.instances import refuse_state

ACTIONS = {
    "system-update": "New Operating System update is available",
    "os-upgrade": "New Operating System upgrade is available",
    "hardware-maintenance": "Hardware maintenance is required",
    "db-upgrade": "Automatic minor version upgrade is available",
    "ca-certificate-rotation": "Rotation of CA certificate",
}
"""What can be pending -> its description."""
OPT_INS = ("immediate", "next-maintenance", "undo-opt-in")
RETRY = 300  # seconds until a database that was busy in its window is tried again


def add_maintenance(
    account: str, region: str, name: str, action: str, description: str | None, days: float | None
) -> str:
    """Make an action pending for a DB instance or cluster; with a deadline in `days` it is applied without anybody's
    doing in the first window after it. Returns the resource's ARN. Raises LookupError, or ValueError if it is pending
    already."""
    database = _named(account, region, name)
    known = _pending(database.backend).setdefault(database.arn, [])
    if any(one["Action"] == action for one in known):
        raise ValueError(f"{action} is pending for {name} already")
    detail: dict[str, Any] = {"Action": action, "Description": description or ACTIONS[action]}
    if days is not None:
        due = clock.now() + timedelta(days=days)
        applied = due + timedelta(seconds=seconds_until(database.preferred_maintenance_window, due))
        detail |= {"AutoAppliedAfterDate": due, "ForcedApplyDate": due, "CurrentApplyDate": applied}
        _plan(database, action, applied)
    known.append(detail)
    return str(database.arn)


def remove_maintenance(account: str, region: str, name: str, action: str) -> str:
    """Let an action be pending no longer. Raises LookupError if it is not."""
    database = _named(account, region, name)
    if _detail(database, action) is None:
        raise LookupError(f"{action} is not pending for {name}")
    patching.forget(database, action)
    return str(database.arn)


def _named(account: str, region: str, name: str) -> Any:
    backend = rds_backends[account][region]
    found = backend.databases.get(name) or backend.clusters.get(name)
    if found is None:
        raise LookupError(f"there is no DB instance or cluster {name}")
    return found


def _pending(backend: Any) -> dict[str, list[dict[str, Any]]]:
    """ARN -> details, of one backend."""
    if not hasattr(backend, "pending_maintenance"):
        backend.pending_maintenance = {}
    found: dict[str, list[dict[str, Any]]] = backend.pending_maintenance
    return found


def _detail(database: Any, action: str) -> dict[str, Any] | None:
    return next((d for d in _pending(database.backend).get(database.arn, []) if d["Action"] == action), None)


def _find_arn(backend: Any, arn: Any) -> Any:
    for database in (*backend.databases.values(), *backend.clusters.values()):
        if database.arn == arn:
            return database
    raise RDSClientError("ResourceNotFoundFault", f"The specified resource {arn} was not found.")


def describe_pending_maintenance_actions(self: Any) -> ActionResult:
    """DescribePendingMaintenanceActions: resources with something pending, filtered and in pages."""
    given = self.params
    backend = self.backend
    if given.get("ResourceIdentifier"):
        _find_arn(backend, given.get("ResourceIdentifier"))
    rows = []
    for database in (*backend.databases.values(), *backend.clusters.values()):
        details = _pending(backend).get(database.arn)
        if details and given.get("ResourceIdentifier") in (None, database.arn) and _passes(database, given):
            rows.append({"ResourceIdentifier": database.arn, "PendingMaintenanceActionDetails": details})
    size = int(given.get("MaxRecords") or 100)
    if not 20 <= size <= 100:
        raise InvalidParameterValue(f"Invalid value {size} for MaxRecords. Must be between 20 and 100")
    marker = str(given.get("Marker") or "0")
    if not marker.isdigit():
        raise InvalidParameterValue("The marker provided is not valid.")
    first = int(marker)
    more = {"Marker": str(first + size)} if first + size < len(rows) else {}
    return ActionResult({"PendingMaintenanceActions": rows[first : first + size], **more})


def _passes(database: Any, given: Any) -> bool:
    kind = "db-cluster-id" if isinstance(database, DBCluster) else "db-instance-id"
    for asked in given.get("Filters") or []:
        if asked["Name"] not in ("db-cluster-id", "db-instance-id"):
            raise InvalidParameterValue(f"Unrecognized filter name: {asked['Name']}")
        if asked["Name"] != kind or not {database.arn, database.resource_id} & set(asked["Values"]):
            return False
    return True


def apply_pending_maintenance_action(self: Any) -> ActionResult:
    """ApplyPendingMaintenanceAction: at once, in the next window, or no longer."""
    given = self.params
    action, kind = given.get("ApplyAction"), given.get("OptInType")
    database = _find_arn(self.backend, given.get("ResourceIdentifier"))
    if kind not in OPT_INS:
        raise InvalidParameterValue(f"Invalid OptInType: {kind}. Valid values: {', '.join(OPT_INS)}")
    detail = _detail(database, str(action))
    if detail is None:
        text = f"There is no pending maintenance action {action} for {database.arn}."
        raise RDSClientError("ResourceNotFoundFault", text)
    if detail.get("OptInStatus") == "immediate":
        raise InvalidParameterCombination("An opt-in request of type immediate can't be undone.")
    if kind == "immediate":
        _check_available(database)
        detail.update(OptInStatus=kind, CurrentApplyDate=clock.now())
        patching.begin(database, str(action))
    elif kind == "next-maintenance":
        now = clock.now()
        opens = now + timedelta(seconds=seconds_until(database.preferred_maintenance_window, now))
        detail.update(OptInStatus=kind, CurrentApplyDate=opens)
        _plan(database, str(action), opens)
    else:
        detail.pop("OptInStatus", None)
        _back_to_deadline(database, detail)
    shown = {
        "ResourceIdentifier": database.arn,
        "PendingMaintenanceActionDetails": _pending(self.backend)[database.arn],
    }
    return ActionResult({"ResourcePendingMaintenanceActions": shown})


def _back_to_deadline(database: Any, detail: dict[str, Any]) -> None:
    detail.pop("CurrentApplyDate", None)
    if due := detail.get("AutoAppliedAfterDate"):
        opens = due + timedelta(seconds=seconds_until(database.preferred_maintenance_window, due))
        detail["CurrentApplyDate"] = opens
        _plan(database, detail["Action"], opens)


def _check_available(database: Any) -> None:
    if database.status == "available" and not database.busy:
        return
    text = f"is not in available state. It is {database.status}."
    if isinstance(database, DBCluster):
        raise InvalidDBClusterStateFault(f"DB cluster {database.db_cluster_identifier} {text}")
    raise refuse_state(f"DB instance {database.db_instance_identifier} {text}")


def _plan(database: Any, action: str, opens: datetime) -> None:
    wait = max(0.0, (opens - clock.now()).total_seconds()) * clock.speed
    due = opens.isoformat()
    clock.after(wait, "rds.maintain", action=action, due=due, **patching.place_of(database))


@transition("rds.maintain")
def maintain(account: str, region: str, arn: str, action: str, due: str) -> None:
    """A window opens in which an action is to be applied, unless that was changed meanwhile."""
    database = patching.find_arn(account, region, arn)
    detail = _detail(database, action) if database is not None else None
    if database is None or detail is None or detail.get("OptInStatus") == "immediate":
        return
    planned = detail.get("CurrentApplyDate")
    if planned is None or planned.isoformat() != due:
        return
    if database.status == "available" and not database.busy:
        patching.begin(database, action)
    else:
        clock.after(RETRY, "rds.maintain", action=action, due=due, **patching.place_of(database))
