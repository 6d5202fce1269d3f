"""What a request asked twice does, and what becomes of change sets: executed, failed, overtaken."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.cloudformation import failures
from tests.integration.sandbox.stacks_ground import Stacks, fresh, refusal

QUEUE = "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {VisibilityTimeout: %s}}}"


@pytest.fixture
def stacks() -> Stacks:
    return fresh()


def execution(stacks: Stacks, made: dict[str, Any]) -> str:
    """How the execution of a change set stands."""
    return str(stacks.cfn.describe_change_set(ChangeSetName=made["ChangeSetId"])["ExecutionStatus"])


def test_a_change_set_asked_for_twice_by_one_token_is_one(stacks: Stacks) -> None:
    asked = {"StackName": "one", "ChangeSetName": "a", "ChangeSetType": "CREATE", "TemplateBody": QUEUE % 1}
    first = stacks.cfn.create_change_set(**asked, ClientToken="make-1")
    again = stacks.cfn.create_change_set(**asked, ClientToken="make-1")
    assert (again["Id"], again["StackId"]) == (first["Id"], first["StackId"])
    with pytest.raises(ClientError) as refused:
        stacks.cfn.create_change_set(**{**asked, "TemplateBody": QUEUE % 2}, ClientToken="make-1")
    assert refusal(refused.value)[0] == "TokenAlreadyExistsException"
    with pytest.raises(ClientError) as refused:
        stacks.cfn.create_change_set(**asked, ClientToken="make-2")
    assert refusal(refused.value)[0] == "AlreadyExistsException"
    stacks.cfn.delete_change_set(ChangeSetName=first["Id"])
    assert stacks.cfn.create_change_set(**asked, ClientToken="make-1")["Id"] != first["Id"]


def test_a_refused_request_does_not_use_its_token_up(stacks: Stacks) -> None:
    with pytest.raises(ClientError):
        stacks.cfn.update_stack(StackName="none", TemplateBody=QUEUE % 1, ClientRequestToken="t")
    assert stacks.cfn.create_stack(StackName="one", TemplateBody=QUEUE % 1, ClientRequestToken="t")["StackId"]


def test_cancelling_continuing_and_deleting_twice_is_once(stacks: Stacks) -> None:
    stacks.deployed("one", QUEUE % 1)
    proposed = stacks.proposed("one", QUEUE % 2, "UPDATE")
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], ClientRequestToken="go")
    clock.advance(3)
    failures.fail_next("AWS::SQS::Queue", "Not now", act="update")
    stacks.cfn.cancel_update_stack(StackName="one", ClientRequestToken="stop")
    stacks.cfn.cancel_update_stack(StackName="one", ClientRequestToken="stop")
    assert stacks.settled("one")["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    stacks.cfn.continue_update_rollback(StackName="one", ClientRequestToken="on")
    stacks.cfn.continue_update_rollback(StackName="one", ClientRequestToken="on")
    with pytest.raises(ClientError) as refused:
        stacks.cfn.continue_update_rollback(StackName="one", ResourcesToSkip=["Q"], ClientRequestToken="on")
    assert refusal(refused.value)[0] == "TokenAlreadyExistsException"
    done = stacks.settled("one")
    assert done["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    for _ in range(2):
        stacks.cfn.delete_stack(StackName="one", ClientRequestToken="away")
    assert stacks.settled(done["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    told = [(e["ResourceStatus"], e.get("ClientRequestToken")) for e in stacks.events(done["StackId"])]
    stack_told = [each for each in told if each[0] == "DELETE_IN_PROGRESS"]
    assert stack_told == [("DELETE_IN_PROGRESS", "away")] * 2, "the stack once, its queue once"


def test_rolling_back_twice_is_once(stacks: Stacks) -> None:
    failures.fail_next("AWS::SQS::Queue", "No")
    proposed = stacks.proposed("one", QUEUE % 1)
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], DisableRollback=True)
    assert stacks.settled("one")["StackStatus"] == "CREATE_FAILED"
    first = stacks.cfn.rollback_stack(StackName="one", ClientRequestToken="back")["StackId"]
    assert stacks.cfn.rollback_stack(StackName="one", ClientRequestToken="back")["StackId"] == first
    assert stacks.settled("one")["StackStatus"] == "ROLLBACK_COMPLETE"


def test_an_execution_is_under_way_then_complete(stacks: Stacks) -> None:
    proposed = stacks.proposed("one", QUEUE % 1)
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    assert execution(stacks, proposed) == "EXECUTE_IN_PROGRESS"
    with pytest.raises(ClientError) as refused:
        stacks.cfn.delete_change_set(ChangeSetName=proposed["ChangeSetId"])
    assert refusal(refused.value)[0] == "InvalidChangeSetStatus"
    stacks.settled("one")
    assert execution(stacks, proposed) == "EXECUTE_COMPLETE"


def test_an_execution_that_is_rolled_back_has_failed_and_is_not_begun_again(stacks: Stacks) -> None:
    stacks.deployed("one", QUEUE % 1)
    proposed = stacks.proposed("one", QUEUE % 2, "UPDATE")
    failures.fail_next("AWS::SQS::Queue", "No", act="update")
    for _ in range(2):
        stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], ClientRequestToken="go")
        assert stacks.settled("one")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert execution(stacks, proposed) == "EXECUTE_FAILED"
    assert [s for n, s in stacks.told("one") if n == "one"].count("UPDATE_IN_PROGRESS") == 1


def test_a_change_set_that_an_update_overtook_is_obsolete(stacks: Stacks) -> None:
    stacks.deployed("one", QUEUE % 1)
    proposed = stacks.proposed("one", QUEUE % 2, "UPDATE")
    stacks.cfn.update_stack(StackName="one", TemplateBody=QUEUE % 3)
    stacks.settled("one")
    assert execution(stacks, proposed) == "OBSOLETE"
    with pytest.raises(ClientError) as refused:
        stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    assert refusal(refused.value)[:2] == (
        "InvalidChangeSetStatus",
        f"ChangeSet [{proposed['ChangeSetId']}] cannot be executed in its current status of [OBSOLETE]",
    )


@pytest.mark.parametrize(("asked", "left"), [({}, 1), ({"RetainExceptOnCreate": True}, 0)])
def test_what_a_failed_creation_retains_is_for_the_caller_to_say(
    stacks: Stacks, asked: dict[str, Any], left: int
) -> None:
    text = """
        Resources:
          Kept: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}
          Topic: {Type: AWS::SNS::Topic, DependsOn: Kept}
        """
    failures.fail_next("AWS::SNS::Topic", "No")
    proposed = stacks.proposed("one", text)
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], **asked)
    assert stacks.settled("one")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert len(stacks.aws("sqs").list_queues().get("QueueUrls", [])) == left
