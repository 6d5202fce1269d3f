"""A worker killed around the writes of a scaling change: its heir ends it, and sets the count once at most.

The effects are all gone through in memory by `tests/unit/usecases/test_scaling_dying.py`; here are those that matter,
with real processes on real databases and AWS's own answers.
"""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from services.domain.operation import Sent, State
from tests.killing.effects import Point
from tests.killing.killing_world import Left, World, inhabited
from tests.sandbox_server import Sandbox, Seeded

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

SERVICE = """
Resources:
    Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
    A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
    Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: production}}
    Task:
      Type: AWS::ECS::TaskDefinition
      Properties:
        Family: production-rbac
        RequiresCompatibilities: [FARGATE]
        NetworkMode: awsvpc
        Cpu: "256"
        Memory: "512"
        ContainerDefinitions: [{Name: rbac, Image: "public.ecr.aws/nginx/nginx:stable"}]
    Service:
      Type: AWS::ECS::Service
      Properties:
        ServiceName: rbac
        Cluster: !Ref Cluster
        TaskDefinition: !Ref Task
        LaunchType: FARGATE
        NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref A]}}
    Target:
      Type: AWS::ApplicationAutoScaling::ScalableTarget
      DependsOn: Service
      Properties:
        ServiceNamespace: ecs
        ScalableDimension: ecs:service:DesiredCount
        ResourceId: !Sub service/${Cluster}/rbac
        MinCapacity: 3
        MaxCapacity: 9
    Policy:
      Type: AWS::ApplicationAutoScaling::ScalingPolicy
      Properties:
        PolicyName: rbac-cpu
        PolicyType: TargetTrackingScaling
        ScalingTargetId: !Ref Target
        TargetTrackingScalingPolicyConfiguration:
          TargetValue: 60
          PredefinedMetricSpecification: {PredefinedMetricType: ECSServiceAverageCPUUtilization}
"""
TAGS = [{"Key": "haven:environment", "Value": "production"}, {"Key": "haven:stack", "Value": "service-rbac"}]
POINTS = [
    Point("ScalingCaller.write", 1, True),
    Point("FileJournal.intend", 2, True),
    Point("ScalingCaller.write", 2, True),
    Point("ScalingCaller.write", 3, True),
]
NEVER_SENT = POINTS[1]
"""The count was to be set, and was not; nobody can know, so nobody sends it. One point later AWS shows it."""


@pytest.fixture(scope="module")
def world(seeded_sandbox: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from inhabited(seeded_sandbox("service", with_service), tmp_path_factory.mktemp("world"))


def with_service(sandbox: Sandbox) -> None:
    """The one stack above, at rest."""
    cloudformation = sandbox.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName="production-service-rbac", ChangeSetName="x", ChangeSetType="CREATE", TemplateBody=SERVICE, Tags=TAGS
    )
    sandbox.advance(30)
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    sandbox.advance(1800)


def there(world: World) -> tuple[float, int, int]:
    """AWS's own: target, most, and how many are desired."""
    scaling: Any = world.sandbox.client("application-autoscaling")
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    (service,) = world.sandbox.client("ecs").describe_services(cluster="production", services=["rbac"])["services"]
    tracked = policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
    return tracked, target["MaxCapacity"], service["desiredCount"]


def counts(world: World) -> int:
    """How often AWS was asked for a count."""
    return int(world.sandbox.control("calls")["calls"].get("ecs:UpdateService", 0))


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_killed(world: World, haven: Left, point: Point) -> None:
    target, most, desired = there(world)
    wants = (target + 1, most + 1, desired + 1 if desired < 8 else 4)
    before = counts(world)
    died = world.run("ask_scaling live_scaling", haven, wants=wants, at=point, log=f"death {point}")
    assert died == -signal.SIGKILL, haven.said(f"death {point}")
    haven.age_leases()
    assert world.run("live_scaling", haven, log=f"after {point}") == 0, haven.said(f"after {point}")
    operation = haven.operations()[0]
    if point == NEVER_SENT:
        assert (operation.state, operation.sent, operation.step) == (State.STUCK, Sent.MAYBE, "UpdateService")
        assert (there(world), counts(world)) == ((target + 1, most, desired), before)
    else:
        assert operation.state is State.SUCCEEDED, operation.because
        assert (there(world)[:2], counts(world)) == (wants[:2], before + 1)
