"""Intrinsic functions, resolved against a scope. Pure: what only the world knows is asked of the scope's callables."""

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudformation.errors import invalid

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""Stands in a plan for what only the deployment will tell; whatever is built from it is unknown as a whole."""


class _NoValue:
    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = _NoValue()
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@dataclass
class Scope:
    """Where names are looked up. `values` holds parameters and pseudo parameters, lists as lists.

    `reference` and `attribute` answer Ref and GetAtt of resources; `imports` an exported value by name (raises when
    there is none); `zones` the availability zones of a region.
    """

    values: Mapping[str, Any]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    reference: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    imports: Callable[[str], str]
    zones: Callable[[str], list[str]]
    decided: dict[str, bool] = field(default_factory=dict)


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every function replaced by its result. NO_VALUE entries vanish from what contains them."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((name, argument),) = value.items()
            function = FUNCTIONS.get(name)
            if function is not None:
                return function(argument, scope)
        resolved = {str(k): resolve(v, scope) for k, v in value.items()}
        return {k: v for k, v in resolved.items() if v is not NO_VALUE}
    if isinstance(value, list):
        return [v for v in (resolve(item, scope) for item in value) if v is not NO_VALUE]
    return value


def holds(name: str, scope: Scope) -> bool:
    """Whether the named condition is true."""
    if name not in scope.decided:
        if name not in scope.conditions:
            raise invalid(
                f"Template format error: Unresolved condition dependency {name} in the Conditions block of the template"
            )
        scope.decided[name] = _truth(scope.conditions[name], scope)
    return scope.decided[name]


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _truth(expression: Any, scope: Scope) -> bool:
    if isinstance(expression, dict) and len(expression) == 1:
        ((name, argument),) = expression.items()
        if name == "Condition":
            return holds(argument, scope)
        if name == "Fn::Equals":
            left, right = (resolve(a, scope) for a in _list(argument, name, 2))
            return left == right if isinstance(left, list) or isinstance(right, list) else text(left) == text(right)
        if name == "Fn::Not":
            return not _truth(_list(argument, name, 1)[0], scope)
        if name == "Fn::And":
            return all(_truth(a, scope) for a in _list(argument, name))
        if name == "Fn::Or":
            return any(_truth(a, scope) for a in _list(argument, name))
    raise invalid("Template format error: Conditions can only be boolean operations on parameters and other conditions")


def _list(argument: Any, name: str, length: int | None = None) -> list[Any]:
    if not isinstance(argument, list) or (length is not None and len(argument) != length):
        many = f"{length} elements" if length is not None else "a list"
        raise invalid(f"Template error: {name} object requires {many}")
    return argument


def _ref(name: Any, scope: Scope) -> Any:
    if name == "AWS::NoValue":
        return NO_VALUE
    return scope.values[name] if name in scope.values else scope.reference(str(name))


def _get_att(argument: Any, scope: Scope) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2:
        raise invalid(
            "Template error: Fn::GetAtt object requires two non-empty parameters, the resource "
            "name and the resource attribute"
        )
    return scope.attribute(str(parts[0]), ".".join(text(resolve(p, scope)) for p in parts[1:]))


def _sub(argument: Any, scope: Scope) -> Any:
    pattern, own = argument if isinstance(argument, list) else (argument, {})
    if not isinstance(pattern, str) or not isinstance(own, dict):
        raise invalid("Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments.")
    local = {k: resolve(v, scope) for k, v in own.items()}
    unknown = False

    def fill(match: re.Match[str]) -> str:
        nonlocal unknown
        name = match.group(1)
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        name = name.strip()
        if name in local:
            found = local[name]
        elif "." in name and name not in scope.values:
            found = _get_att(name, scope)
        else:
            found = _ref(name, scope)
        if isinstance(found, list | dict):
            raise invalid(f"Template error: variable {name} in Fn::Sub expression does not resolve to a string")
        unknown = unknown or found == UNKNOWN
        return text(found)

    filled = _PLACEHOLDER.sub(fill, pattern)
    return UNKNOWN if unknown else filled


def placeholders(argument: Any) -> list[str]:
    """The names a Fn::Sub asks of the template, its own variables left out."""
    pattern, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    names = [n.strip() for n in _PLACEHOLDER.findall(str(pattern)) if not n.startswith("!")]
    return [n for n in names if n not in (own or {})]


def _if(argument: Any, scope: Scope) -> Any:
    name, yes, no = _list(argument, "Fn::If", 3)
    return resolve(yes if holds(name, scope) else no, scope)


def _join(argument: Any, scope: Scope) -> Any:
    delimiter, parts = _list(argument, "Fn::Join", 2)
    values = resolve(parts, scope)
    if values == UNKNOWN:
        return UNKNOWN
    if not isinstance(values, list):
        raise invalid(
            "Template error: every Fn::Join object requires two parameters, (1) a string "
            "delimiter and (2) a list of strings to be joined"
        )
    return UNKNOWN if UNKNOWN in values else str(delimiter).join(text(v) for v in values)


def _split(argument: Any, scope: Scope) -> Any:
    delimiter, source = _list(argument, "Fn::Split", 2)
    value = resolve(source, scope)
    return UNKNOWN if value == UNKNOWN else text(value).split(str(delimiter))


def _select(argument: Any, scope: Scope) -> Any:
    index, source = _list(argument, "Fn::Select", 2)
    place = resolve(index, scope)
    values = resolve(source, scope)
    if UNKNOWN in (values, place):
        return UNKNOWN
    try:
        if int(place) < 0:
            raise IndexError
        return values[int(place)]
    except (IndexError, ValueError, TypeError, KeyError):
        raise invalid(f"Template error: Fn::Select cannot select nonexistent value at index {place}") from None


def _get_azs(argument: Any, scope: Scope) -> Any:
    return scope.zones(text(resolve(argument, scope)) or str(scope.values["AWS::Region"]))


def _cidr(argument: Any, scope: Scope) -> Any:
    values = resolve(argument, scope)
    if not isinstance(values, list) or len(values) not in (2, 3):
        raise invalid("Template error: Fn::Cidr object requires ipBlock, count and optional cidrBits")
    if UNKNOWN in values:
        return UNKNOWN
    try:
        block = ipaddress.ip_network(str(values[0]))
        bits = int(values[2]) if len(values) == 3 else 8
        count = int(values[1])
        if not 1 <= count <= 256:
            raise ValueError
        blocks = block.subnets(new_prefix=block.max_prefixlen - bits)
        made = [str(b) for b, _ in zip(blocks, range(count), strict=False)]
    except ValueError:
        raise invalid(f"Template error: Fn::Cidr was given invalid values {values}") from None
    if len(made) < count:
        raise invalid(f"Template error: Fn::Cidr cannot make {count} blocks of {values[0]}")
    return made


def _find_in_map(argument: Any, scope: Scope) -> Any:
    parts = _list(argument, "Fn::FindInMap")
    names = [text(resolve(p, scope)) for p in parts[:3]]
    found: Any = scope.mappings
    for name in names:
        if not isinstance(found, Mapping) or name not in found:
            if len(parts) == 4 and isinstance(parts[3], dict) and "DefaultValue" in parts[3]:
                return resolve(parts[3]["DefaultValue"], scope)
            raise invalid(f"Template error: Unable to get mapping for {'::'.join(names)}")
        found = found[name]
    return found


def _base64(argument: Any, scope: Scope) -> Any:
    value = resolve(argument, scope)
    return UNKNOWN if value == UNKNOWN else base64.b64encode(text(value).encode()).decode()


def _import(argument: Any, scope: Scope) -> Any:
    name = resolve(argument, scope)
    return UNKNOWN if name == UNKNOWN else scope.imports(text(name))


def _length(argument: Any, scope: Scope) -> Any:
    value = resolve(argument, scope)
    if value == UNKNOWN:
        return UNKNOWN
    if not isinstance(value, list):
        raise invalid("Template error: Fn::Length object requires a list")
    return len(value)


def _to_json(argument: Any, scope: Scope) -> Any:
    written = json.dumps(resolve(argument, scope), separators=(",", ":"))
    return UNKNOWN if UNKNOWN in written else written


FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::If": _if,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::GetAZs": _get_azs,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::ImportValue": _import,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json,
}
