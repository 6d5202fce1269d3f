"""Application Auto Scaling in the sandbox against aws-facts 4: bounds, alarms, activities, errors."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


@pytest.fixture
def ground() -> Ground:
    made = fresh_ground()
    made.definition()
    made.service(count=1)
    return made


def register(ground: Ground, low: int = 3, high: int = 9, **more: Any) -> str:
    scaling = ground.aws("application-autoscaling")
    arn: str = scaling.register_scalable_target(**TARGET, MinCapacity=low, MaxCapacity=high, **more)[
        "ScalableTargetARN"
    ]
    return arn


def track(ground: Ground, metric: str, value: float, **more: Any) -> dict[str, Any]:
    specification = {"PredefinedMetricType": metric, **more.pop("specification", {})}
    configuration = {"TargetValue": value, "PredefinedMetricSpecification": specification, **more}
    made: dict[str, Any] = ground.aws("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    return made


def alarms(ground: Ground) -> dict[str, dict[str, Any]]:
    found = ground.aws("cloudwatch").describe_alarms()["MetricAlarms"]
    return {"High" if "AlarmHigh" in alarm["AlarmName"] else "Low": alarm for alarm in found}


def desired(ground: Ground) -> int:
    return int(ground.aws("ecs").describe_services(cluster="main", services=["web"])["services"][0]["desiredCount"])


def activities(ground: Ground, **asked: Any) -> list[dict[str, Any]]:
    scaling = ground.aws("application-autoscaling")
    return list(scaling.describe_scaling_activities(ServiceNamespace="ecs", **asked)["ScalingActivities"])


def code_of(refusal: Any) -> str:
    return str(refusal.value.response["Error"]["Code"])


def test_registering_pulls_the_service_into_its_bounds_at_once(ground: Ground) -> None:
    register(ground, low=3, high=9)
    assert desired(ground) == 3
    [activity] = activities(ground)
    assert activity["Description"] == "Setting desired count to 3."
    assert activity["Cause"] == "minimum capacity was set to 3"
    assert activity["StatusCode"] == "InProgress"
    assert activity["StatusMessage"] == (
        "Successfully set desired count to 3. Waiting for change to be fulfilled by ecs."
    )
    clock.advance(120)
    [activity] = activities(ground, IncludeNotScaledActivities=True)
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"] == "Successfully set desired count to 3. Change successfully fulfilled by ecs."
    events = ground.aws("ecs").describe_services(cluster="main", services=["web"])["services"][0]["events"]
    assert (
        "Message: Successfully set desired count to 3. Change successfully fulfilled by ecs. "
        "Cause: minimum capacity was set to 3"
    ) in [event["message"] for event in events]


def test_bounds_hold_when_they_change_and_not_against_a_hand(ground: Ground) -> None:
    register(ground, low=3, high=9)
    ground.aws("ecs").update_service(cluster="main", service="web", desiredCount=12)
    clock.advance(100)
    assert desired(ground) == 12
    scaling = ground.aws("application-autoscaling")
    scaling.register_scalable_target(**TARGET)  # without bounds: those known are applied again
    assert desired(ground) == 9
    register(ground, low=1, high=2)
    assert desired(ground) == 2
    assert [a["Cause"] for a in activities(ground)] == [
        "maximum capacity was set to 2",
        "maximum capacity was set to 9",
        "minimum capacity was set to 3",
    ]
    clock.advance(60)
    assert [a["StatusCode"] for a in activities(ground)][1] == "Overridden"
    page = scaling.describe_scaling_activities(ServiceNamespace="ecs", MaxResults=2)
    rest = scaling.describe_scaling_activities(ServiceNamespace="ecs", NextToken=page["NextToken"])
    assert len(page["ScalingActivities"]) == 2
    assert [a["Cause"] for a in rest["ScalingActivities"]] == ["minimum capacity was set to 3"]


def test_a_target_is_described_as_registered(ground: Ground) -> None:
    arn = register(ground, low=2, high=6, SuspendedState={"DynamicScalingInSuspended": True}, Tags={"a": "b"})
    scaling = ground.aws("application-autoscaling")
    [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert target["ScalableTargetARN"] == arn
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 6)
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService")
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("ECSServiceAverageCPUUtilization", "CPUUtilization"),
        ("ECSServiceAverageMemoryUtilization", "MemoryUtilization"),
    ],
)
def test_tracking_a_target_makes_the_two_alarms_of_aws(ground: Ground, metric: str, name: str) -> None:
    register(ground)
    policy = track(ground, metric, 70.0)
    found = alarms(ground)
    assert policy["PolicyARN"].startswith(f"arn:aws:autoscaling:{REGION}:{ground.account}:scalingPolicy:")
    assert policy["PolicyARN"].endswith(":resource/ecs/service/main/web:policyName/track")
    assert [a["AlarmName"] for a in policy["Alarms"]] == [found["High"]["AlarmName"], found["Low"]["AlarmName"]]
    for side, comparison, periods, threshold in (
        ("High", "GreaterThanThreshold", 3, 70.0),
        ("Low", "LessThanThreshold", 15, 63.0),
    ):
        alarm = found[side]
        assert alarm["AlarmName"].startswith(f"TargetTracking-service/main/web-Alarm{side}-")
        assert alarm["AlarmDescription"] == (
            f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}."
        )
        assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/ECS", name, "Average")
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Unit"]) == (60, periods, "Percent")
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (comparison, threshold)
        assert {d["Name"]: d["Value"] for d in alarm["Dimensions"]} == {"ClusterName": "main", "ServiceName": "web"}
        assert alarm["AlarmActions"][0].startswith(f"{policy['PolicyARN']}:createdBy/")


def test_requests_per_target_are_watched_at_the_load_balancer(ground: Ground) -> None:
    register(ground)
    label = "app/web-alb/0123456789abcdef/targetgroup/web/fedcba9876543210"
    track(ground, "ALBRequestCountPerTarget", 1000, specification={"ResourceLabel": label})
    high = alarms(ground)["High"]
    assert (high["Namespace"], high["MetricName"]) == ("AWS/ApplicationELB", "RequestCountPerTarget")
    assert (high["Statistic"], high["Threshold"]) == ("Sum", 1000)
    assert {d["Name"]: d["Value"] for d in high["Dimensions"]} == {
        "LoadBalancer": "app/web-alb/0123456789abcdef",
        "TargetGroup": "targetgroup/web/fedcba9876543210",
    }
    with pytest.raises(ClientError) as refusal:
        track(ground, "ALBRequestCountPerTarget", 1000)
    assert code_of(refusal) == "ValidationException"


def test_a_changed_policy_keeps_its_arn_and_alarms_and_a_deleted_one_takes_them_along(ground: Ground) -> None:
    register(ground)
    first = track(ground, "ECSServiceAverageCPUUtilization", 70.0)
    second = track(ground, "ECSServiceAverageCPUUtilization", 50.0, ScaleInCooldown=120)
    assert second == {**first, "ResponseMetadata": second["ResponseMetadata"]}
    assert {side: alarm["Threshold"] for side, alarm in alarms(ground).items()} == {"High": 50.0, "Low": 45.0}
    track(ground, "ECSServiceAverageCPUUtilization", 50.0, DisableScaleIn=True)
    assert set(alarms(ground)) == {"High"}
    scaling = ground.aws("application-autoscaling")
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"] is True
    scaling.delete_scaling_policy(**TARGET, PolicyName="track")
    assert alarms(ground) == {}
    with pytest.raises(ClientError) as gone:
        scaling.delete_scaling_policy(**TARGET, PolicyName="track")
    assert code_of(gone) == "ObjectNotFoundException"


def test_deregistering_removes_policies_and_alarms(ground: Ground) -> None:
    register(ground)
    track(ground, "ECSServiceAverageCPUUtilization", 70.0)
    scaling = ground.aws("application-autoscaling")
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert alarms(ground) == {}
    with pytest.raises(ClientError) as gone:
        scaling.deregister_scalable_target(**TARGET)
    assert code_of(gone) == "ObjectNotFoundException"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"MinCapacity": 4, "MaxCapacity": 2}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": 4}, "required to register"),
        ({"MinCapacity": 1, "MaxCapacity": 2, "ResourceId": "service/main/nobody"}, "ECS service doesn't exist"),
        ({"MinCapacity": 1, "MaxCapacity": 2, "ServiceNamespace": "rds"}, "Unsupported service namespace"),
    ],
)
def test_what_cannot_be_registered_is_refused(ground: Ground, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message) as refusal:
        ground.aws("application-autoscaling").register_scalable_target(**{**TARGET, **asked})
    assert code_of(refusal) == "ValidationException"


def test_a_policy_needs_a_registered_target_and_a_dimension_filter_a_resource(ground: Ground) -> None:
    with pytest.raises(ClientError) as early:
        track(ground, "ECSServiceAverageCPUUtilization", 70.0)
    assert code_of(early) == "ObjectNotFoundException"
    with pytest.raises(ClientError) as wide:
        activities(ground, ScalableDimension="ecs:service:DesiredCount")
    assert code_of(wide) == "ValidationException"
