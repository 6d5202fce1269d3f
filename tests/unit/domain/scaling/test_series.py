"""Metric series: a gap stays a gap."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.scaling.series import (
    How,
    Series,
    coarser,
    combined,
    joined,
    minute_of,
    percentile,
    series,
    stretches,
    time_of,
)

NOW = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
VALUES = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=40)


def test_points_find_their_minute_in_any_order_and_the_later_one_holds() -> None:
    points = [(NOW + 2 * MINUTE, 7.0), (NOW + timedelta(seconds=1), 1.0), (NOW, 2.0), (NOW + 9 * MINUTE, 5.0)]
    made = series(points, NOW, NOW + 4 * MINUTE)
    assert made == Series(minute_of(NOW), (1.0, None, 7.0, None))
    assert (made.gaps, made.end, time_of(made.start)) == (2, made.start + 4, NOW)


def test_an_empty_span_has_no_place() -> None:
    assert series([(NOW, 1.0)], NOW, NOW - MINUTE).values == ()


@pytest.mark.parametrize(("minute", "value"), [(9, None), (10, 1.0), (14, 1.0), (15, None), (20, 3.0), (25, None)])
def test_a_place_holds_for_its_whole_step(minute: int, value: float | None) -> None:
    assert Series(10, (1.0, None, 3.0), 5).at(minute) == value


@pytest.mark.parametrize(("start", "step"), [(0, 0), (3, 5)])
def test_a_series_starts_at_a_multiple_of_its_step(start: int, step: int) -> None:
    with pytest.raises(ValueError, match="multiple of its step"):
        Series(start, (), step)


def test_the_peak_is_the_first_of_equals() -> None:
    assert Series(5, (1.0, 4.0, None, 4.0)).peak == (6, 4.0)
    assert Series(5, (None,)).peak is None


@pytest.mark.parametrize(
    ("how", "values"),
    [
        (How.MEAN, (2.0, None, 4.0)),
        (How.SUM, (4.0, None, 4.0)),
        (How.LEAST, (1.0, None, 4.0)),
        (How.MOST, (3.0, None, 4.0)),
    ],
)
def test_coarser_counts_only_what_is_known(how: How, values: tuple[float | None, ...]) -> None:
    fine = Series(2, (1.0, None, 3.0, None, None, None, None, None, 4.0))  # from minute 2 to 10
    assert coarser(fine, 5, how) == Series(0, values, 5)


def test_coarser_wants_a_multiple() -> None:
    with pytest.raises(ValueError, match="no multiple of 2"):
        coarser(Series(0, (1.0,), 2), 5)


@pytest.mark.parametrize(("share", "value"), [(0, 1.0), (50, 2.5), (100, 4.0), (90, 3.7)])
def test_percentiles_interpolate(share: float, value: float) -> None:
    assert percentile(Series(0, (4.0, None, 1.0, 3.0, 2.0)), share) == pytest.approx(value)


def test_percentiles_of_nothing_and_beyond() -> None:
    assert percentile(Series(0, (None,)), 50) is None
    with pytest.raises(ValueError, match="between 0 and 100"):
        percentile(Series(0, (1.0,)), 101)


def test_joining_lets_later_points_win_and_gaps_never() -> None:
    assert joined([Series(0, (1.0, 2.0)), Series(1, (None, 5.0)), Series(4, (9.0,))]) == Series(
        0, (1.0, 2.0, 5.0, None, 9.0)
    )
    assert joined([]) == Series(0)


def test_only_like_steps_join() -> None:
    with pytest.raises(ValueError, match="one step"):
        joined([Series(0, (1.0,)), Series(0, (1.0,), 5)])


def test_combining_keeps_the_gaps_of_both() -> None:
    made = combined(Series(0, (1.0, None, 3.0, 4.0)), Series(0, (2.0, 2.0, None)), lambda a, b: a * b)
    assert made.values == (2.0, None, None, None)


def test_stretches_never_cross_a_gap() -> None:
    assert stretches(Series(10, (1.0, 2.0, None, 4.0), 5)) == (((10, 1.0), (15, 2.0)), ((25, 4.0),))


@given(VALUES, st.integers(0, 9), st.integers(1, 7))
def test_a_coarse_place_is_known_exactly_when_one_within_is(values: list[float | None], start: int, step: int) -> None:
    fine = Series(start, tuple(values))
    made = coarser(fine, step, How.MOST)
    for minute in range(made.start, made.end, step):
        known = [v for v in (fine.at(m) for m in range(minute, minute + step)) if v is not None]
        assert made.at(minute) == (max(known) if known else None)


@given(VALUES)
def test_stretches_hold_every_point_once(values: list[float | None]) -> None:
    of = Series(0, tuple(values))
    assert tuple(point for run in stretches(of) for point in run) == of.points
