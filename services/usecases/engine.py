"""Moves operations forward, by at most one AWS write a time. Any number of workers may run it side by side.

Each advance holds the operation's lease, and every save carries its fencing token and the version that was read: a
worker that stalled past its lease can do nothing on waking.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.domain.environment import Environment
from services.domain.errors import Conflict, HavenError
from services.domain.operation import Act, Finish, Operation, Sent, State, decide, observe
from services.domain.pause import Pause, holding
from services.ports import Clock, Journal, Lease, Leases, UnitOfWork
from services.usecases.keeping import Held, Keeping, held_by
from services.usecases.procedure import Closing, Procedure
from services.usecases.reconciling import reconciled, unaccounted
from services.usecases.sending import AGAIN, WATCHED, Sending

RECENT = 10
"""Among so many of the newest operations of a kind one is looked for that a person ended as done."""
UNCERTAIN = f"Nobody knows whether AWS has the request. {WATCHED}"
UNCERTAIN_AGAIN = f"Nobody knows whether AWS has the request. {AGAIN}"


class Engine:
    """`procedures` by kind. `holder` names this process for ever; a lease lasts `lease_for`; `monotonic` is this
    process's own watch in seconds, which goes on while the process is stopped."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        leases: Leases,
        journal: Journal,
        procedures: Mapping[str, Procedure[Any]],
        *,
        holder: str,
        lease_for: timedelta,
        monotonic: Callable[[], float],
    ) -> None:
        self._unit, self._clock, self._leases, self._journal = unit, clock, leases, journal
        self._procedures, self._holder, self._lease_for, self._monotonic = procedures, holder, lease_for, monotonic
        self._keeping = Keeping(unit, clock)
        self._sending = Sending(self._keeping, clock, journal, self._hold, monotonic)

    def due(self) -> Sequence[Operation]:
        """The operations that may have something to do: those under way, and those that a person ended as done while
        something was still to be written down. Raises NotNow while the database is away."""
        with self._unit(readonly=True) as store:
            live = [each for each in store.operations.live() if each.state is not State.STUCK]
            ended = [
                each
                for kind, procedure in self._procedures.items()
                if isinstance(procedure, Closing)
                for each in store.operations.list(kind=kind, limit=RECENT)
                if procedure.left(each)
            ]
            return [*live, *ended]

    def recover(self) -> int:
        """Take up operations that only the journal knows: the database was restored from before they began. They come
        back stuck, for a person to account for. How many."""
        with self._unit(readonly=True) as store:
            lost = [found for found in unaccounted(self._journal.entries()) if store.operations.get(found.id) is None]
        for operation in lost:
            with suppress(Conflict), self._unit() as store:
                store.operations.add(operation)
                self._keeping.tell(store, operation, "state", operation.because)
                self._keeping.enter(store, operation, f"recover {operation.kind}", "stuck")
        return len(lost)

    def advance(self, id: str) -> None:
        """One operation, one move. Does nothing while another worker has it, or when it moved on meanwhile. Raises
        HavenError when Haven's own database is away; what AWS says is dealt with here."""
        held = self._hold(id)
        if held is None:
            return
        try:
            with suppress(Conflict):  # moved on meanwhile: the next look starts from there
                self._advance(id, held)
        finally:
            with suppress(HavenError):  # it runs out by itself
                self._leases.release(Lease(_lease(id), self._holder, held.token))

    def _advance(self, id: str, held: Held) -> None:
        now = self._clock.now()
        with self._unit(readonly=True) as store:
            operation = store.operations.get(id)
            environment = store.environments.get(operation.environment) if operation else None
            pauses = store.pauses.current(now)
        if operation is not None and operation.state is State.SUCCEEDED:
            self._close(operation, held)
        if operation is None or environment is None or not operation.live or operation.state is State.STUCK:
            return
        operation = self._reconcile(operation, held)
        if operation.state is State.RUNNING:
            self._carry_on(environment, operation, held)
        else:
            self._begin(operation, holding(pauses, operation.environment, now), held, now)

    def _begin(self, operation: Operation, paused: Pause | None, held: Held, now: datetime) -> None:
        waits = operation.state is State.AWAITING_APPROVAL
        limit = operation.approve_before if waits else operation.begin_before
        if limit is not None and now > limit:
            self._keeping.move(operation, State.EXPIRED, held)
        elif not waits and paused and self._changes(operation):
            self._keeping.explain(operation, held_by(paused), held, "paused")
        elif not waits:
            self._keeping.move(replace(operation, started_at=now), State.RUNNING, held)

    def _changes(self, operation: Operation) -> bool:
        """Whether it may change what runs. A pause holds only that: looking goes on."""
        steps = self._procedures[operation.kind].steps(operation)
        return any(step.acts and not step.harmless for step in steps)

    def _close(self, operation: Operation, held: Held) -> None:
        """Write down what a person's word left unwritten, and that it is written."""
        procedure = self._procedures.get(operation.kind)
        if not isinstance(procedure, Closing):
            return
        step = procedure.left(operation)
        if not step or not procedure.close(operation):
            return
        sentences = {each.name: each.sentence for each in procedure.steps(operation)}
        closed = replace(operation, seen=(*operation.seen, (step, self._clock.now())))
        self._keeping.observed(operation, closed, held, sentences)

    def _carry_on(self, environment: Environment, operation: Operation, held: Held) -> None:
        procedure = self._procedures[operation.kind]
        try:
            look = procedure.look(environment, operation)
        except HavenError as blind:
            self._blind(operation, procedure, blind, held)
            return
        now, steps = self._clock.now(), procedure.steps(operation)
        observed = observe(operation.noted(**look.notes), steps, look.facts, now)
        if observed != operation:
            sentences = {step.name: step.sentence for step in steps}
            operation = self._keeping.observed(operation, observed, held, sentences)
        match decide(operation, steps, look.facts, now):
            case Act():
                self._sending.act(environment, operation, procedure, look.facts, held)
            case Finish(state, because):
                self._keeping.move(operation, state, held, because)
            case _ if operation.sent is not Sent.NO:
                again = any(step.repeatable for step in steps if step.name == operation.step)
                unsure = UNCERTAIN_AGAIN if again else UNCERTAIN
                self._keeping.explain(operation, "" if operation.sent is Sent.YES else unsure, held)

    def _blind(self, operation: Operation, procedure: Procedure[Any], blind: HavenError, held: Held) -> None:
        """AWS cannot be looked at. Nothing is decided on what is not known, but time goes on."""
        now = self._clock.now()
        step = next((s for s in procedure.steps(operation) if s.name == operation.step), None)
        since = operation.step_since or now
        if operation.irreversible and step and now - since > step.give_up_after:
            why = f"AWS could not be looked at: {blind.message} {step.otherwise}".strip()
            self._keeping.move(operation, State.STUCK, held, why)
        elif not operation.irreversible and now > operation.begin_before:
            why = f"It could not begin in time; nothing was sent. {blind.message}"
            self._keeping.move(operation, State.FAILED, held, why)
        else:
            self._keeping.explain(operation, f"Cannot see what is true just now: {blind.message}", held, "trouble")

    def _reconcile(self, operation: Operation, held: Held) -> Operation:
        """Fill in what the journal knows better: an answer that could not be saved, or an intent that a restored
        database has forgotten."""
        better = reconciled(operation, self._journal.entries(), self._clock.now())
        if better == operation:
            return operation
        what = {Sent.YES: "the request was accepted", Sent.NO: "the request was not sent"}
        said = what.get(better.sent, "a request may have been sent")
        return self._keeping.save(better, held, "reconciled", f"The journal knows more than the database: {said}.")

    def _hold(self, id: str) -> Held | None:
        began = self._monotonic()
        lease = self._leases.acquire(_lease(id), self._holder, self._lease_for)
        return Held(lease.token, began + self._lease_for.total_seconds()) if lease else None


def _lease(id: str) -> str:
    return f"operation:{id}"
