"""CloudFormation read for deployments, request by request."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.aws.deployment_reader import DeploymentReader
from services.domain.errors import Misconfigured, NotFound, NotNow, Refused
from services.ports import ListedChangeSet
from tests.builders.places import environment
from tests.unit.aws.cloudformation_desk import NAME, SET, STACK, Desk, change, change_set, event, stack
from tests.unit.aws.stubs import WHEN

PRODUCTION = environment("production")
DETECTION = {"StackId": STACK, "StackDriftDetectionId": "d-1", "Timestamp": WHEN}


class Bench(Desk):
    def __init__(self) -> None:
        super().__init__()
        self.reader = DeploymentReader(self.sessions)

    def none_of(self, operation: str) -> None:
        self.refuses(operation, "ValidationError", f"Stack [{NAME}] does not exist")


@pytest.fixture
def desk() -> Iterator[Bench]:
    made = Bench()
    with made.stub:
        yield made
        made.stub.assert_no_pending_responses()


def test_a_stack_that_is_well_has_no_reason(desk: Bench) -> None:
    desk.says("describe_stacks", {"Stacks": [stack("UPDATE_COMPLETE")]}, {"StackName": NAME})
    found = desk.reader.standing(PRODUCTION, "network")
    assert found is not None
    assert (found.stack, found.status, found.reason) == ("network", "UPDATE_COMPLETE", "")


def test_a_failed_stack_says_what_failed_first(desk: Bench) -> None:
    desk.has("UPDATE_ROLLBACK_COMPLETE", StackStatusReason="The following resource(s) failed to update: [Db].")
    failed = event("1", "UPDATE_FAILED", "Db", ResourceStatusReason="Insufficient capacity")
    desk.tells(failed)
    found = desk.reader.standing(PRODUCTION, "network")
    assert found is not None
    assert found.reason == "Db: Insufficient capacity"


def test_a_stack_asked_for_by_its_arn_gets_its_name_back(desk: Bench) -> None:
    desk.says("describe_stacks", {"Stacks": [stack("DELETE_COMPLETE")]}, {"StackName": STACK})
    found = desk.reader.standing(PRODUCTION, STACK)
    assert found is not None
    assert (found.stack, found.status) == ("network", "DELETE_COMPLETE")


def test_nothing_there_is_nothing(desk: Bench) -> None:
    desk.has_none()
    assert desk.reader.standing(PRODUCTION, "network") is None
    desk.none_of("get_template")
    assert desk.reader.template(PRODUCTION, "network") is None
    desk.none_of("get_stack_policy")
    assert desk.reader.policy(PRODUCTION, "network") == ""
    desk.none_of("list_change_sets")
    assert desk.reader.change_sets(PRODUCTION, "network") == ()
    desk.none_of("describe_stack_events")
    assert desk.reader.events(PRODUCTION, "network", frozenset()) == []
    desk.refuses("describe_change_set", "ChangeSetNotFound", status=404)
    assert desk.reader.change_set(PRODUCTION, "network", SET) is None
    desk.says("describe_change_set", change_set(Status="DELETE_COMPLETE"))
    assert desk.reader.change_set(PRODUCTION, "network", SET) is None


def test_every_change_set_of_a_stack_is_listed_page_by_page(desk: Bench) -> None:
    own = {"ChangeSetId": SET, "ChangeSetName": "haven-1", "ExecutionStatus": "AVAILABLE", "CreationTime": WHEN}
    other = {"ChangeSetId": "arn:2", "ChangeSetName": "by-hand", "CreationTime": WHEN, "Status": "CREATE_PENDING"}
    desk.says("list_change_sets", {"Summaries": [own], "NextToken": "more"}, {"StackName": NAME})
    desk.says("list_change_sets", {"Summaries": [other]}, {"StackName": NAME, "NextToken": "more"})
    assert desk.reader.change_sets(PRODUCTION, "network") == (
        ListedChangeSet(SET, "haven-1", "AVAILABLE", WHEN),
        ListedChangeSet("arn:2", "by-hand", "UNAVAILABLE", WHEN),
    )


READS: dict[str, Callable[[DeploymentReader], object]] = {
    "describe_stacks": lambda reader: reader.standing(PRODUCTION, "network"),
    "get_template": lambda reader: reader.template(PRODUCTION, "network"),
    "get_stack_policy": lambda reader: reader.policy(PRODUCTION, "network"),
    "describe_stack_events": lambda reader: reader.events(PRODUCTION, "network", frozenset()),
    "describe_change_set": lambda reader: reader.change_set(PRODUCTION, "network", SET),
    "list_change_sets": lambda reader: reader.change_sets(PRODUCTION, "network"),
}


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize(("code", "means"), [("AccessDenied", Misconfigured), ("Throttling", NotNow)])
def test_a_denied_role_and_a_throttled_one_are_told_apart_from_nothing(
    desk: Bench, operation: str, code: str, means: type[Exception]
) -> None:
    desk.refuses(operation, code)
    with pytest.raises(means):
        READS[operation](desk.reader)


@pytest.mark.parametrize(
    ("status", "execution", "creates"),
    [
        ("REVIEW_IN_PROGRESS", "AVAILABLE", True),
        ("UPDATE_COMPLETE", "AVAILABLE", False),
        ("CREATE_COMPLETE", "AVAILABLE", False),
        ("CREATE_IN_PROGRESS", "EXECUTE_IN_PROGRESS", True),
        ("ROLLBACK_COMPLETE", "EXECUTE_FAILED", True),
        ("UPDATE_IN_PROGRESS", "EXECUTE_IN_PROGRESS", False),
    ],
)
def test_a_change_set_is_read_with_values_and_its_stack_says_whether_it_creates(
    desk: Bench, status: str, execution: str, creates: bool
) -> None:
    asked = {"ChangeSetName": SET, "IncludePropertyValues": True}
    desk.says("describe_change_set", change_set(ExecutionStatus=execution, Changes=[change("A")]), asked)
    desk.says("describe_stacks", {"Stacks": [stack(status)]}, {"StackName": STACK})
    found = desk.reader.change_set(PRODUCTION, "network", SET)
    assert found is not None
    assert (found.stack, found.creates, len(found.resources)) == ("network", creates, 1)


def test_a_template_is_the_text_that_was_sent(desk: Bench) -> None:
    asked = {"StackName": NAME, "TemplateStage": "Original"}
    desk.says("get_template", {"TemplateBody": "# ours\nResources: {}\n"}, asked)
    assert desk.reader.template(PRODUCTION, "network") == "# ours\nResources: {}\n"


def test_a_template_in_json_is_text_again(desk: Bench) -> None:
    desk.says("get_template", {"TemplateBody": '{"Resources":{"B":1,"A":2}}'})
    assert desk.reader.template(PRODUCTION, "network") == '{\n  "Resources": {\n    "B": 1,\n    "A": 2\n  }\n}'


def test_a_policy_is_its_text(desk: Bench) -> None:
    desk.says("get_stack_policy", {"StackPolicyBody": "{}"}, {"StackName": NAME})
    assert desk.reader.policy(PRODUCTION, "network") == "{}"


def test_events_come_oldest_first_and_are_read_back_to_a_known_one(desk: Bench) -> None:
    desk.tells(event("5"), event("4"), more="older")
    desk.tells(event("3"), event("2"), more="still older")
    found = desk.reader.events(PRODUCTION, "network", frozenset({"2"}))
    assert [(one.id, one.stack) for one in found] == [("3", "network"), ("4", "network"), ("5", "network")]


def test_events_of_a_deleted_stack_are_asked_for_by_its_arn(desk: Bench) -> None:
    desk.says("describe_stack_events", {"StackEvents": [event("1")]}, {"StackName": STACK})
    assert [one.stack for one in desk.reader.events(PRODUCTION, STACK, frozenset())] == ["network"]


def test_others_are_all_stacks_of_the_account(desk: Bench) -> None:
    custom = {**stack("CREATE_COMPLETE"), "StackName": "wordpress", "StackStatusReason": "why"}
    desk.says("describe_stacks", {"Stacks": [custom], "NextToken": "more"}, {})
    desk.says("describe_stacks", {"Stacks": [stack("UPDATE_COMPLETE")]}, {"NextToken": "more"})
    assert [(s.stack, s.stack_name, s.reason) for s in desk.reader.others(PRODUCTION)] == [
        ("network", "production-network", ""),
        ("wordpress", "wordpress", "why"),
    ]


def drifted(name: str) -> dict[str, Any]:
    told = {"StackId": STACK, "LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue", "Timestamp": WHEN}
    return {**told, "StackResourceDriftStatus": "IN_SYNC"}


def test_a_detection_that_runs_has_no_result_yet(desk: Bench) -> None:
    status = {**DETECTION, "DetectionStatus": "DETECTION_IN_PROGRESS"}
    desk.says("describe_stack_drift_detection_status", status, {"StackDriftDetectionId": "d-1"})
    assert desk.reader.drift(PRODUCTION, "network", "d-1") is None


def test_a_detection_that_ended_has_its_resources_of_all_pages(desk: Bench) -> None:
    status = {**DETECTION, "DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": "IN_SYNC"}
    desk.says("describe_stack_drift_detection_status", status)
    asked = {"StackName": STACK, "MaxResults": 100}
    answer = {"StackResourceDrifts": [drifted("A")], "NextToken": "more"}
    desk.says("describe_stack_resource_drifts", answer, asked)
    desk.says("describe_stack_resource_drifts", {"StackResourceDrifts": [drifted("B")]}, {**asked, "NextToken": "more"})
    found = desk.reader.drift(PRODUCTION, "network", "d-1")
    assert found is not None
    assert (found.status, [resource.logical_id for resource in found.resources]) == ("IN_SYNC", ["A", "B"])


def test_a_detection_that_failed_is_refused_with_aws_reason_unless_it_found_something(desk: Bench) -> None:
    failed = {**DETECTION, "DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "No access to sqs"}
    desk.says("describe_stack_drift_detection_status", failed)
    with pytest.raises(Refused, match="No access to sqs"):
        desk.reader.drift(PRODUCTION, "network", "d-1")
    desk.says("describe_stack_drift_detection_status", {**failed, "StackDriftStatus": "DRIFTED"})
    desk.says("describe_stack_resource_drifts", {"StackResourceDrifts": [drifted("A")]})
    found = desk.reader.drift(PRODUCTION, "network", "d-1")
    assert found is not None
    assert (found.status, found.reason) == ("DRIFTED", "No access to sqs")


def test_a_detection_that_aws_forgot_is_not_found(desk: Bench) -> None:
    desk.none_of("describe_stack_drift_detection_status")
    with pytest.raises(NotFound):
        desk.reader.drift(PRODUCTION, "network", "d-1")
