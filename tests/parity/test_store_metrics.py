"""Metrics over time: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from math import inf, nan

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.scaling.measured import CPU, MEMORY, Measured
from services.domain.scaling.series import Series, joined
from services.ports import UnitOfWork

ENV, DAY = "production", 24 * 60
T = 29_000_000 // (5 * DAY) * 5 * DAY
"""A minute at which a day begins, and a block of every step."""


def put(unit: UnitOfWork, *measured: Measured, env: str = ENV) -> None:
    with unit() as store:
        store.metrics.put(env, measured)


def cpu(start: int, *values: float | None, step: int = 1, subject: str = "rbac", name: str = CPU) -> Measured:
    return Measured(subject, name, Series(start, values, step))


def read(
    unit: UnitOfWork, since: int, until: int, step: int = 1, *, name: str = CPU, subject: str = "rbac", env: str = ENV
) -> Series:
    with unit(readonly=True) as store:
        return store.metrics.read(env, subject, [name], since, until, step)[name]


def test_what_is_put_is_read_and_a_gap_is_a_gap(any_unit: UnitOfWork) -> None:
    put(any_unit, cpu(T + 58, 1.5, None, 0.0, 1e-12, 98.7654321))
    assert read(any_unit, T + 57, T + 64) == Series(T + 57, (None, 1.5, None, 0.0, 1e-12, 98.7654321, None))
    assert read(any_unit, T + 60, T + 61) == Series(T + 60, (0.0,))


def test_a_later_value_wins_and_a_gap_never_erases(any_unit: UnitOfWork) -> None:
    put(any_unit, cpu(T, 1.0, 2.0, None, 4.0))
    put(any_unit, cpu(T, None, 20.0, 30.0))
    put(any_unit, cpu(T + 2, nan, inf, -inf))
    assert read(any_unit, T, T + 4).values == (1.0, 20.0, 30.0, 4.0)


def test_of_two_in_one_put_the_later_wins(any_unit: UnitOfWork) -> None:
    put(any_unit, cpu(T, 1.0, 2.0), cpu(T + 1, 3.0, 4.0))
    assert read(any_unit, T, T + 3).values == (1.0, 3.0, 4.0)


def test_subjects_names_steps_and_environments_are_apart(any_unit: UnitOfWork) -> None:
    put(any_unit, cpu(T, 1.0), cpu(T, 2.0, name=MEMORY), cpu(T, 3.0, subject="audit"), cpu(T, 4.0, step=5))
    put(any_unit, cpu(T, 5.0), env="legacy")
    assert read(any_unit, T, T + 1).values == (1.0,)
    assert read(any_unit, T, T + 1, name=MEMORY).values == (2.0,)
    assert read(any_unit, T, T + 1, subject="audit").values == (3.0,)
    assert read(any_unit, T, T + 1, 5).values == (4.0,)
    assert read(any_unit, T, T + 1, env="legacy").values == (5.0,)


def test_several_names_at_once_and_one_unknown(any_unit: UnitOfWork) -> None:
    put(any_unit, cpu(T, 1.0), cpu(T, 2.0, name=MEMORY))
    with any_unit(readonly=True) as store:
        found = store.metrics.read(ENV, "rbac", [CPU, MEMORY, "Nothing"], T, T + 2, 1)
    assert {name: series.values for name, series in found.items()} == {
        CPU: (1.0, None),
        MEMORY: (2.0, None),
        "Nothing": (None, None),
    }


def test_a_window_begins_at_its_place_and_takes_in_the_place_it_ends_in(any_unit: UnitOfWork) -> None:
    put(any_unit, cpu(T, 1.0, 2.0, 3.0, step=5))
    assert read(any_unit, T + 6, T + 11, 5) == Series(T + 5, (2.0, 3.0), 5)
    assert read(any_unit, T + 5, T + 5, 5) == Series(T + 5, (), 5)
    assert read(any_unit, T + 7, T, 5).values == ()


def test_fifteen_days_of_minutes(any_unit: UnitOfWork) -> None:
    values = tuple(float(i % 97) if i % 13 else None for i in range(15 * DAY))
    put(any_unit, Measured("rbac", CPU, Series(T + 7, values)))
    assert read(any_unit, T + 7, T + 7 + 15 * DAY).values == values


@given(
    parts=st.lists(
        st.tuples(st.integers(0, 200), st.lists(st.none() | st.floats(-1e9, 1e9), min_size=1, max_size=130)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_putting_piece_by_piece_is_joining(any_unit: UnitOfWork, parts: list[tuple[int, list[float | None]]]) -> None:
    env = f"e{hash(repr(parts)) % 10**12}"
    series = [Series(T + start, tuple(values)) for start, values in parts]
    for each in series:
        put(any_unit, Measured("rbac", CPU, each), env=env)
    whole = joined(series)
    assert read(any_unit, whole.start, whole.end, env=env) == whole


def test_of_two_who_write_into_one_block_neither_loses_a_point(any_unit: UnitOfWork) -> None:
    def write(place: int) -> None:
        put(any_unit, cpu(T + place, float(place)), cpu(T + place, float(place), subject="audit"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(40)))
    assert read(any_unit, T, T + 40).values == tuple(float(place) for place in range(40))
    assert read(any_unit, T, T + 40, subject="audit").gaps == 0


def test_what_was_read_is_remembered_by_step(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        assert (store.metrics.read_until(ENV, 1), store.metrics.read_since(ENV, 1)) == (None, None)
        store.metrics.set_read_until(ENV, 1, T)
        assert (store.metrics.read_until(ENV, 1), store.metrics.read_since(ENV, 1)) == (T, None)
        store.metrics.set_read_since(ENV, 1, T - 60)
        store.metrics.set_read_until(ENV, 1, T + 1)
        store.metrics.set_read_since(ENV, 5, T - 90)
    with any_unit(readonly=True) as store:
        assert (store.metrics.read_until(ENV, 1), store.metrics.read_since(ENV, 1)) == (T + 1, T - 60)
        assert (store.metrics.read_until(ENV, 5), store.metrics.read_since(ENV, 5)) == (None, T - 90)
        assert store.metrics.read_until("legacy", 1) is None


def test_pruning_forgets_whole_blocks_of_the_steps_named(any_unit: UnitOfWork) -> None:
    hours = tuple(float(i) for i in range(180))
    put(any_unit, cpu(T, *hours), cpu(T, *hours, subject="audit"), cpu(T, *hours, step=5), cpu(T, 1.0, step=60))
    with any_unit() as store:
        assert store.metrics.prune({1: T + 119, 5: T + 300}) == 3
    assert read(any_unit, T, T + 180).values == (None,) * 60 + hours[60:]
    assert read(any_unit, T, T + 180, subject="audit").gaps == 60
    assert read(any_unit, T, T + 900, 5).values == (None,) * 60 + hours[60:]
    assert read(any_unit, T, T + 60, 60).values == (1.0,)
    with any_unit() as store:
        assert store.metrics.prune({}) == 0
        assert store.metrics.prune({1: T + 119}) == 0


def test_nothing_to_put_is_no_write(any_unit: UnitOfWork) -> None:
    put(any_unit)
    put(any_unit, cpu(T, None, nan))
    assert read(any_unit, T, T + 2).values == (None, None)


@pytest.mark.parametrize("value", [-1.0, 0.0, 5e-324, 1.7976931348623157e308])
def test_numbers_come_back_as_they_were(any_unit: UnitOfWork, value: float) -> None:
    put(any_unit, cpu(T, value))
    assert read(any_unit, T, T + 1).values == (value,)
