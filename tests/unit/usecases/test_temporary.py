"""Temporary edits: taken back at their end, held while that is not safe, extended, ended, kept; by anyone, once."""

from datetime import datetime, timedelta

import pytest

from services.domain.errors import Conflict, Invalid, Misconfigured, NotAllowed, NotFound, Unsafe
from services.domain.operation import State
from services.domain.scaling.change import ScalingChange
from services.domain.scaling.temporary import Edit, EditState
from services.usecases.temporary import TemporaryEdits
from tests import builders as b
from tests.unit.usecases.scaling_world import ADMIN, BOB, ENV, OPERATOR, VIEWER, Scene

HOUR = timedelta(hours=1)
WHY = "The sale lasts longer than was thought"


@pytest.fixture
def scene() -> Scene:
    return Scene()


def until(scene: Scene, hours: float = 1) -> datetime:
    return scene.clock.now() + timedelta(hours=hours)


def raised(scene: Scene, most: int = 20) -> Edit:
    """`max 20 for an hour`, in force."""
    made = scene.make(ScalingChange(max_capacity=most, until=until(scene)))
    assert made.state is State.SUCCEEDED
    return edit(scene, made.id)


def edit(scene: Scene, id: str = "op-1") -> Edit:
    with scene.unit(readonly=True) as store:
        found = store.edits.get(id)
    assert found is not None
    return found


def later(scene: Scene, hours: float = 1.0) -> None:
    scene.clock.move(hours=hours)
    scene.snap()


def test_it_is_taken_back_at_its_end_and_not_before(scene: Scene) -> None:
    made = raised(scene)
    assert (made.state, made.by, scene.aws.max()) == (EditState.WAITING, "root.admin", 20)
    assert scene.edits.tick() == 0
    later(scene)
    assert scene.edits.tick() == 1
    going = edit(scene)
    assert (going.state, going.revert) == (EditState.REVERTING, "op-2")
    assert scene.edits.tick() == 0
    ended = scene.run("op-2", 8)
    assert (ended.state, ended.requested_by, ended.wants("reverts")) == (State.SUCCEEDED, "system", "op-1")
    assert "Its end has come" in ended.reason
    scene.edits.tick()
    assert (edit(scene).state, scene.aws.max()) == (EditState.ENDED, 12)
    assert edit(scene).because == "It was taken back, and AWS shows it."
    told = [(who, what, outcome) for who, what, outcome in scene.ledger() if "temporary" in what]
    assert told == [("system", "take back temporary edit", "reverting"), ("system", "end temporary edit", "ended")]


def test_a_restart_forgets_nothing(scene: Scene) -> None:
    raised(scene)
    later(scene)
    assert TemporaryEdits(scene.unit, scene.clock, scene.scalings).tick() == 1


def test_two_workers_take_it_back_once(scene: Scene) -> None:
    made = raised(scene)
    later(scene)
    other = TemporaryEdits(scene.unit, scene.clock, scene.scalings)
    assert scene.edits.tick() == 1
    assert other._look(made) is False  # it had read the edit before the first one was done
    assert len(scene.operations.live(VIEWER)) == 1


def test_it_is_held_while_the_tasks_are_needed_and_goes_on_by_itself(scene: Scene) -> None:
    raised(scene)
    scene.aws.cpu = 95.0
    scene.aws.put(desired=18, running=18)
    later(scene)
    assert scene.edits.tick() == 0
    held = edit(scene)
    assert held.state is EditState.HELD
    assert "ceil(18 × 95 ÷ 60) = 29" in held.because
    assert scene.edits.tick() == 0
    assert edit(scene).version == held.version  # nothing new, nothing written
    scene.aws.cpu = 20.0
    scene.snap()
    assert scene.edits.tick() == 1
    assert scene.run("op-2", 8).state is State.SUCCEEDED
    assert scene.aws.max() == 12


def test_a_step_down_of_more_than_half_was_agreed_to_when_the_end_was_set(scene: Scene) -> None:
    raised(scene, 26)
    later(scene)
    assert scene.edits.tick() == 1
    assert "step" in scene.operations.view(VIEWER, "op-2").operation.overridden


def test_what_somebody_changed_meanwhile_is_left_alone(scene: Scene) -> None:
    raised(scene)
    scene.aws.scale(max_capacity=16)
    later(scene)
    assert scene.edits.tick() == 0
    assert (edit(scene).state, scene.aws.max()) == (EditState.KEPT, 16)
    assert "Somebody has changed the maximum since" in edit(scene).because


def test_the_rest_is_taken_back_though_part_was_changed(scene: Scene) -> None:
    made = scene.make(ScalingChange(min_capacity=4, max_capacity=14, until=until(scene)))
    scene.aws.scale(max_capacity=16)
    later(scene)
    assert scene.edits.tick() == 1
    scene.run("op-2", 8)
    scene.edits.tick()
    found = edit(scene, made.id)
    assert found.state is EditState.ENDED
    assert "the maximum" in found.because
    scaling = scene.aws.of().scaling
    assert scaling
    assert (scaling.min_capacity, scaling.max_capacity) == (3, 16)


def test_what_is_as_before_already_has_ended(scene: Scene) -> None:
    raised(scene)
    scene.aws.scale(max_capacity=12)
    later(scene)
    assert scene.edits.tick() == 0
    assert (edit(scene).state, edit(scene).because) == (EditState.ENDED, "Everything was as before already.")


def test_one_whose_change_never_came_into_force_has_ended(scene: Scene) -> None:
    asked = scene.ask(ScalingChange(max_capacity=20, until=until(scene)))
    scene.operations.cancel(ADMIN, asked.id)
    scene.edits.tick()
    assert edit(scene).state is EditState.ENDED
    assert "never came into force" in edit(scene).because


def test_half_a_change_is_taken_back_as_far_as_it_came(scene: Scene) -> None:
    change = ScalingChange(policies=(b.policy(target=50.0),), max_capacity=20, until=until(scene))
    asked = scene.ask(change)
    scene.aws.answers = [None, Misconfigured("Haven may not call RegisterScalableTarget.")]
    assert scene.run(asked.id, 8).state is State.FAILED
    scene.edits.tick()
    assert edit(scene).state is EditState.WAITING
    later(scene)
    assert scene.edits.tick() == 1
    assert scene.run("op-2", 8).state is State.SUCCEEDED
    scaling = scene.aws.of().scaling
    assert scaling
    assert [policy.target for policy in scaling.policies] == [60.0, 60.0]


def test_one_still_being_made_at_its_end_waits_for_that(scene: Scene) -> None:
    scene.ask(ScalingChange(max_capacity=20, until=until(scene)))
    later(scene)
    scene.edits.tick()
    assert edit(scene).state is EditState.HELD
    assert "still being made" in edit(scene).because
    with pytest.raises(Conflict, match="still being made"):
        scene.edits.end(BOB, "op-1", edit(scene).version, WHY)


def test_another_change_on_the_service_comes_first(scene: Scene) -> None:
    raised(scene)
    scene.ask(ScalingChange(min_capacity=4))
    later(scene)
    assert scene.edits.tick() == 0
    assert "op-2" in edit(scene).because
    scene.operations.cancel(ADMIN, "op-2")
    assert scene.edits.tick() == 1


def test_one_that_failed_is_tried_again_after_a_while(scene: Scene) -> None:
    raised(scene)
    later(scene)
    scene.edits.tick()
    scene.aws.answers = [Misconfigured("Haven may not call RegisterScalableTarget.")]
    assert scene.run("op-2", 3).state is State.FAILED
    scene.edits.tick()
    held = edit(scene)
    assert held.state is EditState.HELD
    assert "Haven may not" in held.because
    assert scene.edits.tick() == 0
    later(scene, 0.1)
    assert scene.edits.tick() == 1
    assert edit(scene).revert == "op-3"


def test_a_stuck_one_says_so(scene: Scene) -> None:
    raised(scene)
    later(scene)
    scene.edits.tick()
    with scene.unit() as store:
        operation = store.operations.get("op-2")
        assert operation
        running = operation.move(State.RUNNING, scene.clock.now())
        store.operations.save(running.move(State.STUCK, scene.clock.now()))
    scene.edits.tick()
    assert (edit(scene).state, "stuck" in edit(scene).because) == (EditState.REVERTING, True)


def test_extended_it_ends_later(scene: Scene) -> None:
    made = raised(scene)
    longer = scene.edits.extend(BOB, made.id, made.version, made.until + HOUR, WHY, client="1.2.3.4")
    assert (longer.until, longer.extended) == (made.until + HOUR, 1)
    later(scene)
    assert scene.edits.tick() == 0
    later(scene)
    assert scene.edits.tick() == 1
    assert ("bob.admin", "extend temporary edit", "waiting") in scene.ledger()


def test_one_that_is_held_may_be_extended(scene: Scene) -> None:
    raised(scene)
    scene.aws.put(desired=18)
    scene.aws.cpu = 95.0
    later(scene)
    scene.edits.tick()
    held = edit(scene)
    assert scene.edits.extend(BOB, held.id, held.version, until(scene), WHY).state is EditState.WAITING


def test_ended_now_it_is_that_persons_operation(scene: Scene) -> None:
    made = raised(scene)
    going = scene.edits.end(BOB, made.id, made.version, WHY)
    assert going.state is EditState.REVERTING
    operation = scene.operations.view(VIEWER, going.revert).operation
    assert (operation.requested_by, operation.reason) == ("bob.admin", WHY)
    with pytest.raises(Conflict, match="being taken back already"):
        scene.edits.keep(BOB, made.id, going.version, WHY)


def test_a_person_may_end_it_against_need_only_by_letting_that_pass(scene: Scene) -> None:
    raised(scene)
    scene.aws.cpu = 95.0
    scene.aws.put(desired=18)
    later(scene)
    scene.edits.tick()
    held = edit(scene)
    with pytest.raises(Unsafe, match="load of now"):
        scene.edits.end(BOB, held.id, held.version, WHY)
    assert scene.edits.end(BOB, held.id, held.version, WHY, overrides=("need",)).state is EditState.REVERTING


def test_kept_it_stays(scene: Scene) -> None:
    made = raised(scene)
    kept = scene.edits.keep(BOB, made.id, made.version, WHY)
    assert (kept.state, kept.because) == (EditState.KEPT, f"bob.admin made it permanent: {WHY}")
    later(scene)
    assert scene.edits.tick() == 0
    assert scene.edits.live(VIEWER, ENV) == []
    with pytest.raises(Conflict, match="over already"):
        scene.edits.extend(BOB, made.id, kept.version, until(scene), WHY)


def test_what_is_wrong_is_said(scene: Scene) -> None:
    made = raised(scene)
    assert [each.id for each in scene.edits.live(VIEWER)] == [made.id]
    with pytest.raises(NotAllowed):
        scene.edits.keep(OPERATOR, made.id, made.version, WHY)
    with pytest.raises(NotFound):
        scene.edits.keep(BOB, "nothing", 0, WHY)
    with pytest.raises(Conflict, match="changed since you looked"):
        scene.edits.keep(BOB, made.id, made.version + 1, WHY)
    with pytest.raises(Invalid) as short:
        scene.edits.keep(BOB, made.id, made.version, "why")
    assert set(short.value.fields) == {"reason"}
    for wrong in (scene.clock.now(), until(scene, 24 * 40)):
        with pytest.raises(Invalid) as bad:
            scene.edits.extend(BOB, made.id, made.version, wrong, WHY)
        assert set(bad.value.fields) == {"until"}


def test_no_two_temporary_edits_of_one_value(scene: Scene) -> None:
    raised(scene)
    with pytest.raises(Conflict, match="Maximum is edited until"):
        scene.ask(ScalingChange(max_capacity=24, until=until(scene, 2)))
    assert scene.ask(ScalingChange(min_capacity=4, until=until(scene, 2))).state is State.REQUESTED


def test_a_stale_snapshot_holds_it(scene: Scene) -> None:
    raised(scene)
    scene.clock.move(hours=2)
    assert scene.edits.tick() == 0
    held = edit(scene)
    assert held.because.startswith("What is known is fresh: not so. Wait for a reading.")
    scene.clock.move(hours=1)
    assert scene.edits.tick() == 0
    assert edit(scene).version == held.version
    scene.snap()
    assert scene.edits.tick() == 1
