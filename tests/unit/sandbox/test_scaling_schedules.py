"""When the sandbox's scheduled actions run; that the engine reckons the same is tests/parity's to hold."""

from datetime import UTC, datetime

import pytest

from sandbox.gaps.applicationautoscaling.schedules import Calendar, Every, Once, read


def runs(expression: str, zone: str | None, after: str, count: int = 3) -> list[str]:
    schedule, at = read(expression, zone), datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp()
    found, began = list[str](), at
    while len(found) < count and (run := schedule.after(at, began)) is not None:
        found.append(f"{datetime.fromtimestamp(run, UTC):%Y-%m-%dT%H:%M}")
        at = run
    return found


@pytest.mark.parametrize(
    ("expression", "zone", "after", "wanted"),
    [
        ("at(2026-12-24T18:00:00)", "Europe/Berlin", "2026-12-01", ["2026-12-24T17:00"]),
        ("at(2026-12-24T18:00:00)", None, "2026-12-25", []),
        ("rate(90 minutes)", None, "2026-12-01T10:00", ["2026-12-01T11:30", "2026-12-01T13:00", "2026-12-01T14:30"]),
        ("cron(30 6 ? * MON-FRI *)", "Europe/Berlin", "2026-12-04T08:00", ["2026-12-07T05:30", "2026-12-08T05:30",
                                                                           "2026-12-09T05:30"]),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-27T12:00", ["2026-03-28T01:30", "2026-03-30T00:30",
                                                                     "2026-03-31T00:30"]),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30",
                                                                     "2026-10-27T01:30"]),
        ("cron(0 0 29 2 ? *)", None, "2026-01-01", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        ("cron(0 0 L * ? *)", None, "2027-01-31T12:00", ["2027-02-28T00:00", "2027-03-31T00:00",
                                                                          "2027-04-30T00:00"]),
        ("cron(0 9 31W * ? 2027)", None, "2027-01-01", ["2027-01-29T09:00", "2027-03-31T09:00", "2027-05-31T09:00"]),
        ("cron(0 0 * * ? 2020)", None, "2027-01-01", []),
    ],
)  # fmt: skip
def test_runs(expression: str, zone: str | None, after: str, wanted: list[str]) -> None:
    assert runs(expression, zone, after) == wanted


def test_kinds() -> None:
    kinds = [type(read(e, None)) for e in ("at(2026-12-24T18:00:00)", "rate(1 day)", "cron(0 0 * * ? *)")]
    assert kinds == [Once, Every, Calendar]


def test_a_rate_counts_from_its_beginning() -> None:
    every = read("rate(10 minutes)", None)
    assert [every.after(at, 1000) for at in (0, 999, 1000, 1001, 1600)] == [1000, 1000, 1600, 1600, 2200]


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(ValueError, match="does not exist in Europe/Berlin"):
        read("at(2026-03-29T02:30:00)", "Europe/Berlin")
