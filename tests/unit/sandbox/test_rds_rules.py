"""The order of a failover, the words of its events and the maintenance window: pure."""

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sandbox.gaps.rds.changes import seconds_until
from sandbox.gaps.rds.timeline import WITHIN, failover
from sandbox.gaps.rds.words import EVENTS, REASONS


@given(seed=st.integers())
def test_a_failover_keeps_its_order_and_its_measured_bounds(seed: int) -> None:
    times = failover(Random(seed).uniform)  # noqa: S311 - any numbers will do
    assert times.started < times.promoted < times.restarted < times.completed < times.available
    for step, (earliest, latest) in WITHIN.items():
        assert earliest <= getattr(times, step) <= latest
    assert [step for _, step in times.order() if step != "swapped"] == [
        "started",
        "promoted",
        "restarted",
        "completed",
        "available",
    ]


def test_the_zones_may_swap_long_after_all_else() -> None:
    late = [failover(Random(seed).uniform) for seed in range(50)]  # noqa: S311 - any numbers will do
    assert any(times.swapped > times.available + 300 for times in late)


def test_the_words_are_those_on_the_wire() -> None:
    assert EVENTS["RDS-EVENT-0013"] == (("failover",), "Multi-AZ instance failover started. ")
    assert EVENTS["RDS-EVENT-0049"] == (("failover",), "Multi-AZ instance failover completed")
    assert EVENTS["RDS-EVENT-0006"] == (("availability",), "DB instance restarted")
    assert REASONS["user"] == "The user requested a failover of the DB instance."


def test_the_maintenance_window_opens_next_week_when_it_is_past() -> None:
    wednesday = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    assert seconds_until("wed:06:38-wed:07:08", wednesday) == 38 * 60
    assert seconds_until("wed:05:00-wed:05:30", wednesday) == (7 * 24 - 1) * 3600
    assert seconds_until("thu:06:00-thu:06:30", wednesday) == 24 * 3600
