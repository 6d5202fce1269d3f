"""Users, login attempts and sessions: the same on the fake, SQLite and PostgreSQL."""

from datetime import timedelta

import pytest

from services.domain.access import Role
from services.domain.errors import Conflict, NotFound
from services.ports import Attempt, LoginSession, UnitOfWork
from tests import builders as b
from tests.builders import NOW

QUARTER = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


def session(id: str = "s1", user: str = "ada", **changes: object) -> LoginSession:
    made = {"id": id, "user": user, "created_at": NOW, "seen_at": NOW, "client": "192.0.2.1"} | changes
    return LoginSession(**made)  # type: ignore[arg-type]


def test_a_user_comes_back_as_added(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user("ada", Role.AUDITOR), "hash")
    with any_unit(readonly=True) as store:
        credential = store.users.get("ada")
        assert credential is not None
        assert credential.user == b.user("ada", Role.AUDITOR)
        assert (credential.password_hash, credential.failures) == ("hash", 0)
        assert store.users.get("bob") is None


def test_users_are_listed_by_name(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        for name in ("eve", "ada", "b-ob", "bob"):
            store.users.add(b.user(name), "hash")
        assert [user.name for user in store.users.all()] == ["ada", "b-ob", "bob", "eve"]


def test_a_name_is_taken_once(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user(), "first")
    with pytest.raises(Conflict, match="ada"), any_unit() as store:
        store.users.add(b.user(), "second")
    with any_unit(readonly=True) as store:
        credential = store.users.get("ada")
        assert credential is not None
        assert credential.password_hash == "first"


def test_role_state_and_password_change(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user(), "old")
        store.users.set_role("ada", Role.ADMIN)
        store.users.set_disabled("ada", disabled=True)
        store.users.set_password("ada", "new")
    with any_unit(readonly=True) as store:
        credential = store.users.get("ada")
        assert credential is not None
        assert credential.user == b.user("ada", Role.ADMIN, disabled=True)
        assert credential.password_hash == "new"


def test_an_unknown_user_cannot_be_changed(any_unit: UnitOfWork) -> None:
    with pytest.raises(NotFound), any_unit() as store:
        store.users.set_role("nobody", Role.ADMIN)


def test_only_enabled_admins_are_locked(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user("zoe", Role.ADMIN), "hash")
        store.users.add(b.user("ada", Role.ADMIN), "hash")
        store.users.add(b.user("bob", Role.ADMIN, disabled=True), "hash")
        store.users.add(b.user("eve", Role.OPERATOR), "hash")
        assert list(store.users.lock_admins()) == ["ada", "zoe"]


def test_attempts_are_counted_and_lock(any_unit: UnitOfWork) -> None:
    until = NOW + QUARTER
    with any_unit() as store:
        seen = [store.users.attempt("ada", NOW, lock_after=3, lock_for=QUARTER) for _ in range(4)]
    assert seen == [Attempt(True, 1, None), Attempt(True, 2, None), Attempt(True, 3, until), Attempt(False, 3, until)]


def test_a_lock_of_one_attempt(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        first = store.users.attempt("ada", NOW, lock_after=1, lock_for=QUARTER)
    assert first == Attempt(True, 1, NOW + QUARTER)


def test_the_count_starts_again_when_the_lock_runs_out(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        for _ in range(2):
            store.users.attempt("ada", NOW, lock_after=2, lock_for=QUARTER)
        before = store.users.attempt("ada", NOW + QUARTER - SECOND, lock_after=2, lock_for=QUARTER)
        after = store.users.attempt("ada", NOW + QUARTER, lock_after=2, lock_for=QUARTER)
    assert not before.allowed
    assert after == Attempt(True, 1, None)


def test_a_name_nobody_has_is_counted_alike(any_unit: UnitOfWork) -> None:
    strange = "no\0body \ud800 " + "x" * 300
    with any_unit() as store:
        seen = [store.users.attempt(strange, NOW, lock_after=2, lock_for=QUARTER).allowed for _ in range(3)]
    assert seen == [True, True, False]


def test_a_lock_shows_on_the_user_until_unlocked(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user(), "hash")
        store.users.attempt("ada", NOW, lock_after=1, lock_for=QUARTER)
    with any_unit() as store:
        assert [user.locked_until for user in store.users.all()] == [NOW + QUARTER]
        store.users.unlock("ada")
        assert [user.locked_until for user in store.users.all()] == [None]


def test_a_charge_taken_back_does_not_count_and_lifts_the_lock_it_led_to(any_unit: UnitOfWork) -> None:
    def charge() -> Attempt:
        return store.users.attempt("ada", NOW, lock_after=2, lock_for=QUARTER)

    with any_unit() as store:
        store.users.take_back("ada")  # nothing was charged: nothing happens
        charge()
        assert charge().locked_until == NOW + QUARTER
        store.users.take_back("ada")
        assert charge() == Attempt(True, 2, NOW + QUARTER)
        assert not charge().allowed


def test_a_count_taken_back_never_falls_below_nothing(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.attempt("ada", NOW, lock_after=5, lock_for=QUARTER)
        for _ in range(3):
            store.users.take_back("ada")
        assert store.users.attempt("ada", NOW, lock_after=5, lock_for=QUARTER).failures == 1


def test_success_clears_the_count_and_is_remembered(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user(), "hash")
        store.users.attempt("ada", NOW, lock_after=5, lock_for=QUARTER)
        store.users.succeeded("ada", NOW)
        credential = store.users.get("ada")
    assert credential is not None
    assert (credential.failures, credential.user.last_login_at) == (0, NOW)


def test_old_attempts_are_forgotten(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.attempt("old", NOW - SECOND, lock_after=5, lock_for=QUARTER)
        store.users.attempt("new", NOW, lock_after=5, lock_for=QUARTER)
        assert store.users.forget_attempts(NOW) == 1
        assert store.users.attempt("new", NOW, lock_after=5, lock_for=QUARTER).failures == 2
        assert store.users.attempt("old", NOW, lock_after=5, lock_for=QUARTER).failures == 1


def test_a_session_comes_back_as_added(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user(), "hash")
        store.sessions.add(session())
    with any_unit(readonly=True) as store:
        assert store.sessions.get("s1") == session()
        assert store.sessions.get("s2") is None


def test_touching_moves_a_session_only_forward(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user(), "hash")
        store.sessions.add(session())
        store.sessions.touch("s1", NOW + SECOND)
        store.sessions.touch("s1", NOW)
        assert store.sessions.get("s1") == session(seen_at=NOW + SECOND)


def test_ending_sessions(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        for name in ("ada", "bob"):
            store.users.add(b.user(name), "hash")
        for key, user in (("s1", "ada"), ("s2", "ada"), ("s3", "ada"), ("s4", "bob")):
            store.sessions.add(session(key, user))
        store.sessions.end("s1")
        store.sessions.end("s1")
        assert store.sessions.end_all("ada") == 2
        assert [key for key in ("s1", "s2", "s3", "s4") if store.sessions.get(key)] == ["s4"]


def test_recent_sessions_are_those_within_the_limits_of_enabled_users_seen_last_first(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        for name in ("ada", "bob", "eve"):
            store.users.add(b.user(name), "hash")
        store.users.set_disabled("eve", disabled=True)
        store.sessions.add(session("old", created_at=NOW))
        store.sessions.add(session("idle", created_at=NOW + SECOND, seen_at=NOW))
        store.sessions.add(session("disabled", "eve", created_at=NOW + SECOND, seen_at=NOW + SECOND))
        for key, user, seen in (("b", "ada", 2), ("a", "bob", 2), ("late", "ada", 9), ("early", "bob", 1)):
            store.sessions.add(session(key, user, created_at=NOW + SECOND, seen_at=NOW + seen * SECOND))
        found = store.sessions.recent(NOW, NOW, 10)
        assert [each.id for each in found] == ["late", "a", "b", "early"]
        assert found[0] == session("late", created_at=NOW + SECOND, seen_at=NOW + 9 * SECOND)
        assert [each.id for each in store.sessions.recent(NOW, NOW, 2)] == ["late", "a"]


def test_pruning_takes_what_is_too_old_or_idle(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        store.users.add(b.user(), "hash")
        store.sessions.add(session("old", created_at=NOW - timedelta(hours=12, seconds=1)))
        store.sessions.add(session("idle", seen_at=NOW - timedelta(minutes=30, seconds=1)))
        store.sessions.add(session("fresh"))
        assert store.sessions.prune(NOW - timedelta(hours=12), NOW - timedelta(minutes=30)) == 2
        assert store.sessions.get("fresh") is not None
