"""Scheduled actions in the sandbox: kept as put, run by its clock in their zone, told as AWS does (aws-facts 4)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from sandbox import graph
from sandbox.clock import clock
from tests.integration.sandbox.ground import Ground
from tests.integration.sandbox.passing import pass_minutes, steady_ground
from tests.integration.sandbox.stacks_ground import Stacks

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def ground() -> Ground:
    made = steady_ground(3)
    made.aws("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=9)
    return made


def put(ground: Ground, schedule: str | None = "rate(5 minutes)", name: str = "busy", **more: Any) -> None:
    given = {"ScalableTargetAction": {"MinCapacity": 5}, **more}
    if schedule is not None:
        given["Schedule"] = schedule
    ground.aws("application-autoscaling").put_scheduled_action(**TARGET, ScheduledActionName=name, **given)


def at(minutes: float, zone: ZoneInfo | None = None) -> str:
    """at() so many minutes from now, on the clock of a zone."""
    moment = datetime.fromtimestamp(clock.time(), zone or UTC) + timedelta(minutes=minutes)
    return f"at({moment:%Y-%m-%dT%H:%M}:00)"


def described(ground: Ground, **asked: Any) -> list[dict[str, Any]]:
    scaling = ground.aws("application-autoscaling")
    return list(scaling.describe_scheduled_actions(ServiceNamespace="ecs", **asked)["ScheduledActions"])


def bounds(ground: Ground) -> tuple[int, int]:
    scaling = ground.aws("application-autoscaling")
    [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    return target["MinCapacity"], target["MaxCapacity"]


def desired(ground: Ground) -> int:
    found = ground.aws("ecs").describe_services(cluster="main", services=["web"])["services"]
    return int(found[0]["desiredCount"])


def activities(ground: Ground) -> list[dict[str, Any]]:
    scaling = ground.aws("application-autoscaling")
    return list(scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"])


def test_an_action_is_described_as_it_was_put(ground: Ground) -> None:
    starts = datetime.fromtimestamp(clock.time() // 1 + 60, UTC)
    action = {"MinCapacity": 5, "MaxCapacity": 12}
    put(ground, "cron(30 6 ? * MON-FRI *)", Timezone="Europe/Berlin", StartTime=starts, ScalableTargetAction=action)
    put(ground, name="other")
    [first, second] = described(ground)
    assert first.pop("CreationTime").timestamp() == pytest.approx(clock.time(), abs=1)
    arn = first.pop("ScheduledActionARN")
    assert arn.startswith(f"arn:aws:autoscaling:us-east-1:{ground.account}:scheduledAction:")
    assert arn.endswith(":resource/ecs/service/main/web:scheduledActionName/busy")
    assert first.pop("StartTime") == starts
    assert first == {
        **TARGET,
        "ScheduledActionName": "busy",
        "Schedule": "cron(30 6 ? * MON-FRI *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": action,
    }
    assert "Timezone" not in second
    assert [a["ScheduledActionName"] for a in described(ground, ScheduledActionNames=["other"])] == ["other"]
    assert described(ground, ResourceId="service/main/nobody") == []
    scaling = ground.aws("application-autoscaling")
    page = scaling.describe_scheduled_actions(ServiceNamespace="ecs", MaxResults=1)
    rest = scaling.describe_scheduled_actions(ServiceNamespace="ecs", NextToken=page["NextToken"])
    assert [a["ScheduledActionName"] for a in rest["ScheduledActions"]] == ["other"]


def test_an_update_keeps_what_is_not_given_but_start_and_end(ground: Ground) -> None:
    ends = datetime.fromtimestamp(clock.time(), UTC) + timedelta(days=1)
    put(ground, "cron(0 6 * * ? *)", Timezone="Asia/Tokyo", EndTime=ends)
    before = described(ground)[0]
    put(ground, None, ScalableTargetAction={"MaxCapacity": 20})
    [after] = described(ground)
    assert after == {
        **{name: value for name, value in before.items() if name != "EndTime"},
        "ScalableTargetAction": {"MaxCapacity": 20},
    }


def test_it_runs_at_its_zones_time_once_and_says_so(ground: Ground) -> None:
    action = {"MinCapacity": 5, "MaxCapacity": 10}
    put(ground, at(3, BERLIN), Timezone="Europe/Berlin", ScalableTargetAction=action)
    pass_minutes(ground, 2)
    assert bounds(ground) == (3, 9)
    pass_minutes(ground)
    assert (bounds(ground), desired(ground)) == ((5, 10), 5)
    [count, bounded] = activities(ground)
    assert bounded["Description"] == "Setting min capacity to 5 and max capacity to 10"
    assert bounded["Cause"] == "scheduled action name busy was triggered"
    assert bounded["StatusCode"] == "Successful"
    assert bounded["StatusMessage"] == "Successfully set min capacity to 5 and max capacity to 10"
    assert (count["Description"], count["Cause"]) == ("Setting desired count to 5.", "minimum capacity was set to 5")
    ground.aws("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=9)
    pass_minutes(ground, 5)
    assert bounds(ground) == (3, 9)
    assert [a["ScheduledActionName"] for a in described(ground)] == ["busy"]


def test_a_rate_repeats_between_start_and_end_and_deleted_it_stops(ground: Ground) -> None:
    now = datetime.fromtimestamp(clock.time(), UTC)
    put(ground, "rate(2 minutes)", StartTime=now + timedelta(minutes=3), EndTime=now + timedelta(minutes=6))
    pass_minutes(ground, 12)
    assert [a["Description"] for a in activities(ground) if "scheduled" in a["Cause"]] == 2 * [
        "Setting min capacity to 5"
    ]
    put(ground, "rate(1 minute)")
    pass_minutes(ground, 2)
    ground.aws("application-autoscaling").delete_scheduled_action(**TARGET, ScheduledActionName="busy")
    known = len(activities(ground))
    pass_minutes(ground, 3)
    assert len(activities(ground)) == known
    with pytest.raises(ClientError) as gone:
        ground.aws("application-autoscaling").delete_scheduled_action(**TARGET, ScheduledActionName="busy")
    assert gone.value.response["Error"]["Code"] == "ObjectNotFoundException"


def test_suspended_it_does_not_run_nor_later(ground: Ground) -> None:
    scaling = ground.aws("application-autoscaling")
    put(ground, at(2))
    scaling.register_scalable_target(**TARGET, SuspendedState={"ScheduledScalingSuspended": True})
    pass_minutes(ground, 4)
    scaling.register_scalable_target(**TARGET, SuspendedState={"ScheduledScalingSuspended": False})
    pass_minutes(ground, 3)
    assert (bounds(ground), activities(ground)) == ((3, 9), [])


def test_a_minimum_above_the_maximum_fails_and_says_so(ground: Ground) -> None:
    put(ground, "rate(1 minute)", ScalableTargetAction={"MinCapacity": 10})
    pass_minutes(ground, 2)
    assert bounds(ground) == (3, 9)
    failed = activities(ground)[0]
    assert failed["StatusCode"] == "Failed"
    assert failed["StatusMessage"] == (
        "Failed to set min capacity to 10. Reason: Maximum capacity cannot be less than minimum capacity"
    )


def test_it_survives_a_restart_and_makes_up_for_what_was_missed_in_order(ground: Ground) -> None:
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    put(ground, at(3), "low", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 7})
    put(ground, "rate(2 minutes)", "high", ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 8})
    backend = applicationautoscaling_backends[ground.account]["us-east-1"]
    kept = graph.dump(backend.__dict__)
    clock.advance(10 * 60 * clock.speed)
    backend.__dict__.update(graph.load(kept))
    pass_minutes(ground)
    assert bounds(ground) == (4, 8)
    ran = [a["Description"] for a in activities(ground) if "scheduled" in a["Cause"]]
    assert ran == ["Setting min capacity to 4 and max capacity to 8", "Setting min capacity to 1 and max capacity to 7"]


@pytest.mark.parametrize(
    ("schedule", "more", "said"),
    [
        ("every(5 minutes)", {}, "Invalid schedule expression"),
        ("cron(0 0 * * * *)", {}, "must be"),
        ("at(2020-01-01T00:00:00)", {}, "past"),
        (None, {}, "schedule must be specified"),
        ("rate(5 minutes)", {"Timezone": "Mars/Base"}, "not valid"),
        ("rate(5 minutes)", {"name": "a/b"}, "name"),
        ("rate(5 minutes)", {"ScalableTargetAction": {}}, "MinCapacity, MaxCapacity or both"),
        ("rate(5 minutes)", {"ScalableTargetAction": {"MinCapacity": -1}}, "0 or greater"),
        ("rate(5 minutes)", {"ScalableTargetAction": {"MinCapacity": 5, "MaxCapacity": 4}}, "less than minimum"),
        ("rate(5 minutes)", {"StartTime": datetime(2030, 1, 2, tzinfo=UTC),
                             "EndTime": datetime(2030, 1, 1, tzinfo=UTC)}, "before the end"),
    ],
)  # fmt: skip
def test_what_aws_refuses(ground: Ground, schedule: str | None, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said) as refusal:
        put(ground, schedule, **more)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert described(ground) == []


def test_it_needs_a_target_and_there_are_two_hundred_at_most(ground: Ground) -> None:
    for number in range(200):
        put(ground, name=f"n{number}")
    with pytest.raises(ClientError) as many:
        put(ground, name="one more")
    assert many.value.response["Error"]["Code"] == "LimitExceededException"
    put(ground, "rate(9 minutes)", name="n7")
    ground.aws("application-autoscaling").deregister_scalable_target(**TARGET)
    assert described(ground) == []
    with pytest.raises(ClientError) as early:
        put(ground)
    assert early.value.response["Error"]["Code"] == "ObjectNotFoundException"


TEMPLATE = """
Parameters: {Busy: {Type: Number, Default: 5}, Evening: {Type: String, Default: "true"}}
Conditions: {Evening: !Equals [!Ref Evening, "true"]}
Resources:
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: ecs
      ScalableDimension: ecs:service:DesiredCount
      ResourceId: service/main/web
      MinCapacity: 3
      MaxCapacity: 9
      ScheduledActions:
        - ScheduledActionName: morning
          Schedule: cron(30 6 ? * MON-FRI *)
          Timezone: Europe/Berlin
          ScalableTargetAction: {MinCapacity: !Ref Busy, MaxCapacity: 9}
        - !If
          - Evening
          - ScheduledActionName: evening
            Schedule: rate(1 minute)
            EndTime: "2040-01-01T00:00:00Z"
            ScalableTargetAction: {MinCapacity: 4}
          - !Ref AWS::NoValue
"""


def test_a_stack_puts_changes_and_removes_them() -> None:
    ground = steady_ground(3)
    stacks = Stacks(ground.account)
    assert stacks.deployed("scaling", TEMPLATE)["StackStatus"] == "CREATE_COMPLETE"
    morning, evening = described(ground)
    assert (morning["ScheduledActionName"], morning["Timezone"]) == ("morning", "Europe/Berlin")
    assert morning["ScalableTargetAction"] == {"MinCapacity": 5, "MaxCapacity": 9}
    assert evening["EndTime"] == datetime(2040, 1, 1, tzinfo=UTC)
    pass_minutes(ground, 2)
    assert bounds(ground) == (4, 9)
    given = [{"ParameterKey": "Busy", "ParameterValue": "6"}, {"ParameterKey": "Evening", "ParameterValue": "false"}]
    changed = stacks.deployed("scaling", TEMPLATE, "UPDATE", Parameters=given)
    assert changed["StackStatus"] == "UPDATE_COMPLETE"
    [morning] = described(ground)
    assert morning["ScalableTargetAction"] == {"MinCapacity": 6, "MaxCapacity": 9}
    assert bounds(ground) == (4, 9), "a template that says the same as before leaves what was set beside it"
    stacks.cfn.delete_stack(StackName="scaling")
    pass_minutes(ground, 2)
    assert described(ground) == []
