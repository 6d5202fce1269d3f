"""Fills in the form: every editable value of a service's scaling as it was when the form was opened, with what is
wanted. It is built anew from the opened state at every request, so that what was typed always finds its place."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from werkzeug.datastructures import MultiDict

from portal.scaling.forms import MOST_REQUESTS, ActionForm, BoundsForm, PolicyForm, StepForm, StepPolicyForm, UntilForm
from portal.scaling.sheet import METRICS, Scheduled, Sheet, Stepped, Tracked
from portal.scaling.until import written
from services.domain.scaling.change import TRACKING, ScalingChange, ScalingState, after
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import MOST_STEPS, Adjustment, StepPolicy
from services.domain.snapshot import ScalingPolicy, ScheduledAction

Data = MultiDict[str, str]
MOST_NEW, BLANK_STEPS = 20, 2


def sheet(
    opened: ScalingState,
    now: datetime,
    *,
    wanted: ScalingChange | None = None,
    data: Data | None = None,
    label: str = "",
    prefix: str = "",
) -> Sheet:
    """The form over `opened`, filled in with `wanted`, or with what was typed (`data`). `label` is the resource label
    to suggest, `prefix` begins the names suggested for what is added."""
    asked = wanted or ScalingChange()
    then = after(asked, opened)
    policies = {policy.name: policy for policy in then.scaling.policies}
    tracking = [p for p in opened.scaling.policies if p.type == TRACKING and p.metric in METRICS]
    known = {step.name for step in opened.steps}
    made = Sheet(
        opened,
        _bounds(then, asked, data),
        _until(asked, data, now),
        [_tracked(n, p, policies.get(p.name), then, data) for n, p in enumerate(tracking)],
        [_added(metric, then, opened, data, label, prefix) for metric in METRICS if metric not in _metrics(tracking)],
        [*_stepped(opened.steps, then, data)],
        [*_scheduled(opened.scaling.scheduled, then.scaling.scheduled, data)],
        [p for p in opened.scaling.policies if p not in tracking and p.name not in known],
    )
    made.until.now = now
    return made


def _bounds(then: ScalingState, asked: ScalingChange, data: Data | None) -> BoundsForm:
    scaling = then.scaling
    return BoundsForm(
        data,
        minimum=scaling.min_capacity,
        maximum=scaling.max_capacity,
        desired=asked.desired_once,
        hold_in=scaling.scale_in_suspended,
        hold_out=scaling.scale_out_suspended,
        hold_scheduled=scaling.scheduled_suspended,
    )


def _until(asked: ScalingChange, data: Data | None, now: datetime) -> UntilForm:
    lasts, until = ("at", written(asked.until)) if asked.until and asked.until > now else ("good", "")
    return UntilForm(data, lasts=lasts, until=until)


def _tracked(
    number: int, policy: ScalingPolicy, wanted: ScalingPolicy | None, then: ScalingState, data: Data | None
) -> Tracked:
    shown = wanted or policy
    form = PolicyForm(
        data,
        prefix=f"policy-{number}-",
        target=shown.target,
        out=shown.scale_out_cooldown,
        into=shown.scale_in_cooldown,
        scales_in=not shown.scale_in_disabled,
        label=dict(then.labels).get(policy.name, ""),
        removed=wanted is None,
    )
    form.most = MOST_REQUESTS if policy.metric == REQUESTS else 100.0
    return Tracked(policy, policy.metric or "", form)


def _added(
    metric: str, then: ScalingState, opened: ScalingState, data: Data | None, label: str, prefix: str
) -> Tracked:
    known = {policy.name for policy in opened.scaling.policies}
    new = next((p for p in then.scaling.policies if p.metric == metric and p.name not in known), None)
    word = METRICS[metric].split()[0].lower()
    form = PolicyForm(
        data,
        prefix=f"add-{word}-",
        name=new.name if new else f"{prefix}-{word}".strip("-"),
        target=new.target if new else None,
        out=new.scale_out_cooldown if new else 60,
        into=new.scale_in_cooldown if new else 300,
        scales_in=not (new and new.scale_in_disabled),
        label=(dict(then.labels).get(new.name, "") if new else "") or label,
    )
    form.needed, form.most = False, MOST_REQUESTS if metric == REQUESTS else 100.0
    return Tracked(None, metric, form)


def _stepped(old: Sequence[StepPolicy], then: ScalingState, data: Data | None) -> Iterator[Stepped]:
    wanted, known = {step.name: step for step in then.steps}, {step.name for step in old}
    for number, policy in enumerate(old):
        yield _steps(f"steps-{number}-", policy, wanted.get(policy.name, policy), data, policy.name not in wanted)
    new = [step for step in then.steps if step.name not in known]
    for number in range(_count("new-steps-{}-name", data, len(new) + 1)):
        yield _steps(f"new-steps-{number}-", None, new[number] if number < len(new) else None, data)


def _steps(
    prefix: str, policy: StepPolicy | None, shown: StepPolicy | None, data: Data | None, removed: bool = False
) -> Stepped:
    form = StepPolicyForm(
        data,
        prefix=prefix,
        name=shown.name if shown else "",
        adjustment=(shown.adjustment if shown else Adjustment.CHANGE).value,
        cooldown=shown.cooldown if shown else 300,
        least=shown.least if shown else None,
        aggregation=shown.aggregation if shown else "Average",
        removed=removed,
    )
    steps = shown.steps if shown else ()
    number = min(MOST_STEPS, _count(prefix + "step-{}-by", data, len(steps) + BLANK_STEPS))
    rows = [
        StepForm(
            data,
            prefix=f"{prefix}step-{n}-",
            data={"lower": steps[n].lower, "upper": steps[n].upper, "by": steps[n].by} if n < len(steps) else {},
        )
        for n in range(number)
    ]
    return Stepped(policy, form, rows)


def _scheduled(
    old: Sequence[ScheduledAction], then: Iterable[ScheduledAction], data: Data | None
) -> Iterator[Scheduled]:
    wanted, known = {action.name: action for action in then}, {action.name for action in old}
    for number, action in enumerate(old):
        shown = wanted.get(action.name)
        yield Scheduled(action, _action(f"action-{number}-", shown or action, data, removed=shown is None))
    new = [action for action in wanted.values() if action.name not in known]
    for number in range(_count("new-action-{}-schedule", data, len(new) + 1)):
        form = _action(f"new-action-{number}-", new[number] if number < len(new) else None, data)
        form.needed = False
        yield Scheduled(None, form)


def _action(prefix: str, shown: ScheduledAction | None, data: Data | None, *, removed: bool = False) -> ActionForm:
    return ActionForm(
        data,
        prefix=prefix,
        name=shown.name if shown else "",
        schedule=shown.schedule if shown else "",
        timezone=(shown.timezone or "") if shown else "",
        minimum=shown.min_capacity if shown else None,
        maximum=shown.max_capacity if shown else None,
        removed=removed,
    )


def _count(name: str, data: Data | None, otherwise: int) -> int:
    """How many of something a form sent; what it would show when nothing was sent."""
    if data is None:
        return otherwise
    return next((n for n in range(MOST_NEW) if name.format(n) not in data), MOST_NEW)


def _metrics(policies: Iterable[ScalingPolicy]) -> set[str | None]:
    return {policy.metric for policy in policies}
