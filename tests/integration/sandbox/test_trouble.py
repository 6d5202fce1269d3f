"""Injected trouble, limits and zones, as boto3 meets them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_server import ControlRefused, Sandbox

pytestmark = pytest.mark.sandbox


@pytest.fixture(autouse=True)
def calm(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.control("trouble", "DELETE")


def code_of(act: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        act()
    return refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("throttle", {}, ("ThrottlingException", 400)),
        ("deny", {}, ("AccessDenied", 403)),
        ("error", {}, ("InternalFailure", 500)),
        ("error", {"status": 503}, ("ServiceUnavailable", 503)),
    ],
)
def test_a_named_operation_has_trouble_and_the_others_do_not(
    sandbox: Sandbox, kind: str, more: dict[str, Any], expected: tuple[str, int]
) -> None:
    sandbox.control("trouble", service="rds", operation="DescribeDBInstances", kind=kind, lasts=60, **more)
    rds = sandbox.client("rds")
    assert code_of(rds.describe_db_instances) == expected
    assert rds.describe_db_subnet_groups()["DBSubnetGroups"] == []
    assert sandbox.control("trouble")["trouble"][0]["hit"] == 1


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("ec2", "describe_subnets", ("RequestLimitExceeded", 503)),
        ("ecs", "list_clusters", ("ThrottlingException", 400)),
        ("elbv2", "describe_load_balancers", ("Throttling", 400)),
        ("apigatewayv2", "get_apis", ("TooManyRequestsException", 429)),
        ("sqs", "list_queues", ("ThrottlingException", 400)),
        ("cloudwatch", "list_metrics", ("ThrottlingException", 400)),
    ],
)
def test_throttling_in_each_protocol(sandbox: Sandbox, service: str, operation: str, expected: tuple[str, int]) -> None:
    sandbox.control("trouble", service=service, kind="throttle", lasts=60)
    assert code_of(getattr(sandbox.client(service), operation)) == expected


def test_half_of_the_calls_is_half_of_the_calls(sandbox: Sandbox) -> None:
    sandbox.control("trouble", service="sqs", kind="error", rate=0.5, lasts=60)
    sqs = sandbox.client("sqs")
    ends = []
    for _ in range(10):
        try:
            sqs.list_queues()
            ends.append("well")
        except ClientError:
            ends.append("failed")
    assert ends.count("failed") == 5


def test_trouble_ends_with_its_time(sandbox: Sandbox) -> None:
    sandbox.control("trouble", service="sqs", kind="deny", lasts=30)
    sandbox.advance(31)
    assert "ResponseMetadata" in sandbox.client("sqs").list_queues()
    assert sandbox.control("trouble")["trouble"] == []


def test_latency_delays_its_own_calls_only(sandbox: Sandbox) -> None:
    sqs, sts = sandbox.client("sqs"), sandbox.client("sts")
    sts.get_caller_identity()
    sandbox.control("trouble", service="sqs", kind="latency", delay=1.5, lasts=60)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(sqs.list_queues)
        for _ in range(5):
            sts.get_caller_identity()
        assert not slow.done()
        assert "ResponseMetadata" in slow.result(30)


def test_control_refusals_are_clear(sandbox: Sandbox) -> None:
    with pytest.raises(ControlRefused, match="400: rds has no operation DescribeUnicorns"):
        sandbox.control("trouble", service="rds", operation="DescribeUnicorns", kind="deny")


def test_aws_s_page_limits_hold(sandbox: Sandbox) -> None:
    ecs, rds = sandbox.client("ecs"), sandbox.client("rds")
    many = [f"s{n}" for n in range(11)]
    assert code_of(lambda: ecs.describe_services(services=many)) == ("InvalidParameterException", 400)
    assert code_of(lambda: rds.describe_db_instances(MaxRecords=10)) == ("InvalidParameterValue", 400)
    assert code_of(lambda: ecs.describe_tasks(tasks=["t"] * 101)) == ("InvalidParameterException", 400)


def test_request_rates_hold_when_they_are_on(sandbox: Sandbox) -> None:
    sandbox.control("limits", limits="on")
    elb = sandbox.client("elbv2")
    try:
        ends = []
        for _ in range(60):
            try:
                elb.describe_load_balancers()
                ends.append("well")
            except ClientError as refused:
                ends.append(refused.response["Error"]["Code"])
    finally:
        sandbox.control("limits", limits="off")
    assert ends[:40] == ["well"] * 40
    assert set(ends) == {"well", "Throttling"}


def test_a_zone_fails_and_recovers(sandbox: Sandbox) -> None:
    assert sandbox.control("zone", zone="us-east-1b", state="fail")["changed"] is True
    assert sandbox.control("zone", zone="us-east-1b", state="fail")["changed"] is False
    assert list(sandbox.control("status")["zones"]) == ["us-east-1b"]
    zones = sandbox.client("ec2").describe_availability_zones()["AvailabilityZones"]
    assert {z["State"] for z in zones} == {"available"}, "as on AWS"
    assert sandbox.control("zone", zone="us-east-1b", state="recover")["failed"] is False
