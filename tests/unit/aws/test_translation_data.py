"""RDS, ElastiCache, SQS and CloudWatch answers as Haven's shapes."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.aws import cloudwatch, elasticache, rds, sqs
from services.aws.wanted import Wanted
from services.domain.snapshot import Alarm, Cache, CacheNode, Database, Metric, Queue
from tests.unit.aws.stubs import WHEN, answering, arn, refusing

DATABASE = arn("rds", "db:production-app")
GROUP_ASKED = {"DBParameterGroupName": "production-app", "Source": "user"}
CONNECTIONS = {"ParameterName": "max_connections", "ParameterValue": "400"}
BARE: dict[str, Any] = {
    "DBInstanceIdentifier": "d",
    "DBInstanceArn": "a",
    "DbiResourceId": "r",
    "Engine": "postgres",
    "EngineVersion": "17.4",
    "DBInstanceClass": "db.t4g.micro",
    "DBInstanceStatus": "creating",
    "MultiAZ": False,
    "AllocatedStorage": 20,
}
URL = "http://sqs.example/123456789012/production-events"


def test_a_database_with_its_pending_changes_and_maintenance() -> None:
    found = {
        "DBInstanceIdentifier": "production-app",
        "DBInstanceArn": DATABASE,
        "DbiResourceId": "db-ABC",
        "Engine": "postgres",
        "EngineVersion": "17.4",
        "DBInstanceClass": "db.m7g.large",
        "DBInstanceStatus": "available",
        "MultiAZ": True,
        "AvailabilityZone": "us-east-1a",
        "SecondaryAvailabilityZone": "us-east-1b",
        "Endpoint": {"Address": "db.example", "Port": 5432},
        "StorageType": "gp3",
        "AllocatedStorage": 100,
        "StorageEncrypted": True,
        "DeletionProtection": True,
        "BackupRetentionPeriod": 14,
        "LatestRestorableTime": WHEN,
        "PerformanceInsightsEnabled": True,
        "PubliclyAccessible": False,
        "DBParameterGroups": [{"DBParameterGroupName": "production-app", "ParameterApplyStatus": "in-sync"}],
        "PendingModifiedValues": {"MultiAZ": False, "MasterUserPassword": "hunter2", "ProcessorFeatures": []},
        "DBSubnetGroup": {
            "Subnets": [
                {"SubnetIdentifier": "s2", "SubnetAvailabilityZone": {"Name": "us-east-1b"}},
                {"SubnetIdentifier": "s1", "SubnetAvailabilityZone": {"Name": "us-east-1a"}},
            ]
        },
        "InstanceCreateTime": WHEN - timedelta(days=30),
    }
    actions = [{"Action": "os-upgrade", "Description": "New Operating System update is available"}]
    pending = {"ResourceIdentifier": DATABASE, "PendingMaintenanceActionDetails": actions}
    asked = {"Filters": [{"Name": "db-instance-id", "Values": ["production-app"]}]}
    with answering(
        "rds",
        ("describe_db_instances", asked, {"DBInstances": [found]}),
        ("describe_db_parameters", GROUP_ASKED, {"Parameters": [CONNECTIONS]}),
        ("describe_pending_maintenance_actions", asked, {"PendingMaintenanceActions": [pending]}),
    ) as client:
        databases = rds.list_databases(client, ["production-app"])
        (database,) = rds.join(databases, rds.list_maintenance(client, ["production-app"]))
    assert database == Database(
        identifier="production-app",
        arn=DATABASE,
        resource_id="db-ABC",
        engine="postgres",
        engine_version="17.4",
        instance_class="db.m7g.large",
        status="available",
        multi_az=True,
        zone="us-east-1a",
        secondary_zone="us-east-1b",
        endpoint="db.example",
        port=5432,
        storage_type="gp3",
        allocated_storage=100,
        encrypted=True,
        deletion_protection=True,
        backup_retention_days=14,
        latest_restorable=WHEN,
        performance_insights=True,
        publicly_accessible=False,
        parameter_group="production-app",
        pending=(("MasterUserPassword", "(hidden)"), ("MultiAZ", "False")),
        maintenance=("os-upgrade: New Operating System update is available",),
        subnet_zones=("us-east-1a", "us-east-1b"),
        created_at=WHEN - timedelta(days=30),
        max_connections=400,
    )


@pytest.mark.parametrize(
    ("status", "parameters", "expected"),
    [
        ("in-sync", [{"ParameterName": "log_lock_waits", "ParameterValue": "1"}, CONNECTIONS], 400),
        ("in-sync", [{**CONNECTIONS, "ParameterValue": "LEAST({DBInstanceClassMemory/9531392},5000)"}], None),
        ("in-sync", [], None),
        ("pending-reboot", None, None),
    ],
)
def test_the_parameter_group_s_own_limit_counts_once_it_is_in_force(
    status: str, parameters: list[dict[str, str]] | None, expected: int | None
) -> None:
    group = {"DBParameterGroupName": "production-app", "ParameterApplyStatus": status}
    given = {"DBParameterGroups": [group]}
    asked = {"Filters": [{"Name": "db-instance-id", "Values": ["d"]}]}
    calls = [("describe_db_instances", asked, {"DBInstances": [{**BARE, **given}]})]
    if parameters is not None:
        calls.append(("describe_db_parameters", GROUP_ASKED, {"Parameters": parameters}))
    with answering("rds", *calls) as client:
        (database,) = rds.list_databases(client, ["d"])
    assert database.max_connections == expected


def test_the_default_group_is_not_asked_for() -> None:
    given = {"DBParameterGroups": [{"DBParameterGroupName": "default.postgres17", "ParameterApplyStatus": "in-sync"}]}
    asked = {"Filters": [{"Name": "db-instance-id", "Values": ["d"]}]}
    with answering("rds", ("describe_db_instances", asked, {"DBInstances": [{**BARE, **given}]})) as client:
        (database,) = rds.list_databases(client, ["d"])
    assert database.max_connections is None


def test_a_database_being_created_has_no_endpoint_zone_or_restorable_time() -> None:
    found = BARE
    with answering("rds", ("describe_db_instances", {"Filters": [{"Name": "db-instance-id", "Values": ["d"]}]},
                           {"DBInstances": [found]})) as client:  # fmt: skip
        (database,) = rds.list_databases(client, ["d"])
    assert (database.endpoint, database.zone, database.secondary_zone, database.latest_restorable) == (None,) * 4
    assert database.pending == ()
    assert database.subnet_zones == ()


MEMBER = {
    "CacheClusterId": "c-001",
    "ReplicationGroupId": "c",
    "CacheClusterStatus": "available",
    "EngineVersion": "8.1.0",
    "PreferredAvailabilityZone": "us-east-1a",
}
GROUP: dict[str, Any] = {
    "ReplicationGroupId": "c",
    "ARN": "arn-c",
    "Engine": "valkey",
    "CacheNodeType": "cache.m7g.large",
    "Status": "available",
    "AutomaticFailover": "enabled",
    "MultiAZ": "enabled",
    "TransitEncryptionEnabled": True,
    "AtRestEncryptionEnabled": True,
    "SnapshotRetentionLimit": 7,
    "MemberClusters": ["c-001", "c-002"],
    "NodeGroups": [
        {
            "NodeGroupId": "0001",
            "PrimaryEndpoint": {"Address": "cache.example", "Port": 6379},
            "NodeGroupMembers": [
                {"CacheClusterId": "c-002", "PreferredAvailabilityZone": "us-east-1b", "CurrentRole": "replica"},
                {"CacheClusterId": "c-001", "CurrentRole": "primary"},
            ],
        }
    ],
}


def test_a_cache_with_its_nodes() -> None:
    stranger = {**MEMBER, "CacheClusterId": "other-001", "ReplicationGroupId": "other"}
    with answering(
        "elasticache",
        ("describe_replication_groups", {"ReplicationGroupId": "c"}, {"ReplicationGroups": [GROUP]}),
        ("describe_cache_clusters", {}, {"CacheClusters": [MEMBER, stranger]}),
    ) as client:
        (group,) = elasticache.list_groups(client, ["c"])
        members = elasticache.list_members(client, ["c"])
    assert set(members) == {"c-001"}
    assert elasticache.to_cache(group, members) == Cache(
        identifier="c",
        arn="arn-c",
        engine="valkey",
        engine_version="8.1.0",
        node_type="cache.m7g.large",
        status="available",
        automatic_failover="enabled",
        multi_az="enabled",
        transit_encryption=True,
        at_rest_encryption=True,
        endpoint="cache.example",
        port=6379,
        snapshot_retention_days=7,
        nodes=(
            CacheNode("c-001", "0001", "us-east-1a", "primary", "available"),
            CacheNode("c-002", "0001", "us-east-1b", "replica", None),
        ),
    )


def test_several_caches_are_one_call_and_a_gone_one_is_none() -> None:
    both = [{**GROUP, "ReplicationGroupId": name} for name in ("a", "b", "c")]
    with answering("elasticache", ("describe_replication_groups", {}, {"ReplicationGroups": both})) as client:
        assert [group["ReplicationGroupId"] for group in elasticache.list_groups(client, ["a", "c"])] == ["a", "c"]
    with refusing("elasticache", "describe_replication_groups", "ReplicationGroupNotFoundFault", 404) as client:
        assert elasticache.list_groups(client, ["c"]) == ()
    with refusing("elasticache", "describe_replication_groups", "Throttling") as client, pytest.raises(ClientError):
        elasticache.list_groups(client, ["c"])


def test_queues_know_whom_they_serve() -> None:
    counts = {"Visible": "ApproximateNumberOfMessages", "Flight": "ApproximateNumberOfMessagesNotVisible"}
    counts |= {"Delayed": "ApproximateNumberOfMessagesDelayed"}
    dlq = arn("sqs", "production-events-dlq")
    main = {
        "QueueArn": arn("sqs", "production-events"),
        counts["Visible"]: "4",
        counts["Flight"]: "2",
        counts["Delayed"]: "1",
        "KmsMasterKeyId": "key",
        "RedrivePolicy": f'{{"deadLetterTargetArn":"{dlq}","maxReceiveCount":"5"}}',
    }
    dead = {"QueueArn": dlq, **dict.fromkeys(counts.values(), "0"), "SqsManagedSseEnabled": "false"}

    def call(url: str, attributes: dict[str, str]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        return "get_queue_attributes", {"QueueUrl": url, "AttributeNames": ["All"]}, {"Attributes": attributes}

    with answering("sqs", call(URL, main), call(f"{URL}-dlq", dead)) as client:
        found = sqs.join([sqs.read_queue(client, URL), sqs.read_queue(client, f"{URL}-dlq"), None])
    assert found == (
        Queue("production-events", URL, main["QueueArn"], 4, 2, 1, True, dead_letter=dlq, max_receives=5),
        Queue("production-events-dlq", f"{URL}-dlq", dlq, 0, 0, 0, False, dead_letter_of="production-events"),
    )


def test_a_queue_that_is_gone_is_none() -> None:
    with refusing("sqs", "get_queue_attributes", "AWS.SimpleQueueService.NonExistentQueue") as client:
        assert sqs.read_queue(client, URL) is None


def test_alarms_of_stacks_and_of_target_tracking_once_each() -> None:
    mine = {
        "AlarmName": "production-dlq-not-empty",
        "AlarmArn": "a1",
        "StateValue": "ALARM",
        "StateReason": "Threshold Crossed",
        "StateUpdatedTimestamp": WHEN,
        "AlarmDescription": "Messages failed.",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Threshold": 0.0,
        "ActionsEnabled": False,
    }
    name = "TargetTracking-service/production/rbac-AlarmHigh-1"
    tracking = {"AlarmName": name, "AlarmArn": "a2", "StateValue": "OK"}
    by_name = {"AlarmNames": [mine["AlarmName"]], "AlarmTypes": ["MetricAlarm"]}
    by_prefix = {"AlarmNamePrefix": "TargetTracking-service/production/", "AlarmTypes": ["MetricAlarm"]}
    with answering(
        "cloudwatch",
        ("describe_alarms", by_name, {"MetricAlarms": [mine]}),
        ("describe_alarms", by_prefix, {"MetricAlarms": [tracking]}),
    ) as client:
        first = cloudwatch.list_alarms(client, ["production-dlq-not-empty"])
        second = cloudwatch.list_tracking_alarms(client, "production")
    assert cloudwatch.join([first, second, first]) == (
        Alarm(name, "a2", "OK", None, None, None, None, None, actions_enabled=True, scaling=True),
        Alarm(
            "production-dlq-not-empty",
            "a1",
            "ALARM",
            "Threshold Crossed",
            WHEN,
            "Messages failed.",
            "ApproximateNumberOfMessagesVisible",
            0.0,
            actions_enabled=False,
        ),
    )


def test_metrics_are_the_newest_complete_minute_and_absent_stays_absent() -> None:
    wanted = (
        Wanted("rbac", "AWS/ECS", "CPUUtilization", "Average", "Percent", (("ServiceName", "rbac"),)),
        Wanted("rbac", "AWS/ECS", "MemoryUtilization", "Average", "Percent", (("ServiceName", "rbac"),)),
    )
    older, newer = WHEN - timedelta(minutes=3), WHEN - timedelta(minutes=1)

    def query(index: int, name: str) -> dict[str, Any]:
        dimensions = [{"Name": "ServiceName", "Value": "rbac"}]
        metric = {"Namespace": "AWS/ECS", "MetricName": name, "Dimensions": dimensions}
        return {"Id": f"m{index}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}

    asked = {
        "MetricDataQueries": [query(0, "CPUUtilization"), query(1, "MemoryUtilization")],
        "StartTime": WHEN - timedelta(minutes=5),
        "EndTime": WHEN,
        "ScanBy": "TimestampDescending",
    }
    first = [{"Id": "m0", "Timestamps": [newer], "Values": [41.5]}, {"Id": "m1", "Timestamps": [], "Values": []}]
    second = [{"Id": "m0", "Timestamps": [older], "Values": [99.0]}]  # a later page holds older points
    with answering(
        "cloudwatch",
        ("get_metric_data", asked, {"MetricDataResults": first, "NextToken": "more"}),
        ("get_metric_data", {**asked, "NextToken": "more"}, {"MetricDataResults": second}),
    ) as client:
        found = cloudwatch.read_metrics(client, wanted, WHEN + timedelta(seconds=42))
    assert found == (Metric("rbac", "CPUUtilization", 41.5, "Percent", newer),)
