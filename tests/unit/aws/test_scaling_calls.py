"""The writes of scaling: what is sent, that it is sent once, and what each way to fail means."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.awsrequest import AWSPreparedRequest

from services.aws.scaling_calls import ScalingCaller
from services.aws.session import Sessions, Wire
from services.domain.errors import (
    Conflict,
    HavenError,
    Invalid,
    Misconfigured,
    NotFound,
    NotNow,
    OutcomeUnknown,
    Refused,
)
from services.domain.scaling.acts import Write, writes
from services.domain.scaling.change import ScalingChange, Suspended
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.snapshot import ScheduledAction
from tests import builders as b
from tests.unit.aws.wiretap import Answer, Wiretap
from tests.unit.aws.world import Clock

PLAIN = b.environment("production")
ASSUMED = b.environment("production", operator_role_arn="arn:aws:iam::123456789012:role/haven-operator")
RBAC = b.service("rbac")
WHO = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/production/rbac",
    "ScalableDimension": "ecs:service:DesiredCount",
}
CPU = b.policy(target=55.0)
BURST = StepPolicy("rbac-burst", Adjustment.PERCENT, (Step(50, 0.0, 15.0), Step(100, 15.0)), 120, least=2)
LABEL = "app/production-alb/50dc/targetgroup/production-rbac/73e2"


@pytest.fixture(autouse=True)
def _own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHAVEN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own")


def bench(answer: Answer) -> tuple[ScalingCaller, Wiretap]:
    clock = Clock()
    tap = Wiretap(clock, answer)
    return ScalingCaller(Sessions(Wire(threads=3), clock, tap.instrument)), tap


def accepted(_: AWSPreparedRequest) -> tuple[int, bytes]:
    return 200, b"{}"


def refusal(code: str, status: int = 400) -> Answer:
    return lambda _: (status, json.dumps({"__type": code, "Message": "AWS's words", "message": "AWS's words"}).encode())


def raising(error: Exception) -> Answer:
    def answer(_: AWSPreparedRequest) -> tuple[int, bytes]:
        raise error

    return answer


def one(change: ScalingChange) -> Write:
    (write,) = writes(change)
    return write


def sent(tap: Wiretap) -> tuple[str, dict[str, Any]]:
    (request,) = tap.sent
    target = request.headers["X-Amz-Target"]
    body = request.body if isinstance(request.body, (str, bytes)) else b""
    return (target.decode() if isinstance(target, bytes) else str(target)).rpartition(".")[2], json.loads(body)


@pytest.mark.parametrize(
    ("change", "operation", "asked"),
    [
        (ScalingChange(removed_policies=("old",)), "DeleteScalingPolicy", {**WHO, "PolicyName": "old"}),
        (ScalingChange(removed_scheduled=("old",)), "DeleteScheduledAction", {**WHO, "ScheduledActionName": "old"}),
        (
            ScalingChange(policies=(CPU,)),
            "PutScalingPolicy",
            {
                **WHO,
                "PolicyName": "production-rbac-cpu",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 55.0,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                    "ScaleOutCooldown": 60,
                    "ScaleInCooldown": 300,
                    "DisableScaleIn": False,
                },
            },
        ),
        (
            ScalingChange(
                policies=(replace(CPU, name="rbac-requests", metric=REQUESTS, scale_out_cooldown=None),),
                labels=(("rbac-requests", LABEL),),
            ),
            "PutScalingPolicy",
            {
                **WHO,
                "PolicyName": "rbac-requests",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 55.0,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "ALBRequestCountPerTarget",
                        "ResourceLabel": LABEL,
                    },
                    "ScaleInCooldown": 300,
                    "DisableScaleIn": False,
                },
            },
        ),
        (
            ScalingChange(steps=(BURST,)),
            "PutScalingPolicy",
            {
                **WHO,
                "PolicyName": "rbac-burst",
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": {
                    "AdjustmentType": "PercentChangeInCapacity",
                    "StepAdjustments": [
                        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 15.0, "ScalingAdjustment": 50},
                        {"MetricIntervalLowerBound": 15.0, "ScalingAdjustment": 100},
                    ],
                    "Cooldown": 120,
                    "MinAdjustmentMagnitude": 2,
                    "MetricAggregationType": "Average",
                },
            },
        ),
        (
            ScalingChange(scheduled=(ScheduledAction("night", "cron(0 22 * * ? *)", "Europe/Berlin", 3, None),)),
            "PutScheduledAction",
            {
                **WHO,
                "ScheduledActionName": "night",
                "Schedule": "cron(0 22 * * ? *)",
                "Timezone": "Europe/Berlin",
                "ScalableTargetAction": {"MinCapacity": 3},
            },
        ),
        (
            ScalingChange(scheduled=(ScheduledAction("day", "rate(1 day)", None, None, 9),)),
            "PutScheduledAction",
            {
                **WHO,
                "ScheduledActionName": "day",
                "Schedule": "rate(1 day)",
                "ScalableTargetAction": {"MaxCapacity": 9},
            },
        ),
        (
            ScalingChange(desired_once=5),
            "UpdateService",
            {"cluster": "production", "service": RBAC.service_name, "desiredCount": 5},
        ),
        (ScalingChange(max_capacity=14), "RegisterScalableTarget", {**WHO, "MaxCapacity": 14}),
        (
            ScalingChange(min_capacity=4, suspended=Suspended(True, False, False)),
            "RegisterScalableTarget",
            {
                **WHO,
                "MinCapacity": 4,
                "SuspendedState": {
                    "DynamicScalingInSuspended": True,
                    "DynamicScalingOutSuspended": False,
                    "ScheduledScalingSuspended": False,
                },
            },
        ),
    ],
)
def test_each_write_is_one_request(change: ScalingChange, operation: str, asked: dict[str, Any]) -> None:
    caller, tap = bench(accepted)
    caller.write(PLAIN, RBAC, one(change))
    assert sent(tap) == (operation, asked)


def test_a_service_that_was_never_registered_is_named_by_cluster_and_service() -> None:
    caller, tap = bench(accepted)
    caller.write(PLAIN, replace(RBAC, scaling=None), one(ScalingChange(min_capacity=1, max_capacity=2)))
    assert sent(tap)[1]["ResourceId"] == f"service/{RBAC.cluster}/{RBAC.service_name}"


BOUNDS = ScalingChange(max_capacity=14)


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (refusal("ConcurrentUpdateException"), NotNow),
        (refusal("ThrottlingException"), NotNow),
        (refusal("LimitExceededException"), Refused),
        (refusal("ValidationException"), Invalid),
        (refusal("ObjectNotFoundException"), NotFound),
        (refusal("FailedResourceAccessException"), Misconfigured),
        (refusal("AccessDeniedException"), Misconfigured),
        (refusal("InternalServiceException", 500), OutcomeUnknown),
        (raising(boto.EndpointConnectionError(endpoint_url="https://x")), NotNow),
        (raising(boto.ReadTimeoutError(endpoint_url="https://x")), OutcomeUnknown),
        (raising(ValueError("an answer of another shape")), OutcomeUnknown),
    ],
)
def test_what_a_failure_means_and_that_it_is_never_repeated(answer: Answer, means: type[HavenError]) -> None:
    caller, tap = bench(answer)
    with pytest.raises(means) as failed:
        caller.write(PLAIN, RBAC, one(BOUNDS))
    assert type(failed.value) is means
    assert len(tap.sent) == 1
    assert not isinstance(failed.value, Conflict)


@pytest.mark.parametrize("change", [ScalingChange(removed_policies=("a",)), ScalingChange(removed_scheduled=("a",))])
def test_what_is_to_be_deleted_and_is_gone_counts_as_done(change: ScalingChange) -> None:
    caller, tap = bench(refusal("ObjectNotFoundException"))
    caller.write(PLAIN, RBAC, one(change))
    assert len(tap.sent) == 1


def test_what_botocore_finds_wrong_is_refused_and_not_sent() -> None:
    caller, tap = bench(accepted)
    with pytest.raises(Refused, match="was not sent"):
        caller.write(PLAIN, RBAC, one(ScalingChange(removed_policies=("",))))
    assert tap.sent == []


def test_a_write_without_what_it_writes_sends_nothing() -> None:
    caller, tap = bench(accepted)
    write = replace(one(ScalingChange(desired_once=5)), part=ScalingChange())
    with pytest.raises(OutcomeUnknown):
        caller.write(PLAIN, RBAC, write)
    assert tap.sent == []


def test_ready_has_the_role_and_sends_nothing_else() -> None:
    caller, tap = bench(accepted)
    caller.ready(ASSUMED)
    assert (tap.assumed(), len(tap.sent)) == (1, 1)
    caller.write(ASSUMED, RBAC, one(BOUNDS))
    assert tap.assumed() == 1


def test_a_denied_role_shows_before_anything_is_sent() -> None:
    caller, tap = bench(accepted)
    denied = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
    tap.role = lambda _: (403, denied)
    with pytest.raises(Misconfigured):
        caller.ready(ASSUMED)
