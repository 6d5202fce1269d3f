"""A change of a service's scaling: what it leaves, what it does at once, how it is taken back, whether it conflicts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from services.domain.errors import Invalid
from services.domain.scaling.difference import Row, rows
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import StepPolicy, check_steps
from services.domain.snapshot import Scaling, ScalingPolicy, ScheduledAction

TRACKING, STEPS = "TargetTrackingScaling", "StepScaling"


class Named(Protocol):
    """What is put and removed by its name."""

    @property
    def name(self) -> str:
        """AWS's name of it."""


N = TypeVar("N", bound=Named)


@dataclass(frozen=True)
class ScalingState:
    """A service's scaling with what AWS's policies hold beyond it: the steps of step policies, and by policy the
    resource label of those on requests per target."""

    scaling: Scaling
    steps: tuple[StepPolicy, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


def state_of(scaling: Scaling) -> ScalingState:
    """The state of scaling that was read."""
    return ScalingState(scaling, scaling.steps, scaling.labels)


@dataclass(frozen=True)
class Suspended:
    """What is suspended."""

    scale_in: bool
    scale_out: bool
    scheduled: bool


@dataclass(frozen=True)
class ScalingChange:
    """One edit. None and empty leave a thing as it is. `policies` are put whole, by name, new ones with an empty ARN;
    `desired_once` sets the count and nothing holds it there. `until` is when it is to be taken back by itself."""

    min_capacity: int | None = None
    max_capacity: int | None = None
    suspended: Suspended | None = None
    policies: tuple[ScalingPolicy, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    steps: tuple[StepPolicy, ...] = ()
    removed_policies: tuple[str, ...] = ()
    scheduled: tuple[ScheduledAction, ...] = ()
    removed_scheduled: tuple[str, ...] = ()
    desired_once: int | None = None
    until: datetime | None = None

    @property
    def registers(self) -> bool:
        """Whether it registers the scalable target, which re-applies its bounds at once."""
        return (self.min_capacity, self.max_capacity, self.suspended) != (None, None, None)


def check_change(change: ScalingChange, state: ScalingState, now: datetime) -> ScalingChange:
    """Return the change, or raise Invalid for what AWS would refuse or Haven cannot put whole."""
    known = {policy.name: policy for policy in state.scaling.policies}
    actions = {action.name for action in state.scaling.scheduled}
    labels = dict((*state.labels, *change.labels))
    for policy in change.policies:
        _check_policy(policy, labels, known.get(policy.name))
    for steps in change.steps:
        check_steps(steps)
    lost = [name for name in change.removed_policies if name not in known]
    lost += [name for name in change.removed_scheduled if name not in actions]
    if lost:
        raise Invalid(f"There is no {lost[0]} to remove.", {"removed": "Reload: it is gone already."})
    if change.until is not None and change.until <= now:
        raise Invalid("The end lies in the past.", {"until": "Choose a time to come."})
    if change.desired_once is None and not difference(change, state):
        raise Invalid("Nothing would change.", {})
    return change


def _check_policy(policy: ScalingPolicy, labels: dict[str, str], known: ScalingPolicy | None) -> None:
    if known is not None and (known.type != TRACKING or known.metric is None):
        raise Invalid(f"{policy.name} is {known.type} on a metric of its own: edit it where it was made.", {})
    if policy.metric is None or policy.target is None or not policy.target > 0:
        raise Invalid(f"{policy.name} needs a metric and a target above 0.", {"target": "Give a number above 0."})
    if policy.metric != REQUESTS and policy.target > 100:
        raise Invalid(f"{policy.name}: a share is 100 % at most.", {"target": "Give 100 or less."})
    if policy.metric == REQUESTS and policy.name not in labels:
        said = f"{policy.name} needs the load balancer and target group whose requests it counts."
        raise Invalid(said, {"label": "Give app/<lb>/<id>/targetgroup/<group>/<id>."})
    if any(s is not None and s < 0 for s in (policy.scale_in_cooldown, policy.scale_out_cooldown)):
        raise Invalid(f"{policy.name}: a cooldown is 0 s or more.", {"cooldown": "Give 0 or more seconds."})


def after(change: ScalingChange, state: ScalingState) -> ScalingState:
    """The state the change leaves. A scheduled action without a bound keeps the one it had, as AWS does."""
    old = state.scaling
    kept = tuple(policy for policy in old.policies if policy.name not in change.removed_policies)
    stepped = tuple(_step_shape(step) for step in change.steps if step.name not in {p.name for p in kept})
    suspended = change.suspended or Suspended(old.scale_in_suspended, old.scale_out_suspended, old.scheduled_suspended)
    actions = tuple(action for action in old.scheduled if action.name not in change.removed_scheduled)
    made = replace(
        old,
        min_capacity=old.min_capacity if change.min_capacity is None else change.min_capacity,
        max_capacity=old.max_capacity if change.max_capacity is None else change.max_capacity,
        scale_in_suspended=suspended.scale_in,
        scale_out_suspended=suspended.scale_out,
        scheduled_suspended=suspended.scheduled,
        policies=_put(_put(kept, stepped), change.policies),
        scheduled=_put(actions, change.scheduled),
    )
    names = {policy.name for policy in made.policies}
    steps = tuple(step for step in _put(state.steps, change.steps) if step.name in names)
    labels = tuple((n, label) for n, label in sorted(dict((*state.labels, *change.labels)).items()) if n in names)
    return ScalingState(made, steps, labels)


def difference(change: ScalingChange, state: ScalingState) -> tuple[Row, ...]:
    """What the change would make different, before and after side by side."""
    then = after(change, state)
    return rows(state.scaling, then.scaling, state.steps, then.steps)


def desired_after(change: ScalingChange, state: ScalingState, desired: int) -> int:
    """How many tasks are desired at once: as asked for, and pulled into the bounds when AWS registers them."""
    count = desired if change.desired_once is None else change.desired_once
    bounds = after(change, state).scaling
    return min(max(count, bounds.min_capacity), bounds.max_capacity) if change.registers else count


def effects(change: ScalingChange, state: ScalingState, desired: int) -> tuple[str, ...]:
    """What the change does right now, as sentences."""
    then, said = after(change, state).scaling, list[str]()
    count = desired_after(change, state, desired)
    bounds = f"{then.min_capacity} to {then.max_capacity}"
    if change.registers and count != desired:
        said.append(f"AWS applies the bounds {bounds} at once: desired {desired} → {count}.")
    elif change.registers:
        said.append(f"AWS applies the bounds {bounds} at once: desired {desired} lies within, nothing moves.")
    elif change.desired_once is not None:
        said.append(f"Desired {desired} → {count} at once; policies may change it again from the next minute on.")
        if not then.min_capacity <= count <= then.max_capacity:
            said.append(f"{count} lies outside {bounds}: AWS pulls it back the next time anything scales.")
    if change.policies or change.steps:
        said.append("AWS remakes the alarms of the policies put; they need 3 minutes above or 15 below to ring.")
    if change.removed_policies:
        said.append(f"AWS deletes the alarms of {', '.join(change.removed_policies)}; it scales on them no more.")
    if for_good := _for_good(change, state):
        said.append(f"Haven cannot put {', '.join(for_good)} back: what it is made of was not read.")
    if change.suspended is not None and change.suspended.scale_out:
        said.append("Scaling out stops: more load gets no more tasks.")
    if change.until is not None:
        said.append(f"It is taken back at {change.until:%Y-%m-%d %H:%M} UTC.")
    return tuple(said)


def _for_good(change: ScalingChange, state: ScalingState) -> tuple[str, ...]:
    """The removed policies that no revert can bring back."""
    steps = {step.name for step in state.steps}
    gone = [policy for policy in state.scaling.policies if policy.name in change.removed_policies]
    return tuple(policy.name for policy in gone if policy.metric is None and policy.name not in steps)


def revert(before: ScalingState, now: ScalingState) -> ScalingChange:
    """The change that makes what is now as it was before; itself a change to be guarded and confirmed."""
    was, is_ = before.scaling, now.scaling
    old = Suspended(was.scale_in_suspended, was.scale_out_suspended, was.scheduled_suspended)
    new = Suspended(is_.scale_in_suspended, is_.scale_out_suspended, is_.scheduled_suspended)
    return ScalingChange(
        min_capacity=None if was.min_capacity == is_.min_capacity else was.min_capacity,
        max_capacity=None if was.max_capacity == is_.max_capacity else was.max_capacity,
        suspended=None if old == new else old,
        policies=tuple(p for p in _missing(was.policies, is_.policies, same_policy) if p.type == TRACKING),
        labels=before.labels if before.labels != now.labels else (),
        steps=_missing(before.steps, now.steps, lambda one, other: one == other),
        removed_policies=_surplus(is_.policies, was.policies),
        scheduled=_missing(was.scheduled, is_.scheduled, lambda one, other: one == other),
        removed_scheduled=_surplus(is_.scheduled, was.scheduled),
    )


def conflicts(opened: ScalingState, now: ScalingState) -> tuple[Row, ...]:
    """What somebody changed since the form was opened: both versions of it. Nothing may be written when there is any.
    ARNs and alarms do not count: AWS remakes them."""
    return rows(opened.scaling, now.scaling, opened.steps, now.steps)


def same_policy(one: ScalingPolicy, other: ScalingPolicy) -> bool:
    """Whether two policies say the same, whatever their ARNs and alarms."""
    return replace(one, arn="", alarms=()) == replace(other, arn="", alarms=())


def _put(old: tuple[N, ...], new: Iterable[N]) -> tuple[N, ...]:
    found = {each.name: each for each in (*old, *new)}
    return tuple(found[name] for name in sorted(found))


def _missing(was: tuple[N, ...], is_: tuple[N, ...], same: Callable[[N, N], bool]) -> tuple[N, ...]:
    found = {each.name: each for each in is_}
    return tuple(each for each in was if each.name not in found or not same(each, found[each.name]))


def _surplus(is_: tuple[N, ...], was: tuple[N, ...]) -> tuple[str, ...]:
    known = {each.name for each in was}
    return tuple(each.name for each in is_ if each.name not in known)


def _step_shape(step: StepPolicy) -> ScalingPolicy:
    return ScalingPolicy(step.name, "", STEPS, None, None, None, None, False)
