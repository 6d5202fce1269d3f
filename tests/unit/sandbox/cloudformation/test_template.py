"""Templates: short forms, shape, and what is refused in AWS's words."""

import pytest

from sandbox.cloudformation.errors import Refused
from sandbox.cloudformation.template import parse
from sandbox.cloudformation.validation import capabilities_needed, examine, require_capabilities

TOPIC = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"


def test_short_forms_become_functions_and_dates_stay_text() -> None:
    template = parse(
        """
        AWSTemplateFormatVersion: 2010-09-09
        Resources:
          A:
            Type: AWS::SNS::Topic
            Properties:
              TopicName: !Sub "${AWS::StackName}-a"
              DisplayName: !GetAtt B.TopicName
              KmsMasterKeyId: !If [Yes, !Ref Key, !Ref AWS::NoValue]
          B: {Type: AWS::SNS::Topic}
        """
    )
    assert template.body["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template.resources["A"]["Properties"] == {
        "TopicName": {"Fn::Sub": "${AWS::StackName}-a"},
        "DisplayName": {"Fn::GetAtt": ["B", "TopicName"]},
        "KmsMasterKeyId": {"Fn::If": [True, {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Resources: {A: [", "Template format error: YAML not well-formed."),
        ("- a", "Template format error: unsupported structure."),
        ("Resources: {}", "At least one Resources member must be defined."),
        (TOPIC + "Recipes: {}", "Invalid template property or properties [Recipes]"),
        ("Resources: {A: {}}", "Every Resources object must contain a Type member."),
        ("Resources: {A-b: {Type: 'AWS::SNS::Topic'}}", "Resource name A-b is non alphanumeric."),
        ("Resources: {A: {Type: 'AWS::SNS::Topic', Colour: red}}", "Invalid template resource property 'Colour'"),
        ("Resources: {A: {Type: 'AWS::Foo::Bar'}}", "Unrecognized resource types: [AWS::Foo::Bar]"),
        ("Resources: {A: {Type: 'AWS::Lambda::Function'}}", "Unrecognized resource types: [AWS::Lambda::Function]"),
        (
            TOPIC + "Outputs: {X: {Value: !Ref Nobody}}",
            "Unresolved resource dependencies [Nobody] in the Outputs block",
        ),
        (TOPIC + "Outputs: {X: {Value: !GetAtt Topic.Colour}}", "does not support attribute type Colour in Fn::GetAtt"),
        (TOPIC + "Outputs: {X: {Value: {'Fn::Shout': a}}}", "functions [Fn::Shout] are not available"),
        ("Resources: {A: {Type: 'AWS::SNS::Topic', Condition: C}}", "Unresolved condition dependency C"),
        ("Resources: {A: {Type: 'AWS::SNS::Topic', DeletionPolicy: Burn}}", "unrecognized DeletionPolicy Burn"),
    ],
)
def test_what_is_no_template_is_refused_with_awss_words(text: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        examine(text, "us-east-1")
    assert refused.value.code == "ValidationError"
    assert words in refused.value.message


def test_a_circle_of_dependencies_is_refused_by_name() -> None:
    text = """
        Resources:
          A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref B}}
          B: {Type: AWS::SNS::Topic, DependsOn: A}
          C: {Type: AWS::SNS::Topic}
        """
    with pytest.raises(Refused, match=r"Circular dependency between resources: \[A, B\]"):
        examine(text, "us-east-1")


def test_a_transform_is_refused_as_not_implemented() -> None:
    with pytest.raises(Refused) as refused:
        parse(TOPIC + "Transform: AWS::Serverless-2016-10-31")
    assert (refused.value.code, refused.value.status) == ("NotImplemented", 501)


def test_iam_resources_need_the_capability_that_fits_their_names() -> None:
    role = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}%s}}}"
    assert capabilities_needed(parse(TOPIC)) == []
    assert capabilities_needed(parse(role % "")) == ["CAPABILITY_IAM"]
    assert capabilities_needed(parse(role % ", RoleName: r")) == ["CAPABILITY_NAMED_IAM"]
    require_capabilities(parse(role % ""), ["CAPABILITY_NAMED_IAM"])
    with pytest.raises(Refused, match=r"Requires capabilities : \[CAPABILITY_NAMED_IAM\]") as refused:
        require_capabilities(parse(role % ", RoleName: r"), ["CAPABILITY_IAM"])
    assert refused.value.code == "InsufficientCapabilitiesException"
