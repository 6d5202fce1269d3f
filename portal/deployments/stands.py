"""How far each stack of a deployment is, by its rollout. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.deployment.event import Rollout
from services.domain.deployment.plan import Deed, StackPlan
from services.domain.operation import Operation
from services.domain.status import Status
from services.domain.wording import listed
from services.usecases.deployment_shapes import Progressing
from services.usecases.deployment_steps import key

Span = tuple[str, str, datetime, datetime | None, str]
"""Logical id, type, began, ended or None, last status."""
_DELETED = "DELETE_COMPLETE"


@dataclass(frozen=True)
class Stand:
    """One stack. `done` of `total` resources are where they should be (`total` 0 when that is not known); `rollout` is
    None before it begins; `begins` is False for one that nothing happens to."""

    plan: StackPlan
    status: Status
    word: str
    done: int
    total: int
    rollout: Rollout | None
    typical: timedelta | None
    begins: bool = True

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def failed(self) -> bool:
        """Whether its rollout failed."""
        return self.status is Status.DOWN or bool(self.rollout and self.rollout.failure)

    @property
    def spans(self) -> Sequence[Span]:
        """Its resources in the order they began."""
        found = self.rollout.spans if self.rollout else ()
        return sorted((span for span in found if span[0] != self.plan.stack_name), key=lambda span: span[2])

    def took(self, now: datetime) -> timedelta | None:
        """How long it took, or runs so far."""
        return (self.rollout.ended_at or now) - self.rollout.began_at if self.rollout else None


def stands(progressing: Progressing) -> Sequence[Stand]:
    """Every stack of the plan, in its order."""
    typical = {each.stack: each.typical for each in progressing.expected}
    operation, found, ahead = progressing.operation, [], set[str]()
    for stack in progressing.plan.stacks:
        rollout = progressing.rollouts.get(stack.name)
        waits_for = [each for each in stack.after if each in ahead]
        status, word = _stands(stack, rollout, waits_for, live=operation.live)
        if rollout is None and not operation.live and executed(operation, stack.name):
            status, word = Status.UNKNOWN, "its events are awaited"
        if status is not Status.HEALTHY:
            ahead.add(stack.name)
        begins = rollout is not None or not stack.unchanged
        total = _total(stack, rollout)
        whole = rollout is not None and status is Status.HEALTHY
        done = total if whole else sum(_ended_well(span) for span in rollout.spans) if rollout else 0
        found.append(Stand(stack, status, word, done, total, rollout, typical.get(stack.name), begins))
    return found


def executed(operation: Operation, stack: str) -> bool:
    """Whether CloudFormation was asked to begin with a stack, as far as was seen."""
    return any(operation.seen_at(key(verb, stack)) for verb in ("execute", "delete"))


def _ended_well(span: Span) -> bool:
    _, _, _, ended, status = span
    return ended is not None and status.endswith("_COMPLETE")


def _total(stack: StackPlan, rollout: Rollout | None) -> int:
    wanted = len(stack.removed) if stack.deed is Deed.DELETE else 0
    wanted = len(stack.change_set.resources) if stack.change_set else wanted
    return max(wanted, len(rollout.spans) if rollout else 0)


def _stands(stack: StackPlan, rollout: Rollout | None, waits_for: Sequence[str], *, live: bool) -> tuple[Status, str]:
    if rollout is None:
        if stack.unchanged:
            return Status.HEALTHY, "unchanged"
        if not live:
            return Status.PAUSED, "not begun"
        return Status.PAUSED, f"waits for {listed(waits_for, 2)}" if waits_for else "waits"
    status = rollout.status
    if rollout.ended_at is None:
        if "ROLLBACK" in status:
            return Status.DEGRADED, "being put back"
        word = "being deleted" if stack.deed is Deed.DELETE else "being made" if _creates(stack) else "changing"
        return Status.CHANGING, word
    if status.endswith("ROLLBACK_FAILED"):
        return Status.DOWN, "rollback failed"
    if "ROLLBACK" in status:
        return Status.DOWN, "failed, put back"
    if status == _DELETED:
        return Status.HEALTHY, "deleted"
    if status.endswith("_COMPLETE"):
        return Status.HEALTHY, "made" if _creates(stack) else "changed"
    return Status.DOWN, "failed"


def _creates(stack: StackPlan) -> bool:
    return bool(stack.change_set and stack.change_set.creates)
