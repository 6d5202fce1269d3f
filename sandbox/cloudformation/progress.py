"""How one step of an operation comes to its end, and what all parts of a step's way share."""

from botocore.exceptions import ClientError, ParamValidationError

from sandbox.cloudformation import events
from sandbox.cloudformation.errors import Failed, Refused
from sandbox.cloudformation.model import Operation, Resource, Stack, Step
from sandbox.cloudformation.phases import advance, operation_of
from sandbox.cloudformation.world import Target

ACT_AFTER = 1.0
"""Seconds between saying that something begins and calling the API."""
EXPECTED = (Failed, Refused, ClientError, ParamValidationError)
"""What a handler may raise to say that it could not; anything else is a bug of the sandbox."""


def target_of(stack: Stack, logical: str) -> Target:
    """The resource as its handler sees it."""
    return Target(stack.account, stack.region, stack.name, stack.id, logical)


def running(account: str, region: str, stack: str, operation: str, key: str) -> tuple[Stack, Operation, Step] | None:
    """The step a transition was meant for, unless it has been overtaken."""
    found = operation_of(account, region, stack, operation)
    if found is None:
        return None
    step = found[1].steps.get(key)
    return (*found, step) if step is not None and step.state == "running" else None


def done(stack: Stack, step: Step) -> None:
    """The step has ended well."""
    step.state = "done"
    advance(stack)


def fail(stack: Stack, step: Step, resource: Resource, verb: str, why: str) -> None:
    """The step has failed; the event says why."""
    assert stack.operation is not None  # noqa: S101
    events.resource_status(stack, resource, f"{verb.upper()}_FAILED", why)
    step.state = "failed"
    stack.operation.failures.setdefault(verb, []).append(resource.logical)
    advance(stack)
