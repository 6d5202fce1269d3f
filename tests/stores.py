"""Fixtures for tests of the store: migrated databases of both kinds, one of its own for every test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.ports import Leases, UnitOfWork
from services.store import migrate
from services.store.engine import make_engine
from services.store.leases import SqlLeases
from services.store.unit import SqlUnit
from tests.fakes.clock import MovableClock
from tests.fakes.leases import MemoryLeases
from tests.fakes.store import MemoryUnit
from tests.postgres_server import PostgresServer

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "haven.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    url = postgres.new_database()
    migrate.upgrade(url)
    return url.rpartition("/")[2]


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated SQLite database of the test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'haven.db')}"


@pytest.fixture
def postgres_database(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of the test's own."""
    url = postgres.new_database(postgres_template)
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database: the test runs on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_database"))


@pytest.fixture(params=DATABASES)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def engine_of() -> Iterator[Callable[[str], Engine]]:
    """Makes engines, and disposes of them after the test."""
    engines: list[Engine] = []

    def make(url: str) -> Engine:
        engines.append(make_engine(url))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def engine(database: str, engine_of: Callable[[str], Engine]) -> Engine:
    """An engine on `database`."""
    return engine_of(database)


@pytest.fixture
def unit(engine: Engine) -> SqlUnit:
    """Units of work on `database`."""
    return SqlUnit(engine)


@pytest.fixture(params=["memory", *DATABASES])
def any_unit(request: pytest.FixtureRequest) -> UnitOfWork:
    """The fake and both real ones: what a test says must hold for all three."""
    if request.param == "memory":
        return MemoryUnit()
    make: Callable[[str], Engine] = request.getfixturevalue("engine_of")
    return SqlUnit(make(request.getfixturevalue(f"{request.param}_database")))


@pytest.fixture(params=["memory", *DATABASES])
def any_leases(request: pytest.FixtureRequest) -> Leases:
    """As `any_unit`, for leases."""
    if request.param == "memory":
        return MemoryLeases(MovableClock())
    make: Callable[[str], Engine] = request.getfixturevalue("engine_of")
    return SqlLeases(make(request.getfixturevalue(f"{request.param}_database")))
