"""RDS in the sandbox against aws-facts 1: status over time, failovers word for word, modifications, event windows."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.gaps.rds import reachable
from sandbox.weather import zones
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    made = fresh_ground()
    rds = made.aws("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=list(made.subnets.values())
    )
    return made


def create(ground: Ground, **more: Any) -> dict[str, Any]:
    given = {
        "DBInstanceIdentifier": "app",
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "postgres",
        "EngineVersion": "17",
        "AllocatedStorage": 50,
        "MultiAZ": True,
        "DBSubnetGroupName": "data",
        "MasterUsername": "haven",
        "ManageMasterUserPassword": True,
        "BackupRetentionPeriod": 7,
    }
    made: dict[str, Any] = ground.aws("rds").create_db_instance(**{**given, **more})["DBInstance"]
    return made


def available(ground: Ground, **more: Any) -> dict[str, Any]:
    create(ground, **more)
    clock.advance(200)
    return shown(ground)


def shown(ground: Ground) -> dict[str, Any]:
    found: dict[str, Any] = ground.aws("rds").describe_db_instances(DBInstanceIdentifier="app")["DBInstances"][0]
    return found


def events(ground: Ground, **window: Any) -> list[dict[str, Any]]:
    given = {"SourceIdentifier": "app", "SourceType": "db-instance", **window}
    return list(ground.aws("rds").describe_events(**given)["Events"])


def told(ground: Ground) -> list[tuple[list[str], str]]:
    return [(event["EventCategories"], event["Message"]) for event in events(ground)]


def code_of(refusal: Any) -> tuple[str, str]:
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_instance_is_created_backed_up_and_then_available(ground: Ground) -> None:
    create(ground)
    statuses = []
    for _ in range(20):
        statuses.append(shown(ground)["DBInstanceStatus"])
        clock.advance(10)
    assert list(dict.fromkeys(statuses)) == ["creating", "backing-up", "available"]
    assert [message for _, message in told(ground)] == [
        "DB instance created",
        "Applying modification to convert to a Multi-AZ DB Instance",
        "Finished applying modification to convert to a Multi-AZ DB Instance",
        "Backing up DB instance",
        "Finished DB instance backup",
    ]


def test_a_new_instance_has_no_endpoint_yet_and_later_all_it_was_given(ground: Ground) -> None:
    given = {
        "StorageType": "gp3",
        "StorageEncrypted": True,
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
        "PreferredBackupWindow": "03:00-03:30",
        "PreferredMaintenanceWindow": "sun:05:00-sun:05:30",
    }
    new = create(
        ground,
        **given,
        EnablePerformanceInsights=True,
        EnableCloudwatchLogsExports=["postgresql"],
        VpcSecurityGroupIds=[ground.group],
        Tags=[{"Key": "haven:environment", "Value": "production"}],
    )
    assert "Endpoint" not in new
    assert "InstanceCreateTime" not in new
    clock.advance(200)
    database = shown(ground)
    assert {key: database[key] for key in given} == given
    assert database["EngineVersion"] == "17.5"
    assert database["Endpoint"]["Port"] == 5432
    assert database["KmsKeyId"].startswith(f"arn:aws:kms:{REGION}:{ground.account}:key/")
    assert database["PerformanceInsightsEnabled"] is True
    assert database["PerformanceInsightsRetentionPeriod"] == 7
    assert database["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert database["VpcSecurityGroups"] == [{"VpcSecurityGroupId": ground.group, "Status": "active"}]
    assert database["MasterUserSecret"]["SecretArn"].startswith("arn:aws:secretsmanager:")
    assert database["TagList"] == [{"Key": "haven:environment", "Value": "production"}]
    assert (database["Iops"], database["StorageThroughput"]) == (3000, 125)
    assert database["PendingModifiedValues"] == {}
    assert database["DbiResourceId"] != available(fresh := second(ground))["DbiResourceId"]
    assert shown(fresh)["LatestRestorableTime"] <= clock.now()


def second(ground: Ground) -> Ground:
    """Another account, with its subnet group."""
    other = fresh_ground()
    other.aws("rds").create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=list(other.subnets.values())
    )
    return other


def test_a_standby_is_in_another_zone_and_a_single_instance_has_none(ground: Ground) -> None:
    database = available(ground)
    assert database["AvailabilityZone"] != database["SecondaryAvailabilityZone"]
    assert {database["AvailabilityZone"], database["SecondaryAvailabilityZone"]} <= set(ground.subnets)
    alone = available(second(ground), MultiAZ=False)
    assert alone["MultiAZ"] is False
    assert "SecondaryAvailabilityZone" not in alone


def test_a_forced_failover_goes_as_measured_on_aws(ground: Ground) -> None:
    before = available(ground)
    began = clock.now()
    after = ground.aws("rds").reboot_db_instance(DBInstanceIdentifier="app", ForceFailover=True)["DBInstance"]
    assert after["DBInstanceStatus"] == "rebooting"
    seen = []
    for second_ in range(600):
        clock.advance(1)
        database = shown(ground) if second_ % 5 == 0 or second_ < 100 else None
        if database:
            seen.append((second_ + 1, database["DBInstanceStatus"], database["AvailabilityZone"]))
    at = {event["Message"]: (event["Date"] - began).total_seconds() for event in events(ground)}
    started = at["Multi-AZ instance failover started. "]
    restarted = at["DB instance restarted"]
    completed = at["Multi-AZ instance failover completed"]
    assert 7 <= started <= 17 < restarted <= 33 < completed <= 71
    assert at["The user requested a failover of the DB instance."] == completed
    back = next(t for t, status, _ in seen if status == "available")
    swap = next(t for t, _, zone in seen if zone == before["SecondaryAvailabilityZone"])
    assert 72 <= back <= 96
    assert 60 <= swap <= 546
    database = shown(ground)
    assert database["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    assert database["SecondaryAvailabilityZone"] == before["AvailabilityZone"]
    for same in ("Endpoint", "DbiResourceId", "DBInstanceArn", "MultiAZ", "InstanceCreateTime"):
        assert database[same] == before[same]
    assert told(ground)[-4:] == [
        (["failover"], "Multi-AZ instance failover started. "),
        (["availability"], "DB instance restarted"),
        (["failover"], "Multi-AZ instance failover completed"),
        ([], "The user requested a failover of the DB instance."),
    ]


def test_clients_connect_again_before_the_completed_event(ground: Ground) -> None:
    available(ground)
    ground.aws("rds").reboot_db_instance(DBInstanceIdentifier="app", ForceFailover=True)
    log = []
    for _ in range(100):
        clock.advance(1)
        log.append((reachable(ground.account, REGION, "app"), len(told(ground))))
    down = [up for up, _ in log].index(False)
    up_again = down + [up for up, _ in log[down:]].index(True)
    assert 16 >= down >= 6
    assert up_again <= 24
    assert log[up_again][1] == 6  # the five of its creation, and "started": neither restarted nor completed


def test_a_second_failover_soon_after_is_accepted_and_abandoned(ground: Ground) -> None:
    available(ground)
    rds = ground.aws("rds")
    rds.reboot_db_instance(DBInstanceIdentifier="app", ForceFailover=True)
    clock.advance(100)
    told_before = len(told(ground))
    answer = rds.reboot_db_instance(DBInstanceIdentifier="app", ForceFailover=True)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    clock.advance(60)
    assert told(ground)[told_before:] == [
        (
            ["failover"],
            "Abandoning user requested failover since a failover recently occurred on the database instance.",
        )
    ]
    assert shown(ground)["DBInstanceStatus"] == "available"


def test_a_plain_reboot_is_short_and_applies_waiting_parameters(ground: Ground) -> None:
    rds = ground.aws("rds")
    rds.create_db_parameter_group(DBParameterGroupName="tls", DBParameterGroupFamily="postgres17", Description="tls")
    before = available(ground)
    rds.modify_db_instance(DBInstanceIdentifier="app", DBParameterGroupName="tls")
    waiting = [{"DBParameterGroupName": "tls", "ParameterApplyStatus": "pending-reboot"}]
    assert shown(ground)["DBParameterGroups"] == waiting
    rds.reboot_db_instance(DBInstanceIdentifier="app")
    clock.advance(30)
    after = shown(ground)
    assert after["DBParameterGroups"] == [{"DBParameterGroupName": "tls", "ParameterApplyStatus": "in-sync"}]
    assert after["AvailabilityZone"] == before["AvailabilityZone"]
    assert [message for _, message in told(ground)][-2:] == ["DB instance shutdown", "DB instance restarted"]


def test_what_cannot_be_rebooted_is_refused_in_aws_words(ground: Ground) -> None:
    rds = ground.aws("rds")
    with pytest.raises(ClientError) as unknown:
        rds.reboot_db_instance(DBInstanceIdentifier="nobody")
    assert code_of(unknown) == ("DBInstanceNotFound", "DBInstance nobody not found.")
    assert unknown.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    create(ground, MultiAZ=False)
    with pytest.raises(ClientError) as early:
        rds.reboot_db_instance(DBInstanceIdentifier="app")
    assert code_of(early) == (
        "InvalidDBInstanceState",
        "Can only reboot db instances with state in: available, storage-optimization, "
        "incompatible-credentials, incompatible-parameters.",
    )
    assert type(early.value).__name__ == "InvalidDBInstanceStateFault"
    clock.advance(200)
    with pytest.raises(ClientError) as alone:
        rds.reboot_db_instance(DBInstanceIdentifier="app", ForceFailover=True)
    assert code_of(alone) == (
        "InvalidParameterCombination",
        "ForceFailover cannot be specified since the instance is not configured for "
        "either MultiAZ or High Availability",
    )


def test_a_lost_zone_makes_a_multi_az_instance_fail_over_by_itself(ground: Ground) -> None:
    before = available(ground)
    zones.fail(before["AvailabilityZone"])
    try:
        clock.advance(1)
        assert not reachable(ground.account, REGION, "app")
        clock.advance(19)
        with pytest.raises(ClientError) as busy:
            ground.aws("rds").reboot_db_instance(DBInstanceIdentifier="app", ForceFailover=True)
        assert code_of(busy) == (
            "InvalidDBInstanceState",
            "Instance cannot currently reboot due to an in-progress management operation.",
        )
        clock.advance(600)
        assert reachable(ground.account, REGION, "app")
        assert [message for _, message in told(ground)][-4:] == [
            "Multi-AZ instance failover started. ",
            "DB instance restarted",
            "Multi-AZ instance failover completed",
            "The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity.",
        ]
        assert shown(ground)["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    finally:
        zones.recover(before["AvailabilityZone"])
    clock.advance(500)
    assert [message for _, message in told(ground)][-2:] == [
        "Recovery of standby DB instance has started.",
        "Recovery of standby DB instance has completed.",
    ]


def test_a_single_instance_in_a_lost_zone_says_nothing_but_cannot_be_reached(ground: Ground) -> None:
    before = available(ground, MultiAZ=False)
    quiet = len(told(ground))
    zones.fail(before["AvailabilityZone"])
    try:
        clock.advance(300)
        assert shown(ground)["DBInstanceStatus"] == "available"
        assert len(told(ground)) == quiet
        assert not reachable(ground.account, REGION, "app")
    finally:
        zones.recover(before["AvailabilityZone"])
    assert reachable(ground.account, REGION, "app")


def test_converting_to_multi_az_and_back_tells_so_and_shows_the_standby_at_the_end(ground: Ground) -> None:
    available(ground, MultiAZ=False)
    rds = ground.aws("rds")
    rds.modify_db_instance(DBInstanceIdentifier="app", MultiAZ=True, ApplyImmediately=True)
    during = shown(ground)
    assert during["DBInstanceStatus"] == "modifying"
    assert during["PendingModifiedValues"] == {"MultiAZ": True}
    assert during["MultiAZ"] is False
    assert "SecondaryAvailabilityZone" not in during
    with pytest.raises(ClientError) as early:
        rds.modify_db_instance(DBInstanceIdentifier="app", BackupRetentionPeriod=3, ApplyImmediately=True)
    assert code_of(early) == ("InvalidDBInstanceState", "Database instance is not in available state.")
    clock.advance(420)
    after = shown(ground)
    assert (after["DBInstanceStatus"], after["MultiAZ"], after["PendingModifiedValues"]) == ("available", True, {})
    assert after["SecondaryAvailabilityZone"] != after["AvailabilityZone"]
    rds.modify_db_instance(DBInstanceIdentifier="app", MultiAZ=False, ApplyImmediately=True)
    clock.advance(420)
    assert "SecondaryAvailabilityZone" not in shown(ground)
    assert [message for _, message in told(ground)][-4:] == [
        "Applying modification to convert to a Multi-AZ DB Instance",
        "Finished applying modification to convert to a Multi-AZ DB Instance",
        "Applying modification to convert to a standard (Single-AZ) DB Instance",
        "Finished applying modification to convert to a standard (Single-AZ) DB Instance",
    ]


def test_without_apply_immediately_a_slow_change_waits_for_the_window_and_a_quick_one_does_not(ground: Ground) -> None:
    available(ground)
    rds = ground.aws("rds")
    answer = rds.modify_db_instance(
        DBInstanceIdentifier="app", AllocatedStorage=100, DeletionProtection=True, BackupRetentionPeriod=14
    )["DBInstance"]
    assert answer["DBInstanceStatus"] == "available"
    assert answer["PendingModifiedValues"] == {"AllocatedStorage": 100}
    assert (answer["AllocatedStorage"], answer["DeletionProtection"]) == (50, True)
    assert answer["BackupRetentionPeriod"] == 14
    clock.advance(8 * 24 * 3600)
    after = shown(ground)
    assert (after["AllocatedStorage"], after["PendingModifiedValues"]) == (100, {})
    with pytest.raises(ClientError) as smaller:
        rds.modify_db_instance(DBInstanceIdentifier="app", AllocatedStorage=20, ApplyImmediately=True)
    assert code_of(smaller)[0] == "InvalidParameterCombination"


def test_a_new_class_moves_a_multi_az_instance_by_a_failover(ground: Ground) -> None:
    before = available(ground)
    ground.aws("rds").modify_db_instance(
        DBInstanceIdentifier="app", DBInstanceClass="db.r6g.large", ApplyImmediately=True
    )
    clock.advance(800)
    after = shown(ground)
    assert (after["DBInstanceClass"], after["DBInstanceStatus"]) == ("db.r6g.large", "available")
    assert after["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    messages = [message for _, message in told(ground)]
    assert "The RDS instance was modified by customer." in messages
    assert messages[-1] == "Finished applying modification to DB instance class"


def test_a_zone_cannot_be_asked_for_with_multi_az(ground: Ground) -> None:
    with pytest.raises(ClientError) as refusal:
        create(ground, AvailabilityZone="us-east-1a")
    assert code_of(refusal) == (
        "InvalidParameterCombination",
        "Requesting a specific availability zone is not valid for Multi-AZ instances.",
    )


def test_a_subnet_group_needs_two_zones(ground: Ground) -> None:
    with pytest.raises(ClientError) as refusal:
        ground.aws("rds").create_db_subnet_group(
            DBSubnetGroupName="one", DBSubnetGroupDescription="one", SubnetIds=[ground.subnets["us-east-1a"]]
        )
    assert code_of(refusal)[0] == "DBSubnetGroupDoesNotCoverEnoughAZs"


def test_a_protected_instance_stays_and_an_unprotected_leaves_a_snapshot(ground: Ground) -> None:
    available(ground, DeletionProtection=True)
    rds = ground.aws("rds")
    with pytest.raises(ClientError) as protected:
        rds.delete_db_instance(DBInstanceIdentifier="app", SkipFinalSnapshot=True)
    assert code_of(protected) == (
        "InvalidParameterCombination",
        "Cannot delete protected DB Instance, please disable deletion protection and try again.",
    )
    rds.modify_db_instance(DBInstanceIdentifier="app", DeletionProtection=False, ApplyImmediately=True)
    with pytest.raises(ClientError, match="FinalDBSnapshotIdentifier is required"):
        rds.delete_db_instance(DBInstanceIdentifier="app")
    with pytest.raises(ClientError, match="still using it"):
        rds.delete_db_subnet_group(DBSubnetGroupName="data")
    gone = rds.delete_db_instance(DBInstanceIdentifier="app", FinalDBSnapshotIdentifier="last")["DBInstance"]
    assert gone["DBInstanceStatus"] == "deleting"
    clock.advance(60)
    with pytest.raises(ClientError) as missing:
        rds.describe_db_instances(DBInstanceIdentifier="app")
    assert code_of(missing)[0] == "DBInstanceNotFound"
    assert rds.describe_db_snapshots(DBSnapshotIdentifier="last")["DBSnapshots"][0]["SnapshotType"] == "manual"
    assert told(ground)[-1] == (["deletion"], "DB instance deleted")


def test_events_are_those_of_the_last_hour_unless_asked_otherwise(ground: Ground) -> None:
    available(ground)
    rds = ground.aws("rds")
    clock.advance(3600)
    assert rds.describe_events()["Events"] == []
    assert len(events(ground, Duration=120)) == 5
    now = clock.now()
    assert len(events(ground, StartTime=now - timedelta(hours=2), EndTime=now - timedelta(hours=1))) == 5
    assert [e["Message"] for e in events(ground, Duration=120, EventCategories=["creation"])] == ["DB instance created"]
    assert events(ground, Duration=120)[0]["SourceArn"] == f"arn:aws:rds:{REGION}:{ground.account}:db:app"


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"Duration": 20161}, "InvalidParameterCombination", "14 days in the past are not available."),
        ({"Duration": 60, "EndTime": "2026-01-01"}, "InvalidParameterCombination", "must be omitted."),
        ({"SourceIdentifier": "app"}, "InvalidParameterCombination", "without source type"),
        ({"MaxRecords": 19}, "InvalidParameterValue", "Must be between 20 and 100"),
        ({"MaxRecords": 101}, "InvalidParameterValue", "Must be between 20 and 100"),
    ],
)
def test_windows_and_pages_outside_the_limits_are_refused(
    ground: Ground, asked: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        ground.aws("rds").describe_events(**asked)
    assert code_of(refusal)[0] == code
    assert message in code_of(refusal)[1]


def test_events_come_in_pages(ground: Ground) -> None:
    available(ground)
    rds = ground.aws("rds")
    for _ in range(12):
        rds.reboot_db_instance(DBInstanceIdentifier="app")
        clock.advance(30)
    pages = rds.get_paginator("describe_events").paginate(
        SourceType="db-instance", SourceIdentifier="app", PaginationConfig={"PageSize": 20}
    )
    assert [len(page["Events"]) for page in pages] == [20, 9]


def test_no_maintenance_is_pending_by_default(ground: Ground) -> None:
    available(ground)
    assert ground.aws("rds").describe_pending_maintenance_actions()["PendingMaintenanceActions"] == []
