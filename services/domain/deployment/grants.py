"""What policies allow, in single grants, and which of them are new."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.domain.deployment.sides import UNKNOWN


@dataclass(frozen=True)
class Grant:
    """One action on one resource for one principal (empty where the policy hangs on a role), under a condition as JSON.
    Of a Deny it is what is denied."""

    action: str
    resource: str
    principal: str
    condition: str

    @property
    def wide(self) -> bool:
        """Whether it allows everything of a service or on everything that can change, or anybody."""
        everything = self.action == "*" or (self.action.endswith(":*") and self.resource == "*")
        return everything or (self.principal == "*" and not self.condition)

    def covers(self, other: "Grant") -> bool:
        """Whether who has this has the other."""
        return (
            _like(self.action.lower(), other.action.lower())
            and _like(self.resource, other.resource)
            and (self.principal == "*" or _like(self.principal, other.principal, wild=False))
            and (not self.condition or _like(self.condition, other.condition, wild=False))
        )


def grants(document: Any, effect: str = "Allow") -> frozenset[Grant]:
    """Everything that a policy document allows (or denies). NotAction and NotResource count as everything."""
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    return frozenset(
        Grant(str(action), str(resource), principal, condition)
        for statement in _several(statements)
        if isinstance(statement, Mapping) and statement.get("Effect") == effect
        for action in _several(statement.get("Action", "*"))
        for resource in _several(statement.get("Resource", "*"))
        for principal in _principals(statement.get("Principal"))
        for condition in (_condition(statement.get("Condition")),)
    )


def grown(before: Iterable[Any], after: Iterable[Any]) -> tuple[Grant, ...]:
    """What policy documents allow together that they did not: new allowances, and what is denied no more."""
    was, becomes = tuple(before), tuple(after)
    known, denied = _all(was, "Allow"), _all(becomes, "Deny")
    new = {each for each in _all(becomes, "Allow") if not any(old.covers(each) for old in known)}
    free = {each for each in _all(was, "Deny") if not any(still.covers(each) for still in denied)}
    return tuple(sorted(new | free, key=lambda each: (not each.wide, each.action, each.resource, each.principal)))


def _like(one: str, other: str, wild: bool = True) -> bool:
    """Whether a text stands for another: `*` and `?` (with `wild`) for anything, and so what is not known yet, on both
    sides. Otherwise every name that a change set does not have yet would look like a new permission."""
    return _stands(one, other, wild) or (UNKNOWN in other and _stands(other, one, wild=False))


def _stands(pattern: str, text: str, wild: bool) -> bool:
    made = re.escape(pattern).replace(re.escape(UNKNOWN), ".*")
    if wild:
        made = made.replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(made, text, re.DOTALL) is not None


def _all(documents: Iterable[Any], effect: str) -> frozenset[Grant]:
    return frozenset(each for document in documents for each in grants(document, effect))


def _several(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def _principals(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        return tuple(str(each) for kind in value.values() for each in _several(kind))
    return ("" if value is None else str(value),)


def _condition(value: Any) -> str:
    return json.dumps(value, sort_keys=True) if value else ""
