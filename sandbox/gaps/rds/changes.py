"""ModifyDBInstance: what is changed at once, what takes its time, and what waits (aws-facts 1.7)."""

from datetime import datetime, timedelta
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.rds.models import DBInstance

from sandbox.clock import clock, transition
from sandbox.gaps.rds.events import tell
from sandbox.gaps.rds.failovers import begin_failover
from sandbox.gaps.rds.instances import find, refuse_state, standby_zone, where

MODIFIABLE = ("available", "storage-optimization", "storage-full", "incompatible-parameters")
NOT_AVAILABLE = "Database instance is not in available state."
SLOW = {
    "MultiAZ": 420,
    "DBInstanceClass": 120,
    "EngineVersion": 180,
    "AllocatedStorage": 60,
    "StorageType": 60,
    "Iops": 60,
    "StorageThroughput": 60,
    "DBSubnetGroupName": 60,
    "DBPortNumber": 30,
    "CACertificateIdentifier": 30,
    "LicenseModel": 30,
}
"""What shows in PendingModifiedValues until applied -> seconds it takes."""
ATTRIBUTES = {"DBPortNumber": "port", "MultiAZ": "multi_az", "DBInstanceClass": "db_instance_class"}
SHOWN = {"DBPortNumber": "Port"}
EVENTS = {
    "DBInstanceClass": ("RDS-EVENT-0012", "RDS-EVENT-0014"),
    "AllocatedStorage": ("RDS-EVENT-0018", "RDS-EVENT-0017"),
}
NUMBERS = ("AllocatedStorage", "Iops", "StorageThroughput", "DBPortNumber")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def modify_db_instance(self: Any) -> ActionResult:
    """ModifyDBInstance. Slow changes begin at once with ApplyImmediately, else in the maintenance window."""
    given = self.params
    identifier = given.get("DBInstanceIdentifier")
    database = self.backend.describe_db_instances(identifier)[0]
    if type(database) is not DBInstance:
        return ActionResult({"DBInstance": self.backend.modify_db_instance(identifier, given)})
    if database.status not in MODIFIABLE or database.busy:
        raise refuse_state(NOT_AVAILABLE)
    slow = {key: _plain(key, given[key]) for key in SLOW if given.get(key) is not None}
    slow = {key: value for key, value in slow.items() if value != _now(database, key)}
    _check(database, slow)
    quick = {key: value for key, value in given.items() if _is_quick(key) and value is not None}
    if quick:
        _apply_quickly(self.backend, database, quick, str(given.get("ApplyImmediately")).lower() == "true")
    database.pending_modified_values = {**database.pending_modified_values, **_shown(slow)}
    if str(given.get("ApplyImmediately")).lower() == "true":
        _begin(database, {**database.waiting, **slow})
    elif slow:
        database.waiting = {**database.waiting, **slow}
        wait = seconds_until(database.preferred_maintenance_window, clock.now())
        clock.after(wait * clock.speed, "rds.window", **where(database))
    return ActionResult({"DBInstance": database})


def _is_quick(key: str) -> bool:
    slow = {xform_name(name) for name in SLOW} | {"apply_immediately", "db_instance_identifier"}
    return key not in slow


def _plain(key: str, value: Any) -> Any:
    if key == "MultiAZ":
        return str(value).lower() == "true"
    return int(value) if key in NUMBERS else value


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {SHOWN.get(key, key): value for key, value in values.items()}


def _attribute(key: str) -> str:
    return ATTRIBUTES.get(key) or str(xform_name(key))


def _now(database: Any, key: str) -> Any:
    if key == "DBSubnetGroupName":
        return database.db_subnet_group.name if hasattr(database, "db_subnet_group") else None
    return getattr(database, _attribute(key), None)


def _check(database: Any, slow: dict[str, Any]) -> None:
    if "AllocatedStorage" in slow and slow["AllocatedStorage"] < database.allocated_storage:
        raise InvalidParameterCombination("Cannot upgrade storage size to a lower value.")
    if slow.get("MultiAZ") and standby_zone(database) is None:
        text = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement."
        raise InvalidParameterCombination(f"{text} Add subnets to cover at least 2 AZs.")
    if "EngineVersion" in slow and _major(slow["EngineVersion"]) < _major(database.engine_version):
        text = f"Cannot upgrade {database.engine} from {database.engine_version} to {slow['EngineVersion']}"
        raise InvalidParameterCombination(text)
    if "DBInstanceClass" in slow and not str(slow["DBInstanceClass"]).startswith("db."):
        raise InvalidParameterValue(f"Invalid DB Instance class: {slow['DBInstanceClass']}")


def _major(version: Any) -> int:
    return int(str(version).split(".", maxsplit=1)[0])


def _apply_quickly(backend: Any, database: Any, quick: dict[str, Any], at_once: bool) -> None:
    group = quick.get("db_parameter_group_name")
    before = database.db_parameter_group_name
    for flag in ("deletion_protection", "copy_tags_to_snapshot", "enable_performance_insights"):
        if flag in quick:
            quick[flag] = str(quick[flag]).lower() == "true"
    if "enable_performance_insights" in quick:
        quick["performance_insights_enabled"] = quick.pop("enable_performance_insights")
    if "preferred_maintenance_window" in quick:
        quick["preferred_maintenance_window"] = quick["preferred_maintenance_window"].lower()
    if at_once:
        quick["apply_immediately"] = True
    backend.modify_db_instance(database.db_instance_identifier, quick)
    if group and group != before:
        database.parameter_apply_status = "pending-reboot"
    if quick.get("master_user_password") or quick.get("rotate_master_user_password"):
        tell(database, "RDS-EVENT-0016")


def _begin(database: Any, slow: dict[str, Any]) -> None:
    database.waiting = {}
    if not slow:
        return
    database.status = "modifying"
    database.pending_modified_values = {**database.pending_modified_values, **_shown(slow)}
    for key, (begins, _) in EVENTS.items():
        if key in slow:
            tell(database, begins)
    if "MultiAZ" in slow:
        tell(database, "RDS-EVENT-0024" if slow["MultiAZ"] else "RDS-EVENT-0030")
    longest = max(SLOW[key] for key in slow)
    clock.after(longest, "rds.modified", changes=slow, **where(database))


@transition("rds.window")
def window(account: str, region: str, identifier: str) -> None:
    """The maintenance window opens: what waited begins."""
    database = find(account, region, identifier)
    if database is None or not database.waiting:
        return
    if database.status == "available":
        _begin(database, database.waiting)
    else:
        clock.after(300, "rds.window", **where(database))


@transition("rds.modified")
def modified(account: str, region: str, identifier: str, changes: dict[str, Any]) -> None:
    """The changes are applied. A new class moves a Multi-AZ instance by a failover, and restarts a single one."""
    database = find(account, region, identifier)
    if database is None or database.status != "modifying":
        return
    for key, value in changes.items():
        setattr(database, _attribute(key), value)
    pending = database.pending_modified_values
    database.pending_modified_values = {k: v for k, v in pending.items() if k not in _shown(changes)}
    if "MultiAZ" in changes:
        database.secondary_availability_zone = standby_zone(database) if changes["MultiAZ"] else None
        tell(database, "RDS-EVENT-0025" if changes["MultiAZ"] else "RDS-EVENT-0029")
    for key, (_, ends) in EVENTS.items():
        if key in changes and key != "DBInstanceClass":
            tell(database, ends)
    if not {"DBInstanceClass", "EngineVersion"} & set(changes):
        database.status = "available"
    elif database.multi_az and "MultiAZ" not in changes and "EngineVersion" not in changes:
        begin_failover(database, "modified", then="resized")
    else:  # an engine upgrade takes both nodes down together, even with Multi-AZ
        clock.after(3, "rds.shutdown", **where(database))
        clock.after(60, "rds.restarted", **where(database))
        clock.after(75, "rds.resized", **where(database))


@transition("rds.resized")
def resized(account: str, region: str, identifier: str) -> None:
    """The end of a change that needed a restart."""
    database = find(account, region, identifier)
    if database is not None and database.status == "modifying":
        tell(database, "RDS-EVENT-0014")
        database.busy, database.status = "", "available"


def seconds_until(window: str, now: datetime) -> float:
    """Seconds from `now` (UTC) until a window like `wed:06:38-wed:07:08` opens."""
    day, hour, minute = window.split("-", maxsplit=1)[0].split(":")
    days = (DAYS.index(day.lower()) - now.weekday()) % 7
    opens = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0) + timedelta(days=days)
    return (opens - now).total_seconds() if opens > now else (opens + timedelta(days=7) - now).total_seconds()
