"""Stack policies: what an update may do to which resource. Once a policy is set, what it does not allow is denied."""

import fnmatch
import json
from typing import Any

from sandbox.cloudformation.errors import invalid

BODY_LIMIT = 16_384
ACTIONS = {"Update:Modify", "Update:Replace", "Update:Delete", "Update:*"}


def check(body: str) -> None:
    """Refuse what is not a stack policy."""
    if len(body.encode()) > BODY_LIMIT:
        raise invalid(f"Stack policy body length must be at most {BODY_LIMIT}")
    try:
        statements = json.loads(body)["Statement"]
        if not isinstance(statements, list) or not statements:
            raise TypeError
        for statement in statements:
            if statement["Effect"] not in ("Allow", "Deny") or statement.get("Principal", "*") != "*":
                raise TypeError
            if not set(_many(statement, "Action") + _many(statement, "NotAction")) <= ACTIONS:
                raise TypeError
            if not (_many(statement, "Resource") or _many(statement, "NotResource")):
                raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise invalid("Error validating stack policy: Invalid stack policy") from None


def denial(body: str, action: str, logical: str, type: str) -> str | None:
    """Why the policy denies `action` (Update:Modify, ...) on a resource, in AWS's words, or None when it is allowed."""
    if not body:
        return None
    allowed = False
    for number, statement in enumerate(json.loads(body)["Statement"], 1):
        if not _applies(statement, action, logical, type):
            continue
        if statement["Effect"] == "Deny":
            return (
                f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] "
                f"for resource [LogicalResourceId/{logical}]"
            )
        allowed = True
    if allowed:
        return None
    return (
        f"Action not allowed by stack policy: no statement allows [{action}] for resource [LogicalResourceId/{logical}]"
    )


def _many(statement: dict[str, Any], key: str) -> list[str]:
    value = statement.get(key, [])
    return [value] if isinstance(value, str) else list(value)


def _applies(statement: dict[str, Any], action: str, logical: str, type: str) -> bool:
    def matches(patterns: list[str], value: str) -> bool:
        return any(fnmatch.fnmatchcase(value, p) for p in patterns)

    place = f"LogicalResourceId/{logical}"
    if "NotAction" in statement:
        if matches(_many(statement, "NotAction"), action):
            return False
    elif not matches(_many(statement, "Action"), action):
        return False
    if "NotResource" in statement:
        if matches(_many(statement, "NotResource"), place):
            return False
    elif not matches(_many(statement, "Resource"), place):
        return False
    condition = statement.get("Condition") or {}
    for operator in ("StringEquals", "StringLike"):
        if operator in condition and not matches(_many(condition[operator], "ResourceType"), type):
            return False
    return True
