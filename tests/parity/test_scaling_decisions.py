"""Two programs decide on scaling: the engine that replays (services.domain.scaling) and the sandbox that scales. Fed
the same minutes they must decide the same, minute by minute: by the sandbox's pure part on many worlds, and by the
whole of it, with its metrics, alarms and services, on some."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.clock import clock
from sandbox.gaps.applicationautoscaling import deciding, schedules
from sandbox.gaps.cloudwatch.evaluation import Rule
from sandbox.gaps.cloudwatch.evaluation import judge as sandbox_judge
from services.domain.errors import Invalid
from services.domain.scaling import step as engine_step
from services.domain.scaling.decision import Decision, Outcome
from services.domain.scaling.schedule import parse
from services.domain.scaling.tracking import Memory, Rules, Tracking, bound, tick
from tests.integration.sandbox.ground import Ground
from tests.integration.sandbox.passing import pass_minutes, steady_ground

pytestmark = pytest.mark.usefixtures("own_world")
GOLDEN = json.loads((Path(__file__).parents[1] / "unit/domain/scaling/golden_tracking.json").read_text())
CPU, MEMORY = "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"
Readings = Mapping[str, float | None]
BLANK = [(at * 60, None) for at in range(-17, 0)]
Told = tuple[str, int, int, str, str | None, bool, str]
"""Outcome, count before and after, policy, code, whether the code is that of the minute before, AWS's cause."""


@dataclass
class Watched:
    """A policy's alarms in the sandbox: the last 17 minutes and the states."""

    window: list[tuple[int, float | None]]
    high: str = "INSUFFICIENT_DATA"
    low: str = "INSUFFICIENT_DATA"


class Core:
    """The sandbox's pure part: its alarms' judge and its `decide`, with nothing around them."""

    def __init__(self, desired: int) -> None:
        self.desired, self.memory = desired, deciding.Memory()
        self.watched: dict[str, Watched] = {}

    def minute(self, rules: Rules, minute: int, readings: Readings) -> Told:
        """One minute's decision."""
        trackers = [self._tracker(policy, minute, readings.get(policy.metric)) for policy in rules.policies]
        limits = deciding.Limits(
            rules.min_capacity,
            rules.max_capacity,
            rules.scale_out_suspended,
            rules.scale_in_suspended,
            rules.deploying,
        )
        before = self.desired
        self.memory, verdict = deciding.decide(limits, self.memory, before, minute * 60, trackers, [])
        if verdict is None:
            return "quiet", before, before, "", None, False, ""
        self.desired = verdict.count
        cause = f"monitor alarm {verdict.alarm} in state ALARM triggered policy {verdict.policy}"
        acted = verdict.count != before
        outcome = ("out" if verdict.count > before else "in") if acted else "held"
        said = cause if acted or verdict.code else ""
        return outcome, before, verdict.count, verdict.policy, verdict.code, verdict.again, said

    def bounds(self, rules: Rules) -> Told:
        """The bounds are registered."""
        before = self.desired
        self.desired = min(max(before, rules.min_capacity), rules.max_capacity)
        if self.desired == before:
            return "quiet", before, before, "", None, False, ""
        self.memory = deciding.bounded(self.memory, self.desired)
        more = self.desired > before
        side = "minimum" if more else "maximum"
        cause = f"{side} capacity was set to {self.desired}"
        return "out" if more else "in", before, self.desired, "", None, False, cause

    def _tracker(self, policy: Tracking, minute: int, reading: float | None) -> deciding.Tracker:
        seen = self.watched.setdefault(policy.name, Watched(list(BLANK)))
        seen.window = [*seen.window, (minute * 60, reading)][-17:]
        high = Rule("GreaterThanThreshold", policy.target, 3, 3, "missing")
        seen.high = sandbox_judge(high, seen.window[-5:], seen.high).state
        low = Rule("LessThanThreshold", round(policy.target * 0.9, 4), 15, 15, "missing")
        seen.low = sandbox_judge(low, seen.window, seen.low).state
        return deciding.Tracker(
            policy.name,
            policy.target,
            seen.high == "ALARM",
            None if policy.scale_in_disabled else seen.low == "ALARM",
            next((value for _, value in reversed(seen.window) if value is not None), None),
            (policy.high_alarm, policy.low_alarm),
            policy.scale_out_cooldown,
            policy.scale_in_cooldown,
        )


def told(decision: Decision) -> Told:
    """The engine's decision in the words of both."""
    code = decision.code.value if decision.code else None
    return (
        decision.outcome.value,
        decision.before,
        decision.after,
        decision.policy,
        code,
        decision.repeated,
        decision.cause,
    )


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_the_sandbox_holds_the_golden_table(case: dict[str, Any]) -> None:
    policies = tuple(Tracking(**policy) for policy in case["rules"]["policies"])
    rules, core, minute = Rules(**{**case["rules"], "policies": policies}), Core(case["desired"]), 0
    wanted = {each["minute"]: each for each in case["decisions"]}
    last: tuple[Any, ...] = ()
    for entry in case["minutes"]:
        for _ in range(entry["times"]):
            if "bounds" in entry:
                rules = replace(rules, min_capacity=entry["bounds"][0], max_capacity=entry["bounds"][1])
                found = core.bounds(rules)
            else:
                found = core.minute(replace(rules, deploying=entry.get("deploying", False)), minute, entry["readings"])
            outcome, before, after, policy, code, _, cause = found
            if (one := wanted.pop(minute, None)) is not None:
                assert found[:5] == (one["outcome"], one["before"], one["after"], one["policy"], one["code"])
                assert cause == one["cause"]
            else:
                assert (outcome, after, policy, code) == last
                assert before == after
            last, minute = (outcome, after, policy, code), minute + 1
    assert not wanted


READING = st.one_of(st.none(), st.floats(0, 400, allow_nan=False), st.integers(0, 110).map(float))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Rules, int, list[tuple[Readings, tuple[int, int] | None, bool]]]:
    """Rules, a count, and minutes: readings, new bounds registered before them, whether ECS deploys."""
    least = draw(st.integers(0, 8))
    policies = tuple(
        Tracking(
            metric,
            metric,
            draw(st.one_of(st.integers(10, 90).map(float), st.floats(5, 100))),
            draw(st.sampled_from([0, 60, 90, 300, 900])),
            draw(st.sampled_from([0, 60, 90, 300, 900])),
            draw(st.booleans()),
            f"{metric}-high",
            f"{metric}-low",
        )
        for metric in draw(st.sampled_from([(CPU,), (MEMORY, CPU)]))
    )
    rules = Rules(least, draw(st.integers(least, 30)), policies, *draw(st.tuples(*2 * [st.integers(0, 5).map(bool)])))
    rules = replace(rules, scale_out_suspended=not rules.scale_out_suspended)
    rules = replace(rules, scale_in_suspended=not rules.scale_in_suspended)
    stretch = st.tuples(
        st.integers(1, 18),
        st.fixed_dictionaries({CPU: READING, MEMORY: READING}),
        st.one_of(st.none(), st.none(), st.tuples(st.integers(0, 8), st.integers(8, 30))),
        st.integers(0, 5).map(lambda n: n == 0),
    )
    minutes: list[tuple[Readings, tuple[int, int] | None, bool]] = [
        (readings, bounds if first == 0 else None, deploying)
        for times, readings, bounds, deploying in draw(st.lists(stretch, max_size=8))
        for first in range(times)
    ]
    return rules, draw(st.integers(0, 30)), minutes


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_both_decide_the_same_whatever_the_minutes_bring(world: Any) -> None:
    rules, count, minutes = world
    memory, core = Memory(count), Core(count)
    for minute, (readings, bounds, deploying) in enumerate(minutes):
        rules = replace(rules, deploying=deploying)
        if bounds is not None:
            rules = replace(rules, min_capacity=bounds[0], max_capacity=bounds[1])
            memory, decision = bound(memory, rules, minute)
            assert core.bounds(rules) == told(decision)
        memory, decision = tick(rules, memory, minute, readings)
        assert core.minute(rules, minute, readings) == told(decision), f"minute {minute}"


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from(engine_step.Adjustment),
    bys=st.lists(st.integers(-60, 60), min_size=3, max_size=3),
    least=st.sampled_from([None, 1, 3]),
    cooldown=st.sampled_from([0, 60, 300]),
    count=st.integers(0, 20),
    suspended=st.tuples(st.booleans(), st.booleans()),
    breaches=st.lists(st.one_of(st.none(), st.integers(-40, 40).map(float)), max_size=20),
)
def test_both_take_the_same_steps(
    kind: engine_step.Adjustment,
    bys: list[int],
    least: int | None,
    cooldown: int,
    count: int,
    suspended: tuple[bool, bool],
    breaches: list[float | None],
) -> None:
    spans = ((None, -10.0), (-10.0, 10.0), (10.0, None))
    bys = [abs(by) for by in bys] if kind is engine_step.Adjustment.EXACT else bys
    steps = tuple(engine_step.Step(by, low, high) for by, (low, high) in zip(bys, spans, strict=True))
    policy = engine_step.StepPolicy("steps", kind, steps, cooldown, least)
    limits = engine_step.Limits(2, 15, *suspended)
    mine = deciding.Limits(2, 15, *suspended)
    memory, other, desired = engine_step.StepMemory(count), deciding.Memory(), count
    for minute, breach in enumerate(breaches):
        memory, decision = engine_step.evaluate(policy, limits, memory, minute, breach)
        plain = tuple((s.lower, s.upper, s.by) for s in steps)
        rings = (
            [] if breach is None else [deciding.Stepper("steps", "alarm", breach, kind, plain, cooldown, least or 1)]
        )
        other, verdict = deciding.decide(mine, other, desired, minute * 60, [], rings)
        desired = verdict.count if verdict else desired
        code = verdict.code if verdict else None
        assert (desired, code) == (decision.after, decision.code.value if decision.code else None), f"minute {minute}"


# ---- the whole sandbox

SPACE = "Haven/Parity"
TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def day_of(seed: int, policies: tuple[Tracking, ...]) -> Iterator[dict[str, float | None]]:
    """Minutes of load: stretches around each target, surges, lulls and gaps."""
    chance = random.Random(seed)  # noqa: S311 - the same load in each run
    while True:
        shape = chance.choice(["calm", "surge", "lull", "gap", "edge"])
        base = {p.metric: {"surge": 1.6, "lull": 0.3}.get(shape, 0.95) * p.target for p in policies}
        for _ in range(chance.randint(2, 20)):
            yield {
                metric: None
                if shape == "gap" or chance.random() < 0.04
                else round(middle * (1 if shape == "edge" else chance.uniform(0.8, 1.25)), 2)
                for metric, middle in base.items()
            }


@pytest.mark.parametrize(
    ("seed", "policies", "suspended"),
    [
        (1, (Tracking("cpu", "cpu", 70.0),), {}),
        (2, (Tracking("cpu", "cpu", 60.0, 60, 60), Tracking("memory", "memory", 80.0, 0, 120)), {}),
        (3, (Tracking("cpu", "cpu", 60.0, 60), Tracking("memory", "memory", 75.0, scale_in_disabled=True)), {}),
        (4, (Tracking("cpu", "cpu", 50.0, 0, 0),), {"DynamicScalingInSuspended": True}),
        (5, (Tracking("cpu", "cpu", 50.0, 0, 0),), {"DynamicScalingOutSuspended": True}),
    ],
)
def test_the_whole_sandbox_decides_as_the_engine_does(
    seed: int, policies: tuple[Tracking, ...], suspended: dict[str, bool]
) -> None:
    ground = steady_ground(3)
    scaling = ground.aws("application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=9, SuspendedState=suspended)
    policies = tuple(put(ground, policy) for policy in policies)
    rules = Rules(
        2,
        9,
        policies,
        suspended.get("DynamicScalingOutSuspended", False),
        suspended.get("DynamicScalingInSuspended", False),
    )
    memory, load, moves = Memory(3), day_of(seed, policies), list[Outcome]()
    seen = activities(ground)
    for minute in range(150):
        if minute == 90:
            rules = replace(rules, min_capacity=4, max_capacity=6)
            scaling.register_scalable_target(**TARGET, MinCapacity=4, MaxCapacity=6)
            memory, decision = bound(memory, rules, minute)
            assert desired(ground) == memory.desired
            seen = activities(ground)
        readings = next(load)
        give(ground, readings)
        pass_minutes(ground)
        memory, decision = tick(rules, memory, minute, readings)
        moves.append(decision.outcome)
        assert desired(ground) == memory.desired, f"minute {minute}: {decision.why}"
        now = activities(ground)
        fresh = [a for a in now if a["ActivityId"] not in {b["ActivityId"] for b in seen}]
        wanted = [] if decision.repeated or not decision.description else [(decision.description, decision.cause)]
        assert [(a["Description"], a["Cause"]) for a in fresh] == wanted, f"minute {minute}: {decision.why}"
        codes = [reason["Code"] for a in fresh for reason in a.get("NotScaledReasons", ())]
        assert codes == ([decision.code.value] if decision.code and not decision.repeated else [])
        seen = now
    assert {Outcome.OUT, Outcome.IN, Outcome.HELD} & set(moves), "the load of this seed moved nothing"


def put(ground: Ground, policy: Tracking) -> Tracking:
    """Make the policy follow a metric of our own; returns it with its alarms' names."""
    named = {"Namespace": SPACE, "MetricName": policy.metric, "Statistic": "Average"}
    configuration = {
        "TargetValue": policy.target,
        "CustomizedMetricSpecification": named,
        "ScaleOutCooldown": policy.scale_out_cooldown,
        "ScaleInCooldown": policy.scale_in_cooldown,
        "DisableScaleIn": policy.scale_in_disabled,
    }
    made = ground.aws("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName=policy.name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    names = [alarm["AlarmName"] for alarm in made["Alarms"]]
    return replace(policy, high_alarm=names[0], low_alarm=names[1] if len(names) > 1 else "none")


def give(ground: Ground, readings: Readings) -> None:
    """Report the running minute's readings."""
    data = [
        {"MetricName": metric, "Value": value, "Timestamp": datetime.fromtimestamp(clock.time() // 60 * 60, UTC)}
        for metric, value in readings.items()
        if value is not None
    ]
    if data:
        ground.aws("cloudwatch").put_metric_data(Namespace=SPACE, MetricData=data)


def desired(ground: Ground) -> int:
    """The service's desired count."""
    found = ground.aws("ecs").describe_services(cluster="main", services=["web"])["services"]
    return int(found[0]["desiredCount"])


def activities(ground: Ground) -> list[dict[str, Any]]:
    """The newest activities, those not scaled with them."""
    scaling = ground.aws("application-autoscaling")
    asked = {"ServiceNamespace": "ecs", "IncludeNotScaledActivities": True, "MaxResults": 5}
    return list(scaling.describe_scaling_activities(**asked)["ScalingActivities"])


# ---- schedules

EXPRESSIONS = [
    ("cron(30 6 ? * MON-FRI *)", "Europe/Berlin"),
    ("cron(0/15 8-17 * * ? *)", "UTC"),
    ("cron(30 2 * * ? *)", "America/New_York"),
    ("cron(0 0 L * ? *)", "Asia/Tokyo"),
    ("cron(0 12 15W * ? *)", "Australia/Lord_Howe"),
    ("cron(0 9 ? * 2#1 *)", "Europe/London"),
    ("cron(0 9 ? JAN,JUN 6L *)", "UTC"),
    ("cron(5,35 0/6 1,15 1-6 ? 2026-2027)", "America/Sao_Paulo"),
    ("cron(0 22 ? * FRI-MON *)", "Europe/Berlin"),
    ("at(2027-03-28T12:00:00)", "Europe/Berlin"),
    ("rate(90 minutes)", None),
    ("rate(1 day)", None),
]


@pytest.mark.parametrize(("expression", "zone"), EXPRESSIONS)
def test_both_reckon_the_same_runs(expression: str, zone: str | None) -> None:
    began = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)
    wanted = parse(expression, zone).runs(began, 40, began=began)
    mine, at = schedules.read(expression, zone), began.timestamp()
    found = list[datetime]()
    while len(found) < 40 and (run := mine.after(at, began.timestamp())) is not None:
        found.append(datetime.fromtimestamp(run, UTC))
        at = run
    assert tuple(found) == wanted


@pytest.mark.parametrize(
    "expression",
    ["", "cron(* * * * *)", "cron(0 0 * * * *)", "cron(0 0 ? * ? *)", "cron(60 0 * * ? *)", "cron(0 0 0 * ? *)",
     "cron(0 0 ? * MON#6 *)", "rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(5 weeks)",
     "at(2026-12-24)", "at(2026-13-24T00:00:00)", "every(5 minutes)", "cron(0 0 ? FOO MON *)", "cron(5-1 0 * * ? *)"],
)  # fmt: skip
def test_both_refuse_the_same_expressions(expression: str) -> None:
    with pytest.raises(Invalid):
        parse(expression)
    with pytest.raises(ValueError, match=r"\w"):
        schedules.read(expression, None)


def test_both_refuse_a_zone_that_is_none() -> None:
    with pytest.raises(Invalid):
        parse("rate(5 minutes)", "Mars/Base")
    with pytest.raises(ValueError, match="Mars/Base"):
        schedules.read("rate(5 minutes)", "Mars/Base")
