"""The error budget of a month and what failovers spend of it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.budget import Budget, allowance, budget_of, month_of, spent
from services.domain.failover.episode import Episode, Result
from tests import builders as b
from tests.builders.places import NOW

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def outage(at: datetime, seconds: float | None, **changes: object) -> Episode:
    return b.episode(started_at=at, outage_seconds=seconds, **changes)


@pytest.mark.parametrize(
    ("target", "now", "seconds"),
    [
        (99.95, NOW, 1296.0),
        (99.95, datetime(2026, 12, 5, tzinfo=UTC), 1339.2),
        (99.9, datetime(2028, 2, 29, tzinfo=UTC), 2505.6),
        (100.0, NOW, 0.0),
        (99.95, datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2))), 1296.0),
    ],
)
def test_a_month_may_be_down_for_so_long(target: float, now: datetime, seconds: float) -> None:
    assert allowance(target, now) == pytest.approx(seconds)


def test_what_is_left_and_what_share_an_outage_is() -> None:
    budget = Budget(NOVEMBER, 99.95, 1296.0, 324.0)
    assert budget.left == 972.0
    assert budget.share(324) == 25.0
    assert Budget(NOVEMBER, 99.95, 100.0, 150.0).left == 0.0
    assert Budget(NOVEMBER, 100.0, 0.0, 0.0).share(10) == 0.0


def test_outages_add_up_and_unmeasured_ones_are_counted() -> None:
    day = timedelta(days=1)
    past = [outage(NOW - day, 30), outage(NOW - 2 * day, 20.5), outage(NOW - 3 * day, None)]
    assert spent(past, NOVEMBER, NOW) == (50.5, 1)


def test_what_aws_abandoned_costs_nothing() -> None:
    assert spent([outage(NOW - timedelta(days=1), None, result=Result.ABANDONED)], NOVEMBER, NOW) == (0.0, 0)


def test_two_at_the_same_time_are_down_once() -> None:
    at = NOW - timedelta(days=1)
    past = [outage(at, 60), outage(at + timedelta(seconds=30), 60), outage(at + timedelta(seconds=10), 5)]
    assert spent(past, NOVEMBER, NOW) == (90.0, 0)


def test_over_the_turn_of_a_month_each_bears_its_part() -> None:
    turn = outage(NOVEMBER - timedelta(seconds=20), 60)
    assert spent([turn], NOVEMBER, NOW) == (40.0, 0)
    assert spent([turn], datetime(2026, 10, 31, tzinfo=UTC), NOW) == (20.0, 0)


def test_only_this_month_and_only_what_has_been() -> None:
    past = [outage(NOVEMBER - timedelta(days=1), None), outage(NOVEMBER - timedelta(days=1), 60)]
    assert spent([*past, outage(NOW + timedelta(hours=1), 60), outage(NOW - timedelta(seconds=5), 60)], NOW, NOW) == (
        5.0,
        0,
    )


def test_the_budget_of_an_environment_counts_its_own_alone() -> None:
    at = NOW - timedelta(days=1)
    found = budget_of(b.environment(), [outage(at, 30), b.episode(env="legacy", started_at=at, outage_seconds=99)], NOW)
    assert (found.month, found.slo_target, found.used, found.unmeasured) == (NOVEMBER, 99.95, 30.0, 0)
    assert found.total == pytest.approx(1296.0)
    assert month_of(NOW) == NOVEMBER


@given(st.lists(st.tuples(st.integers(-40, 40), st.one_of(st.none(), st.floats(0, 10**6))), max_size=8), st.randoms())
def test_never_more_than_the_sum_nor_than_the_month_in_any_order(given: list[tuple[int, float | None]], random) -> None:  # type: ignore[no-untyped-def]
    past = [outage(NOW + timedelta(days=days), seconds) for days, seconds in given]
    used, unmeasured = spent(past, NOW, NOW)
    random.shuffle(past)
    assert spent(past, NOW, NOW) == (used, unmeasured)
    assert 0 <= used <= sum(seconds or 0 for _, seconds in given) + 0.001
    assert used <= (NOW - NOVEMBER).total_seconds()
    assert unmeasured <= sum(seconds is None for _, seconds in given)
