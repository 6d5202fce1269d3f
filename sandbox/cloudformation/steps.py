"""One resource's way through an operation: begin, act (the API calls), settle (until it is ready), done or failed."""

import copy
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from sandbox.clock import clock, transition
from sandbox.cloudformation import durations, events, failures, handlers, policy, resolution, world
from sandbox.cloudformation.comparison import differences, same
from sandbox.cloudformation.errors import Failed, Refused
from sandbox.cloudformation.graph import depends_on, mentions
from sandbox.cloudformation.model import Operation, Resource, Stack, Step
from sandbox.cloudformation.phases import advance, later, operation_of
from sandbox.cloudformation.schema import schema
from sandbox.cloudformation.validation import examine

ACT_AFTER = 1.0
DELETE_TRIES = 60
"""How often a deletion refused because of a dependency is tried again, `durations.POLL` seconds apart."""
EXPECTED = (Failed, Refused, ClientError, ParamValidationError)
_REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


def _target(stack: Stack, logical: str) -> world.Target:
    return world.Target(stack.account, stack.region, stack.name, stack.id, logical)


def _running(account: str, region: str, stack: str, operation: str, key: str) -> tuple[Stack, Operation, Step] | None:
    found = operation_of(account, region, stack, operation)
    if found is None:
        return None
    step = found[1].steps.get(key)
    return (*found, step) if step is not None and step.state == "running" else None


def _done(stack: Stack, step: Step) -> None:
    step.state = "done"
    advance(stack)


def _fail(stack: Stack, step: Step, resource: Resource, verb: str, why: str) -> None:
    assert stack.operation is not None  # noqa: S101
    events.resource_status(stack, resource, f"{verb.upper()}_FAILED", why)
    step.state = "failed"
    stack.operation.failures.setdefault(verb, []).append(resource.logical)
    advance(stack)


@transition("cfn.step.begin")
def begin(account: str, region: str, stack: str, operation: str, key: str) -> None:
    """A step's needs are met: say what will happen, then act a second later."""
    found = _running(account, region, stack, operation, key)
    if found is None:
        return
    subject, doing, step = found
    if step.act == "apply":
        _begin_apply(subject, doing, step)
    elif step.act == "part":
        _begin_part(subject, step)
    elif step.act == "revert":
        _begin_revert(subject, doing, step)
    else:
        _begin_delete(subject, doing, step)


def _begin_apply(stack: Stack, doing: Operation, step: Step) -> None:
    template, _ = examine(stack.current.template, stack.region)
    definition = template.resources[step.logical]
    rules = schema(definition["Type"], stack.region)
    assert rules is not None  # noqa: S101 - `examine` refused unknown types
    old = stack.resources.get(step.logical)
    fresh = old is None or not old.exists
    resource = Resource(step.logical, definition["Type"]) if old is None or fresh else old
    try:
        scope = resolution.live(stack, stack.current, template)
        properties = resolution.properties(definition, scope, rules, stack.current.tags)
        problem = next(rules.problems(properties), None)
        if problem:
            raise Failed(problem)
    except EXPECTED as error:
        stack.resources[step.logical] = resource
        doing.touched.setdefault(step.logical, None if fresh else copy.deepcopy(resource))
        _fail(stack, step, resource, "create" if fresh else "update", str(error))
        return
    before = copy.deepcopy(resource)
    resource.definition = definition
    named = {m.name for m in mentions(definition)} | set(depends_on(definition))
    resource.depends = sorted(n for n in named if n in template.resources and n != step.logical)
    if fresh:
        doing.touched[step.logical] = None
        resource.properties = properties
        stack.resources[step.logical] = resource
        step.verb = "create"
        events.resource_status(stack, resource, "CREATE_IN_PROGRESS")
        later(stack, ACT_AFTER, "cfn.step.act", key=step.key)
        return
    if same(before.properties, properties):
        if before.definition != definition:
            doing.touched[step.logical] = before
        _done(stack, step)
        return
    _begin_change(stack, doing, step, resource, before, properties)


def _begin_change(
    stack: Stack, doing: Operation, step: Step, resource: Resource, before: Resource, properties: dict[str, Any]
) -> None:
    rules = schema(resource.type, stack.region)
    assert rules is not None  # noqa: S101
    paths = [leaf.path for leaf in differences(before.properties, properties)]
    handler = handlers.handler(resource.type)
    replace = any(rules.recreation(p) == "Always" for p in paths) or handler.replaces(before.properties, properties)
    body = str(doing.settings.get("StackPolicyDuringUpdate") or stack.policy)
    denied = policy.denial(body, "Update:Replace" if replace else "Update:Modify", resource.logical, resource.type)
    name = handler.name_property
    if (
        denied is None
        and replace
        and name
        and name in properties
        and same(before.properties.get(name), properties[name])
    ):
        denied = (
            f"CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {before.physical} and update the stack again."
        )
    doing.touched[step.logical] = before
    if denied:
        doing.touched.pop(step.logical)
        resource.definition, resource.depends = before.definition, before.depends
        _fail(stack, step, resource, "update", denied)
        return
    resource.properties = properties
    step.verb = "replace" if replace else "update"
    step.replacing = before
    events.resource_status(stack, resource, "UPDATE_IN_PROGRESS", _REPLACING if replace else "")
    later(stack, ACT_AFTER, "cfn.step.act", key=step.key)


def _begin_part(stack: Stack, step: Step) -> None:
    """A resource the new template no longer has: the stack policy has its say before anything is removed."""
    assert stack.operation is not None  # noqa: S101
    resource = stack.resources[step.logical]
    body = str(stack.operation.settings.get("StackPolicyDuringUpdate") or stack.policy)
    denied = policy.denial(body, "Update:Delete", resource.logical, resource.type)
    if denied:
        _fail(stack, step, resource, "update", denied)
    else:
        _done(stack, step)


def _begin_revert(stack: Stack, doing: Operation, step: Step) -> None:
    old = doing.touched[step.logical]
    assert old is not None  # noqa: S101 - only resources that were there are reverted
    now = stack.resources.get(step.logical)
    if now is None or now.physical != old.physical:
        if now is not None and now.exists:
            made = copy.deepcopy(now)
            made.status = "ROLLED_BACK"
            doing.cleanup.append(made)
        restored = copy.deepcopy(old)
        stack.resources[step.logical] = restored
        events.resource_status(stack, restored, "UPDATE_COMPLETE")
        _done(stack, step)
        return
    if same(now.properties, old.properties):
        stack.resources[step.logical] = copy.deepcopy(old)
        _done(stack, step)
        return
    step.verb = "update"
    step.replacing = copy.deepcopy(now)
    restored = copy.deepcopy(old)
    stack.resources[step.logical] = restored
    events.resource_status(stack, restored, "UPDATE_IN_PROGRESS")
    later(stack, ACT_AFTER, "cfn.step.act", key=step.key)


def _begin_delete(stack: Stack, doing: Operation, step: Step) -> None:
    victim = step.victim
    assert victim is not None  # noqa: S101
    step.verb = "delete"
    if keeps(victim, doing, stack):
        events.resource_status(stack, victim, "DELETE_SKIPPED")
        _gone(stack, doing, victim)
        _done(stack, step)
    elif not victim.physical:
        events.resource_status(stack, victim, "DELETE_COMPLETE")
        _gone(stack, doing, victim)
        _done(stack, step)
    else:
        events.resource_status(stack, victim, "DELETE_IN_PROGRESS")
        later(stack, ACT_AFTER, "cfn.step.act", key=step.key)


def keeps(victim: Resource, doing: Operation, stack: Stack) -> bool:
    """Whether the resource stays behind, by its policy or because the caller said so."""
    if victim.logical in doing.settings.get("RetainResources", []):
        return True
    current = stack.resources.get(victim.logical)
    rolling = doing.kind == "create" or victim.status == "ROLLED_BACK" or stack.status.startswith("UPDATE_ROLLBACK")
    if doing.kind == "update" and current is not None and current.physical != victim.physical:
        return victim.replace_policy in ("Retain", "RetainExceptOnCreate") and not rolling
    return victim.deletion_policy == "Retain" or (victim.deletion_policy == "RetainExceptOnCreate" and not rolling)


@transition("cfn.step.act")
def act(account: str, region: str, stack: str, operation: str, key: str) -> None:
    """Make the calls of a step."""
    found = _running(account, region, stack, operation, key)
    if found is None:
        return
    subject, doing, step = found
    step.started = clock.time()
    if step.verb == "delete":
        _act_delete(subject, doing, step)
        return
    resource = subject.resources[step.logical]
    verb = "create" if step.verb == "create" else "update"
    target = _target(subject, step.logical)
    handler = handlers.handler(resource.type)
    try:
        ordered = failures.due(resource.type, verb, step.logical)
        if ordered:
            raise Failed(ordered)
        if step.verb == "update":
            assert step.replacing is not None  # noqa: S101
            handler.update(target, resource.physical, step.replacing.properties, resource.properties)
        else:
            made = handler.create(target, resource.properties)
            if step.replacing is not None:
                doing.cleanup.append(step.replacing)
            resource.physical = made
            resource.attributes = {}
            events.resource_status(subject, resource, f"{verb.upper()}_IN_PROGRESS", "Resource creation Initiated")
    except EXPECTED as error:
        _fail(subject, step, resource, verb, world.reason(error, f"{operation}{key}"))
        return
    wait = durations.seconds(resource.type, "update" if step.verb == "update" else "create")
    later(subject, wait, "cfn.step.settle", key=step.key)


def _act_delete(stack: Stack, doing: Operation, step: Step) -> None:
    victim = step.victim
    assert victim is not None  # noqa: S101
    handler = handlers.handler(victim.type)
    target = _target(stack, victim.logical)
    try:
        ordered = failures.due(victim.type, "delete", step.logical)
        if ordered:
            raise Failed(ordered)
        policy_name = victim.deletion_policy if doing.kind != "update" else victim.replace_policy
        if doing.kind == "update" and victim.logical not in stack.resources:
            policy_name = victim.deletion_policy
        snapshot = policy_name == "Snapshot" and not doing.settings.get("rollback") and handler.takes_snapshots
        handler.delete(target, victim.physical, victim.properties, snapshot=snapshot)
    except ClientError as error:
        if world.missing(error):
            _settle_delete(stack, doing, step, victim)
        elif world.retried(error) and step.tries < DELETE_TRIES:
            step.tries += 1
            later(stack, durations.POLL, "cfn.step.act", key=step.key)
        else:
            _delete_failed(stack, step, victim, world.reason(error, doing.id + step.key))
        return
    except (Failed, Refused, ParamValidationError) as error:
        _delete_failed(stack, step, victim, world.reason(error, doing.id + step.key))
        return
    later(stack, durations.seconds(victim.type, "delete"), "cfn.step.settle", key=step.key)


def _delete_failed(stack: Stack, step: Step, victim: Resource, why: str) -> None:
    current = stack.resources.get(victim.logical)
    if current is not None and current.physical == victim.physical:
        current.status, current.reason = "DELETE_FAILED", why
    _fail(stack, step, victim, "delete", why)


def _settle_delete(stack: Stack, doing: Operation, step: Step, victim: Resource) -> None:
    events.resource_status(stack, victim, "DELETE_COMPLETE")
    _gone(stack, doing, victim)
    _done(stack, step)


def _gone(stack: Stack, doing: Operation, victim: Resource) -> None:
    """Take a removed, or let go, resource off the stack; a deleted stack keeps it in its list, as deleted."""
    current = stack.resources.get(victim.logical)
    if current is None or current.physical != victim.physical:
        return
    if doing.kind == "update":
        del stack.resources[victim.logical]
    else:
        current.status, current.reason, current.updated = victim.status, victim.reason, victim.updated


@transition("cfn.step.settle")
def settle(account: str, region: str, stack: str, operation: str, key: str) -> None:
    """Look whether the resource is what it should be; else look again later."""
    found = _running(account, region, stack, operation, key)
    if found is None:
        return
    subject, doing, step = found
    victim = step.victim if step.verb == "delete" else None
    resource = victim or subject.resources[step.logical]
    verb = step.verb if step.verb in ("create", "delete") else "update"
    handler = handlers.handler(resource.type)
    target = _target(subject, step.logical)
    try:
        check = handler.gone if victim else handler.ready
        settled = check(target, resource.physical, resource.properties)
        if settled and victim is None:
            resource.attributes = handler.attributes(target, resource.physical, resource.properties)
    except EXPECTED as error:
        if victim is not None and isinstance(error, ClientError) and world.missing(error):
            _settle_delete(subject, doing, step, victim)
            return
        _fail(subject, step, resource, verb, world.reason(error, f"{operation}{key}"))
        return
    if not settled:
        if (clock.time() - step.started) * clock.speed > durations.PATIENCE:
            _fail(subject, step, resource, verb, "Exceeded attempts to wait")
        else:
            later(subject, durations.POLL, "cfn.step.settle", key=key)
    elif victim is not None:
        _settle_delete(subject, doing, step, victim)
    else:
        events.resource_status(subject, resource, f"{verb.upper()}_COMPLETE")
        _done(subject, step)
