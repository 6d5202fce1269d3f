"""Stacks over time: creation in order, update, replacement, rollback, deletion, cancelling, going on."""

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.cloudformation import failures
from tests.integration.sandbox.stacks_ground import Stacks, fresh, refusal, values

TWO = """
Parameters: {Wait: {Type: Number, Default: 30}, Keep: {Type: Number, Default: 60}}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !Ref Wait
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Dead:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: !Ref Keep}
  Topic: {Type: AWS::SNS::Topic}
Outputs: {Url: {Value: !Ref Queue, Description: Where to send}}
"""
NAMED = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: %s}}}"


@pytest.fixture
def stacks() -> Stacks:
    return fresh()


def test_resources_come_in_dependency_order_over_time(stacks: Stacks) -> None:
    proposed = stacks.proposed("two", TWO)
    assert stacks.stack("two")["StackStatus"] == "REVIEW_IN_PROGRESS"
    stacks.cfn.execute_change_set(
        ChangeSetName=proposed["ChangeSetId"], DisableRollback=False, ClientRequestToken="t-1"
    )
    clock.advance(2)
    assert stacks.stack("two")["StackStatus"] == "CREATE_IN_PROGRESS"
    resources = stacks.cfn.list_stack_resources(StackName="two")["StackResourceSummaries"]
    assert {r["LogicalResourceId"]: r["ResourceStatus"] for r in resources} == {
        "Dead": "CREATE_IN_PROGRESS",
        "Topic": "CREATE_IN_PROGRESS",
    }
    done = stacks.settled("two")
    assert done["StackStatus"] == "CREATE_COMPLETE"
    told = stacks.told("two")
    assert told[0] == ("two", "REVIEW_IN_PROGRESS")
    assert told[1] == ("two", "CREATE_IN_PROGRESS")
    assert told[-1] == ("two", "CREATE_COMPLETE")
    assert told.index(("Dead", "CREATE_COMPLETE")) < told.index(("Queue", "CREATE_IN_PROGRESS"))
    queue = [e for e in stacks.events("two") if e["LogicalResourceId"] == "Queue"]
    assert [e.get("ResourceStatusReason") for e in queue] == [None, "Resource creation Initiated", None]
    assert all(e["ClientRequestToken"] == "t-1" for e in stacks.events("two")[1:])
    url = done["Outputs"][0]["OutputValue"]
    assert url == stacks.physical("two", "Queue")
    attributes = stacks.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "maxReceiveCount" in attributes["RedrivePolicy"]


def test_an_update_changes_what_differs_and_nothing_else(stacks: Stacks) -> None:
    stacks.deployed("two", TWO)
    before = len(stacks.events("two"))
    done = stacks.deployed("two", TWO, "UPDATE", Parameters=values(Wait=45))
    assert done["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.told("two")[before:] == [
        ("two", "UPDATE_IN_PROGRESS"),
        ("Queue", "UPDATE_IN_PROGRESS"),
        ("Queue", "UPDATE_COMPLETE"),
        ("two", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("two", "UPDATE_COMPLETE"),
    ]
    url = stacks.physical("two", "Queue")
    found = stacks.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"]["VisibilityTimeout"] == "45"


def test_a_replacement_makes_the_new_first_and_removes_the_old_in_cleanup(stacks: Stacks) -> None:
    stacks.deployed("one", NAMED % "old")
    proposed = stacks.proposed("one", NAMED % "new", "UPDATE")
    change = proposed["Changes"][0]["ResourceChange"]
    assert (change["Replacement"], change["PolicyAction"]) == ("True", "ReplaceAndDelete")
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    stacks.settled("one")
    events = [(e["ResourceStatus"], e["PhysicalResourceId"].rsplit(":", 1)[-1]) for e in stacks.events("one")[-6:-1]]
    assert events[0] == ("UPDATE_IN_PROGRESS", "new")
    assert events[1] == ("UPDATE_COMPLETE", "new")
    assert events[2][0] == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert events[3:] == [("DELETE_IN_PROGRESS", "old"), ("DELETE_COMPLETE", "old")]
    assert [t["TopicArn"].rsplit(":", 1)[-1] for t in stacks.aws("sns").list_topics()["Topics"]] == ["new"]


def test_a_failed_creation_is_undone_in_reverse_with_the_reason(stacks: Stacks) -> None:
    failures.fail_next("AWS::SQS::Queue", "Insufficient capacity", logical="Queue")
    done = stacks.deployed("two", TWO)
    assert done["StackStatus"] == "ROLLBACK_COMPLETE"
    told = stacks.told("two")
    failed = next(e for e in stacks.events("two") if e["ResourceStatus"] == "CREATE_FAILED")
    assert (failed["LogicalResourceId"], failed["ResourceStatusReason"]) == ("Queue", "Insufficient capacity")
    rolling = next(e for e in stacks.events("two") if e["ResourceStatus"] == "ROLLBACK_IN_PROGRESS")
    assert rolling["ResourceStatusReason"] == (
        "The following resource(s) failed to create: [Queue]. Rollback requested by user."
    )
    assert told.index(("Queue", "DELETE_COMPLETE")) < told.index(("Dead", "DELETE_IN_PROGRESS"))
    assert "QueueUrls" not in stacks.aws("sqs").list_queues()
    with pytest.raises(ClientError) as refused:
        stacks.proposed("two", TWO, "UPDATE")
    assert "is in ROLLBACK_COMPLETE state and can not be updated." in refusal(refused.value)[1]


def test_siblings_of_a_failure_are_cancelled(stacks: Stacks) -> None:
    text = "Resources: {Queue: {Type: 'AWS::SQS::Queue'}, Topic: {Type: 'AWS::SNS::Topic'}}"
    failures.fail_next("AWS::SNS::Topic", "No")
    stacks.deployed("both", text)
    cancelled = [e for e in stacks.events("both") if e.get("ResourceStatusReason") == "Resource creation cancelled"]
    assert [(e["LogicalResourceId"], e["ResourceStatus"]) for e in cancelled] == [("Queue", "CREATE_FAILED")]
    assert "QueueUrls" not in stacks.aws("sqs").list_queues()


def test_rollback_can_be_disabled_and_asked_for_later(stacks: Stacks) -> None:
    failures.fail_next("AWS::SQS::Queue", "No", logical="Queue")
    proposed = stacks.proposed("two", TWO)
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], DisableRollback=True)
    assert stacks.settled("two")["StackStatus"] == "CREATE_FAILED"
    assert len(stacks.aws("sqs").list_queues()["QueueUrls"]) == 1
    stacks.cfn.rollback_stack(StackName="two")
    assert stacks.settled("two")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "QueueUrls" not in stacks.aws("sqs").list_queues()


def test_a_failed_update_brings_everything_back(stacks: Stacks) -> None:
    stacks.deployed("two", TWO)
    failures.fail_next("AWS::SQS::Queue", "Broken", act="update", logical="Queue")
    more = TWO.replace("Outputs:", "  Extra: {Type: AWS::SNS::Topic}\nOutputs:")
    done = stacks.deployed("two", more, "UPDATE", Parameters=values(Wait=45, Keep=120))
    assert done["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" in [s for _, s in stacks.told("two")]
    sqs = stacks.aws("sqs")
    dead = sqs.get_queue_attributes(QueueUrl=stacks.physical("two", "Dead"), AttributeNames=["All"])["Attributes"]
    assert dead["MessageRetentionPeriod"] == "60"
    assert len(stacks.aws("sns").list_topics()["Topics"]) == 1
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in done["Parameters"]}
    assert parameters == {"Wait": "30", "Keep": "60"}
    assert stacks.proposed("two", TWO, "UPDATE")["Status"] == "FAILED"


def test_a_replacement_that_is_rolled_back_leaves_the_old_one(stacks: Stacks) -> None:
    text = """
        Parameters: {Name: {Type: String}}
        Resources:
          Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
          Queue: {Type: AWS::SQS::Queue, DependsOn: Topic, Properties: {Tags: [{Key: n, Value: !Ref Name}]}}
        """
    stacks.deployed("one", text, Parameters=values(Name="old"))
    failures.fail_next("AWS::SQS::Queue", "No", act="update")
    done = stacks.deployed("one", text, "UPDATE", Parameters=values(Name="new"))
    assert done["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.physical("one", "Topic").endswith(":old")
    assert [t["TopicArn"].rsplit(":", 1)[-1] for t in stacks.aws("sns").list_topics()["Topics"]] == ["old"]


def test_a_rollback_that_fails_can_be_continued_or_skip_what_fails(stacks: Stacks) -> None:
    stacks.deployed("two", TWO)
    failures.fail_next("AWS::SQS::Queue", "Broken", act="update", logical="Queue")
    failures.fail_next("AWS::SQS::Queue", "Still broken", act="update", logical="Queue")
    update = values(Wait=45)
    assert stacks.deployed("two", TWO, "UPDATE", Parameters=update)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(ClientError, match="only resources that failed"):
        stacks.cfn.continue_update_rollback(StackName="two", ResourcesToSkip=["Topic"])
    failures.fail_next("AWS::SQS::Queue", "And again", act="update", logical="Queue")
    stacks.cfn.continue_update_rollback(StackName="two")
    assert stacks.settled("two")["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    stacks.cfn.continue_update_rollback(StackName="two", ResourcesToSkip=["Queue"])
    assert stacks.settled("two")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_an_update_can_be_cancelled_while_it_runs(stacks: Stacks) -> None:
    stacks.deployed("two", TWO)
    with pytest.raises(ClientError, match="cannot be called from current stack status"):
        stacks.cfn.cancel_update_stack(StackName="two")
    proposed = stacks.proposed("two", TWO, "UPDATE", Parameters=values(Keep=120))
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    clock.advance(3)
    stacks.cfn.cancel_update_stack(StackName="two")
    assert stacks.settled("two")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ("Dead", "UPDATE_FAILED") in stacks.told("two")
    url = stacks.physical("two", "Dead")
    found = stacks.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == "60"


def test_deletion_goes_in_reverse_and_keeps_what_policies_keep(stacks: Stacks) -> None:
    kept = TWO.replace("  Topic: {Type: AWS::SNS::Topic}", "  Topic: {Type: AWS::SNS::Topic, DeletionPolicy: Retain}")
    made = stacks.deployed("two", kept)
    stacks.cfn.delete_stack(StackName="two")
    done = stacks.settled(made["StackId"])
    assert done["StackStatus"] == "DELETE_COMPLETE"
    told = stacks.told(made["StackId"])
    assert told.index(("Queue", "DELETE_COMPLETE")) < told.index(("Dead", "DELETE_IN_PROGRESS"))
    assert ("Topic", "DELETE_SKIPPED") in told
    assert len(stacks.aws("sns").list_topics()["Topics"]) == 1
    assert "QueueUrls" not in stacks.aws("sqs").list_queues()
    with pytest.raises(ClientError) as refused:
        stacks.stack("two")
    assert refusal(refused.value) == ("ValidationError", "Stack with id two does not exist", 400)


def test_a_deletion_that_fails_says_so_and_may_leave_the_rest_behind(stacks: Stacks) -> None:
    made = stacks.deployed("two", TWO)
    failures.fail_next("AWS::SNS::Topic", "Somebody listens", act="delete")
    stacks.cfn.delete_stack(StackName="two")
    failed = stacks.settled("two")
    assert failed["StackStatus"] == "DELETE_FAILED"
    assert failed["StackStatusReason"] == "The following resource(s) failed to delete: [Topic]. "
    stacks.cfn.delete_stack(StackName="two", RetainResources=["Topic"])
    assert stacks.settled(made["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert len(stacks.aws("sns").list_topics()["Topics"]) == 1


def test_a_property_the_type_lacks_fails_the_change_set_and_the_resource(stacks: Stacks) -> None:
    text = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {Colour: red}}}"
    proposed = stacks.proposed("one", text)
    assert proposed["Status"] == "FAILED"
    assert "Topic: Encountered unsupported property Colour" in proposed["StatusReason"]
    stacks.cfn.delete_stack(StackName="one")
    stacks.cfn.create_stack(StackName="one", TemplateBody=text, OnFailure="DO_NOTHING")
    assert stacks.settled("one")["StackStatus"] == "CREATE_FAILED"
    failed = next(e for e in stacks.events("one") if e["ResourceStatus"] == "CREATE_FAILED")
    assert failed["ResourceStatusReason"] == "Encountered unsupported property Colour"


def test_a_custom_name_cannot_be_replaced_by_itself(stacks: Stacks) -> None:
    text = "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: %s}}}"
    stacks.deployed("one", text % "q.fifo, FifoQueue: true")
    done = stacks.deployed("one", text % "q.fifo, FifoQueue: false", "UPDATE")
    assert done["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    failed = next(e for e in stacks.events("one") if e["ResourceStatus"] == "UPDATE_FAILED")
    assert "custom-named resource requires replacing" in failed["ResourceStatusReason"]


def test_stack_tags_reach_the_resources(stacks: Stacks) -> None:
    stacks.deployed("two", TWO, Tags=[{"Key": "team", "Value": "core"}])
    topic = stacks.physical("two", "Topic")
    found = stacks.aws("sns").list_tags_for_resource(ResourceArn=topic)["Tags"]
    assert {"Key": "team", "Value": "core"} in found
