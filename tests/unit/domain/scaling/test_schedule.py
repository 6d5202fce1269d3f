"""Schedules of Application Auto Scaling."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.errors import Invalid
from services.domain.scaling.schedule import next_runs, parse
from services.domain.snapshot import ScheduledAction

NOW = datetime(2026, 11, 22, 2, 13, tzinfo=UTC)  # a Sunday


def runs(expression: str, count: int = 2, zone: str | None = None, after: datetime = NOW) -> list[str]:
    """The next runs, as text in UTC."""
    return [f"{run:%Y-%m-%d %H:%M}" for run in parse(expression, zone).runs(after, count)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 10 * * ? *", ["2026-11-22 10:00", "2026-11-23 10:00"]),
        ("0 18 ? * MON-FRI *", ["2026-11-23 18:00", "2026-11-24 18:00"]),
        ("0 18 ? * 2-6 *", ["2026-11-23 18:00", "2026-11-24 18:00"]),
        ("0 8 1 * ? *", ["2026-12-01 08:00", "2027-01-01 08:00"]),
        ("0/15 * * * ? *", ["2026-11-22 02:15", "2026-11-22 02:30"]),
        ("*/20 3,5 * * ? *", ["2026-11-22 03:00", "2026-11-22 03:20"]),
        ("0-10/5 4 * * ? *", ["2026-11-22 04:00", "2026-11-22 04:05"]),
        ("0 0 L * ? *", ["2026-11-30 00:00", "2026-12-31 00:00"]),
        ("0 0 L 2 ? 2028", ["2028-02-29 00:00"]),
        ("0 0 15W * ? *", ["2026-12-15 00:00", "2027-01-15 00:00"]),
        ("0 0 1W 5,8 ? 2027", ["2027-05-03 00:00", "2027-08-02 00:00"]),
        ("0 0 31W 10,11 ? 2027", ["2027-10-29 00:00"]),
        ("0 0 5W 12 ? 2026", ["2026-12-04 00:00"]),
        ("0 0 6W 12 ? 2026", ["2026-12-07 00:00"]),
        ("0 0 ? * 3#2 *", ["2026-12-08 00:00", "2027-01-12 00:00"]),
        ("0 0 ? * FRI#5 *", ["2027-01-29 00:00", "2027-04-30 00:00"]),
        ("0 0 ? * 6L *", ["2026-11-27 00:00", "2026-12-25 00:00"]),
        ("0 0 ? * L *", ["2026-11-28 00:00", "2026-12-05 00:00"]),
        ("0 0 ? * FRI-MON *", ["2026-11-23 00:00", "2026-11-27 00:00"]),
        ("0 0 1 nov-feb ? *", ["2026-12-01 00:00", "2027-01-01 00:00"]),
        ("0 0 29 2 ? *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("0 0 31 2 ? *", []),
        ("0 0 1 1 ? 2020", []),
        ("0 0 1 1 ? 2027-2030/2", ["2027-01-01 00:00", "2029-01-01 00:00"]),
    ],
)
def test_cron(fields: str, expected: list[str]) -> None:
    assert runs(f"cron({fields})") == expected


def test_a_zone_follows_summer_time() -> None:
    autumn = datetime(2026, 10, 24, tzinfo=UTC)
    assert runs("cron(30 6 * * ? *)", 2, "Europe/Berlin", autumn) == ["2026-10-24 04:30", "2026-10-25 05:30"]


def test_skipped_times_do_not_happen_and_repeated_ones_happen_once() -> None:
    spring, autumn = datetime(2027, 3, 27, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)
    assert runs("cron(30 2 * * ? *)", 2, "Europe/Berlin", spring) == ["2027-03-27 01:30", "2027-03-29 00:30"]
    assert runs("cron(30 2 * * ? *)", 3, "Europe/Berlin", autumn) == [
        "2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("began", "starts", "expected"),
    [
        (NOW - timedelta(minutes=7), None, ["02:16", "02:21"]),
        (None, None, ["02:18", "02:23"]),
        (NOW + timedelta(minutes=3), None, ["02:16", "02:21"]),
        (NOW - timedelta(minutes=5), NOW + timedelta(minutes=5), ["02:18", "02:23"]),
        (None, NOW + timedelta(minutes=5), ["02:18", "02:23"]),
    ],
)
def test_a_rate_counts_from_its_beginning(began: datetime, starts: datetime, expected: list[str]) -> None:
    found = parse("rate(5 minutes)").runs(NOW, 2, began=began, starts=starts)
    assert [f"{run:%H:%M}" for run in found] == expected


@pytest.mark.parametrize(
    ("rate", "each"),
    [("1 minute", timedelta(minutes=1)), ("2 hours", timedelta(hours=2)), ("3 days", timedelta(days=3))],
)
def test_rates_of_every_unit(rate: str, each: timedelta) -> None:
    assert parse(f"rate({rate})").runs(NOW, 1) == (NOW + each,)


def test_at_runs_once() -> None:
    assert runs("at(2026-12-24T18:00:00)", 5, "Europe/Berlin") == ["2026-12-24 17:00"]
    assert runs("at(2026-11-01T18:00:00)", 5) == []


def test_nothing_runs_outside_its_start_and_end() -> None:
    start, end = datetime(2026, 11, 25, 10, tzinfo=UTC), datetime(2026, 11, 26, 10, tzinfo=UTC)
    found = parse("cron(0 10 * * ? *)").runs(NOW, 9, starts=start, ends=end)
    assert found == (start, end)


def test_an_action_that_was_read() -> None:
    action = ScheduledAction("morning", "cron(0 6 * * ? *)", "America/New_York", 6, None)
    assert next_runs(action, NOW, 1) == (datetime(2026, 11, 22, 11, tzinfo=UTC),)


def test_the_number_of_runs_is_limited() -> None:
    with pytest.raises(ValueError, match="0 to 1000"):
        parse("rate(1 minute)").runs(NOW, 1001)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("every day", "Write at"),
        ("cron(0 10 * * *)", "six fields"),
        ("cron(0 10 * * * *)", "write \\? for the other"),
        ("cron(0 10 ? * ? *)", "write \\? for the other"),
        ("cron(60 10 * * ? *)", "'60' is no minutes: it is 0 to 59"),
        ("cron(0 10 * FOO ? *)", "JAN-DEC"),
        ("cron(0 10 * * ? 1969)", "1970 to 2199"),
        ("cron(0 22-6 * * ? *)", "runs backwards"),
        ("cron(0/0 10 * * ? *)", "1 or more"),
        ("cron(0,, 10 * * ? *)", "'nothing' is no minutes"),
        ("cron(*-5 10 * * ? *)", "is no minutes"),
        ("cron(0 10 L-3 * ? *)", "is no day of month"),
        ("cron(0 10 LW * ? *)", "'L' is no day of month"),
        ("cron(0 10 ? * 3#6 *)", "1 to 5"),
        ("cron(0 10 ? * 8 *)", "SUN-SAT"),
        ("cron(\u0663 10 ? * 1 *)", "is no minutes"),
        ("rate(5)", "as in rate\\(5 minutes\\)"),
        ("rate(0 minutes)", "whole number from 1"),
        ("rate(1 minutes)", "rate\\(1 minute\\)"),
        ("rate(5 minute)", "rate\\(5 minutes\\)"),
        ("at(tomorrow)", "as in at"),
    ],
)
def test_what_is_wrong_is_said(expression: str, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        parse(expression)
    assert set(caught.value.fields) == {"schedule"}


def test_a_skipped_clock_time_is_refused() -> None:
    with pytest.raises(Invalid, match="does not exist in Europe/Berlin"):
        parse("at(2027-03-28T02:30:00)", "Europe/Berlin")


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "Europe"])
def test_zones_that_are_none(zone: str) -> None:
    with pytest.raises(Invalid, match="no time zone"):
        parse("rate(5 minutes)", zone)


@settings(max_examples=50, deadline=None)
@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_runs_come_in_order_and_at_their_clock_time(after: datetime, zone: str, hour: int, minute: int) -> None:
    found = parse(f"cron({minute} {hour} * * ? *)", zone).runs(after, 5)
    assert len(found) == 5
    assert list(found) == sorted(set(found))
    assert all(run > after for run in found)
    local = [run.astimezone(ZoneInfo(zone)) for run in found]
    assert {(each.hour, each.minute) for each in local} == {(hour, minute)}
