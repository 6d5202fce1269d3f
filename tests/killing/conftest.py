"""The world that most of these tests share, one after the other."""

from collections.abc import Iterator

import pytest

from tests.killing.killing_world import World, as_somebody, deploy, inhabited
from tests.sandbox_server import Sandbox, Seeded


@pytest.fixture(scope="session")
def world(seeded_sandbox: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Network and data of `production`. Whoever uses it lets so much time pass that what was before does not matter."""
    yield from inhabited(seeded_sandbox("production", _with_production), tmp_path_factory.mktemp("world"))


def _with_production(sandbox: Sandbox) -> None:
    with as_somebody():
        deploy(sandbox, "production")
