"""Why it did, or did not, scale: one list of sentences in plain words, each with AWS's own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.domain.scaling.decision import Code
from services.domain.snapshot import Alarm, Scaling, ScalingPolicy
from services.domain.wording import capital, counted


class Kind(StrEnum):
    """What a line is about."""

    SCALED = "scaled"
    BOUNDS = "bounds"
    NOT_SCALED = "not scaled"
    FAILED = "failed"
    ALARM = "alarm"
    SUSPENDED = "suspended"


@dataclass(frozen=True)
class NotScaled:
    """One of AWS's NotScaledReasons."""

    code: str
    most: int | None = None
    least: int | None = None
    current: int | None = None


@dataclass(frozen=True)
class Activity:
    """A scaling activity, in AWS's words. `status` is its StatusCode; `not_scaled` are the reasons of one that did not
    scale."""

    id: str
    at: datetime
    status: str
    description: str
    cause: str
    message: str = ""
    ended_at: datetime | None = None
    not_scaled: tuple[NotScaled, ...] = ()


@dataclass(frozen=True)
class Line:
    """One sentence. `theirs` is what AWS said; `at` None means now, for as long as it lasts."""

    kind: Kind
    at: datetime | None
    ours: str
    theirs: str
    policy: str = ""


_ALARM = re.compile(r"monitor alarm (?P<alarm>.+) in state ALARM triggered policy (?P<policy>.+)")
_BOUND = re.compile(r"(?P<side>minimum|maximum) capacity was set to (?P<to>\d+)")
_SCHEDULED = re.compile(r"scheduled action name (?P<name>.+) was triggered")
_COUNT = re.compile(r"Setting desired count to (\d+)\.?")
_LIMITS = re.compile(r"Setting min capacity to (\d+) and max capacity to (\d+)")
_STANDS = {
    "Pending": "AWS has not begun yet",
    "InProgress": "ECS is at it",
    "Overridden": "a later activity took its place",
    "Unfulfilled": "ECS did not get there",
}


def why(
    scaling: Scaling | None, activities: Sequence[Activity], alarms: Sequence[Alarm], *, deploying: bool = False
) -> tuple[Line, ...]:
    """What holds now first, then what happened, newest first. An activity listed twice is told once."""
    if scaling is None:
        return (Line(Kind.SUSPENDED, None, "Nothing scales it: it is not registered as a scalable target.", ""),)
    once = {activity.id: activity for activity in activities}.values()
    past = sorted(once, key=lambda activity: (activity.at, activity.id), reverse=True)
    return (*_now(scaling, alarms, deploying), *(told(activity, scaling) for activity in past))


def at_max(activities: Sequence[Activity], since: datetime) -> Activity | None:
    """The newest activity since a time that could not scale out for being at the maximum; None when there is none."""
    found = [a for a in activities if a.at >= since and any(r.code == Code.AT_MAX for r in a.not_scaled)]
    return max(found, key=lambda activity: activity.at, default=None)


def told(activity: Activity, scaling: Scaling | None = None) -> Line:
    """An activity in plain words."""
    theirs = " ".join(
        f"{part.rstrip('.')}." for part in (activity.description, _caused(activity), activity.message) if part
    )
    reason, policy = _reason(activity.cause, scaling)
    if activity.not_scaled:
        said = " ".join(_not_scaled(each) for each in activity.not_scaled)
        return Line(Kind.NOT_SCALED, activity.at, capital(f"{reason}, but it did not scale: {said}"), theirs, policy)
    did, kind = _did(activity.description)
    if activity.status == "Failed":
        because = activity.message.rpartition("Reason: ")[2] or "AWS gives no reason"
        said = f"{reason}, but AWS failed: {because.rstrip('.')}."
        return Line(Kind.FAILED, activity.at, capital(said), theirs, policy)
    stands = f"; {_STANDS[activity.status]}" if activity.status in _STANDS else ""
    return Line(kind, activity.at, capital(f"{did}, because {reason}{stands}."), theirs, policy)


def _now(scaling: Scaling, alarms: Sequence[Alarm], deploying: bool) -> Iterator[Line]:
    flags = (
        (scaling.scale_out_suspended, "Scaling out is suspended: more load gets no more tasks.", "DynamicScalingOut"),
        (scaling.scale_in_suspended, "Scaling in is suspended: tasks stay when load falls.", "DynamicScalingIn"),
        (scaling.scheduled_suspended, "Scheduled actions are suspended: none of them runs.", "ScheduledScaling"),
    )
    for suspended, ours, name in flags:
        if suspended:
            yield Line(Kind.SUSPENDED, None, ours, f"{name}Suspended = true")
    if deploying:
        yield Line(Kind.SUSPENDED, None, "A deployment is in progress: meanwhile nothing scales in.", "")
    if not scaling.policies:
        yield Line(Kind.SUSPENDED, None, "It has no policy: only bounds and schedules change its count.", "")
    named = {alarm.name: alarm for alarm in alarms}
    for policy in scaling.policies:
        for name in policy.alarms:
            yield from _ringing(policy, name, named.get(name))


def _ringing(policy: ScalingPolicy, name: str, alarm: Alarm | None) -> Iterator[Line]:
    if alarm is None:
        return
    theirs = f"{name} is {alarm.state}. {alarm.reason or ''}".strip()
    if not alarm.actions_enabled:
        yield Line(
            Kind.ALARM, alarm.since, f"The actions of policy {policy.name}'s alarm are off.", theirs, policy.name
        )
    elif alarm.state == "ALARM":
        yield Line(Kind.ALARM, alarm.since, _side(policy, name), theirs, policy.name)
    elif alarm.state == "INSUFFICIENT_DATA":
        ours = f"Policy {policy.name} has no data: AWS does nothing on it, and nothing scales in without it."
        yield Line(Kind.ALARM, alarm.since, ours, theirs, policy.name)


def _side(policy: ScalingPolicy, alarm: str) -> str:
    target = f" of {policy.target:g}" if policy.target is not None else ""
    if "AlarmLow" in alarm:
        return (
            f"Policy {policy.name} is below nine tenths of its target{target}: it scales in when every policy agrees."
        )
    if "AlarmHigh" in alarm:
        return f"Policy {policy.name} is above its target{target}: it asks for more tasks."
    return f"The alarm of policy {policy.name} rings: its steps apply."


def _caused(activity: Activity) -> str:
    return f"Cause: {activity.cause}" if activity.cause else ""


def _reason(cause: str, scaling: Scaling | None) -> tuple[str, str]:
    """The cause in plain words, and the policy it names."""
    if found := _ALARM.fullmatch(cause):
        policy = next((p for p in (scaling.policies if scaling else ()) if p.name == found["policy"]), None)
        target = f" of {policy.target:g}" if policy and policy.target is not None else ""
        if "AlarmLow" in found["alarm"]:
            return f"policy {found['policy']} was below nine tenths of its target{target} for 15 minutes", found[
                "policy"
            ]
        if "AlarmHigh" in found["alarm"]:
            return f"policy {found['policy']} was above its target{target} for 3 minutes", found["policy"]
        return f"the alarm of policy {found['policy']} rang", found["policy"]
    if found := _BOUND.fullmatch(cause):
        return f"the {found['side']} was set to {found['to']}", ""
    if found := _SCHEDULED.fullmatch(cause):
        return f"the scheduled action {found['name']} ran", ""
    return (f"of {cause!r}, in AWS's words" if cause else "AWS does not say why"), ""


def _did(description: str) -> tuple[str, Kind]:
    if found := _COUNT.fullmatch(description):
        return f"desired count set to {found[1]}", Kind.SCALED
    if found := _LIMITS.fullmatch(description):
        return f"bounds set to {found[1]} to {found[2]}", Kind.BOUNDS
    return f"AWS says {description.rstrip('.')!r}", Kind.SCALED


def _not_scaled(reason: NotScaled) -> str:
    now = "" if reason.current is None else f" ({counted(reason.current, 'task')} now)"
    sentences = {
        Code.AT_MAX: f"it is at its maximum{_number(reason.most)}{now}. Raise the maximum to let it grow.",
        Code.AT_MIN: f"it is at its minimum{_number(reason.least)}{now}.",
        Code.AT_DESIRED: f"the sum came out at what there is already{now}.",
        Code.FLAPPING: f"one step down would bring the alarm straight back{now}.",
        Code.UNSCALABLE: "ECS says that this service cannot be scaled at present.",
    }
    return next((said for code, said in sentences.items() if code == reason.code), f"AWS's code is {reason.code}{now}.")


def _number(value: int | None) -> str:
    return "" if value is None else f" of {value}"
