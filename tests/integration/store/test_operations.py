"""What the databases themselves promise for operations and events, whatever the code above them does."""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.domain.errors import Conflict
from services.domain.operation import State
from services.store.unit import SqlUnit
from tests import builders as b
from tests.builders import NOW

COPY = """
INSERT INTO operations (id, kind, environment, target_kind, target, state, live, requested_at, version, token,
                        last_number, body)
SELECT 'op-2', kind, environment, target_kind, target, state, live, requested_at, version, token, last_number, body
FROM operations WHERE id = 'op-1'
"""


def execute(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_the_database_itself_keeps_a_second_live_one_off_a_target(engine: Engine, unit: SqlUnit) -> None:
    with unit() as store:
        store.operations.add(b.operation())
    with pytest.raises(IntegrityError):
        execute(engine, COPY)
    with unit() as store:
        store.operations.save(b.operation(state=State.CANCELLED))
    execute(engine, COPY)
    with pytest.raises(IntegrityError):
        execute(engine, "UPDATE operations SET live = TRUE")


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE operation_trail SET actor = 'eve'", "operation_trail"),
        ("DELETE FROM operation_trail", "operation_trail"),
        ("UPDATE events SET message = 'Nothing happened.'", "events"),
        ("UPDATE events SET at = received_at", "events"),
        ("UPDATE events SET event_id = 'RDS-EVENT-9999'", "events"),
        ("DELETE FROM events", "events"),
    ],
)
def test_the_database_refuses_to_change_what_is_kept_for_ever(
    engine: Engine, unit: SqlUnit, change: str, table: str
) -> None:
    happened = b.cloud_event(event_id="RDS-EVENT-0013")
    with unit() as store:
        store.operations.add(b.operation())
        entry = store.operations.record(b.trail_entry())
        store.events.add([happened])
    with pytest.raises(DBAPIError, match=f"{table} is append-only"):
        execute(engine, change)
    with unit(readonly=True) as store:
        assert list(store.operations.trail("op-1")) == [entry]
        assert list(store.events.between("production", NOW, NOW)) == [happened]


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["operation_trail", "events"])
def test_postgresql_refuses_to_truncate_them(
    postgres_database: str, engine_of: Callable[[str], Engine], table: str
) -> None:
    with pytest.raises(DBAPIError, match=f"{table} is append-only"):
        execute(engine_of(postgres_database), f"TRUNCATE {table}")


@pytest.mark.postgres
@pytest.mark.parametrize("first_one_ends_in", ["commit", "rollback"])
def test_whoever_meets_an_uncommitted_operation_waits_to_see_what_becomes_of_it(
    postgres_database: str, engine_of: Callable[[str], Engine], first_one_ends_in: str
) -> None:
    engine = engine_of(postgres_database)
    unit = SqlUnit(engine)

    def second() -> str:
        try:
            with unit() as store:
                store.operations.add(b.operation("op-2"))
        except Conflict as conflict:
            return conflict.message
        return "added"

    def first(pool: ThreadPoolExecutor) -> Future[str]:
        with unit() as store:
            store.operations.add(b.operation("op-1"))
            waiting = pool.submit(second)
            while not _someone_waits(engine):
                assert not waiting.done()
            if first_one_ends_in == "rollback":
                raise InterruptedError(waiting)
        return waiting

    with ThreadPoolExecutor(1) as pool:
        try:
            answer = first(pool).result(timeout=10)
        except InterruptedError as stopped:
            answer = stopped.args[0].result(timeout=10)
    assert ("op-1" in answer) == (first_one_ends_in == "commit")
    assert (answer == "added") == (first_one_ends_in == "rollback")


def _someone_waits(engine: Engine) -> bool:
    with engine.connect() as connection:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(connection.scalar(waiting))


def test_two_hundred_events_are_a_statement_or_two(engine: Engine, unit: SqlUnit) -> None:
    statements: list[str] = []

    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    events = [b.cloud_event(f"Event {number}", number) for number in range(200)]
    event.listen(engine, "before_cursor_execute", count)
    with unit() as store:
        assert list(store.events.add(events)) == events
        assert list(store.events.add(events)) == []
    assert sum(statement.startswith("INSERT INTO events") for statement in statements) == 2
    assert not any(statement.startswith("UPDATE") for statement in statements)


def test_an_older_or_newer_body_reads_with_todays_defaults(engine: Engine, unit: SqlUnit) -> None:
    with unit() as store:
        store.operations.add(b.operation(notes=(("outage", "31"),)))
        store.episodes.put(b.episode(related=("op-1",)))
    for table, gone in (("operations", "notes"), ("episodes", "related")):
        with engine.begin() as connection:
            body = json.loads(connection.scalar(text(f"SELECT body FROM {table}")) or "")  # noqa: S608 - no input
            del body[gone]
            changed = json.dumps({**body, "from_the_future": 1})
            connection.execute(text(f"UPDATE {table} SET body = :body"), {"body": changed})  # noqa: S608 - no input
    with unit(readonly=True) as store:
        assert store.operations.get("op-1") == b.operation()
        assert store.episodes.get("episode-1") == b.episode(number=1)


def test_text_that_no_database_can_hold_is_kept_as_near_as_can_be(unit: SqlUnit) -> None:
    with unit() as store:
        store.operations.add(b.operation(reason="half \ud800 of it"))
        entry = store.operations.record(b.trail_entry(sentence="a\0b\ud800", detail={"\0": "\ud800"}))
        assert (entry.sentence, entry.detail) == ("a\ufffdb?", {"\ufffd": "?"})
    with unit(readonly=True) as store:
        found = store.operations.get("op-1")
        assert found is not None
        assert found.reason == "half ? of it"
        assert list(store.operations.trail("op-1")) == [entry]


@pytest.mark.parametrize("field", ["id", "kind", "environment", "target"])
def test_what_is_too_long_for_its_column_is_refused_on_both(unit: SqlUnit, field: str) -> None:
    long: dict[str, Any] = {field: "x" * 257}
    with pytest.raises(ValueError, match=f"operations: too long: {field}"), unit() as store:
        store.operations.add(replace(b.operation(), **long))
