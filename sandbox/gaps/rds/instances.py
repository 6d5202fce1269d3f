"""DB instances over time: created, modified, deleted (aws-facts 1.6, 1.7); what moto forgets of them is kept."""

import string
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidDBInstanceStateFault, InvalidParameterCombination, RDSClientError
from moto.rds.models import DBInstance, rds_backends

from sandbox.clock import clock, transition
from sandbox.gaps.rds.events import tell
from sandbox.gaps.rds.sensing import sense
from sandbox.weather.placement import order_for, zones_down

CREATING, BACKING_UP, DELETING = 150, 30, 60  # seconds
NEWEST = {"13": "13.21", "14": "14.18", "15": "15.13", "16": "16.9", "17": "17.5"}
NO_ZONE = "Requesting a specific availability zone is not valid for Multi-AZ instances."
_draw = Random()
KEPT = {
    "monitoring_interval": 0,
    "network_type": "IPV4",
    "backup_target": "region",
    "customer_owned_ip_enabled": False,
    "dedicated_log_volume": False,
    "activity_stream_status": "stopped",
    "engine_lifecycle_support": "open-source-rds-extended-support",
}


def find(account: str, region: str, identifier: str) -> Any:
    """The instance, or None."""
    return rds_backends[account][region].databases.get(identifier)


def where(database: Any) -> dict[str, str]:
    """The plain values a transition needs to find an instance again."""
    return {"account": database.account_id, "region": database.region, "identifier": database.db_instance_identifier}


def refuse_state(message: str) -> RDSClientError:
    """The error for an instance in a state that does not allow what was asked."""
    return RDSClientError("InvalidDBInstanceState", message)


def zones_of(database: Any) -> list[str]:
    """The zones of its subnet group in an order of its own: the first is where it starts, the second its standby."""
    group = getattr(database, "db_subnet_group", None)
    zones = [subnet.availability_zone for subnet in group._subnets] if group else []
    return order_for(database.db_instance_identifier, zones or [f"{database.region}{letter}" for letter in "abc"])


def standby_zone(database: Any) -> str | None:
    """A standing zone for a standby, or None when the group has no other."""
    others = [zone for zone in zones_of(database) if zone != database.availability_zone]
    return next((zone for zone in others if zone not in zones_down()), others[0] if others else None)


def create_db_instance(original: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """CreateDBInstance around moto's: creating, backing-up, available."""

    def handler(self: Any) -> ActionResult:
        given = self.params
        multi_az = _true(given.get("MultiAZ"))
        if multi_az and given.get("AvailabilityZone"):
            raise InvalidParameterCombination(NO_ZONE)
        engine = given.get("Engine")
        if engine == "postgres":
            version = str(given.get("EngineVersion") or "17")
            given["EngineVersion"] = NEWEST.get(version, version)
            given.setdefault("LicenseModel", "postgresql-license")
        result: Any = original(self)
        database = result.result["DBInstance"]
        if type(database) is DBInstance:
            _begin(database, given, multi_az)
        return result

    return handler


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def _begin(database: Any, given: Any, multi_az: bool) -> None:
    for name, default in KEPT.items():
        setattr(database, name, given.get(name, default))
    database.status = "creating"
    database.instance_create_time = None  # AWS shows it once the instance is there
    letters = string.ascii_uppercase + string.digits
    database.dbi_resource_id = "db-" + "".join(_draw.choices(letters, k=26))
    database.multi_az = multi_az
    database.publicly_accessible = _true(given.get("PubliclyAccessible"))
    if not given.get("AvailabilityZone"):
        standing = [zone for zone in zones_of(database) if zone not in zones_down()]
        database.availability_zone = (standing or zones_of(database))[0]
    _settle_storage(database)
    if not given.get("OptionGroupName"):
        database.option_group_name = f"default:{database.engine}-{str(database.engine_version).split('.')[0]}"
    database.performance_insights_enabled = _true(given.get("EnablePerformanceInsights"))
    if database.performance_insights_enabled:
        key = given.get("PerformanceInsightsKMSKeyId") or database.kms_key_id
        database.performance_insights_kms_key_id = key
        database.performance_insights_retention_period = int(given.get("PerformanceInsightsRetentionPeriod") or 7)
    if not given.get("CACertificateIdentifier"):
        database.ca_certificate_identifier = "rds-ca-rsa2048-g1"
    _certify(database)
    clock.after(CREATING, "rds.created", **where(database))


def _certify(database: Any) -> None:
    valid = clock.now() + timedelta(days=365)
    database.certificate_details = {"CAIdentifier": database.ca_certificate_identifier, "ValidTill": valid}


def _settle_storage(database: Any) -> None:
    """What AWS fills in: the account's own key for encryption, the baseline of gp3."""
    if database.storage_encrypted and not str(database.kms_key_id).startswith("arn:"):
        prefix = f"arn:aws:kms:{database.region}:{database.account_id}:key/"
        named = database.kms_key_id
        database.kms_key_id = prefix + (str(uuid4()) if named in (None, "default_kms_key_id") else str(named))
    if database.storage_type == "gp3" and database.engine == "postgres":
        database.iops = database.iops or 3000
        database.storage_throughput = database.storage_throughput or 125


@transition("rds.created")
def created(account: str, region: str, identifier: str) -> None:
    """The instance is there, and its first backup begins."""
    database = find(account, region, identifier)
    if database is None or database.status != "creating":
        return
    database.instance_create_time = clock.now()
    tell(database, "RDS-EVENT-0005")
    if database.multi_az:
        tell(database, "RDS-EVENT-0024")
        database.secondary_availability_zone = standby_zone(database)
        tell(database, "RDS-EVENT-0025")
    if database.backup_retention_period and not database.db_cluster_identifier:
        database.status = "backing-up"
        tell(database, "RDS-EVENT-0001")
        clock.after(BACKING_UP, "rds.backed_up", **where(database))
    else:
        database.status = "available"
    sense(database)


@transition("rds.backed_up")
def backed_up(account: str, region: str, identifier: str) -> None:
    """A backup is finished."""
    database = find(account, region, identifier)
    if database is not None and database.status == "backing-up":
        name = f"rds:{identifier}-{clock.now():%Y-%m-%d-%H-%M}"
        with suppress(RDSClientError):  # one of that minute exists
            database.backend.create_auto_snapshot(identifier, name)
        tell(database, "RDS-EVENT-0002")
        database.status = "available"


def delete_db_instance(self: Any) -> ActionResult:
    """DeleteDBInstance: refused while protected; a final snapshot unless skipped; gone after a while."""
    given = self.params
    identifier = given.get("DBInstanceIdentifier")
    database = self.backend.describe_db_instances(identifier)[0]
    snapshot, skip = given.get("FinalDBSnapshotIdentifier"), _true(given.get("SkipFinalSnapshot"))
    if database.status == "deleting":
        raise refuse_state(f"Instance {identifier} is already being deleted.")
    if database.deletion_protection:
        text = "Cannot delete protected DB Instance, please disable deletion protection and try again."
        raise InvalidParameterCombination(text)
    if not skip and not snapshot:
        text = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        raise InvalidParameterCombination(text)
    if skip and snapshot:
        text = "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified."
        raise InvalidParameterCombination(text)
    if snapshot:
        self.backend.validate_db_snapshot_identifier(snapshot, parameter_name="FinalDBSnapshotIdentifier")
        if database.status in ("creating", "failed"):
            raise InvalidDBInstanceStateFault(f"Instance {identifier} is not in available state.")
        self.backend.create_db_snapshot(identifier, snapshot, snapshot_type="manual")
    database.status = "deleting"
    sense(database)
    keep = not _true(given.get("DeleteAutomatedBackups", True))
    clock.after(DELETING, "rds.deleted", keep_backups=keep, **where(database))
    return ActionResult({"DBInstance": database})


@transition("rds.deleted")
def deleted(account: str, region: str, identifier: str, keep_backups: bool) -> None:
    """The instance is gone."""
    database = find(account, region, identifier)
    if database is not None and database.status == "deleting":
        tell(database, "RDS-EVENT-0003")
        database.deletion_protection = False
        database.backend.delete_db_instance(identifier, None, True, not keep_backups)
