"""What a stack policy forbids a change set to do. AWS enforces it while it executes; Haven says it before. Pure."""

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from services.domain.deployment.change_set import ChangeSet, ResourceChange

LIFTED = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}]}, sort_keys=True
)
"""A policy that forbids nothing. AWS lets a policy be replaced, never removed."""


def denied(policy: str | None, change_set: ChangeSet) -> tuple[ResourceChange, ...]:
    """The resources whose change the policy forbids for certain. A replacement that AWS calls Conditional is not among
    them: whether it comes to one shows when it runs, and then AWS refuses it."""
    statements = _statements(policy)
    if not statements:
        return ()
    return tuple(each for each in change_set.resources if (act := _act(each)) and _forbidden(statements, each, act))


def same(one: str | None, other: str | None) -> bool:
    """Whether two policies say the same, however they are written."""
    return bool(_read(one) == _read(other))


def _act(change: ResourceChange) -> str:
    if change.action == "Remove":
        return "Update:Delete"
    if change.action != "Modify":
        return ""
    return "Update:Replace" if change.replacement == "True" else "Update:Modify"


def _forbidden(statements: Sequence[Mapping[str, Any]], change: ResourceChange, act: str) -> bool:
    effects = {each.get("Effect") for each in statements if _about(each, change, act)}
    return "Deny" in effects or "Allow" not in effects


def _about(statement: Mapping[str, Any], change: ResourceChange, act: str) -> bool:
    if not any(fnmatchcase(act, each) for each in _listed(statement.get("Action", "*"))):
        return False
    name = f"LogicalResourceId/{change.logical_id}"
    if "NotResource" in statement:
        named = not any(fnmatchcase(name, each) for each in _listed(statement["NotResource"]))
    else:
        named = any(fnmatchcase(name, each) for each in _listed(statement.get("Resource", "*")))
    condition = statement.get("Condition") or {}
    wanted = [each for test in condition.values() for each in _listed(test.get("ResourceType", "*"))]
    return named and (not wanted or any(fnmatchcase(change.type, each) for each in wanted))


def _statements(policy: str | None) -> Sequence[Mapping[str, Any]]:
    read = _read(policy)
    found = read.get("Statement", []) if isinstance(read, dict) else []
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _read(policy: str | None) -> Any:
    try:
        return json.loads(policy) if policy else None
    except ValueError:
        return policy


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
