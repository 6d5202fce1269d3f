"""Application Auto Scaling: the scalable targets of the environment's services, with their policies and schedules.

AWS filters policies and scheduled actions by a single resource only, so they are listed for the namespace in one
paged call each and joined here: for up to ten policies in the account that is one call instead of one per service.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from services.domain.snapshot import Scaling, ScalingPolicy, ScheduledAction

if TYPE_CHECKING:
    from types_boto3_application_autoscaling.client import ApplicationAutoScalingClient
    from types_boto3_application_autoscaling.type_defs import (
        ScalableTargetTypeDef,
        ScalingPolicyTypeDef,
        ScheduledActionTypeDef,
    )

TARGETS_PER_CALL = 50
COUNT = "ecs:service:DesiredCount"


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
    suspended = target.get("SuspendedState", {})
    return Scaling(
        resource_id=target["ResourceId"],
        min_capacity=target["MinCapacity"],
        max_capacity=target["MaxCapacity"],
        scale_in_suspended=suspended.get("DynamicScalingInSuspended", False),
        scale_out_suspended=suspended.get("DynamicScalingOutSuspended", False),
        scheduled_suspended=suspended.get("ScheduledScalingSuspended", False),
        policies=tuple(sorted((to_policy(policy) for policy in policies), key=lambda p: p.name)),
        scheduled=tuple(sorted((to_action(action) for action in scheduled), key=lambda a: a.name)),
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
