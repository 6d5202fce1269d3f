"""Stack events: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.domain.deployment.event import StackEvent
from services.ports import UnitOfWork
from tests.builders import NOW

SECOND = timedelta(seconds=1)
ENV = "production"


def arn(stack: str, number: int = 1) -> str:
    return f"arn:aws:cloudformation:us-east-1:123456789012:stack/production-{stack}/{number:08}"


def event(id: str = "e-1", at: datetime = NOW, stack: str = "data", **changes: Any) -> StackEvent:
    made = StackEvent(
        id, at, stack, arn(stack), "Database", "production-app", "AWS::RDS::DBInstance", "UPDATE_COMPLETE"
    )
    return replace(made, **changes)


def put(unit: UnitOfWork, *events: StackEvent, env: str = ENV) -> int:
    with unit() as store:
        return store.stack_events.put(env, events)


def ids(unit: UnitOfWork, stack: str = "", **more: Any) -> list[str]:
    with unit(readonly=True) as store:
        return [each.id for each in store.stack_events.of(ENV, stack, **more)]


def test_an_event_is_kept_whole(any_unit: UnitOfWork) -> None:
    whole = event(
        "Database-UPDATE_FAILED-2026-03-01T12:00:00.123Z" + "x" * 300,
        at=NOW + timedelta(milliseconds=123),
        physical_id="https://sqs/" + "q" * 900,
        status="UPDATE_FAILED",
        reason="Größe: insufficient capacity",
        token="haven-plan-1-data",
    )
    assert put(any_unit, whole, event()) == 2
    with any_unit(readonly=True) as store:
        assert list(store.stack_events.of(ENV)) == [event(), whole]


def test_one_that_is_known_stays_as_it_is(any_unit: UnitOfWork) -> None:
    assert put(any_unit, event(), event("e-2")) == 2
    assert put(any_unit, event(reason="told otherwise"), event("e-2"), event("e-3"), event("e-3")) == 1
    with any_unit(readonly=True) as store:
        assert list(store.stack_events.of(ENV)) == [event(), event("e-2"), event("e-3")]


def test_an_id_is_its_stacks_own(any_unit: UnitOfWork) -> None:
    again = event(stack_id=arn("data", 2))
    assert put(any_unit, event(), event(stack="platform"), again) == 3
    assert put(any_unit, event(), env="legacy") == 1
    with any_unit(readonly=True) as store:
        assert list(store.stack_events.of(ENV, "data")) == [event(), again]


def test_the_newest_oldest_first_by_stack_and_time(any_unit: UnitOfWork) -> None:
    put(any_unit, *(event(f"d-{n}", NOW + n * SECOND) for n in (3, 1, 2, 0)))
    put(any_unit, *(event(f"p-{n}", NOW + n * SECOND, "platform") for n in (1, 2)))
    put(any_unit, event("elsewhere"), env="legacy")
    assert ids(any_unit, "data") == ["d-0", "d-1", "d-2", "d-3"]
    assert ids(any_unit, "data", limit=2) == ["d-2", "d-3"]
    assert ids(any_unit, before=NOW + 2 * SECOND) == ["d-0", "d-1", "p-1"]
    assert ids(any_unit, "platform", before=NOW + 2 * SECOND, limit=5) == ["p-1"]
    assert ids(any_unit, "network") == []


def test_those_of_one_moment_stay_in_the_order_they_came_in(any_unit: UnitOfWork) -> None:
    put(any_unit, *(event(each) for each in ("z", "b", "y")))
    put(any_unit, event("y"), event("a"))
    assert ids(any_unit) == ["z", "b", "y", "a"]


def test_the_newest_few_to_read_on_from(any_unit: UnitOfWork) -> None:
    put(any_unit, *(event(f"e-{n}", NOW + n * SECOND) for n in range(50)))
    put(any_unit, event("other", NOW + 99 * SECOND, "platform"))
    with any_unit(readonly=True) as store:
        newest = store.stack_events.newest(ENV, "data")
        assert store.stack_events.newest(ENV, "network") == frozenset()
    assert newest == {f"e-{n}" for n in range(30, 50)}


def test_nothing_to_keep(any_unit: UnitOfWork) -> None:
    assert put(any_unit) == 0


def test_of_many_at_once_each_is_new_once(any_unit: UnitOfWork) -> None:
    events = [event(f"e-{n}", NOW + n // 10 * SECOND) for n in range(40)]
    with ThreadPoolExecutor(6) as pool:
        new = pool.map(lambda more: put(any_unit, *events[: 30 + more]), range(6))
        assert sum(new) == 35
    assert ids(any_unit) == [each.id for each in events[:35]]
