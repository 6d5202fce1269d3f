"""What scaling decides in a minute: alarms and readings in, a count out; no clock, no backend (aws-facts 4.2, 4.3).

Who asks for a count is a `Wish`. Wishes for more win over wishes for less, and of each kind the largest count wins.
Trackings wish for less only together: each one that may scale in must have its low alarm ring. One that may not has no
say in whether, but its reading bounds how far, for AWS never scales in below what another policy needs.

A cooldown is the target's, counted in seconds from the minute of the act. While that of a scale-out lasts, what it
added counts as part of the next: the sum starts from the count before it, and only more than there is now is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, trunc

AT_MAX, AT_MIN, AT_DESIRED = "AlreadyAtMaxCapacity", "AlreadyAtMinCapacity", "AlreadyAtDesiredCapacity"
FLAPPING = "AutoScalingAnticipatedFlapping"
DUST = 1e-9
"""What fractions may leave of a sum that should be whole: 3 x 70 / 70 asks for 3 tasks, not for 4."""


@dataclass(frozen=True)
class Tracker:
    """A target tracking policy: whether its alarms ring (`low` is None where it may not scale in), its newest reading
    of the last 17 minutes, the alarms' names and its cooldowns in seconds."""

    name: str
    target: float
    high: bool
    low: bool | None
    reading: float | None
    alarms: tuple[str, str]
    rest_out: int = 300
    rest_in: int = 300

    def count(self, base: int) -> int:
        """How many tasks bring its metric to the target."""
        return ceil(base * (self.reading or 0.0) / self.target - DUST)


@dataclass(frozen=True)
class Stepper:
    """A step scaling policy whose alarm rings, `breach` beyond its threshold. Steps are (from, up to, adjustment), a
    bound of None being without end."""

    name: str
    alarm: str
    breach: float
    kind: str
    steps: tuple[tuple[float | None, float | None, int], ...]
    rest: int = 300
    least: int = 1

    def count(self, base: int) -> int | None:
        """The count its step asks for; None when no step is for the breach."""
        by = self._step()
        return None if by is None else max(0, self._adjusted(base, by))

    def _step(self) -> int | None:
        """Beyond the threshold the bound next to it belongs to a step and the far one does not, on both sides."""
        beyond = self.breach
        for low, high, by in self.steps if beyond >= 0 else ():
            if (low is None or low <= beyond) and (high is None or beyond < high):
                return by
        for low, high, by in self.steps if beyond <= 0 else ():
            if (low is None or low < beyond) and (high is None or beyond <= high):
                return by
        return None

    def _adjusted(self, base: int, by: int) -> int:
        if self.kind == "ExactCapacity":
            return by
        if self.kind == "ChangeInCapacity":
            return base + by
        share = base * by / 100
        size = max(abs(trunc(share)), self.least, 1)
        return base + (size if share > 0 else -size if share < 0 else 0)


@dataclass(frozen=True)
class Limits:
    """What bounds a target in a minute."""

    least: int
    most: int
    out_off: bool = False
    in_off: bool = False
    deploying: bool = False


@dataclass(frozen=True)
class Memory:
    """What a target remembers: the count it set last, until when it cools down (seconds since the epoch), from which
    count the last scale-out began, and why it did not scale the minute before."""

    count: int = 0
    out_until: float = 0
    out_base: int = 0
    in_until: float = 0
    code: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What an alarm led to. `code` says why nothing was done in AWS's word; None if something was, or if AWS keeps no
    record of it (suspended, cooling down). `again` says that the minute before had the same code."""

    count: int
    policy: str
    alarm: str
    code: str | None = None
    again: bool = False


@dataclass(frozen=True)
class _Wish:
    count: int
    policy: str
    alarm: str
    rest: int


def decide(
    limits: Limits, memory: Memory, desired: int, at: float, trackers: Sequence[Tracker], steppers: Sequence[Stepper]
) -> tuple[Memory, Verdict | None]:
    """What to do at a time with `desired` tasks; None when no alarm asks for anything."""
    if memory.count != desired:  # somebody else changed the count: what the last scale-out added is not there
        memory = Memory(desired, in_until=memory.in_until, code=memory.code)
    cooling = at < memory.out_until
    more, less, same = _step_wishes(steppers, limits, desired, memory.out_base if cooling else desired)
    for tracker in trackers:
        if tracker.high:
            count = tracker.count(memory.out_base if cooling else desired)
            more.append(_Wish(count, tracker.name, tracker.alarms[0], tracker.rest_out))
    less += _together(trackers, desired)
    if more:
        wish = max(more, key=lambda each: each.count)
        after, verdict = _out(limits, memory, desired, at, wish)
    elif less:
        wish = max(less, key=lambda each: each.count)
        after, verdict = _in(limits, memory, desired, at, wish)
    elif same:
        after, verdict = memory, Verdict(desired, same[0].policy, same[0].alarm, None if cooling else AT_DESIRED)
    else:
        return (memory if memory.code is None else replace(memory, code=None)), None
    again = verdict.code is not None and verdict.code == memory.code
    return replace(after, code=verdict.code), replace(verdict, again=again)


def bounded(memory: Memory, count: int) -> Memory:
    """What is remembered after bounds set the count: no cooldown begins, and what was launched counts no more."""
    return replace(memory, count=count, out_until=0, out_base=count)


def _step_wishes(
    steppers: Sequence[Stepper], limits: Limits, desired: int, base: int
) -> tuple[list[_Wish], list[_Wish], list[_Wish]]:
    more, less, same = list[_Wish](), list[_Wish](), list[_Wish]()
    for stepper in steppers:
        count = stepper.count(desired)
        if count is None:
            continue
        if count > desired:
            count = max(desired, stepper.count(base) or 0)
            kind = more
        elif count < desired or desired > limits.most:
            kind = less
        else:
            kind = more if desired < limits.least else same
        kind.append(_Wish(count, stepper.name, stepper.alarm, stepper.rest))
    return more, less, same


def _together(trackers: Sequence[Tracker], desired: int) -> list[_Wish]:
    able = [t for t in trackers if t.low is not None]
    if not able or not all(t.low for t in able):
        return []
    leading = max(able, key=lambda t: t.count(desired))
    count = max(t.count(desired) for t in trackers if t.reading is not None)
    return [_Wish(count, leading.name, leading.alarms[1], leading.rest_in)]


def _out(limits: Limits, memory: Memory, desired: int, at: float, wish: _Wish) -> tuple[Memory, Verdict]:
    cooling = at < memory.out_until
    after = min(max(wish.count, limits.least), limits.most)
    code = None
    if after <= desired or limits.out_off:
        if not limits.out_off:
            code = AT_MAX if desired >= limits.most else None if cooling else AT_DESIRED
        return memory, Verdict(desired, wish.policy, wish.alarm, code)
    made = Memory(after, at + wish.rest, memory.out_base if cooling else desired)
    return made, Verdict(after, wish.policy, wish.alarm)


def _in(limits: Limits, memory: Memory, desired: int, at: float, wish: _Wish) -> tuple[Memory, Verdict]:
    after = min(max(wish.count, limits.least), limits.most)
    code, acts = None, False
    if not limits.in_off and not limits.deploying:
        if desired <= limits.least:
            code = AT_MIN
        elif after >= desired:
            code = FLAPPING
        else:
            acts = at >= memory.in_until
    if not acts:
        return memory, Verdict(desired, wish.policy, wish.alarm, code)
    return Memory(after, in_until=at + wish.rest), Verdict(after, wish.policy, wish.alarm)
