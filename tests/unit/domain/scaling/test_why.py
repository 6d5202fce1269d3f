"""Why it did, or did not, scale."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.domain.scaling.load import CPU
from services.domain.scaling.why import Activity, Kind, NotScaled, at_max, told, why
from services.domain.snapshot import Alarm, ScalingPolicy
from tests import builders as b
from tests.builders.places import NOW

HIGH, LOW = "TargetTracking-service/p/rbac-AlarmHigh-1", "TargetTracking-service/p/rbac-AlarmLow-2"
POLICY = ScalingPolicy("cpu70", "arn", "TargetTrackingScaling", CPU, 70.0, 300, 300, False, (HIGH, LOW))
SCALING = b.scaling(policies=(POLICY,))
FULFILLED = "Successfully set desired count to 6. Change successfully fulfilled by ecs."


def activity(cause: str = f"monitor alarm {HIGH} in state ALARM triggered policy cpu70", **changes: Any) -> Activity:
    """A successful scale-out to 6."""
    made = Activity("1", NOW, "Successful", "Setting desired count to 6.", cause, FULFILLED)
    return replace(made, **changes)


def alarm(name: str, state: str = "ALARM", enabled: bool = True, reason: str | None = "Threshold Crossed.") -> Alarm:
    """An alarm of target tracking."""
    return Alarm(name, f"arn:{name}", state, reason, NOW, None, None, None, enabled, True)


@pytest.mark.parametrize(
    ("cause", "ours"),
    [
        (f"monitor alarm {HIGH} in state ALARM triggered policy cpu70",
         "policy cpu70 was above its target of 70 for 3 minutes"),
        (f"monitor alarm {LOW} in state ALARM triggered policy cpu70",
         "policy cpu70 was below nine tenths of its target of 70 for 15 minutes"),
        (f"monitor alarm {HIGH} in state ALARM triggered policy old", "policy old was above its target for 3 minutes"),
        ("monitor alarm mine in state ALARM triggered policy steps", "the alarm of policy steps rang"),
        ("minimum capacity was set to 6", "the minimum was set to 6"),
        ("maximum capacity was set to 6", "the maximum was set to 6"),
        ("scheduled action name morning was triggered", "the scheduled action morning ran"),
        ("something new", "of 'something new', in AWS's words"),
        ("", "AWS does not say why"),
    ],
)  # fmt: skip
def test_causes_in_plain_words(cause: str, ours: str) -> None:
    line = told(activity(cause), SCALING)
    assert line.ours == f"Desired count set to 6, because {ours}."
    assert line.theirs.startswith("Setting desired count to 6.")
    assert (cause in line.theirs, line.kind) == (True, Kind.SCALED)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("Pending", "; AWS has not begun yet."),
        ("InProgress", "; ECS is at it."),
        ("Overridden", "; a later activity took its place."),
        ("Unfulfilled", "; ECS did not get there."),
        ("Successful", "because the minimum was set to 6."),
    ],
)
def test_how_it_stands(status: str, words: str) -> None:
    assert told(activity("minimum capacity was set to 6", status=status)).ours.endswith(words)


def test_bounds_and_unknown_descriptions() -> None:
    bounds = activity(
        "scheduled action name m was triggered", description="Setting min capacity to 5 and max capacity to 10"
    )
    assert (told(bounds).ours, told(bounds).kind) == (
        "Bounds set to 5 to 10, because the scheduled action m ran.",
        Kind.BOUNDS,
    )
    assert told(activity("", description="Doing X.")).ours.startswith("AWS says 'Doing X', because")


def test_a_failure_says_awss_reason() -> None:
    failed = activity(status="Failed", message="Failed to set desired count to 6. Reason: Rate exceeded.")
    assert told(failed).kind is Kind.FAILED
    assert told(failed).ours == "Policy cpu70 was above its target for 3 minutes, but AWS failed: Rate exceeded."
    assert told(replace(failed, message="")).ours.endswith("AWS failed: AWS gives no reason.")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            NotScaled("AlreadyAtMaxCapacity", most=12, current=12),
            "at its maximum of 12 (12 tasks now). Raise the maximum",
        ),
        (NotScaled("AlreadyAtMinCapacity", least=3), "at its minimum of 3."),
        (NotScaled("AlreadyAtMinCapacity"), "at its minimum."),
        (NotScaled("AlreadyAtDesiredCapacity", current=1), "what there is already (1 task now)."),
        (NotScaled("AutoScalingAnticipatedFlapping"), "bring the alarm straight back."),
        (NotScaled("TargetServicePutResourceAsUnscalable"), "ECS says that this service cannot be scaled"),
        (NotScaled("SomethingNew"), "AWS's code is SomethingNew."),
    ],
)
def test_why_it_did_not(reason: NotScaled, words: str) -> None:
    line = told(activity(status="Failed", not_scaled=(reason,)), SCALING)
    assert (line.kind, line.policy) == (Kind.NOT_SCALED, "cpu70")
    assert words in line.ours


def test_what_holds_now_comes_first_and_then_the_newest() -> None:
    scaling = replace(SCALING, scale_in_suspended=True, scale_out_suspended=True, scheduled_suspended=True)
    past = [
        activity(),
        activity(id="2", at=NOW - timedelta(hours=1)),
        activity(id="3", at=NOW + timedelta(hours=1)),
        activity(),
    ]
    lines = why(scaling, past, [alarm(HIGH)], deploying=True)
    assert [line.kind for line in lines] == [Kind.SUSPENDED] * 4 + [Kind.ALARM] + [Kind.SCALED] * 3
    assert [line.at for line in lines[5:]] == [NOW + timedelta(hours=1), NOW, NOW - timedelta(hours=1)]
    assert lines[0].theirs == "DynamicScalingOutSuspended = true"


@pytest.mark.parametrize(
    ("ringing", "ours"),
    [
        (alarm(HIGH), "Policy cpu70 is above its target of 70: it asks for more tasks."),
        (alarm(LOW), "Policy cpu70 is below nine tenths of its target of 70: it scales in when every policy agrees."),
        (alarm(HIGH, "INSUFFICIENT_DATA"),
         "Policy cpu70 has no data: AWS does nothing on it, and nothing scales in without it."),
        (alarm(HIGH, enabled=False), "The actions of policy cpu70's alarm are off."),
    ],
)  # fmt: skip
def test_alarms_of_policies(ringing: Alarm, ours: str) -> None:
    (line,) = why(SCALING, [], [ringing, alarm("somebody-elses")])
    assert (line.ours, line.policy) == (ours, "cpu70")
    assert line.theirs == f"{ringing.name} is {ringing.state}. Threshold Crossed."


def test_quiet_alarms_say_nothing_and_step_alarms_have_no_target() -> None:
    assert why(SCALING, [], [alarm(HIGH, "OK")]) == ()
    steps = replace(POLICY, type="StepScaling", target=None, alarms=("mine",))
    (line,) = why(replace(SCALING, policies=(steps,)), [], [alarm("mine", reason=None)])
    assert (line.ours, line.theirs) == ("The alarm of policy cpu70 rings: its steps apply.", "mine is ALARM.")


def test_nothing_that_could_scale_it() -> None:
    assert "not registered" in why(None, [activity()], [])[0].ours
    assert "no policy" in why(replace(SCALING, policies=()), [], [])[0].ours


def test_being_at_the_maximum_is_found() -> None:
    full = activity(id="9", not_scaled=(NotScaled("AlreadyAtMaxCapacity", most=12),))
    assert at_max([activity(), full], NOW) is full
    assert at_max([full], NOW + timedelta(minutes=1)) is None
    assert at_max([activity()], NOW) is None
