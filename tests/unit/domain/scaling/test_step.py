"""Step scaling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import Invalid
from services.domain.scaling.decision import Code, Decision, Outcome
from services.domain.scaling.step import (
    Adjustment,
    Limits,
    Step,
    StepMemory,
    StepPolicy,
    adjusted,
    check_steps,
    evaluate,
    step_for,
)

CHANGE, PERCENT, EXACT = Adjustment.CHANGE, Adjustment.PERCENT, Adjustment.EXACT
OUT = StepPolicy("up", CHANGE, (Step(2, 0, 15), Step(3, 15)))
IN = StepPolicy("down", CHANGE, (Step(-1, -10, 0), Step(-4, None, -10)))
LIMITS = Limits(2, 20)


@pytest.mark.parametrize(
    ("policy", "breach", "by"),
    [(OUT, 0, 2), (OUT, 14.9, 2), (OUT, 15, 3), (OUT, 99, 3), (OUT, -1, None),
     (IN, -1, -1), (IN, -9.9, -1), (IN, -10, -4), (IN, 5, None)],
)  # fmt: skip
def test_the_step_of_a_breach(policy: StepPolicy, breach: float, by: int | None) -> None:
    found = step_for(policy, breach)
    assert (found.by if found else None) == by


@pytest.mark.parametrize(
    ("kind", "by", "least", "tasks", "count"),
    [
        (CHANGE, 3, None, 4, 7), (CHANGE, -9, None, 4, 0), (EXACT, 5, None, 9, 5),
        (PERCENT, 25, 2, 4, 6), (PERCENT, 25, None, 4, 5), (PERCENT, 10, None, 4, 5), (PERCENT, 29, None, 10, 12),
        (PERCENT, -10, None, 4, 3), (PERCENT, -67, None, 10, 4), (PERCENT, 0, None, 4, 4), (PERCENT, 50, None, 0, 0),
        (PERCENT, -25, 2, 4, 2),
    ],
)  # fmt: skip
def test_what_a_step_asks_for(kind: Adjustment, by: int, least: int | None, tasks: int, count: int) -> None:
    assert adjusted(StepPolicy("p", kind, (Step(by),), least=least), Step(by), tasks) == count


def run(
    policy: StepPolicy, breaches: list[float | None], memory: StepMemory, limits: Limits = LIMITS
) -> list[Decision]:
    """Every minute's decision."""
    made = []
    for minute, breach in enumerate(breaches):
        memory, decision = evaluate(policy, limits, memory, minute, breach, "mine")
        made.append(decision)
    return made


def test_a_stronger_step_within_the_cooldown_adds_only_the_rest() -> None:
    made = run(OUT, [5, 5, 20, 20, 5, 5, 5, 5], StepMemory(10))
    assert [each.after for each in made] == [12, 12, 13, 13, 13, 13, 13, 15]
    assert made[0].cause == "monitor alarm mine in state ALARM triggered policy up"
    assert made[0].description == "Setting desired count to 12."
    assert made[0].why == "A breach of 5 asks for ChangeInCapacity +2: 10 → 12; bounded 12."
    assert made[1].why.endswith("not more than 12; 240 s of the cooldown are left.")


def test_at_the_maximum_that_is_the_reason_and_not_the_cooldown() -> None:
    memory, _ = evaluate(OUT, Limits(2, 12), StepMemory(10), 0, 5)
    _, decision = evaluate(OUT, Limits(2, 12), memory, 1, 5)
    assert (memory.desired, decision.code) == (12, Code.AT_MAX)


def test_a_scale_in_waits_for_its_cooldown_and_a_scale_out_ends_it() -> None:
    made = run(IN, [-5, -5, -5, -5, -5, -5], StepMemory(10))
    assert [each.after for each in made] == [9, 9, 9, 9, 9, 8]
    assert made[1].why.endswith("but 240 s of the cooldown are left.")
    memory, _ = evaluate(OUT, LIMITS, StepMemory(9, in_until=9999), 1, 5)
    assert evaluate(IN, LIMITS, memory, 2, -5)[0].desired == 10


@pytest.mark.parametrize(
    ("policy", "breach", "count", "limits", "code", "why"),
    [
        (OUT, 5, 20, LIMITS, Code.AT_MAX, "but 20 is the maximum or more."),
        (IN, -5, 2, LIMITS, Code.AT_MIN, "but 2 is the minimum or less."),
        (StepPolicy("to", EXACT, (Step(4),)), 5, 4, LIMITS, Code.AT_DESIRED, "which there are already."),
        (OUT, 5, 4, Limits(2, 20, scale_out_suspended=True), None, "but scaling out is suspended."),
        (IN, -5, 4, Limits(2, 20, scale_in_suspended=True), None, "but scaling in is suspended."),
        (OUT, 5, 20, Limits(2, 20, scale_out_suspended=True), None, "but scaling out is suspended."),
        (IN, -5, 2, Limits(2, 20, scale_in_suspended=True), None, "but scaling in is suspended."),
    ],
)
def test_what_holds_it(
    policy: StepPolicy, breach: float, count: int, limits: Limits, code: Code | None, why: str
) -> None:
    memory, decision = evaluate(policy, limits, StepMemory(count), 0, breach)
    assert (memory.desired, decision.outcome, decision.code) == (count, Outcome.HELD, code)
    assert decision.why.endswith(why)


@pytest.mark.parametrize(
    ("breach", "why"), [(None, "Its alarm does not ring."), (-3, "No step is for a breach of -3.")]
)
def test_nothing_asks(breach: float | None, why: str) -> None:
    _, decision = evaluate(OUT, LIMITS, StepMemory(4), 0, breach)
    assert (decision.outcome, decision.why) == (Outcome.QUIET, why)


def test_a_metric_right_at_the_threshold_belongs_to_a_step_below_it_when_none_is_above() -> None:
    below = StepPolicy("down", Adjustment.CHANGE, (Step(-2, upper=-10.0), Step(-1, lower=-10.0, upper=0.0)))
    assert step_for(below, 0.0) == below.steps[1]
    assert step_for(below, -10.0) == below.steps[0]
    assert step_for(below, 0.1) is None


def test_a_good_policy_passes() -> None:
    assert check_steps(OUT) is OUT


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (StepPolicy("p", CHANGE, ()), "1 to 20 steps"),
        (StepPolicy("p", CHANGE, (Step(1),), cooldown=-1), "cooldown of 0"),
        (StepPolicy("p", CHANGE, (Step(1),), least=2), "only for percentages"),
        (StepPolicy("p", PERCENT, (Step(1),), least=0), "1 or more"),
        (StepPolicy("p", EXACT, (Step(-1),)), "0 or more"),
        (StepPolicy("p", CHANGE, (Step(1, 5, 5),)), "above its lower"),
        (StepPolicy("p", CHANGE, (Step(1, 0, 5), Step(2, 6))), "without gap or overlap"),
    ],
)
def test_what_aws_would_refuse_is_refused(policy: StepPolicy, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        check_steps(policy)
    assert set(caught.value.fields) == {"steps"}


@given(st.lists(st.one_of(st.none(), st.floats(-50, 50)), max_size=40), st.integers(2, 20), st.sampled_from([OUT, IN]))
def test_it_never_leaves_the_bounds(breaches: list[float | None], count: int, policy: StepPolicy) -> None:
    assert all(2 <= each.after <= 20 for each in run(policy, breaches, StepMemory(count)))
