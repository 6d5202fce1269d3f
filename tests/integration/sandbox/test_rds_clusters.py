"""DB clusters in the sandbox (aws-facts 1.3, 1.8): members over three zones, failovers with time and events."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.gaps import rds as mended
from sandbox.gaps.rds import reachable
from sandbox.weather import outages, zones
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    made = fresh_ground()
    made.aws("rds").create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=list(made.subnets.values())
    )
    return made


def create(ground: Ground, **more: Any) -> dict[str, Any]:
    given = {
        "DBClusterIdentifier": "ledger",
        "Engine": "postgres",
        "DBClusterInstanceClass": "db.m6gd.large",
        "AllocatedStorage": 100,
        "StorageType": "gp3",
        "DBSubnetGroupName": "data",
        "MasterUsername": "haven",
        "ManageMasterUserPassword": True,
    }
    made: dict[str, Any] = ground.aws("rds").create_db_cluster(**{**given, **more})["DBCluster"]
    return made


def shown(ground: Ground) -> dict[str, Any]:
    found: dict[str, Any] = ground.aws("rds").describe_db_clusters(DBClusterIdentifier="ledger")["DBClusters"][0]
    return found


def available(ground: Ground, **more: Any) -> dict[str, Any]:
    create(ground, **more)
    clock.advance(320)
    return shown(ground)


def writer(cluster: dict[str, Any]) -> str:
    (name,) = [m["DBInstanceIdentifier"] for m in cluster["DBClusterMembers"] if m["IsClusterWriter"]]
    return str(name)


def readers(cluster: dict[str, Any]) -> list[str]:
    return [m["DBInstanceIdentifier"] for m in cluster["DBClusterMembers"] if not m["IsClusterWriter"]]


def members(ground: Ground) -> dict[str, dict[str, Any]]:
    return {d["DBInstanceIdentifier"]: d for d in ground.aws("rds").describe_db_instances()["DBInstances"]}


def told(ground: Ground, source: str = "ledger", kind: str = "db-cluster") -> list[str]:
    found = ground.aws("rds").describe_events(SourceIdentifier=source, SourceType=kind)["Events"]
    return [event["Message"] for event in found]


def lost(ground: Ground) -> bool:
    return outages.share(shown(ground)["DBClusterArn"], int(clock.time() // 60)) > 0 and not reachable(
        ground.account, REGION, "ledger"
    )


def code_of(refusal: Any) -> tuple[str, str]:
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_multi_az_db_cluster_comes_with_three_members_in_three_zones(ground: Ground) -> None:
    new = create(ground)
    assert new["Status"] == "creating"
    clock.advance(100)
    assert shown(ground)["Status"] == "creating"
    assert {d["DBInstanceStatus"] for d in members(ground).values()} == {"creating"}
    clock.advance(220)
    cluster = shown(ground)
    assert (cluster["Status"], cluster["MultiAZ"], cluster["EngineVersion"]) == ("available", True, "17.5")
    assert cluster["DBClusterInstanceClass"] == "db.m6gd.large"
    assert len(readers(cluster)) == 2
    there = members(ground)
    assert {d["AvailabilityZone"] for d in there.values()} == set(ground.subnets)
    assert {d["DBInstanceStatus"] for d in there.values()} == {"available"}
    assert {d["DBClusterIdentifier"] for d in there.values()} == {"ledger"}
    assert all(d["Endpoint"]["Port"] == 5432 for d in there.values())
    assert ".cluster-ro-" in cluster["ReaderEndpoint"]
    assert told(ground) == ["DB cluster created"]


def test_a_failover_takes_half_a_minute_and_names_the_new_writer(ground: Ground) -> None:
    before = available(ground)
    target = readers(before)[1]
    answer = ground.aws("rds").failover_db_cluster(DBClusterIdentifier="ledger", TargetDBInstanceIdentifier=target)
    assert answer["DBCluster"]["Status"] == "failing-over"
    began = clock.now()
    statuses, up = [], []
    for _ in range(60):
        clock.advance(1)
        statuses.append(shown(ground)["Status"])
        up.append(reachable(ground.account, REGION, "ledger"))
    assert list(dict.fromkeys(statuses)) == ["failing-over", "available"]
    assert 35 <= statuses.index("available") + 1 <= 46
    assert 7 <= up.count(False) <= 19
    assert up[-1]
    after = shown(ground)
    assert writer(after) == target
    for same in ("Endpoint", "ReaderEndpoint", "DbClusterResourceId", "DBClusterArn"):
        assert after[same] == before[same]
    events = ground.aws("rds").describe_events(SourceIdentifier="ledger", SourceType="db-cluster")["Events"][1:]
    assert [(e["EventCategories"], e["Message"]) for e in events] == [
        (["failover"], f"Started cross AZ failover to DB instance: {target}"),
        (["failover"], f"Completed failover to DB instance: {target}"),
    ]
    assert 25 <= (events[1]["Date"] - began).total_seconds() <= 35
    assert told(ground, writer(before), "db-instance")[-1] == "DB instance restarted"


def test_without_a_target_a_reader_is_chosen_and_a_second_failover_must_wait(ground: Ground) -> None:
    before = available(ground)
    rds = ground.aws("rds")
    rds.failover_db_cluster(DBClusterIdentifier="ledger")
    with pytest.raises(ClientError) as busy:
        rds.failover_db_cluster(DBClusterIdentifier="ledger")
    assert code_of(busy)[0] == "InvalidDBClusterStateFault"
    clock.advance(60)
    assert writer(shown(ground)) in readers(before)


def test_what_cannot_fail_over_is_refused(ground: Ground) -> None:
    rds = ground.aws("rds")
    with pytest.raises(ClientError) as unknown:
        rds.failover_db_cluster(DBClusterIdentifier="nobody")
    assert code_of(unknown)[0] == "DBClusterNotFoundFault"
    assert unknown.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    cluster = available(ground)
    with pytest.raises(ClientError) as stranger:
        rds.failover_db_cluster(DBClusterIdentifier="ledger", TargetDBInstanceIdentifier="other")
    assert code_of(stranger) == ("InvalidParameterValue", "Cannot find target instance: other")
    with pytest.raises(ClientError) as already:
        rds.failover_db_cluster(DBClusterIdentifier="ledger", TargetDBInstanceIdentifier=writer(cluster))
    assert code_of(already)[0] == "InvalidDBInstanceState"
    with pytest.raises(ClientError) as member:
        rds.reboot_db_instance(DBInstanceIdentifier=writer(cluster), ForceFailover=True)
    assert code_of(member)[0] == "InvalidParameterCombination"


def test_a_reboot_restarts_all_members_and_keeps_the_writer(ground: Ground) -> None:
    before = available(ground)
    answer = ground.aws("rds").reboot_db_cluster(DBClusterIdentifier="ledger")["DBCluster"]
    assert answer["Status"] == "rebooting"
    clock.advance(5)
    assert not reachable(ground.account, REGION, "ledger")
    assert {d["DBInstanceStatus"] for d in members(ground).values()} == {"rebooting"}
    clock.advance(30)
    after = shown(ground)
    assert (after["Status"], writer(after)) == ("available", writer(before))
    for name in members(ground):
        assert told(ground, name, "db-instance")[-2:] == ["DB instance shutdown", "DB instance restarted"]


def test_a_writer_that_fails_is_replaced_by_rds_itself(ground: Ground) -> None:
    before = available(ground)
    mended.fail_over_cluster(ground.account, REGION, "ledger", "host")
    assert not reachable(ground.account, REGION, "ledger")
    clock.advance(120)
    after = shown(ground)
    assert after["Status"] == "available"
    assert writer(after) != writer(before)
    assert told(ground)[-2:] == [
        f"Started cross AZ failover to DB instance: {writer(after)}",
        f"Completed RDS initiated failover to DB instance: {writer(after)}",
    ]


def test_a_lost_zone_takes_the_writer_with_it(ground: Ground) -> None:
    before = available(ground)
    zone = members(ground)[writer(before)]["AvailabilityZone"]
    zones.fail(zone)
    try:
        clock.advance(120)
        after = shown(ground)
        assert members(ground)[writer(after)]["AvailabilityZone"] != zone
        assert reachable(ground.account, REGION, "ledger")
    finally:
        zones.recover(zone)


def test_a_cluster_needs_three_zones_and_says_what_it_lacks(ground: Ground) -> None:
    two = [ground.subnets["us-east-1a"], ground.subnets["us-east-1b"]]
    ground.aws("rds").create_db_subnet_group(DBSubnetGroupName="two", DBSubnetGroupDescription="two", SubnetIds=two)
    with pytest.raises(ClientError) as narrow:
        create(ground, DBSubnetGroupName="two")
    assert code_of(narrow)[0] == "DBSubnetGroupDoesNotCoverEnoughAZs"
    with pytest.raises(ClientError) as storage:
        create(ground, StorageType="io1")
    assert code_of(storage)[0] == "InvalidParameterCombination"
    create(ground)
    with pytest.raises(ClientError) as twice:
        create(ground)
    assert code_of(twice)[0] == "DBClusterAlreadyExistsFault"


def test_a_cluster_goes_with_its_members_and_its_members_only_with_it(ground: Ground) -> None:
    cluster = available(ground, DeletionProtection=True)
    rds = ground.aws("rds")
    with pytest.raises(ClientError) as one:
        rds.delete_db_instance(DBInstanceIdentifier=writer(cluster), SkipFinalSnapshot=True)
    assert code_of(one)[0] == "InvalidParameterCombination"
    with pytest.raises(ClientError, match="Cannot delete protected Cluster"):
        rds.delete_db_cluster(DBClusterIdentifier="ledger", SkipFinalSnapshot=True)
    rds.modify_db_cluster(DBClusterIdentifier="ledger", DeletionProtection=False)
    gone = rds.delete_db_cluster(DBClusterIdentifier="ledger", SkipFinalSnapshot=True)["DBCluster"]
    assert gone["Status"] == "deleting"
    clock.advance(100)
    assert rds.describe_db_clusters()["DBClusters"] == []
    assert members(ground) == {}


def test_aurora_s_members_are_made_one_by_one_and_fail_over_too(ground: Ground) -> None:
    rds = ground.aws("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="ledger",
        Engine="aurora-postgresql",
        MasterUsername="haven",
        MasterUserPassword="not-a-secret-1",
        DBSubnetGroupName="data",
    )
    clock.advance(100)
    assert not lost(ground)  # without an instance it serves nobody, and nobody misses it
    for name in ("one", "two"):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.r6g.large",
            Engine="aurora-postgresql",
            DBClusterIdentifier="ledger",
            DBSubnetGroupName="data",
        )
    assert members(ground)["two"]["DBInstanceStatus"] == "creating"
    clock.advance(200)
    there = members(ground)
    assert {d["DBInstanceStatus"] for d in there.values()} == {"available"}
    assert there["one"]["AvailabilityZone"] != there["two"]["AvailabilityZone"]
    rds.failover_db_cluster(DBClusterIdentifier="ledger")
    clock.advance(10)
    assert lost(ground)
    clock.advance(50)
    assert not lost(ground)
    assert writer(shown(ground)) == "two"
    with pytest.raises(ClientError) as aurora:
        rds.reboot_db_cluster(DBClusterIdentifier="ledger")
    assert code_of(aurora)[0] == "InvalidParameterCombination"
    rds.delete_db_instance(DBInstanceIdentifier="two", SkipFinalSnapshot=True)
    clock.advance(100)
    assert writer(shown(ground)) == "one"
