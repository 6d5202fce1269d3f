"""Application Auto Scaling: the scalable targets of the environment's services, with their policies and schedules.

AWS filters policies and scheduled actions by a single resource only, so they are listed for the namespace in one
paged call each and joined here: for up to ten policies in the account that is one call instead of one per service.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.aws.times import utc, utc_or_none
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.scaling.why import Activity, NotScaled
from services.domain.snapshot import Scaling, ScalingPolicy, ScheduledAction

if TYPE_CHECKING:
    from types_boto3_application_autoscaling.client import ApplicationAutoScalingClient
    from types_boto3_application_autoscaling.type_defs import (
        ScalableTargetTypeDef,
        ScalingActivityTypeDef,
        ScalingPolicyTypeDef,
        ScheduledActionTypeDef,
        StepScalingPolicyConfigurationOutputTypeDef,
    )

TARGETS_PER_CALL = 50
COUNT = "ecs:service:DesiredCount"
STEP_COOLDOWN = 300
"""Seconds: what AWS takes for a step policy that says none."""


def list_targets(
    client: "ApplicationAutoScalingClient", resource_ids: Sequence[str]
) -> tuple["ScalableTargetTypeDef", ...]:
    """The scalable targets of up to fifty services."""
    pages = client.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="ecs", ResourceIds=list(resource_ids)
    )
    return tuple(target for page in pages for target in page["ScalableTargets"])


def list_policies(client: "ApplicationAutoScalingClient") -> tuple["ScalingPolicyTypeDef", ...]:
    """Every scaling policy of the account's ECS services."""
    pages = client.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="ecs")
    return tuple(policy for page in pages for policy in page["ScalingPolicies"])


def list_scheduled(client: "ApplicationAutoScalingClient") -> tuple["ScheduledActionTypeDef", ...]:
    """Every scheduled action of the account's ECS services."""
    pages = client.get_paginator("describe_scheduled_actions").paginate(ServiceNamespace="ecs")
    return tuple(action for page in pages for action in page["ScheduledActions"])


def read_scaling(client: "ApplicationAutoScalingClient", resource_id: str) -> Scaling | None:
    """One service's scaling, fresh; None when it is not registered."""
    whose: Any = {"ServiceNamespace": "ecs", "ResourceId": resource_id, "ScalableDimension": COUNT}
    targets = list_targets(client, [resource_id])
    policies = client.get_paginator("describe_scaling_policies").paginate(**whose)
    scheduled = client.get_paginator("describe_scheduled_actions").paginate(**whose)
    return join(
        targets,
        [policy for page in policies for policy in page["ScalingPolicies"]],
        [action for page in scheduled for action in page["ScheduledActions"]],
    ).get(resource_id)


def list_activities(client: "ApplicationAutoScalingClient", since: datetime) -> tuple["ScalingActivityTypeDef", ...]:
    """What happened to the counts of the account's ECS services since a time, what did not scale included. AWS lists
    the newest first, so pages are asked for until one is older altogether."""
    found: list[ScalingActivityTypeDef] = []
    pages = client.get_paginator("describe_scaling_activities").paginate(
        ServiceNamespace="ecs", IncludeNotScaledActivities=True
    )
    for page in pages:
        listed = page["ScalingActivities"]
        found += [each for each in listed if each["ScalableDimension"] == COUNT and each["StartTime"] >= since]
        if listed and all(each["StartTime"] < since for each in listed):
            break
    return tuple(found)


def join(
    targets: Iterable["ScalableTargetTypeDef"],
    policies: Iterable["ScalingPolicyTypeDef"],
    scheduled: Iterable["ScheduledActionTypeDef"],
) -> dict[str, Scaling]:
    """The services' scaling by resource id, `service/<cluster>/<service>`."""
    policies, scheduled = list(policies), list(scheduled)
    return {
        target["ResourceId"]: to_scaling(
            target,
            [p for p in policies if (p["ResourceId"], p["ScalableDimension"]) == (target["ResourceId"], COUNT)],
            [s for s in scheduled if (s["ResourceId"], s.get("ScalableDimension")) == (target["ResourceId"], COUNT)],
        )
        for target in targets
        if target["ScalableDimension"] == COUNT
    }


def to_scaling(
    target: "ScalableTargetTypeDef",
    policies: Iterable["ScalingPolicyTypeDef"],
    scheduled: Iterable["ScheduledActionTypeDef"],
) -> Scaling:
    """Haven's scaling of AWS's target, policies and scheduled actions."""
    policies = sorted(policies, key=lambda each: each["PolicyName"])
    suspended = target.get("SuspendedState", {})
    return Scaling(
        resource_id=target["ResourceId"],
        min_capacity=target["MinCapacity"],
        max_capacity=target["MaxCapacity"],
        scale_in_suspended=suspended.get("DynamicScalingInSuspended", False),
        scale_out_suspended=suspended.get("DynamicScalingOutSuspended", False),
        scheduled_suspended=suspended.get("ScheduledScalingSuspended", False),
        policies=tuple(to_policy(policy) for policy in policies),
        scheduled=tuple(sorted((to_action(action) for action in scheduled), key=lambda a: a.name)),
        steps=tuple(
            to_steps(policy["PolicyName"], policy["StepScalingPolicyConfiguration"])
            for policy in policies
            if "StepScalingPolicyConfiguration" in policy
        ),
        labels=tuple((policy["PolicyName"], label) for policy in policies if (label := label_of(policy))),
    )


def to_policy(found: "ScalingPolicyTypeDef") -> ScalingPolicy:
    """Haven's policy of AWS's. Target and cooldowns are those of target tracking, None for other types."""
    tracking = found.get("TargetTrackingScalingPolicyConfiguration")
    predefined = tracking.get("PredefinedMetricSpecification") if tracking else None
    return ScalingPolicy(
        name=found["PolicyName"],
        arn=found["PolicyARN"],
        type=found["PolicyType"],
        metric=predefined["PredefinedMetricType"] if predefined else None,
        target=tracking["TargetValue"] if tracking else None,
        scale_out_cooldown=tracking.get("ScaleOutCooldown") if tracking else None,
        scale_in_cooldown=tracking.get("ScaleInCooldown") if tracking else None,
        scale_in_disabled=tracking.get("DisableScaleIn", False) if tracking else False,
        alarms=tuple(sorted(alarm["AlarmName"] for alarm in found.get("Alarms", []))),
    )


def to_steps(name: str, found: "StepScalingPolicyConfigurationOutputTypeDef") -> StepPolicy:
    """What a step policy is made of, its steps from the lowest up."""
    steps = [
        Step(each["ScalingAdjustment"], each.get("MetricIntervalLowerBound"), each.get("MetricIntervalUpperBound"))
        for each in found.get("StepAdjustments", [])
    ]
    return StepPolicy(
        name=name,
        adjustment=Adjustment(found.get("AdjustmentType", Adjustment.CHANGE)),
        steps=tuple(sorted(steps, key=lambda step: float("-inf") if step.lower is None else step.lower)),
        cooldown=found.get("Cooldown", STEP_COOLDOWN),
        least=found.get("MinAdjustmentMagnitude"),
        aggregation=found.get("MetricAggregationType", "Average"),
    )


def label_of(found: "ScalingPolicyTypeDef") -> str:
    """The load balancer and target group whose requests a policy counts, `app/<lb>/<id>/targetgroup/<group>/<id>`;
    empty for other policies."""
    tracking = found.get("TargetTrackingScalingPolicyConfiguration")
    predefined = tracking.get("PredefinedMetricSpecification") if tracking else None
    return predefined.get("ResourceLabel", "") if predefined and predefined["PredefinedMetricType"] == REQUESTS else ""


def to_activity(found: "ScalingActivityTypeDef") -> Activity:
    """Haven's activity of AWS's."""
    return Activity(
        id=found["ActivityId"],
        at=utc(found["StartTime"]),
        status=found["StatusCode"],
        description=found["Description"],
        cause=found["Cause"],
        message=found.get("StatusMessage", ""),
        ended_at=utc_or_none(found.get("EndTime")),
        not_scaled=tuple(
            NotScaled(each["Code"], each.get("MaxCapacity"), each.get("MinCapacity"), each.get("CurrentCapacity"))
            for each in found.get("NotScaledReasons", [])
        ),
    )


def to_action(found: "ScheduledActionTypeDef") -> ScheduledAction:
    """Haven's scheduled action of AWS's."""
    change = found.get("ScalableTargetAction", {})
    return ScheduledAction(
        name=found["ScheduledActionName"],
        schedule=found["Schedule"],
        timezone=found.get("Timezone"),
        min_capacity=change.get("MinCapacity"),
        max_capacity=change.get("MaxCapacity"),
    )
