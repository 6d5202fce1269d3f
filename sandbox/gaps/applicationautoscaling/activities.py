"""Scaling activities: what was scaled, why, and whether the service followed (aws-facts 4.3).

`scale` is the one way in which anything here changes a service's size: bounds, alarms and schedules all do.
"""

import json
from typing import Any
from uuid import uuid4

from moto.applicationautoscaling.models import applicationautoscaling_backends

from sandbox import state
from sandbox.clock import clock, transition
from sandbox.gaps.applicationautoscaling.deciding import AT_DESIRED, AT_MAX, AT_MIN, Verdict
from sandbox.gaps.applicationautoscaling.wire import check_filter, page, request_of
from sandbox.gaps.ecs import Service, find_service, set_desired
from sandbox.gaps.ecs.records import counts, tasks_in

KEPT = 3000
REMEMBERED = 42 * 86_400  # seconds: six weeks
LOOK, PATIENCE = 10, 600  # seconds between looks whether ecs followed, and until that is given up


def activities_of(account: str, region: str) -> list[dict[str, Any]]:
    """All that is remembered, newest first."""
    backend = applicationautoscaling_backends[account][region]
    kept: list[dict[str, Any]] = backend.__dict__.setdefault("activities", [])
    return kept


def service_of(account: str, region: str, resource: str) -> Service | None:
    """The ECS service that `service/<cluster>/<name>` names, if it is active."""
    parts = resource.split("/")
    found = find_service(account, region, parts[1], parts[2]) if len(parts) == 3 else None
    return found if found is not None and found.status == "ACTIVE" else None


def scale(account: str, region: str, resource: str, count: int, cause: str) -> None:
    """Set the service's desired count for a cause in AWS's words, and record it as an activity."""
    service = service_of(account, region, resource)
    if service is None or service.desired_count == count:
        return
    set_desired(service, count)
    activity = record(
        account,
        region,
        resource,
        Description=f"Setting desired count to {count}.",
        Cause=cause,
        StatusCode="InProgress",
        StatusMessage=f"Successfully set desired count to {count}. Waiting for change to be fulfilled by ecs.",
    )
    clock.after(
        LOOK,
        "applicationautoscaling.follow",
        account=account,
        region=region,
        activity=activity["ActivityId"],
        count=count,
        left=PATIENCE,
    )


def record(account: str, region: str, resource: str, **told: Any) -> dict[str, Any]:
    """Remember an activity of an ECS service; returns it as AWS shows it."""
    activity = {
        "ActivityId": str(uuid4()),
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "StartTime": clock.time(),
        **told,
    }
    known = activities_of(account, region)
    known.insert(0, activity)
    del known[KEPT:]
    state.touch()
    return activity


def not_scaled(account: str, region: str, target: Any, verdict: Verdict, cause: str) -> None:
    """Record that an alarm asked for scaling and nothing was done."""
    reason: dict[str, Any] = {"Code": verdict.code}
    if verdict.code == AT_MAX:
        reason["MaxCapacity"] = int(target.max_capacity)
    if verdict.code == AT_MIN:
        reason["MinCapacity"] = int(target.min_capacity)
    if verdict.code in (AT_MAX, AT_MIN, AT_DESIRED):
        reason["CurrentCapacity"] = verdict.count
    record(
        account,
        region,
        target.resource_id,
        Description="Attempting to scale due to alarm triggered",
        Cause=cause,
        EndTime=clock.time(),
        StatusCode="Successful" if verdict.code == AT_DESIRED else "Failed",
        NotScaledReasons=[reason],
    )


@transition("applicationautoscaling.follow")
def follow(account: str, region: str, activity: str, count: int, left: float) -> None:
    """See whether ecs has the tasks now; a later activity of the same service overrides this one."""
    known = activities_of(account, region)
    found = next((a for a in known if a["ActivityId"] == activity), None)
    service = service_of(account, region, found["ResourceId"]) if found else None
    if found is None:
        return
    done = f"Successfully set desired count to {count}. Change successfully fulfilled by ecs."
    if service is None or left <= 0:
        found.update(StatusCode="Unfulfilled", EndTime=clock.time())
    elif service.desired_count != count:
        found.update(StatusCode="Overridden", EndTime=clock.time())
    elif counts(tasks_in(service)) == (count, 0):
        found.update(StatusCode="Successful", StatusMessage=done, EndTime=clock.time())
        service.tell_plain(f"Message: {done} Cause: {found['Cause']}")
    else:
        again = {"activity": activity, "count": count, "left": left - LOOK}
        clock.after(LOOK, "applicationautoscaling.follow", account=account, region=region, **again)


def describe_scaling_activities(self: Any) -> str:
    """DescribeScalingActivities: those not scaled are shown only when asked for, and none is older than six weeks."""
    given = request_of(self)
    check_filter(given)
    every, oldest = bool(given.get("IncludeNotScaledActivities")), clock.time() - REMEMBERED
    found = [
        activity
        for activity in activities_of(self.current_account, self.region)
        if activity["ServiceNamespace"] == given["ServiceNamespace"]
        and (every or "NotScaledReasons" not in activity)
        and activity["StartTime"] > oldest
        and given.get("ResourceId") in (None, activity["ResourceId"])
        and given.get("ScalableDimension") in (None, activity["ScalableDimension"])
    ]
    shown, token = page(found, given)
    return json.dumps({"ScalingActivities": shown, **token})
