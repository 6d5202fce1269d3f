"""One handler per resource type, split by AWS service. A type without a handler is refused."""

from functools import cache
from importlib import import_module

from sandbox.cloudformation.handlers.base import HANDLERS, Handler

MODULES = (
    "apigateway",
    "autoscaling",
    "database",
    "database_clusters",
    "cache",
    "containers",
    "endpoints",
    "firewall",
    "keys",
    "loadbalancing",
    "messaging",
    "network",
    "observability",
    "rights",
    "storage",
)


@cache
def _loaded() -> dict[str, Handler]:
    for name in MODULES:
        import_module(f"sandbox.cloudformation.handlers.{name}")
    return HANDLERS


def known(type: str) -> bool:
    """Whether there is a handler for the type."""
    return type in _loaded()


def handler(type: str) -> Handler:
    """The handler of a type that is known."""
    return _loaded()[type]
