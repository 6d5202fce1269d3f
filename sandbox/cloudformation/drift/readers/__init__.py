"""Resources read back in the names of their templates, split by what they belong to."""

from functools import cache
from importlib import import_module

from sandbox.cloudformation.drift.readers.base import READERS, Reader

MODULES = ("compute", "edge", "firewall", "network", "stores", "watch")


@cache
def _loaded() -> dict[str, Reader]:
    for name in MODULES:
        import_module(f"sandbox.cloudformation.drift.readers.{name}")
    return READERS


def reader(type: str) -> Reader | None:
    """How a type is read; None when its drift is not checked."""
    return _loaded().get(type)
