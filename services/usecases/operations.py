"""Operations as people see and steer them: reading, approving, cancelling, resolving."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.domain.access import Actor, Permission
from services.domain.errors import Conflict, NotAllowed, NotFound, NotNow
from services.domain.event import CloudEvent
from services.domain.operation import Operation, State, Step
from services.domain.snapshot import Snapshot
from services.ports import Clock, Entry, Store, TrailEntry, UnitOfWork
from services.usecases.words import checked_reason

RIGHTS = {
    "failover": Permission.RUN_FAILOVERS,
    "scaling": Permission.CHANGE_SCALING,
    "carry": Permission.DEPLOY,
    "plan": Permission.DEPLOY,
    "deploy": Permission.DEPLOY,
    "recover": Permission.DEPLOY,
    "drift": Permission.LOOK_FOR_DRIFT,
    "access check": Permission.MANAGE_ENVIRONMENTS,
}
"""Which right each kind of operation takes, to ask for it, approve it, cancel it and resolve it."""
REMEMBERED = 100
EVENTS_BEFORE, EVENTS_AFTER = timedelta(minutes=2), timedelta(minutes=45)


@dataclass(frozen=True)
class StepView:
    """A step as the live page shows it. `state` is `done`, `missed`, `now`, `next` or `not done`; `acts` marks the one
    after which nothing can be taken back; `since` is when it became current, `at` when it was seen; `give_up_at` how
    long at most it is waited for. `harmless`: asking for it changes nothing that runs, and a pause does not hold it."""

    name: str
    sentence: str
    state: str
    acts: bool
    until: str
    otherwise: str
    since: datetime | None
    at: datetime | None
    give_up_at: datetime | None
    harmless: bool = False


@dataclass(frozen=True)
class OperationView:
    """All that the live page shows. `events` are AWS's since it was asked for, newest first; `snapshot` is the newest
    of the environment; `from_memory` says that Haven's own database is away and this is what was seen last."""

    operation: Operation
    trail: Sequence[TrailEntry]
    steps: Sequence[StepView]
    events: Sequence[CloudEvent]
    snapshot: Snapshot | None
    from_memory: bool = False


class Operations:
    """The desk for operations. Whoever may see environments may read; whoever may ask for a kind may cancel and resolve
    it; approving takes the same right and another person than the requester. `steps` gives a kind's steps;
    `begin_within` is how long an approved operation may wait for a worker. `voids` says, by kind, why an approval would
    be for something that is no longer so, empty when it would not; it may read AWS."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        steps: Callable[[Operation], Sequence[Step[Any]]],
        *,
        begin_within: timedelta = timedelta(minutes=30),
        voids: Mapping[str, Callable[[Operation], str]] | None = None,
    ) -> None:
        self._unit, self._clock, self._steps, self._begin_within = unit, clock, steps, begin_within
        self._voids = voids or {}
        self._memory: OrderedDict[str, OperationView] = OrderedDict()
        self._live: Sequence[Operation] = ()
        self._lock = threading.Lock()

    def view(self, actor: Actor, id: str) -> OperationView:
        """One operation with everything around it. Raises NotFound; NotNow when the database is away and this process
        has not seen it yet."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        try:
            with self._unit(readonly=True) as store:
                found = self._view(store, id)
        except NotNow:
            with self._lock:
                known = self._memory.get(id)
            if known is None:
                raise
            return replace(known, from_memory=True)
        if found is None:
            raise NotFound(f"There is no operation {id[:40]}.")
        self._keep([found])
        return found

    def recent(
        self, actor: Actor, *, environment: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> Sequence[Operation]:
        """Newest first."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return store.operations.list(environment=environment, before=before, limit=min(limit, 500))

    def live(self, actor: Actor, environment: str | None = None) -> Sequence[Operation]:
        """Those that are not over, oldest first; while the database is away, those that were not when last seen."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        try:
            with self._unit(readonly=True) as store:
                found = store.operations.live()
        except NotNow:
            with self._lock:
                found = self._live
        else:
            with self._lock:
                self._live = found
        return [each for each in found if environment in (None, each.environment)]

    def remember(self) -> None:
        """Look at what is live, so that its pages can be shown while the database is away."""
        with self._unit(readonly=True) as store:
            live = store.operations.live()
            views = [view for each in live if (view := self._view(store, each.id))]
        self._keep(views)
        with self._lock:
            self._live = live

    def approve(self, actor: Actor, id: str, version: int, *, client: str = "") -> Operation:
        """Approve what was seen at `version`. Raises NotAllowed for the requester, Conflict when it has changed since
        or is no longer waiting. What is no longer as it was asked for is withdrawn instead, with a Conflict."""
        self._still_so(actor, id, version, client)
        with self._unit() as store:
            operation, now = self._mine(store, actor, id), self._clock.now()
            if operation.state is not State.AWAITING_APPROVAL:
                raise Conflict(f"It no longer waits for approval: it is {operation.state}.")
            if actor.name == operation.requested_by:
                raise NotAllowed("You asked for it; somebody else has to approve it.")
            if operation.version != version:
                raise Conflict("It has changed since you looked. Look again, and approve what you then see.")
            if operation.approve_before is not None and now > operation.approve_before:
                raise Conflict("The time for approving it is over.")
            approved = replace(
                operation, approved_by=actor.name, approved_at=now, begin_before=now + self._begin_within
            )
            said = f"{actor.name} approved it."
            return self._change(store, actor, approved.move(State.REQUESTED, now, said), "approve", said, client)

    def _still_so(self, actor: Actor, id: str, version: int, client: str) -> None:
        """Withdraw a request under which something has changed. Looked at outside every transaction, for it may take
        AWS's time."""
        with self._unit(readonly=True) as store:
            operation = self._mine(store, actor, id)
        void = self._voids.get(operation.kind)
        waits = operation.state is State.AWAITING_APPROVAL and operation.version == version
        if void is None or not waits or actor.name == operation.requested_by or not (why := void(operation)):
            return
        said = f"It can no longer be approved: {why}"
        with self._unit() as store:
            moved = operation.move(State.CANCELLED, self._clock.now(), said)
            self._change(store, actor, moved, "void", said, client)
        raise Conflict(f"{said} Plan it anew.")

    def decline(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        """Turn down a request that waits for approval."""
        reason = checked_reason(reason)
        with self._unit() as store:
            operation = self._mine(store, actor, id)
            if operation.state is not State.AWAITING_APPROVAL:
                raise Conflict(f"It no longer waits for approval: it is {operation.state}.")
            said = f"{actor.name} declined it: {reason}"
            moved = operation.move(State.CANCELLED, self._clock.now(), said)
            return self._change(store, actor, moved, "decline", said, client, reason)

    def cancel(self, actor: Actor, id: str, *, client: str = "") -> Operation:
        """Withdraw it; Conflict, saying since when, once something irreversible may have been sent."""
        with self._unit() as store:
            operation = self._mine(store, actor, id)
            if not operation.live:
                raise Conflict(f"It is over already: {operation.state}.")
            if operation.irreversible:
                since = f" since {operation.sent_at:%H:%M:%S} UTC" if operation.sent_at else ""
                raise Conflict(f"It can no longer be cancelled{since}: what was sent to AWS cannot be taken back.")
            if operation.state is State.STUCK:
                raise Conflict("It is stuck and waits for a person: resolve it instead.")
            said = f"{actor.name} cancelled it; nothing was sent."
            moved = operation.move(State.CANCELLED, self._clock.now(), said)
            return self._change(store, actor, moved, "cancel", said, client)

    def resume(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        """Have a stuck one watched on. What may have been sent is never sent again."""
        return self._resolve(actor, id, State.RUNNING, "resume", "had it watched on", reason, client)

    def mark_done(self, actor: Actor, id: str, evidence: str, *, client: str = "") -> Operation:
        """End a stuck one as succeeded, with what the person saw."""
        return self._resolve(actor, id, State.SUCCEEDED, "mark as done", "marked it as done", evidence, client)

    def give_up(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        """End a stuck one as failed."""
        return self._resolve(actor, id, State.FAILED, "give up", "gave it up", reason, client)

    def _resolve(self, actor: Actor, id: str, state: State, act: str, did: str, reason: str, client: str) -> Operation:
        reason = checked_reason(reason)
        with self._unit() as store:
            operation, now = self._mine(store, actor, id), self._clock.now()
            if operation.state is not State.STUCK:
                raise Conflict(f"Only a stuck operation is resolved by hand; this one is {operation.state}.")
            said = f"{actor.name} {did}: {reason}"
            moved = replace(operation.move(state, now, said), step_since=now)
            return self._change(store, actor, moved, act, said, client, reason)

    def _mine(self, store: Store, actor: Actor, id: str) -> Operation:
        operation = store.operations.get(id)
        if operation is None:
            raise NotFound(f"There is no operation {id[:40]}.")
        actor.require(RIGHTS[operation.kind])
        return operation

    def _change(
        self, store: Store, actor: Actor, changed: Operation, act: str, said: str, client: str, reason: str = ""
    ) -> Operation:
        now = self._clock.now()
        saved = store.operations.save(changed)
        store.operations.record(TrailEntry(saved.id, now, actor.name, act, said))
        detail = {"operation": saved.id, "target": saved.target, "state": saved.state.value}
        action = f"{act} {saved.kind}"
        store.ledger.append(Entry(now, actor.name, action, "done", saved.environment, reason, detail, client[:256]))
        return saved

    def _view(self, store: Store, id: str) -> OperationView | None:
        operation = store.operations.get(id)
        if operation is None:
            return None
        since = operation.requested_at - EVENTS_BEFORE
        until = (operation.finished_at or self._clock.now()) + EVENTS_AFTER
        events = store.events.between(operation.environment, since, until, limit=200)
        return OperationView(
            operation,
            store.operations.trail(id),
            step_views(operation, self._steps(operation)),
            tuple(reversed(events)),
            store.snapshots.newest(operation.environment),
        )

    def _keep(self, views: Sequence[OperationView]) -> None:
        with self._lock:
            for view in views:
                self._memory[view.operation.id] = view
                self._memory.move_to_end(view.operation.id)
            while len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)


def step_views(operation: Operation, steps: Sequence[Step[Any]]) -> tuple[StepView, ...]:
    """The steps with how far each has come."""
    return tuple(_step_view(operation, step) for step in steps)


def _step_view(operation: Operation, step: Step[Any]) -> StepView:
    at, current = operation.seen_at(step.name), operation.step == step.name
    since = operation.step_since if current else None
    if at is not None:
        state = "done"
    elif step.name in operation.missed:
        state = "missed"
    elif not operation.live:
        state = "not done"
    else:
        state = "now" if current else "next"
    give_up_at = since + step.give_up_after if since and state == "now" else None
    return StepView(
        step.name, step.sentence, state, step.acts, step.until, step.otherwise, since, at, give_up_at, step.harmless
    )
