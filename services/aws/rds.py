"""RDS: the environment's databases and the maintenance that waits for them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from services.aws.times import utc_or_none
from services.domain.snapshot import Database

if TYPE_CHECKING:
    from types_boto3_rds.client import RDSClient
    from types_boto3_rds.type_defs import DBInstanceTypeDef, PendingModifiedValuesTypeDef


def list_databases(client: "RDSClient", identifiers: Sequence[str]) -> tuple[Database, ...]:
    """The named instances that exist, by identifier, without pending maintenance."""
    pages = client.get_paginator("describe_db_instances").paginate(
        Filters=[{"Name": "db-instance-id", "Values": list(identifiers)}]
    )
    found = [to_database(instance) for page in pages for instance in page["DBInstances"]]
    return tuple(sorted(found, key=lambda d: d.identifier))


def list_maintenance(client: "RDSClient", identifiers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What maintenance waits for each instance, by ARN: `os-upgrade: New Operating System update is available`."""
    pages = client.get_paginator("describe_pending_maintenance_actions").paginate(
        Filters=[{"Name": "db-instance-id", "Values": list(identifiers)}]
    )
    return {
        found["ResourceIdentifier"]: tuple(
            ": ".join(filter(None, (action.get("Action"), action.get("Description"))))
            for action in found.get("PendingMaintenanceActionDetails", [])
        )
        for page in pages
        for found in page["PendingMaintenanceActions"]
    }


def join(databases: Sequence[Database], maintenance: dict[str, tuple[str, ...]]) -> tuple[Database, ...]:
    """The databases with their pending maintenance."""
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


def to_pending(found: "PendingModifiedValuesTypeDef") -> tuple[tuple[str, str], ...]:
    """What is to change at the next window or restart, AWS's name to value. A password is named, never shown."""
    return tuple(
        sorted(
            (name, "(hidden)" if name == "MasterUserPassword" else str(value))
            for name, value in found.items()
            if value not in (None, {}, [])
        )
    )
