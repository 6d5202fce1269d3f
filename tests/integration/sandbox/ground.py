"""What the sandbox's own tests stand on: an account of its own for each test, a frozen clock, and a small network."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from sandbox.clock import clock
from sandbox.inproc import client

REGION = "us-east-1"
_accounts = count(200_000_000_000)


@dataclass
class Ground:
    """One account with a VPC, a subnet in each of three zones and a security group."""

    account: str
    vpc: str
    subnets: dict[str, str]
    group: str

    def aws(self, service: str) -> Any:
        """A client of a service in this account."""
        return client(service, REGION, self.account)

    def target_group(self, name: str = "web", **more: Any) -> str:
        """An ip target group behind a load balancer's only listener; returns its ARN."""
        elb = self.aws("elbv2")
        balancer = elb.create_load_balancer(
            Name=f"{name}-alb", Subnets=list(self.subnets.values()), SecurityGroups=[self.group], Scheme="internal"
        )["LoadBalancers"][0]
        arn: str = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=8080, VpcId=self.vpc, TargetType="ip", HealthCheckPath="/health", **more
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.modify_target_group_attributes(
            TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
        )
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
        )
        return arn

    def definition(self, family: str = "web", **container: Any) -> str:
        """A Fargate task definition with one container; returns its ARN."""
        one = {"name": "app", "image": "app:1", "portMappings": [{"containerPort": 8080}], **container}
        arn: str = self.aws("ecs").register_task_definition(
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[one],
        )["taskDefinition"]["taskDefinitionArn"]
        return arn

    def service(self, name: str = "web", count: int = 3, **more: Any) -> dict[str, Any]:
        """A Fargate service over the three zones in cluster `main`; returns it as created."""
        ecs = self.aws("ecs")
        ecs.create_cluster(clusterName="main")
        given = {"taskDefinition": "web", "launchType": "FARGATE", **more}
        network = {"subnets": list(self.subnets.values()), "securityGroups": [self.group]}
        made: dict[str, Any] = ecs.create_service(
            cluster="main",
            serviceName=name,
            desiredCount=count,
            networkConfiguration={"awsvpcConfiguration": network},
            **given,
        )["service"]
        return made


def fresh_ground() -> Ground:
    """A new account, with the clock frozen."""
    clock.freeze()
    account = str(next(_accounts))
    ec2 = client("ec2", REGION, account)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = {}
    for number, zone in enumerate("abc"):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")
        subnets[f"{REGION}{zone}"] = made["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="app", Description="app", VpcId=vpc)["GroupId"]
    return Ground(account, vpc, subnets, group)
