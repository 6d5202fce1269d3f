"""One resource's way through an operation: begin, act (the API calls), settle (until it is ready), done or failed."""

from botocore.exceptions import ClientError

from sandbox.clock import clock, transition
from sandbox.cloudformation import durations, events, failures, handlers, world
from sandbox.cloudformation.beginning import begin_apply, begin_part, begin_revert
from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.model import Operation, Resource, Stack, Step
from sandbox.cloudformation.phases import later
from sandbox.cloudformation.progress import EXPECTED, done, fail, running, target_of
from sandbox.cloudformation.removal import act_delete, begin_delete, fail_delete, gone

_BEGIN = {"apply": begin_apply, "part": begin_part, "revert": begin_revert, "delete": begin_delete}


@transition("cfn.step.begin")
def begin(account: str, region: str, stack: str, operation: str, key: str) -> None:
    """A step's needs are met: decide what it takes and say so; the calls follow a second later."""
    found = running(account, region, stack, operation, key)
    if found is not None:
        subject, doing, step = found
        _BEGIN[step.act](subject, doing, step)


@transition("cfn.step.act")
def act(account: str, region: str, stack: str, operation: str, key: str) -> None:
    """Make the calls of a step."""
    found = running(account, region, stack, operation, key)
    if found is None:
        return
    subject, doing, step = found
    step.started = step.started or clock.time()
    if step.verb == "delete":
        act_delete(subject, doing, step)
        return
    resource = subject.resources[step.logical]
    verb = "create" if step.verb == "create" else "update"
    try:
        ordered = failures.due(resource.type, verb, step.logical)
        if ordered:
            raise Failed(ordered)
        _call(subject, doing, step, resource)
    except EXPECTED as error:
        if isinstance(error, ClientError) and step.verb == "update" and world.busy(error) and not _overdue(step):
            later(subject, durations.POLL, "cfn.step.act", key=step.key)
            return
        fail(subject, step, resource, verb, world.reason(error, operation + key))
        return
    wait = durations.seconds(resource.type, "update" if step.verb == "update" else "create")
    later(subject, wait, "cfn.step.settle", key=step.key)


def _call(stack: Stack, doing: Operation, step: Step, resource: Resource) -> None:
    handler = handlers.handler(resource.type)
    target = target_of(stack, step.logical)
    if step.verb == "update":
        assert step.replacing is not None  # noqa: S101
        handler.update(target, resource.physical, step.replacing.properties, resource.properties)
        return
    made = handler.create(target, resource.properties)
    if step.replacing is not None:
        doing.cleanup.append(step.replacing)
    resource.physical = made
    resource.attributes = {}
    status = "CREATE_IN_PROGRESS" if step.verb == "create" else "UPDATE_IN_PROGRESS"
    events.resource_status(stack, resource, status, "Resource creation Initiated")


@transition("cfn.step.settle")
def settle(account: str, region: str, stack: str, operation: str, key: str) -> None:
    """Look whether the resource is what it should be; else look again later."""
    found = running(account, region, stack, operation, key)
    if found is None:
        return
    subject, doing, step = found
    if step.verb == "delete":
        _settle_delete(subject, doing, step)
        return
    resource = subject.resources[step.logical]
    verb = "create" if step.verb == "create" else "update"
    handler = handlers.handler(resource.type)
    target = target_of(subject, step.logical)
    try:
        ready = handler.ready(target, resource.physical, resource.properties)
        if ready:
            resource.attributes = handler.attributes(target, resource.physical, resource.properties)
    except EXPECTED as error:
        fail(subject, step, resource, verb, world.reason(error, operation + key))
        return
    if ready:
        events.resource_status(subject, resource, f"{verb.upper()}_COMPLETE")
        done(subject, step)
    elif _overdue(step):
        fail(subject, step, resource, verb, "Exceeded attempts to wait")
    else:
        later(subject, durations.POLL, "cfn.step.settle", key=key)


def _overdue(step: Step) -> bool:
    return (clock.time() - step.started) * clock.speed > durations.PATIENCE


def _settle_delete(stack: Stack, doing: Operation, step: Step) -> None:
    victim = step.victim
    assert victim is not None  # noqa: S101
    try:
        away = handlers.handler(victim.type).gone(target_of(stack, victim.logical), victim.physical, victim.properties)
    except EXPECTED as error:
        if not (isinstance(error, ClientError) and world.missing(error)):
            fail_delete(stack, step, victim, world.reason(error, doing.id + step.key))
            return
        away = True
    if away:
        gone(stack, doing, step, victim)
    elif _overdue(step):
        fail_delete(stack, step, victim, "Exceeded attempts to wait")
    else:
        later(stack, durations.POLL, "cfn.step.settle", key=step.key)
