"""Alarms move services: once a minute, after all alarms of the minute were judged, each target decides (`deciding`).

All decide before any acts, from what the alarms saw: to look at metrics again would read the whole world anew. Times
here are the clock's own minutes whatever the speed, as those of metrics and alarms are: a cooldown of 60 s is one
minute of the chart.
"""

from collections.abc import Iterator
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends

from sandbox import state
from sandbox.clock import clock
from sandbox.gaps.applicationautoscaling import activities
from sandbox.gaps.applicationautoscaling.deciding import Limits, Stepper, Tracker, Verdict, decide
from sandbox.gaps.applicationautoscaling.policies import LOW_PERIODS, Policy
from sandbox.gaps.applicationautoscaling.targets import memory_of
from sandbox.gaps.cloudwatch import alarms
from sandbox.gaps.cloudwatch.evaluation import EXTRA

Alarms = dict[str, list[Any]]
"""Policy ARN -> the alarms that may act for it."""
COOLDOWN = 300  # seconds AWS waits on ECS where a policy says nothing


def move_all(account: str, region: str) -> None:
    """Decide for every target of an account and region, then act."""
    backend = applicationautoscaling_backends[account][region]
    targets = [target for known in backend.targets.values() for target in known.values()]
    if not targets or not backend.policies:
        return
    told = _by_policy(account, region)
    decided = [(target, verdict) for target in targets if (verdict := _judge(backend, target, told)) is not None]
    for target, verdict in decided:
        cause = f"monitor alarm {verdict.alarm} in state ALARM triggered policy {verdict.policy}"
        if verdict.code is None:
            activities.scale(account, region, target.resource_id, verdict.count, cause)
        elif not verdict.again:
            activities.not_scaled(account, region, target, verdict, cause)


def _judge(backend: Any, target: Any, told: Alarms) -> Verdict | None:
    service = activities.service_of(backend.account_id, backend.region_name, target.resource_id)
    if service is None:
        return None
    off = target.suspended_state or {}
    limits = Limits(
        int(target.min_capacity),
        int(target.max_capacity),
        bool(off.get("DynamicScalingOutSuspended")),
        bool(off.get("DynamicScalingInSuspended")),
        any(deployment.get("rolloutState") == "IN_PROGRESS" for deployment in service.deployments),
    )
    mine = [p for p in backend.policies.values() if isinstance(p, Policy) and p.resource_id == target.resource_id]
    if not any(_rings(alarm) for p in mine for alarm in told.get(p.policy_arn, ())):
        mine = []  # nobody asks for anything: no reading matters
    trackers = [_tracker(backend, p, told) for p in mine if p.policy_type == "TargetTrackingScaling"]
    steppers = [each for p in mine if p.policy_type == "StepScaling" for each in _steppers(p, told)]
    at = int(clock.time() // 60) * 60
    before = memory_of(target)
    target.memory, verdict = decide(limits, before, service.desired_count, at, trackers, steppers)
    if target.memory != before:
        state.touch()
    return verdict


def _tracker(backend: Any, policy: Policy, told: Alarms) -> Tracker:
    given = policy.configuration
    mine = {alarm.name: alarm for alarm in told.get(policy.policy_arn, ())}
    found = [mine.get(name) for name in policy.alarms]
    high, low = (*found, None, None)[:2]
    may_shrink = not given.get("DisableScaleIn")
    points = [alarm.newest for alarm in found if alarm is not None and alarm.__dict__.get("newest")]
    if high is not None and not points and not may_shrink:  # a low alarm would have looked further back
        cloudwatch = cloudwatch_backends[backend.account_id][backend.region_name]
        points = [p for p in [alarms.newest_of(cloudwatch, high, LOW_PERIODS + EXTRA)] if p is not None]
    return Tracker(
        policy.policy_name,
        float(given["TargetValue"]),
        _rings(high),
        _rings(low) if may_shrink else None,
        max(points)[1] if points else None,
        (policy.alarms[0] if policy.alarms else "", policy.alarms[1] if len(policy.alarms) > 1 else ""),
        int(given.get("ScaleOutCooldown", COOLDOWN)),
        int(given.get("ScaleInCooldown", COOLDOWN)),
    )


def _steppers(policy: Policy, told: Alarms) -> Iterator[Stepper]:
    given = policy.configuration
    for alarm in told.get(policy.policy_arn, ()):
        newest = alarm.__dict__.get("newest")
        if _rings(alarm) and newest is not None:
            yield Stepper(
                policy.policy_name,
                alarm.name,
                newest[1] - float(alarm.threshold),
                given["AdjustmentType"],
                tuple(
                    (s.get("MetricIntervalLowerBound"), s.get("MetricIntervalUpperBound"), int(s["ScalingAdjustment"]))
                    for s in given["StepAdjustments"]
                ),
                int(given.get("Cooldown", COOLDOWN)),
                int(given.get("MinAdjustmentMagnitude", 1)),
            )


def _rings(alarm: Any) -> bool:
    return alarm is not None and alarm.state_value == "ALARM"


def _by_policy(account: str, region: str) -> Alarms:
    """The alarms whose actions name a scaling policy and are not switched off."""
    told: Alarms = {}
    for alarm in cloudwatch_backends[account][region].alarms.values():
        for action in alarm.alarm_actions or () if alarm.actions_enabled else ():
            if ":scalingPolicy:" in action:
                told.setdefault(action.split(":createdBy/")[0], []).append(alarm)
    return told
