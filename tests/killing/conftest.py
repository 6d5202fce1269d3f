"""The world that most of these tests share, one after the other, and the Havens that live through all deaths in it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.killing.killing_world import Left, World, as_somebody, deploy, inhabited, settled
from tests.postgres_server import PostgresServer
from tests.sandbox_server import Sandbox, Seeded
from tests.stores import DATABASES


@pytest.fixture(scope="session")
def world(seeded_sandbox: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Network and data of `production`. Whoever uses it lets so much time pass that what was before does not matter."""
    yield from inhabited(seeded_sandbox("production", _with_production), tmp_path_factory.mktemp("world"))


def _with_production(sandbox: Sandbox) -> None:
    with as_somebody():
        deploy(sandbox, "production")


@pytest.fixture(scope="module")
def havens(
    request: pytest.FixtureRequest, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Left]]:
    """One Haven for each kind of database, which lives through all the deaths, one after the other."""
    with ExitStack() as made:

        @cache
        def of(database: str) -> Left:
            home = tmp_path_factory.mktemp("home")
            return made.enter_context(settled(world, home, url_of(request, home, database)))

        yield of


@pytest.fixture(params=DATABASES)
def haven(request: pytest.FixtureRequest, havens: Callable[[str], Left]) -> Left:
    return havens(request.param)


def url_of(request: pytest.FixtureRequest, home: Path, database: str) -> str:
    if database == "sqlite":
        return f"sqlite:///{home / 'haven.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()
