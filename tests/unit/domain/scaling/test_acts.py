"""A change as single writes: their order, their keys, which may be repeated, and when each holds."""

from dataclasses import replace

import pytest

from services.domain.scaling.acts import Call, Write, completed, holds, writes
from services.domain.scaling.change import ScalingChange, ScalingState, Suspended, after
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.snapshot import ScheduledAction
from tests import builders as b

CPU = b.policy()
BY_REQUESTS = replace(b.policy(), name="rbac-requests", metric=REQUESTS, target=900.0)
BURST = StepPolicy("rbac-burst", Adjustment.CHANGE, (Step(2, 0.0),))
NIGHT = ScheduledAction("night", "cron(0 22 * * ? *)", None, 3, None)
LABEL = ("rbac-requests", "app/alb/1/targetgroup/rbac/2")
NOW = ScalingState(b.scaling())
WHOLE = ScalingChange(
    min_capacity=4,
    max_capacity=14,
    suspended=Suspended(True, False, False),
    policies=(replace(CPU, target=50.0), BY_REQUESTS),
    labels=(LABEL,),
    steps=(BURST,),
    removed_policies=("production-rbac-memory",),
    scheduled=(NIGHT,),
    removed_scheduled=("old",),
    desired_once=5,
)


def test_what_is_removed_goes_first_and_bounds_come_last() -> None:
    assert [write.key for write in writes(WHOLE)] == [
        "DeleteScalingPolicy/production-rbac-memory",
        "DeleteScheduledAction/old",
        "PutScalingPolicy/production-rbac-cpu",
        "PutScalingPolicy/rbac-requests",
        "PutScalingPolicy/rbac-burst",
        "PutScheduledAction/night",
        "UpdateService",
        "RegisterScalableTarget",
    ]


def test_each_write_has_its_own_part_and_together_they_are_the_change() -> None:
    parts = {write.key: write.part for write in writes(WHOLE)}
    assert parts["PutScalingPolicy/rbac-requests"] == ScalingChange(policies=(BY_REQUESTS,), labels=(LABEL,))
    assert parts["PutScalingPolicy/production-rbac-cpu"].labels == ()
    assert parts["RegisterScalableTarget"] == ScalingChange(
        min_capacity=4, max_capacity=14, suspended=Suspended(True, False, False)
    )
    state = NOW
    for write in writes(WHOLE):
        state = after(write.part, state)
    assert state == after(WHOLE, NOW)


def test_nothing_is_written_for_nothing() -> None:
    assert writes(ScalingChange()) == ()


def test_only_the_count_may_not_be_set_twice() -> None:
    assert [write.call for write in writes(WHOLE) if not write.repeatable] == [Call.SET_DESIRED]


@pytest.mark.parametrize("write", writes(WHOLE), ids=lambda write: write.key)
def test_a_write_holds_after_it_and_not_before(write: Write) -> None:
    before = replace(NOW, scaling=replace(NOW.scaling, scheduled=(replace(NIGHT, name="old"),)))
    assert not holds(write, before, 3)
    assert holds(write, after(write.part, before), 5)


def test_a_write_does_not_hold_with_another_label() -> None:
    state = after(WHOLE, NOW)
    (write,) = [write for write in writes(WHOLE) if write.name == "rbac-requests"]
    assert not holds(write, replace(state, labels=(("rbac-requests", "app/other"),)), 5)


def test_arns_and_alarms_are_aws_s_to_make() -> None:
    (write,) = writes(ScalingChange(policies=(replace(CPU, arn="", alarms=(), target=50.0),)))
    assert holds(write, after(ScalingChange(policies=(replace(CPU, target=50.0),)), NOW), 3)


def test_a_policy_on_requests_keeps_the_label_it_has() -> None:
    state = replace(NOW, labels=(LABEL,))
    assert completed(ScalingChange(policies=(BY_REQUESTS,)), state).labels == (LABEL,)
    given = ("rbac-requests", "app/new/1/targetgroup/new/2")
    assert completed(ScalingChange(policies=(BY_REQUESTS,), labels=(given,)), state).labels == (given,)
    assert completed(ScalingChange(policies=(BY_REQUESTS,)), NOW).labels == ()
    assert completed(ScalingChange(policies=(CPU,)), state).labels == ()
