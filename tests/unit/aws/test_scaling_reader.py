"""Scaling as AWS answers it: states, activities and metrics over time, each in as few calls as AWS allows."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.aws import cloudwatch
from services.aws.applicationautoscaling import to_steps
from services.aws.scaling_reader import ScalingReader
from services.aws.session import Sessions, Wire
from services.aws.wanted import over_time
from services.domain.errors import Misconfigured, NotFound, NotNow
from services.domain.scaling.measured import CPU, ERRORS, FROM_AWS, MEMORY, REQUESTS, RESPONSE_TIME, TASKS
from services.domain.scaling.series import Series, minute_of, time_of
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.scaling.why import NotScaled
from services.domain.snapshot import Snapshot
from tests import builders as b
from tests.unit.aws.stubs import WHEN, answering, arn, refusing
from tests.unit.aws.world import ALB, Clock

RBAC = b.service()
ID, COUNT = "service/production/rbac", "ecs:service:DesiredCount"
ONE = {"ServiceNamespace": "ecs", "ResourceId": ID, "ScalableDimension": COUNT}
NOT_REGISTERED: Any = (
    "describe_scalable_targets",
    {"ServiceNamespace": "ecs", "ResourceIds": [ID]},
    {"ScalableTargets": []},
)
AGO = timedelta(minutes=30)


class _Sessions(Sessions):
    def __init__(self, clients: Any) -> None:
        super().__init__(Wire(), Clock())
        self._stubbed = clients

    def reader(self, environment: Any) -> Any:
        return self._stubbed


@contextmanager
def reading(**services: Any) -> Iterator[ScalingReader]:
    """A reader whose clients give these answers."""
    with ExitStack() as stack:
        clients = {name: stack.enter_context(each) for name, each in services.items()}
        yield ScalingReader(_Sessions(SimpleNamespace(**clients)), Clock())


def scaling(*answers: Any) -> Any:
    return answering("application-autoscaling", *answers)


def ecs(status: str = "ACTIVE", desired: int = 4) -> Any:
    found = [{"serviceName": "rbac", "status": status, "desiredCount": desired}] if status else []
    return answering("ecs", ("describe_services", {"cluster": "production", "services": ["rbac"]}, {"services": found}))


def whose(name: str, resource: str = ID) -> dict[str, Any]:
    return {
        "PolicyARN": f"arn-{name}",
        "PolicyName": name,
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": COUNT,
        "CreationTime": WHEN,
    }


def test_a_services_state_is_its_own_with_steps_and_labels() -> None:
    label = "app/production-alb/1/targetgroup/production-rbac/2"
    target = {**ONE, "MinCapacity": 3, "MaxCapacity": 12, "RoleARN": arn("iam", "role/x"), "CreationTime": WHEN}
    requests = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    tracking = {"TargetValue": 900.0, "PredefinedMetricSpecification": requests}
    configuration = {
        "AdjustmentType": "PercentChangeInCapacity",
        "StepAdjustments": [
            {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 100},
            {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 50},
        ],
        "MinAdjustmentMagnitude": 2,
        "Cooldown": 60,
        "MetricAggregationType": "Maximum",
    }
    policies = [
        {**whose("steps"), "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": configuration},
        {**whose("req"), "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": tracking},
    ]
    with reading(
        application_autoscaling=scaling(
            (
                "describe_scalable_targets",
                {"ServiceNamespace": "ecs", "ResourceIds": [ID]},
                {"ScalableTargets": [target]},
            ),
            ("describe_scaling_policies", ONE, {"ScalingPolicies": policies}),
            ("describe_scheduled_actions", ONE, {"ScheduledActions": []}),
        ),
        ecs=ecs(),
    ) as reader:
        state, desired = reader.state(b.environment(), RBAC)
    assert state is not None
    assert desired == 4
    assert (state.scaling.min_capacity, state.scaling.max_capacity) == (3, 12)
    steps = StepPolicy(
        "steps", Adjustment.PERCENT, (Step(50, 0.0, 10.0), Step(100, 10.0)), cooldown=60, least=2, aggregation="Maximum"
    )
    assert state.steps == state.scaling.steps == (steps,)
    assert state.labels == state.scaling.labels == (("req", label),)
    assert [policy.name for policy in state.scaling.policies] == ["req", "steps"]


def test_steps_begin_at_the_one_without_a_lower_bound_and_have_awss_defaults() -> None:
    found = to_steps(
        "down",
        {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [
                {"MetricIntervalLowerBound": -10.0, "MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1},
                {"MetricIntervalUpperBound": -10.0, "ScalingAdjustment": -3},
            ],
        },
    )
    assert found == StepPolicy("down", Adjustment.CHANGE, (Step(-3, None, -10.0), Step(-1, -10.0, 0.0)), cooldown=300)


def test_a_service_that_is_not_registered_has_a_count_all_the_same() -> None:
    with reading(
        application_autoscaling=scaling(
            NOT_REGISTERED,
            ("describe_scaling_policies", ONE, {"ScalingPolicies": []}),
            ("describe_scheduled_actions", ONE, {"ScheduledActions": []}),
        ),
        ecs=ecs(desired=2),
    ) as reader:
        assert reader.state(b.environment(), RBAC) == (None, 2)


@pytest.mark.parametrize("status", ["", "INACTIVE"])
def test_a_service_that_is_gone_is_said_to_be(status: str) -> None:
    nothing = scaling(
        NOT_REGISTERED,
        ("describe_scaling_policies", ONE, {"ScalingPolicies": []}),
        ("describe_scheduled_actions", ONE, {"ScheduledActions": []}),
    )
    with reading(application_autoscaling=nothing, ecs=ecs(status)) as reader, pytest.raises(NotFound, match="rbac"):
        reader.state(b.environment(), RBAC)


def activity(id: str, minutes: float, resource: str = ID, **more: Any) -> dict[str, Any]:
    found = {
        "ActivityId": id,
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": COUNT,
        "Description": "Setting desired count to 4.",
        "Cause": "minimum capacity was set to 4",
        "StartTime": WHEN - timedelta(minutes=minutes),
        "StatusCode": "Successful",
    }
    return found | more


def test_activities_are_read_until_a_page_is_older() -> None:
    asked = {"ServiceNamespace": "ecs", "IncludeNotScaledActivities": True}
    reason = {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 12, "CurrentCapacity": 12}
    told: Any = {"StatusMessage": "Done.", "EndTime": WHEN}
    pages = [
        [activity("3", 1, NotScaledReasons=[reason], StatusCode="Failed"), activity("x", 2, "service/other/rbac")],
        [activity("2", 40), activity("1", 20, **told)],
        [activity("0", 50)],
    ]
    with reading(
        application_autoscaling=scaling(
            ("describe_scaling_activities", asked, {"ScalingActivities": pages[0], "NextToken": "2"}),
            (
                "describe_scaling_activities",
                {**asked, "NextToken": "2"},
                {"ScalingActivities": pages[1], "NextToken": "3"},
            ),
            (
                "describe_scaling_activities",
                {**asked, "NextToken": "3"},
                {"ScalingActivities": pages[2], "NextToken": "4"},
            ),
        )
    ) as reader:
        found = dict(reader.activities(b.environment(), b.snapshot(), WHEN - AGO))
    first, second = found.pop("rbac")
    assert not any(found.values())
    assert (first.id, first.at, first.message, first.ended_at) == ("1", WHEN - timedelta(minutes=20), "Done.", WHEN)
    assert (second.id, second.status) == ("3", "Failed")
    assert second.not_scaled == (NotScaled("AlreadyAtMaxCapacity", most=12, current=12),)


def test_without_services_nothing_is_asked() -> None:
    with reading(application_autoscaling=scaling(), cloudwatch=answering("cloudwatch")) as reader:
        empty = replace(b.snapshot(), services=())
        assert reader.activities(b.environment(), empty, WHEN) == {}
        assert reader.metrics(b.environment(), empty, WHEN - AGO, WHEN, 1) == ()


def points(index: int, *values: tuple[datetime, float], code: str = "Complete") -> dict[str, Any]:
    return {
        "Id": f"m{index}",
        "Label": "x",
        "Timestamps": [at for at, _ in values],
        "Values": [value for _, value in values],
        "StatusCode": code,
    }


def asking(since: datetime, until: datetime, period: int, *pages: list[dict[str, Any]]) -> Any:
    """CloudWatch, asked once for the six metrics of one service."""
    wanted = [each for _, each in over_time(RBAC, [ALB])]
    asked = {
        "MetricDataQueries": [cloudwatch.to_query(index, each, period) for index, each in enumerate(wanted)],
        "StartTime": since,
        "EndTime": until,
        "ScanBy": "TimestampAscending",
    }
    return answering(
        "cloudwatch",
        *(
            (
                "get_metric_data",
                asked | ({"NextToken": str(number)} if number else {}),
                {"MetricDataResults": page} | ({"NextToken": str(number + 1)} if number + 1 < len(pages) else {}),
            )
            for number, page in enumerate(pages)
        ),
    )


def alone() -> Snapshot:
    balancer = replace(b.load_balancer(), arn=ALB)
    return replace(b.snapshot(), stacks=(), services=(RBAC,), load_balancer=balancer)


def test_metrics_over_time_are_read_page_by_page_with_their_gaps() -> None:
    since = WHEN - timedelta(minutes=4)
    at = [since + timedelta(minutes=n) for n in range(4)]
    pages = [
        [points(0, (at[2], 3.0), code="PartialData"), points(2)],
        [points(0, (at[0], 1.0)), points(2, (at[1], 6.0))],
    ]
    with reading(cloudwatch=asking(since, WHEN, 60, *pages)) as reader:
        found = reader.metrics(b.environment(), alone(), since + timedelta(seconds=20), WHEN + timedelta(seconds=59), 1)
    first = minute_of(since)
    assert [(each.subject, each.name, each.series) for each in found] == [
        ("rbac", CPU, Series(first, (1.0, None, 3.0, None))),
        ("rbac", TASKS, Series(first, (None, 6.0, None, None))),
    ]


def test_over_longer_steps_tasks_and_requests_stay_by_the_minute_and_errors_add_up() -> None:
    since = time_of(minute_of(WHEN) // 5 * 5 - 10)
    until = since + timedelta(minutes=10)
    values = (50.0, 40.0, 30.0, 500.0, 0.2, 7.0)
    pages = [[points(index, (since, value)) for index, value in enumerate(values)]]
    with reading(cloudwatch=asking(since, until, 300, *pages)) as reader:
        found = reader.metrics(b.environment(), alone(), since, until + timedelta(minutes=4), 5)
    assert {each.name: each.series.values for each in found} == {
        CPU: (50.0, None),
        MEMORY: (40.0, None),
        TASKS: (6.0, None),
        REQUESTS: (100.0, None),
        RESPONSE_TIME: (0.2, None),
        ERRORS: (7.0, None),
    }


@pytest.mark.parametrize(("code", "raised"), [("InternalError", NotNow), ("Forbidden", Misconfigured)])
def test_what_cloudwatch_could_not_read_is_no_gap(code: str, raised: type[Exception]) -> None:
    since = WHEN - timedelta(minutes=4)
    with (
        reading(cloudwatch=asking(since, WHEN, 60, [points(1, code=code)])) as reader,
        pytest.raises(raised),
    ):
        reader.metrics(b.environment(), alone(), since, WHEN, 1)


def test_a_throttled_reading_is_not_now() -> None:
    with (
        reading(cloudwatch=refusing("cloudwatch", "get_metric_data", "Throttling")) as reader,
        pytest.raises(NotNow),
    ):
        reader.metrics(b.environment(), alone(), WHEN - AGO, WHEN, 1)


def test_the_metrics_of_a_service_are_those_that_are_kept() -> None:
    found = dict(over_time(RBAC, [ALB]))
    assert set(found) == set(FROM_AWS)
    group, balancer = "targetgroup/production-rbac/73e2d6bc24d8a067", ALB.partition(":loadbalancer/")[2]
    own = {"ClusterName": "production", "ServiceName": "rbac"}
    both = {"LoadBalancer": balancer, "TargetGroup": group}
    assert {name: (each.name, each.stat, dict(each.dimensions)) for name, each in found.items()} == {
        CPU: ("CPUUtilization", "Average", own),
        MEMORY: ("MemoryUtilization", "Average", own),
        TASKS: ("CPUUtilization", "SampleCount", own),
        REQUESTS: ("RequestCountPerTarget", "Sum", {"TargetGroup": group}),
        RESPONSE_TIME: ("TargetResponseTime", "Average", both),
        ERRORS: ("HTTPCode_Target_5XX_Count", "Sum", both),
    }
    assert set(dict(over_time(RBAC, []))) == {CPU, MEMORY, TASKS, REQUESTS}
    assert set(dict(over_time(replace(RBAC, target_group=None), [ALB]))) == {CPU, MEMORY, TASKS}


def test_sixty_services_a_minute_are_one_call() -> None:
    assert cloudwatch.calls(360, 1000, 1004, 1) == [(range(360), (1000, 1004))]


@pytest.mark.parametrize(("metrics", "minutes", "step"), [(360, 1440, 1), (1201, 65, 1), (18, 7 * 1440, 5), (1, 1, 1)])
def test_no_call_asks_for_more_than_aws_gives_and_all_is_asked_once(metrics: int, minutes: int, step: int) -> None:
    asked = cloudwatch.calls(metrics, 0, minutes, step)
    places = [(index, at) for some, (begins, ends) in asked for index in some for at in range(begins, ends, step)]
    assert len(places) == len(set(places)) == metrics * -(-minutes // step)
    for some, (begins, ends) in asked:
        assert len(some) <= 500
        assert len(some) * (ends - begins) / step <= 100_800
