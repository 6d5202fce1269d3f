"""Parameters of a stack: given, previous or default values, checked against the template's constraints."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.intrinsics import text
from sandbox.cloudformation.template import Template

VALUE_LIMIT = 4096
HIDDEN = "****"
_SSM = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_AWS_ID = re.compile(r"(AWS::(EC2|Route53)::[A-Za-z0-9]+::[A-Za-z]+|AWS::SSM::Parameter::Name)")


def chosen(
    template: Template, given: Sequence[Mapping[str, Any]], previous: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The value of each parameter as text: given, else previous when asked for, else the default.

    `given` is a list of {ParameterKey, ParameterValue | UsePreviousValue}. Raises Refused on unknown names, missing
    values and broken constraints.
    """
    asked = {str(g.get("ParameterKey")): g for g in given}
    unknown = [name for name in asked if name not in template.parameters]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values: dict[str, str] = {}
    missing = []
    for name, definition in template.parameters.items():
        entry = asked.get(name, {})
        if entry.get("UsePreviousValue"):
            if "ParameterValue" in entry:
                raise invalid(
                    f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as "
                    "true and non empty value for a parameter"
                )
            if previous is None or name not in previous:
                raise invalid(
                    f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as "
                    "true for a parameter key not in the previous template"
                )
            values[name] = previous[name]
        elif entry.get("ParameterValue") is not None:
            values[name] = str(entry["ParameterValue"])
        elif "Default" in definition:
            default = definition["Default"]
            values[name] = ",".join(map(text, default)) if isinstance(default, list) else text(default)
        else:
            missing.append(name)
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in values.items():
        check(name, template.parameters[name], value)
    return values


def is_list(kind: str) -> bool:
    """Whether a parameter of this type holds a list."""
    inner = _SSM.fullmatch(kind)
    kind = inner.group(1) if inner else kind
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def items(kind: str, value: str) -> list[str]:
    """A parameter's value as its parts: one, unless its type is a list."""
    return [part.strip() for part in value.split(",")] if is_list(kind) else [value]


def resolved(template: Template, values: Mapping[str, str], ssm: Callable[[str], str]) -> dict[str, Any]:
    """What Ref of each parameter gives: lists as lists, SSM parameter types looked up by `ssm` (name to value)."""
    made: dict[str, Any] = {}
    for name, definition in template.parameters.items():
        kind = str(definition.get("Type", "String"))
        value = ssm(values[name]) if _SSM.fullmatch(kind) else values[name]
        made[name] = items(kind, value) if is_list(kind) else value
    return made


def check(name: str, definition: Mapping[str, Any], value: str) -> None:
    """Hold a value against its parameter's type and constraints; raises Refused in AWS's words."""
    kind = str(definition.get("Type", ""))
    inner = kind.removeprefix("List<").removesuffix(">") if kind.startswith("List<") else kind
    if (
        inner not in ("String", "Number", "CommaDelimitedList")
        and not _AWS_ID.fullmatch(inner)
        and not _SSM.fullmatch(kind)
    ):
        raise invalid(f"Template format error: Unrecognized parameter type: {kind}")
    if len(value.encode()) > VALUE_LIMIT:
        raise invalid(f"Parameter '{name}' exceeds the maximum length of {VALUE_LIMIT} bytes")
    problem = next(filter(None, (_problem(definition, inner, part) for part in items(kind, value))), None)
    if problem is None:
        return
    described = definition.get("ConstraintDescription")
    if described and problem != "must be a number.":
        raise invalid(f"Parameter {name} failed to satisfy constraint: {described}")
    raise invalid(f"Parameter '{name}' {problem}")


def _problem(definition: Mapping[str, Any], kind: str, value: str) -> str | None:
    if kind == "Number":
        try:
            number = float(value)
        except ValueError:
            return "must be a number."
        if "MinValue" in definition and number < float(definition["MinValue"]):
            return f"must be a number not less than {text(definition['MinValue'])}"
        if "MaxValue" in definition and number > float(definition["MaxValue"]):
            return f"must be a number not greater than {text(definition['MaxValue'])}"
    allowed = definition.get("AllowedValues")
    if allowed is not None and value not in [text(a) for a in allowed]:
        return "must be one of AllowedValues"
    if "MinLength" in definition and len(value) < int(definition["MinLength"]):
        return f"must contain at least {definition['MinLength']} characters"
    if "MaxLength" in definition and len(value) > int(definition["MaxLength"]):
        return f"must contain at most {definition['MaxLength']} characters"
    pattern = definition.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(str(pattern), value):
        return f"must match pattern {pattern}"
    return None


def shown(template: Template, values: Mapping[str, str]) -> list[dict[str, str]]:
    """Parameters as DescribeStacks shows them: NoEcho ones hidden."""

    def hidden(name: str) -> bool:
        return text(template.parameters.get(name, {}).get("NoEcho", False)) == "true"

    return [{"ParameterKey": k, "ParameterValue": HIDDEN if hidden(k) else v} for k, v in values.items()]
