"""Mends moto's application-autoscaling: it scales: by the alarms of its policies, bounds and schedules.

Facts: aws-facts 4 and 13.2 ("Threshold is hard-coded 6 on both", "ALBRequestCountPerTarget still gets a CPUUtilization
alarm", "does not pull desiredCount into [min,max]"), 13.1 (DescribeScalingActivities missing). Remove when moto does
all of these, keeps schedules and scales by them.

Parts: `deciding` decides and `schedules` reckons (both pure), `moving` acts on alarms once a minute, `scheduled` on
schedules; `activities` records; `targets`, `policies` and `steps` answer the calls.
"""

from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from sandbox.gaps.applicationautoscaling import activities, moving, policies, scheduled, targets
from sandbox.gaps.applicationautoscaling.activities import scale
from sandbox.weather import minutes

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
    scheduled.put_scheduled_action,
    scheduled.describe_scheduled_actions,
    scheduled.delete_scheduled_action,
)


@minutes.each
def pass_minute(account: str, region: str) -> None:
    """What a minute brings. The alarms were judged before: `moving` imports them, so they are heard first."""
    scheduled.run_due(account, region)
    moving.move_all(account, region)


def mend() -> None:
    """Patch moto once."""
    for handler in HANDLERS:
        setattr(ApplicationAutoScalingResponse, handler.__name__, handler)


__all__ = ["mend", "scale"]
