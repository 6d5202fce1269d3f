"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import words

NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86399, "23 h"),
        (86400, "1 day"),
        (200000, "2 days"),
        (-5, "0 s"),
    ],
)
def test_a_duration_is_said_in_its_largest_whole_unit(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@given(st.floats(min_value=0, max_value=1e9))
def test_a_duration_never_says_more_than_has_passed(seconds: float) -> None:
    number, unit = words.duration(seconds).split()
    size = {"s": 1, "min": 60, "h": 3600, "day": 86400, "days": 86400}[unit]
    assert int(number) * size <= seconds < (int(number) + 1) * size


def test_an_age_of_less_than_a_second_or_from_a_clock_ahead_is_now() -> None:
    assert words.age(NOW, NOW) == "now"
    assert words.age(NOW + timedelta(seconds=30), NOW) == "now"
    assert words.age(NOW - timedelta(seconds=6), NOW) == "6 s ago"


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(hours=1), "today 13:02"),
        (timedelta(hours=15), "Sat 23:02"),
        (timedelta(days=6), "Mon 14:02"),
        (timedelta(days=7), "15 Nov 14:02"),
        (timedelta(days=400), "18 Oct 2025"),
        (-timedelta(days=2), "24 Nov 14:02"),
    ],
)
def test_a_moment_is_said_as_people_do(back: timedelta, said: str) -> None:
    assert words.moment(NOW - back, NOW) == said


def test_every_time_is_said_in_utc_whatever_its_zone() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert words.utc(there) == "2026-11-22 14:02:11 UTC"
    assert words.iso(there) == "2026-11-22T14:02:11Z"
    assert words.moment(there, NOW) == "today 14:02"


def test_an_account_is_grouped_and_anything_else_left_alone() -> None:
    assert words.account("123456789012") == "1234 5678 9012"
    assert words.account("unknown") == "unknown"
