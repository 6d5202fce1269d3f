"""Multi-AZ DB clusters: RDS's cluster and its instances as Haven's cluster, and as part of a snapshot."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.aws import failovers, rds
from services.aws.lanes import Lanes
from services.aws.reader import CloudReader
from services.aws.session import Sessions, Wire
from services.domain.snapshot import ClusterMember, DatabaseCluster, Part
from tests.builders.data import database
from tests.builders.places import environment
from tests.unit.aws.stubs import WHEN, answering, arn
from tests.unit.aws.world import RESOURCES, Clock, World

ARN = arn("rds", "cluster:production-main")
NAMES = tuple(f"production-main-instance-{number}" for number in (1, 2, 3))
ASKED = {"Filters": [{"Name": "db-cluster-id", "Values": ["production-main"]}]}
FOUND: dict[str, Any] = {
    "DBClusterIdentifier": "production-main",
    "DBClusterArn": ARN,
    "Engine": "postgres",
    "EngineVersion": "16.4",
    "DBClusterInstanceClass": "db.m6gd.large",
    "Status": "available",
    "MultiAZ": True,
    "Endpoint": "production-main.cluster-x.rds.example",
    "ReaderEndpoint": "production-main.cluster-ro-x.rds.example",
    "Port": 5432,
    "StorageEncrypted": True,
    "DeletionProtection": True,
    "BackupRetentionPeriod": 7,
    "LatestRestorableTime": WHEN,
    "ClusterCreateTime": WHEN - timedelta(days=1),
    "PendingModifiedValues": {"EngineVersion": "16.8", "MasterUserPassword": "hunter2"},
    "DBClusterMembers": [
        {"DBInstanceIdentifier": NAMES[0], "IsClusterWriter": False},
        {"DBInstanceIdentifier": NAMES[1], "IsClusterWriter": True},
        {"DBInstanceIdentifier": NAMES[2], "IsClusterWriter": False},
    ],
}
INSTANCES = {
    name: {"DBInstanceIdentifier": name, "AvailabilityZone": f"us-east-1{zone}", "DBInstanceStatus": "available"}
    for name, zone in zip(NAMES[:2], "ab", strict=True)
}


def cluster(**changes: Any) -> DatabaseCluster:
    """A healthy Multi-AZ DB cluster that writes in us-east-1b; nothing is known of its third member's instance."""
    made = DatabaseCluster(
        identifier="production-main",
        arn=ARN,
        engine="postgres",
        engine_version="16.4",
        instance_class="db.m6gd.large",
        status="available",
        multi_az=True,
        endpoint="production-main.cluster-x.rds.example",
        reader_endpoint="production-main.cluster-ro-x.rds.example",
        port=5432,
        encrypted=True,
        deletion_protection=True,
        backup_retention_days=7,
        latest_restorable=WHEN,
        members=(
            ClusterMember(NAMES[1], "us-east-1b", writer=True, status="available"),
            ClusterMember(NAMES[0], "us-east-1a", writer=False, status="available"),
            ClusterMember(NAMES[2], None, writer=False),
        ),
        pending=(("EngineVersion", "16.8"), ("MasterUserPassword", "(hidden)")),
        maintenance=("os-upgrade: New Operating System update is available",),
        created_at=WHEN - timedelta(days=1),
    )
    return replace(made, **changes)


def test_a_cluster_with_its_members_zones_and_what_waits_for_it() -> None:
    actions = [{"Action": "os-upgrade", "Description": "New Operating System update is available"}]
    waiting = {"PendingMaintenanceActions": [{"ResourceIdentifier": ARN, "PendingMaintenanceActionDetails": actions}]}
    with answering(
        "rds",
        ("describe_db_clusters", ASKED, {"DBClusters": [FOUND]}),
        ("describe_db_instances", ASKED, {"DBInstances": list(INSTANCES.values())}),
        ("describe_pending_maintenance_actions", ASKED, waiting),
    ) as client:
        (found,) = rds.list_clusters(client, ["production-main"])
        members = rds.list_members(client, ["production-main"])
        maintenance = rds.list_maintenance(client, ["production-main"], "db-cluster-id")
    assert rds.join([rds.to_cluster(found, members)], maintenance) == (cluster(),)
    assert cluster().writer == ClusterMember(NAMES[1], "us-east-1b", writer=True, status="available")


def test_a_cluster_that_is_being_made_lacks_much() -> None:
    bare = {name: FOUND[name] for name in ("DBClusterIdentifier", "DBClusterArn", "Engine", "EngineVersion", "Status")}
    with answering("rds", ("describe_db_clusters", ASKED, {"DBClusters": [bare]})) as client:
        (found,) = rds.list_clusters(client, ["production-main"])
    made = rds.to_cluster(found, {})
    assert (made.members, made.writer, made.endpoint, made.multi_az, made.pending) == ((), None, None, False, ())


def test_a_clusters_completed_failovers_are_told_by_their_own_kind_of_event() -> None:
    asked = {"SourceType": "db-cluster", "EventCategories": ["failover"], "Duration": failovers.WINDOW}
    event = {
        "SourceIdentifier": "production-main",
        "Message": f"Completed failover to DB instance: {NAMES[0]}",
        "Date": WHEN,
    }
    with answering("rds", ("describe_events", asked, {"Events": [event]})) as client:
        (found,) = failovers.list_database_failovers(client, ["production-main"], "db-cluster")
    assert (found.subject, found.source) == ("production-main", "rds")


def snapshot_of(world: World) -> Any:
    world.says["resources"] = {
        **RESOURCES,
        "data": [*RESOURCES["data"], ("C", "production-main", "AWS::RDS::DBCluster")],
    }
    clock, lanes = Clock(), Lanes(8)
    reader = CloudReader(Sessions(Wire(), clock), clock, lanes=lanes, sources=world.sources)
    try:
        first = reader.read(environment("production"), None, metrics=True)
        world.says["clusters"] = TimeoutError()
        return first, reader.read(environment("production"), first, metrics=False)
    finally:
        lanes.close()


def test_a_snapshot_has_the_clusters_and_keeps_them_when_they_cannot_be_read() -> None:
    world = World()
    world.says |= {"clusters": (FOUND,), "cluster_members": INSTANCES}
    world.says["databases"] = (database(), database(identifier=NAMES[0]))
    first, second = snapshot_of(world)
    assert first.clusters == (cluster(maintenance=()),)
    assert [each.identifier for each in first.databases] == ["production-app"]  # members are the cluster's alone
    assert second.clusters == first.clusters
    assert second.databases == first.databases
    assert second.reading(Part.DATABASE).gap is not None
