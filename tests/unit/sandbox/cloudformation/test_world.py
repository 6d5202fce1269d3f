"""How values reach an API, what a failure is called, and failures on command."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.cloudformation import failures, world
from sandbox.cloudformation.errors import Failed, Unsupported


def shape(service: str, operation: str) -> Any:
    session: Any = boto3.session.Session()
    client = session.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    return client.meta.service_model.operation_model(operation).input_shape


def test_values_take_the_types_and_the_spelling_of_the_api() -> None:
    given = {
        "Family": "f",
        "ContainerDefinitions": [{"Name": "a", "Essential": "true", "Memory": "512", "LogConfiguration": None}],
    }
    ready = world.coerce(given, shape("ecs", "RegisterTaskDefinition"), "")
    assert ready == {"family": "f", "containerDefinitions": [{"name": "a", "essential": True, "memory": 512}]}


def test_keys_of_maps_are_left_alone_and_documents_become_text() -> None:
    queue = world.coerce(
        {"Attributes": {"Policy": {"Version": "1"}, "DelaySeconds": 3}}, shape("sqs", "CreateQueue"), ""
    )
    assert queue == {"Attributes": {"Policy": '{"Version": "1"}', "DelaySeconds": "3"}}


def test_a_name_the_api_lacks_is_refused_with_its_place() -> None:
    with pytest.raises(Unsupported, match="Encountered unsupported property ContainerDefinitions/Flavour"):
        world.coerce({"ContainerDefinitions": [{"Flavour": 1}]}, shape("ecs", "RegisterTaskDefinition"), "")


@pytest.mark.parametrize(("value", "words"), [("x", "expected type: Number"), ([1], "expected type: Number")])
def test_a_wrong_type_fails_as_a_model_does(value: Any, words: str) -> None:
    with pytest.raises(Failed, match=words):
        world.coerce({"VisibilityTimeout": value}, shape("sqs", "ReceiveMessage"), "")


def test_generated_names_keep_the_services_limit_and_differ() -> None:
    target = world.Target("123456789012", "us-east-1", "production-service-identity-sync", "arn", "TargetGroup")
    names = {target.generated(32) for _ in range(20)}
    assert len(names) == 20
    assert all(len(n) <= 32 and n.startswith("production-TargetGr-") for n in names)
    assert target.generated(lower=True).startswith("production-service-identity-sync-targetgroup-")


def test_a_failures_reason_is_worded_as_cloudformations() -> None:
    answer: Any = {
        "Error": {"Code": "DBInstanceAlreadyExists", "Message": "DB instance already exists"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    said = world.reason(ClientError(answer, "CreateDBInstance"), "x")
    assert said.startswith('Resource handler returned message: "DB instance already exists (Service:')
    assert said.endswith("HandlerErrorCode: AlreadyExists)")


def test_ordered_failures_are_used_up_and_narrowed() -> None:
    failures.clear()
    failures.fail_next("AWS::RDS::DBInstance", "Insufficient capacity", act="create", logical="Db", times=2)
    assert failures.due("AWS::RDS::DBInstance", "update", "Db") is None
    assert failures.due("AWS::RDS::DBInstance", "create", "Other") is None
    assert [failures.due("AWS::RDS::DBInstance", "create", "Db") for _ in range(3)] == [
        "Insufficient capacity",
        "Insufficient capacity",
        None,
    ]
    with pytest.raises(ValueError, match="reason"):
        failures.fail_next("AWS::RDS::DBInstance", "")
