"""The form as a whole: its parts with what they stand for, whether all can be read, and the change they make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wtforms import Form

from portal.scaling.forms import ActionForm, BoundsForm, PolicyForm, StepForm, StepPolicyForm, UntilForm, wrong
from portal.scaling.until import ends
from services.domain.errors import Invalid
from services.domain.scaling.change import TRACKING, ScalingChange, ScalingState, Suspended, same_policy
from services.domain.scaling.load import CPU, MEMORY, REQUESTS
from services.domain.scaling.step import Adjustment, Step, StepPolicy, check_steps
from services.domain.snapshot import ScalingPolicy, ScheduledAction

METRICS = {CPU: "CPU", MEMORY: "memory", REQUESTS: "requests per target"}
UNITS = {CPU: "%", MEMORY: "%", REQUESTS: "requests a minute"}


@dataclass(frozen=True)
class Tracked:
    """A target tracking policy; `policy` is None for one to be added."""

    policy: ScalingPolicy | None
    metric: str
    form: PolicyForm

    @property
    def word(self) -> str:
        """What it aims at, in a word or two."""
        return METRICS[self.metric]

    @property
    def unit(self) -> str:
        """Of its target."""
        return UNITS[self.metric]

    def wanted(self) -> ScalingPolicy | None:
        """The policy as typed; None when it is removed, or not to be added."""
        form = self.form
        if form.removed.data or form.target.data is None:
            return None
        name = (form.name.data or "").strip()
        made = self.policy or ScalingPolicy(name, "", TRACKING, self.metric, None, None, None, False)
        return replace(
            made,
            target=float(form.target.data),
            scale_out_cooldown=form.out.data,
            scale_in_cooldown=form.into.data,
            scale_in_disabled=not form.scales_in.data,
        )


@dataclass(frozen=True)
class Stepped:
    """A step policy; `policy` is None for one to be added."""

    policy: StepPolicy | None
    form: StepPolicyForm
    rows: Sequence[StepForm]

    @property
    def used(self) -> bool:
        """Whether it is to be there."""
        return not self.form.removed.data and (self.policy is not None or bool((self.form.name.data or "").strip()))

    def wanted(self) -> StepPolicy:
        """The policy as typed."""
        form = self.form
        steps = [Step(row.by.data, row.lower.data, row.upper.data) for row in self.rows if row.by.data is not None]
        return StepPolicy(
            self.policy.name if self.policy else (form.name.data or "").strip(),
            Adjustment(form.adjustment.data),
            tuple(steps),
            300 if form.cooldown.data is None else form.cooldown.data,
            form.least.data if form.adjustment.data == Adjustment.PERCENT.value else None,
            form.aggregation.data,
        )


@dataclass(frozen=True)
class Scheduled:
    """A scheduled action; `action` is None for one to be added."""

    action: ScheduledAction | None
    form: ActionForm

    def wanted(self) -> ScheduledAction:
        """The action as typed."""
        form = self.form
        return ScheduledAction(
            self.action.name if self.action else (form.name.data or "").strip(),
            (form.schedule.data or "").strip(),
            (form.timezone.data or "").strip() or None,
            form.minimum.data,
            form.maximum.data,
        )


@dataclass(frozen=True)
class Sheet:
    """Every part of the form. `others` are policies that only AWS's own tools can edit."""

    opened: ScalingState
    bounds: BoundsForm
    until: UntilForm
    tracked: Sequence[Tracked]
    added: Sequence[Tracked]
    stepped: Sequence[Stepped]
    scheduled: Sequence[Scheduled]
    others: Sequence[ScalingPolicy]

    @property
    def wrong(self) -> bool:
        """Whether `check` found anything."""
        forms: list[Form] = [self.bounds, self.until, *(t.form for t in (*self.tracked, *self.added))]
        forms += [row for step in self.stepped for row in (step.form, *step.rows)]
        return any(form.errors for form in (*forms, *(s.form for s in self.scheduled)))

    def check(self) -> bool:
        """Whether all that was typed can be read; what cannot has its error beside it."""
        forms = [self.bounds, self.until, *(t.form for t in (*self.tracked, *self.added))]
        rows = [row for step in self.stepped for row in step.rows]
        faulty = wrong([*forms, *(s.form for s in self.stepped), *rows, *(s.form for s in self.scheduled)])
        checks = [self._check_steps(step) for step in self.stepped if step.used]
        return all([not faulty, *checks, self._check_names()])

    def _check_steps(self, step: Stepped) -> bool:
        try:
            check_steps(step.wanted())
        except (Invalid, ValueError) as problem:
            step.form.adjustment.errors = [*step.form.adjustment.errors, str(problem)]
            return False
        return True

    def _check_names(self) -> bool:
        """What is added must not put itself in the place of what is there."""
        policies = {policy.name for policy in self.opened.scaling.policies}
        actions = {action.name for action in self.opened.scaling.scheduled}
        new: list[tuple[Form, set[str], bool]] = [
            *((t.form, policies, t.wanted() is not None) for t in self.added),
            *((s.form, policies, s.used) for s in self.stepped if s.policy is None),
            *((s.form, actions, s.form.wanted) for s in self.scheduled if s.action is None),
        ]
        fine = True
        for form, taken, used in new:
            name = (form["name"].data or "").strip()
            if used and name in taken:
                form["name"].errors = [*form["name"].errors, f"{name} is there already; choose another name."]
                fine = False
            if used:
                taken.add(name)
        return fine

    def change(self, now: datetime) -> ScalingChange:
        """What differs from the opened state; for a sheet that `check` found good."""
        old, bounds = self.opened.scaling, self.bounds
        held = Suspended(bool(bounds.hold_in.data), bool(bounds.hold_out.data), bool(bounds.hold_scheduled.data))
        policies, labels = self._policies()
        steps = {step.name: step for step in self.opened.steps}
        actions = {action.name: action for action in old.scheduled}
        put = [s.wanted() for s in self.stepped if s.used]
        planned = [s.wanted() for s in self.scheduled if s.form.wanted]
        return ScalingChange(
            min_capacity=_other(bounds.minimum.data, old.min_capacity),
            max_capacity=_other(bounds.maximum.data, old.max_capacity),
            suspended=None if held == _held(self.opened) else held,
            policies=policies,
            labels=labels,
            steps=tuple(each for each in put if steps.get(each.name) != each),
            removed_policies=tuple(self._removed()),
            scheduled=tuple(each for each in planned if actions.get(each.name) != each),
            removed_scheduled=tuple(s.action.name for s in self.scheduled if s.action and s.form.removed.data),
            desired_once=bounds.desired.data,
            until=ends(self.until.lasts.data, self.until.until.data or "", now),
        )

    def _policies(self) -> tuple[tuple[ScalingPolicy, ...], tuple[tuple[str, str], ...]]:
        put, labels, known = list[ScalingPolicy](), list[tuple[str, str]](), dict(self.opened.labels)
        for each in (*self.tracked, *self.added):
            made = each.wanted()
            if made is None:
                continue
            label = (each.form.label.data or "").strip() if each.metric == REQUESTS else ""
            moved = bool(label) and known.get(made.name) != label
            if moved:
                labels.append((made.name, label))
            if moved or each.policy is None or not same_policy(each.policy, made):
                put.append(made)
        return tuple(put), tuple(labels)

    def _removed(self) -> Iterator[str]:
        yield from (t.policy.name for t in self.tracked if t.policy and t.form.removed.data)
        yield from (s.policy.name for s in self.stepped if s.policy and s.form.removed.data)


def _held(state: ScalingState) -> Suspended:
    scaling = state.scaling
    return Suspended(scaling.scale_in_suspended, scaling.scale_out_suspended, scaling.scheduled_suspended)


def _other(typed: int | None, was: int) -> int | None:
    return None if typed in (None, was) else typed
