"""What was deployed: by Haven, from outside, by whom and with what result; comparing, and going back."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.domain.errors import Conflict, NotFound
from services.domain.operation import State
from services.usecases.deployment_history import COMMAND_LINE, OUTSIDE, in_force
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


def then(scene: Scene, when: datetime) -> dict[str, str]:
    """By stack the operation that put it in force, or who did."""
    found = scene.desk.in_force(VIEWER, "legacy", when)
    return {each.stacks[0]: each.operation.id if each.operation else each.who for each in found}


@pytest.mark.parametrize(("rows", "events"), [(500, 5000), (2, 5000), (500, 8), (2, 8), (1, 3)])
def test_however_old_what_was_in_force_is_found(rows: int, events: int) -> None:
    scene = Scene()
    old = scene.deploy("platform", values={"platform": {"ZonalShift": "true"}})
    scene.clock.move(hours=1)
    scene.aws.touch("service-audit", MaxTasks="9")
    scene.snap()
    for size in range(60, 65):
        scene.clock.move(days=1)
        newest = scene.deploy("data", values={"data": {"DatabaseStorage": str(size)}})
    with scene.unit(readonly=True) as store:
        found = [*in_force(store, "legacy", scene.clock.now(), rows, events)]
    assert {each.stacks[0]: each.operation.id if each.operation else each.who for each in found} == {
        "data": newest.id,
        "platform": old.id,
        "service-audit": OUTSIDE,
    }


def test_a_stack_is_in_force_though_the_next_one_of_its_deployment_failed() -> None:
    scene = Scene()
    first = scene.deploy("platform", values={"platform": {"AccessLogDays": "30"}})
    both = {"data": {"DatabaseMultiAz": "true"}, "platform": {"ZonalShift": "true"}}
    asked = scene.ask(scene.planned("data", "platform", values=both))
    scene.aws.failing["platform"] = "LoadBalancer: no"
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    found = scene.desk.in_force(VIEWER, "legacy", scene.clock.now())
    assert then(scene, scene.clock.now()) == {"data": ended.id, "platform": first.id}
    (data,) = [each for each in found if each.stacks == ("data",)]
    assert data.ended_at is not None
    assert asked.requested_at < data.ended_at < scene.clock.now()


def test_what_is_put_back_leaves_in_force_what_was_before() -> None:
    scene = Scene()
    first = scene.deploy("data", values=MULTI_AZ)
    asked = scene.ask(scene.planned("data", values={"data": {"DatabaseStorage": "60"}}))
    scene.aws.failing["data"] = "Database: no capacity"
    scene.run(asked.id)
    scene.aws.failing.clear()
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_FAILED"
    assert scene.run(scene.recover("data", "continue").id).state is State.SUCCEEDED
    assert then(scene, scene.clock.now()) == {"data": first.id}


def test_at_the_last_step_the_page_knows_what_the_step_waits_for() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("service-rbac", values={"service-rbac": {"Cpu": "1024", "Memory": "2048"}}))
    whole = scene.cloud.shape
    scene.cloud.shape = replace(whole, services=tuple(replace(each, running=0) for each in whole.services))
    seen = []
    while scene.read(asked.id).step != "verified":
        seen.append(scene.desk.progress(VIEWER, asked.id).verifying)
        scene.run(asked.id, 1)
    assert set(seen) == {None}
    waits = scene.desk.progress(VIEWER, asked.id).verifying
    assert waits is not None
    rbac = next(each for each in whole.services if each.name == "rbac")
    tasks = "1 task" if rbac.desired == 1 else f"{rbac.desired} tasks"
    assert waits.amiss == [f"The service rbac runs 0 of {tasks}."]
    assert waits.read_at is not None
    assert {"service-rbac"} <= {each.subject for each in waits.new}
    scene.cloud.shape = whole
    scene.snap()
    better = scene.desk.progress(VIEWER, asked.id).verifying
    assert better is not None
    assert (better.amiss, better.new) == ([], [])
    assert scene.run(asked.id).state is State.SUCCEEDED
    assert scene.desk.progress(VIEWER, asked.id).verifying is None


def test_before_a_reading_of_its_own_the_last_step_knows_nothing() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    while scene.read(asked.id).step != "verified":
        scene.engine.advance(asked.id)
        scene.clock.move(seconds=5)
        with scene.unit() as store:
            for each in scene.aws.stacks.values():
                store.stack_events.put("legacy", each.events)
        scene.cloud.shape = replace(scene.cloud.shape, databases=tuple(
            replace(each, status="modifying") for each in scene.cloud.shape.databases
        ))  # fmt: skip
    waits = scene.desk.progress(VIEWER, asked.id).verifying
    assert waits is not None
    assert (waits.read_at, list(waits.amiss)) == (None, [])
    scene.snap()
    waits = scene.desk.progress(VIEWER, asked.id).verifying
    assert waits is not None
    assert waits.amiss == ["The database legacy-app is modifying, not available."]


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
    scene.unprotected()
    seen = scene.planned(delete=True)
    asked = scene.ask(seen)
    scene.operations.approve(BOB, asked.id, asked.version)
    with pytest.raises(Conflict):
        scene.desk.back_to(VIEWER, seen.plan.id)


def test_a_rollout_that_was_over_when_it_was_planned_is_none_of_it() -> None:
    scene = Scene()
    scene.deploy("data", values=MULTI_AZ)
    seen = scene.planned("data", values={"data": {"DatabaseStorage": "60"}})
    asked = scene.ask(seen)
    at_first = scene.desk.progress(VIEWER, asked.id)
    assert (dict(at_first.rollouts), list(at_first.events)) == ({}, [])
    scene.run(asked.id)
    told = scene.desk.progress(VIEWER, asked.id)
    assert told.rollouts["data"].began_at >= asked.requested_at
    assert {each.at >= asked.requested_at for each in told.events} == {True}
