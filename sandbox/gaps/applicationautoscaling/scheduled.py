"""Scheduled actions: put, described, deleted, and run by the clock (aws-facts 4.4). They change bounds, nothing else.

What is due runs at the end of each of the clock's minutes. Runs missed while the sandbox was down are made up for
once, the latest of each action, in their order: what they set is what they would have left behind.
"""

import json
import re
from typing import Any
from uuid import uuid4

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.core.exceptions import JsonRESTError

from sandbox import state
from sandbox.clock import clock
from sandbox.gaps.applicationautoscaling import activities
from sandbox.gaps.applicationautoscaling.schedules import Once, Schedule, read
from sandbox.gaps.applicationautoscaling.targets import enforce, find_target
from sandbox.gaps.applicationautoscaling.wire import KEY, check_filter, missing, page, request_of

NAME = re.compile(r"(?! )[^\x00-\x1f\x7f-\x9f:/|]{1,256}(?<! )")
MOST = 200
MADE_UP = 100  # missed runs of one action looked through after a restart
BACKWARDS = "Maximum capacity cannot be less than minimum capacity"


class Scheduled:
    """A scheduled action. `next_run` is when it runs next, None when it does not any more."""

    def __init__(self, account: str, region: str, given: dict[str, Any]) -> None:
        self.service_namespace, self.resource_id, self.scalable_dimension = (str(given[key]) for key in KEY)
        self.scheduled_action_name = str(given["ScheduledActionName"])
        place = f"scheduledAction:{uuid4()}:resource/{self.service_namespace}/{self.resource_id}"
        self.arn = f"arn:aws:autoscaling:{region}:{account}:{place}:scheduledActionName/{self.scheduled_action_name}"
        self.creation_time = clock.time()
        self.schedule, self.timezone = "", ""
        self.start_time: float | None = None
        self.end_time: float | None = None
        self.scalable_target_action: dict[str, int] = {}
        self.next_run: float | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies it."""
        return self.service_namespace, self.resource_id, self.scalable_dimension, self.scheduled_action_name

    def parsed(self) -> Schedule:
        """Its schedule, which was checked when it was put."""
        return read(self.schedule, self.timezone or None)

    def run_after(self, at: float) -> float | None:
        """Its first run after a time, within its start and end, which are those of recurring schedules."""
        schedule = self.parsed()
        if isinstance(schedule, Once):
            return schedule.after(at, at)
        began = self.creation_time if self.start_time is None else self.start_time
        run = schedule.after(at if self.start_time is None else max(at, self.start_time - 0.001), began)
        return run if run is None or self.end_time is None or run <= self.end_time else None

    def shape(self) -> dict[str, Any]:
        """The action as AWS describes it."""
        shown = {
            "ScheduledActionName": self.scheduled_action_name,
            "ScheduledActionARN": self.arn,
            "ServiceNamespace": self.service_namespace,
            "Schedule": self.schedule,
            "Timezone": self.timezone or None,
            "ResourceId": self.resource_id,
            "ScalableDimension": self.scalable_dimension,
            "StartTime": self.start_time,
            "EndTime": self.end_time,
            "ScalableTargetAction": self.scalable_target_action,
            "CreationTime": self.creation_time,
        }
        return {name: value for name, value in shown.items() if value is not None}


def put_scheduled_action(self: Any) -> str:
    """PutScheduledAction: an upsert; what is not given stays, but for start and end, which go."""
    self._validate_params()
    given = request_of(self)
    backend = self.applicationautoscaling_backend
    if find_target(backend, given) is None:
        raise missing("scalable target", given)
    if not NAME.fullmatch(str(given.get("ScheduledActionName") or "")):
        raise AWSValidationException("The scheduled action name has 1 to 256 characters, none of them : / or |.")
    known = _known(backend, given)
    changed = _changed(known, given)
    if known is None:
        place = (given["ResourceId"], given["ScalableDimension"])
        held = [a for a in backend.scheduled_actions if (a.resource_id, a.scalable_dimension) == place]
        if len(held) >= MOST:
            raise JsonRESTError("LimitExceededException", f"A target has {MOST} scheduled actions at most.")
        known = Scheduled(self.current_account, self.region, given)
        backend.scheduled_actions.append(known)
    for name, value in changed.items():
        setattr(known, name, value)
    known.next_run = known.run_after(clock.time())
    return json.dumps({})


def _known(backend: Any, given: dict[str, Any]) -> Scheduled | None:
    wanted = (*(given.get(key) for key in KEY), given.get("ScheduledActionName"))
    return next((a for a in backend.scheduled_actions if isinstance(a, Scheduled) and a.key == wanted), None)


def _changed(known: Scheduled | None, given: dict[str, Any]) -> dict[str, Any]:
    """The attributes a request sets. Raises ValidationException for what AWS refuses."""
    expression = given.get("Schedule") or (known.schedule if known else None)
    zone = given.get("Timezone") or (known.timezone if known else "")
    action = given.get("ScalableTargetAction") or (known.scalable_target_action if known else None)
    if not expression:
        raise AWSValidationException("A schedule must be specified to create a scheduled action.")
    try:
        schedule = read(expression, zone or None)
    except ValueError as problem:
        raise AWSValidationException(str(problem)) from None
    new = known is None or (expression, zone) != (known.schedule, known.timezone)
    if new and isinstance(schedule, Once) and schedule.moment <= clock.time():
        raise AWSValidationException(f"The schedule {expression} is in the past.")
    starts, ends = given.get("StartTime"), given.get("EndTime")
    if starts is not None and ends is not None and float(starts) >= float(ends):
        raise AWSValidationException("The start time must be before the end time.")
    return {
        "schedule": expression,
        "timezone": zone,
        "start_time": None if starts is None else float(starts),
        "end_time": None if ends is None else float(ends),
        "scalable_target_action": _bounds(action),
    }


def _bounds(action: dict[str, Any] | None) -> dict[str, int]:
    bounds = {name: int(value) for name, value in (action or {}).items() if value is not None}
    if not bounds:
        raise AWSValidationException("A scheduled action must specify MinCapacity, MaxCapacity or both.")
    if any(value < 0 for value in bounds.values()):
        raise AWSValidationException("Minimum and maximum capacity must be 0 or greater.")
    if len(bounds) == 2 and bounds["MaxCapacity"] < bounds["MinCapacity"]:
        raise AWSValidationException(BACKWARDS)
    return bounds


def describe_scheduled_actions(self: Any) -> str:
    """DescribeScheduledActions."""
    self._validate_params()
    given = request_of(self)
    check_filter(given)
    names = given.get("ScheduledActionNames")
    found = [
        action.shape()
        for action in self.applicationautoscaling_backend.scheduled_actions
        if isinstance(action, Scheduled)
        and action.service_namespace == given["ServiceNamespace"]
        and given.get("ResourceId") in (None, action.resource_id)
        and given.get("ScalableDimension") in (None, action.scalable_dimension)
        and (not names or action.scheduled_action_name in names)
    ]
    shown, token = page(found, given)
    return json.dumps({"ScheduledActions": shown, **token})


def delete_scheduled_action(self: Any) -> str:
    """DeleteScheduledAction."""
    self._validate_params()
    given = request_of(self)
    backend = self.applicationautoscaling_backend
    known = _known(backend, given)
    if known is None:
        raise missing("scheduled action", given, f", scheduled action name: {given.get('ScheduledActionName')}")
    backend.scheduled_actions.remove(known)
    return json.dumps({})


def run_due(account: str, region: str) -> None:
    """Run what is due in an account and region."""
    backend, now = applicationautoscaling_backends[account][region], clock.time()
    due = [
        (_latest(action, now), place, action)
        for place, action in enumerate(backend.scheduled_actions)
        if isinstance(action, Scheduled) and action.next_run is not None and action.next_run <= now
    ]
    for _, _, action in sorted(due):
        action.next_run = action.run_after(now)
        state.touch()
        target = backend.targets.get(action.scalable_dimension, {}).get(action.resource_id)
        if target is not None and not (target.suspended_state or {}).get("ScheduledScalingSuspended"):
            _trigger(account, region, target, action)


def _latest(action: Scheduled, now: float) -> float:
    """The last run of a due action up to now."""
    latest = action.next_run or now
    for _ in range(MADE_UP):
        run = action.run_after(latest)
        if run is None or run > now:
            break
        latest = run
    return latest


def _trigger(account: str, region: str, target: Any, action: Scheduled) -> None:
    bounds = action.scalable_target_action
    low, high = bounds.get("MinCapacity", target.min_capacity), bounds.get("MaxCapacity", target.max_capacity)
    words = {"MinCapacity": "min", "MaxCapacity": "max"}
    what = " and ".join(f"{words[name]} capacity to {bounds[name]}" for name in words if name in bounds)
    done = int(low) <= int(high)
    activities.record(
        account,
        region,
        target.resource_id,
        Description=f"Setting {what}",
        Cause=f"scheduled action name {action.scheduled_action_name} was triggered",
        EndTime=clock.time(),
        StatusCode="Successful" if done else "Failed",
        StatusMessage=f"Successfully set {what}" if done else f"Failed to set {what}. Reason: {BACKWARDS}",
    )
    if done:
        target.update(int(low), int(high), None)
        enforce(account, region, target)
