"""Target tracking as Application Auto Scaling does it (aws-facts 4.2), minute by minute.

Each policy has two alarms: high, the last 3 minutes above the target; low, the last 15 below nine tenths of it. Any
high one scales out; in only when every low one rings whose policy may scale in. The new count is
`ceil(tasks × metric ÷ target)` of the newest point, the greatest of all policies, within the bounds.

A cooldown is the target's and begins with the minute of the act. During that of a scale-out the tasks it added are
counted as part of the next one: the sum starts from the count before it, and only a greater count than now is asked
for, which begins the cooldown anew. A scale-out ends the cooldown of a scale-in, and the other way round. What is
remembered is explicit, so that any minute can be replayed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil

from services.domain.scaling.alarm import EXTRA, AlarmState, judge
from services.domain.scaling.decision import Code, Decision, Outcome, held, moved, quiet
from services.domain.snapshot import Scaling, ScalingPolicy

HIGH_MINUTES, LOW_MINUTES, LOW_SHARE = 3, 15, 0.9
COOLDOWN = 300
_KEPT = LOW_MINUTES + EXTRA
_SLACK = 1e-9
"""So that 3 tasks × 70 ÷ 70 stay 3, whatever the fractions do."""


@lru_cache(1024)
def _low(target: float) -> float:
    return round(target * LOW_SHARE, 4)


@dataclass(frozen=True, slots=True)
class Tracking:
    """A target tracking policy. `metric` is AWS's metric type and names the reading; cooldowns are in seconds."""

    name: str
    metric: str
    target: float
    scale_out_cooldown: int = COOLDOWN
    scale_in_cooldown: int = COOLDOWN
    scale_in_disabled: bool = False
    high_alarm: str = "AlarmHigh"
    low_alarm: str = "AlarmLow"

    @property
    def low(self) -> float:
        """The low alarm's threshold."""
        return _low(self.target)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in a minute: bounds, policies, what is suspended, and whether ECS is deploying (then nothing scales
    in). Targets are above 0 and names of policies differ."""

    min_capacity: int
    max_capacity: int
    policies: tuple[Tracking, ...]
    scale_out_suspended: bool = False
    scale_in_suspended: bool = False
    deploying: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of a policy: its last 17 readings, oldest first, and the states of its alarms."""

    readings: tuple[float | None, ...] = ()
    high: AlarmState = AlarmState.UNKNOWN
    low: AlarmState = AlarmState.UNKNOWN

    @property
    def newest(self) -> float | None:
        """The newest known reading."""
        return next((value for value in reversed(self.readings) if value is not None), None)


_FRESH = Watch()


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered between minutes. Cooldowns end at `out_until` and `in_until`, seconds since the epoch;
    `out_base` is the count before the scale-out that is cooling down, `code` the last reason for not scaling."""

    desired: int
    watches: tuple[tuple[str, Watch], ...] = ()
    out_until: int = 0
    out_base: int = 0
    in_until: int = 0
    code: Code | None = None


def rules_of(scaling: Scaling) -> Rules:
    """The rules of a service's scaling. Policies of other types, and those of a metric of one's own, are left out."""
    return Rules(
        scaling.min_capacity,
        scaling.max_capacity,
        tuple(tracking_of(p) for p in scaling.policies if p.type == "TargetTrackingScaling" and p.metric and p.target),
        scaling.scale_out_suspended,
        scaling.scale_in_suspended,
    )


def tracking_of(policy: ScalingPolicy) -> Tracking:
    """The engine's policy of one that was read. AWS's default cooldown holds where none is set."""
    out, in_ = policy.scale_out_cooldown, policy.scale_in_cooldown
    return Tracking(
        policy.name,
        policy.metric or "",
        policy.target or 0.0,
        COOLDOWN if out is None else out,
        COOLDOWN if in_ is None else in_,
        policy.scale_in_disabled,
        next((name for name in policy.alarms if "AlarmHigh" in name), "AlarmHigh"),
        next((name for name in policy.alarms if "AlarmLow" in name), "AlarmLow"),
    )


def bound(memory: Memory, rules: Rules, minute: int, cause: str = "") -> tuple[Memory, Decision]:
    """Pull the count into the bounds, as AWS does at once when they are registered or scheduled; no cooldown holds or
    begins. `cause` is AWS's, when it was not the bound itself."""
    after = min(max(memory.desired, rules.min_capacity), rules.max_capacity)
    if after == memory.desired:
        return memory, quiet(minute, after, f"{after} lies between {rules.min_capacity} and {rules.max_capacity}.")
    side, limit = ("minimum", rules.min_capacity) if after > memory.desired else ("maximum", rules.max_capacity)
    theirs = cause or f"{side} capacity was set to {limit}"
    ours = f"The {side} is {limit}: {memory.desired} → {after} at once, whatever the load."
    made = replace(memory, desired=after, out_until=0, out_base=after)
    return made, moved(minute, memory.desired, after, "", theirs, ours)


def tick(rules: Rules, memory: Memory, minute: int, readings: Mapping[str, float | None]) -> tuple[Memory, Decision]:
    """One minute: what AWS decides after the readings of that minute (by metric; None or absent is a gap)."""
    return decided(rules, noted(rules, memory, readings), minute)


def decided(rules: Rules, now: Memory, minute: int) -> tuple[Memory, Decision]:
    """The second half of a minute, on what was `noted`."""
    decision, after = _decide(rules, now, minute)
    code = decision.code
    repeated = code is not None and code is now.code
    if repeated:
        decision = replace(decision, repeated=True)
    return (after if after.code is code else replace(after, code=code)), decision


def noted(rules: Rules, memory: Memory, readings: Mapping[str, float | None]) -> Memory:
    """The first half of a minute: what is remembered once its readings are in, before anything is decided."""
    known = dict(memory.watches)
    watches = tuple([(p.name, watched(p, known.get(p.name, _FRESH), readings.get(p.metric))) for p in rules.policies])
    return Memory(memory.desired, watches, memory.out_until, memory.out_base, memory.in_until, memory.code)


def may_move(rules: Rules, now: Memory) -> bool:
    """Whether the other half could scale at all: an alarm rings, and the count may go its way. Most minutes of a replay
    are over with this."""
    low = now.desired > rules.min_capacity
    for policy, (_, watch) in zip(rules.policies, now.watches, strict=True):
        if watch.high is AlarmState.ALARM:
            return now.desired < rules.max_capacity
        if watch.low is not AlarmState.ALARM and not policy.scale_in_disabled:
            low = False
    return low


def watched(policy: Tracking, before: Watch, reading: float | None) -> Watch:
    """A policy's alarms after one more reading."""
    kept, target, least = (*before.readings, reading)[-_KEPT:], policy.target, policy.low
    high, low = before.high, before.low
    # A point that does not breach settles an alarm, and one that does leaves a ringing one ringing: most are such.
    if reading is not None and reading <= target:
        high = AlarmState.OK
    elif reading is None or high is not AlarmState.ALARM:
        high = judge([None if v is None else v > target for v in kept], HIGH_MINUTES, high)
    if reading is not None and reading >= least:
        low = AlarmState.OK
    elif reading is None or low is not AlarmState.ALARM:
        low = judge([None if v is None else v < least for v in kept], LOW_MINUTES, low)
    return Watch(kept, high, low)


def wanted(policy: Tracking, tasks: int, metric: float) -> int:
    """How many tasks bring the metric to the target: ceil(tasks × metric ÷ target)."""
    return ceil(tasks * metric / policy.target - _SLACK)


def _decide(rules: Rules, now: Memory, minute: int) -> tuple[Decision, Memory]:
    watches = dict(now.watches)
    if any(watches[p.name].high is AlarmState.ALARM for p in rules.policies):
        return _out(rules, now, minute, watches)
    shrinking = [p for p in rules.policies if not p.scale_in_disabled]
    if shrinking and all(watches[p.name].low is AlarmState.ALARM for p in shrinking):
        return _in(rules, now, minute, watches)
    return quiet(minute, now.desired, _calm(rules, watches)), now


def _calm(rules: Rules, watches: Mapping[str, Watch]) -> str:
    dark = [p.name for p in rules.policies if watches[p.name].newest is None]
    if dark:
        return f"No data for {', '.join(dark)}: without data AWS does nothing."
    low = [p.name for p in rules.policies if watches[p.name].low is AlarmState.ALARM]
    if low:
        return f"{', '.join(low)} would scale in, but not every policy agrees."
    return "No alarm of a policy rings."


def _out(rules: Rules, now: Memory, minute: int, watches: Mapping[str, Watch]) -> tuple[Decision, Memory]:
    cooling = minute * 60 < now.out_until
    base = now.out_base if cooling else now.desired
    ringing = [p for p in rules.policies if watches[p.name].high is AlarmState.ALARM]
    counts = [(wanted(p, base, watches[p.name].newest or 0.0), p) for p in ringing]
    count, policy = max(counts, key=lambda each: each[0])
    metric = watches[policy.name].newest or 0.0
    after = min(max(count, rules.min_capacity), rules.max_capacity)
    sum_ = f"ceil({base} × {metric:g} ÷ {policy.target:g}) = {count}"
    asks = f"{policy.metric} {metric:g} is above {policy.target:g}: {sum_}"
    no = _Held(rules, minute, now, policy, policy.high_alarm)
    if rules.scale_out_suspended:
        return no.because(f"{asks}, but scaling out is suspended.", None), now
    if after <= now.desired:
        if now.desired >= rules.max_capacity:
            return no.because(f"{asks}, but {now.desired} is the maximum or more.", Code.AT_MAX), now
        if cooling:
            left = now.out_until - minute * 60
            return no.because(f"{asks}, not more than {now.desired}; {left} s of the cooldown are left.", None), now
        return no.because(f"{asks}, which there are already.", Code.AT_DESIRED), now
    cut = f", kept within the maximum {rules.max_capacity}" if count > after else ""
    made = moved(minute, now.desired, after, policy.name, _cause(policy.high_alarm, policy), f"{asks}{cut}.")
    return made, Memory(after, now.watches, minute * 60 + policy.scale_out_cooldown, base)


def _in(rules: Rules, now: Memory, minute: int, watches: Mapping[str, Watch]) -> tuple[Decision, Memory]:
    counts = [(wanted(p, now.desired, m), p) for p in rules.policies if (m := watches[p.name].newest) is not None]
    count, policy = max(counts, key=lambda each: each[0])
    metric = watches[policy.name].newest
    after = min(max(count, rules.min_capacity), rules.max_capacity)
    asks = f"ceil({now.desired} × {metric:g} ÷ {policy.target:g}) = {count} by {policy.metric}"
    # The alarm that AWS names rings, so it is that of a policy that may scale in, whichever policy limits how far.
    cause = max((each for each in counts if not each[1].scale_in_disabled), key=lambda each: each[0])[1]
    no = _Held(rules, minute, now, cause, cause.low_alarm)
    if rules.scale_in_suspended:
        return no.because(f"{asks}, but scaling in is suspended.", None), now
    if rules.deploying:
        return no.because(f"{asks}, but ECS does not scale in during a deployment.", None), now
    if now.desired <= rules.min_capacity:
        return no.because(f"{asks}, but {now.desired} is the minimum or less.", Code.AT_MIN), now
    if after >= now.desired:
        said = f"{asks}: one task less would lift it above {policy.target:g} again."
        return no.because(said, Code.FLAPPING), now
    if minute * 60 < now.in_until:
        return no.because(f"{asks}; {now.in_until - minute * 60} s of the cooldown are left.", None), now
    cut = f", kept at the minimum {rules.min_capacity}" if count < after else ""
    made = moved(minute, now.desired, after, cause.name, _cause(cause.low_alarm, cause), f"{asks}{cut}.")
    return made, Memory(after, now.watches, in_until=minute * 60 + cause.scale_in_cooldown)


def _cause(alarm: str, policy: Tracking) -> str:
    return f"monitor alarm {alarm} in state ALARM triggered policy {policy.name}"


@dataclass(frozen=True, slots=True)
class _Held:
    """What is the same in every decision not to act."""

    rules: Rules
    minute: int
    now: Memory
    policy: Tracking
    alarm: str

    def because(self, why: str, code: Code | None) -> Decision:
        return held(self.minute, self.now.desired, self.policy.name, _cause(self.alarm, self.policy), why, code)


__all__ = [
    "COOLDOWN", "Memory", "Outcome", "Rules", "Tracking", "Watch", "bound", "decided", "may_move", "noted", "rules_of",
    "tick", "tracking_of", "wanted", "watched",
]  # fmt: skip
