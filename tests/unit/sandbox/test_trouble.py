"""Calls are recognised on the wire in every protocol, and refused in each service's own words."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox import wire
from sandbox.weather import refusals, trouble

SESSION: Any = boto3.session.Session()


def call_of(service: str, operation: str, **parameters: Any) -> wire.Call:
    """The call as boto3 puts it on the wire, identified again."""
    caught: list[wire.Call] = []

    def send(request: Any, **_: Any) -> AWSResponse:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        path, _sep, query = request.url.removeprefix("http://sandbox.test").partition("?")
        environ = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": path or "/",
            "QUERY_STRING": query,
            "CONTENT_TYPE": _text(request.headers.get("Content-Type", "")),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "sandbox.test",
            "HTTP_AUTHORIZATION": _text(request.headers.get("Authorization", "")),
            "HTTP_X_AMZ_TARGET": _text(request.headers.get("X-Amz-Target", "")),
            "SERVER_NAME": "sandbox.test",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
        }
        found = wire.identify(environ)
        assert found is not None
        caught.append(found)
        status, headers, answer = wire.error(found, wire.Answer("TestCode", "a <test> & more", 418))
        return AWSResponse(request.url, status, {k.lower(): v for k, v in headers}, _Raw(answer))  # type: ignore[arg-type]

    client = SESSION.client(
        service,
        region_name="us-east-1",
        endpoint_url="http://sandbox.test",
        aws_access_key_id="AKIDTEST",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.meta.events.register("before-send", send)
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**parameters)
    assert refused.value.response["Error"]["Code"] == "TestCode"
    assert refused.value.response["Error"]["Message"] == "a <test> & more"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418
    return caught[0]


class _Raw(BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize(
    ("service", "method", "given", "operation"),
    [
        ("rds", "describe_db_instances", {"MaxRecords": 50}, "DescribeDBInstances"),
        ("ec2", "describe_subnets", {}, "DescribeSubnets"),
        ("ecs", "describe_services", {"services": ["a"]}, "DescribeServices"),
        ("elbv2", "describe_load_balancers", {"Names": ["x"]}, "DescribeLoadBalancers"),
        ("cloudwatch", "describe_alarms", {}, "DescribeAlarms"),
        ("apigatewayv2", "get_api", {"ApiId": "a1"}, "GetApi"),
        ("arc-zonal-shift", "list_zonal_shifts", {}, "ListZonalShifts"),
        ("sqs", "list_queues", {}, "ListQueues"),
        ("cloudformation", "describe_stacks", {}, "DescribeStacks"),
        (
            "application-autoscaling",
            "describe_scalable_targets",
            {"ServiceNamespace": "ecs"},
            "DescribeScalableTargets",
        ),
        ("elasticache", "describe_replication_groups", {}, "DescribeReplicationGroups"),
        ("sts", "get_caller_identity", {}, "GetCallerIdentity"),
    ],
)
def test_knows_service_operation_and_input_and_errors_reach_boto3(
    service: str, method: str, given: dict[str, Any], operation: str
) -> None:
    call = call_of(service, method, **given)
    assert (call.service, call.operation) == (service, operation)
    assert (call.region, call.access_key) == ("us-east-1", "AKIDTEST")
    assert {k: v for k, v in call.parameters.items() if k in given} == given


@pytest.mark.parametrize(
    ("service", "method", "throttled", "denied"),
    [
        ("rds", "describe_db_instances", ("ThrottlingException", 400), ("AccessDenied", 403)),
        ("ec2", "describe_subnets", ("RequestLimitExceeded", 503), ("UnauthorizedOperation", 403)),
        ("ecs", "list_clusters", ("ThrottlingException", 400), ("AccessDeniedException", 400)),
        ("elbv2", "describe_load_balancers", ("Throttling", 400), ("AccessDenied", 403)),
        ("cloudformation", "list_stacks", ("Throttling", 400), ("AccessDenied", 403)),
        ("apigatewayv2", "get_apis", ("TooManyRequestsException", 429), ("AccessDeniedException", 403)),
        ("arc-zonal-shift", "list_zonal_shifts", ("ThrottlingException", 429), ("AccessDeniedException", 403)),
    ],
)
def test_each_service_refuses_in_its_own_words(
    service: str, method: str, throttled: tuple[str, int], denied: tuple[str, int]
) -> None:
    call = call_of(service, method)
    answers = refusals.throttled(call), refusals.denied(call, "123456789012")
    assert [(a.code, a.status) for a in answers] == [throttled, denied]


def test_a_denial_names_the_iam_action() -> None:
    call = call_of("elbv2", "describe_load_balancers")
    assert "elasticloadbalancing:DescribeLoadBalancers" in refusals.denied(call, "123456789012").message


@pytest.fixture
def calm() -> Iterator[None]:
    trouble.calm()
    yield
    trouble.calm()


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize(("rate", "struck"), [(0.0, 0), (0.3, 3), (0.5, 5), (1.0, 10)])
def test_strikes_exactly_its_share_of_the_calls(rate: float, struck: int) -> None:
    call = call_of("rds", "describe_db_instances")
    trouble.make("rds", None, "throttle", rate, 0, 500, 60)
    assert sum(len(trouble.hits(call)) for _ in range(10)) == struck
    assert (trouble.active()[0].met, trouble.active()[0].hit) == (10, struck)


@pytest.mark.usefixtures("calm")
def test_concerns_only_the_named_operation() -> None:
    trouble.make("rds", "RebootDBInstance", "error", 1.0, 0, 500, 60)
    assert trouble.hits(call_of("rds", "describe_db_instances")) == []
    assert len(trouble.hits(call_of("rds", "reboot_db_instance", DBInstanceIdentifier="x"))) == 1


@pytest.mark.usefixtures("calm")
def test_a_star_means_every_service() -> None:
    trouble.make("*", None, "error", 1.0, 0, 500, 60)
    assert len(trouble.hits(call_of("sqs", "list_queues"))) == 1


@pytest.mark.usefixtures("calm")
def test_ends_by_itself() -> None:
    made = trouble.make("rds", None, "deny", 1.0, 0, 500, 60)
    trouble._active[made.id] = replace(made, until=0.0)
    assert trouble.active() == []


@pytest.mark.usefixtures("calm")
def test_one_can_be_ended_alone() -> None:
    first = trouble.make("rds", None, "deny", 1.0, 0, 500, 60)
    second = trouble.make("ecs", None, "deny", 1.0, 0, 500, 60)
    assert trouble.calm(first.id) == 1
    assert [t.id for t in trouble.active()] == [second.id]
