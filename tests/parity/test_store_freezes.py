"""Change freezes: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.domain.errors import Conflict
from services.domain.freeze import Freeze, freezing
from services.domain.pause import EVERYWHERE
from services.ports import UnitOfWork
from tests import builders as b
from tests.builders import NOW

HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)


def add(unit: UnitOfWork, *freezes: Freeze) -> None:
    with unit() as store:
        for freeze in freezes:
            store.freezes.add(freeze)


def seen(unit: UnitOfWork, now: datetime) -> tuple[list[Freeze], list[Freeze]]:
    with unit(readonly=True) as store:
        return list(store.freezes.current(now)), list(store.freezes.upcoming(now))


def test_a_freeze_is_to_come_then_on_then_over(any_unit: UnitOfWork) -> None:
    freeze = b.freeze(hours=2, name="Fête d’été", reason="Die Läden sind voll: ü")
    add(any_unit, freeze)
    assert seen(any_unit, NOW - TICK) == ([], [freeze])
    assert seen(any_unit, NOW) == ([freeze], [])
    assert seen(any_unit, NOW + 2 * HOUR - TICK) == ([freeze], [])
    assert seen(any_unit, NOW + 2 * HOUR) == ([], [])


def test_several_are_told_in_the_order_they_begin(any_unit: UnitOfWork) -> None:
    everywhere = b.freeze("all", EVERYWHERE, hours=5, starts=NOW - HOUR)
    own, same = b.freeze("own", hours=3), b.freeze("another", "legacy", hours=3)
    later, soon = b.freeze("later", starts=NOW + 9 * HOUR), b.freeze("soon", "legacy", starts=NOW + 8 * HOUR)
    add(any_unit, later, own, same, soon, everywhere)
    assert seen(any_unit, NOW) == ([everywhere, same, own], [soon, later])
    current, _ = seen(any_unit, NOW)
    assert freezing(current, "production", NOW) == everywhere


def test_a_freeze_is_removed_once(any_unit: UnitOfWork) -> None:
    add(any_unit, b.freeze())
    with any_unit() as store:
        removed = store.freezes.remove("freeze-1", "bob", NOW + HOUR)
        assert removed == replace(b.freeze(), removed_at=NOW + HOUR, removed_by="bob")
        assert store.freezes.remove("freeze-1", "eve", NOW + HOUR) is None
    assert seen(any_unit, NOW + HOUR) == ([], [])


def test_one_that_is_to_come_can_be_removed(any_unit: UnitOfWork) -> None:
    add(any_unit, b.freeze(), b.freeze("freeze-2"))
    with any_unit() as store:
        assert store.freezes.remove("freeze-1", "bob", NOW - HOUR) is not None
    assert seen(any_unit, NOW - HOUR) == ([], [b.freeze("freeze-2")])


def test_one_that_is_over_or_unknown_cannot_be_removed(any_unit: UnitOfWork) -> None:
    add(any_unit, b.freeze(hours=1))
    with any_unit() as store:
        assert store.freezes.remove("freeze-1", "bob", NOW + HOUR) is None
        assert store.freezes.remove("freeze-9", "bob", NOW) is None


def test_of_many_who_remove_it_at_once_one_does(any_unit: UnitOfWork) -> None:
    add(any_unit, b.freeze())

    def remove(number: int) -> Freeze | None:
        with any_unit() as store:
            return store.freezes.remove("freeze-1", f"person-{number}", NOW + HOUR)

    with ThreadPoolExecutor(6) as pool:
        assert sum(freeze is not None for freeze in pool.map(remove, range(6))) == 1


def test_an_id_is_taken_once(any_unit: UnitOfWork) -> None:
    add(any_unit, b.freeze())
    with pytest.raises(Conflict, match="freeze-1"):
        add(any_unit, b.freeze(by="bob"))


def test_a_freeze_rolled_back_never_held(any_unit: UnitOfWork) -> None:
    def fail() -> None:
        with any_unit() as store:
            store.freezes.add(b.freeze())
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    assert seen(any_unit, NOW) == ([], [])
