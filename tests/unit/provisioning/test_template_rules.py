"""House rules every template keeps: what it is made of, its parameters, its tags."""

from typing import Any

import pytest
import yaml

from provisioning.constraints import fault
from provisioning.template import TEMPLATES, template, template_body
from tests.unit.provisioning.facts import functions, resources, schema

RESOURCE_TYPES = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::ApiGatewayV2::VpcLink",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElastiCache::ParameterGroup",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::EventSubscription",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
}
INTRINSICS = {"Ref", "Condition"} | {
    f"Fn::{name}"
    for name in (
        "Sub",
        "GetAtt",
        "If",
        "Equals",
        "Not",
        "And",
        "Or",
        "Select",
        "Join",
        "Split",
        "GetAZs",
        "Cidr",
        "FindInMap",
    )
}


def test_the_types_in_use_are_the_ones_the_sandbox_knows() -> None:
    assert {resource["Type"] for _, _, resource in resources()} == RESOURCE_TYPES


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_macro_and_no_unknown_function(name: str) -> None:
    document = template(name).document
    assert "Transform" not in document
    assert {function for function, _ in functions(document)} <= INTRINSICS


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_parameter_is_described_and_constrained(name: str) -> None:
    for parameter in template(name).parameters:
        constrained = (
            parameter.type.startswith(("AWS::", "List<AWS::"))
            or parameter.allowed
            or parameter.pattern
            or parameter.max_length
            or (parameter.min_value is not None and parameter.max_value is not None)
        )
        assert constrained, parameter.name
        assert len(parameter.description) > 10, parameter.name


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_console_groups_name_every_parameter_once(name: str) -> None:
    parsed = template(name)
    groups = parsed.document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [parameter for group in groups for parameter in group["Parameters"]]
    assert sorted(grouped) == sorted(parameter.name for parameter in parsed.parameters)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_default_is_what_the_template_itself_allows(name: str) -> None:
    for parameter in template(name).parameters:
        if parameter.default is not None:
            assert fault(parameter, parameter.default) is None, parameter.name


def test_every_taggable_resource_says_where_it_belongs() -> None:
    for name, logical_id, resource in resources():
        tagging = schema(resource["Type"]).get("tagging") or {}
        if not tagging.get("taggable", False) or "tagProperty" not in tagging:
            continue
        tags = _tags(resource["Properties"].get("Tags", {}))
        stack = {"Fn::Sub": "service-${ServiceName}"} if name == "service" else name
        assert tags.get("haven:environment") == {"Ref": "Environment"}, (name, logical_id)
        assert tags.get("haven:stack") == stack, (name, logical_id)


def test_subnets_say_their_tier() -> None:
    tiers = [_tags(resource["Properties"]["Tags"])["Tier"] for _, _, resource in resources("AWS::EC2::Subnet")]
    assert tiers == ["public"] * 3 + ["compute"] * 3 + ["data"] * 3


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_output_is_described(name: str) -> None:
    outputs = template(name).document["Outputs"]
    assert all(output["Description"] for output in outputs.values())
    assert all("Export" not in output for output in outputs.values())


def test_yaml_aliases_are_absent_because_cloudformation_rejects_them() -> None:
    tokens = (token for name in TEMPLATES for token in yaml.scan(template_body(name), Loader=yaml.SafeLoader))
    assert not any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in tokens)


def _tags(tags: Any) -> dict[str, Any]:
    return dict(tags) if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
