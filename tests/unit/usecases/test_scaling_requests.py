"""Asking for a change of scaling: who may, what stands in the way, how it is remembered and taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.errors import Conflict, Invalid, NotAllowed, Unsafe
from services.domain.operation import State, Target
from services.domain.scaling.change import ScalingChange, Suspended
from tests import builders as b
from tests.unit.usecases.scaling_world import ADMIN, ENV, OPERATOR, SERVICE, VIEWER, Scene

MAX = ScalingChange(max_capacity=14)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_request_is_saved_whole(scene: Scene) -> None:
    asked = scene.ask(MAX)
    assert (asked.kind, asked.target_kind, asked.target, asked.state) == (
        "scaling",
        Target.SERVICE,
        SERVICE,
        State.REQUESTED,
    )
    assert (asked.begin_before - asked.requested_at, asked.approve_before) == (timedelta(minutes=30), None)
    assert asked.wants("commands").startswith("aws application-autoscaling")
    with scene.unit(readonly=True) as store:
        (trail,) = store.operations.trail(asked.id)
        (entry,) = store.ledger.read()
        assert store.edits.get(asked.id) is None
    assert trail.sentence == "root.admin asked for it: More room for the sale (OPS-4471)."
    assert entry.detail == {
        "target": "rbac",
        "operation": asked.id,
        "change": "Maximum: 12 → 14",
        "ticket": "OPS-4471",
    }
    assert (entry.client, entry.reason) == ("127.0.0.1", "More room for the sale")
    assert scene.scalings.service(VIEWER, ENV, SERVICE).live == asked


def test_one_with_an_end_makes_a_temporary_edit(scene: Scene) -> None:
    until = scene.clock.now() + timedelta(hours=1)
    asked = scene.ask(replace(MAX, until=until))
    (edit,) = scene.scalings.service(VIEWER, ENV, SERVICE).edits
    assert (edit.id, edit.until, edit.before.scaling.max_capacity) == (asked.id, until, 12)


def test_who_may_not_is_told_who_may(scene: Scene) -> None:
    for actor in (VIEWER, OPERATOR):
        with pytest.raises(NotAllowed, match="admin"):
            scene.scalings.request(actor, scene.request(MAX))


def test_what_was_typed_is_checked(scene: Scene) -> None:
    bad = scene.request(MAX, reason="why", ticket="no ticket!", overrides=("need",), override_reason="")
    with pytest.raises(Invalid) as wrong:
        scene.scalings.request(ADMIN, bad)
    assert set(wrong.value.fields) == {"reason", "ticket", "override_reason"}
    assert scene.ledger() == []


def test_a_guard_in_the_way_is_named_and_the_refusal_is_in_the_ledger(scene: Scene) -> None:
    scene.aws.cpu = 95.0
    scene.aws.put(desired=10, running=10)
    scene.snap()
    lower = ScalingChange(max_capacity=8)
    with pytest.raises(Unsafe, match=r"ceil\(10 × 95 ÷ 60\) = 16"):
        scene.ask(lower)
    assert scene.ledger() == [("root.admin", "request scaling", "denied")]
    asked = scene.ask(lower, overrides=("need", "quota"), override_reason="The load is about to be moved away")
    assert asked.overridden == ("need",)
    with scene.unit(readonly=True) as store:
        entry = store.ledger.read()[0]
    assert entry.detail["override_reason"] == "The load is about to be moved away"


def test_no_override_lets_pass_what_would_break(scene: Scene) -> None:
    for change in (ScalingChange(min_capacity=0), ScalingChange(min_capacity=20), ScalingChange(max_capacity=400)):
        every = tuple(check.key for check in scene.scalings.preview(VIEWER, ENV, SERVICE, change).checks)
        with pytest.raises(Unsafe):
            scene.ask(change, overrides=every, override_reason="I want it all the same")


def test_one_change_of_a_service_at_a_time(scene: Scene) -> None:
    first = scene.ask(MAX)
    with pytest.raises(Conflict, match=first.id):
        scene.ask(ScalingChange(max_capacity=15))


def test_an_overtaken_form_writes_nothing(scene: Scene) -> None:
    request = scene.request(MAX)
    scene.aws.scale(max_capacity=13)
    scene.snap()
    with pytest.raises(Conflict, match="Maximum was 12 and is 13"):
        scene.scalings.request(ADMIN, request)
    assert scene.ledger() == [("root.admin", "request scaling", "denied")]


def test_a_change_is_remembered_and_taken_back_by_another(scene: Scene) -> None:
    made = scene.make(ScalingChange(max_capacity=14, suspended=Suspended(True, False, False)))
    (record,) = scene.scalings.changes(VIEWER, ENV, SERVICE)
    assert [row.key for row in record.rows] == ["maximum", "scaling in"]
    change, state = scene.scalings.reverting(VIEWER, made.id)
    assert change == ScalingChange(max_capacity=12, suspended=Suspended(False, False, False))
    back = scene.make(change, opened=state, reverts=made.id)
    assert back.wants("reverts") == made.id
    assert [each.operation.id for each in scene.scalings.changes(VIEWER, ENV)] == [back.id, made.id]
    assert scene.scalings.changes(VIEWER, ENV, "audit") == []
    assert len(scene.scalings.changes(VIEWER, ENV, limit=1)) == 1
    with pytest.raises(Conflict, match="as it was before"):
        scene.scalings.reverting(VIEWER, made.id)


def test_what_cannot_be_taken_back_says_why(scene: Scene) -> None:
    made = scene.make(MAX)
    scene.aws.scale(max_capacity=16)
    scene.snap()
    with pytest.raises(Conflict, match="Somebody has changed it since: the maximum"):
        scene.scalings.reverting(VIEWER, made.id)
    live = scene.ask(ScalingChange(max_capacity=17))
    assert scene.scalings.change(VIEWER, live.id).cannot_revert == "It is not over yet."
    scene.aws.put(scaling=None)
    scene.snap()
    assert "not registered" in scene.scalings.change(VIEWER, made.id).cannot_revert


def test_a_policy_that_was_never_read_whole_cannot_be_put_back(scene: Scene) -> None:
    scaling = scene.aws.of().scaling
    assert scaling
    own = replace(b.policy(name="own"), metric=None)
    scene.aws.scale(policies=(*scaling.policies, own))
    scene.snap()
    made = scene.make(ScalingChange(removed_policies=("own",)))
    assert made.state is State.SUCCEEDED
    assert "cannot put own back" in scene.scalings.change(VIEWER, made.id).cannot_revert


def test_changes_of_one_service_are_found_behind_many_of_others(scene: Scene) -> None:
    first = scene.make(MAX)
    with scene.unit() as store:
        for number in range(250):
            copy = replace(first, id=f"x{number}", target="audit", requested_at=first.requested_at + timedelta(hours=1))
            store.operations.add(replace(copy, requested_at=copy.requested_at + timedelta(seconds=number)))
    assert [each.operation.id for each in scene.scalings.changes(VIEWER, ENV, SERVICE)] == [first.id]
