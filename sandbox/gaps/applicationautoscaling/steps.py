"""What AWS takes as a step scaling policy, and the alarms that act for one: those that people point at it."""

from itertools import pairwise
from math import inf
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.cloudwatch.models import cloudwatch_backends

KINDS = ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")
AGGREGATIONS = ("Average", "Minimum", "Maximum")
MOST = 20


def check_steps(configuration: dict[str, Any]) -> None:
    """Raise ValidationException for a step scaling configuration that AWS refuses."""
    kind, steps = configuration.get("AdjustmentType"), configuration.get("StepAdjustments") or []
    if kind not in KINDS:
        raise AWSValidationException(f"AdjustmentType must be one of {', '.join(KINDS)}, not {kind}.")
    if configuration.get("MetricAggregationType", "Average") not in AGGREGATIONS:
        raise AWSValidationException(f"MetricAggregationType must be one of {', '.join(AGGREGATIONS)}.")
    if not 1 <= len(steps) <= MOST:
        raise AWSValidationException(f"There must be 1 to {MOST} step adjustments.")
    if "MinAdjustmentMagnitude" in configuration and kind != "PercentChangeInCapacity":
        raise AWSValidationException("MinAdjustmentMagnitude is only supported for PercentChangeInCapacity.")
    if int(configuration.get("Cooldown", 0)) < 0:
        raise AWSValidationException("Cooldown must be 0 or greater.")
    if kind == "ExactCapacity" and any(int(step["ScalingAdjustment"]) < 0 for step in steps):
        raise AWSValidationException("ScalingAdjustment must be 0 or greater for ExactCapacity.")
    _check_spans(steps)


def _check_spans(steps: list[dict[str, Any]]) -> None:
    spans = sorted(
        (float(step.get("MetricIntervalLowerBound", -inf)), float(step.get("MetricIntervalUpperBound", inf)))
        for step in steps
    )
    if any(low >= high for low, high in spans):
        raise AWSValidationException("The upper bound of a step adjustment must be greater than its lower bound.")
    for one, other in pairwise(spans):
        if one[1] > other[0]:
            raise AWSValidationException("Step adjustment intervals must not overlap.")
        if one[1] < other[0]:
            raise AWSValidationException("There must not be a gap between step adjustment intervals.")


def alarms_of(account: str, region: str, policy_arn: str) -> list[str]:
    """Names of the alarms whose actions name the policy."""
    known = cloudwatch_backends[account][region].alarms.values()
    return [alarm.name for alarm in known if policy_arn in (alarm.alarm_actions or ())]
