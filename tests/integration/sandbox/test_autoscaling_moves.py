"""The sandbox's services scale by their alarms, and say why they did or did not (aws-facts 3.5, 4.2, 4.3)."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.applicationautoscaling.models import applicationautoscaling_backends

from sandbox import graph
from sandbox.clock import clock
from sandbox.gaps.applicationautoscaling.activities import REMEMBERED
from sandbox.weather import demand, history, world
from tests.integration.sandbox.ground import REGION, Ground
from tests.integration.sandbox.passing import pass_minutes, steady_ground

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
SPACE = "Haven/Test"


@pytest.fixture
def ground() -> Ground:
    return steady_ground(3)


@pytest.fixture
def calm() -> Iterator[None]:
    yield
    demand._surges.clear()


def register(ground: Ground, low: int, high: int, **more: Any) -> None:
    ground.aws("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=low, MaxCapacity=high, **more)


def put(ground: Ground, name: str, kind: str, configuration: dict[str, Any]) -> dict[str, Any]:
    body = {f"{kind}PolicyConfiguration": configuration}
    made: dict[str, Any] = ground.aws("application-autoscaling").put_scaling_policy(
        **TARGET, PolicyName=name, PolicyType=kind, **body
    )
    return made


def track(ground: Ground, target: float = 50.0, metric: str = "load", **more: Any) -> dict[str, Any]:
    named = {"Namespace": SPACE, "MetricName": metric, "Statistic": "Average"}
    return put(
        ground, metric, "TargetTrackingScaling",
        {"TargetValue": target, "CustomizedMetricSpecification": named, **more},
    )  # fmt: skip


def steps(ground: Ground, *adjustments: dict[str, float], **more: Any) -> dict[str, Any]:
    given = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": list(adjustments), **more}
    return put(ground, "steps", "StepScaling", given)


def minutes(ground: Ground, *values: float, metric: str = "load") -> None:
    """Let a minute pass with each value of a metric of our own."""
    for value in values:
        ground.aws("cloudwatch").put_metric_data(
            Namespace=SPACE, MetricData=[{"MetricName": metric, "Value": value, "Timestamp": clock.time() // 60 * 60}]
        )
        pass_minutes(ground)


def service(ground: Ground) -> dict[str, Any]:
    found: dict[str, Any] = ground.aws("ecs").describe_services(cluster="main", services=["web"])["services"][0]
    return found


def activities(ground: Ground, every: bool = True) -> list[dict[str, Any]]:
    scaling = ground.aws("application-autoscaling")
    asked = {"ServiceNamespace": "ecs", "ResourceId": TARGET["ResourceId"], "IncludeNotScaledActivities": every}
    return list(scaling.describe_scaling_activities(**asked)["ScalingActivities"])


def alarm_on_load(ground: Ground, arn: str, comparison: str, threshold: float, **more: Any) -> None:
    given = {"Namespace": SPACE, "MetricName": "load", "Statistic": "Average", "Period": 60, "EvaluationPeriods": 1}
    ground.aws("cloudwatch").put_metric_alarm(
        AlarmName="mine", AlarmActions=[arn], ComparisonOperator=comparison, Threshold=threshold, **given, **more
    )


@pytest.mark.usefixtures("calm")
def test_a_surge_scales_a_service_out_and_its_end_scales_it_in_again(ground: Ground) -> None:
    register(ground, 3, 12)
    cpu = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}
    made = put(ground, "cpu60", "TargetTrackingScaling", {"TargetValue": 60.0, "ScaleOutCooldown": 60, **cpu})
    demand.push("main/web", 3, 20 * 60)
    pass_minutes(ground, 3)
    grown = service(ground)["desiredCount"]
    assert 3 < grown <= 12
    [out] = activities(ground)
    assert out["Description"] == f"Setting desired count to {grown}."
    assert out["Cause"] == f"monitor alarm {made['Alarms'][0]['AlarmName']} in state ALARM triggered policy cpu60"
    assert out["StatusCode"] == "InProgress"
    pass_minutes(ground, 3)
    said = (
        f"Message: Successfully set desired count to {grown}. Change successfully fulfilled by ecs. "
        f"Cause: {out['Cause']}"
    )
    assert said in [event["message"] for event in service(ground)["events"]]
    assert activities(ground)[-1]["StatusCode"] == "Successful"
    pass_minutes(ground, 40)
    assert service(ground)["desiredCount"] == 3
    assert "AlarmLow" in activities(ground, every=False)[0]["Cause"]


def test_a_service_is_sized_for_its_minimum_however_many_tasks_it_has(ground: Ground) -> None:
    ground.aws("ecs").update_service(cluster="main", service="web", desiredCount=5)
    assert world.read(ground.account, REGION).services["main", "web"].floor == 5
    register(ground, 2, 9)
    assert world.read(ground.account, REGION).services["main", "web"].floor == 2


def test_a_minute_is_measured_with_the_tasks_it_ended_with_though_nobody_looked(ground: Ground) -> None:
    register(ground, 3, 9)
    pass_minutes(ground)
    ground.aws("ecs").update_service(cluster="main", service="web", desiredCount=6)
    pass_minutes(ground, 2)
    seen = history.of(ground.account, REGION)
    ended = int(clock.time() // 60) - 1
    counts = [seen.thing("services", ("main", "web"), ended - back).count for back in (2, 1, 0)]
    assert counts == [3, 6, 6]


def test_at_the_maximum_it_says_so_once_and_only_to_who_asks(ground: Ground) -> None:
    register(ground, 1, 3)
    made = track(ground)
    minutes(ground, 90, 90, 90, 90, 90, 90)
    assert activities(ground, every=False) == []
    [row] = activities(ground)
    assert row["Description"] == "Attempting to scale due to alarm triggered"
    assert row["Cause"] == f"monitor alarm {made['Alarms'][0]['AlarmName']} in state ALARM triggered policy load"
    assert row["StatusCode"] == "Failed"
    assert row["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 3, "CurrentCapacity": 3}]
    minutes(ground, 50, 90, 90, 90)
    assert [a["NotScaledReasons"][0]["Code"] for a in activities(ground)] == 2 * ["AlreadyAtMaxCapacity"]


def test_at_the_minimum_or_when_one_less_would_flap_it_says_so(ground: Ground) -> None:
    register(ground, 3, 9)
    track(ground)
    minutes(ground, *15 * [10.0])
    assert activities(ground)[0]["NotScaledReasons"] == [
        {"Code": "AlreadyAtMinCapacity", "MinCapacity": 3, "CurrentCapacity": 3}
    ]
    register(ground, 1, 9)
    minutes(ground, 44)
    assert activities(ground)[0]["NotScaledReasons"] == [{"Code": "AutoScalingAnticipatedFlapping"}]
    assert service(ground)["desiredCount"] == 3


def test_a_count_that_is_right_already_is_a_success(ground: Ground) -> None:
    register(ground, 1, 9)
    exactly = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 3}
    arn = steps(ground, exactly, AdjustmentType="ExactCapacity")["PolicyARN"]
    alarm_on_load(ground, arn, "GreaterThanThreshold", 50)
    minutes(ground, 90)
    [row] = activities(ground)
    assert (row["StatusCode"], row["NotScaledReasons"]) == (
        "Successful",
        [{"Code": "AlreadyAtDesiredCapacity", "CurrentCapacity": 3}],
    )


def test_steps_act_on_the_alarms_that_name_them(ground: Ground) -> None:
    register(ground, 2, 9)
    made = steps(
        ground,
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 3},
        Cooldown=60,
    )
    alarm_on_load(ground, made["PolicyARN"], "GreaterThanThreshold", 50)
    scaling = ground.aws("application-autoscaling")
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert [alarm["AlarmName"] for alarm in policy["Alarms"]] == ["mine"]
    minutes(ground, 60)
    assert service(ground)["desiredCount"] == 4
    assert activities(ground)[0]["Cause"] == "monitor alarm mine in state ALARM triggered policy steps"
    minutes(ground, 75)
    assert service(ground)["desiredCount"] == 7, "every minute the alarm rings it acts again"
    minutes(ground, 40)
    assert service(ground)["desiredCount"] == 7
    steps(ground, {"MetricIntervalUpperBound": 0, "ScalingAdjustment": -2})
    alarm_on_load(ground, made["PolicyARN"], "LessThanThreshold", 50)
    minutes(ground, 40)
    assert service(ground)["desiredCount"] == 5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"AdjustmentType": "Twice"}, "AdjustmentType"),
        ({"StepAdjustments": []}, "1 to 20"),
        ({"StepAdjustments": 21 * [{"ScalingAdjustment": 1}]}, "1 to 20"),
        ({"StepAdjustments": 2 * [{"ScalingAdjustment": 1}]}, "overlap"),
        ({"MinAdjustmentMagnitude": 2}, "PercentChangeInCapacity"),
        ({"Cooldown": -1}, "Cooldown"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": [{"ScalingAdjustment": -1}]}, "0 or greater"),
        (
            {
                "StepAdjustments": [
                    {"MetricIntervalUpperBound": 5, "MetricIntervalLowerBound": 0, "ScalingAdjustment": 1},
                    {"MetricIntervalLowerBound": 7, "ScalingAdjustment": 2},
                ]
            },
            "gap",
        ),
    ],
)
def test_steps_that_aws_refuses(ground: Ground, given: dict[str, Any], said: str) -> None:
    register(ground, 2, 9)
    whole = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1}], **given}
    with pytest.raises(ClientError, match=said) as refusal:
        put(ground, "steps", "StepScaling", whole)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert (
        ground.aws("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    )


@pytest.mark.parametrize("given", [{"TargetValue": 0.0}, {"ScaleInCooldown": -1}])
def test_tracking_that_aws_refuses_changes_nothing(ground: Ground, given: dict[str, Any]) -> None:
    register(ground, 2, 9)
    track(ground, 50.0)
    with pytest.raises(ClientError) as refusal:
        track(ground, target=given.pop("TargetValue", 40.0), **given)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    [policy] = ground.aws("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")[
        "ScalingPolicies"
    ]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50.0


def test_suspended_it_neither_acts_nor_records(ground: Ground) -> None:
    register(ground, 1, 9, SuspendedState={"DynamicScalingOutSuspended": True})
    track(ground)
    minutes(ground, 90, 90, 90, 90)
    assert (service(ground)["desiredCount"], activities(ground)) == (3, [])
    register(ground, 1, 9, SuspendedState={"DynamicScalingOutSuspended": False})
    minutes(ground, 90)
    assert service(ground)["desiredCount"] == 6


def test_alarms_whose_actions_are_off_move_nothing(ground: Ground) -> None:
    register(ground, 1, 9)
    made = track(ground)
    ground.aws("cloudwatch").disable_alarm_actions(AlarmNames=[a["AlarmName"] for a in made["Alarms"]])
    minutes(ground, 90, 90, 90, 90)
    assert service(ground)["desiredCount"] == 3


def test_while_ecs_deploys_nothing_scales_in_but_out(ground: Ground) -> None:
    register(ground, 1, 9)
    track(ground, ScaleInCooldown=0, ScaleOutCooldown=0)
    minutes(ground, *14 * [10.0])
    clock.advance(50)
    ground.aws("ecs").update_service(cluster="main", service="web", forceNewDeployment=True)
    minutes(ground, 10)
    assert service(ground)["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert (service(ground)["desiredCount"], activities(ground)) == (3, [])
    pass_minutes(ground, 5)
    minutes(ground, 10)
    assert service(ground)["desiredCount"] == 1
    minutes(ground, 90, 90)
    clock.advance(50)
    ground.aws("ecs").update_service(cluster="main", service="web", forceNewDeployment=True)
    minutes(ground, 90)
    assert service(ground)["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert service(ground)["desiredCount"] == 2


def test_what_a_person_sets_is_what_the_next_sum_starts_from(ground: Ground) -> None:
    register(ground, 1, 20)
    track(ground)
    minutes(ground, 90, 90, 90)
    assert service(ground)["desiredCount"] == 6
    ground.aws("ecs").update_service(cluster="main", service="web", desiredCount=8)
    minutes(ground, 60)
    assert service(ground)["desiredCount"] == 10, "ceil(8 x 60 / 50), though a cooldown of three tasks' growth lasted"


def test_a_restart_in_a_cooldown_goes_on_in_it(ground: Ground) -> None:
    register(ground, 1, 20)
    track(ground)
    minutes(ground, 90, 90, 90)
    assert service(ground)["desiredCount"] == 6
    backend = applicationautoscaling_backends[ground.account][REGION]
    kept = graph.dump(backend.__dict__)
    backend.__dict__.update(graph.load(kept))
    minutes(ground, 90, 90)
    assert service(ground)["desiredCount"] == 6, "without its memory ceil(6 x 90 / 50) were 11"
    assert [a["Description"] for a in activities(ground)] == ["Setting desired count to 6."]
    minutes(ground, 90, 90, 90)
    assert service(ground)["desiredCount"] == 11


def test_activities_are_forgotten_after_six_weeks(ground: Ground) -> None:
    register(ground, 4, 9)
    clock.advance(60)
    assert len(activities(ground)) == 1
    row = activities(ground)[0]
    kept = applicationautoscaling_backends[ground.account][REGION].activities
    kept[0]["StartTime"] = clock.time() - REMEMBERED - 1
    assert activities(ground) == []
    assert kept[0]["ActivityId"] == row["ActivityId"]
