"""What was deployed: by Haven, from outside, by whom and with what result; comparing, and going back."""

from datetime import timedelta

import pytest

from services.domain.errors import Conflict, NotFound
from services.domain.operation import State
from services.usecases.deployment_history import COMMAND_LINE, OUTSIDE
from tests.unit.usecases.deployment_world import ADMIN, BOB, VIEWER, Scene

MULTI_AZ = {"data": {"DatabaseMultiAz": "true"}}


def test_a_deployment_is_remembered_with_everything() -> None:
    scene = Scene("production")
    ended = scene.deploy("data", values={"data": {"DatabaseStorage": "200"}})
    (found,) = scene.desk.history(VIEWER, "production")
    assert (found.who, found.approved_by, found.reason) == ("root.admin", "bob.admin", "Two zones are not enough")
    assert (found.what, tuple(found.stacks), found.result) == ("deployment of data", ("data",), "deployed")
    assert found.plan is not None
    assert found.plan.stacks[0].change_set is not None
    assert found.ended_at == ended.finished_at
    assert not found.outside


def test_what_was_done_outside_is_told_apart() -> None:
    scene = Scene()
    scene.deploy("data", values=MULTI_AZ)
    scene.clock.move(hours=1)
    scene.aws.touch("platform", ZonalShift="true")
    scene.snap()
    outside, ours = scene.desk.history(VIEWER)
    assert (outside.outside, outside.who, tuple(outside.stacks)) == (True, OUTSIDE, ("platform",))
    assert (outside.what, outside.result) == ("update of platform", "UPDATE_COMPLETE")
    assert "console-1" in outside.reason
    assert not ours.outside


def test_havens_command_line_is_neither_outside_nor_an_operation() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    scene.aws.execute(scene.environment, "data", seen.plan.stacks[0].change_set.arn)  # type: ignore[union-attr]
    for _ in range(5):
        scene.aws.standing(scene.environment, "data")
    scene.snap()
    (found,) = scene.desk.history(VIEWER, "legacy")
    assert (found.who, found.result) == (COMMAND_LINE, "UPDATE_COMPLETE")


def test_failures_and_recoveries_are_remembered_too() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    scene.aws.failing["data"] = "Database: no capacity"
    scene.run(asked.id)
    (found,) = scene.desk.history(VIEWER, "legacy")
    assert found.result.startswith("failed: legacy-data failed and is UPDATE_ROLLBACK_COMPLETE. Database: no capacity")


def test_it_is_filtered() -> None:
    scene = Scene()
    first = scene.deploy("data", values=MULTI_AZ)
    scene.clock.move(hours=1)
    second = scene.deploy("platform", values={"platform": {"ZonalShift": "true"}})

    def ids(**wanted: object) -> list[str]:
        found = scene.desk.history(VIEWER, "legacy", **wanted)  # type: ignore[arg-type]
        return [each.operation.id for each in found if each.operation]

    assert ids() == [second.id, first.id]
    assert ids(limit=1) == [second.id]
    assert ids(stack="data") == [first.id]
    assert ids(who="root.admin") == [second.id, first.id]
    assert ids(who="nobody") == []
    assert ids(before=second.requested_at) == [first.id]


def test_what_was_in_force_at_a_time() -> None:
    scene = Scene()
    first = scene.deploy("data", values=MULTI_AZ)
    between = scene.clock.now()
    scene.clock.move(hours=1)
    second = scene.deploy("data", values={"data": {"DatabaseStorage": "60"}})
    then = scene.desk.in_force(VIEWER, "legacy", between)
    now = scene.desk.in_force(VIEWER, "legacy", scene.clock.now() + timedelta(minutes=1))
    before = scene.desk.in_force(VIEWER, "legacy", first.requested_at)
    assert [each.operation and each.operation.id for each in then] == [first.id]
    assert [each.operation and each.operation.id for each in now] == [second.id]
    assert list(before) == []


def test_two_are_compared() -> None:
    scene = Scene()
    first, second = scene.planned("data", values=MULTI_AZ), scene.planned("platform")
    one, other = scene.desk.compare(VIEWER, first.plan.id, second.plan.id)
    assert (one.plan.id, other.plan.id) == (first.plan.id, second.plan.id)
    with pytest.raises(NotFound):
        scene.desk.compare(VIEWER, first.plan.id, "none")


def test_going_back_is_a_new_reviewed_deployment() -> None:
    scene = Scene()
    first = scene.deploy("data", values=MULTI_AZ)
    scene.deploy("data", values={"data": {"DatabaseMultiAz": "false", "DatabaseStorage": "60"}})
    request = scene.desk.back_to(VIEWER, first.wants("plan"))
    assert request.follows == first.wants("plan")
    assert "DataSubnetIds" not in request.values["data"]
    asked = scene.run(scene.desk.plan(ADMIN, request).id)
    seen = scene.desk.review(VIEWER, asked.wants("plan"))
    changes = {each.name: each.after for each in seen.plan.stacks[0].parameters if each.changes}
    assert changes == {"DatabaseMultiAz": "true", "DatabaseStorage": "50"}
    assert seen.plan.follows == first.wants("plan")
    assert scene.run(scene.ask(seen).id).state is State.SUCCEEDED


def test_undoing_takes_the_values_that_it_found() -> None:
    scene = Scene()
    first = scene.deploy("data", values=MULTI_AZ)
    request = scene.desk.back_to(VIEWER, first.wants("plan"), undo=True)
    assert request.values["data"]["DatabaseMultiAz"] == "false"
    assert request.what == "undo: deployment of data"


def test_a_deletion_leaves_nothing_to_go_back_to() -> None:
    scene = Scene("production")
    seen = scene.planned(delete=True)
    asked = scene.ask(seen)
    scene.operations.approve(BOB, asked.id, asked.version)
    with pytest.raises(Conflict):
        scene.desk.back_to(VIEWER, seen.plan.id)
