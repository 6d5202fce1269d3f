"""Replay: recorded load run against rules, to see how many tasks there would have been. An estimate, and it says so.

The load of each minute is what was recorded, reading × tasks; with another number of tasks each carries its share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from services.domain.scaling.decision import Decision, Outcome
from services.domain.scaling.load import MEMORY, Recording
from services.domain.scaling.schedule import MOST, parse
from services.domain.scaling.series import Series, minute_of, time_of
from services.domain.scaling.tracking import Memory, Rules, bound, decided, may_move, noted
from services.domain.snapshot import ScheduledAction
from services.domain.wording import counted

STARTS_AFTER = 2


@dataclass(frozen=True)
class Settings:
    """What is replayed: rules with the scheduled actions that change their bounds. `unseen` are policies of types that
    are not replayed."""

    rules: Rules
    scheduled: tuple[ScheduledAction, ...] = ()
    scheduled_suspended: bool = False
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assumed:
    """`starts_after` minutes a task is asked for it carries load. `hourly` is the price of a task-hour in USD, None
    when it is not known. With `zones` given, one of them is lost at the peak."""

    starts_after: int = STARTS_AFTER
    hourly: float | None = None
    lost_of_zones: int | None = None
    deploying: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Replay:
    """What would have been. `tasks` are those that carry load, `desired` those asked for; `over_target` counts minutes
    with a metric above its target, `at_max` those with as many desired as allowed, `unknown` those without load.
    `lost_at` is the minute in which a zone was taken away."""

    tasks: Series
    desired: Series
    over_target: int
    at_max: int
    unknown: int
    events: tuple[Decision, ...]
    task_hours: float
    price: float | None
    worst: dict[str, float] = field(default_factory=dict)
    lost_at: int | None = None


@dataclass
class _Run:
    """The running sums of one replay."""

    serving: int
    starting: list[tuple[int, int]]
    over: int = 0
    at_max: int = 0
    unknown: int = 0

    def follow(self, minute: int, desired: int, starts_after: int) -> None:
        """ECS brings the tasks to the count: those surplus stop at once, missing ones carry load a little later."""
        if self.serving == desired and not self.starting:
            return
        surplus = self.serving + sum(n for _, n in self.starting) - desired
        while surplus > 0 and self.starting:
            at, n = self.starting.pop()
            gone = min(n, surplus)
            surplus -= gone
            if n > gone:
                self.starting.append((at, n - gone))
        if surplus > 0:
            self.serving -= surplus
        elif surplus < 0:
            self.starting.append((minute + starts_after, -surplus))
        self.serving += sum(n for at, n in self.starting if at <= minute)
        self.starting = [(at, n) for at, n in self.starting if at > minute]


def replay(recording: Recording, given: Settings, assumed: Assumed) -> Replay | None:
    """The recorded minutes under these settings; None when it was never known how many tasks ran."""
    first = recording.first_tasks
    if first is None:
        return None
    rules, loads = given.rules, [(metric, load.values) for metric, load in recording.loads().items()]
    bounds = _bounds(recording.tasks, given)
    memory = Memory(min(max(first, rules.min_capacity), rules.max_capacity))
    run = _Run(memory.desired, [])
    lost_at = _peak(recording, rules) if assumed.lost_of_zones else None
    tasks, desired, events, worst = list[float](), list[float](), list[Decision](), dict[str, float]()
    for place, minute in enumerate(range(recording.tasks.start, recording.tasks.end)):
        if minute in bounds:
            for action in bounds[minute]:
                rules = _bounded(rules, action)
            memory, decision = bound(memory, rules, minute)
            events += [decision] if decision.after != decision.before else []
        if minute == lost_at:
            run.serving -= ceil(run.serving / (assumed.lost_of_zones or 1))
        run.follow(minute, memory.desired, assumed.starts_after)
        asked = [(metric, values[place]) for metric, values in loads]
        readings = {metric: _share(load, run.serving) for metric, load in asked}
        starved = run.serving < 1 and any(load is not None for _, load in asked)
        _count(run, rules, memory.desired, readings, worst, starved)
        tasks.append(run.serving)
        desired.append(memory.desired)
        now = replace(rules, deploying=True) if minute in assumed.deploying else rules
        memory = noted(now, memory, readings)
        if may_move(now, memory):
            memory, decision = decided(now, memory, minute)
            events += [decision] if decision.outcome in (Outcome.OUT, Outcome.IN) else []
    hours = sum(tasks) / 60
    start = recording.tasks.start
    return Replay(
        Series(start, tuple(tasks)),
        Series(start, tuple(desired)),
        run.over,
        run.at_max,
        run.unknown,
        tuple(events),
        hours,
        None if assumed.hourly is None else hours * assumed.hourly,
        worst,
        lost_at,
    )


def assumptions(recording: Recording, given: Sequence[Settings], assumed: Assumed) -> tuple[str, ...]:
    """What a replay takes for granted, as sentences."""
    said = [
        "This is an estimate, computed from recorded minutes; AWS may decide differently.",
        "The load is fixed by what was recorded, reading × running tasks, and is shared evenly by the tasks there "
        "would have been: it neither grows nor shrinks with them.",
        f"A new task carries load {counted(assumed.starts_after, 'minute')} after it is asked for; one removed stops "
        "at once.",
        "A CPU recorded at its limit hides what more was asked for, so real need may have been greater.",
        "Cooldowns begin in the minute of the decision.",
    ]
    if MEMORY in recording.readings:
        said.append(
            "Memory is shared like CPU, though much of a task's memory is its own: memory may be under-estimated."
        )
    if gaps := recording.tasks.gaps:
        said.append(f"In {counted(gaps, 'minute')} no tasks were recorded; without data nothing scales.")
    if unseen := sorted({name for each in given for name in each.unseen}):
        said.append(f"Not replayed, as only target tracking on AWS's own metrics is: {', '.join(unseen)}.")
    if assumed.lost_of_zones:
        said.append(
            f"At the peak one of {assumed.lost_of_zones} zones is lost with its share of the tasks, rounded up; ECS "
            "starts as many again in the others."
        )
    if assumed.hourly is not None:
        said.append(f"A task-hour costs {assumed.hourly:.4f} USD, list price.")
    return tuple(said)


def settings_of(
    rules: Rules, scheduled: tuple[ScheduledAction, ...], suspended: bool, names: Sequence[str]
) -> Settings:
    """Settings of rules that were read; `names` are all policies' names, those not in the rules are told unseen."""
    replayed = {policy.name for policy in rules.policies}
    return Settings(rules, scheduled, suspended, tuple(name for name in names if name not in replayed))


def _bounds(over: Series, given: Settings) -> dict[int, list[ScheduledAction]]:
    made: dict[int, list[ScheduledAction]] = {}
    if given.scheduled_suspended:
        return made
    before, ends = time_of(over.start - 1), time_of(over.end - 1)
    for action in given.scheduled:
        schedule, after = parse(action.schedule, action.timezone), before
        while found := schedule.runs(after, MOST, began=before, ends=ends):
            after = found[-1]
            for run in found:
                made.setdefault(minute_of(run), []).append(action)
    return made


def _bounded(rules: Rules, action: ScheduledAction) -> Rules:
    least = rules.min_capacity if action.min_capacity is None else action.min_capacity
    most = rules.max_capacity if action.max_capacity is None else action.max_capacity
    return replace(rules, min_capacity=min(least, most), max_capacity=most)


def _peak(recording: Recording, rules: Rules) -> int | None:
    """The minute of the greatest load in terms of any policy's target."""
    loads = recording.loads()
    peaks = [(p[1] / q.target, -p[0]) for q in rules.policies if q.metric in loads and (p := loads[q.metric].peak)]
    return -max(peaks)[1] if peaks else None


def _share(load: float | None, tasks: int) -> float | None:
    return None if load is None or tasks < 1 else load / tasks


def _count(
    run: _Run, rules: Rules, desired: int, readings: dict[str, float | None], worst: dict[str, float], starved: bool
) -> None:
    over, known = starved, starved
    for policy in rules.policies:
        value = readings.get(policy.metric)
        if value is not None:
            known = True
            over = over or value > policy.target + 1e-9
            if value >= worst.get(policy.metric, 0.0):
                worst[policy.metric] = value
    run.unknown += not known
    run.over += over
    run.at_max += desired >= rules.max_capacity
