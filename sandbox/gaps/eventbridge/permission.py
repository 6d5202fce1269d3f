"""Whether a resource's policy lets an AWS service do something there: the part of IAM that deliveries meet. Pure."""

import fnmatch
import json
from collections.abc import Callable, Mapping
from typing import Any


def allows(policy: Any, service: str, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a policy (text or parsed; nothing means none) lets the principal `service` (as events.amazonaws.com) do
    `action` to `resource`. `context` holds the condition keys of the request, by lower-case name. An explicit denial
    wins; a condition this cannot judge neither allows nor, in a denial, spares."""
    document = json.loads(policy) if isinstance(policy, str) and policy else policy
    allowed = False
    for statement in _many((document or {}).get("Statement")):
        if not (_whom(statement, service) and _what(statement, action) and _where(statement, resource)):
            continue
        verdict = _condition(statement.get("Condition") or {}, context)
        if statement.get("Effect") == "Deny" and verdict is not False:
            return False
        allowed = allowed or (statement.get("Effect") == "Allow" and verdict is True)
    return allowed


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _whom(statement: dict[str, Any], service: str) -> bool:
    if "NotPrincipal" in statement:
        return not _named(statement["NotPrincipal"], service)
    return _named(statement.get("Principal"), service)


def _named(principal: Any, service: str) -> bool:
    if isinstance(principal, dict):
        return service in _many(principal.get("Service")) or "*" in _many(principal.get("AWS"))
    return bool(principal == "*")


def _what(statement: dict[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not _matches(statement["NotAction"], action.lower(), str.lower)
    return _matches(statement.get("Action"), action.lower(), str.lower)


def _where(statement: dict[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not _matches(statement["NotResource"], resource)
    return "Resource" not in statement or _matches(statement["Resource"], resource)


def _matches(patterns: Any, value: str, fold: Callable[[str], str] = str) -> bool:
    return any(fnmatch.fnmatchcase(value, fold(str(pattern))) for pattern in _many(patterns))


def _condition(condition: dict[str, Any], context: Mapping[str, str]) -> bool | None:
    """Whether all of it holds; None when it cannot be judged and nothing else fails."""
    judged = [
        _operator(operator, context.get(key.lower()), [str(v) for v in _many(wanted)])
        for operator, tests in condition.items()
        for key, wanted in tests.items()
    ]
    return False if False in judged else None if None in judged else True


def _operator(operator: str, value: str | None, wanted: list[str]) -> bool | None:
    name, optional = operator.removesuffix("IfExists"), operator.endswith("IfExists")
    if name == "Null":
        return (value is None) == (wanted[0].lower() == "true")
    negative = "Not" in name
    if value is None:
        return optional or negative
    if name in ("StringEquals", "StringNotEquals"):
        return (value in wanted) != negative
    if name in ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"):
        return (value.lower() in [w.lower() for w in wanted]) != negative
    if name in ("StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"):
        return _matches(wanted, value) != negative
    if name == "Bool":
        return value.lower() in [w.lower() for w in wanted]
    return None
