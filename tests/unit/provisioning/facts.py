"""Looking into templates: resources, the parameters a value depends on, AWS's own schemas (as cfn-lint ships them)."""

from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from provisioning.template import TEMPLATES, Template, template

REGION = "us-east-1"


def resources(*types: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(template, logical id, resource) of every resource in every template, or of those of the given types."""
    for name in TEMPLATES:
        for logical_id, resource in template(name).document["Resources"].items():
            if not types or resource["Type"] in types:
                yield name, logical_id, resource


def schema(resource_type: str) -> Mapping[str, Any]:
    """AWS's provider schema of a resource type."""
    found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    return found


def functions(value: Any) -> Iterator[tuple[str, Any]]:
    """Every intrinsic function in a value, depth first, as (name, argument)."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ("Ref", "Condition") or key.startswith("Fn::"):
                yield key, inner
            yield from functions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from functions(inner)


def parameters_behind(source: Template, value: Any) -> set[str]:
    """Parameters a value depends on: named in it, or in a condition it turns on."""
    declared = {parameter.name for parameter in source.parameters}
    conditions = source.document.get("Conditions", {})
    found: set[str] = set()
    for function, argument in functions(value):
        if function == "Ref":
            found |= {argument} & declared
        elif function == "Fn::Sub":
            text = argument if isinstance(argument, str) else argument[0]
            found |= {name for name in declared if f"${{{name}}}" in text}
        elif function == "Fn::If":
            found |= parameters_behind(source, conditions[argument[0]])
        elif function == "Condition" and isinstance(argument, str):
            found |= parameters_behind(source, conditions[argument])
    return found


def statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A policy document's statements."""
    found: list[Mapping[str, Any]] = policy["Statement"]
    return found


def as_list(value: Any) -> list[Any]:
    """A policy's one-or-many, as many."""
    return value if isinstance(value, list) else [value]
