"""AWS's list lengths, page sizes and request rates."""

from typing import Any

import pytest

from sandbox import limits
from sandbox.weather.buckets import Buckets, Rate, rate_of
from sandbox.wire import Answer, Call


def call(service: str, operation: str, **parameters: Any) -> Call:
    made = Call(service, operation, "us-east-1", "key", "json", {})
    made.__dict__["parameters"] = parameters  # what would be read from the wire
    return made


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (call("ecs", "DescribeServices", services=["s"] * 11), "InvalidParameterException"),
        (call("ecs", "DescribeTasks", tasks=["t"] * 101), "InvalidParameterException"),
        (call("ecs", "ListTasks", maxResults=101), "InvalidParameterException"),
        (call("rds", "DescribeDBInstances", MaxRecords=19), "InvalidParameterValue"),
        (call("rds", "DescribeEvents", MaxRecords=101), "InvalidParameterValue"),
        (call("elasticache", "DescribeReplicationGroups", MaxRecords=1), "InvalidParameterValue"),
        (call("elbv2", "DescribeLoadBalancers", Names=["n"] * 21), "ValidationError"),
        (call("elbv2", "DescribeTargetGroups", PageSize=401), "ValidationError"),
        (call("cloudwatch", "DescribeAlarms", MaxRecords=101), "ValidationError"),
        (call("cloudformation", "CreateChangeSet", TemplateBody="x" * 51_201), "ValidationError"),
        (call("application-autoscaling", "DescribeScalingPolicies", MaxResults=51), "ValidationException"),
    ],
)
def test_refuses_what_aws_refuses(refused: Call, code: str) -> None:
    with pytest.raises(Answer) as answer:
        limits.check(refused)
    assert (answer.value.code, answer.value.status) == (code, 400)


@pytest.mark.parametrize(
    "allowed",
    [
        call("ecs", "DescribeServices", services=["s"] * 10),
        call("ecs", "DescribeTasks", tasks=["t"] * 100),
        call("rds", "DescribeDBInstances", MaxRecords=20),
        call("rds", "DescribeDBInstances"),
        call("elbv2", "DescribeLoadBalancers", PageSize=400),
        call("cloudformation", "CreateChangeSet", TemplateBody="x" * 51_200),
    ],
)
def test_lets_the_largest_allowed_through(allowed: Call) -> None:
    limits.check(allowed)
    assert allowed.operation is not None


def test_a_bucket_bursts_empties_and_refills() -> None:
    now = [0.0]
    buckets = Buckets(lambda: now[0])
    rate = Rate("x", 3, 2)
    assert [buckets.take("1", "r", rate) for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [buckets.take("1", "r", rate) for _ in range(2)] == [True, False]
    now[0] = 100.0
    assert [buckets.take("1", "r", rate) for _ in range(4)] == [True, True, True, False]


def test_accounts_and_regions_have_buckets_of_their_own() -> None:
    buckets = Buckets(lambda: 0.0)
    rate = Rate("x", 1, 1)
    assert buckets.take("1", "r", rate)
    assert buckets.take("2", "r", rate)
    assert buckets.take("1", "s", rate)
    assert not buckets.take("1", "r", rate)


@pytest.mark.parametrize(
    ("service", "operation", "burst", "refill"),
    [
        ("rds", "DescribeEvents", 300, 12),
        ("rds", "RebootDBInstance", 300, 12),
        ("ecs", "DescribeServices", 100, 20),
        ("ecs", "UpdateService", 50, 5),
        ("elbv2", "DescribeTargetHealth", 40, 10),
        ("cloudwatch", "GetMetricData", 50, 50),
    ],
)
def test_rates_are_those_aws_publishes(service: str, operation: str, burst: float, refill: float) -> None:
    rate = rate_of(call(service, operation))
    assert rate is not None
    assert (rate.burst, rate.refill) == (burst, refill)


def test_what_aws_does_not_publish_is_not_limited() -> None:
    assert rate_of(call("elasticache", "TestFailover")) is None
    assert rate_of(call("elbv2", "RegisterTargets")) is None
