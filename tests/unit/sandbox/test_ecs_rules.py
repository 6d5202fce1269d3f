"""The ECS scheduler's pure decisions: spread over zones, rollout arithmetic, circuit breaker, rebalancing."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gaps.ecs.rules import HEALTHY, STARTING, UNHEALTHY, Seen, bounds, decide, failure_threshold, in_words
from sandbox.gaps.ecs.rules import rebalance as rebalance_to
from sandbox.weather.placement import imbalance, order_for, spread

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
some_zones = st.lists(st.sampled_from([*ZONES, "us-east-1d"]), min_size=1, max_size=4, unique=True)


@given(zones=some_zones, count=st.integers(0, 40), name=st.text(max_size=8))
def test_newcomers_are_never_more_than_one_apart_over_the_zones_that_stand(
    zones: list[str], count: int, name: str
) -> None:
    chosen = spread(order_for(name, zones), {}, count)
    assert len(chosen) == count
    assert set(chosen) <= set(zones)
    assert imbalance(zones, Counter(chosen)) <= 1


@given(zones=some_zones, present=st.dictionaries(st.sampled_from(ZONES), st.integers(0, 6)), count=st.integers(0, 40))
def test_newcomers_never_make_the_spread_worse(zones: list[str], present: dict[str, int], count: int) -> None:
    after = Counter(present) + Counter(spread(zones, present, count))
    assert imbalance(zones, after) <= max(1, imbalance(zones, present))


def test_no_zone_standing_places_nothing() -> None:
    assert spread([], {"us-east-1a": 1}, 3) == []


def test_the_minimum_rounds_up_and_the_maximum_down() -> None:
    assert bounds(3, 50, 150) == (2, 4)
    assert bounds(1, 100, 200) == (1, 2)
    assert bounds(0, 100, 200) == (0, 0)


@pytest.mark.parametrize(("desired", "limit"), [(1, 3), (6, 3), (7, 4), (50, 25), (1000, 200)])
def test_the_breaker_trips_at_half_the_tasks_but_at_three_at_least(desired: int, limit: int) -> None:
    assert failure_threshold(desired) == limit


shapes = st.sampled_from([STARTING, HEALTHY, UNHEALTHY])
seen = st.lists(st.tuples(st.sampled_from(ZONES), st.booleans(), shapes), max_size=12).map(
    lambda rows: [Seen(str(n), zone, newest, shape, n) for n, (zone, newest, shape) in enumerate(rows)]
)


@given(tasks=seen, desired=st.integers(0, 8), least=st.integers(0, 100), most=st.integers(100, 200))
def test_a_step_keeps_the_minimum_healthy_and_the_maximum_running(
    tasks: list[Seen], desired: int, least: int, most: int
) -> None:
    fewest, greatest = bounds(desired, least, most)
    decision = decide(desired, least, most, tasks)
    healthy = sum(task.shape == HEALTHY for task in tasks)
    healthy_left = sum(task.shape == HEALTHY for task in tasks if task.id not in decision.stop)
    assert healthy_left >= min(healthy, fewest)
    assert decision.start == 0 or len(tasks) + decision.start <= greatest
    assert len(set(decision.stop)) == len(decision.stop)


@given(desired=st.integers(1, 8), least=st.integers(0, 100), most=st.integers(101, 200), old=st.integers(0, 8))
def test_a_rollout_ends_with_the_wanted_tasks_of_the_newest_deployment(
    desired: int, least: int, most: int, old: int
) -> None:
    fewest, greatest = bounds(desired, least, most)
    if fewest >= greatest:  # no room for a single extra task: AWS cannot roll this out either
        return
    tasks = [Seen(f"old{n}", ZONES[n % 3], False, HEALTHY, n) for n in range(old)]
    for step in range(60):
        decision = decide(desired, least, most, tasks)
        tasks = [Seen(t.id, t.zone, t.newest, HEALTHY, t.age) for t in tasks if t.id not in decision.stop]
        mine = Counter(t.zone for t in tasks if t.newest)
        for zone in spread(ZONES, mine, decision.start):
            tasks.append(Seen(f"new{step}{len(tasks)}", zone, True, STARTING, 100 + step))
    assert [t.newest for t in tasks] == [True] * desired
    assert imbalance(ZONES, Counter(t.zone for t in tasks)) <= 1


def test_a_failed_task_is_replaced_before_it_is_stopped_when_there_is_room() -> None:
    tasks = [Seen("1", ZONES[0], True, UNHEALTHY), Seen("2", ZONES[1], True), Seen("3", ZONES[2], True)]
    first = decide(3, 100, 200, tasks)
    assert (first.start, first.replaced, first.stop) == (1, 1, ())
    then = decide(3, 100, 200, [*tasks, Seen("4", ZONES[1], True, HEALTHY, 4)])
    assert (then.start, then.stop) == (0, ("1",))


def test_without_room_the_unhealthy_task_goes_first() -> None:
    tasks = [Seen("1", ZONES[0], True, UNHEALTHY), Seen("2", ZONES[1], True)]
    assert decide(2, 50, 100, tasks) == decide(2, 50, 100, list(tasks))
    assert decide(2, 50, 100, tasks).stop == ("1",)


def test_scaling_in_takes_the_youngest_of_the_fullest_zone() -> None:
    tasks = [Seen(str(n), ZONES[n % 2], True, HEALTHY, n) for n in range(3)]
    assert decide(2, 100, 200, tasks).stop == ("2",)


def test_rebalancing_wants_a_difference_of_two_and_a_maximum_above_a_hundred() -> None:
    lopsided = [Seen("1", ZONES[0], True), Seen("2", ZONES[0], True), Seen("3", ZONES[2], True)]
    assert rebalance_to(ZONES, lopsided, 200) == ZONES[1]
    assert rebalance_to(ZONES, lopsided, 100) is None
    assert rebalance_to(ZONES, lopsided[1:], 200) is None
    assert in_words({"us-east-1b": 1, "us-east-1a": 3}) == "3 tasks in us-east-1a, 1 tasks in us-east-1b"


def test_without_room_unhealthy_tasks_go_one_after_the_other() -> None:
    sick = [Seen(str(n), ZONES[n % 3], True, UNHEALTHY, n) for n in range(6)]
    assert len(decide(3, 100, 200, sick).stop) == 1
    replaced = [*sick[1:], Seen("new", ZONES[0], True, STARTING, 6)]
    assert decide(3, 100, 200, replaced).stop == ()
    settled = [*sick[1:], Seen("new", ZONES[0], True, HEALTHY, 6)]
    assert len(decide(3, 100, 200, settled).stop) == 1


def test_a_protected_task_is_not_stopped_by_scaling_in_or_a_deployment_but_when_it_is_unhealthy() -> None:
    kept = [Seen(str(n), ZONES[n], True, HEALTHY, n, protected=n < 2) for n in range(3)]
    assert decide(1, 100, 200, kept).stop == ("2",)
    old = [Seen("old", ZONES[0], False, HEALTHY, 0, protected=True), Seen("new", ZONES[1], True, HEALTHY, 1)]
    assert decide(1, 100, 200, old).stop == ()
    ill = [Seen("ill", ZONES[0], True, UNHEALTHY, 0, protected=True), Seen("new", ZONES[1], True, HEALTHY, 1)]
    assert decide(1, 100, 200, ill).stop == ("ill",)
