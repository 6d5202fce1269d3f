"""The database away, killed, full, locked or wrong: what leaves the store is always sorted by who acts next."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from services.domain.access import Role
from services.domain.errors import Misconfigured, NotNow, OutcomeUnknown
from services.store import migrate
from services.store.engine import make_engine
from services.store.unit import PAUSE, PAUSE_LEAST, SqlUnit
from services.usecases.snapshots import Snapshots
from tests import builders as b
from tests.fakes.clock import MovableClock
from tests.fakes.reader import ScriptedReader
from tests.postgres_server import PostgresServer

Engines = Callable[[str], Engine]


class Stopwatch:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def mortal_url(mortal_postgres: PostgresServer) -> str:
    """A migrated database on a server this test may kill."""
    url = mortal_postgres.new_database()
    migrate.upgrade(url)
    return url


@pytest.mark.postgres
def test_a_killed_server_is_not_now_and_comes_back_by_itself(
    mortal_postgres: PostgresServer, mortal_url: str, engine_of: Engines
) -> None:
    watch = Stopwatch()
    unit = SqlUnit(engine_of(mortal_url), watch)
    with unit() as store:
        store.users.add(b.user(), "hash")
    mortal_postgres.stop(kill=True)
    with pytest.raises(NotNow, match="does not answer"), unit(readonly=True) as store:
        store.users.all()
    mortal_postgres.start()
    with pytest.raises(NotNow), unit(readonly=True):  # for a moment it is not even tried
        pytest.fail("entered")
    watch.seconds += PAUSE_LEAST
    with unit(readonly=True) as store:
        assert [user.name for user in store.users.all()] == ["ada"]


@pytest.mark.parametrize(("took", "left_alone"), [(0.0, PAUSE_LEAST), (0.05, 0.5), (3.0, PAUSE)])
def test_the_longer_an_attempt_held_a_thread_the_longer_none_follows(
    engine_of: Engines, took: float, left_alone: float
) -> None:
    watch = Stopwatch()
    engine = engine_of("postgresql+psycopg://haven@127.0.0.1:1/haven")
    attempts = []

    def connecting(*_: object) -> None:
        attempts.append(watch.seconds)
        watch.seconds += took

    event.listen(engine, "do_connect", connecting)
    unit = SqlUnit(engine, watch)
    for moment in (0.0, left_alone - 0.01, 0.02):
        watch.seconds += moment
        with pytest.raises(NotNow), unit():
            pytest.fail("entered")
    assert len(attempts) == 2


@pytest.mark.postgres
def test_a_server_killed_inside_a_transaction_is_not_now(
    mortal_postgres: PostgresServer, mortal_url: str, engine_of: Engines
) -> None:
    unit = SqlUnit(engine_of(mortal_url))
    with pytest.raises(NotNow), unit() as store:  # noqa: PT012 (killed half-way is the point)
        store.users.add(b.user(), "hash")
        mortal_postgres.stop(kill=True)
        store.users.all()


@pytest.mark.postgres
def test_a_lost_answer_to_a_commit_is_an_unknown_outcome(
    mortal_postgres: PostgresServer, mortal_url: str, engine_of: Engines
) -> None:
    unit = SqlUnit(engine_of(mortal_url))
    with pytest.raises(OutcomeUnknown), unit() as store:  # noqa: PT012 (the commit comes at the end of the block)
        store.users.add(b.user(), "hash")
        mortal_postgres.stop(kill=True)


@pytest.mark.postgres
def test_pages_read_from_memory_while_the_server_is_dead(
    mortal_postgres: PostgresServer, mortal_url: str, engine_of: Engines
) -> None:
    unit = SqlUnit(engine_of(mortal_url))
    snapshots = Snapshots(
        unit, MovableClock(), ScriptedReader(b.snapshot()), fingerprint=repr, judge=lambda _s, _at: ("healthy", "")
    )
    with unit() as store:
        store.environments.add(b.environment())
    snapshots.take("production", 1)
    seen = snapshots.current(b.actor(Role.VIEWER), "production")
    mortal_postgres.stop(kill=True)
    recalled = snapshots.current(b.actor(Role.VIEWER), "production")
    assert (seen.from_memory, recalled.from_memory) == (False, True)
    assert recalled.snapshot == b.snapshot()


def test_nobody_listening_is_not_now(engine_of: Engines) -> None:
    unit = SqlUnit(engine_of("postgresql+psycopg://haven:secret@127.0.0.1:1/haven"))
    with pytest.raises(NotNow) as refused, unit():
        pytest.fail("entered")
    assert "secret" not in refused.value.message


@pytest.mark.postgres
def test_a_missing_database_is_haven_operators_to_mend(postgres: PostgresServer, engine_of: Engines) -> None:
    with pytest.raises(Misconfigured, match="database name"), SqlUnit(engine_of(postgres.url("nowhere")))():
        pytest.fail("entered")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("not a url", "not a database URL"),
        ("nonsense://secret@host/db", "not a database URL"),
        ("mysql://u:secret@host/db", "must begin with"),
        ("postgresql+psycopg2://u:secret@host/db", "must begin with"),
        ("sqlite://", "in-memory"),
        ("sqlite:///:memory:", "in-memory"),
    ],
)
def test_a_url_haven_cannot_use_is_refused_without_repeating_it(url: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as refused:
        make_engine(url)
    assert "secret" not in refused.value.message


def test_both_spellings_of_postgresql_are_taken() -> None:
    urls = ("postgresql://u@127.0.0.1/db", "postgresql+psycopg://u@127.0.0.1/db")
    assert [make_engine(url).dialect.driver for url in urls] == ["psycopg", "psycopg"]


def test_a_directory_that_is_not_there(tmp_path: Path, engine_of: Engines) -> None:
    unit = SqlUnit(engine_of(f"sqlite:///{tmp_path / 'nowhere' / 'haven.db'}"))
    with pytest.raises(Misconfigured, match="HAVEN_HOME"), unit():
        pytest.fail("entered")


def test_a_file_that_is_no_database(tmp_path: Path, engine_of: Engines) -> None:
    (tmp_path / "haven.db").write_bytes(b"just some text, long enough to be looked at" * 50)
    unit = SqlUnit(engine_of(f"sqlite:///{tmp_path / 'haven.db'}"))
    with pytest.raises(Misconfigured, match="not an SQLite database"), unit():
        pytest.fail("entered")


def test_readers_do_not_wait_for_a_writer_and_see_what_was_committed(sqlite_database: str, engine_of: Engines) -> None:
    unit = SqlUnit(engine_of(sqlite_database))
    with unit() as writing:
        writing.users.add(b.user(), "hash")
        with unit(readonly=True) as reading:
            assert reading.users.all() == []


def test_a_writer_held_up_too_long_is_not_now(
    sqlite_database: str, engine_of: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.store.engine.BUSY_SECONDS", 0.05)
    unit = SqlUnit(engine_of(sqlite_database))
    other = sqlite3.connect(sqlite_database.removeprefix("sqlite:///"), isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotNow, match="busy"), unit():
            pytest.fail("entered")
    finally:
        other.close()
    with unit() as store:  # being busy once does not count as being away
        store.users.add(b.user(), "hash")


def test_sqlite_keeps_its_promises(sqlite_database: str, engine_of: Engines) -> None:
    with engine_of(sqlite_database).connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000}
