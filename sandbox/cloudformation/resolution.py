"""Resolving a stack's template: against what really is there (deploying) or against what will be (planning)."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from sandbox.cloudformation import parameters, state, world
from sandbox.cloudformation.errors import Failed, invalid
from sandbox.cloudformation.intrinsics import Scope, holds, resolve, text
from sandbox.cloudformation.model import Deployment, Stack
from sandbox.cloudformation.schema import Schema
from sandbox.cloudformation.template import Template


def scope(
    stack: Stack,
    deployment: Deployment,
    template: Template,
    reference: Callable[[str], Any],
    attribute: Callable[[str, str], Any],
) -> Scope:
    """The scope of one deployment of a stack; `reference` and `attribute` answer for its resources."""

    def ssm(name: str) -> str:
        try:
            return world.ssm_parameter(stack.account, stack.region, name)
        except ClientError:
            raise invalid(f"Unable to fetch parameters [{name}] from parameter store for this account.") from None

    def imports(name: str) -> str:
        found = state.ledger(stack.account, stack.region).exports().get(name)
        if found is None:
            raise invalid(f"No export named {name} found.")
        return found[1]

    values: dict[str, Any] = {
        "AWS::AccountId": stack.account,
        "AWS::NotificationARNs": list(stack.settings.get("NotificationARNs", [])),
        "AWS::Partition": "aws",
        "AWS::Region": stack.region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com",
        **parameters.resolved(template, deployment.parameters, ssm),
    }
    return Scope(
        values,
        template.section("Mappings"),
        template.conditions,
        reference,
        attribute,
        imports,
        lambda region: list(world.zones(stack.account, region)),
    )


def live(stack: Stack, deployment: Deployment, template: Template) -> Scope:
    """The scope in which resources are what they are now. Raises Failed for what is not there."""

    def reference(name: str) -> Any:
        found = stack.resources.get(name)
        if found is None or not found.exists:
            raise Failed(f"Unresolved resource dependencies [{name}] in the Resources block of the template")
        return found.physical

    def attribute(name: str, of: str) -> Any:
        reference(name)
        resource = stack.resources[name]
        value: Any = resource.attributes
        for part in [of] if of in value else of.split("."):
            if not isinstance(value, dict) or part not in value:
                raise Failed(f"Attribute '{of}' does not exist on resource {name} ({resource.type})")
            value = value[part]
        return value

    return scope(stack, deployment, template, reference, attribute)


def active(template: Template, scope: Scope) -> list[str]:
    """The resources whose condition holds."""
    return [n for n, d in template.resources.items() if "Condition" not in d or holds(str(d["Condition"]), scope)]


def properties(definition: dict[str, Any], scope: Scope, schema: Schema, tags: dict[str, str]) -> dict[str, Any]:
    """The resolved properties of a resource, the stack's tags among its own where the type takes tags."""
    made: dict[str, Any] = resolve(definition.get("Properties") or {}, scope)
    if schema.tags is None or not tags:
        return made
    own = made.get(schema.tags)
    if schema.tags_are_map():
        return {**made, schema.tags: {**tags, **(own or {})}}
    named = {t.get("Key") for t in own or [] if isinstance(t, dict)}
    added = [{"Key": k, "Value": v} for k, v in tags.items() if k not in named]
    return {**made, schema.tags: [*(own or []), *added]}


def outputs(stack: Stack, deployment: Deployment, template: Template) -> list[dict[str, str]]:
    """The outputs of a stack as DescribeStacks shows them. Raises Failed or Refused."""
    where = live(stack, deployment, template)
    made = []
    for name, output in template.outputs.items():
        if "Condition" in output and not holds(str(output["Condition"]), where):
            continue
        value = resolve(output["Value"], where)
        if isinstance(value, list | dict):
            raise Failed(
                f"Template format error: Output {name} is malformed. The Value field of every "
                "Outputs member must evaluate to a String."
            )
        shown = {"OutputKey": name, "OutputValue": text(value)}
        if output.get("Description"):
            shown["Description"] = str(output["Description"])
        if isinstance(output.get("Export"), dict):
            shown["ExportName"] = text(resolve(output["Export"].get("Name"), where))
            owner = state.ledger(stack.account, stack.region).exports().get(shown["ExportName"])
            if owner is not None and owner[0] != stack.id:
                raise Failed(
                    f"Export with name {shown['ExportName']} is already exported by stack {owner[0].split('/')[1]}."
                )
        made.append(shown)
    return made
