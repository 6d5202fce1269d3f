"""A stack's history: one event per change of status of the stack or of one of its resources."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.clock import clock
from sandbox.cloudformation.model import Event, Resource, Stack

KEPT = 5000
"""Events kept per stack; the oldest go first."""
STACK_TYPE = "AWS::CloudFormation::Stack"
WELL = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
"""Statuses in which an executed change set has done what it was made for."""
told: list[Callable[[Stack, Event], None]] = []
"""Called with (stack, event) for each line of a history: where deliveries elsewhere begin."""
drifted: list[Callable[[Stack, str, str, int, str | None], None]] = []
"""Called with (stack, detection id, its status, how many resources drifted, the stack's drift status or None)."""


def _record(stack: Stack, **what: Any) -> None:
    operation = stack.operation
    number = stack.events[-1].number + 1 if stack.events else 1
    event = Event(
        number=number,
        at=clock.now(),
        token=operation.token if operation else "",
        operation=operation.id if operation else "",
        **what,
    )
    stack.events.append(event)
    del stack.events[:-KEPT]
    for hear in told:
        hear(stack, event)


def stack_status(stack: Stack, status: str, reason: str = "") -> None:
    """Put the stack into a status and record it."""
    stack.status = status
    stack.reason = reason
    if not status.endswith("_IN_PROGRESS"):
        for made in stack.change_sets.values():
            if made.execution == "EXECUTE_IN_PROGRESS":
                made.execution = "EXECUTE_COMPLETE" if status in WELL else "EXECUTE_FAILED"
    _record(
        stack,
        id=str(uuid.uuid4()),
        logical=stack.name,
        physical=stack.id,
        type=STACK_TYPE,
        status=status,
        reason=reason,
        properties="",
    )


def resource_status(stack: Stack, resource: Resource, status: str, reason: str = "") -> None:
    """Put a resource into a status and record it."""
    resource.status = status
    resource.reason = reason
    resource.updated = clock.now()
    if status == "UPDATE_COMPLETE":
        resource.drift = None  # what was found before is about properties it no longer has
    properties = json.dumps(resource.properties, separators=(",", ":")) if status.endswith("_IN_PROGRESS") else ""
    _record(
        stack,
        id=f"{resource.logical}-{uuid.uuid4()}"
        if status.startswith("DELETE")
        else f"{resource.logical}-{status}-{clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        logical=resource.logical,
        physical=resource.physical,
        type=resource.type,
        status=status,
        reason=reason,
        properties=properties,
    )
