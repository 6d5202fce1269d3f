"""What every test may ask for: the fixtures of the servers that tests run against."""

from importlib.util import find_spec

import pytest

pytest_plugins = ["tests.postgres_server", "tests.stores"]
if find_spec("tests.sandbox_server"):
    pytest_plugins += ["tests.sandbox_server", "tests.sandbox_worlds"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long first, in whatever order chance gave: workers end together."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
