"""Mends moto's application-autoscaling: bounds that hold, alarms with true thresholds, activities, tags.

Facts: aws-facts 4 and 13.2 ("Threshold is hard-coded 6 on both", "ALBRequestCountPerTarget still gets a CPUUtilization
alarm", "does not pull desiredCount into [min,max]"), 13.1 (DescribeScalingActivities missing). Remove when moto does
all of these. Metrics and schedules do not scale yet; `scale` is the seam where they will.
"""

from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from sandbox.gaps.applicationautoscaling import activities, policies, targets
from sandbox.gaps.applicationautoscaling.activities import scale

HANDLERS: tuple[Any, ...] = (
    targets.register_scalable_target,
    targets.deregister_scalable_target,
    targets.describe_scalable_targets,
    targets.list_tags_for_resource,
    targets.tag_resource,
    targets.untag_resource,
    policies.put_scaling_policy,
    policies.describe_scaling_policies,
    policies.delete_scaling_policy,
    activities.describe_scaling_activities,
)


def mend() -> None:
    """Patch moto once."""
    for handler in HANDLERS:
        setattr(ApplicationAutoScalingResponse, handler.__name__, handler)


__all__ = ["mend", "scale"]
