"""The pause switch: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.domain.errors import Conflict
from services.domain.pause import EVERYWHERE, Pause, holding
from services.ports import UnitOfWork
from tests import builders as b
from tests.builders import NOW

HOUR = timedelta(hours=1)


def add(unit: UnitOfWork, *pauses: Pause) -> None:
    with unit() as store:
        for pause in pauses:
            store.pauses.add(pause)


def current(unit: UnitOfWork, now: datetime) -> list[Pause]:
    with unit(readonly=True) as store:
        return list(store.pauses.current(now))


def test_a_pause_holds_from_its_beginning_up_to_its_end(any_unit: UnitOfWork) -> None:
    pause = b.pause(hours=2, reason="Freeze: ü")
    add(any_unit, pause)
    tick = timedelta(microseconds=1)
    assert current(any_unit, NOW - tick) == []
    assert current(any_unit, NOW) == [pause]
    assert current(any_unit, NOW + 2 * HOUR - tick) == [pause]
    assert current(any_unit, NOW + 2 * HOUR) == []


def test_several_hold_at_once_oldest_first(any_unit: UnitOfWork) -> None:
    global_one = b.pause("all", EVERYWHERE, hours=1, at=NOW + timedelta(minutes=5))
    own, other = b.pause("own", hours=3), b.pause("other", "legacy", hours=3, at=NOW + timedelta(minutes=9))
    add(any_unit, other, global_one, own)
    now = NOW + timedelta(minutes=10)
    assert current(any_unit, now) == [own, global_one, other]
    assert holding(current(any_unit, now), "production", now) == own
    assert holding(current(any_unit, now), "staging", now) == global_one


def test_a_pause_is_lifted_once(any_unit: UnitOfWork) -> None:
    add(any_unit, b.pause())
    with any_unit() as store:
        lifted = store.pauses.lift("pause-1", "bob", NOW + HOUR)
        assert lifted == replace(b.pause(), lifted_at=NOW + HOUR, lifted_by="bob")
        assert store.pauses.lift("pause-1", "eve", NOW + HOUR) is None
    assert current(any_unit, NOW + HOUR) == []


def test_one_that_is_over_or_unknown_cannot_be_lifted(any_unit: UnitOfWork) -> None:
    add(any_unit, b.pause(hours=1))
    with any_unit() as store:
        assert store.pauses.lift("pause-1", "bob", NOW + HOUR) is None
        assert store.pauses.lift("pause-9", "bob", NOW) is None


def test_of_many_who_lift_it_at_once_one_does(any_unit: UnitOfWork) -> None:
    add(any_unit, b.pause())

    def lift(number: int) -> Pause | None:
        with any_unit() as store:
            return store.pauses.lift("pause-1", f"person-{number}", NOW + HOUR)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pause is not None for pause in pool.map(lift, range(6))) == 1


def test_an_id_is_taken_once(any_unit: UnitOfWork) -> None:
    add(any_unit, b.pause())
    with pytest.raises(Conflict, match="pause-1"):
        add(any_unit, b.pause(by="bob"))


def test_a_pause_rolled_back_never_held(any_unit: UnitOfWork) -> None:
    def fail() -> None:
        with any_unit() as store:
            store.pauses.add(b.pause())
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    assert current(any_unit, NOW) == []
