"""Replay: what recorded load would have done under rules."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.scaling.decision import Outcome
from services.domain.scaling.load import CPU, MEMORY, Recording, peak_need
from services.domain.scaling.replay import Assumed, Settings, assumptions, replay, settings_of
from services.domain.scaling.series import Series
from services.domain.scaling.tracking import Rules, Tracking
from services.domain.snapshot import ScheduledAction

DAY = 24 * 60
START = 29_000_160  # a midnight, UTC, in minutes
RULES = Rules(3, 12, (Tracking("cpu", CPU, 70),))
ASSUMED = Assumed()


def recording(*cpu: float | None, tasks: float | None = 4, **more: tuple[float | None, ...]) -> Recording:
    """Minutes with as many tasks throughout."""
    readings = {CPU: Series(START, cpu), **{k: Series(START, v) for k, v in more.items()}}
    return Recording(Series(START, (tasks,) * len(cpu)), readings)


def run(given_: Recording, rules: Rules = RULES, assumed: Assumed = ASSUMED, **more: Any) -> Any:
    """A replay that is known to be possible."""
    made = replay(given_, Settings(rules, **more), assumed)
    assert made is not None
    return made


def test_the_start_is_a_midnight() -> None:
    assert START % DAY == 0


def test_load_is_shared_by_the_tasks_there_would_be() -> None:
    made = run(recording(*(90.0,) * 10))
    assert made.desired.values == (4, 4, 4, 6, 6, 6, 6, 6, 6, 6)
    assert made.tasks.values == (4, 4, 4, 4, 4, 6, 6, 6, 6, 6)
    assert made.over_target == 5
    assert [(e.outcome, e.before, e.after) for e in made.events] == [(Outcome.OUT, 4, 6)]
    assert made.task_hours == pytest.approx((4 * 5 + 6 * 5) / 60)
    assert (made.price, made.at_max, made.unknown, made.worst) == (None, 0, 0, {CPU: 90.0})


def test_a_task_may_start_at_once() -> None:
    assert run(recording(*(90.0,) * 5), assumed=Assumed(starts_after=0)).tasks.values == (4, 4, 4, 6, 6)


def test_a_higher_price_for_more_task_hours_and_minutes_at_the_maximum() -> None:
    made = run(recording(*(180.0,) * 30), Rules(3, 5, RULES.policies), Assumed(hourly=0.5))
    assert made.at_max == 27
    assert made.price == pytest.approx(made.task_hours * 0.5)
    assert made.over_target == 30


def test_it_begins_within_the_bounds_and_comes_in_at_once() -> None:
    made = run(recording(*(10.0,) * 20))
    assert made.desired.values[:15] == (4,) * 15
    assert made.tasks.values[15:] == (3,) * 5
    assert run(recording(10.0), Rules(6, 12, RULES.policies)).tasks.values == (6,)


def test_gaps_are_no_load_known_and_scale_nothing() -> None:
    made = run(recording(90.0, None, None, None, None))
    assert (made.unknown, made.over_target) == (4, 1)


def test_without_known_tasks_there_is_no_replay() -> None:
    nothing = recording(90.0, tasks=None)
    assert replay(nothing, Settings(RULES), Assumed()) is None
    assert nothing.first_tasks is None


def test_scheduled_actions_change_the_bounds() -> None:
    action = ScheduledAction("two past", "cron(2 0 * * ? *)", None, 8, 9)
    only_max = ScheduledAction("four past", "cron(4 0 * * ? *)", None, None, 6)
    made = run(recording(*(50.0,) * 7), scheduled=(action, only_max))
    assert made.desired.values == (4, 4, 8, 8, 6, 6, 6)
    assert made.tasks.values == (4, 4, 4, 4, 6, 6, 6)
    held = run(recording(*(50.0,) * 7), scheduled=(action,), scheduled_suspended=True)
    assert held.desired.values == (4,) * 7
    raised = run(recording(*(50.0,) * 7), scheduled=(ScheduledAction("m", action.schedule, None, 5, None),))
    assert raised.desired.values[-1] == 5


def test_schedules_of_every_minute_reach_to_the_end() -> None:
    each = ScheduledAction("each", "rate(1 minute)", None, 5, None)
    late = ScheduledAction("late", "cron(0 20 * * ? *)", None, 4, None)
    made = run(recording(*(50.0,) * (DAY - 100)), scheduled=(late, each))
    assert made.desired.values[-1] == 5


def test_a_zone_lost_at_the_peak_takes_its_share_and_is_replaced() -> None:
    given_ = recording(50.0, 60.0, 50.0, 50.0, 50.0, tasks=6)
    made = run(given_, assumed=Assumed(lost_of_zones=3))
    assert made.lost_at == START + 1
    assert made.tasks.values == (6, 4, 4, 6, 6)
    assert made.over_target == 2


def test_the_only_zone_lost_leaves_nothing_and_counts_as_over_target() -> None:
    made = run(recording(50.0, 60.0, 50.0, 50.0, tasks=3), assumed=Assumed(lost_of_zones=1))
    assert made.tasks.values == (3, 0, 0, 3)
    assert (made.over_target, made.unknown) == (2, 0)
    assert run(recording(50.0), Rules(1, 5, ()), Assumed(lost_of_zones=3)).lost_at is None


def test_starting_tasks_are_the_first_to_go() -> None:
    down = ScheduledAction("down", "cron(4 0 * * ? *)", None, 3, 5)
    made = run(recording(*(90.0,) * 6), assumed=Assumed(starts_after=5), scheduled=(down,))
    assert made.desired.values == (4, 4, 4, 6, 5, 5)
    assert made.tasks.values == (4,) * 6
    lower = run(recording(*(90.0,) * 6), assumed=Assumed(starts_after=5), scheduled=(replace(down, max_capacity=3),))
    assert lower.tasks.values == (4, 4, 4, 4, 3, 3)


def test_deployments_hold_scaling_in() -> None:
    assert run(recording(*(10.0,) * 20), assumed=Assumed(deploying=frozenset(range(START, START + 20)))).events == ()


def test_the_peak_of_need_is_that_of_the_greediest_policy() -> None:
    two = Rules(3, 12, (Tracking("cpu", CPU, 70), Tracking("memory", MEMORY, 80)))
    given_ = recording(50.0, 91.0, **{MEMORY: (100.0, 10.0)})
    assert peak_need(given_, two) == (6, START + 1, CPU)
    assert peak_need(given_, Rules(3, 12, (Tracking("x", "Other", 1),))) is None


def test_what_is_assumed_is_said() -> None:
    given_ = recording(50.0, None, tasks=None, **{MEMORY: (1.0,)})
    said = assumptions(given_, [Settings(RULES, unseen=("steps",))], Assumed(1, 0.05, 3))
    assert "estimate" in said[0]
    assert any("reading × running tasks" in each for each in said)
    assert any("In 2 minutes no tasks were recorded" in each for each in said)
    assert any("Not replayed" in each and "steps" in each for each in said)
    assert any("one of 3 zones is lost" in each for each in said)
    assert any("0.0500 USD" in each for each in said)
    assert any("Memory" in each for each in said)
    assert len(assumptions(recording(50.0), [Settings(RULES)], Assumed())) == 5


def test_policies_that_are_not_replayed_are_named() -> None:
    assert settings_of(RULES, (), False, ["cpu", "steps"]).unseen == ("steps",)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 200)), min_size=1, max_size=90),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(1, 3)),
)
def test_tasks_never_exceed_what_is_asked_for_and_bounds_hold(cpu: Any, starts: int, zones: int | None) -> None:
    made = run(recording(*cpu), assumed=Assumed(starts, None, zones))
    assert all(3 <= count <= 12 for count in made.desired.values)
    assert all(0 <= n <= d for n, d in zip(made.tasks.values, made.desired.values, strict=True))
    assert made == run(recording(*cpu), assumed=Assumed(starts, None, zones))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.floats(0, 200)), min_size=1, max_size=6), st.sampled_from([0, 300, 900])
)
def test_the_cooldown_of_a_scale_in_is_honoured(stretches: Any, cooldown: int) -> None:
    cpu = [value for times, value in stretches for _ in range(times)]
    made = run(recording(*cpu, tasks=8), Rules(1, 12, (Tracking("cpu", CPU, 70, 0, cooldown),)))
    ins = [each.minute * 60 for each in made.events if each.outcome is Outcome.IN]
    outs = [each.minute * 60 for each in made.events if each.outcome is Outcome.OUT]
    for earlier, later in pairwise(ins):
        assert later - earlier >= cooldown or any(earlier < out < later for out in outs)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 150)), min_size=1, max_size=60), st.floats(1, 4))
def test_more_load_scales_out_no_later_and_no_less(cpu: Any, factor: float) -> None:
    # Up to the first scale-out both have the same tasks; afterwards each has its own history.
    rules = Rules(1, 40, (Tracking("cpu", CPU, 70, scale_in_disabled=True),))
    usual = run(recording(*cpu), rules).events
    more = run(recording(*(None if v is None else v * factor for v in cpu)), rules).events
    if usual:
        assert more[0].minute <= usual[0].minute
        assert more[0].minute < usual[0].minute or more[0].after >= usual[0].after


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(0, 200), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 10), st.integers(10, 20)), max_size=3),
)
def test_what_a_scheduled_action_sets_bounds_what_follows(cpu: Any, given_: Any) -> None:
    actions = tuple(
        ScheduledAction(f"{number}", f"cron({minute} 0 * * ? *)", None, low, high)
        for number, (minute, low, high) in enumerate(given_)
    )
    made = run(recording(*cpu), scheduled=actions)
    low, high = RULES.min_capacity, RULES.max_capacity
    for place, count in enumerate(made.desired.values):
        for minute, least, most in given_:
            low, high = (least, most) if minute == place else (low, high)
        assert low <= count <= high
