"""What every test may ask for: the fixtures of the servers that tests run against."""

from importlib.util import find_spec

pytest_plugins = ["tests.postgres_server", "tests.stores"]
if find_spec("tests.sandbox_server"):
    pytest_plugins += ["tests.sandbox_server", "tests.sandbox_worlds"]
