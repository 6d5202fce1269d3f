"""Beginning what a stack does: creation, update, deletion, rollback, cancelling, going on."""

import copy
import uuid
from collections.abc import Iterable
from typing import Any

from sandbox.clock import clock
from sandbox.cloudformation import events, phases, resolution, state
from sandbox.cloudformation.errors import Refused, invalid
from sandbox.cloudformation.intrinsics import resolve
from sandbox.cloudformation.model import Deployment, Operation, Stack, Step
from sandbox.cloudformation.validation import examine

STACK_LIMIT = 2000
"""Stacks of an account in a region."""
UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED"}


def new_stack(account: str, region: str, name: str, settings: dict[str, Any]) -> Stack:
    """An empty stack with a fresh id, entered in the ledger. Raises Refused when there are too many already, those
    only reviewed among them."""
    if sum(s.status != "DELETE_COMPLETE" for s in state.ledger(account, region).stacks.values()) >= STACK_LIMIT:
        raise Refused("LimitExceededException", f"Limit for stack has been exceeded (limit {STACK_LIMIT})")
    stack_id = f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{uuid.uuid4()}"
    stack = Stack(name, stack_id, account, region, clock.now(), settings=settings)
    state.ledger(account, region).stacks[stack_id] = stack
    return stack


def _operation(kind: str, token: str, settings: dict[str, Any]) -> Operation:
    return Operation(str(uuid.uuid4()), kind, "", token=token, settings=dict(settings))


def _applies(stack: Stack, target: Deployment) -> tuple[list[Step], set[str]]:
    template, graph = examine(target.template, stack.region)
    kept = resolution.active(template, resolution.live(stack, target, template))
    names = set(kept)
    return [Step(n, n, "apply", sorted(graph[n] & names)) for n in kept], names


def create(stack: Stack, target: Deployment, token: str, settings: dict[str, Any]) -> None:
    """Begin making everything the template names."""
    stack.operation = _operation("create", token, settings)
    stack.operation.target = target
    stack.current = target
    events.stack_status(stack, "CREATE_IN_PROGRESS", "User Initiated")
    steps, _ = _applies(stack, target)
    phases.run(stack, "create", steps)


def update(stack: Stack, target: Deployment, token: str, settings: dict[str, Any]) -> None:
    """Begin bringing the stack to `target`."""
    earlier = stack.operation
    stack.operation = _operation("update", token, settings)
    stack.operation.target = target
    stack.operation.prior = stack.current
    if earlier is not None and earlier.phase == "failed":
        # An update that failed with rollback disabled is tried again: a rollback still leads to the last good state.
        stack.operation.prior = earlier.prior or stack.current
        stack.operation.touched = earlier.touched
        stack.operation.cleanup = earlier.cleanup
    stack.current = target
    stack.updated = clock.now()
    events.stack_status(stack, "UPDATE_IN_PROGRESS", "User Initiated")
    steps, names = _applies(stack, target)
    parts = [Step(n, n, "part") for n in stack.resources if n not in names]
    phases.run(stack, "update", [*parts, *steps])


def require_updatable(stack: Stack) -> None:
    """Raises Refused unless an update may begin now."""
    if stack.status not in UPDATABLE:
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def delete(stack: Stack, token: str, retain: Iterable[str], force: bool = False) -> None:
    """Begin removing the stack. Raises Refused while it may not be."""
    if stack.status == "DELETE_COMPLETE" or stack.status == "DELETE_IN_PROGRESS":
        return
    retain = list(retain)
    if stack.protected:
        raise invalid(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    if stack.busy and stack.status not in ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be deleted.")
    if retain and stack.status != "DELETE_FAILED":
        raise invalid(
            "Invalid operation on stack. RetainResources can only be specified when the stack is in DELETE_FAILED."
        )
    _refuse_while_imported(stack)
    if force:
        retain = [r.logical for r in stack.resources.values() if r.status == "DELETE_FAILED"]
    stack.operation = _operation("delete", token, {"RetainResources": retain})
    if not stack.resources:
        stack.deleted = clock.now()
        stack.change_sets = {}
        events.stack_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
        events.stack_status(stack, "DELETE_COMPLETE")
        stack.operation = None
        return
    events.stack_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
    phases.run(stack, "delete", phases.deletions(stack.resources.values()))


def _refuse_while_imported(stack: Stack) -> None:
    for output in stack.outputs:
        name = output.get("ExportName")
        users = importers(stack, name) if name else []
        if users:
            raise invalid(f"Export {name} cannot be deleted as it is in use by {' and '.join(users)}")


def importers(stack: Stack, export: str) -> list[str]:
    """Names of the living stacks whose template imports an export of this region."""
    found = []
    for other in state.ledger(stack.account, stack.region).stacks.values():
        if other.status == "DELETE_COMPLETE" or not other.current.template:
            continue
        template, _ = examine(other.current.template, other.region)
        names: list[str] = []

        def note(name: str, into: list[str] = names) -> str:
            into.append(name)
            return ""

        scope = resolution.scope(other, other.current, template, lambda _: "", lambda *_: "")
        scope.imports = note
        for definition in [*template.resources.values(), *template.outputs.values()]:
            try:
                resolve(definition, scope)
            except Exception:  # noqa: S112 - only the names imported matter here
                continue
        if export in names:
            found.append(other.name)
    return found


def cancel_update(stack: Stack, token: str) -> None:
    """Stop an update that is under way and roll it back."""
    if stack.status != "UPDATE_IN_PROGRESS" or stack.operation is None or stack.operation.phase != "update":
        raise invalid("CancelUpdateStack cannot be called from current stack status")
    stack.operation.cancelled = True
    stack.operation.token = token or stack.operation.token
    phases.advance(stack)


def continue_rollback(stack: Stack, token: str, skip: list[str]) -> None:
    """Go on with a rollback of an update that failed, leaving out the resources to skip."""
    doing = stack.operation
    if stack.status != "UPDATE_ROLLBACK_FAILED" or doing is None:
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not continue rollback.")
    failed = {s.logical for s in doing.steps.values() if s.state == "failed"}
    wrong = [name for name in skip if name not in failed]
    if wrong:
        raise invalid(
            f"Resources [{', '.join(wrong)}] cannot be skipped: only resources that failed to roll back can be"
        )
    doing.token = token
    doing.failures = {}
    doing.id = str(uuid.uuid4())
    events.stack_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
    for step in doing.steps.values():
        if step.logical in skip:
            step.state = "skipped"
            events.resource_status(stack, stack.resources[step.logical], "UPDATE_COMPLETE")
        elif step.state != "done":
            if step.replacing is not None:  # what it is now, so that bringing it back is tried again
                stack.resources[step.logical] = copy.deepcopy(step.replacing)
            step.state, step.verb, step.started = "waiting", "", 0.0
    phases.advance(stack)


def roll_back(stack: Stack, token: str, *, retain_except_on_create: bool = False) -> None:
    """Undo a creation or an update that failed with rollback disabled."""
    doing = stack.operation
    if stack.status not in ("CREATE_FAILED", "UPDATE_FAILED") or doing is None:
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")
    doing.token = token
    doing.id = str(uuid.uuid4())
    doing.settings["RetainExceptOnCreate"] = retain_except_on_create
    phases.roll_back(stack, "")
