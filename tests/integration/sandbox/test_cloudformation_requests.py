"""What CloudFormation's API answers and refuses: change sets, pages, tokens, protection, policies, exports, state."""

import json
import pickle

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.cloudformation import state
from tests.integration.sandbox.stacks_ground import Stacks, fresh, refusal, values

TOPIC = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: %s}}}"
MANY = json.dumps({"Resources": {f"T{n}": {"Type": "AWS::SNS::Topic"} for n in range(130)}})


@pytest.fixture
def stacks() -> Stacks:
    return fresh()


def test_a_change_set_comes_over_time(stacks: Stacks) -> None:
    made = stacks.cfn.create_change_set(
        StackName="one", ChangeSetName="a", ChangeSetType="CREATE", TemplateBody=TOPIC % "x", Description="first"
    )
    seen = []
    for wait in (0, 1, 10):
        clock.advance(wait)
        found = stacks.cfn.describe_change_set(ChangeSetName=made["Id"])
        seen.append((found["Status"], found["ExecutionStatus"]))
    assert seen == [
        ("CREATE_PENDING", "UNAVAILABLE"),
        ("CREATE_IN_PROGRESS", "UNAVAILABLE"),
        ("CREATE_COMPLETE", "AVAILABLE"),
    ]
    change = found["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["LogicalResourceId"], change["ResourceType"]) == (
        "Add",
        "Topic",
        "AWS::SNS::Topic",
    )
    assert "AfterContext" not in change
    listed = stacks.cfn.list_change_sets(StackName="one")["Summaries"]
    assert [(s["ChangeSetName"], s["Description"], s["Status"]) for s in listed] == [("a", "first", "CREATE_COMPLETE")]


def test_property_values_are_shown_only_when_asked_for(stacks: Stacks) -> None:
    stacks.deployed("one", TOPIC % "x")
    proposed = stacks.proposed("one", TOPIC % "y", "UPDATE")
    change = proposed["Changes"][0]["ResourceChange"]
    target = change["Details"][0]["Target"]
    assert (target["BeforeValue"], target["AfterValue"], target["Path"]) == ("x", "y", "/Properties/DisplayName")
    assert json.loads(change["AfterContext"]) == {"Properties": {"DisplayName": "y"}}
    plain = stacks.cfn.describe_change_set(ChangeSetName=proposed["ChangeSetId"])["Changes"][0]["ResourceChange"]
    assert plain["Details"][0]["Target"] == {
        "Attribute": "Properties",
        "Name": "DisplayName",
        "RequiresRecreation": "Never",
    }


def test_an_empty_change_set_fails_with_awss_words(stacks: Stacks) -> None:
    stacks.deployed("one", TOPIC % "x")
    proposed = stacks.proposed("one", TOPIC % "x", "UPDATE")
    assert (proposed["Status"], proposed["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert proposed["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create a change set."
    )
    with pytest.raises(ClientError) as refused:
        stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    assert refusal(refused.value)[0] == "InvalidChangeSetStatus"
    with pytest.raises(ClientError) as refused:
        stacks.cfn.update_stack(StackName="one", TemplateBody=TOPIC % "x")
    assert refusal(refused.value) == ("ValidationError", "No updates are to be performed.", 400)


def test_an_outputs_change_alone_is_a_change(stacks: Stacks) -> None:
    stacks.deployed("one", TOPIC % "x")
    proposed = stacks.proposed("one", TOPIC % "x" + "\nOutputs: {Arn: {Value: !Ref Topic}}", "UPDATE")
    assert (proposed["Status"], proposed["Changes"]) == ("CREATE_COMPLETE", [])


def test_executing_one_removes_its_siblings_and_works_once(stacks: Stacks) -> None:
    first, second = stacks.proposed("one", TOPIC % "x"), stacks.proposed("one", TOPIC % "y")
    stacks.cfn.execute_change_set(ChangeSetName=second["ChangeSetId"], ClientRequestToken="once")
    with pytest.raises(ClientError) as refused:
        stacks.cfn.describe_change_set(ChangeSetName=first["ChangeSetId"])
    assert (refusal(refused.value)[0], refusal(refused.value)[2]) == ("ChangeSetNotFound", 404)
    stacks.cfn.execute_change_set(ChangeSetName=second["ChangeSetId"], ClientRequestToken="once")
    with pytest.raises(ClientError) as refused:
        stacks.cfn.execute_change_set(ChangeSetName=second["ChangeSetId"], ClientRequestToken="twice")
    assert refusal(refused.value)[0] == "InvalidChangeSetStatus"
    stacks.settled("one")
    assert [s for _, s in stacks.told("one")].count("CREATE_IN_PROGRESS") == 3


def test_tokens_make_repeats_harmless_and_misuse_an_error(stacks: Stacks) -> None:
    asked = {"StackName": "one", "TemplateBody": TOPIC % "x", "ClientRequestToken": "token-1"}
    first = stacks.cfn.create_stack(**asked)["StackId"]
    assert stacks.cfn.create_stack(**asked)["StackId"] == first
    with pytest.raises(ClientError) as refused:
        stacks.cfn.create_stack(**{**asked, "StackName": "other"})
    assert refusal(refused.value)[0] == "TokenAlreadyExistsException"
    with pytest.raises(ClientError) as refused:
        stacks.cfn.create_stack(StackName="one", TemplateBody=TOPIC % "x")
    assert refusal(refused.value)[:2] == ("AlreadyExistsException", "Stack [one] already exists")


def test_names_capabilities_and_missing_things_are_refused(stacks: Stacks) -> None:
    role = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {RoleName: r, AssumeRolePolicyDocument: {}}}}"
    calls = [
        (lambda: stacks.cfn.create_stack(StackName="9a", TemplateBody=TOPIC % "x"), "ValidationError"),
        (lambda: stacks.cfn.create_stack(StackName="a", TemplateBody=role), "InsufficientCapabilitiesException"),
        (lambda: stacks.cfn.describe_stack_events(StackName="nobody"), "ValidationError"),
        (lambda: stacks.cfn.describe_change_set(ChangeSetName="x", StackName="nobody"), "ValidationError"),
        (
            lambda: stacks.cfn.create_change_set(StackName="no", ChangeSetName="x", TemplateBody=TOPIC % "x"),
            "ValidationError",
        ),
        (lambda: stacks.cfn.describe_stacks(NextToken="bogus"), "ValidationError"),
    ]
    for call, code in calls:
        with pytest.raises(ClientError) as refused:
            call()
        assert refusal(refused.value)[0] == code


def test_what_is_not_there_yet_is_a_clean_error(stacks: Stacks) -> None:
    stacks.deployed("one", TOPIC % "x")
    with pytest.raises(ClientError) as refused:
        stacks.cfn.describe_events(StackName="one")
    assert (refusal(refused.value)[0], refusal(refused.value)[2]) == ("NotImplemented", 501)


def test_long_answers_come_in_pages(stacks: Stacks) -> None:
    proposed = stacks.proposed("many", MANY)
    assert len(proposed["Changes"]) == 100
    assert proposed["NextToken"]
    pages = stacks.cfn.get_paginator("describe_change_set").paginate(ChangeSetName=proposed["ChangeSetId"])
    assert sum(len(p["Changes"]) for p in pages) == 130
    stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    first = stacks.cfn.describe_stack_events(StackName="many")
    stacks.settled("many")
    events = stacks.events("many")
    assert [e["EventId"] for e in events] == list(dict.fromkeys(e["EventId"] for e in events))
    assert len(events) == 130 * 3 + 3
    assert first["StackEvents"][0]["ResourceStatus"] == "CREATE_IN_PROGRESS"
    listed = stacks.cfn.get_paginator("list_stack_resources").paginate(StackName="many")
    assert sum(len(p["StackResourceSummaries"]) for p in listed) == 130
    assert len(stacks.cfn.describe_stack_resources(StackName="many")["StackResources"]) == 100


def test_termination_protection_holds(stacks: Stacks) -> None:
    stacks.deployed("one", TOPIC % "x")
    stacks.cfn.update_termination_protection(StackName="one", EnableTerminationProtection=True)
    assert stacks.stack("one")["EnableTerminationProtection"] is True
    with pytest.raises(ClientError) as refused:
        stacks.cfn.delete_stack(StackName="one")
    assert refusal(refused.value) == (
        "ValidationError",
        "Stack [one] cannot be deleted while TerminationProtection is enabled",
        400,
    )
    stacks.cfn.update_termination_protection(StackName="one", EnableTerminationProtection=False)
    stacks.cfn.delete_stack(StackName="one")


def test_a_stack_policy_is_enforced_unless_lifted_for_one_update(stacks: Stacks) -> None:
    stacks.deployed("one", TOPIC % "x")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "Update:Modify", "Resource": "LogicalResourceId/Topic"}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
    stacks.cfn.set_stack_policy(StackName="one", StackPolicyBody=json.dumps({"Statement": [allow, deny]}))
    assert "LogicalResourceId/Topic" in stacks.cfn.get_stack_policy(StackName="one")["StackPolicyBody"]
    assert stacks.deployed("one", TOPIC % "y", "UPDATE")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    failed = next(e for e in stacks.events("one") if e["ResourceStatus"] == "UPDATE_FAILED")
    assert failed["ResourceStatusReason"].startswith("Action denied by stack policy: Statement [#2]")
    lifted = json.dumps({"Statement": [allow]})
    stacks.cfn.update_stack(StackName="one", TemplateBody=TOPIC % "y", StackPolicyDuringUpdateBody=lifted)
    assert stacks.settled("one")["StackStatus"] == "UPDATE_COMPLETE"


def test_removal_is_denied_before_anything_is_removed(stacks: Stacks) -> None:
    two = "Resources: {A: {Type: 'AWS::SNS::Topic'}, B: {Type: 'AWS::SNS::Topic'}}"
    stacks.deployed("one", two)
    keep = {"Effect": "Allow", "Principal": "*", "NotAction": "Update:Delete", "Resource": "*"}
    stacks.cfn.set_stack_policy(StackName="one", StackPolicyBody=json.dumps({"Statement": [keep]}))
    done = stacks.deployed("one", "Resources: {A: {Type: 'AWS::SNS::Topic'}}", "UPDATE")
    assert done["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert len(stacks.aws("sns").list_topics()["Topics"]) == 2


def test_exports_are_unique_imported_and_protected(stacks: Stacks) -> None:
    exporting = TOPIC % "x" + "\nOutputs: {Arn: {Value: !Ref Topic, Export: {Name: topic}}}"
    stacks.deployed("giver", exporting)
    importing = """
        Resources:
          P: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!ImportValue topic], PolicyDocument: {}}}
        """
    stacks.deployed("taker", importing)
    exported = stacks.cfn.list_exports()["Exports"]
    assert [(e["Name"], e["Value"]) for e in exported] == [("topic", stacks.physical("giver", "Topic"))]
    assert stacks.cfn.list_imports(ExportName="topic")["Imports"] == ["taker"]
    with pytest.raises(ClientError, match="in use by taker"):
        stacks.cfn.delete_stack(StackName="giver")
    assert stacks.deployed("second", exporting)["StackStatus"] == "ROLLBACK_COMPLETE"


def test_templates_are_given_back_summarised_and_validated(stacks: Stacks) -> None:
    text = (
        "Description: A topic\n"
        "Parameters: {Size: {Type: String, AllowedValues: [s, m], Description: How big, NoEcho: true}}\n"
        + TOPIC
        % "!Ref Size"
    )
    stacks.deployed("one", text, Parameters=values(Size="s"))
    assert stacks.cfn.get_template(StackName="one")["TemplateBody"] == text
    assert stacks.stack("one")["Parameters"] == [{"ParameterKey": "Size", "ParameterValue": "****"}]
    summary = stacks.cfn.get_template_summary(StackName="one")
    assert summary["Parameters"][0]["ParameterConstraints"] == {"AllowedValues": ["s", "m"]}
    assert summary["ResourceTypes"] == ["AWS::SNS::Topic"]
    checked = stacks.cfn.validate_template(TemplateBody=text)
    assert (checked["Description"], checked["Parameters"][0]["NoEcho"]) == ("A topic", True)
    previous = [{"ParameterKey": "Size", "UsePreviousValue": True}]
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.cfn.update_stack(StackName="one", UsePreviousTemplate=True, Parameters=previous)


def test_a_template_can_come_from_s3(stacks: Stacks) -> None:
    s3 = stacks.aws("s3")
    s3.create_bucket(Bucket=f"templates-{stacks.account}")
    s3.put_object(Bucket=f"templates-{stacks.account}", Key="a/topic.yaml", Body=(TOPIC % "x").encode())
    url = f"https://templates-{stacks.account}.s3.amazonaws.com/a/topic.yaml"
    stacks.cfn.create_stack(StackName="one", TemplateURL=url)
    assert stacks.settled("one")["StackStatus"] == "CREATE_COMPLETE"


def test_stacks_are_listed_by_status_and_deleted_ones_stay_by_id(stacks: Stacks) -> None:
    made = stacks.deployed("one", TOPIC % "x")
    stacks.deployed("two", TOPIC % "x")
    stacks.cfn.delete_stack(StackName="one")
    stacks.settled(made["StackId"])
    deleted = stacks.cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [(s["StackName"], s["StackId"]) for s in deleted] == [("one", made["StackId"])]
    assert [s["StackName"] for s in stacks.cfn.describe_stacks()["Stacks"]] == ["two"]


def test_stacks_survive_a_restart_in_the_middle_of_their_work(stacks: Stacks) -> None:
    stacks.cfn.create_stack(StackName="one", TemplateBody=TOPIC % "x")
    clock.advance(2)
    kept = pickle.dumps(state.dump())
    state.clear()
    with pytest.raises(ClientError, match="does not exist"):
        stacks.stack("one")
    state.load(pickle.loads(kept))  # noqa: S301 - made two lines above
    assert stacks.settled("one")["StackStatus"] == "CREATE_COMPLETE"
