"""What the live page says of a change of scaling: its verdict, its steps, and before and after. Pure.

Nothing moves between zones and nothing is out meanwhile; each write is seen in AWS before the next one is sent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portal.failovers.preview import Said
from portal.operations.row import Row
from services.domain.errors import Invalid
from services.domain.operation import Operation, Sent, State
from services.domain.scaling.change import difference
from services.domain.scaling.difference import Row as Value
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.operations import OperationView, StepView
from services.usecases.scaling_documents import read_change, read_state
from services.usecases.scalings import KIND

SAFE = "This page is safe to reload and to share."


@dataclass(frozen=True)
class Changed:
    """Before and after, what was read back (empty before it was), and which change it takes back (empty for none)."""

    rows: Sequence[Value]
    read_back: str
    reverts: str


def is_scaling(operation: Operation) -> bool:
    """Whether it is a change of scaling."""
    return operation.kind == KIND


def changed(operation: Operation) -> Changed | None:
    """What a change of scaling changes; None for any other operation, and for one whose request cannot be read."""
    if not is_scaling(operation):
        return None
    try:
        change, opened = read_change(operation.wants("change")), read_state(operation.wants("opened"))
    except Invalid:
        return None
    rows = list(difference(change, opened))
    if change.desired_once is not None:
        rows.insert(0, Value("desired", "Desired count, once", operation.wants("desired"), str(change.desired_once)))
    return Changed(tuple(rows), operation.note("read_back"), operation.wants("reverts"))


def title(operation: Operation) -> str:
    """`Change of the scaling of rbac, in production`."""
    return f"Change of the scaling of {operation.target}, in {operation.environment}"


def running(view: OperationView) -> Said:
    """The head of the page while it runs."""
    operation = view.operation
    if not operation.irreversible:
        why = operation.because or f"Nothing has been sent yet. {SAFE}"
        line = "The guards are made again on fresh facts before anything is sent."
        return Said(Status.CHANGING, "Changing.", line, why)
    acts = [step for step in view.steps if step.acts]
    done = sum(step.state == "done" for step in acts)
    current = next((step for step in view.steps if step.state == "now"), None)
    awaited = f"Now: {current.sentence[:1].lower()}{current.sentence[1:]}." if current else ""
    if operation.sent is Sent.MAYBE:
        line = f"The answer to a write was lost, so AWS is looked at first. {awaited}"
        return Said(Status.UNKNOWN, f"{done} of {counted(len(acts), 'write')} seen in AWS.", line, operation.because)
    return Said(Status.CHANGING, f"{done} of {counted(len(acts), 'write')} seen in AWS.", awaited, SAFE)


def over(operation: Operation) -> Said:
    """The head of the page once it is over."""
    if operation.state is State.SUCCEEDED:
        return Said(Status.HEALTHY, "Done.", summary(operation), f"Read back from AWS. {operation.because}")
    if operation.state is State.FAILED:
        harm = "Part of it may be in AWS." if operation.irreversible else "Nothing was sent to AWS."
        return Said(Status.DOWN, "Failed.", harm, operation.because)
    strong = "Cancelled." if operation.state is State.CANCELLED else "Expired."
    return Said(Status.PAUSED, strong, "Nothing was touched.", operation.because)


def summary(operation: Operation, most: int = 3) -> str:
    """`Maximum 12 → 14 and 2 more.`"""
    found = changed(operation)
    arrow = "\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}"
    told = [f"{row.label} {row.before}{arrow}{row.after}" for row in found.rows] if found else []
    return f"{listed(told, most)}." if told else ""


def sent(view: OperationView) -> Iterator[Row]:
    """Between being picked up and the first write: the guards once more."""
    operation, kept = view.operation, "Guards made again on fresh facts"
    if operation.irreversible:
        yield Row("done", kept, "nobody changed it since the form was opened", operation.started_at)
    elif operation.state is State.RUNNING:
        yield Row("now", kept, operation.because, since=operation.started_at, until=operation.begin_before)
    elif operation.state is State.FAILED:
        yield Row("failed", kept, operation.because, operation.finished_at)
    else:
        yield Row("next", kept)


def worded(step: StepView, row: Row) -> Row:
    """A step's line: what it waits for is a sentence here."""
    if row.mark in ("now", "next") and step.until:
        return replace(row, text=f"Waits until {step.until}.")
    return row
