"""The writes of a deployment, request by request: what is sent, that it is sent once, and what each answer means."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import ANY

from services.aws.change_sets import execution_token
from services.aws.deployment_calls import CLEAR_WITHIN, WAIT_LIMIT, DeploymentCaller
from services.domain.deployment.policy import LIFTED
from services.domain.errors import Conflict, Invalid, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.ports import Receipt, StackSpec
from tests.builders.places import environment
from tests.unit.aws.cloudformation_desk import NAME, SET, STACK, Desk, change, change_set, event
from tests.unit.aws.stubs import WHEN

PRODUCTION = environment("production")
SPEC = StackSpec("network", "network", (("Environment", "production"),), (), (), None, True)
BODY = "Parameters: {Secret: {Type: String, NoEcho: true}}\nResources: {Queue: {Type: 'AWS::SQS::Queue'}}\n"
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
DONE = {"ResponseMetadata": {"RequestId": "req-1", "HTTPStatusCode": 200}}
CLEARING = f"haven-clear-{hashlib.sha256(STACK.encode()).hexdigest()[:32]}"
TOKEN = {"ClientRequestToken": "haven-op-1"}
WAITS = 6  # looks until the limit, ever further apart


class Bench(Desk):
    def __init__(self) -> None:
        super().__init__()
        self.caller = DeploymentCaller(self.sessions, self.paused.append)


@pytest.fixture
def desk() -> Iterator[Bench]:
    made = Bench()
    with made.stub:
        yield made
        made.stub.assert_no_pending_responses()


def test_preparing_returns_the_change_set_with_its_values(desk: Bench) -> None:
    desk.has_none()
    desk.says("create_change_set", {"Id": SET})
    desk.says("describe_change_set", change_set(), {"ChangeSetName": SET})
    asked = {"ChangeSetName": SET, "IncludePropertyValues": True}
    desk.says("describe_change_set", change_set(Changes=[change("A", "Add")], NextToken="more"), asked)
    desk.says("describe_change_set", change_set(Changes=[change("B", "Add")]), {**asked, "NextToken": "more"})
    made = desk.caller.prepare(PRODUCTION, SPEC, {})
    assert made is not None
    assert (made.arn, made.stack, made.creates) == (SET, "network", True)
    assert [resource.logical_id for resource in made.resources] == ["A", "B"]


def test_nothing_to_change_is_none_and_leaves_nothing(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE")
    desk.says("create_change_set", {"Id": SET})
    desk.says(
        "describe_change_set", change_set(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=NO_CHANGES)
    )
    desk.says("delete_change_set", {}, {"ChangeSetName": SET})
    assert desk.caller.prepare(PRODUCTION, SPEC, {}) is None


def test_an_older_text_is_what_is_sent_and_a_hidden_value_stays(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE", LastUpdatedTime=WHEN)
    asked = {
        "StackName": NAME,
        "ChangeSetName": ANY,
        "ClientToken": ANY,
        "ChangeSetType": "UPDATE",
        "TemplateBody": BODY,
        "Parameters": [{"ParameterKey": "Secret", "UsePreviousValue": True}],
        "Tags": ANY,
        "Capabilities": [],
    }
    desk.says("create_change_set", {"Id": SET}, asked)
    desk.says("describe_change_set", change_set())
    desk.says("describe_change_set", change_set())
    made = desk.caller.prepare(PRODUCTION, replace(SPEC, body=BODY, parameters=(("Secret", "****"),)), {})
    assert made is not None
    assert not made.creates


def test_a_hidden_value_cannot_be_kept_where_nothing_is_deployed(desk: Bench) -> None:
    desk.has_none()
    with pytest.raises(Refused, match="needs a value for Secret"):
        desk.caller.prepare(PRODUCTION, replace(SPEC, body=BODY, parameters=(("Secret", "****"),)), {})


@pytest.mark.parametrize(
    ("body", "says"),
    [(f"# {'x' * 51_200}\n{BODY}", "larger than 51200 bytes"), ("- no\n", "not a"), ("{", "not a"), ("A: 1", "not a")],
    ids=["too big", "a list", "no YAML", "no resources"],
)
def test_a_text_that_cannot_be_sent_is_refused_before(desk: Bench, body: str, says: str) -> None:
    if "larger" in says:
        desk.has_none()
    with pytest.raises(Refused, match=says):
        desk.caller.prepare(PRODUCTION, replace(SPEC, body=body), {})


def test_a_change_set_that_takes_long_is_asked_for_again_later() -> None:
    desk = Bench()
    with desk.stub:
        desk.has_none()
        desk.says("create_change_set", {"Id": SET})
        for _ in range(20):
            desk.says("describe_change_set", change_set(Status="CREATE_IN_PROGRESS", ExecutionStatus="UNAVAILABLE"))
        with pytest.raises(OutcomeUnknown, match="still working out"):
            desk.caller.prepare(PRODUCTION, SPEC, {})
    assert WAIT_LIMIT <= sum(desk.paused) < WAIT_LIMIT + 3


def test_one_that_is_being_executed_is_not_made_again(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE")
    desk.refuses("create_change_set", "AlreadyExistsException")
    desk.says("describe_change_set", change_set(ExecutionStatus="EXECUTE_IN_PROGRESS"))
    with pytest.raises(Conflict, match="being made already"):
        desk.caller.prepare(PRODUCTION, SPEC, {})


def test_discarding_takes_one_that_is_gone_for_done(desk: Bench) -> None:
    desk.says("delete_change_set", {}, {"ChangeSetName": SET})
    desk.caller.discard(PRODUCTION, "network", SET)
    desk.refuses("delete_change_set", "ChangeSetNotFound", status=404)
    desk.caller.discard(PRODUCTION, "network", SET)
    desk.refuses("delete_change_set", "InvalidChangeSetStatus")
    with pytest.raises(Conflict):
        desk.caller.discard(PRODUCTION, "network", SET)


def empty(desk: Bench) -> None:
    """The stack is in review, and nothing is listed in it."""
    desk.has("REVIEW_IN_PROGRESS")
    desk.says("list_change_sets", {"Summaries": []}, {"StackName": STACK})


def test_a_stack_that_is_nothing_but_a_name_is_deleted_by_its_id_and_a_token(desk: Bench) -> None:
    for _ in range(2):
        empty(desk)
        desk.says("delete_stack", DONE, {"StackName": STACK, "ClientRequestToken": CLEARING})
        assert desk.caller.clear(PRODUCTION, "network")


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"])
def test_a_stack_that_is_or_was_more_is_left(desk: Bench, status: str) -> None:
    desk.has(status)
    assert not desk.caller.clear(PRODUCTION, "network")


def test_a_stack_with_another_change_set_or_none_at_all_is_left(desk: Bench) -> None:
    desk.has("REVIEW_IN_PROGRESS")
    desk.says("list_change_sets", {"Summaries": [], "NextToken": "more"}, {"StackName": STACK})
    one = {"ChangeSetName": "by-hand", "CreationTime": WHEN, "Status": "DELETE_PENDING"}
    desk.says("list_change_sets", {"Summaries": [one]}, {"StackName": STACK, "NextToken": "more"})
    assert not desk.caller.clear(PRODUCTION, "network")
    desk.has_none()
    assert not desk.caller.clear(PRODUCTION, "network")


def test_a_look_that_is_no_longer_fresh_deletes_nothing(desk: Bench) -> None:
    seconds = iter((100.0, 100.0 + CLEAR_WITHIN + 0.1))
    held_up = DeploymentCaller(desk.sessions, desk.paused.append, lambda: next(seconds))
    empty(desk)
    with pytest.raises(NotNow, match="took too long"):
        held_up.clear(PRODUCTION, "network")


def test_clearing_was_done_before_when_its_token_is_on_the_events(desk: Bench) -> None:
    empty(desk)
    desk.refuses("delete_stack", "TokenAlreadyExistsException")
    desk.tells(event("1", "DELETE_COMPLETE", ClientRequestToken=CLEARING))
    assert desk.caller.clear(PRODUCTION, "network")
    empty(desk)
    desk.refuses("delete_stack", "AccessDenied")
    with pytest.raises(Misconfigured):
        desk.caller.clear(PRODUCTION, "network")


def executed(desk: Bench) -> Receipt:
    return desk.caller.execute(PRODUCTION, "network", SET)


def test_executing_is_one_request_by_a_token_that_rolls_back_a_failure(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE", LastUpdatedTime=WHEN)
    token = execution_token(SET)
    asked = {"ChangeSetName": SET, "ClientRequestToken": token, "DisableRollback": False}
    desk.says("execute_change_set", DONE, asked)
    desk.has("UPDATE_IN_PROGRESS", LastUpdatedTime=WHEN.replace(minute=14))
    assert executed(desk) == Receipt("req-1")
    assert token.startswith("haven-")


@pytest.mark.parametrize("status", ["EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"])
@pytest.mark.parametrize("code", ["InvalidChangeSetStatus", "TokenAlreadyExistsException"])
def test_one_that_was_executed_before_has_its_receipt(desk: Bench, status: str, code: str) -> None:
    desk.has("UPDATE_IN_PROGRESS")
    desk.refuses("execute_change_set", code)
    desk.says("describe_change_set", change_set(ExecutionStatus=status))
    assert isinstance(executed(desk), Receipt)


def test_one_that_is_gone_was_executed_when_its_stack_knows_it(desk: Bench) -> None:
    for known in (True, False):
        desk.has("UPDATE_ROLLBACK_COMPLETE")
        desk.refuses("execute_change_set", "ChangeSetNotFound", status=404)
        desk.refuses("describe_change_set", "ChangeSetNotFound", status=404)
        desk.has("UPDATE_ROLLBACK_COMPLETE", **({"ChangeSetId": SET} if known else {}))
        if not known:  # then its events do
            desk.tells(event("2"), more="older")
            desk.tells(event("1", ClientRequestToken=execution_token(SET)))
        assert isinstance(executed(desk), Receipt)


def test_one_that_is_gone_without_a_trace_was_never_executed(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE")
    desk.refuses("execute_change_set", "ChangeSetNotFound", status=404)
    desk.refuses("describe_change_set", "ChangeSetNotFound", status=404)
    desk.has("UPDATE_COMPLETE")
    desk.tells(event("1", ClientRequestToken="somebody-else"))
    with pytest.raises(Conflict, match="gone, and nothing shows that it was executed"):
        executed(desk)


def test_a_new_stack_that_only_knows_it_for_review_did_not_execute_it(desk: Bench) -> None:
    desk.has("REVIEW_IN_PROGRESS", ChangeSetId=SET)
    desk.refuses("execute_change_set", "ChangeSetNotFound", status=404)
    desk.refuses("describe_change_set", "ChangeSetNotFound", status=404)
    desk.has("REVIEW_IN_PROGRESS", ChangeSetId=SET)
    with pytest.raises(Conflict):
        executed(desk)


def test_an_outdated_one_is_a_conflict(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE")
    desk.refuses("execute_change_set", "InvalidChangeSetStatus")
    desk.says("describe_change_set", change_set(ExecutionStatus="OBSOLETE"))
    with pytest.raises(Conflict, match="cannot be executed"):
        executed(desk)


def test_not_seeing_whether_it_was_executed_is_not_knowing(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE")
    desk.refuses("execute_change_set", "InvalidChangeSetStatus")
    desk.refuses("describe_change_set", "Throttling")
    with pytest.raises(OutcomeUnknown, match="could not be seen"):
        executed(desk)


def test_what_looking_finds_after_the_acceptance_does_not_undo_it(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE")
    desk.says("execute_change_set", DONE)
    desk.refuses("describe_stacks", "Throttling")
    desk.has("UPDATE_IN_PROGRESS")
    assert executed(desk) == Receipt("req-1")


def test_accepted_again_nothing_begins_and_the_stack_or_its_events_tell_why(desk: Bench) -> None:
    desk.has("UPDATE_COMPLETE", ChangeSetId=SET)
    desk.says("execute_change_set", DONE)
    desk.has("UPDATE_COMPLETE", ChangeSetId=SET)
    assert executed(desk) == Receipt("req-1")
    assert desk.paused == []


def test_an_acceptance_that_shows_only_in_the_events_is_one() -> None:
    desk = Bench()
    with desk.stub:
        desk.has("UPDATE_COMPLETE")
        desk.says("execute_change_set", DONE)
        for _ in range(WAITS):
            desk.has("UPDATE_COMPLETE")
        desk.tells(event("1", ClientRequestToken=execution_token(SET)))
        assert executed(desk) == Receipt("req-1")
        desk.stub.assert_no_pending_responses()


def test_an_acceptance_that_shows_nowhere_yet_is_asked_for_again() -> None:
    desk = Bench()
    with desk.stub:
        desk.has("UPDATE_COMPLETE")
        desk.says("execute_change_set", DONE)
        for _ in range(WAITS):
            desk.has("UPDATE_COMPLETE")
        desk.tells(event("1"))
        with pytest.raises(OutcomeUnknown, match="nothing has begun"):
            executed(desk)
        desk.stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "means"),
    [
        ("Throttling", 400, NotNow),
        ("AccessDenied", 403, Misconfigured),
        ("InsufficientCapabilitiesException", 400, Refused),
        ("InternalFailure", 500, OutcomeUnknown),
    ],
)
def test_every_answer_to_an_execution_says_what_may_have_happened(
    desk: Bench, code: str, status: int, means: type[Exception]
) -> None:
    desk.has("UPDATE_COMPLETE")
    desk.refuses("execute_change_set", code, status=status)
    with pytest.raises(means) as raised:
        executed(desk)
    assert type(raised.value) is means


def test_a_policy_is_set_and_none_is_one_that_allows_everything(desk: Bench) -> None:
    desk.says("set_stack_policy", DONE, {"StackName": NAME, "StackPolicyBody": '{"Statement": []}'})
    assert desk.caller.set_policy(PRODUCTION, "network", '{"Statement": []}') == Receipt("req-1")
    desk.says("set_stack_policy", DONE, {"StackName": NAME, "StackPolicyBody": LIFTED})
    desk.caller.set_policy(PRODUCTION, "network", "")


@pytest.mark.parametrize("on", [True, False])
def test_protection_goes_on_and_off(desk: Bench, on: bool) -> None:
    desk.says("update_termination_protection", DONE, {"StackName": NAME, "EnableTerminationProtection": on})
    assert desk.caller.protect(PRODUCTION, "network", on) == Receipt("req-1")


ACTS: list[tuple[str, dict[str, Any], Callable[[Bench], Receipt]]] = [
    (
        "cancel_update_stack",
        {"StackName": NAME, **TOKEN},
        lambda desk: desk.caller.cancel(PRODUCTION, "network", "op-1"),
    ),
    (
        "continue_update_rollback",
        {"StackName": NAME, **TOKEN, "ResourcesToSkip": ["Db"]},
        lambda desk: desk.caller.continue_rollback(PRODUCTION, "network", ["Db"], "haven-op-1"),
    ),
    (
        "continue_update_rollback",
        {"StackName": NAME, **TOKEN},
        lambda desk: desk.caller.continue_rollback(PRODUCTION, "network", (), "op-1"),
    ),
    ("rollback_stack", {"StackName": NAME, **TOKEN}, lambda desk: desk.caller.roll_back(PRODUCTION, "network", "op-1")),
    ("rollback_stack", {"StackName": STACK, **TOKEN}, lambda desk: desk.caller.roll_back(PRODUCTION, STACK, "op-1")),
]


@pytest.mark.parametrize(("operation", "asked", "ask"), ACTS)
def test_a_recovery_is_one_request_under_its_token(
    desk: Bench, operation: str, asked: dict[str, Any], ask: Callable[[Bench], Receipt]
) -> None:
    desk.says(operation, DONE, asked)
    assert ask(desk) == Receipt("req-1")
    assert desk.resolved > 0


@pytest.mark.parametrize(("operation", "asked", "ask"), ACTS)
def test_asked_again_it_is_the_same_when_its_token_is_on_the_events(
    desk: Bench, operation: str, asked: dict[str, Any], ask: Callable[[Bench], Receipt]
) -> None:
    for code in ("ValidationError", "TokenAlreadyExistsException"):
        desk.refuses(operation, code)
        desk.tells(event("2"), event("1", **TOKEN))
        assert isinstance(ask(desk), Receipt)


@pytest.mark.parametrize(("operation", "asked", "ask"), ACTS)
def test_without_its_token_it_is_refused_in_aws_words(
    desk: Bench, operation: str, asked: dict[str, Any], ask: Callable[[Bench], Receipt]
) -> None:
    desk.refuses(operation, "ValidationError", "cannot be called from current stack status")
    desk.tells(event("1", ClientRequestToken="somebody-else"))
    with pytest.raises(Invalid, match="cannot be called from current stack status"):
        ask(desk)


def test_not_seeing_whether_a_recovery_began_is_not_knowing(desk: Bench) -> None:
    desk.refuses("cancel_update_stack", "ValidationError")
    desk.refuses("describe_stack_events", "Throttling")
    with pytest.raises(OutcomeUnknown):
        desk.caller.cancel(PRODUCTION, "network", "op-1")


def deleted(desk: Bench, *retain: str) -> Receipt:
    return desk.caller.delete(PRODUCTION, "network", retain, "op-1")


def test_deleting_names_the_very_stack_and_leaves_nothing_out(desk: Bench) -> None:
    desk.has("CREATE_FAILED")
    desk.says("delete_stack", DONE, {"StackName": STACK, **TOKEN})
    assert deleted(desk) == Receipt("req-1")


def test_a_stack_that_is_gone_is_deleted(desk: Bench) -> None:
    desk.has_none()
    assert deleted(desk) == Receipt("")
    desk.has("DELETE_COMPLETE")
    assert deleted(desk, "Db") == Receipt("")


def test_resources_are_left_behind_only_once_a_deletion_has_failed(desk: Bench) -> None:
    desk.has("DELETE_FAILED")
    desk.says("delete_stack", DONE, {"StackName": STACK, **TOKEN, "RetainResources": ["Db"]})
    assert deleted(desk, "Db") == Receipt("req-1")
    desk.has("DELETE_IN_PROGRESS")
    desk.tells(event("1", **TOKEN))
    assert deleted(desk, "Db") == Receipt("")
    desk.has("UPDATE_COMPLETE")
    desk.tells(event("1"))
    with pytest.raises(Refused, match=r"left behind only once a deletion has failed \(DELETE_FAILED\)"):
        deleted(desk, "Db")


def test_a_protected_stack_is_not_deleted(desk: Bench) -> None:
    desk.has("CREATE_COMPLETE")
    desk.refuses("delete_stack", "ValidationError", "cannot be deleted while TerminationProtection is enabled")
    desk.tells(event("1"))
    with pytest.raises(Refused, match="TerminationProtection"):
        deleted(desk)


def test_a_detection_has_its_id(desk: Bench) -> None:
    desk.says("detect_stack_drift", {"StackDriftDetectionId": "detection-1"}, {"StackName": NAME})
    assert desk.caller.start_drift(PRODUCTION, "network") == "detection-1"


def test_an_answer_that_cannot_be_read_is_not_knowing(desk: Bench) -> None:
    answer = {"StackDriftDetectionId": "x"}
    desk.says("detect_stack_drift", answer)
    answer.clear()
    with pytest.raises(OutcomeUnknown, match="could not be read"):
        desk.caller.start_drift(PRODUCTION, "network")


def test_what_could_not_even_be_sent_is_refused() -> None:
    desk = Bench()
    with desk.stub:
        desk.says("set_stack_policy", DONE)
        with pytest.raises(Refused, match="was not asked for"):
            desk.caller.set_policy(PRODUCTION, "network", 1)  # type: ignore[arg-type]
        with pytest.raises(AssertionError, match="1 responses remaining"):
            desk.stub.assert_no_pending_responses()
