"""What a stack does one after the other: the steps of each phase, and which status and phase follow when one ends.

A phase runs its steps as soon as what they need is done, side by side. It ends when nothing runs any more.
"""

import copy
from collections.abc import Iterable

from sandbox.clock import clock, transition
from sandbox.cloudformation import events, resolution, state
from sandbox.cloudformation.errors import Failed, Refused
from sandbox.cloudformation.model import Operation, Resource, Stack, Step
from sandbox.cloudformation.validation import examine

PAUSE = 1.0
"""Seconds between the end of one phase and the next status of the stack."""


def operation_of(account: str, region: str, stack: str, operation: str) -> tuple[Stack, Operation] | None:
    """The stack and its operation, if that is still the one a pending transition was meant for."""
    found = state.stack(account, region, stack)
    if found is None or found.operation is None or found.operation.id != operation:
        return None
    return found, found.operation


def later(stack: Stack, seconds: float, name: str, **more: str) -> None:
    """Schedule a transition of this stack's present operation."""
    assert stack.operation is not None  # noqa: S101 - only ever called by an operation
    where = {"account": stack.account, "region": stack.region, "stack": stack.id, "operation": stack.operation.id}
    clock.after(seconds, name, **where, **more)


def advance(stack: Stack) -> None:
    """Begin the steps whose needs are met, or end the phase."""
    operation = stack.operation
    if operation is None:
        return
    steps = operation.steps
    if operation.phase in ("create", "update") and (operation.cancelled or _failed(operation)):
        _stop(stack, operation)
    for step in steps.values():
        if step.state == "waiting" and all(n not in steps or steps[n].state in ("done", "skipped") for n in step.needs):
            step.state = "running"
            later(stack, 0, "cfn.step.begin", key=step.key)
    if not any(s.state == "running" for s in steps.values()):
        later(stack, PAUSE, "cfn.phase.end", phase=operation.phase)


def _failed(operation: Operation) -> list[Step]:
    return [s for s in operation.steps.values() if s.state == "failed"]


def _stop(stack: Stack, operation: Operation) -> None:
    """One step failed or the user cancelled: what runs is cancelled, what waits never begins."""
    for step in operation.steps.values():
        if step.state == "running" and step.verb:
            resource = stack.resources[step.logical]
            verb = "CREATE" if step.verb == "create" else "UPDATE"
            events.resource_status(
                stack, resource, f"{verb}_FAILED", f"Resource {'creation' if verb == 'CREATE' else 'update'} cancelled"
            )
        if step.state in ("running", "waiting"):
            step.state = "cancelled"


@transition("cfn.phase.end")
def phase_end(account: str, region: str, stack: str, operation: str, phase: str) -> None:
    """A phase has ended: decide what follows."""
    found = operation_of(account, region, stack, operation)
    if found is None or found[1].phase != phase:
        return
    subject, doing = found
    if phase in ("create", "update"):
        _end_forward(subject, doing)
    elif phase == "revert":
        _end_revert(subject, doing)
    elif phase == "cleanup":
        _end_cleanup(subject, doing)
    else:
        _end_delete(subject, doing)


def _end_forward(stack: Stack, doing: Operation) -> None:
    word = "CREATE" if doing.kind == "create" else "UPDATE"
    why = why_failed(doing)
    if not why and not doing.cancelled:
        try:
            _finish_outputs(stack)
        except (Failed, Refused) as error:
            why = str(error)
    if not why and not doing.cancelled:
        if doing.kind == "create":
            events.stack_status(stack, "CREATE_COMPLETE")
            stack.operation = None
            return
        events.stack_status(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        gone = [r for n, r in stack.resources.items() if n not in doing.steps or doing.steps[n].act == "part"]
        run(stack, "cleanup", deletions([*doing.cleanup, *gone]))
    elif doing.settings.get("DisableRollback") and not doing.cancelled:
        events.stack_status(stack, f"{word}_FAILED", why)
        doing.phase = "failed"
    else:
        roll_back(stack, why or "User Initiated")


def _finish_outputs(stack: Stack) -> None:
    template, _ = examine(stack.current.template, stack.region)
    stack.outputs = resolution.outputs(stack, stack.current, template)


def why_failed(doing: Operation) -> str:
    """The stack's reason, naming the resources that failed."""
    said = [
        f"The following resource(s) failed to {verb}: [{', '.join(doing.failures[verb])}]. "
        for verb in ("create", "update", "delete")
        if doing.failures.get(verb)
    ]
    return "".join(said)


def roll_back(stack: Stack, why: str) -> None:
    """Undo a creation or an update that failed or was cancelled."""
    doing = stack.operation
    assert doing is not None  # noqa: S101
    doing.cancelled = False
    doing.failures = {}
    if doing.kind == "create":
        doing.settings["rollback"] = True
        if doing.settings.get("OnFailure") == "DELETE":
            events.stack_status(stack, "DELETE_IN_PROGRESS", why)
            doing.kind = "delete"
        else:
            events.stack_status(stack, "ROLLBACK_IN_PROGRESS", f"{why}Rollback requested by user.")
        run(stack, "delete", deletions(stack.resources.values()))
        return
    events.stack_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", why)
    if doing.prior is not None:
        stack.current = doing.prior
    back = {n: r for n, r in doing.touched.items() if r is not None}
    steps = [Step(n, n, "revert", [d for d in r.depends if d in back]) for n, r in back.items()]
    run(stack, "revert", steps)


def _end_revert(stack: Stack, doing: Operation) -> None:
    if _failed(doing):
        events.stack_status(stack, "UPDATE_ROLLBACK_FAILED", why_failed(doing))
        return
    _finish_quietly(stack)
    events.stack_status(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    made = [stack.resources[n] for n, r in doing.touched.items() if r is None and n in stack.resources]
    # What the failed update made new goes; what it had set aside to be removed stays.
    victims = [*(r for r in doing.cleanup if r.status == "ROLLED_BACK"), *made]
    run(stack, "cleanup", deletions(victims))


def _finish_quietly(stack: Stack) -> None:
    try:
        _finish_outputs(stack)
    except (Failed, Refused):
        return  # the outputs stay what they were: the rollback itself has succeeded


def _end_cleanup(stack: Stack, doing: Operation) -> None:
    rolled = stack.status == "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    events.stack_status(stack, "UPDATE_ROLLBACK_COMPLETE" if rolled else "UPDATE_COMPLETE")
    stack.operation = None


def _end_delete(stack: Stack, doing: Operation) -> None:
    rolling = doing.kind == "create"
    if _failed(doing):
        events.stack_status(stack, "ROLLBACK_FAILED" if rolling else "DELETE_FAILED", why_failed(doing))
        if not rolling:
            stack.operation = None
        return
    stack.outputs = []
    if not rolling:
        stack.deleted = clock.now()
        stack.change_sets = {}
    events.stack_status(stack, "ROLLBACK_COMPLETE" if rolling else "DELETE_COMPLETE")
    stack.operation = None


def deletions(victims: Iterable[Resource]) -> list[Step]:
    """Steps that remove resources, each after everything that depends on it."""
    gone = [copy.deepcopy(v) for v in victims if v.status != "DELETE_COMPLETE"]
    keys = [f"{v.logical}|{v.physical}" for v in gone]
    return [
        Step(
            key,
            v.logical,
            "delete",
            [k for k, other in zip(keys, gone, strict=True) if v.logical in other.depends],
            victim=v,
        )
        for key, v in zip(keys, gone, strict=True)
    ]


def run(stack: Stack, phase: str, steps: Iterable[Step]) -> None:
    """Enter a phase."""
    assert stack.operation is not None  # noqa: S101
    stack.operation.phase = phase
    stack.operation.steps = {s.key: s for s in steps}
    advance(stack)
