"""Pending maintenance in the sandbox (aws-facts 1.9): shown, opted in to, and applied with what it costs."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.gaps import rds
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    made = fresh_ground()
    made.aws("rds").create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=list(made.subnets.values())
    )
    return made


def database(ground: Ground, *, multi_az: bool = True, name: str = "app") -> str:
    made = ground.aws("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=50,
        MultiAZ=multi_az,
        DBSubnetGroupName="data",
        MasterUsername="haven",
        MasterUserPassword="not-a-secret-1",
        PreferredMaintenanceWindow="wed:06:38-wed:07:08",
    )
    clock.advance(200)
    return str(made["DBInstance"]["DBInstanceArn"])


def pend(ground: Ground, action: str = "system-update", name: str = "app", days: float | None = None) -> None:
    rds.add_maintenance(ground.account, REGION, name, action, None, days)


def pending(ground: Ground, **asked: Any) -> list[dict[str, Any]]:
    found = ground.aws("rds").describe_pending_maintenance_actions(**asked)["PendingMaintenanceActions"]
    return [detail for row in found for detail in row["PendingMaintenanceActionDetails"]]


def apply(ground: Ground, arn: str, when: str = "immediate", action: str = "system-update") -> dict[str, Any]:
    given = {"ResourceIdentifier": arn, "ApplyAction": action, "OptInType": when}
    found = ground.aws("rds").apply_pending_maintenance_action(**given)["ResourcePendingMaintenanceActions"]
    assert found["ResourceIdentifier"] == arn
    (detail,) = found["PendingMaintenanceActionDetails"]
    assert detail["Action"] == action
    shown: dict[str, Any] = detail
    return shown


def shown(ground: Ground) -> dict[str, Any]:
    found: dict[str, Any] = ground.aws("rds").describe_db_instances(DBInstanceIdentifier="app")["DBInstances"][0]
    return found


def told(ground: Ground, name: str = "app") -> list[str]:
    found = ground.aws("rds").describe_events(SourceIdentifier=name, SourceType="db-instance")
    return [event["Message"] for event in found["Events"]]


def code_of(refusal: Any) -> str:
    return str(refusal.value.response["Error"]["Code"])


def test_a_multi_az_instance_is_patched_by_a_failover(ground: Ground) -> None:
    arn = database(ground)
    before = shown(ground)
    pend(ground)
    assert apply(ground, arn)["OptInStatus"] == "immediate"
    assert shown(ground)["DBInstanceStatus"] == "maintenance"
    down = 0
    for _ in range(900):
        clock.advance(1)
        down += not rds.reachable(ground.account, REGION, "app")
    assert 3 <= down <= 18
    after = shown(ground)
    assert (after["DBInstanceStatus"], after["AvailabilityZone"]) == ("available", before["SecondaryAvailabilityZone"])
    assert told(ground)[-5:] == [
        "Multi-AZ instance failover started. ",
        "DB instance restarted",
        "Multi-AZ instance failover completed",
        "The operating system underlying the RDS database instance is being patched in an offline operation.",
        "Database instance patched",
    ]
    assert pending(ground) == []


def test_a_single_instance_is_down_while_it_is_patched(ground: Ground) -> None:
    arn = database(ground, multi_az=False)
    pend(ground)
    apply(ground, arn)
    clock.advance(30)
    assert not rds.reachable(ground.account, REGION, "app")
    clock.advance(120)
    assert rds.reachable(ground.account, REGION, "app")
    assert shown(ground)["DBInstanceStatus"] == "available"
    assert told(ground)[-5:] == [
        "Applying off-line patches to DB instance",
        "DB instance shutdown",
        "DB instance restarted",
        "Finished applying off-line patches to DB instance",
        "Database instance patched",
    ]


def test_an_engine_upgrade_takes_both_nodes_down(ground: Ground) -> None:
    arn = database(ground)
    before = shown(ground)
    pend(ground, "db-upgrade")
    apply(ground, arn, action="db-upgrade")
    clock.advance(30)
    assert shown(ground)["DBInstanceStatus"] == "upgrading"
    assert not rds.reachable(ground.account, REGION, "app")
    clock.advance(120)
    after = shown(ground)
    assert (before["EngineVersion"], after["EngineVersion"]) == ("17.5", "17.6")
    assert after["AvailabilityZone"] == before["AvailabilityZone"]


def test_the_next_window_is_waited_for_unless_one_opts_out(ground: Ground) -> None:
    arn = database(ground)
    pend(ground)
    opted = apply(ground, arn, "next-maintenance")
    assert (opted["OptInStatus"], f"{opted['CurrentApplyDate']:%a %H:%M}") == ("next-maintenance", "Wed 06:38")
    undone = apply(ground, arn, "undo-opt-in")
    assert "OptInStatus" not in undone
    assert "CurrentApplyDate" not in undone
    clock.advance(8 * 86400)
    assert len(pending(ground)) == 1
    apply(ground, arn, "next-maintenance")
    clock.advance(8 * 86400)
    assert pending(ground) == []


def test_a_deadline_applies_it_without_anybody_s_doing(ground: Ground) -> None:
    database(ground)
    pend(ground, "hardware-maintenance", days=3)
    (detail,) = pending(ground)
    assert detail["AutoAppliedAfterDate"] == detail["ForcedApplyDate"]
    assert detail["AutoAppliedAfterDate"] <= detail["CurrentApplyDate"]
    assert detail["CurrentApplyDate"] - detail["AutoAppliedAfterDate"] < timedelta(days=7)
    clock.advance(11 * 86400)
    assert pending(ground) == []


def test_what_cannot_be_applied_is_refused(ground: Ground) -> None:
    arn = database(ground)
    client = ground.aws("rds")
    with pytest.raises(ClientError) as unknown:
        client.describe_pending_maintenance_actions(ResourceIdentifier=f"{arn}x")
    assert code_of(unknown) == "ResourceNotFoundFault"
    with pytest.raises(ClientError) as nothing:
        apply(ground, arn)
    assert code_of(nothing) == "ResourceNotFoundFault"
    pend(ground)
    with pytest.raises(ValueError, match="already"):
        pend(ground)
    with pytest.raises(ClientError) as odd:
        apply(ground, arn, "sometimes")
    assert code_of(odd) == "InvalidParameterValue"
    client.reboot_db_instance(DBInstanceIdentifier="app")
    with pytest.raises(ClientError) as busy:
        apply(ground, arn)
    assert code_of(busy) == "InvalidDBInstanceState"
    clock.advance(60)
    apply(ground, arn)
    with pytest.raises(ClientError) as late:
        apply(ground, arn, "undo-opt-in")
    assert code_of(late) == "InvalidParameterCombination"


def test_what_is_pending_can_be_filtered_and_comes_in_pages(ground: Ground) -> None:
    arns = [database(ground, multi_az=False, name=f"app{n}") for n in range(21)]
    for n in range(21):
        pend(ground, name=f"app{n}")
    client = ground.aws("rds")
    pages = client.get_paginator("describe_pending_maintenance_actions").paginate(PaginationConfig={"PageSize": 20})
    assert [len(page["PendingMaintenanceActions"]) for page in pages] == [20, 1]
    one = [{"Name": "db-instance-id", "Values": ["app3", arns[4]]}]
    found = client.describe_pending_maintenance_actions(Filters=one)["PendingMaintenanceActions"]
    assert [row["ResourceIdentifier"] for row in found] == arns[3:5]
    assert len(pending(ground, ResourceIdentifier=arns[0])) == 1
    assert pending(ground, Filters=[{"Name": "db-cluster-id", "Values": ["app3"]}]) == []


def test_a_cluster_is_patched_by_a_failover_too(ground: Ground) -> None:
    client = ground.aws("rds")
    made = client.create_db_cluster(
        DBClusterIdentifier="ledger",
        Engine="postgres",
        DBClusterInstanceClass="db.m6gd.large",
        AllocatedStorage=100,
        StorageType="gp3",
        DBSubnetGroupName="data",
        MasterUsername="haven",
        ManageMasterUserPassword=True,
    )["DBCluster"]
    clock.advance(320)
    pend(ground, name="ledger")
    apply(ground, made["DBClusterArn"])
    clock.advance(400)
    (cluster,) = client.describe_db_clusters()["DBClusters"]
    assert cluster["Status"] == "available"
    events = client.describe_events(SourceIdentifier="ledger", SourceType="db-cluster")["Events"]
    assert events[-1]["Message"].startswith("Completed RDS initiated failover to DB instance: ledger-instance-")
    assert told(ground, "ledger-instance-1")[-1] == "Database instance patched"
    assert pending(ground) == []
