"""The templates as data: their text and version, the parameters they declare, the resources a set of values brings."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

TEMPLATES = ("network", "data", "platform", "service")


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms: `!Ref X` is {"Ref": "X"}, `!Sub x` is {"Fn::Sub": "x"}. libyaml's, for
    every process parses the templates."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML knows only three kinds of node
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


@dataclass(frozen=True)
class Parameter:
    """One declared parameter. None means it is not constrained that way; `default` None means it must be given."""

    name: str
    type: str
    description: str
    default: str | None
    allowed: tuple[str, ...]
    pattern: str | None
    min_length: int | None
    max_length: int | None
    min_value: float | None
    max_value: float | None
    explanation: str


@dataclass(frozen=True)
class Template:
    """A parsed template. `document` is all of it, intrinsic functions in their long form."""

    name: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    document: Mapping[str, Any]

    def effective(self, given: Mapping[str, str]) -> dict[str, str]:
        """Every parameter's value: the given one, else the default; parameters that have neither are left out."""
        values = {p.name: given.get(p.name, p.default) for p in self.parameters}
        return {name: value for name, value in values.items() if value is not None}

    def resources(self, given: Mapping[str, str]) -> dict[str, str]:
        """The resources these values bring: logical id to type. Those whose condition is false are left out."""
        values = self.effective(given)
        conditions = self.document.get("Conditions", {})
        found = {}
        for logical_id, resource in self.document["Resources"].items():
            condition = resource.get("Condition")
            if condition is None or _holds(conditions[condition], conditions, values):
                found[logical_id] = resource["Type"]
        return found


def template_body(name: str) -> str:
    """The text of a template, as it is sent to CloudFormation. Raises ValueError for an unknown name."""
    if name not in TEMPLATES:
        raise ValueError(f"There is no template {name!r}; there are {', '.join(TEMPLATES)}.")
    return resources.files("provisioning").joinpath("templates", f"{name}.yaml").read_text(encoding="utf-8")


def template_version(name: str) -> str:
    """The template's version: the first 16 hex digits of the SHA-256 of its text."""
    return version_of(template_body(name))


def version_of(body: str) -> str:
    """The version of a template's text, ours or not."""
    return hashlib.sha256(body.encode()).hexdigest()[:16]


@cache
def template(name: str) -> Template:
    """The template, parsed once: it takes a tenth of a second, and it changes only with the program. Raises ValueError
    for an unknown name."""
    return parse(name, template_body(name))


def parse(name: str, body: str) -> Template:
    """A template's text as data; also for one that is not ours, such as the running version."""
    document = yaml.load(body, Loader=_Loader)  # noqa: S506 - a SafeLoader with more tags
    declared = (document.get("Parameters") or {}).items()
    return Template(
        name=name,
        parameters=tuple(_parameter(key, value) for key, value in declared),
        outputs=tuple(document.get("Outputs") or {}),
        document=document,
    )


def _parameter(name: str, declared: Mapping[str, Any]) -> Parameter:
    default = declared.get("Default")
    return Parameter(
        name=name,
        type=declared["Type"],
        description=declared.get("Description", ""),
        default=None if default is None else str(default),
        allowed=tuple(str(value) for value in declared.get("AllowedValues", ())),
        pattern=declared.get("AllowedPattern"),
        min_length=declared.get("MinLength"),
        max_length=declared.get("MaxLength"),
        min_value=declared.get("MinValue"),
        max_value=declared.get("MaxValue"),
        explanation=declared.get("ConstraintDescription", ""),
    )


def _holds(condition: Any, conditions: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    """Whether a condition is true. Ours compare parameters with fixed values and combine such comparisons; no more."""
    ((function, argument),) = condition.items()
    if function == "Condition":
        return _holds(conditions[argument], conditions, values)
    if function == "Fn::Equals":
        left, right = (values[side["Ref"]] if isinstance(side, dict) else str(side) for side in argument)
        return left == right
    results = [_holds(part, conditions, values) for part in argument]
    if function == "Fn::Not":
        return not results[0]
    if function == "Fn::And":
        return all(results)
    if function == "Fn::Or":
        return any(results)
    raise ValueError(f"{function} is not a condition.")
