"""RDS: the environment's databases and DB clusters, and the maintenance that waits for them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from services.aws.times import utc_or_none
from services.domain.snapshot import ClusterMember, Database, DatabaseCluster

if TYPE_CHECKING:
    from types_boto3_rds.client import RDSClient
    from types_boto3_rds.type_defs import DBClusterTypeDef, DBInstanceTypeDef

D = TypeVar("D", Database, DatabaseCluster)
By = Literal["db-instance-id", "db-cluster-id"]


def list_databases(client: "RDSClient", identifiers: Sequence[str]) -> tuple[Database, ...]:
    """The named instances that exist, by identifier, without pending maintenance."""
    pages = client.get_paginator("describe_db_instances").paginate(
        Filters=[{"Name": "db-instance-id", "Values": list(identifiers)}]
    )
    instances = [instance for page in pages for instance in page["DBInstances"]]
    limits = {group: read_max_connections(client, group) for group in {own_group(each) for each in instances} if group}
    found = [replace(to_database(each), max_connections=limits.get(own_group(each) or "")) for each in instances]
    return tuple(sorted(found, key=lambda d: d.identifier))


def list_clusters(client: "RDSClient", identifiers: Sequence[str]) -> tuple["DBClusterTypeDef", ...]:
    """The named DB clusters that exist, as AWS describes them (`to_cluster` needs their members too)."""
    pages = client.get_paginator("describe_db_clusters").paginate(
        Filters=[{"Name": "db-cluster-id", "Values": list(identifiers)}]
    )
    return tuple(cluster for page in pages for cluster in page["DBClusters"])


def list_members(client: "RDSClient", clusters: Sequence[str]) -> dict[str, "DBInstanceTypeDef"]:
    """The instances of the named DB clusters, by identifier: the only place that tells a member's zone and status."""
    pages = client.get_paginator("describe_db_instances").paginate(
        Filters=[{"Name": "db-cluster-id", "Values": list(clusters)}]
    )
    return {found["DBInstanceIdentifier"]: found for page in pages for found in page["DBInstances"]}


def list_maintenance(
    client: "RDSClient", identifiers: Sequence[str], by: By = "db-instance-id"
) -> dict[str, tuple[str, ...]]:
    """What maintenance waits for each, by ARN: `os-upgrade: New Operating System update is available`."""
    pages = client.get_paginator("describe_pending_maintenance_actions").paginate(
        Filters=[{"Name": by, "Values": list(identifiers)}]
    )
    return {
        found["ResourceIdentifier"]: tuple(
            ": ".join(filter(None, (action.get("Action"), action.get("Description"))))
            for action in found.get("PendingMaintenanceActionDetails", [])
        )
        for page in pages
        for found in page["PendingMaintenanceActions"]
    }


def read_max_connections(client: "RDSClient", group: str) -> int | None:
    """What a parameter group sets max_connections to; None when it does not, or by a formula of the class's memory."""
    pages = client.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group, Source="user")
    values = (
        parameter.get("ParameterValue", "")
        for page in pages
        for parameter in page["Parameters"]
        if parameter.get("ParameterName") == "max_connections"
    )
    return next((int(value) for value in values if value.isascii() and value.isdigit()), None)


def own_group(found: "DBInstanceTypeDef") -> str | None:
    """The parameter group whose values are in force, None for AWS's own defaults and while it waits for a reboot."""
    groups = found.get("DBParameterGroups", [])
    name = groups[0].get("DBParameterGroupName", "") if groups else ""
    in_force = bool(groups) and groups[0].get("ParameterApplyStatus") == "in-sync"
    return name if in_force and not name.startswith("default.") else None


def join(databases: Sequence[D], maintenance: dict[str, tuple[str, ...]]) -> tuple[D, ...]:
    """The databases or clusters with their pending maintenance."""
    return tuple(replace(database, maintenance=maintenance.get(database.arn, ())) for database in databases)


def to_database(found: "DBInstanceTypeDef") -> Database:
    """Haven's database of RDS's instance. While it is being created it has no endpoint, zone or restorable time."""
    endpoint = found.get("Endpoint", {})
    groups = found.get("DBParameterGroups", [])
    subnets = found.get("DBSubnetGroup", {}).get("Subnets", [])
    return Database(
        identifier=found["DBInstanceIdentifier"],
        arn=found["DBInstanceArn"],
        resource_id=found["DbiResourceId"],
        engine=found["Engine"],
        engine_version=found["EngineVersion"],
        instance_class=found["DBInstanceClass"],
        status=found["DBInstanceStatus"],
        multi_az=found["MultiAZ"],
        zone=found.get("AvailabilityZone"),
        secondary_zone=found.get("SecondaryAvailabilityZone"),
        endpoint=endpoint.get("Address"),
        port=endpoint.get("Port"),
        storage_type=found.get("StorageType"),
        allocated_storage=found["AllocatedStorage"],
        encrypted=found.get("StorageEncrypted", False),
        deletion_protection=found.get("DeletionProtection", False),
        backup_retention_days=found.get("BackupRetentionPeriod", 0),
        latest_restorable=utc_or_none(found.get("LatestRestorableTime")),
        performance_insights=found.get("PerformanceInsightsEnabled", False),
        publicly_accessible=found.get("PubliclyAccessible", False),
        parameter_group=groups[0]["DBParameterGroupName"] if groups else None,
        pending=to_pending(found.get("PendingModifiedValues", {})),
        subnet_zones=tuple(sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets})),
        created_at=utc_or_none(found.get("InstanceCreateTime")),
    )


def to_cluster(found: "DBClusterTypeDef", members: Mapping[str, "DBInstanceTypeDef"]) -> DatabaseCluster:
    """Haven's DB cluster of RDS's cluster and its instances. The writer comes first, then the readers by name."""
    there = [
        to_cluster_member(member["DBInstanceIdentifier"], member.get("IsClusterWriter", False), members)
        for member in found.get("DBClusterMembers", [])
        if "DBInstanceIdentifier" in member
    ]
    return DatabaseCluster(
        identifier=found["DBClusterIdentifier"],
        arn=found["DBClusterArn"],
        engine=found["Engine"],
        engine_version=found["EngineVersion"],
        instance_class=found.get("DBClusterInstanceClass"),
        status=found["Status"],
        multi_az=found.get("MultiAZ", False),
        endpoint=found.get("Endpoint"),
        reader_endpoint=found.get("ReaderEndpoint"),
        port=found.get("Port"),
        encrypted=found.get("StorageEncrypted", False),
        deletion_protection=found.get("DeletionProtection", False),
        backup_retention_days=found.get("BackupRetentionPeriod", 0),
        latest_restorable=utc_or_none(found.get("LatestRestorableTime")),
        members=tuple(sorted(there, key=lambda member: (not member.writer, member.identifier))),
        pending=to_pending(found.get("PendingModifiedValues", {})),
        created_at=utc_or_none(found.get("ClusterCreateTime")),
    )


def to_cluster_member(identifier: str, writer: bool, members: Mapping[str, "DBInstanceTypeDef"]) -> ClusterMember:
    """Haven's member; without its instance, zone and status are not known."""
    instance = members.get(identifier)
    if instance is None:
        return ClusterMember(identifier, None, writer)
    return ClusterMember(identifier, instance.get("AvailabilityZone"), writer, instance.get("DBInstanceStatus"))


def to_pending(found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What is to change at the next window or restart, AWS's name to value. A password is named, never shown."""
    return tuple(
        sorted(
            (name, "(hidden)" if name == "MasterUserPassword" else str(value))
            for name, value in found.items()
            if value not in (None, {}, [])
        )
    )
