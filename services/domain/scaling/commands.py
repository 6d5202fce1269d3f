"""The AWS CLI lines that a scaling change stands for, in the order they are sent."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from services.domain.scaling.change import ScalingChange, ScalingState
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import StepPolicy
from services.domain.snapshot import ScalingPolicy, ScheduledAction

_DIMENSION = "ecs:service:DesiredCount"


def commands(change: ScalingChange, state: ScalingState, region: str) -> tuple[str, ...]:
    """Lines to paste. What is removed goes first. Bounds come last: registering them pulls the desired count, too."""
    return tuple(_line(words, region) for words in _all(change, state))


def look(resource_id: str, region: str) -> tuple[str, ...]:
    """Lines that show what there is now, and what AWS did and did not do."""
    of = ("--service-namespace", "ecs", "--resource-id", resource_id)
    aas = "application-autoscaling"
    return (
        _line((aas, "describe-scalable-targets", "--service-namespace", "ecs", "--resource-ids", resource_id), region),
        _line((aas, "describe-scaling-policies", *of), region),
        _line((aas, "describe-scheduled-actions", *of), region),
        _line((aas, "describe-scaling-activities", *of, "--include-not-scaled-activities"), region),
    )


def _all(change: ScalingChange, state: ScalingState) -> Iterator[tuple[str, ...]]:
    resource = state.scaling.resource_id
    labels = dict((*state.labels, *change.labels))
    for name in change.removed_policies:
        yield _aas("delete-scaling-policy", resource, "--policy-name", name)
    for name in change.removed_scheduled:
        yield _aas("delete-scheduled-action", resource, "--scheduled-action-name", name)
    for policy in change.policies:
        yield _put(resource, policy.name, "TargetTrackingScaling", "target-tracking", tracking_shape(policy, labels))
    for step in change.steps:
        yield _put(resource, step.name, "StepScaling", "step", step_shape(step))
    for action in change.scheduled:
        yield _aas("put-scheduled-action", resource, *_action(action))
    if change.desired_once is not None:
        _, cluster, service = resource.split("/")
        which = ("--cluster", cluster, "--service", service)
        yield ("ecs", "update-service", *which, "--desired-count", str(change.desired_once))
    if change.registers:
        yield _aas("register-scalable-target", resource, *_bounds(change))


def tracking_shape(policy: ScalingPolicy, labels: Mapping[str, str]) -> dict[str, Any]:
    """AWS's TargetTrackingScalingPolicyConfiguration. Cooldowns that are None are left to AWS."""
    metric: dict[str, str] = {"PredefinedMetricType": policy.metric or ""}
    if policy.metric == REQUESTS:
        metric["ResourceLabel"] = labels[policy.name]
    made: dict[str, Any] = {"TargetValue": policy.target, "PredefinedMetricSpecification": metric}
    cooldowns = {"ScaleOutCooldown": policy.scale_out_cooldown, "ScaleInCooldown": policy.scale_in_cooldown}
    return made | {k: v for k, v in cooldowns.items() if v is not None} | {"DisableScaleIn": policy.scale_in_disabled}


def step_shape(policy: StepPolicy) -> dict[str, Any]:
    """AWS's StepScalingPolicyConfiguration."""
    steps = [
        {
            **({} if s.lower is None else {"MetricIntervalLowerBound": s.lower}),
            **({} if s.upper is None else {"MetricIntervalUpperBound": s.upper}),
            "ScalingAdjustment": s.by,
        }
        for s in policy.steps
    ]
    made = {"AdjustmentType": policy.adjustment.value, "StepAdjustments": steps, "Cooldown": policy.cooldown}
    least = {} if policy.least is None else {"MinAdjustmentMagnitude": policy.least}
    return {**made, **least, "MetricAggregationType": policy.aggregation}


def _put(resource: str, name: str, kind: str, word: str, shape: dict[str, Any]) -> tuple[str, ...]:
    option = f"--{word}-scaling-policy-configuration"
    return _aas("put-scaling-policy", resource, "--policy-name", name, "--policy-type", kind, option, json.dumps(shape))


def _action(action: ScheduledAction) -> tuple[str, ...]:
    bounds = {"MinCapacity": action.min_capacity, "MaxCapacity": action.max_capacity}
    given = ",".join(f"{key}={value}" for key, value in bounds.items() if value is not None)
    zone = ("--timezone", action.timezone) if action.timezone else ()
    name = ("--scheduled-action-name", action.name, "--schedule", action.schedule)
    return (*name, *zone, "--scalable-target-action", given)


def _bounds(change: ScalingChange) -> tuple[str, ...]:
    least = () if change.min_capacity is None else ("--min-capacity", str(change.min_capacity))
    most = () if change.max_capacity is None else ("--max-capacity", str(change.max_capacity))
    if change.suspended is None:
        return (*least, *most)
    flags = {
        "DynamicScalingInSuspended": change.suspended.scale_in,
        "DynamicScalingOutSuspended": change.suspended.scale_out,
        "ScheduledScalingSuspended": change.suspended.scheduled,
    }
    said = ",".join(f"{key}={str(value).lower()}" for key, value in flags.items())
    return (*least, *most, "--suspended-state", said)


def _aas(operation: str, resource: str, *words: str) -> tuple[str, ...]:
    of = ("--service-namespace", "ecs", "--resource-id", resource, "--scalable-dimension", _DIMENSION)
    return ("application-autoscaling", operation, *of, *words)


def _line(words: tuple[str, ...], region: str) -> str:
    return shlex.join(("aws", *words, "--region", region))
