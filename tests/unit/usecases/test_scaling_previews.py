"""What a preview of a scaling change says: before and after, every guard with its arithmetic, limits, conflicts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.check import Answer, Check
from services.domain.errors import Invalid
from services.domain.operation import State
from services.domain.scaling.change import ScalingChange
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.snapshot import ScheduledAction
from tests import builders as b
from tests.unit.usecases.scaling_world import ENV, SERVICE, VIEWER, Scene

MAX = ScalingChange(max_capacity=14)
NIGHT = ScheduledAction("night", "cron(0 22 * * ? *)", "Europe/Berlin", 3, None)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def checks(scene: Scene, change: ScalingChange) -> dict[str, Check]:
    return {check.key: check for check in scene.scalings.preview(VIEWER, ENV, SERVICE, change).checks}


def test_before_and_after_what_happens_at_once_and_aws_own_lines(scene: Scene) -> None:
    preview = scene.scalings.preview(VIEWER, ENV, SERVICE, ScalingChange(min_capacity=4, max_capacity=14))
    assert [(row.key, row.before, row.after) for row in preview.rows] == [
        ("minimum", "3", "4"),
        ("maximum", "12", "14"),
    ]
    assert preview.effects == ("AWS applies the bounds 4 to 14 at once: desired 3 → 4.",)
    assert len(preview.commands) == 1
    assert "register-scalable-target" in preview.commands[0]
    assert preview.overdue == []
    assert scene.ledger() == []


def test_all_guards_answer_with_their_arithmetic(scene: Scene) -> None:
    found = checks(scene, MAX)
    assert {key: check.answer for key, check in found.items()} == dict.fromkeys(found, Answer.PASS)
    assert set(found) == {
        "fresh", "bounds", "never-zero", "zones", "quota", "step", "need", "connections", "one-zone-gone", "addresses",
        "stack", "pause", "freeze",
    }  # fmt: skip
    assert "14 × 200/100) × 10 (rbac)" in found["connections"].fact
    assert "production-app, db.r6g.large" in found["connections"].fact
    assert "AWS's default; the account's own quota was not read" in found["quota"].fact
    assert "14 - ceil(14 ÷ 3) = 9 ≥ 2" in found["one-zone-gone"].fact
    assert "ceil(3 × 40 ÷ 60) = 2" in found["need"].fact


def test_the_need_of_now_stops_a_scale_in_below_it(scene: Scene) -> None:
    scene.aws.cpu = 95.0
    scene.aws.put(desired=10, running=10)
    scene.snap()
    need = checks(scene, ScalingChange(max_capacity=8))["need"]
    assert (need.answer, need.overridable) == (Answer.FAIL, True)
    assert "ceil(10 × 95 ÷ 60) = 16" in need.fact
    # by the target that the change leaves
    mild = ScalingChange(policies=tuple(replace(p, target=95.0) for p in scene.state().scaling.policies))
    assert checks(scene, mild)["need"].answer is Answer.PASS


def test_old_readings_are_not_known(scene: Scene) -> None:
    scene.aws.cpu_late = timedelta(minutes=10)
    scene.snap()
    assert checks(scene, MAX)["need"].answer is Answer.UNKNOWN
    scene.clock.move(minutes=3)
    fresh = checks(scene, MAX)["fresh"]
    assert (fresh.answer, fresh.overridable, "3 min ago" in fresh.fact) == (Answer.UNKNOWN, False, True)
    scene.snap()
    scene.clock.move(seconds=90)
    assert "90 s ago" in checks(scene, MAX)["fresh"].fact


def test_what_was_never_read_is_not_known(scene: Scene) -> None:
    with scene.unit() as store:
        seen = replace(scene.aws.read(b.environment(), None, metrics=True), readings=())
        store.snapshots.put(seen, changed=True, verdict="healthy", summary="", token=1)
    assert "never been read" in checks(scene, MAX)["fresh"].fact


def test_without_recorded_load_the_peak_is_not_known(scene: Scene) -> None:
    scene.clock.move(hours=24 * 20)
    scene.snap()
    assert checks(scene, MAX)["one-zone-gone"].answer is Answer.UNKNOWN


def test_the_peak_is_that_of_the_metrics_its_policies_go_by(scene: Scene) -> None:
    scene.load(90.0, tasks=12, minutes=5)
    assert "≥ 18, the peak" in checks(scene, MAX)["one-zone-gone"].fact
    scene.aws.scale(policies=())
    scene.snap()
    assert checks(scene, MAX)["one-zone-gone"].answer is Answer.UNKNOWN


def test_connections_are_judged_for_the_database_that_the_service_uses(scene: Scene) -> None:
    assert checks(scene, ScalingChange(max_capacity=100))["connections"].answer is Answer.FAIL
    second = b.database("other", endpoint="other.example")
    scene.aws.shape = replace(scene.aws.shape, databases=(*scene.aws.shape.databases, second))
    scene.snap()
    named = checks(scene, MAX)["connections"]
    stack = next(each for each in scene.aws.shape.stacks if each.name == "service-rbac")
    says = dict(stack.parameters).get("DatabaseEndpoint")
    assert named.answer is (Answer.PASS if says else Answer.UNKNOWN)


def test_a_freeze_may_be_overridden_and_a_pause_not(scene: Scene) -> None:
    with scene.unit() as store:
        store.pauses.add(b.pause(at=scene.clock.now()))
        store.freezes.add(b.freeze(starts=scene.clock.now()))
    found = checks(scene, MAX)
    assert (found["pause"].answer, found["pause"].overridable) == (Answer.FAIL, False)
    assert (found["freeze"].answer, found["freeze"].overridable) == (Answer.FAIL, True)


def test_what_is_wrong_already_does_not_stop_a_change_that_makes_nothing_worse(scene: Scene) -> None:
    scene.aws.scale(min_capacity=1)
    scene.snap()
    target = ScalingChange(policies=(b.policy(target=55.0),))
    zones = checks(scene, target)["zones"]
    assert (zones.answer, zones.overridable) == (Answer.FAIL, True)
    assert "It is so already" in zones.fact
    assert checks(scene, ScalingChange(min_capacity=2))["zones"].overridable
    assert not checks(scene, ScalingChange(max_capacity=14))["zones"].overridable
    assert not checks(scene, ScalingChange(max_capacity=14, min_capacity=2))["zones"].overridable


def test_what_a_schedule_will_set_is_judged_now(scene: Scene) -> None:
    change = ScalingChange(scheduled=(ScheduledAction("sale", "at(2027-01-01T00:00:00)", None, 1, 400),))
    found = checks(scene, change)
    assert found["zones/sale"].answer is Answer.FAIL
    assert found["connections/sale"].answer is Answer.FAIL
    assert found["connections/sale"].title == "sale: The database can hold every connection"
    assert found["connections"].answer is Answer.PASS
    assert "need/sale" not in found
    least = ScalingChange(scheduled=(ScheduledAction("sale", "at(2027-01-01T00:00:00)", None, None, 2),))
    assert checks(scene, least)["bounds/sale"].answer is Answer.FAIL


def test_a_form_that_was_overtaken_shows_both_versions(scene: Scene) -> None:
    opened = scene.state()
    scene.aws.scale(max_capacity=13)
    scene.snap()
    preview = scene.scalings.preview(VIEWER, ENV, SERVICE, MAX, opened)
    assert [(row.before, row.after) for row in preview.conflicts] == [("12", "13")]
    assert [(row.before, row.after) for row in preview.rows] == [("12", "14")]
    assert scene.scalings.preview(VIEWER, ENV, SERVICE, MAX).conflicts == ()


# --- limits ---

BAD = [
    (ScalingChange(), ""),
    (ScalingChange(max_capacity=12), ""),
    (ScalingChange(desired_once=0), "desired"),
    (ScalingChange(policies=(b.policy(name="a:b", target=5.0),)), "policy"),
    (ScalingChange(policies=(b.policy(name=" a", target=5.0),)), "policy"),
    (ScalingChange(policies=(b.policy(name="x" * 257, target=5.0),)), "policy"),
    (ScalingChange(policies=tuple(b.policy(name=f"p{n}", target=5.0) for n in range(49))), "policy"),
    (ScalingChange(steps=(StepPolicy("production-rbac-cpu", Adjustment.CHANGE, (Step(1, 0.0),)),)), "policy"),
    (ScalingChange(scheduled=(replace(NIGHT, name="a/b"),)), "scheduled"),
    (ScalingChange(scheduled=(replace(NIGHT, min_capacity=None),)), "scheduled"),
    (ScalingChange(scheduled=(replace(NIGHT, schedule="daily"),)), "schedule"),
    (ScalingChange(scheduled=(replace(NIGHT, timezone="Mars/Olympus"),)), "timezone"),
    (ScalingChange(scheduled=tuple(replace(NIGHT, name=f"n{n}") for n in range(201))), "scheduled"),
    (ScalingChange(scheduled=tuple(replace(NIGHT, name=f"{n:0>250}") for n in range(190))), ""),
]


@pytest.mark.parametrize(("change", "field"), BAD, ids=[f"{n}-{field}" for n, (_, field) in enumerate(BAD)])
def test_what_aws_would_refuse_is_refused_with_its_field(scene: Scene, change: ScalingChange, field: str) -> None:
    with pytest.raises(Invalid) as wrong:
        scene.scalings.preview(VIEWER, ENV, SERVICE, change)
    assert list(wrong.value.fields) == ([field] if field else [])


def test_an_end_lies_ahead_and_not_too_far_and_ends_something(scene: Scene) -> None:
    now = scene.clock.now()
    for change in (
        ScalingChange(max_capacity=14, until=now),
        ScalingChange(max_capacity=14, until=now + timedelta(days=32)),
        ScalingChange(desired_once=4, until=now + timedelta(hours=1)),
    ):
        with pytest.raises(Invalid) as wrong:
            scene.scalings.preview(VIEWER, ENV, SERVICE, change)
        assert list(wrong.value.fields) == ["until"]


def test_a_policy_on_requests_keeps_its_label(scene: Scene) -> None:
    by_requests = b.policy(REQUESTS, name="rbac-requests", target=900.0)
    scaling = scene.aws.of().scaling
    assert scaling
    scene.aws.scale(policies=(*scaling.policies, by_requests), labels=(("rbac-requests", "app/x"),))
    scene.snap()
    ended = scene.make(
        ScalingChange(policies=(replace(by_requests, target=800.0),)), overrides=("one-zone-gone",),
        override_reason="Nothing was recorded yet",
    )  # fmt: skip
    assert ended.state is State.SUCCEEDED
    assert ("rbac-requests", "app/x") in scene.scalings.change(VIEWER, ended.id).change.labels


def test_a_deployment_under_way_may_overwrite_it(scene: Scene) -> None:
    stacks = scene.aws.shape.stacks
    going = tuple(replace(s, status="UPDATE_IN_PROGRESS") if s.name == "service-rbac" else s for s in stacks)
    scene.aws.shape = replace(scene.aws.shape, stacks=going)
    scene.snap()
    stack = checks(scene, MAX)["stack"]
    assert (stack.answer, stack.overridable) == (Answer.FAIL, True)
    assert "production-service-rbac is UPDATE_IN_PROGRESS" in stack.fact


def test_a_deployment_of_the_environment_says_so_before_its_turn_comes_to_the_stack(scene: Scene) -> None:
    with scene.unit() as store:
        store.operations.add(b.operation("d1", kind="deploy", environment=ENV, target=ENV, state=State.RUNNING))
    stack = checks(scene, MAX)["stack"]
    assert (stack.answer, stack.overridable) == (Answer.FAIL, True)
    assert "deploy of production is running (d1)" in stack.fact


def test_what_is_edited_for_a_time_already_is_said(scene: Scene) -> None:
    scene.make(ScalingChange(max_capacity=20, until=scene.clock.now() + timedelta(hours=1)))
    stays = scene.scalings.preview(VIEWER, ENV, SERVICE, MAX).effects[-1]
    assert stays.startswith("Maximum is edited until 2026-11-22")
    assert stays.endswith("by root.admin; what you set here stays beyond that.")
    ends = ScalingChange(max_capacity=14, until=scene.clock.now() + timedelta(hours=1))
    assert "keep that edit first" in scene.scalings.preview(VIEWER, ENV, SERVICE, ends).effects[-1]
