"""Operations and their trail: the same on the fake, SQLite and PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from services.domain.check import Answer
from services.domain.errors import Conflict, NotFound
from services.domain.operation import LIVE, TERMINAL, Operation, Sent, State, Target
from services.ports import Leases, TrailEntry, UnitOfWork
from tests import builders as b
from tests.builders import NOW

MINUTE = timedelta(minutes=1)


def add(unit: UnitOfWork, *operations: Operation) -> None:
    with unit() as store:
        for operation in operations:
            store.operations.add(operation)


def stored(unit: UnitOfWork, id: str = "op-1") -> Operation:
    with unit(readonly=True) as store:
        found = store.operations.get(id)
    assert found is not None
    return found


def save(unit: UnitOfWork, operation: Operation, token: int | None = None) -> Operation:
    with unit() as store:
        return store.operations.save(operation, token=token)


def at_once(count: int, act: Callable[[int], object]) -> list[bool]:
    """Whether each of so many threads, begun together, was let do it; the others were in conflict."""
    together = threading.Barrier(count)

    def run(number: int) -> bool:
        together.wait()
        try:
            act(number)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


FULL = b.operation(
    state=State.RUNNING,
    because="A worker picked it up.",
    ticket="https://tickets.example/42?a=ü",
    checks=(b.check(), b.check("quiet", Answer.UNKNOWN, read_at=None, overridable=True)),
    overridden=("quiet",),
    approve_before=NOW + 30 * MINUTE,
    approved_by="bob",
    approved_at=NOW + MINUTE,
    started_at=NOW + 2 * MINUTE,
    step="failover",
    step_since=NOW + 2 * MINUTE,
    sent=Sent.MAYBE,
    sent_at=NOW + 2 * MINUTE + timedelta(microseconds=123456),
    receipt="4f1c8a52-2a35-4a2e-9c43-1c6e3a1f5b7d",
    tries=2,
    not_before=NOW + 2 * MINUTE,
    seen=(("prepared", NOW + 2 * MINUTE), ("started", NOW + 3 * MINUTE)),
    missed=("swapped",),
    notes=(("outage", "31.5"), ("zone", "us-east-1a")),
    version=7,
)


def test_an_operation_comes_back_whole(any_unit: UnitOfWork) -> None:
    ended = replace(FULL, id="op-2", target_kind=Target.CACHE, state=State.FAILED, finished_at=NOW + 9 * MINUTE)
    add(any_unit, FULL, ended)
    assert stored(any_unit) == FULL
    assert stored(any_unit, "op-2") == ended
    assert type(stored(any_unit).target_kind) is Target
    with any_unit(readonly=True) as store:
        assert store.operations.get("nothing") is None


def test_a_saved_operation_comes_back_with_every_change(any_unit: UnitOfWork) -> None:
    asked = b.operation()
    fixed = {"id", "kind", "environment", "target_kind", "target", "requested_by", "requested_at", "version"}
    changes = {field.name: getattr(FULL, field.name) for field in fields(FULL) if field.name not in fixed}
    add(any_unit, asked)
    saved = save(any_unit, replace(asked, **changes))
    assert saved == replace(FULL, version=1)
    assert stored(any_unit) == saved


@pytest.mark.parametrize("state", sorted(LIVE))
def test_a_live_operation_holds_its_target_and_is_named(any_unit: UnitOfWork, state: State) -> None:
    add(any_unit, b.operation("op-1", state=state))
    with pytest.raises(Conflict, match=f"op-1.*{state}.*ada"):
        add(any_unit, b.operation("op-2", requested_by="bob"))
    add(any_unit, b.operation("op-3", target="production-cache"), b.operation("op-4", env="legacy"))
    with any_unit(readonly=True) as store:
        assert store.operations.get("op-2") is None
        held = store.operations.on("production", "production-app")
        assert held is not None
        assert held.id == "op-1"


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_one_that_is_over_holds_nothing(any_unit: UnitOfWork, state: State) -> None:
    add(any_unit, b.operation("op-0", state=state), b.operation("op-1", state=state))
    with any_unit(readonly=True) as store:
        assert store.operations.on("production", "production-app") is None
        assert list(store.operations.live()) == []
    add(any_unit, b.operation("op-2"))
    add(any_unit, b.operation("op-3", state=state))


def test_an_id_is_taken_once(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation("op-1", state=State.FAILED))
    with pytest.raises(Conflict, match="already is an operation op-1"):
        add(any_unit, b.operation("op-1"))


def test_the_transaction_goes_on_after_a_conflict(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation("op-1"))
    with any_unit() as store:
        with pytest.raises(Conflict):
            store.operations.add(b.operation("op-2"))
        store.operations.record(b.trail_entry("op-1", "conflict"))
    with any_unit(readonly=True) as store:
        assert [entry.word for entry in store.operations.trail("op-1")] == ["conflict"]


def test_of_many_who_ask_at_once_one_gets_the_target(any_unit: UnitOfWork) -> None:
    won = at_once(8, lambda number: add(any_unit, b.operation(f"op-{number}")))
    assert sum(won) == 1
    with any_unit(readonly=True) as store:
        assert [one.id for one in store.operations.live()] == [f"op-{won.index(True)}"]


def test_a_stale_version_is_refused_and_nothing_written(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation())
    read = stored(any_unit)
    first = save(any_unit, read.noted(by="first"))
    with pytest.raises(Conflict, match=r"changed since it was read.*version 1 and not 0"):
        save(any_unit, read.noted(by="second"))
    assert stored(any_unit) == first


def test_of_many_who_save_at_once_one_does(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation())
    read = stored(any_unit)
    won = at_once(8, lambda number: save(any_unit, read.noted(by=str(number)), token=1))
    assert sum(won) == 1
    assert stored(any_unit) == replace(read.noted(by=str(won.index(True))), version=1)


def test_a_lower_token_is_refused_and_the_same_or_a_higher_one_is_not(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation())
    one = save(any_unit, stored(any_unit), token=5)
    two = save(any_unit, one, token=5)
    three = save(any_unit, two, token=6)
    with pytest.raises(Conflict, match=r"Another worker has taken over operation op-1 \(token 6, this one has 5\)"):
        save(any_unit, three, token=5)
    assert stored(any_unit) == three


def test_a_person_saves_without_a_token_and_takes_none_away(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation())
    one = save(any_unit, stored(any_unit), token=5)
    two = save(any_unit, one)
    with pytest.raises(Conflict, match="taken over"):
        save(any_unit, two, token=4)
    assert save(any_unit, two, token=5).version == 3


def test_an_overtaken_worker_is_told_so_even_when_its_version_is_stale(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation())
    read = stored(any_unit)
    save(any_unit, read, token=2)
    with pytest.raises(Conflict, match="taken over"):
        save(any_unit, read, token=1)


def test_a_worker_that_stalled_can_save_nothing_on_waking(any_unit: UnitOfWork, any_leases: Leases) -> None:
    add(any_unit, b.operation())
    stalled = any_leases.acquire("operation:op-1", "a", timedelta(seconds=-1))
    assert stalled is not None
    held = save(any_unit, stored(any_unit).move(State.RUNNING, NOW), token=stalled.token)
    taken = any_leases.acquire("operation:op-1", "b", 15 * MINUTE)
    assert taken is not None
    assert taken.token > stalled.token
    after = save(any_unit, replace(held, sent=Sent.MAYBE, sent_at=NOW), token=taken.token)

    def wake(token: int) -> None:
        with any_unit() as store:
            store.operations.save(replace(held, sent=Sent.MAYBE, sent_at=NOW), token=token)
            store.operations.record(b.trail_entry(word="sent"))

    with pytest.raises(Conflict, match="Another worker"):
        wake(stalled.token)
    assert stored(any_unit) == after
    with any_unit(readonly=True) as store:
        assert list(store.operations.trail("op-1")) == []


def test_one_that_is_over_stays_over(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation("op-1"))
    over = save(any_unit, replace(stored(any_unit), state=State.CANCELLED, finished_at=NOW))
    add(any_unit, b.operation("op-2"))
    with pytest.raises(Conflict, match="op-1 is over: cancelled"):
        save(any_unit, replace(over, state=State.RUNNING))
    assert save(any_unit, over.noted(seen="by ada")).version == 2  # what is found out later may still be noted


def test_an_unknown_operation_cannot_be_saved_or_have_a_trail(any_unit: UnitOfWork) -> None:
    with pytest.raises(NotFound, match="op-9"):
        save(any_unit, b.operation("op-9"), token=1)
    with pytest.raises(NotFound, match="op-9"), any_unit() as store:
        store.operations.record(b.trail_entry("op-9"))
    with any_unit(readonly=True) as store:
        assert list(store.operations.trail("op-9")) == []


def test_what_is_rolled_back_never_was(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation("op-1"))
    before = stored(any_unit)

    def fail() -> None:
        with any_unit() as store:
            store.operations.save(before.move(State.RUNNING, NOW), token=9)
            store.operations.record(b.trail_entry("op-1"))
            store.operations.add(b.operation("op-2", target="production-cache"))
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    assert stored(any_unit) == before
    with any_unit() as store:
        assert store.operations.get("op-2") is None
        assert store.operations.record(b.trail_entry("op-1")).number == 1
        assert store.operations.save(before, token=1).version == 1


def test_live_ones_oldest_first(any_unit: UnitOfWork) -> None:
    add(
        any_unit,
        b.operation("young", requested_at=NOW + MINUTE),
        b.operation("old", target="production-cache", requested_at=NOW - MINUTE),
        b.operation("over", target="rbac", state=State.SUCCEEDED),
        b.operation("elsewhere", env="legacy"),
    )
    with any_unit(readonly=True) as store:
        assert [one.id for one in store.operations.live()] == ["old", "elsewhere", "young"]
        assert [one.id for one in store.operations.live("production")] == ["old", "young"]
        assert list(store.operations.live("nowhere")) == []


def test_all_of_them_newest_first_page_by_page(any_unit: UnitOfWork) -> None:
    for number in range(5):
        add(any_unit, b.operation(f"op-{number}", state=State.FAILED, requested_at=NOW + number * MINUTE))
    add(any_unit, b.operation("scale", kind="scaling", target="rbac", requested_at=NOW + 9 * MINUTE))
    add(any_unit, b.operation("elsewhere", env="legacy", requested_at=NOW - MINUTE))
    with any_unit(readonly=True) as store:
        everything = ["scale", "op-4", "op-3", "op-2", "op-1", "op-0", "elsewhere"]
        assert [one.id for one in store.operations.list()] == everything
        assert [one.id for one in store.operations.list(limit=2)] == ["scale", "op-4"]
        page = store.operations.list(kind="failover", environment="production", before=NOW + 3 * MINUTE)
        assert [one.id for one in page] == ["op-2", "op-1", "op-0"]


def test_a_trail_is_numbered_in_its_own_order(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation("op-1"), b.operation("op-2", target="production-cache"))
    asked = b.trail_entry("op-1", "asked", detail={"zone": "us-east-1a", "ü": ""})
    sent = b.trail_entry("op-1", "sent", at=NOW - MINUTE, detail={})  # a clock behind does not change the order
    with any_unit() as store:
        assert store.operations.record(asked) == replace(asked, number=1)
        assert store.operations.record(b.trail_entry("op-2")).number == 1
    with any_unit() as store:
        assert store.operations.record(sent).number == 2
    with any_unit(readonly=True) as store:
        assert list(store.operations.trail("op-1")) == [replace(asked, number=1), replace(sent, number=2)]


def test_a_trail_written_by_many_at_once_has_no_gaps(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation())

    def write(number: int) -> TrailEntry:
        with any_unit() as store:
            return store.operations.record(b.trail_entry(word=f"w{number}"))

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(write, range(24)))
    assert sorted(entry.number for entry in written) == list(range(1, 25))
    with any_unit(readonly=True) as store:
        assert list(store.operations.trail("op-1")) == sorted(written, key=lambda entry: entry.number)


def test_a_trail_does_not_make_an_operation_stale(any_unit: UnitOfWork) -> None:
    add(any_unit, b.operation())
    read = stored(any_unit)
    with any_unit() as store:
        store.operations.record(b.trail_entry())
    assert save(any_unit, read).version == 1
