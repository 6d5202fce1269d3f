"""Migrations, both ways, on both databases."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from services.domain.errors import Misconfigured
from services.store import migrate
from services.store.tables import metadata
from services.store.unit import SqlUnit

ROOT = Path(__file__).parents[3]
Engines = Callable[[str], Engine]


def test_up_down_and_up_again(empty_database: str, engine_of: Engines) -> None:
    assert migrate.current(empty_database) is None
    migrate.upgrade(empty_database)
    tables = set(inspect(engine_of(empty_database)).get_table_names())
    assert tables == {*metadata.tables, "alembic_version"}
    migrate.downgrade(empty_database, "base")
    assert set(inspect(engine_of(empty_database)).get_table_names()) == {"alembic_version"}
    migrate.upgrade(empty_database)
    assert migrate.missing(empty_database) == ""


def test_upgrading_twice_is_upgrading_once(empty_database: str) -> None:
    migrate.upgrade(empty_database)
    migrate.upgrade(empty_database)
    assert migrate.missing(empty_database) == ""


def test_the_tables_have_not_drifted_from_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []


def test_every_start_at_once_finds_a_migrated_database(empty_database: str) -> None:
    program = "import sys; from services.store import migrate; migrate.upgrade(sys.argv[1])"
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database], cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    ends = [(start.communicate(timeout=90)[1].decode()[-2000:], start.returncode) for start in starts]
    assert ends == [("", 0)] * 4
    assert migrate.missing(empty_database) == ""


def test_an_unmigrated_database_is_said_to_be_so(empty_database: str, engine_of: Engines) -> None:
    assert migrate.missing(empty_database) == "none"
    with pytest.raises(Misconfigured, match="haven migrate"), SqlUnit(engine_of(empty_database))() as store:
        store.users.all()


def test_a_newer_database_is_refused(database: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrate.missing(database) == "9999"
    with pytest.raises(Misconfigured, match="9999"):
        migrate.upgrade(database)


def test_a_failing_migration_changes_nothing(empty_database: str, engine_of: Engines) -> None:
    with engine_of(empty_database).begin() as connection:
        connection.execute(text("CREATE TABLE leases (in_the_way INTEGER)"))
    with pytest.raises(Exception, match="leases"):
        migrate.upgrade(empty_database)
    assert migrate.current(empty_database) is None
    assert inspect(engine_of(empty_database)).get_table_names() == ["leases"]


def test_alembics_own_command_takes_the_url(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'by-hand.db'}"
    alembic = [str(Path(sys.executable).parent / "alembic"), "-x", f"url={url}", "upgrade", "head"]
    done = subprocess.run(alembic, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert migrate.missing(url) == ""


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    migrate.upgrade(f"sqlite:///{tmp_path / 'haven.db'}")
    assert (tmp_path / "haven.db").stat().st_mode & 0o777 == 0o600
