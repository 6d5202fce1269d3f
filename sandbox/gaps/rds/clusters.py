"""DB clusters over time (aws-facts 1.8): Multi-AZ DB clusters with a writer and two readable standbys in three zones,
which RDS makes and deletes with the cluster, and Aurora's, whose members are made one by one.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import (
    DBClusterNotFoundError,
    DBClusterToBeDeletedHasActiveMembers,
    InvalidDBClusterStateFault,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBInstanceClustered, rds_backends

from sandbox.clock import clock, transition
from sandbox.gaps.rds.events import tell
from sandbox.gaps.rds.instances import NEWEST, find, refuse_state, where, zones_of
from sandbox.gaps.rds.sensing import sense
from sandbox.weather.placement import least, zones_down

CREATING, AURORA_CREATING, MODIFYING, DELETING = 300, 60, 120, 90  # seconds
_SLOW = ("db_cluster_instance_class", "engine_version", "allocated_storage", "storage_type", "iops")
OWN_MEMBERS = ("postgres", "mysql")
"""Engines of Multi-AZ DB clusters; the others are Aurora's and Neptune's."""
MEMBERS = 3
NOT_AVAILABLE = "DbCluster {name} is in {status} state but expected it to be one of available."
PROTECTED = "Cannot delete protected Cluster, please disable deletion protection and try again."
UNCOVERED = (
    "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: {zones}. "
)


def find_cluster(account: str, region: str, identifier: str) -> Any:
    """The cluster, or None."""
    return rds_backends[account][region].clusters.get(identifier)


def existing(backend: Any, identifier: Any) -> Any:
    """The cluster, or the error that there is none."""
    found = backend.clusters.get(str(identifier).rsplit(":", maxsplit=1)[-1])
    if found is None:
        raise DBClusterNotFoundError(str(identifier))
    return found


def place_of(cluster: Any) -> dict[str, str]:
    """The plain values a transition needs to find a cluster again."""
    return {"account": cluster.account_id, "region": cluster.region, "identifier": cluster.db_cluster_identifier}


def check_available(cluster: Any) -> None:
    """Refuse a cluster in another state."""
    if cluster.status != "available":
        text = NOT_AVAILABLE.format(name=cluster.db_cluster_identifier, status=cluster.status)
        raise InvalidDBClusterStateFault(text)


def create_db_cluster(original: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """CreateDBCluster around moto's: a Multi-AZ DB cluster comes with its three members, and all take time."""

    def handler(self: Any) -> ActionResult:
        given = self.params
        if given.get("DBClusterIdentifier") in self.backend.clusters:
            raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
        whole = given.get("Engine") in OWN_MEMBERS
        if whole:
            _check(self.backend, given)
        result: Any = original(self)
        cluster = result.result["DBCluster"]
        cluster.status = "creating"
        if whole:
            _add_members(self.backend, cluster, given)
        clock.after(CREATING if whole else AURORA_CREATING, "rds.cluster_created", **place_of(cluster))
        return result

    return handler


def _check(backend: Any, given: Any) -> None:
    for needed in ("DBClusterInstanceClass", "AllocatedStorage"):
        if not given.get(needed):
            text = f"The parameter {needed} must be provided and must not be blank."
            raise InvalidParameterCombination(f"{text} It is required to create a Multi-AZ DB cluster.")
    kind = given.get("StorageType") or "io1"
    if kind not in ("io1", "io2", "gp3"):
        raise InvalidParameterValue(f"Invalid storage type for a Multi-AZ DB cluster: {kind}")
    if kind != "gp3" and not given.get("Iops"):
        raise InvalidParameterCombination(f"You must specify an Iops value for storage type {kind}.")
    group = backend.subnet_groups.get(given.get("DBSubnetGroupName") or "")
    zones = sorted({subnet.availability_zone for subnet in group._subnets}) if group else []
    if group and len(zones) < MEMBERS:
        text = f"{UNCOVERED.format(zones=', '.join(zones))}Add subnets to cover at least {MEMBERS} AZs."
        raise RDSClientError("DBSubnetGroupDoesNotCoverEnoughAZs", text)
    if given.get("Engine") == "postgres":
        version = str(given.get("EngineVersion") or "17")
        given["EngineVersion"] = NEWEST.get(version, version)
        given["StorageType"] = kind
        given.setdefault("DBClusterParameterGroupName", f"default.postgres{version.split('.', maxsplit=1)[0]}")
        given.setdefault("LicenseModel", "postgresql-license")
        given.setdefault("BackupRetentionPeriod", 1)


def _add_members(backend: Any, cluster: Any, given: Any) -> None:
    for number in range(1, MEMBERS + 1):
        member = backend.create_db_instance(
            {
                "db_instance_identifier": f"{cluster.db_cluster_identifier}-instance-{number}",
                "db_instance_class": given["DBClusterInstanceClass"],
                "engine": cluster.engine,
                "db_cluster_identifier": cluster.db_cluster_identifier,
                "db_subnet_group_name": given.get("DBSubnetGroupName"),
                "auto_minor_version_upgrade": cluster.auto_minor_version_upgrade,
                "preferred_maintenance_window": cluster.preferred_maintenance_window,
                "publicly_accessible": bool(cluster.publicly_accessible),
                "copy_tags_to_snapshot": bool(cluster.copy_tags_to_snapshot),
                "tags": [dict(tag) for tag in cluster.tags],
            }
        )
        settle_member(member)
    cluster.availability_zones = sorted({m.availability_zone for m in cluster.members})


def settle_member(member: Any) -> None:
    """A new member: in the emptiest standing zone, with a certificate of today, and there after a while."""
    taken = Counter(m.availability_zone for m in member.cluster.members if m is not member)
    if not member.cluster.members or member.availability_zone == f"{member.region}a":
        zones = [zone for zone in zones_of(member) if zone not in zones_down()] or zones_of(member)
        member.availability_zone = least(zones, taken)
    member.status = "creating"
    member.instance_create_time = None
    member.ca_certificate_identifier = "rds-ca-rsa2048-g1"
    if member.engine not in OWN_MEMBERS:  # the cluster brings the others
        clock.after(CREATING / 2, "rds.created", **where(member))


@transition("rds.cluster_created")
def cluster_created(account: str, region: str, identifier: str) -> None:
    """The cluster is there, with the members it brings."""
    cluster = find_cluster(account, region, identifier)
    if cluster is None or cluster.status != "creating":
        return
    cluster.status = "available"
    tell(cluster, "RDS-EVENT-0170")
    for member in cluster.members if cluster.engine in OWN_MEMBERS else ():
        member.status, member.instance_create_time = "available", clock.now()
        tell(member, "RDS-EVENT-0005")
    name = f"rds:{identifier}-{clock.now():%Y-%m-%d-%H-%M}"
    if cluster.backup_retention_period and name not in cluster.backend.cluster_snapshots:
        cluster.backend.create_auto_cluster_snapshot(identifier, name)
    sense(cluster)


def modify_db_cluster(original: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """ModifyDBCluster around moto's: an unknown cluster, or one that is busy, is an error; what moves the members of a
    Multi-AZ DB cluster takes its time. (Nothing waits for the maintenance window yet: all is applied at once.)"""

    def handler(self: Any) -> ActionResult:
        given = self.params
        cluster = existing(self.backend, given.get("DBClusterIdentifier"))
        check_available(cluster)
        logs = given.pop("CloudwatchLogsExportConfiguration", None)
        if logs:
            given["EnableCloudwatchLogsExports"] = logs  # moto looks for it under the name of CreateDBCluster
        if given.get("EngineVersion"):
            given["EngineVersion"] = NEWEST.get(str(given["EngineVersion"]), given["EngineVersion"])
        before = [getattr(cluster, name) for name in _SLOW]
        result = original(self)
        if cluster.engine in OWN_MEMBERS and before != [getattr(cluster, name) for name in _SLOW]:
            cluster.status = "modifying"
            clock.after(MODIFYING, "rds.cluster_modified", **place_of(cluster))
            return ActionResult({"DBCluster": cluster})
        return result

    return handler


@transition("rds.cluster_modified")
def cluster_modified(account: str, region: str, identifier: str) -> None:
    """The members are as the cluster was asked to be."""
    cluster = find_cluster(account, region, identifier)
    if cluster is None or cluster.status != "modifying":
        return
    for member in cluster.members:
        member.db_instance_class = cluster.db_cluster_instance_class
    cluster.status = "available"


def delete_db_cluster(self: Any) -> ActionResult:
    """DeleteDBCluster: refused while protected or while Aurora members are left; gone after a while."""
    given = self.params
    cluster = existing(self.backend, given.get("DBClusterIdentifier"))
    name = cluster.db_cluster_identifier
    snapshot, skip = given.get("FinalDBSnapshotIdentifier"), str(given.get("SkipFinalSnapshot")).lower() == "true"
    if cluster.status == "deleting":
        raise InvalidDBClusterStateFault(f"Cluster {name} is already being deleted.")
    if cluster.deletion_protection:
        raise InvalidParameterCombination(PROTECTED)
    if cluster.engine not in OWN_MEMBERS and any(m.status != "deleting" for m in cluster.members):
        raise DBClusterToBeDeletedHasActiveMembers
    if not skip and not snapshot:
        text = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        raise InvalidParameterCombination(text)
    if skip and snapshot:
        text = "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified."
        raise InvalidParameterCombination(text)
    if snapshot:
        self.backend.create_db_cluster_snapshot(name, snapshot)
    cluster.status = "deleting"
    for member in cluster.members:
        member.status = "deleting"
    sense(cluster)
    clock.after(DELETING, "rds.cluster_deleted", **place_of(cluster))
    return ActionResult({"DBCluster": cluster})


@transition("rds.cluster_deleted")
def cluster_deleted(account: str, region: str, identifier: str) -> None:
    """The cluster is gone, and its members with it."""
    cluster = find_cluster(account, region, identifier)
    if cluster is None or cluster.status != "deleting":
        return
    for member in list(cluster.members):
        tell(member, "RDS-EVENT-0003")
        cluster.backend.databases.pop(member.db_instance_identifier, None)
    tell(cluster, "RDS-EVENT-0171")
    cluster.deletion_protection = False
    cluster.backend.delete_db_cluster(identifier)


def create_member(original: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """CreateDBInstance: one that joins an Aurora cluster takes time too; a Multi-AZ DB cluster takes no more."""

    def handler(self: Any) -> ActionResult:
        cluster = self.backend.clusters.get(self.params.get("DBClusterIdentifier") or "")
        if cluster is not None and cluster.engine in OWN_MEMBERS:
            text = "DB instances can't be added to a Multi-AZ DB cluster."
            raise InvalidParameterCombination(text)
        result: Any = original(self)
        made = result.result["DBInstance"]
        if isinstance(made, DBInstanceClustered):
            settle_member(made)
        return result

    return handler


def delete_member(original: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """DeleteDBInstance: a member of an Aurora cluster goes after a while and without a snapshot of its own; one of a
    Multi-AZ DB cluster only with its cluster."""

    def handler(self: Any) -> ActionResult:
        member = self.backend.describe_db_instances(self.params.get("DBInstanceIdentifier"))[0]
        if not isinstance(member, DBInstanceClustered):
            return original(self)
        name = member.db_instance_identifier
        if member.engine in OWN_MEMBERS:
            text = f"DB instance {name} is a member of a Multi-AZ DB cluster. Delete the DB cluster instead."
            raise InvalidParameterCombination(text)
        if member.status == "deleting":
            raise refuse_state(f"Instance {name} is already being deleted.")
        if member.deletion_protection:
            text = "Cannot delete protected DB Instance, please disable deletion protection and try again."
            raise InvalidParameterCombination(text)
        member.status = "deleting"
        sense(member)
        clock.after(DELETING, "rds.member_deleted", **where(member))
        return ActionResult({"DBInstance": member})

    return handler


@transition("rds.member_deleted")
def member_deleted(account: str, region: str, identifier: str) -> None:
    """A member of an Aurora cluster is gone; if it was the writer, a reader takes over."""
    member = find(account, region, identifier)
    if member is None or member.status != "deleting":
        return
    tell(member, "RDS-EVENT-0003")
    member.backend.databases.pop(identifier, None)
    member.cluster.designate_writer()
    sense(member.cluster)
