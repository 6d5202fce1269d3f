"""Maintenance being applied (aws-facts 1.9): it takes its time, and shows as the status `maintenance` or `upgrading`.

A Multi-AZ instance has its standby patched first, fails over to it because of the patch, and then has its old primary
patched. A cluster does the same with its readers. A single instance is down meanwhile; so is any instance while its
engine is upgraded, as both nodes are upgraded together. A certificate is rotated without a restart.
"""

from datetime import timedelta
from typing import Any

from moto.rds.models import DBCluster, rds_backends

from sandbox.clock import clock, transition
from sandbox.gaps.rds import cluster_failovers
from sandbox.gaps.rds.events import tell
from sandbox.gaps.rds.failovers import begin_failover
from sandbox.gaps.rds.sensing import sense

STANDBY, PRIMARY, OFFLINE, ROTATING = 120, 120, 90, 30  # seconds


def place_of(database: Any) -> dict[str, str]:
    """The plain values a transition needs to find an instance or a cluster again."""
    return {"account": database.account_id, "region": database.region, "arn": database.arn}


def find_arn(account: str, region: str, arn: str) -> Any:
    """The instance or cluster, or None."""
    backend = rds_backends[account][region]
    kind, _, name = arn.rpartition(":")
    return (backend.clusters if kind.endswith(":cluster") else backend.databases).get(name)


def forget(database: Any, action: str) -> None:
    """An action is pending no longer."""
    pending = database.backend.pending_maintenance
    left = [d for d in pending.get(database.arn, []) if d["Action"] != action]
    pending.pop(database.arn, None)
    if left:
        pending[database.arn] = left


def begin(database: Any, action: str) -> None:
    """Set an action on its way. The database is available."""
    database.busy = "maintenance"
    database.status = "upgrading" if action == "db-upgrade" else "maintenance"
    if action == "ca-certificate-rotation":
        _next(database, action, "finished", ROTATING)
    elif action != "db-upgrade" and (isinstance(database, DBCluster) or database.multi_az):
        _next(database, action, "standby", STANDBY)
    else:
        _next(database, action, "offline", 5)


def _next(database: Any, action: str, step: str, seconds: float) -> None:
    clock.after(seconds, "rds.patch", action=action, step=step, **place_of(database))


@transition("rds.patch")
def patch(account: str, region: str, arn: str, action: str, step: str) -> None:
    """One step of maintenance."""
    database = find_arn(account, region, arn)
    if database is None or database.status == "deleting":
        return
    if step == "standby":
        _move_over(database, action)
    elif step == "offline":
        _take_down(database)
        _next(database, action, "online", OFFLINE)
    elif step == "online":
        _bring_up(database, action)
        _next(database, action, "finished", 15)
    else:
        _finish(database, action)


def _move_over(database: Any, action: str) -> None:
    if isinstance(database, DBCluster):
        successor = cluster_failovers.fittest(database)
        if database.writer is not None and successor is not None:
            cluster_failovers.begin(database, successor, automatic=True)
        _next(database, action, "finished", PRIMARY)
        return
    times = begin_failover(database, "patch", then="patched_half")
    _next(database, action, "finished", max(times.available, times.swapped) + PRIMARY)


@transition("rds.patched_half")
def patched_half(account: str, region: str, identifier: str) -> None:
    """The failover is over; the old primary is still to be patched, which goes on in `patch`."""


def _all(database: Any) -> list[Any]:
    return list(database.members) if isinstance(database, DBCluster) else [database]


def _take_down(database: Any) -> None:
    database.down_since = clock.now()
    for one in _all(database):
        tell(one, "RDS-EVENT-0026")
        tell(one, "RDS-EVENT-0004")
    sense(database)


def _bring_up(database: Any, action: str) -> None:
    database.down_since = None
    if action == "db-upgrade":
        major, _, minor = str(database.engine_version).partition(".")
        database.engine_version = f"{major}.{int(minor) + 1}" if minor.isdigit() else database.engine_version
    for one in _all(database):
        tell(one, "RDS-EVENT-0006")
        tell(one, "RDS-EVENT-0027")
    sense(database)


def _finish(database: Any, action: str) -> None:
    if action == "ca-certificate-rotation":
        for one in _all(database):
            valid = clock.now() + timedelta(days=365)
            one.certificate_details = {"CAIdentifier": one.ca_certificate_identifier, "ValidTill": valid}
    else:
        for one in _all(database):
            tell(one, "RDS-EVENT-0047")
    database.busy, database.status = "", "available"
    forget(database, action)
