"""From a stack and what it is to become to the list of changes a change set shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.cloudformation import comparison, resolution
from sandbox.cloudformation.errors import Failed, Refused, invalid
from sandbox.cloudformation.graph import order
from sandbox.cloudformation.intrinsics import UNKNOWN, Scope, holds, resolve
from sandbox.cloudformation.model import Deployment, Resource, Stack
from sandbox.cloudformation.schema import Schema, schema
from sandbox.cloudformation.template import Template
from sandbox.cloudformation.validation import examine


@dataclass(frozen=True)
class Plan:
    """`changes` are ResourceChanges by logical id; `empty` when nothing at all would change; `problems` what early
    validation of properties found, as (logical id, text)."""

    changes: list[dict[str, Any]]
    empty: bool
    problems: list[tuple[str, str]]


def plan(stack: Stack, target: Deployment) -> Plan:
    """What deploying `target` onto the stack would change. Raises Refused for what AWS refuses at once."""
    template, graph = examine(target.template, stack.region)
    present = {name: r for name, r in stack.resources.items() if r.exists}
    changes: dict[str, dict[str, Any]] = {}
    scope = _scope(stack, target, template, present, changes)
    kept = set(resolution.active(template, scope))
    moved = [n for n in kept & present.keys() if present[n].type != template.resources[n]["Type"]]
    if moved:
        listed = ", ".join(sorted(moved))
        raise invalid(
            "Update of resource type is not permitted. The new template modifies resource type "
            f"of the following resources: [{listed}]"
        )
    problems: list[tuple[str, str]] = []
    for name in order(graph):
        if name not in kept:
            continue
        definition = template.resources[name]
        rules = schema(definition["Type"], stack.region)
        assert rules is not None  # noqa: S101 - `examine` refused unknown types
        properties = resolution.properties(definition, scope, rules, target.tags)
        problems += [(name, problem) for problem in rules.problems(properties)]
        change = _change(stack, target, template, present.get(name), name, properties, rules, changes)
        if change is not None:
            changes[name] = change
    for name, resource in present.items():
        if name not in kept:
            changes[name] = comparison.removal(resource)
    listed_changes = [changes[name] for name in sorted(changes)]
    empty = not changes and not _outputs_change(stack, template, scope)
    return Plan(listed_changes, empty, problems)


def _change(
    stack: Stack,
    target: Deployment,
    template: Template,
    old: Resource | None,
    name: str,
    properties: dict[str, Any],
    rules: Schema,
    changes: dict[str, dict[str, Any]],
) -> dict[str, Any] | None:
    definition = template.resources[name]
    if old is None:
        return comparison.addition(name, definition, properties)
    causes = comparison.causes(stack.current.parameters, target.parameters, template.conditions, changes)
    return comparison.modification(old, definition, properties, rules, causes)


def _scope(
    stack: Stack,
    target: Deployment,
    template: Template,
    present: dict[str, Resource],
    changes: dict[str, dict[str, Any]],
) -> Scope:
    def settled(name: str) -> Resource | None:
        """The resource, when what it is called now is what it will be called."""
        if name not in template.resources:
            raise invalid(
                f"Template format error: Unresolved resource dependencies [{name}] in the "
                "Resources block of the template"
            )
        condition = template.resources[name].get("Condition")
        if condition and not holds(str(condition), scope):
            raise invalid(
                f"Template format error: Unresolved resource dependencies [{name}] in the "
                "Resources block of the template"
            )
        return present.get(name)

    def reference(name: str) -> Any:
        resource = settled(name)
        change = changes.get(name, {})
        if resource is None or change.get("Replacement") in ("True", "Conditional"):
            return UNKNOWN
        return resource.physical

    def attribute(name: str, of: str) -> Any:
        resource = settled(name)
        if resource is None or name in changes:
            return UNKNOWN
        value: Any = resource.attributes
        for part in [of] if of in value else of.split("."):
            value = value.get(part, UNKNOWN) if isinstance(value, dict) else UNKNOWN
        return value

    scope = resolution.scope(stack, target, template, reference, attribute)
    return scope


def _outputs_change(stack: Stack, template: Template, scope: Scope) -> bool:
    try:
        return not comparison.same(
            list(_outputs(template, scope)),
            [
                [o["OutputKey"], o["OutputValue"], o.get("Description", ""), o.get("ExportName", "")]
                for o in stack.outputs
            ],
        )
    except (Failed, Refused):
        return True


def _outputs(template: Template, scope: Scope) -> Iterator[list[Any]]:
    for name, output in template.outputs.items():
        if "Condition" in output and not holds(str(output["Condition"]), scope):
            continue
        export = resolve(output["Export"].get("Name"), scope) if isinstance(output.get("Export"), dict) else ""
        yield [name, resolve(output["Value"], scope), str(output.get("Description") or ""), export]
