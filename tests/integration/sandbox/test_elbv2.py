"""Load balancers and target health in the sandbox against aws-facts 5.1."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.gaps import elbv2
from sandbox.weather import zones
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    return fresh_ground()


def health(ground: Ground, group: str) -> dict[str, dict[str, Any]]:
    rows = ground.aws("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return {row["Target"]["Id"]: row for row in rows}


def register(ground: Ground, group: str, *addresses: str) -> None:
    targets = [{"Id": address, "Port": 8080} for address in addresses]
    ground.aws("elbv2").register_targets(TargetGroupArn=group, Targets=targets)


def test_a_load_balancer_takes_its_time_to_become_active(ground: Ground) -> None:
    ground.target_group()
    elb = ground.aws("elbv2")
    [new] = elb.describe_load_balancers()["LoadBalancers"]
    assert new["State"]["Code"] == "provisioning"
    assert new["DNSName"].startswith("internal-web-alb-")
    clock.advance(elbv2.ACTIVATION)
    assert elb.describe_load_balancers(Names=["web-alb"])["LoadBalancers"][0]["State"]["Code"] == "active"


def test_a_protected_load_balancer_is_not_deleted(ground: Ground) -> None:
    ground.target_group()
    elb = ground.aws("elbv2")
    arn = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    wanted = [
        {"Key": "deletion_protection.enabled", "Value": "true"},
        {"Key": "zonal_shift.config.enabled", "Value": "true"},
        {"Key": "access_logs.s3.enabled", "Value": "true"},
        {"Key": "access_logs.s3.bucket", "Value": "logs"},
    ]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=wanted)
    shown = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    assert all(attribute in shown for attribute in wanted)
    with pytest.raises(ClientError) as refusal:
        elb.delete_load_balancer(LoadBalancerArn=arn)
    assert refusal.value.response["Error"]["Code"] == "OperationNotPermitted"
    wanted[0]["Value"] = "false"
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=wanted[:1])
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert elb.describe_load_balancers()["LoadBalancers"] == []


def test_a_target_says_its_zone_port_and_why_it_is_not_healthy_yet(ground: Ground) -> None:
    group = ground.target_group()
    register(ground, group, "10.0.1.10")
    row = health(ground, group)["10.0.1.10"]
    assert row["Target"] == {"Id": "10.0.1.10", "Port": 8080, "AvailabilityZone": "us-east-1b"}
    assert row["HealthCheckPort"] == "8080"
    assert row["TargetHealth"] == {
        "State": "initial",
        "Reason": "Elb.RegistrationInProgress",
        "Description": "Target registration is in progress",
    }
    clock.advance(elbv2.REGISTRATION)
    assert health(ground, group)["10.0.1.10"]["TargetHealth"]["Reason"] == "Elb.InitialHealthChecking"
    clock.advance(30)
    assert health(ground, group)["10.0.1.10"]["TargetHealth"] == {"State": "healthy"}


def test_failing_checks_take_the_unhealthy_threshold_and_passing_ones_the_healthy(ground: Ground) -> None:
    group = ground.target_group(HealthCheckIntervalSeconds=10, UnhealthyThresholdCount=2, HealthyThresholdCount=3)
    register(ground, group, "10.0.0.10")
    clock.advance(60)
    elbv2.set_fault(ground.account, REGION, group, "10.0.0.10", elbv2.FAILED)
    clock.advance(19)
    assert health(ground, group)["10.0.0.10"]["TargetHealth"] == {"State": "healthy"}
    clock.advance(1)
    assert health(ground, group)["10.0.0.10"]["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.FailedHealthChecks",
        "Description": "Health checks failed",
    }
    elbv2.set_fault(ground.account, REGION, group, "10.0.0.10", None)
    clock.advance(29)
    assert health(ground, group)["10.0.0.10"]["TargetHealth"]["State"] == "unhealthy"
    clock.advance(1)
    assert health(ground, group)["10.0.0.10"]["TargetHealth"] == {"State": "healthy"}


def test_a_target_drains_for_its_delay_and_may_come_back(ground: Ground) -> None:
    group = ground.target_group()
    register(ground, group, "10.0.0.10", "10.0.1.10")
    clock.advance(60)
    elb = ground.aws("elbv2")
    gone = [{"Id": "10.0.0.10", "Port": 8080}, {"Id": "10.0.1.10", "Port": 8080}]
    elb.deregister_targets(TargetGroupArn=group, Targets=gone)
    assert {row["TargetHealth"]["State"] for row in health(ground, group).values()} == {"draining"}
    register(ground, group, "10.0.0.10")
    clock.advance(29)
    assert set(health(ground, group)) == {"10.0.0.10", "10.0.1.10"}
    clock.advance(31)
    assert {key: row["TargetHealth"]["State"] for key, row in health(ground, group).items()} == {"10.0.0.10": "healthy"}
    with pytest.raises(ClientError) as refusal:
        elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.2.99"}])
    assert refusal.value.response["Error"]["Code"] == "InvalidTarget"


def test_targets_of_a_group_no_listener_uses_are_unused(ground: Ground) -> None:
    group = ground.target_group()
    register(ground, group, "10.0.0.10")
    clock.advance(60)
    elb = ground.aws("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    assert elb.describe_target_groups()["TargetGroups"][0]["LoadBalancerArns"] == [balancer]
    for listener in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]:
        elb.delete_listener(ListenerArn=listener["ListenerArn"])
    assert health(ground, group)["10.0.0.10"]["TargetHealth"] == {
        "State": "unused",
        "Reason": "Target.NotInUse",
        "Description": "Target group is not configured to receive traffic from the load balancer",
    }
    assert elb.describe_target_groups()["TargetGroups"][0]["LoadBalancerArns"] == []


def test_targets_of_a_failed_zone_time_out_and_recover_with_it(ground: Ground) -> None:
    group = ground.target_group()
    register(ground, group, "10.0.0.10", "10.0.1.10")
    clock.advance(60)
    zones.fail("us-east-1b")
    try:
        clock.advance(60)
        assert health(ground, group)["10.0.1.10"]["TargetHealth"] == {
            "State": "unhealthy",
            "Reason": "Target.Timeout",
            "Description": "Request timed out",
        }
        assert health(ground, group)["10.0.0.10"]["TargetHealth"] == {"State": "healthy"}
    finally:
        zones.recover("us-east-1b")
    clock.advance(150)
    assert health(ground, group)["10.0.1.10"]["TargetHealth"] == {"State": "healthy"}


def test_group_attributes_are_whole_and_changeable(ground: Ground) -> None:
    group = ground.target_group()
    elb = ground.aws("elbv2")
    changed = [{"Key": "deregistration_delay.timeout_seconds", "Value": "15"}]
    after = elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=changed)["Attributes"]
    assert changed[0] in after
    assert {"Key": "load_balancing.cross_zone.enabled", "Value": "use_load_balancer_configuration"} in after
    assert elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"] == after
