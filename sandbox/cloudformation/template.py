"""Templates as text and as data: YAML with CloudFormation's short forms, or JSON, checked for shape."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from sandbox.cloudformation.errors import Refused, invalid

BODY_LIMIT = 51_200
URL_LIMIT = 1_048_576
SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
}
RESOURCE_ATTRIBUTES = {
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
}
DELETION_POLICIES = {"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}
QUOTAS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}


@dataclass(frozen=True)
class Template:
    """A parsed template. The dictionaries are shared by everyone who parses the same text: never change them."""

    text: str
    body: dict[str, Any]

    def section(self, name: str) -> dict[str, Any]:
        """A section, empty when absent."""
        found = self.body.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return self.section("Parameters")

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return self.section("Resources")

    @property
    def conditions(self) -> dict[str, Any]:
        return self.section("Conditions")

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        return self.section("Outputs")

    @property
    def description(self) -> str:
        return str(self.body.get("Description") or "")


class _Loader(yaml.CSafeLoader):
    """Safe YAML; dates stay text, as CloudFormation reads them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if name == "Fn::GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _short_form)


@lru_cache(maxsize=64)
def parse(text: str) -> Template:
    """The template of a text (JSON is YAML too). Raises Refused with AWS's words when it is not one."""
    try:
        body = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with more tags
    except yaml.YAMLError as why:
        mark = getattr(why, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise invalid(f"Template format error: YAML not well-formed.{place}") from None
    if not isinstance(body, dict):
        raise invalid("Template format error: unsupported structure.")
    for section in ("Transform", "Rules"):
        if section in body:
            raise Refused("NotImplemented", f"{section} is not available in the sandbox", 501)
    unknown = sorted(str(k) for k in body if k not in SECTIONS)
    if unknown:
        raise invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    _check(body)
    return Template(text, body)


def _check(body: dict[str, Any]) -> None:
    for name, most in QUOTAS.items():
        section = body.get(name)
        if section is not None and not isinstance(section, dict):
            raise invalid(f"Template format error: {name} must be an object.")
        if section is not None and len(section) > most:
            raise invalid(
                f"Template format error: Number of {name.lower()}, {len(section)}, is greater "
                f"than maximum allowed, {most}"
            )
    if not body.get("Resources"):
        raise invalid("Template format error: At least one Resources member must be defined.")
    if len(str(body.get("Description") or "").encode()) > 1024:
        raise invalid("Template format error: 'Description' length is greater than 1024.")
    for name, resource in body["Resources"].items():
        _check_resource(str(name), resource)
    for name, output in (body.get("Outputs") or {}).items():
        if not isinstance(output, dict) or "Value" not in output:
            raise invalid(f"Template format error: Every Outputs member must contain a Value object ({name})")


def _check_resource(name: str, resource: Any) -> None:
    if not name.isalnum() or not name.isascii():
        raise invalid(f"Template format error: Resource name {name} is non alphanumeric.")
    if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
        raise invalid(f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member.")
    for attribute in resource:
        if attribute not in RESOURCE_ATTRIBUTES:
            raise invalid(f"Invalid template resource property '{attribute}'")
    for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = resource.get(attribute)
        if isinstance(policy, str) and policy not in DELETION_POLICIES:
            raise invalid(f"Template error: unrecognized {attribute} {policy} for resource {name}")
    if not isinstance(resource.get("Properties") or {}, dict):
        raise invalid(
            f"Template format error: [/Resources/{name}/Properties] 'null' values are not allowed in templates"
        )
