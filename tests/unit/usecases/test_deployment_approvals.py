"""A second person's approval of a deployment: needed where the environment is protected, and void when anything under
it changed."""

from dataclasses import replace

import pytest

from services.domain.errors import Conflict, HavenError, Misconfigured, NotAllowed, NotNow
from services.domain.operation import State
from tests.unit.usecases.deployment_world import ADMIN, BOB, Scene

STORAGE = {"data": {"DatabaseStorage": "200"}}


def test_a_protected_environment_waits_for_a_second_person() -> None:
    scene = Scene("production")
    asked = scene.ask(scene.planned("data", values=STORAGE))
    assert asked.state is State.AWAITING_APPROVAL
    with pytest.raises(NotAllowed):
        scene.operations.approve(ADMIN, asked.id, asked.version)
    scene.operations.approve(BOB, asked.id, asked.version)
    assert scene.run(asked.id).state is State.SUCCEEDED


@pytest.mark.parametrize("what", ["stack", "change set", "plan"])
def test_an_approval_is_void_when_anything_under_it_changed(what: str) -> None:
    scene = Scene("production")
    seen = scene.planned("data", values=STORAGE)
    asked = scene.ask(seen)
    if what == "stack":
        scene.aws.touch("data", CacheNodes="2")
    elif what == "change set":
        scene.aws.sets.clear()
    else:
        with scene.unit() as store:
            plan = store.plans.get(seen.plan.id)
            assert plan is not None
            store.plans.save(replace(plan, stacks=tuple(replace(each, lifts_policy=True) for each in plan.stacks)))
    with pytest.raises(Conflict, match="It can no longer be approved"):
        scene.operations.approve(BOB, asked.id, asked.version)
    ended = scene.read(asked.id)
    assert (ended.state, ended.approved_by) == (State.CANCELLED, "")
    assert scene.ledger()[-1] == ("bob.admin", "void deploy", "done")


@pytest.mark.parametrize("problem", [NotNow("AWS does not answer."), Misconfigured("Denied.")])
def test_what_cannot_be_seen_is_not_approved(problem: HavenError) -> None:
    scene = Scene("production")
    asked = scene.ask(scene.planned("data", values=STORAGE))
    scene.aws.blind = problem
    with pytest.raises(type(problem)):
        scene.operations.approve(BOB, asked.id, asked.version)
    assert scene.read(asked.id).state is State.AWAITING_APPROVAL


def test_what_changed_after_the_approval_stops_it() -> None:
    scene = Scene("production")
    asked = scene.ask(scene.planned("data", values=STORAGE))
    scene.operations.approve(BOB, asked.id, asked.version)
    scene.aws.touch("data", CacheNodes="2")
    ended = scene.run(asked.id)
    assert (ended.state, scene.aws.executed) == (State.FAILED, [])
