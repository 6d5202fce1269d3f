"""CloudFormation's quotas, and what the engine cannot do: refused at once and by name, with nothing made."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloudformation import lifecycle
from tests.integration.sandbox.stacks_ground import REGION, Stacks, fresh, refusal, values

TOPIC = {"Type": "AWS::SNS::Topic"}
ONE = {"Resources": {"Topic": TOPIC}}


@pytest.fixture
def stacks() -> Stacks:
    return fresh()


def many(section: str, number: int, each: Any) -> str:
    """A template with that many members of a section."""
    return json.dumps({**ONE, section: {f"N{n}": each for n in range(number)}})


def refused(stacks: Stacks, template: str, **more: Any) -> tuple[str, str, int]:
    """How a creation and a change set are refused, both alike."""
    found, reviewed = [], {"ChangeSetName": "one", "ChangeSetType": "CREATE"}
    for operation, asked in (("create_stack", {}), ("create_change_set", reviewed)):
        with pytest.raises(ClientError) as error:
            getattr(stacks.cfn, operation)(StackName="one", TemplateBody=template, **asked, **more)
        found.append(refusal(error.value))
    assert found[0] == found[1]
    assert stacks.cfn.describe_stacks()["Stacks"] == []
    return found[0]


@pytest.mark.parametrize(
    ("section", "most", "each"),
    [
        ("Resources", 500, TOPIC),
        ("Parameters", 200, {"Type": "String", "Default": "x"}),
        ("Outputs", 200, {"Value": "x"}),
        ("Mappings", 200, {"a": {"b": "c"}}),
    ],
)
def test_a_template_has_at_most_so_many_of_each(stacks: Stacks, section: str, most: int, each: Any) -> None:
    word = section.lower()
    wrong = f"Template format error: Number of {word}, {most + 1}, is greater than maximum allowed, {most}"
    assert refused(stacks, many(section, most + 1, each)) == ("ValidationError", wrong, 400)
    assert stacks.cfn.validate_template(TemplateBody=many(section, most, each))["Parameters"] is not None


def test_a_template_sent_inline_has_at_most_so_many_bytes(stacks: Stacks) -> None:
    code, why, status = refused(stacks, json.dumps(ONE) + " " * 51_200)
    assert (code, status) == ("ValidationError", 400)
    assert "Member must have length less than or equal to 51200" in why


def test_a_description_and_a_parameter_have_at_most_so_many(stacks: Stacks) -> None:
    long = json.dumps({**ONE, "Description": "x" * 1025})
    assert refused(stacks, long)[1] == "Template format error: 'Description' length is greater than 1024."
    asking = json.dumps({**ONE, "Parameters": {"Name": {"Type": "String"}}})
    why = refused(stacks, asking, Parameters=values(Name="x" * 4097))[1]
    assert why == "Parameter 'Name' exceeds the maximum length of 4096 bytes"


def test_a_stack_has_at_most_fifty_tags(stacks: Stacks) -> None:
    tags = [{"Key": f"k{n}", "Value": "v"} for n in range(51)]
    assert refused(stacks, json.dumps(ONE), Tags=tags)[0] == "ValidationError"


def test_a_stack_policy_has_at_most_so_many_bytes(stacks: Stacks) -> None:
    stacks.deployed("one", json.dumps(ONE))
    allow = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
    long = json.dumps({"Statement": [allow], "Comment": "x" * 16_384})
    with pytest.raises(ClientError, match="at most 16384"):
        stacks.cfn.set_stack_policy(StackName="one", StackPolicyBody=long)
    assert "StackPolicyBody" not in stacks.cfn.get_stack_policy(StackName="one")


def test_an_account_has_at_most_two_thousand_stacks(stacks: Stacks) -> None:
    for number in range(lifecycle.STACK_LIMIT):
        lifecycle.new_stack(stacks.account, REGION, f"s{number}", {}).status = "CREATE_COMPLETE"
    for name, call in (
        ("create_stack", {}),
        ("create_change_set", {"ChangeSetName": "one", "ChangeSetType": "CREATE"}),
    ):
        with pytest.raises(ClientError) as error:
            getattr(stacks.cfn, name)(StackName="one", TemplateBody=json.dumps(ONE), **call)
        assert refusal(error.value)[:2] == (
            "LimitExceededException",
            "Limit for stack has been exceeded (limit 2000)",
        )


def test_a_type_without_a_handler_is_refused_by_name(stacks: Stacks) -> None:
    function = {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {}}, "Topic": TOPIC}}
    why = (
        "Template format error: Unrecognized resource types: [AWS::Lambda::Function] "
        "(the sandbox has no handler for them)"
    )
    assert refused(stacks, json.dumps(function)) == ("ValidationError", why, 400)
    with pytest.raises(ClientError, match="AWS::Lambda::Function"):
        stacks.cfn.validate_template(TemplateBody=json.dumps(function))
    assert stacks.aws("sns").list_topics()["Topics"] == []


@pytest.mark.parametrize(
    ("template", "code", "words"),
    [
        ({"Resources": {"X": {"Type": "AWS::No::Such"}}}, "ValidationError", "[AWS::No::Such]"),
        ({"Resources": {"T": {**TOPIC, "Properties": {"X": {"Fn::Odd": []}}}}}, "ValidationError", "Fn::Odd"),
        ({**ONE, "Transform": "AWS::Serverless-2016-10-31"}, "NotImplemented", "Transform"),
        ({**ONE, "Rules": {}}, "NotImplemented", "Rules"),
        ({"Resources": {"T": {**TOPIC, "Colour": "red"}}}, "ValidationError", "Colour"),
    ],
)
def test_what_the_engine_cannot_do_is_refused_by_name(
    stacks: Stacks, template: dict[str, Any], code: str, words: str
) -> None:
    found = refused(stacks, json.dumps(template))
    assert found[0] == code
    assert words in found[1]


@pytest.mark.parametrize(
    "asked", [{"ChangeSetType": "IMPORT"}, {"ImportExistingResources": True}, {"DeploymentMode": "REVERT_DRIFT"}]
)
def test_change_sets_of_another_kind_are_refused_and_not_treated_as_ordinary(
    stacks: Stacks, asked: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as error:
        stacks.cfn.create_change_set(StackName="one", ChangeSetName="x", TemplateBody=json.dumps(ONE), **asked)
    assert (refusal(error.value)[0], refusal(error.value)[2]) == ("NotImplemented", 501)
