"""A small system for tests of the running sandbox."""

from dataclasses import dataclass

import pytest

from tests.sandbox_server import Sandbox

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")


@dataclass(frozen=True)
class Shop:
    """What `shop` made: identifiers as AWS gives them."""

    vpc: str
    subnets: dict[str, str]
    group: str
    balancer: str
    target_group: str


@pytest.fixture(scope="module", autouse=True)
def _own_world(own_world: None) -> None:
    """For each module its own."""


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox) -> Shop:
    """Cluster `production` with service `rbac` (three tasks behind `production-alb`), database `production-app` and
    queue `production-events`, up and steady."""
    ec2, elb, ecs = sandbox.client("ec2"), sandbox.client("elbv2"), sandbox.client("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnets = {
        zone: ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{n}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for n, zone in enumerate(ZONES)
    }
    group = ec2.create_security_group(VpcId=vpc, GroupName="tasks", Description="tasks")["GroupId"]
    balancer = elb.create_load_balancer(
        Name="production-alb", Subnets=list(subnets.values()), Scheme="internal", SecurityGroups=[group]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    target_group = elb.create_target_group(
        Name="production-rbac", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group}],
    )
    ecs.create_cluster(clusterName="production")
    ecs.register_task_definition(
        family="rbac",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        containerDefinitions=[{"name": "rbac", "image": "rbac:1", "portMappings": [{"containerPort": 8080}]}],
    )
    ecs.create_service(
        cluster="production",
        serviceName="rbac",
        taskDefinition="rbac",
        desiredCount=3,
        launchType="FARGATE",
        loadBalancers=[{"targetGroupArn": target_group, "containerName": "rbac", "containerPort": 8080}],
        networkConfiguration={"awsvpcConfiguration": {"subnets": list(subnets.values()), "securityGroups": [group]}},
    )
    sandbox.client("rds").create_db_instance(
        DBInstanceIdentifier="production-app",
        DBInstanceClass="db.r6g.large",
        Engine="postgres",
        AllocatedStorage=100,
        MasterUsername="haven",
        MasterUserPassword="not-a-secret-1",
        MultiAZ=True,
    )
    sandbox.client("sqs").create_queue(QueueName="production-events")
    sandbox.advance(3600)
    return Shop(vpc, subnets, group, balancer, target_group)
