"""A service's policies and schedules as they are told: targets, present values, alarms in words, next runs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.charts.chart import said
from services.domain.scaling import load, measured
from services.domain.scaling.difference import NONE, steps_told
from services.domain.scaling.edited import Edited
from services.domain.scaling.series import time_of
from services.domain.snapshot import Alarm, Scaling, ScalingPolicy, ScheduledAction, Snapshot
from services.domain.status import Status
from services.usecases.scalings import Measurements, NextRuns, ServiceScaling

METRICS = {load.CPU: measured.CPU, load.MEMORY: measured.MEMORY, load.REQUESTS: measured.REQUESTS}
_TITLES = {load.CPU: "CPU", load.MEMORY: "Memory", load.REQUESTS: "Requests per target"}
_UNITS = {load.CPU: " %", load.MEMORY: " %", load.REQUESTS: " a minute"}
_LATE = timedelta(minutes=10)
"""A value older than this is not the present one."""


@dataclass(frozen=True)
class AlarmRow:
    """One alarm of a policy. `side` is `scales out`, `scales in` or empty."""

    name: str
    side: str
    word: str
    status: Status | None
    since: datetime | None
    aws: str


@dataclass(frozen=True)
class Value:
    """A setting with what the template has instead, empty when it has the same."""

    word: str
    value: str
    template: str = ""


@dataclass(frozen=True)
class PolicyRow:
    """One policy. `now` is the metric's newest value with its time; `over` when it is above the target. `added`: the
    template has no such policy."""

    name: str
    title: str
    type: str
    values: Sequence[Value]
    now: str
    now_at: datetime | None
    over: bool
    alarms: Sequence[AlarmRow]
    added: bool = False


@dataclass(frozen=True)
class Run:
    """A next run: UTC, and in the action's own zone when that is another one."""

    at: datetime
    local: str


@dataclass(frozen=True)
class ScheduleRow:
    """A scheduled action with what it sets and when it runs next."""

    action: ScheduledAction
    sets: str
    zone: str
    runs: Sequence[Run]
    problem: str
    edited: Sequence[Edited]
    added: bool = False


def rows(seen: ServiceScaling, snapshot: Snapshot, found: Measurements | None) -> tuple[PolicyRow, ...]:
    """Every policy of a service, those that track a target first."""
    scaling = seen.service.scaling
    if scaling is None:
        return ()
    alarms, edited = {a.name: a for a in snapshot.alarms}, {each.key: each for each in seen.edited}
    made = [_row(seen.service.name, p, scaling, alarms, edited, snapshot, found) for p in scaling.policies]
    return tuple(sorted(made, key=lambda row: (row.type != "Target tracking", row.name)))


def schedules(seen: ServiceScaling) -> tuple[ScheduleRow, ...]:
    """Every scheduled action, soonest first; those that never run again last."""
    edited = {each.key: each for each in seen.edited}
    made = [_schedule(each, edited) for each in seen.next_runs]
    return tuple(sorted(made, key=lambda row: (not row.runs, row.runs[0].at.timestamp() if row.runs else 0)))


def lacking(edited: Sequence[Edited]) -> tuple[Edited, ...]:
    """Policies and scheduled actions that the template has and AWS has not: one for each, not one for every value."""
    found: dict[str, list[Edited]] = {}
    for each in edited:
        kind, _, rest = each.key.partition("/")
        if kind in ("policy", "scheduled") and each.live == NONE:
            found.setdefault(f"{kind}/{rest.partition('/')[0]}", []).append(each)
    return tuple(
        Edited(key, each[0].label.rpartition(": ")[0], "", ", ".join(_template(e) for e in each), NONE)
        for key, each in found.items()
    )


def _template(each: Edited) -> str:
    return f"{each.label.rpartition(': ')[2]} {each.template}"


def _added(edited: Mapping[str, Edited], kind: str, name: str) -> bool:
    """Whether the template lacks it altogether."""
    own = [each for key, each in edited.items() if key.startswith(f"{kind}/{name}/")]
    return bool(own) and all(each.template == NONE for each in own) and any(e.key.endswith(_SAYS[kind]) for e in own)


_SAYS = {"policy": ("/type", "/steps"), "scheduled": ("/schedule",)}
"""Values that a policy or action always has: when the template has not, it lacks the thing."""


def _row(
    service: str,
    policy: ScalingPolicy,
    scaling: Scaling,
    alarms: Mapping[str, Alarm],
    edited: Mapping[str, Edited],
    snapshot: Snapshot,
    found: Measurements | None,
) -> PolicyRow:
    added = _added(edited, "policy", policy.name)

    def value(word: str, text: str, key: str) -> Value:
        known = None if added else edited.get(f"policy/{policy.name}/{key}")
        return Value(word, text, known.template if known else "")

    tracking, metric = policy.type == "TargetTrackingScaling", policy.metric or ""
    unit, steps = _UNITS.get(metric, ""), {each.name: each for each in scaling.steps}
    known = _newest(service, METRICS.get(metric, ""), snapshot, found)
    if tracking:
        values = [
            value("Target", said(policy.target, unit) if policy.target is not None else "its own", "target"),
            value("Scales in", "off: it only scales out" if policy.scale_in_disabled else "on", "scale-in"),
            value("Scale-out cooldown", _seconds(policy.scale_out_cooldown), "scale-out cooldown"),
            value("Scale-in cooldown", _seconds(policy.scale_in_cooldown), "scale-in cooldown"),
        ]
    elif policy.name in steps:
        step = steps[policy.name]
        values = [
            value("Steps", steps_told(step), "steps"),
            value("Cooldown", f"{step.cooldown} s", "cooldown"),
        ]
    else:
        values = [Value("Steps", "not read")]
    return PolicyRow(
        name=policy.name,
        title=_TITLES.get(metric, "A metric of its own" if tracking else "By the steps of an alarm"),
        type="Target tracking" if tracking else "Step scaling",
        values=values,
        now=said(known[1], unit) if known else "",
        now_at=known[0] if known else None,
        over=bool(known and policy.target is not None and known[1] > policy.target),
        alarms=[_alarm(name, alarms.get(name)) for name in policy.alarms],
        added=added,
    )


def _newest(service: str, name: str, snapshot: Snapshot, found: Measurements | None) -> tuple[datetime, float] | None:
    """The newest value, from what is kept or the snapshot, whichever is newer; None when neither is new."""
    known: list[tuple[datetime, float]] = []
    kept = found.series.get(name) if found else None
    if kept is not None and kept.points and kept.step <= 5:
        known.append((time_of(kept.points[-1][0]), kept.points[-1][1]))
    if point := snapshot.metric(service, name):
        known.append((point.at, point.value))
    newest = max(known, default=None)
    return newest if newest and snapshot.taken_at - newest[0] <= _LATE else None


def _alarm(name: str, alarm: Alarm | None) -> AlarmRow:
    side = "scales in" if "AlarmLow" in name else "scales out" if "AlarmHigh" in name else ""
    if alarm is None:
        return AlarmRow(name, side, "not found", Status.UNKNOWN, None, "")
    low = side == "scales in"
    words: dict[str, tuple[str, Status | None]] = {
        "OK": ("quiet", Status.HEALTHY),
        "ALARM": ("rings: asks for fewer", None) if low else ("rings: asks for more", Status.DEGRADED),
        "INSUFFICIENT_DATA": ("has no data", Status.UNKNOWN),
    }
    word, status = words.get(alarm.state, (alarm.state.lower(), Status.UNKNOWN))
    if not alarm.actions_enabled:
        word, status = f"{word}, its actions are off", Status.DEGRADED
    return AlarmRow(name, side, word, status, alarm.since, f"{alarm.state}. {alarm.reason or ''}".strip())


def _schedule(each: NextRuns, edited: Mapping[str, Edited]) -> ScheduleRow:
    action, added = each.action, _added(edited, "scheduled", each.action.name)
    own = [e for key, e in edited.items() if key.startswith(f"scheduled/{action.name}/")]
    bounds = (("min", action.min_capacity), ("max", action.max_capacity))
    zone = action.timezone or "UTC"
    return ScheduleRow(
        action=action,
        sets=", ".join(f"{word} {number}" for word, number in bounds if number is not None) or "nothing",
        zone=zone,
        runs=[Run(at, _local(at, zone)) for at in each.runs],
        problem=each.problem,
        edited=() if added else own,
        added=added,
    )


def _local(at: datetime, zone: str) -> str:
    """As the action's own zone has it; empty for UTC and for a zone this machine does not know."""
    if zone in ("UTC", "Etc/UTC"):
        return ""
    try:
        return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"
    except (ValueError, OSError, KeyError):
        return ""


def _seconds(value: int | None) -> str:
    return "AWS's default" if value is None else f"{value} s"
