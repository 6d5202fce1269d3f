"""Checks of a whole template that need AWS's schemas: types, attributes, functions, names, circles."""

from functools import lru_cache

from sandbox.cloudformation import handlers, parameters
from sandbox.cloudformation.errors import Refused, invalid
from sandbox.cloudformation.graph import dependencies, mentions, unknown_functions
from sandbox.cloudformation.intrinsics import text
from sandbox.cloudformation.schema import schema
from sandbox.cloudformation.template import Template, parse

IAM_TYPES = {
    "AWS::IAM::AccessKey",
    "AWS::IAM::Group",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::UserToGroupAddition",
}
_NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
"""Policies have a required name of their own and ask for no more than CAPABILITY_IAM."""


def examine(body: str, region: str) -> tuple[Template, dict[str, set[str]]]:
    """The template of a text and what each resource needs. Raises Refused for whatever AWS refuses at once."""
    return _examine(body, region)


@lru_cache(maxsize=64)
def _examine(body: str, region: str) -> tuple[Template, dict[str, set[str]]]:
    template = parse(body)
    strange = sorted({d["Type"] for d in template.resources.values() if schema(d["Type"], region) is None})
    if strange:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(strange)}]")
    without = sorted({d["Type"] for d in template.resources.values() if not handlers.known(d["Type"])})
    if without:
        raise invalid(
            f"Template format error: Unrecognized resource types: [{', '.join(without)}] (the "
            "sandbox has no handler for them)"
        )
    functions = unknown_functions(template.body)
    if functions:
        raise invalid(f"Template error: functions [{', '.join(sorted(functions))}] are not available")
    for name, definition in template.parameters.items():
        if not isinstance(definition, dict) or "Type" not in definition:
            raise invalid(f"Template format error: Every Parameters object must contain a Type member ({name}).")
    graph = dependencies(template)
    _check_attributes(template, region)
    for name, definition in template.parameters.items():
        if "Default" in definition and not isinstance(definition["Default"], list):
            parameters.check(name, definition, text(definition["Default"]))
    return template, graph


def _check_attributes(template: Template, region: str) -> None:
    for mention in mentions([template.resources, template.outputs]):
        if not mention.attribute or mention.name not in template.resources:
            continue
        kind = template.resources[mention.name]["Type"]
        found = schema(kind, region)
        if found is not None and mention.attribute not in found.attributes() | handlers.handler(kind).offers:
            raise invalid(
                f"Template error: resource {mention.name} does not support "
                f"attribute type {mention.attribute} in Fn::GetAtt"
            )


def capabilities_needed(template: Template) -> list[str]:
    """CAPABILITY_IAM or CAPABILITY_NAMED_IAM, when the template makes rights; empty otherwise."""
    iam = [d for d in template.resources.values() if d["Type"] in IAM_TYPES]
    if not iam:
        return []
    named = any(_NAMES.get(d["Type"], "") in (d.get("Properties") or {}) for d in iam)
    return ["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM"]


def require_capabilities(template: Template, given: list[str]) -> None:
    """Raises Refused (InsufficientCapabilitiesException) unless the caller acknowledged what the template needs."""
    for needed in capabilities_needed(template):
        if needed not in given and not (needed == "CAPABILITY_IAM" and "CAPABILITY_NAMED_IAM" in given):
            raise Refused("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")
