"""Event patterns where moto's differ from EventBridge's: arrays of objects, and TestEventPattern."""

import json
from typing import Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventPattern

REQUIRED = ("id", "account", "source", "time", "region", "resources", "detail-type")


def flatten(node: Any, prefix: str = "", result: dict[str, Any] | None = None) -> dict[str, Any]:
    """An event as path to value. A field inside an array of objects is there with all its values, as EventBridge
    matches `{"detail": {"containers": {"exitCode": [1]}}}` against any of the containers."""
    found: dict[str, Any] = {} if result is None else result
    for key, value in node.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict) and value:
            flatten(value, path, found)
        elif isinstance(value, list):
            _spread(value, path, found)
        else:
            _put(found, path, value)
    return found


def _spread(values: list[Any], path: str, found: dict[str, Any]) -> None:
    plain = [value for value in values if not isinstance(value, dict)]
    if plain or not values:
        found[path] = [*_many(found.get(path, [])), *plain]
    for value in values:
        if isinstance(value, dict):
            for inner, one in flatten(value, path).items():
                found[inner] = [*_many(found.get(inner, [])), *_many(one)]


def _put(found: dict[str, Any], path: str, value: Any) -> None:
    found[path] = [*_many(found[path]), value] if path in found else value


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def test_event_pattern(self: Any) -> tuple[str, dict[str, Any]]:
    """TestEventPattern."""
    try:
        event = json.loads(self._get_param("Event") or "")
        assert isinstance(event, dict)  # noqa: S101 - the same refusal as for what is no JSON
    except (ValueError, AssertionError):
        raise ValidationException("Parameter Event is not valid.") from None
    lacking = [name for name in REQUIRED if name not in event]
    if lacking:
        raise ValidationException(f"Parameter Event is not valid. Reason: {lacking[0]} is a required field.")
    pattern = EventPattern.load(self._get_param("EventPattern"))
    return json.dumps({"Result": pattern.matches_event(event)}), self.response_headers
