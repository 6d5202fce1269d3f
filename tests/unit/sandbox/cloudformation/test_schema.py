"""AWS's provider schemas: recreation, attributes, what is refused. And that reading them is cheap."""

import subprocess
import sys

import pytest

from sandbox.cloudformation import handlers
from sandbox.cloudformation.schema import Schema, schema


def of(kind: str) -> Schema:
    found = schema(kind)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "path", "recreation"),
    [
        ("AWS::RDS::DBInstance", ("DBInstanceIdentifier",), "Always"),
        ("AWS::RDS::DBInstance", ("MultiAZ",), "Conditionally"),
        ("AWS::RDS::DBInstance", ("DBInstanceClass",), "Never"),
        ("AWS::ElastiCache::ReplicationGroup", ("NumCacheClusters",), "Never"),
        ("AWS::ElastiCache::ReplicationGroup", ("Port",), "Always"),
        ("AWS::ECS::TaskDefinition", ("ContainerDefinitions", "0", "Image"), "Always"),
        ("AWS::ApiGatewayV2::VpcLink", ("SubnetIds", "1"), "Always"),
        ("AWS::SQS::Queue", ("QueueName",), "Always"),
    ],
)
def test_recreation_is_what_awss_schema_says(kind: str, path: tuple[str, ...], recreation: str) -> None:
    assert of(kind).recreation(path) == recreation


def test_properties_that_do_not_exist_are_named_at_any_depth() -> None:
    problems = list(of("AWS::SNS::Topic").problems({"Colour": 1, "TopicName": "t"}))
    assert problems == ["Encountered unsupported property Colour"]
    nested = {"ContainerDefinitions": [{"Name": "a", "Image": "b", "Flavour": "c"}]}
    found = list(of("AWS::ECS::TaskDefinition").problems(nested))
    assert found == ["Encountered unsupported property ContainerDefinitions/Flavour"]


def test_required_properties_and_values_out_of_range_are_named() -> None:
    assert "Property CidrIp is required" not in list(of("AWS::EC2::SecurityGroupIngress").problems({}))
    assert list(of("AWS::EC2::Route").problems({})) == ["Property RouteTableId is required"]


def test_attributes_include_nested_ones() -> None:
    assert {"Endpoint.Address", "MasterUserSecret.SecretArn"} <= of("AWS::RDS::DBInstance").attributes()


def test_tags_are_a_map_where_aws_says_so() -> None:
    assert of("AWS::ApiGatewayV2::Api").tags_are_map()
    assert not of("AWS::RDS::DBInstance").tags_are_map()
    assert of("AWS::EC2::Route").tags is None


def test_every_handled_type_has_a_schema() -> None:
    assert [kind for kind in handlers._loaded() if schema(kind) is None] == []


def test_the_engine_starts_without_cfnlint_and_sympy() -> None:
    code = (
        "import sys; from sandbox.cloudformation import handlers, responses, steps, schema;"
        "handlers._loaded(); schema.schema('AWS::RDS::DBInstance');"
        "print([m for m in sys.modules if m.split('.')[0] in ('cfnlint', 'sympy')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
