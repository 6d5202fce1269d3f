"""A restart in the middle of failovers, maintenance, updates, deployments and moves: each goes on where it was."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.long, pytest.mark.sandbox]
DATABASE = {"Engine": "postgres", "AllocatedStorage": 100, "MasterUsername": "haven"}


def arrange(sandbox: Sandbox) -> None:
    """Databases, a cluster, caches, a service and a dead-letter queue with messages in it."""
    rds, sqs = sandbox.client("rds"), sandbox.client("sqs")
    for name in ("app", "other"):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t4g.medium",
            MultiAZ=True,
            MasterUserPassword="not-a-secret-1",
            **DATABASE,
        )
    rds.create_db_cluster(
        DBClusterIdentifier="ledger",
        DBClusterInstanceClass="db.m6gd.large",
        StorageType="gp3",
        ManageMasterUserPassword=True,
        **DATABASE,
    )
    sandbox.client("elasticache").create_replication_group(
        ReplicationGroupId="cache",
        ReplicationGroupDescription="cache",
        Engine="valkey",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
    )
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 1}
    attributes = {"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"}
    alive = sqs.create_queue(QueueName="alive", Attributes=attributes)["QueueUrl"]
    for _ in range(4):
        sqs.send_message(QueueUrl=alive, MessageBody="hello")
    for _ in range(8):
        sqs.receive_message(QueueUrl=alive, MaxNumberOfMessages=10)
    assert len(sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"]) == 4
    _service(sandbox)
    sandbox.advance(400)


def _service(sandbox: Sandbox) -> None:
    ec2, ecs = sandbox.client("ec2"), sandbox.client("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    ecs.create_cluster(clusterName="main")
    ecs.register_task_definition(
        family="web",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "web", "image": "web:1"}],
    )
    ecs.create_service(
        cluster="main",
        serviceName="web",
        taskDefinition="web",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )


def begin(sandbox: Sandbox) -> None:
    """Set everything on its way."""
    rds, ecs = sandbox.client("rds"), sandbox.client("ecs")
    sandbox.control("failover", name="app", cause="storage")
    rds.failover_db_cluster(DBClusterIdentifier="ledger", TargetDBInstanceIdentifier="ledger-instance-3")
    sandbox.control("maintenance", name="other", action="system-update", deadline=3)
    arn = "arn:aws:rds:us-east-1:123456789012:db:other"
    rds.apply_pending_maintenance_action(ResourceIdentifier=arn, ApplyAction="system-update", OptInType="immediate")
    update = sandbox.control("service-update", engine="valkey")["update"]
    caches = {"ReplicationGroupIds": ["cache"], "ServiceUpdateName": update}
    sandbox.client("elasticache").batch_apply_update_action(**caches)
    tasks = ecs.list_tasks(cluster="main")["taskArns"]
    ecs.update_task_protection(cluster="main", tasks=tasks, protectionEnabled=True, expiresInMinutes=30)
    ecs.update_service(cluster="main", service="web", forceNewDeployment=True)
    source = "arn:aws:sqs:us-east-1:123456789012:dead"
    sandbox.client("sqs").start_message_move_task(SourceArn=source, MaxNumberOfMessagesPerSecond=1)
    sandbox.advance(2)


def test_what_was_on_its_way_goes_on_after_a_restart(start_sandbox: Callable[..., Sandbox], tmp_path: Path) -> None:
    first = start_sandbox("--state", str(tmp_path), "--frozen", "--limits", "off")
    arrange(first)
    begin(first)
    assert first.stop() == 0

    second = start_sandbox("--state", str(tmp_path), "--frozen", "--limits", "off")
    rds, ecs = second.client("rds"), second.client("ecs")
    assert rds.describe_db_clusters()["DBClusters"][0]["Status"] == "failing-over"
    assert len(rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"]) == 1
    assert ecs.get_task_protection(cluster="main")["protectedTasks"][0]["protectionEnabled"]
    deployments = ecs.list_service_deployments(cluster="main", service="web")["serviceDeployments"]
    assert [one["status"] for one in deployments] == ["IN_PROGRESS", "SUCCESSFUL"]
    second.advance(1500)
    told = rds.describe_events(SourceIdentifier="app", SourceType="db-instance")["Events"]
    assert [event["Message"] for event in told][-3:] == [
        "The storage volume underlying the primary host of the RDS Multi-AZ instance experienced a failure.",
        "Recovery of standby DB instance has started.",
        "Recovery of standby DB instance has completed.",
    ]
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    writers = [m["DBInstanceIdentifier"] for m in cluster["DBClusterMembers"] if m["IsClusterWriter"]]
    assert (cluster["Status"], writers) == ("available", ["ledger-instance-3"])
    assert rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"] == []
    (action,) = second.client("elasticache").describe_update_actions()["UpdateActions"]
    assert action["UpdateActionStatus"] == "complete"
    source = "arn:aws:sqs:us-east-1:123456789012:dead"
    (move,) = second.client("sqs").list_message_move_tasks(SourceArn=source)["Results"]
    assert (move["Status"], move["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 4)
    second.advance(1000)
    deployments = ecs.list_service_deployments(cluster="main", service="web")["serviceDeployments"]
    assert [one["status"] for one in deployments] == ["SUCCESSFUL", "SUCCESSFUL"]
    second.stop()
