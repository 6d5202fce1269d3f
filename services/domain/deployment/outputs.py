"""Which of a stack's outputs a change set may change: what hangs on those cannot be worked out before it has run."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from services.domain.deployment.change_set import ChangeSet, ResourceChange
from services.domain.deployment.expected import expectation

_NAMED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")


def may_change(
    document: Mapping[str, Any], before: Mapping[str, Any] | None, change_set: ChangeSet, changed: Collection[str]
) -> Mapping[str, str]:
    """Output -> why it may have another value afterwards. `document` is the template to be deployed, `before` the one
    that runs (None when it is not known), `changed` are the parameters whose values change."""
    moving = {each.logical_id: why for each in change_set.resources if (why := _moves(each))}
    found = {}
    for name, output in (document.get("Outputs") or {}).items():
        value = output.get("Value")
        old = ((before or {}).get("Outputs") or {}).get(name)
        if before is not None and (old is None or old.get("Value") != value):
            found[name] = "its template says it otherwise"
            continue
        for each in _reached(value, document):
            if each in moving:
                found[name] = f"{each} {moving[each]}"
                break
            if each in changed:
                found[name] = f"the parameter {each} changes"
                break
    return found


def moves(change: ResourceChange) -> bool:
    """Whether a resource gets another physical id, or may."""
    return bool(_moves(change))


def _moves(change: ResourceChange) -> str:
    if change.action in ("Add", "Import"):
        return "is added"
    if change.action == "Remove":
        return "is removed"
    if change.replacement == "True" or change.action == "Dynamic":
        return "is replaced"
    if change.replacement != "Conditional":
        return ""
    open_ones = [each for each in change.properties if each.recreation != "Never"]
    expected = [expectation(change.type, each) for each in open_ones]
    in_place = bool(open_ones) and all(each is not None and each.in_place for each in expected)
    return "" if in_place else "may be replaced"


def _reached(value: Any, document: Mapping[str, Any], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Every resource and parameter that a value of a template hangs on, through conditions too."""
    if isinstance(value, list):
        for each in value:
            yield from _reached(each, document, seen)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield str(inner)
            elif key == "Fn::GetAtt":
                yield str(inner[0] if isinstance(inner, list) else inner).partition(".")[0]
            elif key == "Fn::Sub":
                yield from _NAMED.findall(inner if isinstance(inner, str) else str(inner[0]))
                yield from _reached(inner if isinstance(inner, list) else [], document, seen)
            elif key == "Fn::If" and isinstance(inner, list) and inner:
                yield from _condition(str(inner[0]), document, seen)
                yield from _reached(inner[1:], document, seen)
            elif key == "Condition" and isinstance(inner, str):
                yield from _condition(inner, document, seen)
            else:
                yield from _reached(inner, document, seen)


def _condition(name: str, document: Mapping[str, Any], seen: frozenset[str]) -> Iterator[str]:
    if name not in seen:
        yield from _reached((document.get("Conditions") or {}).get(name), document, seen | {name})
