"""Target tracking: the golden table, and what holds whatever the metrics do."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.scaling.alarm import AlarmState, judge
from services.domain.scaling.decision import Code, Decision, Outcome
from services.domain.scaling.tracking import (
    Memory,
    Rules,
    Tracking,
    Watch,
    bound,
    decided,
    may_move,
    noted,
    rules_of,
    tick,
    watched,
)
from tests import builders as b

GOLDEN = json.loads((Path(__file__).parent / "golden_tracking.json").read_text())
CPU, MEMORY = "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"
ALARMS = ("x-AlarmHigh-1", "x-AlarmLow-2")
READING = st.one_of(st.none(), st.floats(0, 400))


def rules_from(given_rules: dict[str, Any]) -> Rules:
    """The rules of a golden case."""
    policies = tuple(Tracking(**policy) for policy in given_rules["policies"])
    return Rules(**{**given_rules, "policies": policies})


def run(case: dict[str, Any]) -> list[Decision]:
    """Every minute's decision of a golden case."""
    rules, memory, made = rules_from(case["rules"]), Memory(case["desired"]), []
    for entry in case["minutes"]:
        for _ in range(entry["times"]):
            if "bounds" in entry:
                rules = replace(rules, min_capacity=entry["bounds"][0], max_capacity=entry["bounds"][1])
                memory, decision = bound(memory, rules, len(made))
            else:
                now = replace(rules, deploying=entry.get("deploying", False))
                memory, decision = tick(now, memory, len(made), entry["readings"])
            made.append(decision)
    return made


def told(decisions: list[Decision]) -> list[dict[str, Any]]:
    """The decisions as the golden table writes them: those unlike the minute before, and all that scale."""
    kept, before = [], None
    for each in decisions:
        same = (each.outcome, each.after, each.policy, each.code)
        if same != before or each.before != each.after:
            names = ("minute", "before", "after", "policy", "description", "cause")
            code = each.code.value if each.code else None
            kept.append({**{n: getattr(each, n) for n in names}, "outcome": each.outcome.value, "code": code})
        before = same
    return kept


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_the_golden_table_holds(case: dict[str, Any]) -> None:
    assert told(run(case)) == case["decisions"]


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_every_decision_says_why_in_a_sentence(case: dict[str, Any]) -> None:
    assert all(each.why.endswith(".") for each in run(case))


def test_a_reason_told_twice_is_marked_for_aws_records_it_once() -> None:
    at_max = next(case for case in GOLDEN["cases"] if case["name"].startswith("the maximum bounds"))
    assert [each.repeated for each in run(at_max) if each.code is Code.AT_MAX] == [False, True, True, True, True, True]


def test_plain_words_show_the_sum() -> None:
    assert run(GOLDEN["cases"][0])[-1].why == f"{CPU} 90 is above 70: ceil(4 × 90 ÷ 70) = 6."


@pytest.mark.parametrize(
    ("case", "minute", "words"),
    [
        ("the maximum bounds, and is", 2, "= 8, kept within the maximum 5."),
        ("the maximum bounds, and is", 3, "but 5 is the maximum or more."),
        ("the minimum bounds, and is", 14, "kept at the minimum 3."),
        ("during the cooldown of a scale-out", 3, "not more than 6; 240 s of the cooldown are left."),
        ("the cooldown of a scale-in", 15, "; 240 s of the cooldown are left."),
        ("all policies must agree", 19, "cpu would scale in, but not every policy agrees."),
        ("no data", 3, "No data for cpu: without data AWS does nothing."),
        ("scaling out suspended", 3, "but scaling out is suspended."),
        ("scaling in suspended", 15, "but scaling in is suspended."),
        ("a deployment holds", 14, "but ECS does not scale in during a deployment."),
    ],
)
def test_reasons_in_plain_words(case: str, minute: int, words: str) -> None:
    found = next(each for each in GOLDEN["cases"] if each["name"].startswith(case))
    assert run(found)[minute].why.endswith(words)


def test_nothing_running_has_nothing_to_multiply() -> None:
    rules, memory = Rules(0, 5, (Tracking("cpu", CPU, 70),)), Memory(0)
    for minute in range(3):
        memory, decision = tick(rules, memory, minute, {CPU: 90})
    assert (decision.outcome, decision.code, memory.desired) == (Outcome.HELD, Code.AT_DESIRED, 0)


def test_bounds_that_hold_already_change_nothing() -> None:
    memory, decision = bound(Memory(4), Rules(3, 5, ()), 7)
    assert (memory, decision.outcome, decision.why) == (Memory(4), Outcome.QUIET, "4 lies between 3 and 5.")


def test_a_scheduled_bound_keeps_its_own_cause() -> None:
    _, decision = bound(Memory(4), Rules(6, 9, ()), 7, "scheduled action name morning was triggered")
    assert decision.cause == "scheduled action name morning was triggered"


def test_rules_are_those_that_were_read() -> None:
    read = b.scaling(
        policies=(
            b.policy(CPU, target=70.0, scale_out_cooldown=60, scale_in_cooldown=None, alarms=ALARMS),
            b.policy(MEMORY, target=80.0, scale_out_cooldown=None, scale_in_cooldown=0, alarms=()),
            replace(b.policy(CPU), name="steps", type="StepScaling", metric=None, target=None),
        ),
        scale_in_suspended=True,
    )  # fmt: skip
    rules = rules_of(read)
    first, second = rules.policies
    assert (rules.min_capacity, rules.max_capacity, rules.scale_in_suspended) == (3, 12, True)
    assert (first.scale_out_cooldown, first.scale_in_cooldown) == (60, 300)
    assert (first.high_alarm, first.low_alarm) == ("x-AlarmHigh-1", "x-AlarmLow-2")
    assert (second.scale_out_cooldown, second.scale_in_cooldown, second.high_alarm) == (300, 0, "AlarmHigh")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Rules, int, list[dict[str, float | None]]]:
    """Rules, a count within their bounds, and an hour of readings."""
    least = draw(st.integers(1, 10))
    most = draw(st.integers(least, 40))
    policies = tuple(
        Tracking(
            metric, metric, draw(st.floats(5, 100)), draw(st.sampled_from([0, 60, 300, 900])),
            draw(st.sampled_from([0, 60, 300, 900])), draw(st.booleans()),
        )
        for metric in draw(st.sampled_from([(CPU,), (CPU, MEMORY)]))
    )  # fmt: skip
    rules = Rules(least, most, policies, draw(st.booleans()), draw(st.booleans()), draw(st.booleans()))
    stretch = st.tuples(st.integers(1, 20), st.fixed_dictionaries({CPU: READING, MEMORY: READING}))
    readings = [reading for times, reading in draw(st.lists(stretch, max_size=6)) for _ in range(times)]
    return rules, draw(st.integers(least, most)), readings


def replayed(rules: Rules, count: int, readings: list[dict[str, float | None]]) -> tuple[Memory, list[Decision]]:
    """What was remembered and decided."""
    memory, made = Memory(count), []
    for minute, reading in enumerate(readings):
        memory, decision = tick(rules, memory, minute, reading)
        made.append(decision)
    return memory, made


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_it_never_leaves_the_bounds_and_is_the_same_each_time(world: Any) -> None:
    rules, count, readings = world
    memory, made = replayed(rules, count, readings)
    assert all(rules.min_capacity <= each.after <= rules.max_capacity for each in made)
    assert (memory, made) == replayed(rules, count, readings)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_it_does_not_act_against_what_is_suspended_or_deployed(world: Any) -> None:
    rules, count, readings = world
    outcomes = {each.outcome for each in replayed(rules, count, readings)[1]}
    assert not (rules.scale_out_suspended and Outcome.OUT in outcomes)
    assert not ((rules.scale_in_suspended or rules.deploying) and Outcome.IN in outcomes)
    assert not (all(p.scale_in_disabled for p in rules.policies) and Outcome.IN in outcomes)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_the_cooldown_of_a_scale_in_is_honoured_unless_a_scale_out_ends_it(world: Any) -> None:
    rules, count, readings = world
    cooldowns = {p.name: p.scale_in_cooldown for p in rules.policies}
    until = 0
    for each in replayed(rules, count, readings)[1]:
        if each.outcome is Outcome.OUT:
            until = 0
        elif each.outcome is Outcome.IN:
            assert each.minute * 60 >= until
            until = each.minute * 60 + cooldowns[each.policy]


@settings(max_examples=100, deadline=None)
@given(worlds(), st.floats(1, 5))
def test_more_load_never_asks_for_less(world: Any, factor: float) -> None:
    rules, count, readings = world
    memory, _ = replayed(rules, count, readings[:-1])
    more = {k: None if v is None else v * factor for k, v in readings[-1].items()} if readings else {}
    usual = tick(rules, memory, len(readings), readings[-1] if readings else {})[1].after
    assert tick(rules, memory, len(readings), more)[1].after >= usual


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_a_minute_in_which_nothing_may_move_moves_nothing(world: Any) -> None:
    rules, count, readings = world
    memory = Memory(count)
    for minute, reading in enumerate(readings):
        now = noted(rules, memory, reading)
        memory, decision = tick(rules, memory, minute, reading)
        assert may_move(rules, now) or decision.outcome not in (Outcome.OUT, Outcome.IN)
        assert (memory.watches, decision) == (now.watches, decided(rules, now, minute)[1])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), READING), max_size=6), st.floats(5, 100))
def test_an_alarm_is_what_all_its_minutes_say(stretches: Any, target: float) -> None:
    policy, watch, high, low = Tracking("cpu", CPU, target), Watch(), AlarmState.UNKNOWN, AlarmState.UNKNOWN
    seen: list[float | None] = []
    for reading in (reading for times, reading in stretches for _ in range(times)):
        seen = [*seen, reading][-17:]
        watch = watched(policy, watch, reading)
        high = judge([None if v is None else v > target for v in seen], 3, high)
        low = judge([None if v is None else v < policy.low for v in seen], 15, low)
        assert (watch.high, watch.low) == (high, low)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 200), min_size=3, max_size=40), st.sampled_from([0, 60, 300, 900]))
def test_the_cooldown_of_a_scale_out_is_honoured_while_nothing_grows(readings: list[float], cooldown: int) -> None:
    rules = Rules(1, 500, (Tracking("cpu", CPU, 50, cooldown),))
    _, made = replayed(rules, 3, [{CPU: value} for value in sorted(readings, reverse=True)])
    outs = [each.minute * 60 for each in made if each.outcome is Outcome.OUT]
    assert all(later - earlier >= cooldown for earlier, later in pairwise(outs))
