"""What the journal of intents knows better than the database. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.domain.operation import Operation, Sent, State
from services.ports import JournalEntry

_ACTED = {State.AWAITING_APPROVAL, State.REQUESTED, State.RUNNING}


def reconciled(operation: Operation, entries: Sequence[JournalEntry], now: datetime) -> Operation:
    """The operation with what its newest line in the journal adds; the same when that is nothing.

    An answer that could not be saved is filled in. An intent that the database does not have (it was restored from an
    earlier time) is taken over: it may have been sent.
    """
    own = [entry for entry in entries if entry.operation.id == operation.id]
    if not own or operation.state not in _ACTED:
        return operation
    last = own[-1]
    intent = last.operation
    if operation.sent_at != intent.sent_at:
        newer = operation.sent_at is None or (intent.sent_at is not None and intent.sent_at > operation.sent_at)
        if not newer or last.outcome in ("not sent", "refused"):
            return operation
        return _taken_over(operation, intent, last.outcome, now)
    if operation.sent is not Sent.MAYBE:
        return operation
    if last.outcome == "sent":
        return replace(operation, sent=Sent.YES, receipt=intent.receipt)
    if last.outcome in ("not sent", "refused"):
        return replace(operation, sent=Sent.NO)
    return operation


def unaccounted(entries: Sequence[JournalEntry]) -> tuple[Operation, ...]:
    """Of each operation in the journal whose last call may have taken effect: what it was, as stuck."""
    last = {entry.operation.id: entry for entry in entries}
    return tuple(
        replace(
            entry.operation,
            state=State.STUCK,
            version=0,
            because="Only the journal knows this operation: the database was restored from before it. "
            "It may have been sent to AWS; look whether it took effect, and close it.",
        )
        for entry in last.values()
        if entry.outcome not in ("not sent", "refused")
    )


def _taken_over(operation: Operation, intent: Operation, outcome: str, now: datetime) -> Operation:
    sent = Sent.YES if outcome == "sent" else Sent.MAYBE
    return replace(
        intent,
        state=State.RUNNING,
        version=operation.version,
        sent=sent,
        step_since=intent.step_since or now,
    )
