"""Environments and snapshots: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.domain.errors import Conflict
from services.domain.snapshot import Part
from services.ports import Kept, UnitOfWork
from tests import builders as b
from tests.builders import NOW

MINUTE = timedelta(minutes=1)


def put(unit: UnitOfWork, minute: int, *, changed: bool, token: int = 1, env: str = "production") -> bool:
    """Put a snapshot taken `minute` minutes after NOW."""
    with unit() as store:
        if store.environments.get(env) is None:
            store.environments.add(b.environment(env))
        snapshot = b.snapshot(env, taken_at=NOW + minute * MINUTE)
        return store.snapshots.put(snapshot, changed=changed, verdict="healthy", summary=f"at {minute}", token=token)


def spans(unit: UnitOfWork, since: datetime = NOW, until: datetime = NOW + 99 * MINUTE, **more: int) -> list[Kept]:
    with unit(readonly=True) as store:
        return list(store.snapshots.kept("production", since, until, **more))


def kept(number: int, first: int, last: int) -> Kept:
    summary = f"at {first}"
    return Kept(number, "production", NOW + first * MINUTE, NOW + last * MINUTE, "healthy", summary)


def test_an_environment_comes_back_as_added(any_unit: UnitOfWork) -> None:
    full = b.environment(
        "staging",
        reader_role_arn="arn:aws:iam::123456789012:role/reader",
        operator_role_arn="arn:aws:iam::123456789012:role/operator",
        provisioner_role_arn="arn:aws:iam::123456789012:role/provisioner",
        external_id="haven-1",
        slo_target=99.9,
    )
    with any_unit() as store:
        store.environments.add(full)
        store.environments.add(b.environment())
    with any_unit(readonly=True) as store:
        assert store.environments.get("staging") == full
        assert store.environments.get("production") == b.environment()
        assert store.environments.get("nowhere") is None


def test_environments_in_use_are_listed_by_name(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        for each in (b.environment("production"), b.environment("legacy"), b.environment("gone", archived=True)):
            store.environments.add(each)
        assert [each.name for each in store.environments.all()] == ["legacy", "production"]
        assert [each.name for each in store.environments.all(archived=True)] == ["gone", "legacy", "production"]


def test_an_environments_name_is_taken_once(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.environments.add(b.environment())
    with pytest.raises(Conflict, match="production"), any_unit() as store:
        store.environments.add(b.environment())


def test_an_environment_is_put_in_place_of_what_was_read(any_unit: UnitOfWork) -> None:
    before = b.environment(external_id="haven-1")
    after = replace(before, blueprint="single-az", protected=False, slo_target=99.5, external_id=None, archived=True)
    with any_unit() as store:
        store.environments.add(before)
        store.environments.add(b.environment("legacy"))
    with any_unit() as store:
        store.environments.save(before, after)
    with any_unit(readonly=True) as store:
        assert store.environments.all(archived=True) == [b.environment("legacy"), after]


def test_one_that_changed_meanwhile_is_not_overwritten(any_unit: UnitOfWork) -> None:
    before = b.environment()
    meanwhile = replace(before, slo_target=99.0, reader_role_arn="arn:aws:iam::123456789012:role/reader")
    with any_unit() as store:
        store.environments.add(before)
        store.environments.save(before, meanwhile)
    with pytest.raises(Conflict, match=r"has changed.*slo target, reader role arn"), any_unit() as store:
        store.environments.save(before, replace(before, archived=True))
    with any_unit(readonly=True) as store:
        assert store.environments.get("production") == meanwhile


def test_an_unknown_environment_cannot_be_saved(any_unit: UnitOfWork) -> None:
    with pytest.raises(Conflict, match="no environment production"), any_unit() as store:
        store.environments.save(b.environment(), b.environment(archived=True))


def test_an_environments_name_is_for_ever(any_unit: UnitOfWork) -> None:
    with pytest.raises(ValueError, match="for ever"), any_unit() as store:
        store.environments.save(b.environment(), b.environment("other"))


def test_of_many_who_save_an_environment_at_once_one_does(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.environments.add(b.environment())

    def save(number: int) -> bool:
        try:
            with any_unit() as store:
                store.environments.save(b.environment(), b.environment(slo_target=99.0 + number / 10))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(save, range(6))) == 1


def test_the_newest_snapshot_comes_back_whole(any_unit: UnitOfWork) -> None:
    whole = b.snapshot(readings=b.readings(failed=dict.fromkeys(list(Part)[:1], "Throttling")))
    with any_unit() as store:
        store.environments.add(b.environment())
        assert store.snapshots.newest("production") is None
        assert store.snapshots.put(whole, changed=True, verdict="healthy", summary="", token=1)
    with any_unit(readonly=True) as store:
        assert store.snapshots.newest("production") == whole


def test_only_changes_are_kept_and_the_last_is_stretched(any_unit: UnitOfWork) -> None:
    for minute, changed in ((0, True), (1, False), (2, False), (3, True), (4, False)):
        assert put(any_unit, minute, changed=changed)
    assert spans(any_unit) == [kept(1, 0, 2), kept(2, 3, 4)]
    with any_unit(readonly=True) as store:
        newest = store.snapshots.newest("production")
        assert newest is not None
        assert newest.taken_at == NOW + 4 * MINUTE


def test_the_first_is_kept_even_if_called_unchanged(any_unit: UnitOfWork) -> None:
    put(any_unit, 0, changed=False)
    assert spans(any_unit) == [kept(1, 0, 0)]


def test_a_lower_token_changes_nothing(any_unit: UnitOfWork) -> None:
    assert put(any_unit, 0, changed=True, token=5)
    assert not put(any_unit, 1, changed=True, token=4)
    assert not put(any_unit, 2, changed=False, token=4)
    assert spans(any_unit) == [kept(1, 0, 0)]
    assert put(any_unit, 3, changed=False, token=5)
    assert put(any_unit, 4, changed=False, token=6)
    assert spans(any_unit) == [kept(1, 0, 4)]
    assert not put(any_unit, 5, changed=False, token=5)


def test_tokens_and_numbers_are_each_environments_own(any_unit: UnitOfWork) -> None:
    assert put(any_unit, 0, changed=True, token=9)
    assert put(any_unit, 0, changed=True, token=1, env="legacy")
    with any_unit(readonly=True) as store:
        assert [k.number for k in store.snapshots.kept("legacy", NOW, NOW)] == [1]


def test_the_window_takes_whatever_overlaps_it(any_unit: UnitOfWork) -> None:
    for minute, changed in ((0, True), (2, False), (4, True), (6, False), (8, True)):
        put(any_unit, minute, changed=changed)
    assert spans(any_unit, NOW + 1 * MINUTE, NOW + 3 * MINUTE) == [kept(1, 0, 2)]
    assert spans(any_unit, NOW + 2 * MINUTE, NOW + 4 * MINUTE) == [kept(1, 0, 2), kept(2, 4, 6)]
    assert spans(any_unit, NOW + 9 * MINUTE) == []
    assert spans(any_unit, limit=2) == [kept(2, 4, 6), kept(3, 8, 8)]


def test_what_was_true_at_a_time(any_unit: UnitOfWork) -> None:
    for minute in (0, 10):
        put(any_unit, minute, changed=True)
    with any_unit(readonly=True) as store:
        assert store.snapshots.at("production", NOW - MINUTE) is None
        assert store.snapshots.at("production", NOW + 9 * MINUTE) == (kept(1, 0, 0), b.snapshot())
        later = store.snapshots.at("production", NOW + 99 * MINUTE)
        assert later is not None
        assert later[0].number == 2
        assert store.snapshots.at("legacy", NOW) is None


def test_a_kept_snapshot_by_its_number(any_unit: UnitOfWork) -> None:
    put(any_unit, 0, changed=True)
    with any_unit(readonly=True) as store:
        assert store.snapshots.number("production", 1) == (kept(1, 0, 0), b.snapshot())
        assert store.snapshots.number("production", 2) is None


def test_pruning_spares_the_last_and_never_reuses_a_number(any_unit: UnitOfWork) -> None:
    for minute in (0, 1, 2):
        put(any_unit, minute, changed=True)
    with any_unit() as store:
        assert store.snapshots.prune(NOW + 99 * MINUTE) == 2
    assert spans(any_unit) == [kept(3, 2, 2)]
    put(any_unit, 5, changed=False)
    put(any_unit, 6, changed=True)
    assert spans(any_unit) == [kept(3, 2, 5), kept(4, 6, 6)]


def test_pruning_takes_only_what_ended_before(any_unit: UnitOfWork) -> None:
    for minute, changed in ((0, True), (5, False), (6, True)):
        put(any_unit, minute, changed=changed)
    with any_unit() as store:
        assert store.snapshots.prune(NOW + 5 * MINUTE) == 0
        assert store.snapshots.prune(NOW + 6 * MINUTE) == 1
