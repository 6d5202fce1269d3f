"""What a reader is, and what several share."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.cloudformation.model import Resource, Stack
from sandbox.cloudformation.world import Target

Reader = Callable[[Target, Resource, Stack], Mapping[str, Any] | None]
"""The properties a resource has now, by the template's names in any case; None when it is gone. What it leaves out, or
gives as None, is not compared; `compare.ABSENT` is a property the resource could have and has not. ClientError of a
resource that is missing counts as gone."""
READERS: dict[str, Reader] = {}


def reads(type: str) -> Callable[[Reader], Reader]:
    """Register the reader of a type."""

    def register(function: Reader) -> Reader:
        READERS[type] = function
        return function

    return register


def own_tags(tags: Any) -> list[dict[str, str]]:
    """Tags in any of the services' forms as Key and Value, without AWS's own."""
    if isinstance(tags, Mapping):
        pairs = [(str(k), str(v)) for k, v in tags.items()]
    else:
        pairs = [(str(t.get("Key", t.get("key"))), str(t.get("Value", t.get("value", "")))) for t in tags or []]
    return [{"Key": key, "Value": value} for key, value in sorted(pairs) if not key.startswith("aws:")]


def first(found: Any) -> dict[str, Any] | None:
    """The only one of a list, None when it is empty."""
    return dict(found[0]) if found else None
