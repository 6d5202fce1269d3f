"""What the live page says of a change set that carries live edits into a stack: nothing is executed. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.failovers.preview import Said
from portal.operations.row import Row
from services.domain.errors import Invalid
from services.domain.operation import Operation, Sent, State
from services.domain.scaling.carrying_commands import look
from services.domain.status import Status
from services.domain.wording import counted
from services.usecases.carrying_out import KIND, carried

SAFE = "This page is safe to reload and to share."
_ACCEPTED = re.compile(r"^AWS accepted the request (?P<arn>arn:\S+)\.$")


@dataclass(frozen=True)
class Parameter:
    """One parameter that changes."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Carried:
    """The stack's parameters before and after, and the change set's ARN with the lines that look at it, execute and
    delete it; both empty while there is none. `read_at` is when the live edits were read."""

    stack_name: str
    read_at: datetime
    rows: Sequence[Parameter]
    change_set: str
    look: Sequence[str]


def is_carry(operation: Operation) -> bool:
    """Whether it has a change set made."""
    return operation.kind == KIND


def shown(operation: Operation) -> Carried | None:
    """What is carried; None for any other operation, and for one whose request cannot be read."""
    if not is_carry(operation):
        return None
    try:
        before, after = carried(operation)
        read_at = datetime.fromisoformat(operation.wants("read_at"))
    except (Invalid, ValueError):
        return None
    made = operation.receipt if operation.sent is Sent.YES else ""
    return Carried(
        operation.wants("stack_name"),
        read_at,
        [Parameter(name, before.get(name, ""), value) for name, value in after.items()],
        made,
        look(operation.wants("region"), made) if made else (),
    )


def running(operation: Operation) -> Said:
    """The head of the page while it runs."""
    if operation.sent is Sent.MAYBE:
        line = "CloudFormation's answer is awaited; asked again, it finds the same change set."
        return Said(Status.UNKNOWN, "Being worked out.", line, operation.because or SAFE)
    if operation.sent is Sent.YES:
        return Said(Status.CHANGING, "The change set is made.", "Nothing of it is executed.", SAFE)
    why = operation.because or f"Nothing has been sent yet. {SAFE}"
    return Said(Status.CHANGING, "Changing.", "The stack is looked at once more before anything is sent.", why)


def over(operation: Operation) -> Said:
    """The head of the page once it is over."""
    if operation.state is State.SUCCEEDED:
        found = shown(operation)
        line = f"{counted(len(found.rows), 'parameter')} would change. " if found else ""
        return Said(Status.HEALTHY, "The change set is made.", f"{line}Nothing is executed.", operation.because)
    if operation.state is State.FAILED:
        maybe = operation.sent is not Sent.NO
        harm = "There may be a change set; nothing of it is executed." if maybe else "There is no change set."
        return Said(Status.DOWN, "Failed.", harm, operation.because)
    strong = "Cancelled." if operation.state is State.CANCELLED else "Expired."
    return Said(Status.PAUSED, strong, "Nothing was touched.", operation.because)


def sent(operation: Operation) -> Iterator[Row]:
    """Between being picked up and the request: the stack once more."""
    kept = "The stack looked at again"
    if operation.irreversible:
        yield Row("done", kept, "its parameters are as they were read", operation.started_at)
    elif operation.state is State.RUNNING:
        yield Row("now", kept, operation.because, since=operation.started_at, until=operation.begin_before)
    elif operation.state is State.FAILED:
        yield Row("failed", kept, operation.because, operation.finished_at)
    else:
        yield Row("next", kept)


def told(sentence: str) -> str:
    """A line of the trail: the receipt of this kind is the change set's ARN, shown by its name."""
    found = _ACCEPTED.match(sentence)
    if found is None:
        return sentence
    _, _, name = found["arn"].partition(":changeSet/")
    return f"CloudFormation has made the change set {name.partition('/')[0] or found['arn']}."
