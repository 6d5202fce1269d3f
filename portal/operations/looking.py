"""What the live page says of an operation that only looks: for drift, or at what the roles may. Pure.

It sends nothing that changes anything, so there is no line of no return, nothing to take back and nothing that costs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.failovers.preview import Said
from portal.operations.row import Row
from services.domain.operation import Operation, State
from services.domain.status import Status
from services.domain.wording import capital, counted
from services.usecases.drifting import FAILED, FOUND
from services.usecases.drifting import KIND as DRIFT
from services.usecases.environments import CHECK
from services.usecases.operations import OperationView, StepView

SAFE = "This page is safe to reload and to share."
WHY_NO_CANCEL = "It only looks, and is over within minutes: there is nothing to take back."


@dataclass(frozen=True)
class Looked:
    """What the page needs besides its steps: which kind, for the way to what was found."""

    drift: bool


def is_looking(operation: Operation) -> bool:
    """Whether it only looks."""
    return operation.kind in (DRIFT, CHECK)


def shown(operation: Operation) -> Looked | None:
    """None for any other operation."""
    return Looked(operation.kind == DRIFT) if is_looking(operation) else None


def running(view: OperationView) -> Said:
    """The head of the page while it runs."""
    operation = view.operation
    why = operation.because if operation.because else f"Nothing is changed by it. {SAFE}"
    if operation.kind != DRIFT:
        return Said(Status.CHANGING, "Looking.", "AWS is asked what the roles may and which stacks there are.", why)
    done = sum(bool(_found(operation, step.name)) for step in view.steps)
    line = f"{done} of {counted(len(view.steps), 'stack')} compared with what AWS has."
    return Said(Status.CHANGING, "Looking.", line, f"Nothing is changed by it. {SAFE}")


def over(operation: Operation) -> Said:
    """The head of the page once it is over."""
    if operation.state is State.SUCCEEDED:
        line = "What was found stands on the page about drift." if operation.kind == DRIFT else "AWS has answered."
        return Said(Status.HEALTHY, "Looked.", line, "Nothing was changed by it.")
    if operation.state is State.FAILED:
        return Said(Status.DOWN, "Could not look.", "Nothing was changed.", operation.because)
    strong = "Cancelled." if operation.state is State.CANCELLED else "Expired."
    return Said(Status.PAUSED, strong, "Nothing was touched.", operation.because)


def rows(view: OperationView) -> Iterator[Row]:
    """Its steps; of a stack that was compared before those ahead of it, too, what was found."""
    for step in view.steps:
        yield _row(view.operation, step)


def _row(operation: Operation, step: StepView) -> Row:
    found = _found(operation, step.name) if operation.kind == DRIFT else ""
    title = f"{step.name} compared with what AWS has" if operation.kind == DRIFT else step.sentence
    if failed := operation.note(f"{FAILED}_{step.name}"):
        return Row("missed", title, failed, step.at)
    if step.state == "done" or found:
        return Row("done", title, f"{capital(found)}." if found else "", step.at)
    if step.state == "missed":
        return Row("missed", title, f"It was not over in time. {step.otherwise}".strip())
    if operation.state is State.RUNNING:
        return Row("now" if step.state == "now" else "next", title, "", since=step.since)
    failing = operation.state is State.FAILED and operation.step == step.name
    return Row("failed" if failing else "next", title, operation.because if failing else "")


def _found(operation: Operation, stack: str) -> str:
    """What a stack came to; empty while it is being compared."""
    return operation.note(f"{FOUND}_{stack}") or operation.note(f"{FAILED}_{stack}")
