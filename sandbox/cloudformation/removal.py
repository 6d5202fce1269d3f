"""How a resource goes: kept by its policy, removed with or without a last snapshot, tried again, gone."""

from botocore.exceptions import ClientError, ParamValidationError

from sandbox.cloudformation import durations, events, failures, handlers, world
from sandbox.cloudformation.errors import Failed, Refused
from sandbox.cloudformation.model import Operation, Resource, Stack, Step
from sandbox.cloudformation.phases import later
from sandbox.cloudformation.progress import ACT_AFTER, done, fail, target_of

TRIES = 60
"""How often a deletion refused because of a dependency is tried again, `durations.POLL` seconds apart."""


def begin_delete(stack: Stack, doing: Operation, step: Step) -> None:
    """Say that it goes, or that it stays."""
    victim = step.victim
    assert victim is not None  # noqa: S101
    step.verb = "delete"
    if _keeps(stack, doing, victim):
        _leave(stack, doing, step, victim, "DELETE_SKIPPED")
    elif not victim.physical:
        _leave(stack, doing, step, victim, "DELETE_COMPLETE")
    else:
        events.resource_status(stack, victim, "DELETE_IN_PROGRESS")
        _mirror(stack, victim)
        later(stack, ACT_AFTER, "cfn.step.act", key=step.key)


def _replaced(stack: Stack, victim: Resource) -> bool:
    """Whether another physical resource has taken the victim's place in the stack."""
    current = stack.resources.get(victim.logical)
    return current is not None and current.physical != victim.physical


def _undone(stack: Stack, doing: Operation) -> bool:
    """Whether what goes was made by the very operation that is being rolled back."""
    return bool(doing.settings.get("rollback")) or stack.status.startswith("UPDATE_ROLLBACK")


def _keeps(stack: Stack, doing: Operation, victim: Resource) -> bool:
    if victim.logical in doing.settings.get("RetainResources", []):
        return True
    if doing.kind == "update" and _replaced(stack, victim):
        return victim.replace_policy.startswith("Retain") and not _undone(stack, doing)
    if victim.deletion_policy == "RetainExceptOnCreate" or doing.settings.get("RetainExceptOnCreate"):
        return victim.deletion_policy.startswith("Retain") and not _undone(stack, doing)
    return victim.deletion_policy == "Retain"


def act_delete(stack: Stack, doing: Operation, step: Step) -> None:
    """Ask the API to remove it; what a dependency holds is tried again later."""
    victim = step.victim
    assert victim is not None  # noqa: S101
    handler = handlers.handler(victim.type)
    replaced = doing.kind == "update" and _replaced(stack, victim)
    policy = victim.replace_policy if replaced else victim.deletion_policy
    try:
        ordered = failures.due(victim.type, "delete", step.logical)
        if ordered:
            raise Failed(ordered)
        snapshot = policy == "Snapshot" and handler.takes_snapshots and not _undone(stack, doing)
        handler.delete(target_of(stack, victim.logical), victim.physical, victim.properties, snapshot=snapshot)
    except ClientError as error:
        if world.missing(error):
            gone(stack, doing, step, victim)
        elif world.retried(error) and step.tries < TRIES:
            step.tries += 1
            later(stack, durations.POLL, "cfn.step.act", key=step.key)
        else:
            fail_delete(stack, step, victim, world.reason(error, doing.id + step.key))
        return
    except (Failed, Refused, ParamValidationError) as error:
        fail_delete(stack, step, victim, world.reason(error, doing.id + step.key))
        return
    later(stack, durations.seconds(victim.type, "delete"), "cfn.step.settle", key=step.key)


def fail_delete(stack: Stack, step: Step, victim: Resource, why: str) -> None:
    """It could not be removed."""
    victim.status, victim.reason = "DELETE_FAILED", why
    _mirror(stack, victim)
    fail(stack, step, victim, "delete", why)


def gone(stack: Stack, doing: Operation, step: Step, victim: Resource) -> None:
    """It is not there any more."""
    _leave(stack, doing, step, victim, "DELETE_COMPLETE")


def _leave(stack: Stack, doing: Operation, step: Step, victim: Resource, status: str) -> None:
    """Take it off the stack; a stack being deleted keeps it in its list, as deleted."""
    events.resource_status(stack, victim, status)
    if doing.kind == "update" and not _replaced(stack, victim):
        stack.resources.pop(victim.logical, None)
    else:
        _mirror(stack, victim)
    done(stack, step)


def _mirror(stack: Stack, victim: Resource) -> None:
    current = stack.resources.get(victim.logical)
    if current is not None and current.physical == victim.physical:
        current.status, current.reason, current.updated = victim.status, victim.reason, victim.updated
