"""From a form to a deployment: planned, reviewed, asked for, approved, executed stack by stack."""

from services.domain.deployment.plan import PlanState
from services.domain.operation import State
from tests.unit.usecases.deployment_world import ADMIN, BOB, Scene

MULTI_AZ = {"data": {"DatabaseMultiAz": "true"}}


def test_a_change_of_one_value_is_planned_reviewed_and_deployed() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    assert seen.plan.state is PlanState.READY, seen.plan.because
    (stack,) = seen.plan.stacks
    assert [(each.name, each.before, each.after) for each in stack.parameters if each.changes] == [
        ("DatabaseMultiAz", "false", "true")
    ]
    asked = scene.ask(seen)
    assert asked.state is State.REQUESTED
    ended = scene.run(asked.id)
    assert ended.state is State.SUCCEEDED, ended.because
    assert scene.aws.stacks["data"].parameters["DatabaseMultiAz"] == "true"
    assert len(scene.aws.executed) == 1
    after = scene.desk.review(ADMIN, seen.plan.id)
    assert after.plan.state is PlanState.OVER
    assert ("root.admin", "request deploy", "done") in scene.ledger()


def test_a_protected_environment_waits_for_a_second_person() -> None:
    scene = Scene("production")
    asked = scene.ask(scene.planned("data", values={"data": {"DatabaseStorage": "200"}}))
    assert asked.state is State.AWAITING_APPROVAL
    scene.operations.approve(BOB, asked.id, asked.version)
    assert scene.run(asked.id).state is State.SUCCEEDED
