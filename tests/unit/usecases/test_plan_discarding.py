"""Putting a plan aside: who may, when, and that nobody can ask for it afterwards."""

import pytest

from services.domain.deployment.plan import PlanState
from services.domain.errors import Conflict, NotAllowed, NotFound, Refused
from tests.unit.usecases.deployment_world import ADMIN, OPERATOR, VIEWER, Scene

STORAGE = {"data": {"DatabaseStorage": "80"}}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_it_is_put_aside_for_good_and_aws_is_not_asked(scene: Scene) -> None:
    seen = scene.planned("data", values=STORAGE)
    before = list(scene.aws.calls)
    kept = scene.desk.discard(ADMIN, seen.plan.id, client="127.0.0.1")
    assert (kept.state, kept.because) == (PlanState.DISCARDED, "root.admin put it aside.")
    assert scene.aws.calls == before
    assert scene.desk.plans(VIEWER, "legacy") == []
    assert scene.ledger()[-1] == ("root.admin", "discard plan", "done")
    with pytest.raises(Conflict, match="it is discarded"):
        scene.ask(seen)
    with pytest.raises(Conflict, match="put aside before"):
        scene.desk.discard(ADMIN, seen.plan.id)
    assert scene.ledger()[-1] == ("root.admin", "discard plan", "denied")


def test_who_may_not_deploy_may_not_discard(scene: Scene) -> None:
    seen = scene.planned("data", values=STORAGE)
    with pytest.raises(NotAllowed):
        scene.desk.discard(OPERATOR, seen.plan.id)
    with pytest.raises(NotFound):
        scene.desk.discard(ADMIN, "nothing")
    assert scene.desk.review(VIEWER, seen.plan.id).plan.state is PlanState.READY


def test_what_is_being_worked_out_or_was_asked_for_is_withdrawn_first(scene: Scene) -> None:
    operation = scene.ask_plan("data", values=STORAGE)
    with pytest.raises(Conflict, match=f"still being worked out.*{operation.id}"):
        scene.desk.discard(ADMIN, operation.wants("plan"))
    scene.run(operation.id)
    seen = scene.desk.review(VIEWER, operation.wants("plan"))
    asked = scene.ask(seen)
    with pytest.raises(Conflict, match=f"was asked for.*{asked.id}"):
        scene.desk.discard(ADMIN, seen.plan.id)
    scene.operations.cancel(ADMIN, asked.id)
    assert scene.desk.discard(ADMIN, seen.plan.id).state is PlanState.DISCARDED


def test_what_was_deployed_is_over(scene: Scene) -> None:
    operation = scene.deploy("data", values=STORAGE)
    with pytest.raises(Conflict, match=r"nothing left to put aside. It was deployed."):
        scene.desk.discard(ADMIN, operation.wants("plan"))


def test_a_void_one_and_a_failed_one_may_be_put_aside_and_still_be_read(scene: Scene) -> None:
    void = scene.planned("data", values=STORAGE)
    scene.aws.touch("data", CacheNodes="2")
    scene.snap()
    assert scene.desk.discard(ADMIN, void.plan.id).state is PlanState.DISCARDED
    assert scene.desk.review(VIEWER, void.plan.id).void_because == ""
    scene.aws.answers = [Refused("AWS says no.")]
    failed = scene.planned("data", values=STORAGE)
    assert failed.plan.state is PlanState.FAILED
    scene.desk.discard(ADMIN, failed.plan.id)
    seen = scene.desk.review(VIEWER, failed.plan.id)
    assert seen.plan.because == "root.admin put it aside. It had failed: AWS says no."
    assert seen.plan.state is PlanState.DISCARDED
