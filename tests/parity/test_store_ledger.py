"""The ledger, leases and the unit of work itself: the same on the fake, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from services.ports import Entry, Leases, UnitOfWork
from tests import builders as b
from tests.builders import NOW

HOLD = timedelta(seconds=30)
OVER = timedelta(seconds=-1)


def entry(action: str = "log in", actor: str = "ada", target: str = "ada", **detail: str) -> Entry:
    return Entry(NOW, actor, action, "done", target, reason="because", detail=detail, client="192.0.2.1")


def test_entries_are_numbered_from_one(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        assert [store.ledger.append(entry()).seq for _ in range(3)] == [1, 2, 3]


def test_an_entry_comes_back_as_appended(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        stored = store.ledger.append(entry(role="admin", before="…“ü”"))
    with any_unit(readonly=True) as store:
        assert list(store.ledger.read()) == [stored]
        assert stored == Entry(
            NOW, "ada", "log in", "done", "ada", "because", {"role": "admin", "before": "…“ü”"}, "192.0.2.1", 1
        )


def test_a_transaction_that_fails_leaves_no_gap(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.ledger.append(entry("first"))
    with pytest.raises(LookupError), any_unit() as store:  # noqa: PT012 (the block is what must be undone)
        store.ledger.append(entry("lost"))
        raise LookupError
    with any_unit() as store:
        store.ledger.append(entry("second"))
        assert [(e.seq, e.action) for e in store.ledger.read()] == [(2, "second"), (1, "first")]


def test_reading_newest_first_in_pages(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        for number in range(5):
            store.ledger.append(entry(f"act {number}"))
        assert [e.seq for e in store.ledger.read(limit=2)] == [5, 4]
        assert [e.seq for e in store.ledger.read(limit=2, before=4)] == [3, 2]
        assert [e.seq for e in store.ledger.read(before=1)] == []


def test_reading_with_filters(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.ledger.append(entry("log in", "ada", "ada"))
        store.ledger.append(entry("set role", "ada", "bob"))
        store.ledger.append(entry("log in", "bob", "bob"))
        assert [e.seq for e in store.ledger.read(actor="ada")] == [2, 1]
        assert [e.seq for e in store.ledger.read(action="log in")] == [3, 1]
        assert [e.seq for e in store.ledger.read(target="bob", actor="ada")] == [2]
        assert [e.seq for e in store.ledger.read(actor="no\0body")] == []


def test_reading_between_two_times(any_unit: UnitOfWork) -> None:
    made = [replace(entry(), at=NOW + timedelta(minutes=minute)) for minute in range(4)]
    with any_unit() as store:
        for each in made:
            store.ledger.append(each)
    with any_unit(readonly=True) as store:
        found = store.ledger.read(since=NOW + timedelta(minutes=1), until=NOW + timedelta(minutes=2))
        assert [each.at for each in found] == [made[2].at, made[1].at]
        assert len(store.ledger.read(since=NOW + timedelta(minutes=3))) == 1
        assert len(store.ledger.read(until=NOW)) == 1


def test_text_no_database_can_keep_is_made_plain(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        stored = store.ledger.append(entry(target="a\0b", said="half \ud83d"))
        assert (stored.target, stored.detail) == ("a\ufffdb", {"said": "half ?"})
        assert list(store.ledger.read()) == [stored]


def test_an_entry_too_long_is_a_bug(any_unit: UnitOfWork) -> None:
    with pytest.raises(ValueError, match="too long"), any_unit() as store:
        store.ledger.append(entry(target="x" * 257))
    with pytest.raises(ValueError, match="too long"), any_unit() as store:
        store.ledger.append(entry(said="x" * 16_000))
    with any_unit(readonly=True) as store:
        assert store.ledger.read() == []


def test_what_raises_is_rolled_back(any_unit: UnitOfWork) -> None:
    with pytest.raises(LookupError), any_unit() as store:  # noqa: PT012 (the block is what must be undone)
        store.users.add(b.user(), "hash")
        raise LookupError
    with any_unit(readonly=True) as store:
        assert store.users.get("ada") is None


def test_a_readonly_unit_refuses_to_write(any_unit: UnitOfWork) -> None:
    with pytest.raises(RuntimeError, match="read-only"), any_unit(readonly=True) as store:
        store.users.add(b.user(), "hash")
    with any_unit() as store:  # and leaves the next one able to
        store.users.add(b.user(), "hash")


def test_times_keep_their_instant_and_their_microseconds(any_unit: UnitOfWork) -> None:
    there = datetime(2026, 11, 22, 15, 13, 0, 123456, tzinfo=timezone(timedelta(hours=13)))
    with any_unit() as store:
        store.users.add(b.user(created_at=there), "hash")
    with any_unit(readonly=True) as store:
        credential = store.users.get("ada")
        assert credential is not None
        assert credential.user.created_at == there


def test_a_lease_has_one_holder(any_leases: Leases) -> None:
    mine = any_leases.acquire("work", "a", HOLD)
    assert mine is not None
    assert any_leases.acquire("work", "b", HOLD) is None
    assert any_leases.acquire("work", "a", HOLD) == mine
    assert any_leases.acquire("other", "b", HOLD) is not None


def test_a_stalled_holder_is_overtaken_with_a_higher_token(any_leases: Leases) -> None:
    stalled = any_leases.acquire("work", "a", OVER)
    taken = any_leases.acquire("work", "b", HOLD)
    assert stalled is not None
    assert taken is not None
    assert taken.token > stalled.token
    assert any_leases.acquire("work", "a", HOLD) is None


def test_a_released_lease_is_free_with_a_higher_token(any_leases: Leases) -> None:
    first = any_leases.acquire("work", "a", HOLD)
    assert first is not None
    any_leases.release(first)
    second = any_leases.acquire("work", "b", HOLD)
    assert second is not None
    assert second.token == first.token + 1
    any_leases.release(first)  # what is no longer held cannot be released
    assert any_leases.acquire("work", "a", HOLD) is None
