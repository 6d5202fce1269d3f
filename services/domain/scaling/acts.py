"""A change as AWS takes it: single writes in an order that is safe to stop after any of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from services.domain.scaling.change import ScalingChange, ScalingState, Suspended, same_policy
from services.domain.scaling.load import REQUESTS


class Call(StrEnum):
    """The writes there are."""

    DELETE_POLICY = "DeleteScalingPolicy"
    DELETE_SCHEDULED = "DeleteScheduledAction"
    PUT_POLICY = "PutScalingPolicy"
    PUT_SCHEDULED = "PutScheduledAction"
    SET_DESIRED = "UpdateService"
    REGISTER = "RegisterScalableTarget"


@dataclass(frozen=True)
class Write:
    """One write. `key` is stable and names it within the change (`PutScalingPolicy/rbac-cpu`), `name` is what it is
    about, `part` the change with nothing else left in it."""

    key: str
    call: Call
    name: str
    part: ScalingChange

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice leaves what sending it once does. The desired count may have moved meanwhile."""
        return self.call is not Call.SET_DESIRED


def completed(change: ScalingChange, state: ScalingState) -> ScalingChange:
    """The change with the resource label of each policy on requests that is put and has one already: AWS takes a policy
    whole."""
    said, known = dict(change.labels), dict(state.labels)
    missing = [p.name for p in change.policies if p.metric == REQUESTS and p.name not in said and p.name in known]
    return replace(change, labels=(*change.labels, *((name, known[name]) for name in missing)))


def writes(change: ScalingChange) -> tuple[Write, ...]:
    """The writes of a change in the order they are sent: what is removed first, bounds last."""
    return tuple(_writes(change))


def _writes(change: ScalingChange) -> Iterator[Write]:
    nothing = ScalingChange()
    for name in change.removed_policies:
        yield _write(Call.DELETE_POLICY, name, replace(nothing, removed_policies=(name,)))
    for name in change.removed_scheduled:
        yield _write(Call.DELETE_SCHEDULED, name, replace(nothing, removed_scheduled=(name,)))
    for policy in change.policies:
        labels = tuple(each for each in change.labels if each[0] == policy.name)
        yield _write(Call.PUT_POLICY, policy.name, replace(nothing, policies=(policy,), labels=labels))
    for steps in change.steps:
        yield _write(Call.PUT_POLICY, steps.name, replace(nothing, steps=(steps,)))
    for action in change.scheduled:
        yield _write(Call.PUT_SCHEDULED, action.name, replace(nothing, scheduled=(action,)))
    if change.desired_once is not None:
        yield _write(Call.SET_DESIRED, "", replace(nothing, desired_once=change.desired_once))
    if change.registers:
        bounds = replace(nothing, min_capacity=change.min_capacity, max_capacity=change.max_capacity)
        yield _write(Call.REGISTER, "", replace(bounds, suspended=change.suspended))


def holds(write: Write, state: ScalingState, desired: int) -> bool:
    """Whether what a write is for is so."""
    part, scaling = write.part, state.scaling
    policies = {policy.name: policy for policy in scaling.policies}
    actions = {action.name: action for action in scaling.scheduled}
    steps, labels = {each.name: each for each in state.steps}, dict(state.labels)
    suspended = Suspended(scaling.scale_in_suspended, scaling.scale_out_suspended, scaling.scheduled_suspended)
    return (
        not any(name in policies for name in part.removed_policies)
        and not any(name in actions for name in part.removed_scheduled)
        and all(p.name in policies and same_policy(p, policies[p.name]) for p in part.policies)
        and all(labels.get(name) == label for name, label in part.labels)
        and all(steps.get(each.name) == each for each in part.steps)
        and all(actions.get(each.name) == each for each in part.scheduled)
        and part.desired_once in (None, desired)
        and part.min_capacity in (None, scaling.min_capacity)
        and part.max_capacity in (None, scaling.max_capacity)
        and part.suspended in (None, suspended)
    )


def _write(call: Call, name: str, part: ScalingChange) -> Write:
    return Write(f"{call.value}/{name}" if name else call.value, call, name, part)
