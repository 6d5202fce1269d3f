"""AWS::RDS::DBCluster in a stack: made with its members, changed in place, and gone with a last snapshot."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from tests.integration.sandbox.stacks_ground import Stacks, fresh

NETWORK = """
    Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
    A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
    B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}
    C: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24, AvailabilityZone: us-east-1c}}
    Firewall: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: data, VpcId: !Ref Vpc}}
    Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Version: '2012-10-17', Statement: []}}}
    Group:
      Type: AWS::RDS::DBSubnetGroup
      Properties: {DBSubnetGroupDescription: data, SubnetIds: [!Ref A, !Ref B, !Ref C]}
"""


def template(more: str = "", *, resource: str = "", network: str = NETWORK, **changes: Any) -> str:
    """A stack with a Multi-AZ DB cluster; `changes` replace or add scalar properties, None leaves one out."""
    given: dict[str, Any] = {
        "Engine": "postgres",
        "EngineVersion": '"16.9"',
        "DBClusterIdentifier": "production-main",
        "DBClusterInstanceClass": "db.m6gd.large",
        "StorageType": "io1",
        "Iops": 1000,
        "AllocatedStorage": 100,
        "MasterUsername": "haven",
        "ManageMasterUserPassword": "true",
        "DBSubnetGroupName": "!Ref Group",
        "VpcSecurityGroupIds": "[!Ref Firewall]",
        "DeletionProtection": "false",
        "StorageEncrypted": "true",
        "KmsKeyId": "!GetAtt Key.Arn",
        "BackupRetentionPeriod": 7,
        "Tags": "[{Key: tier, Value: data}]",
        **changes,
    }
    properties = "".join(f"        {name}: {value}\n" for name, value in given.items() if value is not None)
    return f"""
Resources:{network}
    X:
      Type: AWS::RDS::DBCluster
      {resource}
      Properties:
{properties}{more}
Outputs:
    Writer: {{Value: !GetAtt X.Endpoint.Address}}
    Port: {{Value: !GetAtt X.Endpoint.Port}}
    Readers: {{Value: !GetAtt X.ReadEndpoint.Address}}
    Arn: {{Value: !GetAtt X.DBClusterArn}}
    Id: {{Value: !GetAtt X.DBClusterResourceId}}
    Secret: {{Value: !GetAtt X.MasterUserSecret.SecretArn}}
"""


@pytest.fixture
def stacks() -> Stacks:
    return fresh()


def shown(stacks: Stacks) -> dict[str, Any]:
    (found,) = stacks.aws("rds").describe_db_clusters()["DBClusters"]
    return dict(found)


def members(stacks: Stacks) -> list[dict[str, Any]]:
    return list(stacks.aws("rds").describe_db_instances()["DBInstances"])


def test_a_stack_with_a_cluster_has_its_writer_and_readers_in_three_zones(stacks: Stacks) -> None:
    made = stacks.deployed("one", template(), Tags=[{"Key": "haven:environment", "Value": "production"}])
    assert made["StackStatus"] == "CREATE_COMPLETE", stacks.events("one")[-6:]
    cluster = shown(stacks)
    assert (cluster["Status"], cluster["MultiAZ"], cluster["Engine"]) == ("available", True, "postgres")
    assert (cluster["StorageType"], cluster["Iops"], cluster["AllocatedStorage"]) == ("io1", 1000, 100)
    assert (cluster["StorageEncrypted"], cluster["BackupRetentionPeriod"]) == (True, 7)
    assert cluster["KmsKeyId"].endswith(stacks.physical("one", "Key"))
    assert cluster["VpcSecurityGroups"][0]["VpcSecurityGroupId"] == stacks.physical("one", "Firewall")
    tags = {tag["Key"]: tag["Value"] for tag in cluster["TagList"]}
    assert tags == {"tier": "data", "haven:environment": "production"}
    assert {each["AvailabilityZone"] for each in members(stacks)} == {"us-east-1a", "us-east-1b", "us-east-1c"}
    assert {each["DBInstanceClass"] for each in members(stacks)} == {"db.m6gd.large"}
    assert stacks.physical("one", "X") == "production-main"
    assert {each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]} == {
        "Writer": cluster["Endpoint"],
        "Port": "5432",
        "Readers": cluster["ReaderEndpoint"],
        "Arn": cluster["DBClusterArn"],
        "Id": cluster["DbClusterResourceId"],
        "Secret": cluster["MasterUserSecret"]["SecretArn"],
    }


def test_the_stack_waits_for_the_cluster(stacks: Stacks) -> None:
    proposed = stacks.proposed("one", template())
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], DisableRollback=False)
    while not stacks.aws("rds").describe_db_clusters()["DBClusters"]:
        clock.advance(5)
    clock.advance(120)
    assert shown(stacks)["Status"] == "creating"
    assert ("X", "CREATE_COMPLETE") not in stacks.told("one")
    stacks.settled("one")
    assert stacks.told("one")[-2:] == [("X", "CREATE_COMPLETE"), ("one", "CREATE_COMPLETE")]


@pytest.mark.parametrize(
    ("changes", "names", "after"),
    [
        ({"DBClusterInstanceClass": "db.r6gd.large"}, ["DBClusterInstanceClass"], ["db.r6gd.large"]),
        ({"AllocatedStorage": 200, "Iops": 2000}, ["AllocatedStorage", "Iops"], [200, 2000]),
        ({"BackupRetentionPeriod": 14}, ["BackupRetentionPeriod"], [14]),
        ({"DeletionProtection": "true"}, ["DeletionProtection"], [True]),
        ({"EngineVersion": '"17.5"'}, ["EngineVersion"], ["17.5"]),
        ({"EnableCloudwatchLogsExports": "[postgresql]"}, ["EnabledCloudwatchLogsExports"], [["postgresql"]]),
    ],
)
def test_what_changes_in_the_template_changes_in_place_and_back(
    stacks: Stacks, changes: dict[str, Any], names: list[str], after: list[Any]
) -> None:
    stacks.deployed("one", template())
    before = shown(stacks)
    for kind, wanted in ((changes, after), ({}, [before.get(name, []) for name in names])):
        if "EngineVersion" in changes and not kind:
            return  # a database does not go back to an older version
        done = stacks.deployed("one", template(**kind), "UPDATE")
        assert done["StackStatus"] == "UPDATE_COMPLETE", stacks.events("one")[-4:]
        now = shown(stacks)
        assert [now.get(name, []) for name in names] == wanted
        assert now["DbClusterResourceId"] == before["DbClusterResourceId"]
        assert {m["DBInstanceClass"] for m in members(stacks)} == {now["DBClusterInstanceClass"]}


def test_tags_follow_the_template(stacks: Stacks) -> None:
    stacks.deployed("one", template())
    stacks.deployed("one", template(Tags="[{Key: owner, Value: payments}]"), "UPDATE")
    tags = {tag["Key"]: tag["Value"] for tag in shown(stacks)["TagList"] if not tag["Key"].startswith("aws:")}
    assert tags == {"owner": "payments"}


def test_what_cannot_change_in_place_is_announced_as_a_replacement(stacks: Stacks) -> None:
    stacks.deployed("one", template())
    changed = template(StorageEncrypted="false", KmsKeyId=None, DBClusterIdentifier="production-next")
    proposed = stacks.proposed("one", changed, "UPDATE")
    (change,) = [
        each["ResourceChange"] for each in proposed["Changes"] if each["ResourceChange"]["LogicalResourceId"] == "X"
    ]
    assert (change["Action"], change["Replacement"]) == ("Modify", "True")


@pytest.mark.parametrize(
    ("resource", "kept"),
    [("", 1), ("DeletionPolicy: Snapshot", 1), ("DeletionPolicy: Delete", 0)],
    ids=["by default", "Snapshot", "Delete"],
)
def test_a_deleted_stack_leaves_a_last_snapshot_where_it_should(stacks: Stacks, resource: str, kept: int) -> None:
    made = stacks.deployed("one", template(resource=resource))
    stacks.cfn.delete_stack(StackName="one")
    assert stacks.settled(made["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    rds = stacks.aws("rds")
    assert (rds.describe_db_clusters()["DBClusters"], members(stacks)) == ([], [])
    manual = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    assert len(manual) == kept
    assert all(each["DBClusterIdentifier"] == "production-main" for each in manual)


def test_a_protected_cluster_keeps_its_stack_from_going(stacks: Stacks) -> None:
    stacks.deployed("one", template(DeletionProtection="true"))
    stacks.cfn.delete_stack(StackName="one")
    assert stacks.settled("one")["StackStatus"] == "DELETE_FAILED"
    assert any("Cannot delete protected Cluster" in e.get("ResourceStatusReason", "") for e in stacks.events("one"))
    assert shown(stacks)["Status"] == "available"


def test_a_cluster_without_three_zones_fails_and_leaves_nothing(stacks: Stacks) -> None:
    two = NETWORK.replace("[!Ref A, !Ref B, !Ref C]", "[!Ref A, !Ref B]")
    done = stacks.deployed("one", template(network=two))
    assert done["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [e.get("ResourceStatusReason", "") for e in stacks.events("one") if e["LogicalResourceId"] == "X"]
    assert any("DB subnet group doesn't meet Availability Zone" in reason for reason in reasons)
    assert stacks.aws("rds").describe_db_clusters()["DBClusters"] == []


def test_properties_that_cannot_be_passed_on_are_refused_not_ignored(stacks: Stacks) -> None:
    done = stacks.deployed("one", template(SnapshotIdentifier="rds:production-main-2026-01-01-00-00"))
    assert done["StackStatus"] == "ROLLBACK_COMPLETE"
    failed = [e["ResourceStatusReason"] for e in stacks.events("one") if e["ResourceStatus"] == "CREATE_FAILED"]
    assert any("SnapshotIdentifier" in reason for reason in failed)


def test_a_cluster_that_fails_over_is_waited_for_by_an_update(stacks: Stacks) -> None:
    stacks.deployed("one", template())
    rds = stacks.aws("rds")
    rds.failover_db_cluster(DBClusterIdentifier="production-main")
    with pytest.raises(ClientError, match="failing-over"):
        rds.modify_db_cluster(DBClusterIdentifier="production-main", BackupRetentionPeriod=3, ApplyImmediately=True)
    done = stacks.deployed("one", template(BackupRetentionPeriod=3), "UPDATE")
    assert done["StackStatus"] == "UPDATE_COMPLETE"
    assert shown(stacks)["BackupRetentionPeriod"] == 3
