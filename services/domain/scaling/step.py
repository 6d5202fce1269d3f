"""Step scaling: an alarm of one's own says when, the size of its breach says how much.

Fractions of a percentage are cut towards zero, but never to nothing: 0.6 becomes 1, 2.9 becomes 2, -6.7 becomes -6.
While a scale-out cools down, what it added counts as part of the next one; a scale-in waits for the cooldown of a
scale-in, and a scale-out ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import trunc

from services.domain.errors import Invalid
from services.domain.scaling.decision import Code, Decision, held, moved, quiet

MOST_STEPS = 20


class Adjustment(StrEnum):
    """How a step's number is meant."""

    CHANGE = "ChangeInCapacity"
    PERCENT = "PercentChangeInCapacity"
    EXACT = "ExactCapacity"


@dataclass(frozen=True)
class Step:
    """From `lower` to `upper` beyond the alarm's threshold (None is without end) adjust by `by`."""

    by: int
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class StepPolicy:
    """A step scaling policy; the cooldown is in seconds, `least` is AWS's MinAdjustmentMagnitude."""

    name: str
    adjustment: Adjustment
    steps: tuple[Step, ...]
    cooldown: int = 300
    least: int | None = None
    aggregation: str = "Average"


@dataclass(frozen=True)
class Limits:
    """What bounds a step policy: the target's capacity and what is suspended."""

    min_capacity: int
    max_capacity: int
    scale_out_suspended: bool = False
    scale_in_suspended: bool = False


@dataclass(frozen=True)
class StepMemory:
    """What is remembered between minutes, as in target tracking."""

    desired: int
    out_until: int = 0
    out_base: int = 0
    in_until: int = 0


def check_steps(policy: StepPolicy) -> StepPolicy:
    """Return the policy, or raise Invalid where AWS would refuse it."""
    problem = _problem(policy)
    if problem:
        raise Invalid(problem, {"steps": problem})
    return policy


def _problem(policy: StepPolicy) -> str:
    if not 1 <= len(policy.steps) <= MOST_STEPS:
        return f"Give 1 to {MOST_STEPS} steps."
    if policy.cooldown < 0:
        return "Give a cooldown of 0 seconds or more."
    if policy.least is not None and (policy.adjustment is not Adjustment.PERCENT or policy.least < 1):
        return "A least adjustment is 1 or more, and only for percentages."
    if policy.adjustment is Adjustment.EXACT and any(step.by < 0 for step in policy.steps):
        return "An exact capacity is 0 or more."
    return _gaps(policy.steps)


def _gaps(steps: Sequence[Step]) -> str:
    low, high = float("-inf"), float("inf")
    spans = sorted((low if s.lower is None else s.lower, high if s.upper is None else s.upper) for s in steps)
    if any(upper <= lower for lower, upper in spans):
        return "Each step's upper bound lies above its lower bound."
    if any(one[1] != other[0] for one, other in pairwise(spans)):
        return "Steps follow each other without gap or overlap: one begins where the other ends."
    return ""


def step_for(policy: StepPolicy, breach: float) -> Step | None:
    """The step for a metric `breach` beyond the threshold: above it the lower bound belongs to the step, below it the
    upper one does. None when no step reaches that far."""
    spans = [
        (float("-inf") if s.lower is None else s.lower, float("inf") if s.upper is None else s.upper, s)
        for s in policy.steps
    ]
    above = next((s for low, high, s in spans if low <= breach < high), None) if breach >= 0 else None
    if above is not None or breach > 0:
        return above
    return next((s for low, high, s in spans if low < breach <= high), None)


def adjusted(policy: StepPolicy, step: Step, tasks: int) -> int:
    """The count a step asks for, never below 0."""
    if policy.adjustment is Adjustment.EXACT:
        return step.by
    change = step.by if policy.adjustment is Adjustment.CHANGE else _percent(step.by, tasks, policy.least or 1)
    return max(0, tasks + change)


def _percent(by: int, tasks: int, least: int) -> int:
    raw = tasks * by / 100
    if raw == 0:
        return 0
    size = max(least, 1, abs(trunc(raw)))
    return size if raw > 0 else -size


def evaluate(
    policy: StepPolicy, limits: Limits, memory: StepMemory, minute: int, breach: float | None, alarm: str = "alarm"
) -> tuple[StepMemory, Decision]:
    """One minute. `breach` is metric less threshold while the policy's alarm rings, None while it does not."""
    step = None if breach is None else step_for(policy, breach)
    if breach is None or step is None:
        said = "Its alarm does not ring." if breach is None else f"No step is for a breach of {breach:g}."
        return memory, quiet(minute, memory.desired, said)
    cooling = minute * 60 < memory.out_until
    asked = count = adjusted(policy, step, memory.desired)
    base = memory.desired
    if cooling and count > memory.desired:
        base = memory.out_base
        count = max(adjusted(policy, step, base), memory.desired)
    after = min(max(count, limits.min_capacity), limits.max_capacity)
    asks = f"A breach of {breach:g} asks for {policy.adjustment} {step.by:+d}: {base} → {count}"
    cause = f"monitor alarm {alarm} in state ALARM triggered policy {policy.name}"
    stopped = _stopped(limits, memory, minute, asked, after)
    if stopped:
        return memory, held(minute, memory.desired, policy.name, cause, f"{asks}, {stopped[0]}.", stopped[1])
    until = minute * 60 + policy.cooldown
    made = StepMemory(after, until, base) if after > memory.desired else StepMemory(after, in_until=until)
    return made, moved(minute, memory.desired, after, policy.name, cause, f"{asks}; bounded {after}.")


def _stopped(limits: Limits, memory: StepMemory, minute: int, count: int, after: int) -> tuple[str, Code | None] | None:
    """Why it does not act. `count` is what the step asks of the count of now, whatever is being launched: at the
    maximum that is the reason, as in target tracking."""
    now, at = memory.desired, minute * 60
    if limits.scale_out_suspended and (count > now or after > now == count):
        return "but scaling out is suspended", None
    if limits.scale_in_suspended and (count < now or after < now == count):
        return "but scaling in is suspended", None
    if count > now and now >= limits.max_capacity:
        return f"but {now} is the maximum or more", Code.AT_MAX
    if count < now and now <= limits.min_capacity:
        return f"but {now} is the minimum or less", Code.AT_MIN
    if after == now:
        if at < memory.out_until:
            return f"not more than {now}; {memory.out_until - at} s of the cooldown are left", None
        return "which there are already", Code.AT_DESIRED
    if after < now and at < memory.in_until:
        return f"but {memory.in_until - at} s of the cooldown are left", None
    return None
