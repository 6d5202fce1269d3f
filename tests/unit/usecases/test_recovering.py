"""What is done about a failed stack: cancelled, continued, rolled back, deleted, by token and by its status alone; and
a policy that was left lifted."""

from datetime import timedelta

import pytest

from services.domain.deployment.policy import LIFTED, same
from services.domain.errors import Conflict, Invalid, NotAllowed, NotFound, NotNow, OutcomeUnknown
from services.domain.operation import Operation, State
from services.usecases.deployment_shapes import RecoverRequest
from services.usecases.recoveries import Recoveries
from tests.unit.usecases.deployment_world import ADMIN, OPERATOR, VIEWER, Scene
from tests.unit.usecases.test_deploying import replacing

MULTI_AZ = {"data": {"DatabaseMultiAz": "true"}}


def failed(status: str) -> Scene:
    scene = Scene()
    scene.aws.stacks["data"].status = status
    return scene


def test_an_update_is_cancelled_while_its_deployment_runs() -> None:
    scene = Scene()
    scene.aws.slow = 6
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    while scene.aws.stacks["data"].status != "UPDATE_IN_PROGRESS":
        scene.run(asked.id, 1)
    cancelled = scene.recover("data", "cancel")
    assert scene.run(cancelled.id).state is State.SUCCEEDED
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    assert "UPDATE_ROLLBACK_COMPLETE" in ended.because
    assert scene.aws.stacks["data"].parameters["DatabaseMultiAz"] == "false"
    assert ("root.admin", "request recover", "done") in scene.ledger()


@pytest.mark.parametrize(
    ("status", "act", "skip", "ends"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue", ("Database",), "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_FAILED", "continue", (), "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_FAILED", "roll back", (), "UPDATE_ROLLBACK_COMPLETE"),
        ("ROLLBACK_COMPLETE", "delete", (), ""),
        ("DELETE_FAILED", "delete", ("Database",), ""),
    ],
)
def test_each_recovery_comes_to_its_end(status: str, act: str, skip: tuple[str, ...], ends: str) -> None:
    scene = failed(status)
    ended = scene.run(scene.recover("data", act, *skip).id)
    assert ended.state is State.SUCCEEDED, ended.because
    assert (scene.aws.stacks["data"].status if "data" in scene.aws.stacks else "") == ends
    assert ended.wants("commands").startswith("aws cloudformation ")


@pytest.mark.parametrize(
    ("status", "act", "line"),
    [
        ("UPDATE_IN_PROGRESS", "cancel", "cancel-update-stack --stack-name legacy-data"),
        ("UPDATE_ROLLBACK_FAILED", "continue", "continue-update-rollback --stack-name legacy-data"),
        ("UPDATE_FAILED", "roll back", "rollback-stack --stack-name legacy-data"),
        ("DELETE_FAILED", "delete", "delete-stack --stack-name legacy-data"),
    ],
)
def test_the_lines_of_awss_cli_are_exact(status: str, act: str, line: str) -> None:
    said = failed(status).recover("data", act).wants("commands").splitlines()
    assert said[0] == f"aws cloudformation {line} --region us-east-1"


def test_the_lines_name_what_is_left_out() -> None:
    said = failed("UPDATE_ROLLBACK_FAILED").recover("data", "continue", "Database", "Cache").wants("commands")
    assert "--resources-to-skip Database Cache --region us-east-1" in said
    said = failed("DELETE_FAILED").recover("data", "delete", "Database").wants("commands")
    assert "--retain-resources Database --region us-east-1" in said


def test_a_recovery_that_fails_again_says_so() -> None:
    scene = failed("UPDATE_ROLLBACK_FAILED")
    scene.aws.failing["data"] = "Database: still not"
    scene.aws.stacks["data"].reason = "Database: still not"
    ended = scene.run(scene.recover("data", "continue").id)
    assert ended.state is State.FAILED
    assert ended.because == "legacy-data is UPDATE_ROLLBACK_FAILED. Database: still not"


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE"])
@pytest.mark.parametrize("act", ["cancel", "continue", "roll back", "delete"])
def test_what_the_status_does_not_allow_is_refused(status: str, act: str) -> None:
    scene = failed(status)
    with pytest.raises(Conflict, match=f"is {status}: nothing can be done about that, not {act}"):
        scene.recover("data", act)
    assert scene.ledger() == [("root.admin", "request recover", "denied")]


def test_what_changed_before_the_worker_came_is_refused_on_fresh_facts() -> None:
    scene = failed("UPDATE_ROLLBACK_FAILED")
    asked = scene.recover("data", "continue")
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_COMPLETE"
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    assert scene.aws.calls == []


@pytest.mark.parametrize("reaches", [True, False])
@pytest.mark.parametrize("trouble", [OutcomeUnknown("Lost."), NotNow("Throttled.")])
@pytest.mark.parametrize(("status", "act"), [("UPDATE_ROLLBACK_FAILED", "continue"), ("ROLLBACK_COMPLETE", "delete")])
def test_a_lost_answer_is_no_second_recovery(
    trouble: OutcomeUnknown | NotNow, reaches: bool, status: str, act: str
) -> None:
    scene = failed(status)
    scene.aws.answers, scene.aws.reaches = [trouble], reaches
    ended = scene.run(scene.recover("data", act).id)
    assert ended.state is State.SUCCEEDED, ended.because
    assert len(scene.aws.calls) == 1


def test_a_protected_stack_is_not_deleted() -> None:
    scene = Scene("production")
    scene.aws.stacks["data"].status = "DELETE_FAILED"
    ended = scene.run(scene.recover("data", "delete").id)
    assert ended.state is State.FAILED
    assert "Its protection is on" in ended.because


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (RecoverRequest("legacy", "data", "explode", "It has to go on"), Invalid),
        (RecoverRequest("legacy", "data", "continue", "short"), Invalid),
        (RecoverRequest("legacy", "data", "continue", "It has to go on", ("no-id",)), Invalid),
        (RecoverRequest("legacy", "none", "continue", "It has to go on"), NotFound),
        (RecoverRequest("none", "data", "continue", "It has to go on"), NotFound),
    ],
)
def test_bad_wishes_are_refused(request_: RecoverRequest, error: type[Exception]) -> None:
    with pytest.raises(error):
        failed("UPDATE_ROLLBACK_FAILED").desk.recover(ADMIN, request_)


def test_recovering_takes_the_right() -> None:
    with pytest.raises(NotAllowed):
        failed("UPDATE_ROLLBACK_FAILED").desk.recover(
            OPERATOR, RecoverRequest("legacy", "data", "continue", "It has to go on")
        )


def test_one_recovery_a_stack() -> None:
    scene = failed("UPDATE_ROLLBACK_FAILED")
    scene.recover("data", "continue")
    with pytest.raises(Conflict):
        scene.recover("data", "continue")


def test_a_policy_left_lifted_by_a_deployment_that_was_given_up_is_put_back() -> None:
    scene = Scene()
    policy = scene.aws.stacks["data"].policy
    asked = scene.ask(replacing(scene))
    while not same(scene.aws.stacks["data"].policy, LIFTED):
        scene.run(asked.id, 1)
    desk = Recoveries(scene.unit, scene.clock, scene.aws, scene._id, begin_within=timedelta(minutes=30))
    assert desk.begin_due() == []  # it is at work: the policy is lifted for it
    scene.aws.blind = NotNow("AWS does not answer.")
    scene.clock.move(hours=5)
    assert scene.run(asked.id, 3).state is State.STUCK
    scene.operations.give_up(ADMIN, asked.id, "Nobody knows what became of it")
    scene.aws.blind = None
    (begun,) = desk.begin_due()
    assert (begun.wants("deployment"), begun.wants("of plan")) == (asked.id, asked.wants("plan"))
    assert desk.begin_due() == []
    assert scene.run(begun.id).state is State.SUCCEEDED
    assert same(scene.aws.stacks["data"].policy, policy)
    assert desk.begin_due() == []


# The deployment it recovers -------------------------------------------------------------------------------------------


def kept(operation: Operation) -> tuple[str, str, str]:
    return operation.wants("deployment"), operation.wants("of plan"), operation.wants("recovers")


def failed_rollback(scene: Scene) -> Operation:
    """A deployment that failed, and so did its rollback."""
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    scene.aws.failing["data"] = "Database: no capacity"
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    scene.aws.failing.clear()
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_FAILED"
    return ended


def test_a_recovery_keeps_the_deployment_and_its_plan_and_both_tell_of_each_other() -> None:
    scene = Scene()
    ended = failed_rollback(scene)
    recovery = scene.run(scene.recover("data", "continue").id)
    assert recovery.state is State.SUCCEEDED, recovery.because
    assert kept(recovery) == (ended.id, ended.wants("plan"), "deployment of data")
    assert [each.id for each in scene.desk.progress(VIEWER, ended.id).recovered] == [recovery.id]
    second, first = scene.desk.history(VIEWER, "legacy")
    assert (first.operation, [each.id for each in first.recoveries]) == (ended, [recovery.id])
    assert second.recovers == ended
    assert (second.reason, second.result) == ("It has to go on", "done")
    with scene.unit(readonly=True) as store:
        (asked,) = [each for each in store.ledger.read() if each.action == "request recover"]
    assert asked.detail["of"] == ended.id


def test_a_cancelled_update_keeps_the_deployment_that_still_runs() -> None:
    scene = Scene()
    scene.aws.slow = 6
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    while scene.aws.stacks["data"].status != "UPDATE_IN_PROGRESS":
        scene.run(asked.id, 1)
    cancelled = scene.recover("data", "cancel")
    assert kept(cancelled)[0] == asked.id
    assert [each.id for each in scene.desk.progress(VIEWER, asked.id).recovered] == [cancelled.id]


def test_it_is_the_newest_deployment_that_came_as_far_as_the_stack() -> None:
    scene = Scene()
    ended = failed_rollback(scene)
    scene.aws.stacks["data"].status = "UPDATE_COMPLETE"
    scene.snap()
    other = scene.ask(scene.planned("platform", "data", values={**MULTI_AZ, "platform": {"ZonalShift": "true"}}))
    scene.operations.cancel(ADMIN, other.id)
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_FAILED"
    assert kept(scene.recover("data", "continue"))[0] == ended.id


def test_what_went_well_is_not_recovered_from() -> None:
    scene = Scene()
    assert scene.deploy("data", values=MULTI_AZ).state is State.SUCCEEDED
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_FAILED"
    assert kept(scene.recover("data", "continue")) == ("", "", "")


def test_what_somebody_else_broke_since_belongs_to_no_deployment() -> None:
    scene = Scene()
    failed_rollback(scene)
    scene.clock.move(hours=1)
    scene.aws.touch("data", DatabaseStorage="60")
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_FAILED"
    scene.snap()
    assert kept(scene.recover("data", "continue")) == ("", "", "")
