"""RebootDBInstance and failovers: asked for, or because a zone is lost (aws-facts 1.1, 1.2).

A lost zone: a Multi-AZ instance whose primary was in it fails over by itself and keeps the status `available` meanwhile
(AWS is said to do either); a single-AZ instance also stays `available` and cannot be reached, which shows only in
`reachable` and so in its metrics, as nothing in RDS's own API says so. A standby in a lost zone is rebuilt when the
zone is back. A failover to a standby in a lost zone does not happen: the instance restarts where it is.
"""

from random import Random
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.models import DBInstance, rds_backends

from sandbox.clock import clock, transition
from sandbox.gaps.rds.events import tell, tell_reason
from sandbox.gaps.rds.instances import find, refuse_state, where
from sandbox.gaps.rds.sensing import sense
from sandbox.gaps.rds.timeline import ABANDONED, REBOOT, RECENTLY, Failover, failover
from sandbox.weather.placement import zones_down

REBOOTABLE = ("available", "storage-optimization", "incompatible-credentials", "incompatible-parameters")
WRONG_STATE = f"Can only reboot db instances with state in: {', '.join(REBOOTABLE)}."
BUSY = "Instance cannot currently reboot due to an in-progress management operation."
NOT_MULTI_AZ = (
    "ForceFailover cannot be specified since the instance is not configured for either MultiAZ or High Availability"
)
DETECTION = 20  # seconds until RDS notices that a zone is gone
REBUILDING = 420  # seconds to rebuild a standby
_draw = Random()


def reboot_db_instance(self: Any) -> ActionResult:
    """RebootDBInstance, with or without ForceFailover."""
    database = self.backend.describe_db_instances(self.params.get("DBInstanceIdentifier"))[0]
    forced = str(self.params.get("ForceFailover")).lower() == "true"
    if database.status not in REBOOTABLE:
        raise refuse_state(WRONG_STATE)
    if forced and not database.multi_az:
        raise InvalidParameterCombination(NOT_MULTI_AZ)
    if database.busy:
        raise refuse_state(BUSY)
    database.status = "rebooting"
    if forced and _recent(database):
        clock.after(ABANDONED["told"], "rds.abandon", **where(database))
        clock.after(ABANDONED["available"], "rds.available", **where(database))
    elif forced and database.secondary_availability_zone not in zones_down() and not database.standby_lost:
        begin_failover(database, "user")
    else:
        for step, seconds in REBOOT.items():
            clock.after(seconds, f"rds.{step}", **where(database))
    return ActionResult({"DBInstance": database})


def _recent(database: Any) -> bool:
    since = database.failed_over_at
    return since is not None and (clock.now() - since).total_seconds() * clock.speed < RECENTLY


def begin_failover(database: Any, why: str, then: str = "available") -> Failover:
    """Set a failover on its way; `why` is a key of words.REASONS, `then` the transition (account, region, identifier)
    that ends it."""
    times = failover(_draw.uniform)
    database.busy = "failover"
    place = where(database)
    clock.after(times.started, "rds.started", **place)
    clock.after(times.promoted, "rds.promoted", **place)
    clock.after(times.restarted, "rds.restarted", **place)
    clock.after(times.completed, "rds.completed", why=why, **place)
    clock.after(times.available, f"rds.{then}", **place)
    swap = {"primary": database.secondary_availability_zone, "standby": database.availability_zone}
    clock.after(times.swapped, "rds.swapped", **swap, **place)
    return times


@transition("rds.started")
def started(account: str, region: str, identifier: str) -> None:
    """The primary is cut off."""
    if database := find(account, region, identifier):
        database.down_since = database.down_since or clock.now()
        sense(database)
        tell(database, "RDS-EVENT-0013")


@transition("rds.promoted")
def promoted(account: str, region: str, identifier: str) -> None:
    """The endpoint's name points to the promoted standby: clients can connect, before any event says so."""
    if database := find(account, region, identifier):
        database.down_since = None
        database.serving_zone = database.secondary_availability_zone
        sense(database)


@transition("rds.shutdown")
def shutdown(account: str, region: str, identifier: str) -> None:
    """A reboot stops the engine."""
    if database := find(account, region, identifier):
        database.down_since = clock.now()
        sense(database)
        tell(database, "RDS-EVENT-0004")


@transition("rds.restarted")
def restarted(account: str, region: str, identifier: str) -> None:
    """The engine is up again, with the parameters that waited for it."""
    if database := find(account, region, identifier):
        database.down_since = None
        database.parameter_apply_status = "in-sync"
        sense(database)
        tell(database, "RDS-EVENT-0006")


@transition("rds.completed")
def completed(account: str, region: str, identifier: str, why: str) -> None:
    """Two events at the same moment: done, and why."""
    if database := find(account, region, identifier):
        database.failed_over_at = clock.now()
        tell(database, "RDS-EVENT-0049")
        tell_reason(database, why)


@transition("rds.available")
def available(account: str, region: str, identifier: str) -> None:
    """The end of a reboot or failover."""
    database = find(account, region, identifier)
    if database is not None:
        database.busy = ""
        if database.status == "rebooting":
            database.status = "available"


@transition("rds.swapped")
def swapped(account: str, region: str, identifier: str, primary: str, standby: str) -> None:
    """The API shows the new zones: late, and without an event."""
    database = find(account, region, identifier)
    if database is not None and database.multi_az:
        database.availability_zone, database.secondary_availability_zone = primary, standby
        database.serving_zone = None
        sense(database)


@transition("rds.abandon")
def abandon(account: str, region: str, identifier: str) -> None:
    """A failover asked for too soon is not done."""
    if database := find(account, region, identifier):
        tell(database, "RDS-EVENT-0034")


@transition("rds.detect")
def detect(account: str, region: str, identifier: str) -> None:
    """RDS notices that the primary's zone is gone."""
    database = find(account, region, identifier)
    if database is None or database.busy or not database.multi_az:
        return
    if database.availability_zone in zones_down() and database.secondary_availability_zone not in zones_down():
        database.down_since = database.down_since or clock.now()
        begin_failover(database, "network")


@transition("rds.rebuilt")
def rebuilt(account: str, region: str, identifier: str) -> None:
    """The standby is in step again."""
    database = find(account, region, identifier)
    if database is not None and database.multi_az and database.secondary_availability_zone not in zones_down():
        database.standby_lost = False
        tell(database, "RDS-EVENT-0362")


def zone_changed(zone: str, failed: bool) -> None:
    """Notice lost primaries; rebuild standbys when their zone is back."""
    for regions in list(rds_backends.values()):
        for backend in list(regions.values()):
            for database in [d for d in backend.databases.values() if type(d) is DBInstance]:
                if database.status in ("creating", "deleting"):
                    continue
                sense(database)
                if failed and database.availability_zone == zone:
                    clock.after(DETECTION, "rds.detect", **where(database))
                if not failed and database.multi_az and database.secondary_availability_zone == zone:
                    tell(database, "RDS-EVENT-0361")
                    clock.after(REBUILDING, "rds.rebuilt", **where(database))
