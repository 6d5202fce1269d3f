"""Deploying through change sets, request by request."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from services.aws.stacks_writer import StackProvisioner
from services.domain.errors import Conflict, Misconfigured, NotFound, OutcomeUnknown, Refused
from services.ports import StackOutcome, StackSpec
from tests.builders.places import environment
from tests.unit.aws.stubs import WHEN, client_of

PRODUCTION = environment("production")
SPEC = StackSpec("network", "network", (("Environment", "production"),), (), (), '{"Statement": []}', True)
NAME = "production-network"
SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/haven-1/1"
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


def stack(status: str, **more: Any) -> dict[str, Any]:
    found = {"StackName": NAME, "StackId": "stack-id", "CreationTime": WHEN, "StackStatus": status}
    return {"Stacks": [{**found, **more}]}


class Desk:
    """A provisioner whose CloudFormation answers from a script, and whose pauses are only counted."""

    def __init__(self) -> None:
        client: Any = client_of("cloudformation")
        self.stub = Stubber(client)
        self.paused: list[float] = []
        writer = SimpleNamespace(cloudformation=client)
        clients = SimpleNamespace(resolve=lambda: None, cloudformation=client, writer=writer)
        sessions: Any = SimpleNamespace(provisioner=lambda _: clients)
        self.provisioner = StackProvisioner(sessions, self.paused.append)

    def says(self, operation: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        self.stub.add_response(operation, answer, asked)

    def refuses(self, operation: str, code: str, message: str = "no", status: int = 400) -> None:
        self.stub.add_client_error(operation, code, message, status)

    def has(self, status: str, **more: Any) -> None:
        self.says("describe_stacks", stack(status, **more), {"StackName": NAME})

    def has_none(self) -> None:
        self.refuses("describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist")

    def set_is(self, status: str, execution: str = "UNAVAILABLE", reason: str = "") -> None:
        answer = {"ChangeSetId": SET, "Status": status, "ExecutionStatus": execution}
        self.says("describe_change_set", {**answer, "StatusReason": reason} if reason else answer)

    def change_set(self) -> str | None:
        return self.provisioner.change_set(PRODUCTION, SPEC, {})


@pytest.fixture
def desk() -> Iterator[Desk]:
    with opened() as made:
        yield made


@contextmanager
def opened() -> Iterator[Desk]:
    made = Desk()
    with made.stub:
        yield made
        made.stub.assert_no_pending_responses()


def created(kind: str) -> dict[str, Any]:
    return {
        "StackName": NAME,
        "ChangeSetName": ANY,
        "ClientToken": ANY,
        "ChangeSetType": kind,
        "TemplateBody": ANY,
        "Parameters": [{"ParameterKey": "Environment", "ParameterValue": "production"}],
        "Tags": [
            {"Key": "haven:environment", "Value": "production"},
            {"Key": "haven:stack", "Value": "network"},
        ],
        "Capabilities": ["CAPABILITY_IAM"],
    }


def test_a_new_stack_gets_a_change_set_of_type_create(desk: Desk) -> None:
    desk.has_none()
    desk.says("create_change_set", {"Id": SET}, created("CREATE"))
    desk.set_is("CREATE_IN_PROGRESS")
    desk.set_is("CREATE_COMPLETE", "AVAILABLE")
    assert desk.change_set() == SET
    assert len(desk.paused) == 1


def test_an_existing_stack_gets_one_of_type_update(desk: Desk) -> None:
    desk.has("UPDATE_COMPLETE", LastUpdatedTime=WHEN)
    desk.says("create_change_set", {"Id": SET}, created("UPDATE"))
    desk.set_is("CREATE_COMPLETE", "AVAILABLE")
    assert desk.change_set() == SET


def test_nothing_to_change_is_none_and_leaves_no_change_set(desk: Desk) -> None:
    desk.has("CREATE_COMPLETE")
    desk.says("create_change_set", {"Id": SET})
    desk.set_is("FAILED", reason=NO_CHANGES)
    desk.says("delete_change_set", {}, {"ChangeSetName": SET})
    assert desk.change_set() is None


def test_a_change_set_that_fails_is_refused_in_aws_words(desk: Desk) -> None:
    desk.has("CREATE_COMPLETE")
    desk.says("create_change_set", {"Id": SET})
    desk.set_is("FAILED", reason="Parameters: [X] must have values")
    desk.says("delete_change_set", {})
    with pytest.raises(Refused, match=r"Parameters: \[X\] must have values"):
        desk.change_set()


def test_a_repeat_finds_the_change_set_of_the_first_try(desk: Desk) -> None:
    desk.has("REVIEW_IN_PROGRESS")
    desk.refuses("create_change_set", "AlreadyExistsException")
    desk.set_is("CREATE_COMPLETE", "AVAILABLE")
    desk.set_is("CREATE_COMPLETE", "AVAILABLE")
    assert desk.change_set() == SET


def test_a_failed_or_outdated_one_of_the_same_name_is_made_anew(desk: Desk) -> None:
    for status, execution in (("FAILED", "UNAVAILABLE"), ("CREATE_COMPLETE", "OBSOLETE")):
        desk.has("CREATE_COMPLETE")
        desk.refuses("create_change_set", "AlreadyExistsException")
        desk.set_is(status, execution)
        desk.says("delete_change_set", {}, {"ChangeSetName": SET})
        desk.says("create_change_set", {"Id": SET})
        desk.set_is("CREATE_COMPLETE", "AVAILABLE")
        assert desk.change_set() == SET


def test_a_review_that_takes_for_ever_is_given_up_on_for_now() -> None:
    desk = Desk()
    with desk.stub:
        desk.has_none()
        desk.says("create_change_set", {"Id": SET})
        for _ in range(400):
            desk.set_is("CREATE_IN_PROGRESS")
        with pytest.raises(OutcomeUnknown, match="still working out"):
            desk.change_set()
    assert 600 <= sum(desk.paused) < 603
    assert max(desk.paused) == 2.0


def test_errors_come_in_havens_words(desk: Desk) -> None:
    desk.refuses("describe_stacks", "AccessDenied", status=403)
    with pytest.raises(Misconfigured, match="may not call DescribeStacks"):
        desk.change_set()
    desk.has("UPDATE_IN_PROGRESS")
    with pytest.raises(Conflict, match="already happening"):
        desk.change_set()


def executed(desk: Desk) -> None:
    desk.provisioner.execute(PRODUCTION, SPEC, SET)


def test_executing_returns_once_the_stack_shows_it(desk: Desk) -> None:
    desk.has("REVIEW_IN_PROGRESS")
    asked = {"ChangeSetName": SET, "ClientRequestToken": ANY, "DisableRollback": False}
    desk.says("execute_change_set", {}, asked)
    desk.has("REVIEW_IN_PROGRESS")
    desk.has("CREATE_IN_PROGRESS")
    executed(desk)
    assert len(desk.paused) == 1


def test_an_update_that_ended_within_a_look_is_seen_by_its_time(desk: Desk) -> None:
    desk.has("UPDATE_COMPLETE", LastUpdatedTime=WHEN)
    desk.says("execute_change_set", {})
    desk.has("UPDATE_COMPLETE", LastUpdatedTime=WHEN.replace(minute=14))
    executed(desk)
    assert desk.paused == []


def test_executing_again_does_nothing(desk: Desk) -> None:
    desk.has("CREATE_IN_PROGRESS")
    desk.refuses("execute_change_set", "InvalidChangeSetStatus")
    desk.set_is("CREATE_COMPLETE", "EXECUTE_IN_PROGRESS")
    executed(desk)


def test_a_change_set_that_cannot_be_executed_is_a_conflict(desk: Desk) -> None:
    desk.has("CREATE_COMPLETE")
    desk.refuses("execute_change_set", "InvalidChangeSetStatus")
    desk.set_is("CREATE_COMPLETE", "OBSOLETE")
    with pytest.raises(Conflict, match="cannot be executed"):
        executed(desk)


def test_a_lost_answer_is_an_unknown_outcome(desk: Desk) -> None:
    desk.has("CREATE_COMPLETE")
    desk.refuses("execute_change_set", "InternalFailure", status=500)
    with pytest.raises(OutcomeUnknown):
        executed(desk)


def test_an_execution_that_never_shows_is_an_unknown_outcome() -> None:
    desk = Desk()
    with desk.stub:
        desk.has("CREATE_COMPLETE")
        desk.says("execute_change_set", {})
        for _ in range(19):
            desk.has("CREATE_COMPLETE")
        desk.says("describe_stack_events", {"StackEvents": []})
        with pytest.raises(OutcomeUnknown, match="nothing has begun"):
            executed(desk)
    assert 30 <= sum(desk.paused) < 33


@pytest.mark.parametrize(
    ("status", "done", "ok"),
    [
        ("CREATE_COMPLETE", True, True),
        ("UPDATE_COMPLETE", True, True),
        ("CREATE_IN_PROGRESS", False, False),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False, False),
        ("REVIEW_IN_PROGRESS", True, False),
    ],
)
def test_a_status_says_whether_it_is_done_and_whether_it_is_well(desk: Desk, status: str, done: bool, ok: bool) -> None:
    desk.has(status, Outputs=[{"OutputKey": "VpcId", "OutputValue": "vpc-1"}])
    assert desk.provisioner.outcome(PRODUCTION, "network") == StackOutcome(status, done, ok, "", (("VpcId", "vpc-1"),))


def test_a_rolled_back_stack_says_what_failed_first(desk: Desk) -> None:
    desk.has("UPDATE_ROLLBACK_COMPLETE", StackStatusReason="what CloudFormation says of the stack")
    failed = {"StackId": "stack-id", "EventId": "1", "StackName": NAME, "Timestamp": WHEN}
    failed |= {"LogicalResourceId": "Nat", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "No addresses"}
    desk.says("describe_stack_events", {"StackEvents": [failed]}, {"StackName": "stack-id"})
    outcome = desk.provisioner.outcome(PRODUCTION, "network")
    assert outcome is not None
    assert (outcome.done, outcome.ok, outcome.reason) == (True, False, "Nat: No addresses")


def test_a_failure_without_a_failed_resource_has_the_stacks_own_reason(desk: Desk) -> None:
    desk.has("DELETE_FAILED", StackStatusReason="Export in use")
    desk.says("describe_stack_events", {"StackEvents": []})
    outcome = desk.provisioner.outcome(PRODUCTION, "network")
    assert outcome is not None
    assert outcome.reason == "Export in use"


def test_no_stack_has_no_outcome_and_cannot_be_secured(desk: Desk) -> None:
    desk.has_none()
    assert desk.provisioner.outcome(PRODUCTION, "network") is None
    desk.has_none()
    with pytest.raises(NotFound):
        desk.provisioner.secure(PRODUCTION, SPEC)


def test_securing_sets_the_policy_and_the_protection_where_it_differs(desk: Desk) -> None:
    desk.has("CREATE_COMPLETE")
    desk.says("set_stack_policy", {}, {"StackName": NAME, "StackPolicyBody": SPEC.policy})
    desk.says("update_termination_protection", {}, {"StackName": NAME, "EnableTerminationProtection": True})
    desk.provisioner.secure(PRODUCTION, SPEC)
    desk.has("CREATE_COMPLETE", EnableTerminationProtection=True)
    desk.says("set_stack_policy", {})
    desk.provisioner.secure(PRODUCTION, SPEC)
