"""How a step begins: what has to be done to bring a resource to the new template, or back to the old one."""

import copy
from typing import Any

from sandbox.cloudformation import events, handlers, policy, resolution
from sandbox.cloudformation.comparison import differences, same
from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.graph import depends_on, mentions
from sandbox.cloudformation.model import Operation, Resource, Stack, Step
from sandbox.cloudformation.phases import later
from sandbox.cloudformation.progress import ACT_AFTER, EXPECTED, done, fail
from sandbox.cloudformation.schema import Schema, schema
from sandbox.cloudformation.template import Template
from sandbox.cloudformation.validation import examine

_REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


def rules_of(type: str, region: str) -> Schema:
    """The schema of a type the template's examination let pass."""
    found = schema(type, region)
    assert found is not None  # noqa: S101 - `examine` refused unknown types
    return found


def begin_apply(stack: Stack, doing: Operation, step: Step) -> None:
    """Compare what the resource is with what the template, resolved now, wants; create, change or leave it."""
    template, _ = examine(stack.current.template, stack.region)
    definition = template.resources[step.logical]
    old = stack.resources.get(step.logical)
    fresh = old is None or not old.exists
    resource = Resource(step.logical, definition["Type"]) if old is None or fresh else old
    try:
        properties = _resolved(stack, template, definition)
    except EXPECTED as error:
        stack.resources[step.logical] = resource
        doing.touched.setdefault(step.logical, None if fresh else copy.deepcopy(resource))
        fail(stack, step, resource, "create" if fresh else "update", str(error))
        return
    before = copy.deepcopy(resource)
    resource.definition = definition
    named = {m.name for m in mentions(definition)} | set(depends_on(definition))
    resource.depends = sorted(n for n in named if n in template.resources and n != step.logical)
    if fresh:
        doing.touched.setdefault(step.logical, None)
        resource.properties = properties
        stack.resources[step.logical] = resource
        step.verb = "create"
        events.resource_status(stack, resource, "CREATE_IN_PROGRESS")
        later(stack, ACT_AFTER, "cfn.step.act", key=step.key)
    elif same(before.properties, properties) and not before.status.endswith("_FAILED"):
        if before.definition != definition:
            doing.touched.setdefault(step.logical, before)
        done(stack, step)
    else:
        _begin_change(stack, doing, step, resource, before, properties)


def _resolved(stack: Stack, template: Template, definition: dict[str, Any]) -> dict[str, Any]:
    rules = rules_of(definition["Type"], stack.region)
    scope = resolution.live(stack, stack.current, template)
    properties = resolution.properties(definition, scope, rules, stack.current.tags)
    problem = next(rules.problems(properties), None)
    if problem:
        raise Failed(problem)
    return properties


def replaces(region: str, type: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the change needs a new physical resource."""
    rules = rules_of(type, region)
    paths = [leaf.path for leaf in differences(before, after)]
    return any(rules.recreation(p) == "Always" for p in paths) or handlers.handler(type).replaces(before, after)


def _begin_change(
    stack: Stack, doing: Operation, step: Step, resource: Resource, before: Resource, properties: dict[str, Any]
) -> None:
    replace = replaces(stack.region, resource.type, before.properties, properties)
    denied = denial(stack, doing, "Update:Replace" if replace else "Update:Modify", resource)
    name = handlers.handler(resource.type).name_property
    kept = name and name in properties and same(before.properties.get(name, ""), properties[name])
    if denied is None and replace and kept:
        denied = (
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {before.physical} and update the stack again."
        )
    if denied:
        resource.definition, resource.depends = before.definition, before.depends
        fail(stack, step, resource, "update", denied)
        return
    earlier = doing.touched.setdefault(step.logical, before)
    resource.properties = properties
    step.verb = "replace" if replace else "update"
    step.replacing = earlier if earlier is not None and before.status.endswith("_FAILED") else before
    events.resource_status(stack, resource, "UPDATE_IN_PROGRESS", _REPLACING if replace else "")
    later(stack, ACT_AFTER, "cfn.step.act", key=step.key)


def denial(stack: Stack, doing: Operation, action: str, resource: Resource) -> str | None:
    """What the stack policy, or the one given for this update alone, has against an action."""
    body = str(doing.settings.get("StackPolicyDuringUpdate") or stack.policy)
    return policy.denial(body, action, resource.logical, resource.type)


def begin_part(stack: Stack, doing: Operation, step: Step) -> None:
    """A resource the new template no longer has: the stack policy has its say before anything is removed."""
    resource = stack.resources[step.logical]
    denied = denial(stack, doing, "Update:Delete", resource)
    if denied:
        fail(stack, step, resource, "update", denied)
    else:
        done(stack, step)


def begin_revert(stack: Stack, doing: Operation, step: Step) -> None:
    """Bring a resource back to what it was: take the old one up again, or change it back in place."""
    old = doing.touched[step.logical]
    assert old is not None  # noqa: S101 - only resources that were there are reverted
    now = stack.resources.get(step.logical)
    restored = copy.deepcopy(old)
    stack.resources[step.logical] = restored
    if now is None or now.physical != old.physical:
        if now is not None and now.exists:
            made = copy.deepcopy(now)
            made.status = "ROLLED_BACK"
            doing.cleanup.append(made)
        events.resource_status(stack, restored, "UPDATE_COMPLETE")
        done(stack, step)
    elif same(now.properties, old.properties) or replaces(stack.region, old.type, old.properties, now.properties):
        # Nothing was changed, or the replacement it needed never came to be.
        if now.status.endswith("_FAILED"):
            events.resource_status(stack, restored, "UPDATE_COMPLETE")
        done(stack, step)
    else:
        step.verb = "update"
        step.replacing = copy.deepcopy(now)
        events.resource_status(stack, restored, "UPDATE_IN_PROGRESS")
        later(stack, ACT_AFTER, "cfn.step.act", key=step.key)
