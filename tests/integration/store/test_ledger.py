"""The ledger cannot be changed and has no gaps, whoever writes at once."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from services.domain.errors import Misconfigured
from services.ports import Entry
from services.store.unit import SqlUnit
from tests.builders import NOW

ROOT = Path(__file__).parents[3]
WRITER = """
import sys
from datetime import UTC, datetime
from services.ports import Entry
from services.store.engine import make_engine
from services.store.unit import SqlUnit

class ChangedMyMind(Exception): pass

unit, me = SqlUnit(make_engine(sys.argv[1])), sys.argv[2]
for number in range(40):
    try:
        with unit() as store:
            store.ledger.append(Entry(datetime.now(UTC), me, "count", "done", str(number)))
            if number % 4 == 3:
                raise ChangedMyMind
    except ChangedMyMind:
        pass
"""


def test_two_processes_append_without_gap_or_duplicate(database: str, unit: SqlUnit) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, database, name], cwd=ROOT, stderr=subprocess.PIPE)
        for name in ("one", "two")
    ]
    assert [(w.communicate(timeout=90)[1].decode()[-2000:], w.returncode) for w in writers] == [("", 0)] * 2
    with unit(readonly=True) as store:
        found = list(reversed(store.ledger.read(limit=500)))
    assert [entry.seq for entry in found] == list(range(1, 61))
    kept = [str(number) for number in range(40) if number % 4 != 3]
    for name in ("one", "two"):
        assert [entry.target for entry in found if entry.actor == name] == kept


@pytest.mark.parametrize(
    "change", ["UPDATE ledger SET actor = 'eve'", "DELETE FROM ledger WHERE seq = 1", "DELETE FROM ledger"]
)
def test_the_database_refuses_to_change_the_ledger(engine: Engine, unit: SqlUnit, change: str) -> None:
    with unit() as store:
        stored = store.ledger.append(Entry(NOW, "ada", "log in", "done", "ada"))
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(change))
    with unit(readonly=True) as store:
        assert list(store.ledger.read()) == [stored]


@pytest.mark.postgres
def test_postgresql_refuses_to_truncate_the_ledger(postgres_database: str, engine_of) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DBAPIError, match="append-only"), engine_of(postgres_database).begin() as connection:
        connection.execute(text("TRUNCATE ledger"))


def test_detail_is_kept_as_canonical_json(engine: Engine, unit: SqlUnit) -> None:
    with unit() as store:
        store.ledger.append(Entry(NOW, "ada", "set role", "done", "bob", detail={"z": "ü", "a": "1"}))
    with engine.connect() as connection:
        row = connection.execute(text("SELECT detail, prev_hash, hash FROM ledger")).one()
    assert tuple(row) == ('{"a":"1","z":"ü"}', None, None)


def test_a_lost_head_row_is_said(engine: Engine, unit: SqlUnit) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM ledger_head"))
    with pytest.raises(Misconfigured, match="head row"), unit() as store:
        store.ledger.append(Entry(NOW, "ada", "log in", "done", "ada"))
