"""Charts: scales, paths, gaps, signs, whole drawings, tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.charts import paths
from portal.charts.chart import Chart, Layer, Plot, draw, readout, said
from portal.charts.scale import Scale, length, levels, moments
from portal.charts.signs import Event, signs
from portal.charts.table import Column, table
from services.domain.scaling.series import How, Series, minute_of
from tests import builders as b

X = Scale(0, 100, 50, 150)
Y = Scale(0, 10, 100, 0)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=b.NOW.tzinfo)


def test_a_scale_puts_ends_on_ends_and_a_span_of_nothing_on_its_start() -> None:
    assert (X(0), X(100), X(33)) == (50, 150, 83)
    assert Scale(5, 5, 10, 20)(5) == 10


@pytest.mark.parametrize(
    ("top", "most", "whole", "found"),
    [
        (12, 3, True, (0, 5, 10, 15)),
        (1, 3, True, (0, 1)),
        (69, 3, False, (0, 25, 50, 75)),
        (0.3, 2, False, (0, 0.2, 0.4)),
        (100, 2, False, (0, 50, 100)),
    ],
)
def test_an_axis_names_round_values_up_to_above_the_greatest(
    top: float, most: int, whole: bool, found: tuple[float, ...]
) -> None:
    assert levels(top, most, whole=whole) == found


@given(st.floats(0.001, 1e7), st.integers(1, 8))
def test_an_axis_reaches_its_top_in_as_many_equal_steps_as_asked_for(top: float, most: int) -> None:
    found = levels(top, most)
    assert found[0] == 0
    assert found[-1] >= top * (1 - 1e-6)
    assert len(found) <= most + 1


def test_an_axis_without_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match="a step"):
        levels(1, 0)


def test_moments_lie_at_even_times_and_a_midnight_is_told_by_its_date() -> None:
    until = minute_of(b.NOW)
    found = moments(until - 180, until, Scale(until - 180, until, 50, 828), 8)
    assert [each.word for each in found] == ["23:30", "22 Nov", "00:30", "01:00", "01:30", "02:00"]


def test_over_days_moments_are_dates_and_words_at_the_ends_stay_within() -> None:
    since = minute_of(NOON.replace(hour=0))
    found = moments(since, since + 2 * 1440, Scale(since, since + 2 * 1440, 0, 700), 2)
    assert [(each.word, each.anchor) for each in found] == [("22 Nov", "start"), ("23 Nov", "mid"), ("24 Nov", "end")]


@pytest.mark.parametrize(("minutes", "word"), [(1, "1 minute"), (5, "5 minutes"), (60, "1 hour"), (360, "6 hours")])
def test_lengths_are_said_in_words(minutes: float, word: str) -> None:
    assert length(minutes) == word


def test_a_line_stops_at_a_gap_and_begins_again_after_it() -> None:
    of = Series(0, (1.0, 2.0, None, 3.0, 4.0), 10)
    assert paths.line(of, X, Y) == "M50.0 90.0L60.0 80.0M80.0 70.0L90.0 60.0"


def test_a_point_alone_is_as_long_as_its_place() -> None:
    assert paths.line(Series(0, (None, 5.0, None), 10), X, Y) == "M60.0 50.0H70.0"


def test_steps_turn_only_where_the_value_does_and_last_their_place() -> None:
    assert paths.steps(Series(0, (2.0, 2.0, 4.0), 10), X, Y) == "M50.0 80.0H70.0V60.0H80.0"


def test_an_area_goes_down_to_zero_on_both_sides_of_a_gap() -> None:
    of = Series(0, (2.0, None, 4.0), 10)
    assert paths.area(of, X, Y) == "M50.0 80.0H60.0V100.0H50.0ZM70.0 60.0H80.0V100.0H70.0Z"


def test_what_is_above_a_limit_is_cut_where_the_line_crosses_it() -> None:
    of = Series(0, (4.0, 8.0, 4.0), 10)
    assert paths.above(of, 6, X, Y) == "M55.0 40.0L60.0 20.0L65.0 40.0Z"


def test_what_begins_and_ends_above_a_limit_goes_down_to_it_at_its_ends() -> None:
    assert paths.above(Series(0, (8.0, 8.0), 10), 6, X, Y) == "M50.0 40.0L50.0 20.0L60.0 20.0L60.0 40.0Z"


def test_nothing_above_a_limit_is_nothing() -> None:
    assert paths.above(Series(0, (1.0, None, 2.0), 10), 6, X, Y) == ""


def test_gaps_are_boxes_and_what_is_not_told_yet_is_none() -> None:
    of = Series(0, (1.0, None, None, 2.0, None), 10)
    assert paths.gaps(of, X) == ((60.0, 20.0), (90.0, 10.0))
    assert paths.gaps(of, X, late=10) == ((60.0, 20.0),)


def test_what_was_never_known_is_one_gap_however_late_it_may_be() -> None:
    assert paths.gaps(Series(0, (None, None), 10), X, late=60) == ((50.0, 20.0),)


@given(st.lists(st.one_of(st.none(), st.floats(0, 10)), min_size=1, max_size=60))
def test_every_place_is_either_drawn_or_a_gap(values: list[float | None]) -> None:
    of = Series(0, tuple(values))
    x = Scale(0, len(values), 0, len(values))
    hatched = sum(width for _, width in paths.gaps(of, x))
    assert hatched == pytest.approx(of.gaps, abs=0.2 * len(values))
    assert paths.steps(of, x, Y).count("M") == paths.area(of, x, Y).count("Z")


def event(minutes: float, letter: str = "S", short: str = "to 10") -> Event:
    return Event(NOON + timedelta(minutes=minutes), letter, short, f"{letter} happened")


WIDE = Scale(minute_of(NOON), minute_of(NOON) + 180, 50, 828)


def test_signs_that_would_lie_on_each_other_are_one_that_counts_them() -> None:
    found = signs([event(10), event(11), event(12), event(100, "E", "max 12")], WIDE)
    assert [(sign.letters, sign.text) for sign in found] == [("S3", ""), ("E", "max 12")]
    assert found[0].title == "S happened; S happened; S happened"


def test_different_signs_in_one_place_keep_their_letters() -> None:
    assert [sign.letters for sign in signs([event(10, "E"), event(10, "S")], WIDE)] == ["ES"]


def test_words_beside_a_sign_end_before_the_next_one_and_none_leaves_the_picture() -> None:
    long = "Maximum 10 to 12 and target 60 to 55"
    found = signs([event(10, "E", long), event(30, "E", long), event(179, "E", long)], WIDE)
    assert [sign.text for sign in found] == ["Maximu…", long, ""]
    assert all(WIDE.start <= sign.x - sign.half and sign.x + sign.half <= WIDE.end for sign in found)


def test_signs_outside_the_window_are_left_out_and_none_is_none() -> None:
    assert signs([event(-5), event(300)], WIDE) == ()


def test_a_narrow_chart_has_signs_without_words() -> None:
    assert [sign.text for sign in signs([event(10)], WIDE, words=False)] == [""]


def plot(values: tuple[float | None, ...], **changes: object) -> Plot:
    layer = Layer(Series(minute_of(NOON), values), "line", "series")
    return Plot(**({"title": "CPU", "note": "", "layers": (layer,), "height": 90, "unit": " %"} | changes))  # type: ignore[arg-type]


def drawn(*plots: Plot, events: Sequence[Event] = ()) -> Chart:
    first = minute_of(NOON)
    return draw(plots, first, first + 60, width=836, left=50, events=events, words="words")


def test_plots_stand_one_under_another_on_one_axis() -> None:
    made = drawn(plot((1.0,) * 60), plot((2.0,) * 60))
    assert made.plots[0].base < made.plots[1].top
    assert made.plots[1].base < made.height
    assert [tick.word for tick in made.ticks] == ["12:00", "12:10", "12:20", "12:30", "12:40", "12:50", "13:00"]


def test_a_target_is_named_on_its_axis_and_what_is_above_it_filled() -> None:
    values = (50.0,) * 30 + (70.0,) * 30
    made = drawn(plot(values, target=60.0))
    found = made.plots[0]
    assert "60 %" in [word for _, word in found.labels]
    assert [shape.cls for shape in found.shapes if shape.d] == ["area-over", "series"]
    places = sorted(place for place, _ in found.labels)
    assert all(after - before >= 12 for before, after in pairwise(places)), "labels do not touch"


def test_the_newest_value_is_said_unless_it_is_old() -> None:
    def now(values: tuple[float | None, ...]) -> str:
        return drawn(plot(values)).plots[0].now

    assert now((40.0,) * 59 + (41.26,)) == "41.3 %"
    assert now((40.0,) * 57 + (None,) * 3) == "40 %"
    assert now((40.0,) * 30 + (None,) * 30) == "no data"


def test_a_plot_without_any_point_is_empty_and_all_gap() -> None:
    made = drawn(plot((None,) * 60))
    assert made.plots[0].empty
    assert made.plots[0].gaps == ((50.0, 778.0),)


def test_so_many_signs_that_lines_would_hide_the_chart_have_none() -> None:
    few = drawn(plot((1.0,) * 60), events=[event(10)])
    many = [event(minute) for minute in range(0, 60, 2)]
    crowded = drawn(plot((1.0,) * 60), events=many)
    assert (len(few.lines), len(crowded.lines)) == (1, 0)
    assert len(crowded.signs) > 16


def test_the_script_is_given_every_place_and_gaps_as_none() -> None:
    found = readout([plot((1.0, None, 2.345))], minute_of(NOON), minute_of(NOON) + 3)
    assert (found["first"], found["step"]) == (minute_of(NOON), 1)
    assert found["plots"][0]["layers"][0]["values"] == [1, None, 2.3]


@pytest.mark.parametrize(
    ("value", "word"), [(None, "no data"), (0.0, "0 ms"), (64.25, "64.2 ms"), (1234.6, "1\u202f235 ms")]
)
def test_values_have_no_more_digits_than_they_need(value: float | None, word: str) -> None:
    assert said(value, " ms") == word


def test_a_table_has_at_most_so_many_rows_and_says_its_gaps() -> None:
    series = Series(0, (*(float(n) for n in range(150)), *(None,) * 150))
    found = table([Column("CPU", series, " %"), Column("5xx", series, how=How.SUM)], most=100)
    assert (found.every, len(found.rows), found.blank) == (3, 100, 50)
    assert found.rows[0][1] == ["1 %", "3"]
    assert found.rows[-1][1] == ["no data", "no data"]


def test_a_table_of_a_series_that_starts_between_two_rows_still_has_few_enough() -> None:
    assert len(table([Column("CPU", Series(7, (1.0,) * 300))], most=100).rows) <= 100


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match="column"):
        table([])
