"""A scaling change: its difference, effects, revert, conflicts and command lines."""

import json
import shlex
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.errors import Invalid
from services.domain.scaling.change import (
    ScalingChange,
    ScalingState,
    Suspended,
    after,
    check_change,
    conflicts,
    desired_after,
    difference,
    effects,
    revert,
)
from services.domain.scaling.commands import commands, look
from services.domain.scaling.load import CPU, REQUESTS
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.snapshot import ScalingPolicy, ScheduledAction
from tests import builders as b
from tests.builders.places import NOW, REGION

CPU_POLICY = ScalingPolicy("cpu", "arn:cpu", "TargetTrackingScaling", CPU, 70.0, 300, None, False, ("a-AlarmHigh",))
STEP = StepPolicy("burst", Adjustment.PERCENT, (Step(25, 0, 15), Step(50, 15)), least=2)
STEP_POLICY = ScalingPolicy("burst", "arn:burst", "StepScaling", None, None, None, None, False)
CUSTOM = ScalingPolicy("queue", "arn:queue", "TargetTrackingScaling", None, 5.0, None, None, False)
MORNING = ScheduledAction("morning", "cron(30 6 ? * MON-FRI *)", "Europe/Berlin", 6, None)
STATE = ScalingState(b.scaling(policies=(CPU_POLICY,), scheduled=(MORNING,)))
LABEL = "app/production-alb/1/targetgroup/production-rbac/2"


def state(**changes: Any) -> ScalingState:
    """The state with another scaling."""
    return replace(STATE, scaling=replace(STATE.scaling, **changes))


def test_only_what_changes_is_a_row() -> None:
    change = ScalingChange(
        max_capacity=20,
        suspended=Suspended(True, False, False),
        policies=(replace(CPU_POLICY, target=60.0, scale_in_disabled=True),),
        scheduled=(replace(MORNING, min_capacity=8, max_capacity=20),),
    )
    assert [(row.key, row.before, row.after) for row in difference(change, STATE)] == [
        ("maximum", "12", "20"),
        ("scaling in", "active", "suspended"),
        ("policy/cpu/target", "70", "60"),
        ("policy/cpu/scale-in", "on", "off"),
        ("scheduled/morning/minimum", "6", "8"),
        ("scheduled/morning/maximum", "unchanged", "20"),
    ]


def test_rows_have_labels_for_people() -> None:
    change = ScalingChange(min_capacity=4, removed_policies=("cpu",), steps=(STEP,))
    rows = {row.label: (row.before, row.after) for row in difference(change, STATE)}
    assert rows["Minimum"] == ("3", "4")
    assert rows["Policy cpu: scale-out cooldown"] == ("300 s", "none")
    assert rows["Policy cpu: scale-in cooldown"] == ("AWS's default", "none")
    assert rows["Policy burst: type"] == ("none", "StepScaling")
    assert rows["Policy burst: steps"] == ("none", "+0 to +15: +25 %; from +15: +50 % (at least 2)")


def test_steps_are_told_by_kind() -> None:
    change = ScalingChange(
        steps=(
            StepPolicy("a", Adjustment.EXACT, (Step(5),)),
            StepPolicy("b", Adjustment.CHANGE, (Step(-1, None, 0),)),
        )
    )
    told = {row.key: row.after for row in difference(change, STATE)}
    assert told["policy/a/steps"] == "any breach: to 5 tasks"
    assert told["policy/b/steps"] == "up to +0: -1 tasks"


def test_new_things_are_added_and_old_ones_removed() -> None:
    requests = ScalingPolicy("requests", "", "TargetTrackingScaling", REQUESTS, 500.0, 60, 300, False)
    change = ScalingChange(policies=(requests,), labels=(("requests", LABEL),), removed_scheduled=("morning",))
    then = after(change, STATE)
    assert [policy.name for policy in then.scaling.policies] == ["cpu", "requests"]
    assert then.scaling.scheduled == ()
    assert then.labels == (("requests", LABEL),)
    assert after(ScalingChange(removed_policies=("requests",)), then).labels == ()


def test_custom_policies_are_shown_as_their_own() -> None:
    made = difference(
        ScalingChange(removed_policies=("queue",)), state(policies=(CUSTOM, replace(CUSTOM, name="x", target=None)))
    )
    assert ("policy/queue/metric", "its own") in [(row.key, row.before) for row in made]


@pytest.mark.parametrize(
    ("change", "desired", "count", "said"),
    [
        (ScalingChange(min_capacity=6), 4, 6, "AWS applies the bounds 6 to 12 at once: desired 4 → 6."),
        (ScalingChange(max_capacity=3), 4, 3, "AWS applies the bounds 3 to 3 at once: desired 4 → 3."),
        (ScalingChange(max_capacity=20), 4, 4, "desired 4 lies within, nothing moves."),
        (ScalingChange(suspended=Suspended(False, True, False)), 2, 3,
         "Scaling out stops: more load gets no more tasks."),
        (ScalingChange(desired_once=5), 4, 5, "Desired 4 → 5 at once; policies may change it again"),
        (ScalingChange(desired_once=20), 4, 20, "20 lies outside 3 to 12: AWS pulls it back the next time"),
        (ScalingChange(desired_once=20, max_capacity=15), 4, 15, "at once: desired 4 → 15."),
        (ScalingChange(policies=(replace(CPU_POLICY, target=60.0),)), 4, 4, "AWS remakes the alarms"),
        (ScalingChange(removed_policies=("cpu",)), 4, 4, "AWS deletes the alarms of cpu"),
        (ScalingChange(max_capacity=20, until=NOW), 4, 4, "It is taken back at 2026-11-22 02:13 UTC."),
    ],
)  # fmt: skip
def test_what_it_does_right_now(change: ScalingChange, desired: int, count: int, said: str) -> None:
    assert desired_after(change, STATE, desired) == count
    assert any(said in each for each in effects(change, STATE, desired))


def test_what_cannot_be_put_back_is_said() -> None:
    said = effects(
        ScalingChange(removed_policies=("queue", "burst")),
        replace(state(policies=(CUSTOM, STEP_POLICY)), steps=(STEP,)),
        4,
    )
    assert "Haven cannot put queue back: what it is made of was not read." in said
    assert not any("burst back" in each for each in said)


CHANGES = [
    ScalingChange(min_capacity=4, max_capacity=20),
    ScalingChange(suspended=Suspended(True, True, True)),
    ScalingChange(policies=(replace(CPU_POLICY, target=55.0),)),
    ScalingChange(removed_policies=("cpu",), removed_scheduled=("morning",)),
    ScalingChange(steps=(STEP,), scheduled=(replace(MORNING, name="evening"), replace(MORNING, min_capacity=9))),
    ScalingChange(
        policies=(ScalingPolicy("requests", "", "TargetTrackingScaling", REQUESTS, 500.0, 60, 300, False),),
        labels=(("requests", LABEL),),
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_revert_is_a_change_that_leaves_what_was(change: ScalingChange) -> None:
    then = after(change, STATE)
    back = revert(STATE, then)
    assert difference(change, STATE) != ()
    assert conflicts(STATE, after(back, then)) == ()
    assert check_change(back, then, NOW) is back


def test_nothing_to_revert_changes_nothing() -> None:
    assert revert(STATE, STATE) == ScalingChange()


def test_steps_that_were_removed_come_back() -> None:
    was = replace(state(policies=(CPU_POLICY, STEP_POLICY)), steps=(STEP,))
    then = after(ScalingChange(removed_policies=("burst",)), was)
    assert then.steps == ()
    assert after(revert(was, then), then).steps == (STEP,)


def test_a_conflict_shows_both_versions_and_remade_alarms_are_none() -> None:
    remade = state(policies=(replace(CPU_POLICY, arn="arn:new", alarms=("b-AlarmHigh",)),))
    assert conflicts(state(policies=(CPU_POLICY,)), remade) == ()
    outside = state(policies=(replace(CPU_POLICY, target=50.0),))
    assert [(row.before, row.after) for row in conflicts(STATE, outside)] == [("70", "50")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (ScalingChange(), "Nothing would change"),
        (ScalingChange(max_capacity=12), "Nothing would change"),
        (ScalingChange(max_capacity=20, until=NOW), "lies in the past"),
        (ScalingChange(removed_policies=("gone",)), "no gone to remove"),
        (ScalingChange(removed_scheduled=("gone",)), "no gone to remove"),
        (ScalingChange(policies=(replace(CPU_POLICY, target=0.0),)), "target above 0"),
        (ScalingChange(policies=(replace(CPU_POLICY, target=None),)), "target above 0"),
        (ScalingChange(policies=(replace(CPU_POLICY, target=101.0),)), "100 % at most"),
        (ScalingChange(policies=(replace(CPU_POLICY, scale_in_cooldown=-1),)), "0 s or more"),
        (ScalingChange(policies=(replace(CPU_POLICY, name="requests", metric=REQUESTS),)), "load balancer"),
        (ScalingChange(policies=(replace(CPU_POLICY, name="queue"),)), "metric of its own"),
        (ScalingChange(steps=(replace(STEP, steps=()),)), "1 to 20 steps"),
    ],
)
def test_what_cannot_be_is_refused(change: ScalingChange, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        check_change(change, state(policies=(CPU_POLICY, CUSTOM)), NOW)


def test_a_count_once_alone_is_a_change() -> None:
    change = ScalingChange(desired_once=4, until=NOW + timedelta(hours=1))
    assert check_change(change, STATE, NOW) is change


def test_the_lines_are_aws_own() -> None:
    change = ScalingChange(
        min_capacity=4,
        max_capacity=20,
        suspended=Suspended(True, False, False),
        policies=(
            replace(CPU_POLICY, target=60.0),
            ScalingPolicy("requests", "", "TargetTrackingScaling", REQUESTS, 500.0, 60, 300, True),
        ),
        labels=(("requests", LABEL),),
        steps=(STEP,),
        removed_policies=("old",),
        scheduled=(MORNING, ScheduledAction("night", "rate(1 day)", None, 3, 9)),
        removed_scheduled=("noon",),
        desired_once=5,
    )
    lines = [shlex.split(line) for line in commands(change, STATE, REGION)]
    assert [line[2] for line in lines] == [
        "delete-scaling-policy", "delete-scheduled-action", "put-scaling-policy", "put-scaling-policy",
        "put-scaling-policy", "put-scheduled-action", "put-scheduled-action", "update-service",
        "register-scalable-target",
    ]  # fmt: skip
    assert all(line[-2:] == ["--region", REGION] for line in lines)
    assert json.loads(lines[2][-3]) == {
        "TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": CPU},
        "ScaleOutCooldown": 300,
        "DisableScaleIn": False,
    }
    assert json.loads(lines[3][-3])["PredefinedMetricSpecification"]["ResourceLabel"] == LABEL
    assert json.loads(lines[4][-3]) == {
        "AdjustmentType": "PercentChangeInCapacity",
        "StepAdjustments": [
            {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 15, "ScalingAdjustment": 25},
            {"MetricIntervalLowerBound": 15, "ScalingAdjustment": 50},
        ],
        "Cooldown": 300,
        "MinAdjustmentMagnitude": 2,
        "MetricAggregationType": "Average",
    }
    assert lines[5][-6:-2] == ["--timezone", "Europe/Berlin", "--scalable-target-action", "MinCapacity=6"]
    assert lines[6][-3] == "MinCapacity=3,MaxCapacity=9"
    assert lines[7][3:-2] == ["--cluster", "production", "--service", "rbac", "--desired-count", "5"]
    assert " ".join(lines[8][-8:-2]).startswith("--min-capacity 4 --max-capacity 20 --suspended-state Dyn")


def test_only_what_is_given_is_registered() -> None:
    (line,) = commands(ScalingChange(max_capacity=20), STATE, REGION)
    assert line == (
        "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id "
        "service/production/rbac --scalable-dimension ecs:service:DesiredCount --max-capacity 20 --region us-east-1"
    )
    assert len(commands(ScalingChange(suspended=Suspended(False, False, False)), STATE, REGION)) == 1
    step = StepPolicy("s", Adjustment.CHANGE, (Step(1, None, 5), Step(2, 5)))
    assert "MinAdjustmentMagnitude" not in commands(ScalingChange(steps=(step,)), STATE, REGION)[0]


def test_lines_to_look_with() -> None:
    assert [line.split()[2] for line in look("service/production/rbac", REGION)] == [
        "describe-scalable-targets", "describe-scaling-policies", "describe-scheduled-actions",
        "describe-scaling-activities",
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        ScalingChange,
        min_capacity=st.one_of(st.none(), st.integers(1, 9)),
        max_capacity=st.one_of(st.none(), st.integers(9, 30)),
        suspended=st.one_of(st.none(), st.builds(Suspended, st.booleans(), st.booleans(), st.booleans())),
        removed_policies=st.sampled_from([(), ("cpu",)]),
        scheduled=st.sampled_from([(), (replace(MORNING, min_capacity=2),), (replace(MORNING, name="x"),)]),
    ),
    st.integers(0, 40),
)
def test_every_change_can_be_taken_back_and_keeps_the_bounds(change: ScalingChange, desired: int) -> None:
    then = after(change, STATE)
    assert conflicts(STATE, after(revert(STATE, then), then)) == ()
    if change.registers:
        assert then.scaling.min_capacity <= desired_after(change, STATE, desired) <= then.scaling.max_capacity
