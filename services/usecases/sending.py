"""The one irreversible call, and the order of everything around it.

Checks on fresh facts; credentials; the lease once more; intent into the database; intent into the journal; a look at
the own watch; the call; its outcome into the journal; its outcome into the database. Whatever dies in between, the next
worker finds enough to know that the call may have been made, and never makes it again.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.domain.check import Answer, blocking
from services.domain.environment import Environment
from services.domain.errors import HavenError, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.domain.operation import Operation, Sent, State
from services.ports import Clock, Journal
from services.usecases.keeping import Held, Keeping, pause_after
from services.usecases.procedure import Procedure

WATCHED = "It is not sent again, only watched."
AGAIN = "Sending it twice is harmless: it is sent again unless AWS shows it."


class Sending:
    """`renew` takes the operation's lease once more: None when it is another's now. `monotonic` is the own watch."""

    def __init__(
        self,
        keeping: Keeping,
        clock: Clock,
        journal: Journal,
        renew: Callable[[str], Held | None],
        monotonic: Callable[[], float],
    ) -> None:
        self._keeping, self._clock, self._journal = keeping, clock, journal
        self._renew, self._monotonic = renew, monotonic

    def act(
        self, environment: Environment, operation: Operation, procedure: Procedure[Any], facts: Any, held: Held
    ) -> None:
        """Ask AWS for the current step, if everything still allows it."""
        if self._clock.now() > operation.begin_before and not operation.irreversible:
            why = f"It could not begin in time; nothing was sent. {operation.because}".strip()
            self._keeping.move(operation, State.FAILED, held, why)
            return
        checks = procedure.guard(environment, operation, facts)
        if bad := blocking(checks, operation.overridden):
            said = " ".join(f"{check.title}: {check.fact}" for check in bad)
            if all(check.answer is Answer.UNKNOWN for check in bad):
                # Nothing speaks against it but that it could not be read just now: time may mend that.
                self._keeping.later(operation, NotNow(said), held)
                return
            self._fail(operation, procedure, held, "Refused on fresh facts; nothing was sent.", said)
            return
        try:
            procedure.ready(environment)
        except NotNow as later:
            self._keeping.later(operation, later, held)
            return
        except (Refused, Misconfigured) as denied:
            self._fail(operation, procedure, held, "Nothing was sent.", denied.message)
            return
        renewed = self._renew(operation.id)
        if renewed is None or renewed.token != held.token:
            return  # looking took longer than the lease, and another worker has it now
        baseline = procedure.baseline(operation, facts)
        harmless = any(step.harmless for step in procedure.steps(operation) if step.name == operation.step)
        checked = f"{len(checks)} checks pass on fresh facts"
        intent = self._intend(operation, baseline, checked, renewed, harmless=harmless)
        if intent is not None:
            self._send(environment, operation, intent, procedure, renewed)

    def _intend(
        self, operation: Operation, baseline: Mapping[str, str], checked: str, held: Held, *, harmless: bool
    ) -> Operation | None:
        """The operation with its intent saved in both places; None when it must not be sent."""
        now = self._clock.now()
        wanted = replace(operation.rebased(**baseline), sent=Sent.MAYBE, sent_at=now, because="", not_before=None)
        said = f"{checked}; the intent is written down before it is sent."
        try:
            intent = self._keeping.intend(wanted, held, said, harmless=harmless)
        except OutcomeUnknown:
            # Whether the database kept the intent is unknown; that it is not sent is certain, and the journal says so.
            self._journal.outcome(wanted, _unsent(operation))
            raise
        if intent is None:
            return None
        try:
            self._journal.intend(intent)
        except HavenError as problem:
            self._journal.outcome(intent, _unsent(operation))
            self._keeping.later(replace(intent, sent=operation.sent), problem, held)
            return None
        if self._monotonic() >= held.until:
            self._journal.outcome(intent, _unsent(operation))
            late = NotNow("This worker was held up past its lease.")
            self._keeping.later(replace(intent, sent=operation.sent), late, held)
            return None
        return intent

    def _send(
        self, environment: Environment, before: Operation, intent: Operation, procedure: Procedure[Any], held: Held
    ) -> None:
        try:
            receipt = procedure.act(environment, intent)
        except OutcomeUnknown as lost:
            self._journal.outcome(intent, "unknown")
            again = any(step.repeatable for step in procedure.steps(intent) if step.name == intent.step)
            because = f"{lost.message} {AGAIN if again else WATCHED}"
            waiting = replace(intent, because=because, tries=intent.tries + 1)
            waiting = replace(waiting, not_before=self._clock.now() + pause_after(intent.tries)) if again else waiting
            self._keeping.save(waiting, held, "lost", because, "unknown")
        except NotNow as later:
            self._journal.outcome(intent, _unsent(before))
            self._keeping.later(replace(intent, sent=before.sent), later, held)
        except (Refused, Misconfigured) as refused:
            self._journal.outcome(intent, "refused")
            self._fail(replace(intent, sent=before.sent), procedure, held, "AWS refused it,", refused.message)
        else:
            accepted = replace(intent, sent=Sent.YES, receipt=receipt.request_id)
            self._journal.outcome(accepted, "sent")
            self._keeping.save(accepted, held, "sent", f"AWS accepted the request {receipt.request_id}.", "sent")

    def _fail(self, operation: Operation, procedure: Procedure[Any], held: Held, what: str, why: str) -> None:
        """End it as failed, saying what an operation of several acts has done by then and what it has not."""
        acts = [step for step in procedure.steps(operation) if step.acts]
        done = [step.sentence for step in acts if operation.seen_at(step.name)]
        left = [step.sentence for step in acts if not operation.seen_at(step.name)]
        maybe = operation.sent is Sent.MAYBE
        if not done and not maybe:
            said = f"{what} and did nothing: {why}" if what.endswith(",") else f"{what} {why}"
        else:
            half = [f"Done before: {'; '.join(done)}."] if done else []
            half += ["An earlier try of the next may have been done: look in AWS."] if maybe else []
            half += [f"Not done: {'; '.join(left)}."]
            said = f"Stopped half-way: {why} {' '.join(half)}"
        self._keeping.move(operation, State.FAILED, held, said)


def _unsent(before: Operation) -> str:
    """What the journal says of a try that was certainly not sent. One that may be sent again stays uncertain as long as
    an earlier try of it may have reached AWS."""
    return "unknown" if before.sent is Sent.MAYBE else "not sent"
