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
from services.usecases.keeping import Held, Keeping
from services.usecases.procedure import Procedure


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
        if self._clock.now() > operation.begin_before and not operation.seen:
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
            self._keeping.move(operation, State.FAILED, held, f"Refused on fresh facts; nothing was sent. {said}")
            return
        try:
            procedure.ready(environment)
        except NotNow as later:
            self._keeping.later(operation, later, held)
            return
        except (Refused, Misconfigured) as denied:
            self._keeping.move(operation, State.FAILED, held, f"Nothing was sent. {denied.message}")
            return
        renewed = self._renew(operation.id)
        if renewed is None or renewed.token != held.token:
            return  # looking took longer than the lease, and another worker has it now
        baseline = procedure.baseline(operation, facts)
        intent = self._intend(operation, baseline, f"{len(checks)} checks pass on fresh facts", renewed)
        if intent is not None:
            self._send(environment, intent, procedure, renewed)

    def _intend(self, operation: Operation, baseline: Mapping[str, str], checked: str, held: Held) -> Operation | None:
        """The operation with its intent saved in both places; None when it must not be sent."""
        now = self._clock.now()
        wanted = replace(operation.rebased(**baseline), sent=Sent.MAYBE, sent_at=now, because="", not_before=None)
        try:
            intent = self._keeping.intend(wanted, held, f"{checked}; the intent is written down before it is sent.")
        except OutcomeUnknown:
            # Whether the database kept the intent is unknown; that it is not sent is certain, and the journal says so.
            self._journal.outcome(wanted, "not sent")
            raise
        if intent is None:
            return None
        try:
            self._journal.intend(intent)
        except HavenError as problem:
            self._journal.outcome(intent, "not sent")
            self._keeping.later(replace(intent, sent=Sent.NO), problem, held)
            return None
        if self._monotonic() >= held.until:
            self._journal.outcome(intent, "not sent")
            late = NotNow("This worker was held up past its lease.")
            self._keeping.later(replace(intent, sent=Sent.NO), late, held)
            return None
        return intent

    def _send(self, environment: Environment, intent: Operation, procedure: Procedure[Any], held: Held) -> None:
        try:
            receipt = procedure.act(environment, intent)
        except OutcomeUnknown as lost:
            self._journal.outcome(intent, "unknown")
            because = f"{lost.message} It is not sent again, only watched."
            self._keeping.save(replace(intent, because=because), held, "lost", because, "unknown")
        except NotNow as later:
            self._journal.outcome(intent, "not sent")
            self._keeping.later(replace(intent, sent=Sent.NO), later, held)
        except (Refused, Misconfigured) as refused:
            self._journal.outcome(intent, "refused")
            why = f"AWS refused it, and did nothing: {refused.message}"
            self._keeping.move(replace(intent, sent=Sent.NO), State.FAILED, held, why)
        else:
            accepted = replace(intent, sent=Sent.YES, receipt=receipt.request_id)
            self._journal.outcome(accepted, "sent")
            self._keeping.save(accepted, held, "sent", f"AWS accepted the request {receipt.request_id}.", "sent")
