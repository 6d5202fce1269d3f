"""Failovers that RDS begins by itself, on command: a host, a volume or a network that fails, a patch (aws-facts 1.2).

A sudden cause cuts the primary off at once; RDS notices after a while, fails over, and rebuilds the lost half as the
new standby (RDS-EVENT-0361, 0362). A planned one cuts it off only when the failover starts. A single-AZ instance whose
host fails has no standby: it is recovered where it is (RDS-EVENT-0020, 0021), which takes minutes.
"""

from typing import Any

from sandbox.clock import clock, transition
from sandbox.gaps.rds.events import tell
from sandbox.gaps.rds.failovers import DETECTION, REBUILDING, begin_failover
from sandbox.gaps.rds.instances import find, where
from sandbox.gaps.rds.sensing import sense
from sandbox.weather.placement import zones_down

CAUSES = {
    "host": "host",
    "network": "network",
    "zone": "network",
    "storage": "storage",
    "busy": "busy",
    "patching": "patch",
    "modified": "modified",
}
"""What a failover can be ordered for -> why RDS says it happened (words.REASONS)."""
PLANNED = ("patching", "modified")
REBUILT = ("host", "network", "zone", "storage")
RECOVERY = {"told": 45.0, "restarted": 280.0, "recovered": 300.0}
"""Seconds after a single-AZ instance lost its host; AWS says that it varies with the amount of data."""


def fail_over(account: str, region: str, identifier: str, cause: str) -> str:
    """Let the primary of an instance fail for a cause; returns why RDS will say so.

    Raises LookupError if there is no such instance, ValueError if it cannot fail over now.
    """
    database = find(account, region, identifier)
    if database is None:
        raise LookupError(f"there is no DB instance {identifier}")
    if database.db_cluster_identifier:
        raise ValueError(f"it belongs to the DB cluster {database.db_cluster_identifier}: let that one fail over")
    if database.busy or database.status != "available":
        raise ValueError(f"it is {database.busy or database.status}")
    if not database.multi_az:
        return _recover(database, cause)
    if database.standby_lost or database.secondary_availability_zone in zones_down():
        raise ValueError("its standby is being rebuilt, or its zone is down")
    why = CAUSES[cause]
    if cause in PLANNED:
        begin_failover(database, why)
        return why
    _cut(database, "failover")
    clock.after(DETECTION, "rds.struck", why=why, rebuild=cause in REBUILT, **where(database))
    return why


def _cut(database: Any, busy: str) -> None:
    database.busy, database.down_since = busy, clock.now()
    sense(database)


@transition("rds.struck")
def struck(account: str, region: str, identifier: str, why: str, rebuild: bool) -> None:
    """RDS noticed that the primary failed."""
    database = find(account, region, identifier)
    if database is None or database.status in ("deleting", "stopped"):
        return
    times = begin_failover(database, why)
    if rebuild:
        database.standby_lost = True
        clock.after(max(times.available, times.swapped) + 5, "rds.rebuild", **where(database))


@transition("rds.rebuild")
def rebuild(account: str, region: str, identifier: str) -> None:
    """A new standby takes the place of what failed."""
    database = find(account, region, identifier)
    if database is not None and database.multi_az:
        tell(database, "RDS-EVENT-0361")
        clock.after(REBUILDING, "rds.rebuilt", **where(database))


def _recover(database: Any, cause: str) -> str:
    if cause != "host":
        raise ValueError(f"it is not Multi-AZ: there is no standby to fail over to because of {cause}")
    _cut(database, "recovery")
    place = where(database)
    for step, seconds in RECOVERY.items():
        clock.after(seconds, "rds.recovery", step=step, **place)
    return "recovery"


@transition("rds.recovery")
def recovery(account: str, region: str, identifier: str, step: str) -> None:
    """A single-AZ instance comes back on another host."""
    database = find(account, region, identifier)
    if database is None:
        return
    if step == "told":
        tell(database, "RDS-EVENT-0020")
    elif step == "restarted":
        database.down_since = None
        sense(database)
        tell(database, "RDS-EVENT-0006")
    else:
        database.busy = ""
        tell(database, "RDS-EVENT-0021")
