"""The steps of the live page: what people did first, the line of no return, then AWS's part. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.operations import carrying, deploying, looking, scaling, telling
from portal.operations.outage import outage
from portal.operations.row import Row
from services.domain.check import Answer
from services.domain.operation import Operation, Sent, State
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.operations import OperationView, StepView


@dataclass(frozen=True)
class Seen:
    """One line of the result: what was verified, whether it was seen, and how long after the request."""

    sentence: str
    status: Status
    word: str
    took: float | None


def rows(view: OperationView) -> tuple[Row, ...]:
    """All of them, in order."""
    operation = view.operation
    if looking.is_looking(operation):
        return (*_asked(operation), *looking.rows(view))
    if scaling.is_scaling(operation):
        steps = (scaling.worded(step, _step(operation, step)) for step in view.steps)
        return (*_asked(operation), *scaling.sent(view), *steps)
    if deploying.is_deploying(operation):
        return (*_asked(operation), *deploying.sent(operation), *(_step(operation, step) for step in view.steps))
    if carrying.is_carry(operation):
        return (*_asked(operation), *carrying.sent(operation), *(_step(operation, step) for step in view.steps))
    return (*_asked(operation), *_sent(view), *(_step(operation, step) for step in view.steps))


def _asked(operation: Operation) -> Iterator[Row]:
    ticket = f", {operation.ticket}" if operation.ticket else ""
    yield Row("done", "Asked for", f"{operation.requested_by}: “{operation.reason}”{ticket}", operation.requested_at)
    if operation.checks:
        yield Row("done", "Checked", checked(operation), operation.requested_at)
    if operation.approve_before or operation.approved_by:
        yield _approval(operation)
    yield _picked_up(operation)


def checked(operation: Operation) -> str:
    """How the checks came out, and what was let pass."""
    passed = sum(check.answer is Answer.PASS for check in operation.checks)
    text = f"{passed} of {counted(len(operation.checks), 'check')} passed"
    if operation.overridden:
        titles = {check.key: check.title for check in operation.checks}
        waived = listed([titles.get(key, key) for key in operation.overridden])
        text += f"; let pass: {waived} (“{operation.wants('override_reason')}”)"
    return text


def _approval(operation: Operation) -> Row:
    if operation.approved_by:
        return Row(
            "done", "Approved", f"{operation.approved_by}, second person, on the same preview", operation.approved_at
        )
    if operation.state is State.AWAITING_APPROVAL:
        may = "deploy stacks" if deploying.is_deploying(operation) else "run failovers"
        text = f"Anyone but {operation.requested_by} who may {may}."
        return Row(
            "now", "Waiting for a second person", text, since=operation.requested_at, until=operation.approve_before
        )
    return Row("failed", "Not approved", operation.because, operation.finished_at)


def _picked_up(operation: Operation) -> Row:
    title = "Picked up by a worker"
    if operation.started_at:
        return Row("done", title, "", operation.started_at)
    if operation.state is State.REQUESTED:
        text = operation.because or "It takes seconds; if none comes in time, it expires instead of beginning late."
        return Row(
            "now",
            "Waiting for a worker",
            text,
            since=operation.approved_at or operation.requested_at,
            until=operation.begin_before,
        )
    return Row("next", title)


def _sent(view: OperationView) -> Iterator[Row]:
    operation = view.operation
    acting = next((step for step in view.steps if step.acts), None)
    if acting is None:
        return
    intent = next((entry for entry in reversed(view.trail) if entry.word == "intent"), None)
    kept, sent = "Checked again on fresh facts, intent kept", "Sent to AWS, once"
    if operation.sent is Sent.NO and not operation.irreversible:
        if operation.state is State.RUNNING:
            began, limit = operation.started_at, operation.begin_before
            yield Row("now", kept, operation.because, since=began, until=limit)
        elif operation.state is State.FAILED:
            yield Row("failed", kept, operation.because, operation.finished_at)
        else:
            yield Row("next", kept, "in the database, the journal and, where configured, S3")
        yield Row("next", sent, "never twice", line_before=True)
        return
    yield Row("done", kept, intent.sentence if intent else "", intent.at if intent else operation.sent_at)
    if operation.sent is Sent.MAYBE:
        text = "Its answer was lost: nobody knows whether AWS has it. It is not sent again, only watched for."
        yield Row("missed", "May have been sent to AWS, once", text, operation.sent_at, line_before=True)
    else:
        text = f"accepted as request {telling.short(operation.receipt)}" if operation.receipt else "accepted"
        yield Row("done", sent, text, operation.sent_at, line_before=True, receipt=operation.receipt or "")


def _step(operation: Operation, step: StepView) -> Row:
    if step.state == "done":
        return Row("done", step.sentence, "", step.at)
    if step.state == "missed":
        return Row("missed", step.sentence, "Not seen in time; not needed for the rest.", mend=step.otherwise)
    if step.state == "not done":
        failed = operation.state is State.FAILED and operation.step == step.name and operation.irreversible
        return Row("failed" if failed else "next", step.sentence, operation.because if failed else "")
    if step.state == "now" and operation.irreversible:
        stuck = operation.state is State.STUCK
        text = operation.because if stuck else f"Waiting for {step.until}." if step.until else ""
        return Row(
            "stuck" if stuck else "now",
            step.sentence,
            text,
            since=step.since,
            until=step.give_up_at,
            mend=step.otherwise,
        )
    return Row("next", step.sentence, step.until and f"Waits for {step.until}.")


def result(view: OperationView, now: datetime) -> tuple[Seen, ...]:
    """Every verification with the time it took; nothing when nothing was sent."""
    operation = view.operation
    if not operation.irreversible or operation.sent_at is None:
        return ()  # what only looks never sent anything
    if deploying.is_deploying(operation):
        return ()  # its stacks and their bars tell more than a row for each of its many steps
    # A change of scaling sends several: the time runs from where it began.
    sent_at = (operation.started_at or operation.sent_at) if scaling.is_scaling(operation) else operation.sent_at
    found = [_seen(step, sent_at) for step in view.steps]
    lost = outage(operation, now)
    if lost.since is not None and operation.note("writes_back_at"):
        found.append(Seen("Writes were out, measured from outside", Status.HEALTHY, "Measured", lost.seconds))
    return tuple(found)


def _seen(step: StepView, sent_at: datetime) -> Seen:
    if step.at is not None:
        return Seen(step.sentence, Status.HEALTHY, "Seen", max(0.0, (step.at - sent_at).total_seconds()))
    if step.state == "missed":
        return Seen(step.sentence, Status.UNKNOWN, "Not seen in time", None)
    return Seen(step.sentence, Status.UNKNOWN, "Not seen", None)


def progress(found: Sequence[Row]) -> str:
    """`6 of 8`: how far it is."""
    over = sum(row.mark in ("done", "missed") for row in found)
    return f"{over} of {len(found)}"
