"""A resource before and after its change, as documents. AWS gives both whole; where it does not, they are put together
from the places that differ, and what is not there is what does not change."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.domain.deployment.change_set import PropertyChange, ResourceChange

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""AWS's text for a value that is only known once the change set runs."""
_OWN = "Properties"


@dataclass(frozen=True)
class Side:
    """A resource on one side: its properties, and its attributes beside them (`DeletionPolicy`, ...)."""

    document: Mapping[str, Any]

    def get(self, *path: str) -> Any:
        """The property at a path, None where nothing is."""
        here: Any = self.document.get(_OWN)
        for name in path:
            here = here.get(name) if isinstance(here, Mapping) else None
        return here

    def attribute(self, name: str) -> str:
        """An attribute's text, empty without it."""
        return str(self.document.get(name) or "")

    def text(self, *path: str) -> str:
        """A value as AWS writes it, empty where nothing is."""
        found = self.get(*path)
        if isinstance(found, bool):
            return "true" if found else "false"
        if isinstance(found, Mapping | list):
            return json.dumps(found, sort_keys=True)
        return "" if found is None else str(found)

    def on(self, *path: str) -> bool:
        """Whether a switch is on; nothing, and what is not known, is off."""
        return self.text(*path).lower() in ("true", "enabled")

    def off(self, *path: str) -> bool:
        """Whether a switch is off for certain."""
        return self.known(*path) and not self.on(*path)

    def number(self, *path: str, default: float | None = None) -> float | None:
        """A number, `default` where nothing is, None when it is not known."""
        found = self.text(*path)
        if not found:
            return default
        try:
            return float(found)
        except ValueError:
            return None

    def items(self, *path: str) -> Sequence[Any]:
        """A list's items; a value that is alone is a list of it, nothing is an empty one."""
        found = self.get(*path)
        if found is None:
            return ()
        return tuple(found) if isinstance(found, list) else (found,)

    def known(self, *path: str) -> bool:
        """Whether all of a value is known now."""
        return UNKNOWN not in self.text(*path)


def attributes(side: Side) -> dict[str, str]:
    """A load balancer's attributes by key."""
    items = (each for each in side.items("LoadBalancerAttributes") if isinstance(each, Mapping))
    return {str(each.get("Key")): str(each.get("Value")).lower() for each in items}


def before(change: ResourceChange) -> Side:
    """The resource as it is; of a new one nothing."""
    return Side(_document(change.before, [(each, each.before) for each in change.properties]))


def after(change: ResourceChange) -> Side:
    """The resource as it will be; of a removed one nothing."""
    return Side(_document(change.after, [(each, each.after) for each in change.properties]))


def _document(text: str, places: Sequence[tuple[PropertyChange, str | None]]) -> dict[str, Any]:
    made = _parsed(text)
    found: dict[str, Any] = dict(made) if isinstance(made, Mapping) else {}
    whole = _OWN in found
    for change, value in places:
        if value is None:
            continue
        if change.attribute == _OWN:
            if not whole:
                _put(found.setdefault(_OWN, {}), change, value)
        else:
            found.setdefault(change.attribute, value)
    return found


def _put(properties: dict[str, Any], change: PropertyChange, value: str) -> None:
    names = [name for name in change.path.removeprefix(f"/{_OWN}").split("/") if name] or [change.name]
    here = properties
    for name in names[:-1]:
        inner = here.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        here = inner
    made = _parsed(value)
    here[names[-1]] = made if isinstance(made, dict | list) else value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
