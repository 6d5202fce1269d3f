"""Taking a change back: only what it touched, and of that only what still stands as it left it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from services.domain.scaling.change import TRACKING, ScalingChange, ScalingState, Suspended, same_policy
from services.domain.scaling.step import StepPolicy
from services.domain.snapshot import Scaling, ScheduledAction


class Named(Protocol):
    """What is put and removed by its name."""

    @property
    def name(self) -> str:
        """AWS's name of it."""


N = TypeVar("N", bound=Named)


@dataclass(frozen=True)
class TakingBack:
    """The change that takes one back. `moved` names what somebody changed since, which is left alone; `lost` what
    cannot be put back, for what it was made of was not read."""

    change: ScalingChange
    moved: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there is anything to take back."""
        return self.change != ScalingChange()


@dataclass
class _Told:
    moved: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass
class _Found(Generic[N]):
    put: list[N] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def taking_back(change: ScalingChange, before: ScalingState, now: ScalingState) -> TakingBack:
    """What makes now as it was before the change. What is as it was already is passed over; a count that was set once
    is not taken back, for nothing held it."""
    told = _Told()
    was, is_ = before.scaling, now.scaling
    labels = dict(before.labels)
    policies = _sorted_out(
        "policy", change.policies, change.removed_policies, was.policies, is_.policies, same_policy, told
    )
    steps = _sorted_out("steps of", change.steps, change.removed_policies, before.steps, now.steps, _equal, told)
    actions = _sorted_out(
        "scheduled action", change.scheduled, change.removed_scheduled, was.scheduled, is_.scheduled, _equal, told
    )
    # A step policy is put back by its steps; one of another kind that was removed is gone for good.
    tracked = [policy for policy in policies.put if policy.type == TRACKING and policy.metric is not None]
    stepped = {step.name for step in before.steps}
    told.lost += [p.name for p in policies.put if p not in tracked and p.name not in stepped]
    return TakingBack(
        ScalingChange(
            min_capacity=_number("minimum", change.min_capacity, was.min_capacity, is_.min_capacity, told),
            max_capacity=_number("maximum", change.max_capacity, was.max_capacity, is_.max_capacity, told),
            suspended=_suspended(change.suspended, was, is_, told),
            policies=tuple(tracked),
            labels=tuple((p.name, labels[p.name]) for p in tracked if p.name in labels),
            steps=tuple(steps.put),
            removed_policies=tuple(dict.fromkeys((*policies.removed, *steps.removed))),
            scheduled=tuple(actions.put),
            removed_scheduled=tuple(actions.removed),
        ),
        tuple(dict.fromkeys(told.moved)),
        tuple(told.lost),
    )


def _number(name: str, left: int | None, was: int, is_: int, told: _Told) -> int | None:
    if left is None or is_ == was:
        return None
    if is_ != left:
        told.moved.append(f"the {name}")
        return None
    return was


def _suspended(left: Suspended | None, was: Scaling, is_: Scaling, told: _Told) -> Suspended | None:
    old = Suspended(was.scale_in_suspended, was.scale_out_suspended, was.scheduled_suspended)
    new = Suspended(is_.scale_in_suspended, is_.scale_out_suspended, is_.scheduled_suspended)
    if left is None or old == new:
        return None
    if new != left:
        told.moved.append("what is suspended")
        return None
    return old


def _sorted_out(
    kind: str,
    put: Sequence[N],
    removed: Sequence[str],
    was: Sequence[N],
    is_: Sequence[N],
    same: Callable[[N, N], bool],
    told: _Told,
) -> _Found[N]:
    found, old, new = _Found[N](), {each.name: each for each in was}, {each.name: each for each in is_}
    left: dict[str, N | None] = {name: None for name in removed if name in old} | {each.name: each for each in put}
    for name, mine in left.items():
        before, now = old.get(name), new.get(name)
        if _same(before, now, same):
            continue
        if not _same(mine, now, same):
            told.moved.append(f"{kind} {name}")
        elif before is None:
            found.removed.append(name)
        else:
            found.put.append(before)
    return found


def _same(one: N | None, other: N | None, same: Callable[[N, N], bool]) -> bool:
    if one is None or other is None:
        return one is other
    return same(one, other)


def _equal(one: StepPolicy | ScheduledAction, other: StepPolicy | ScheduledAction) -> bool:
    return one == other
