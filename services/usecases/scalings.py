"""The scaling desk: what scales a service and why it did or did not, what a change would do, and asking for one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.check import Answer, blocking
from services.domain.errors import Conflict, Invalid, Unsafe
from services.domain.operation import Operation, Target
from services.domain.scaling.acts import completed
from services.domain.scaling.change import ScalingChange, ScalingState, check_change, conflicts, difference, effects
from services.domain.scaling.commands import commands
from services.domain.scaling.difference import Row
from services.domain.scaling.edited import edited_live
from services.domain.scaling.series import Series
from services.domain.scaling.temporary import LIVE, Edit
from services.ports import Clock, Entry, Store, TrailEntry, UnitOfWork
from services.usecases.scaling_documents import change_text, state_text
from services.usecases.scaling_facts import Asked, checks_of, registered, seen, service_of
from services.usecases.scaling_records import KIND, back_of, cannot_revert, change_of, record, records, states
from services.usecases.scaling_shapes import (
    ChangeRecord,
    Mark,
    Measurements,
    NextRuns,
    ScalingPreview,
    ScalingRequest,
    ServiceScaling,
)
from services.usecases.scaling_telling import measurements, tasks, told
from services.usecases.scaling_wishes import check_wish, problems


class Scalings:
    """`stale_after`: facts older than this are not known. A request waits at most `begin_within` for a worker."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        stale_after: timedelta,
        begin_within: timedelta,
    ) -> None:
        self._unit, self._clock, self._new_id = unit, clock, new_id
        self._stale_after, self._begin_within = stale_after, begin_within

    def services(self, actor: Actor, environment: str) -> Sequence[ServiceScaling]:
        """Every service of an environment, by name. Raises NotFound; NotNow before it was first read."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        now = self._clock.now()
        with self._unit(readonly=True) as store:
            found, snapshot = seen(store, environment)
            by_name = sorted(snapshot.services, key=lambda service: service.name)
            return [told(store, found, snapshot, service, now) for service in by_name]

    def service(self, actor: Actor, environment: str, service: str) -> ServiceScaling:
        """One service. Raises NotFound; NotNow before the environment was first read."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            found, snapshot = seen(store, environment)
            return told(store, found, snapshot, service_of(snapshot, service), self._clock.now())

    def measurements(
        self, actor: Actor, environment: str, service: str, since: datetime, until: datetime
    ) -> Measurements:
        """Its metrics in a window of at most 455 days, in the finest step that keeps it under 1500 places and is kept
        that long. Raises Invalid, NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            _, snapshot = seen(store, environment)
            return measurements(store, snapshot, service_of(snapshot, service), since, until, self._clock.now())

    def tasks(
        self, actor: Actor, environment: str, since: datetime, until: datetime
    ) -> Mapping[str, Mapping[str, Series]]:
        """By service and name of `domain.scaling.measured`: what ran and what was desired, minute by minute, over at
        most a day. Raises Invalid, NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            _, snapshot = seen(store, environment)
            return tasks(store, snapshot, since, until)

    def preview(
        self, actor: Actor, environment: str, service: str, change: ScalingChange, opened: ScalingState | None = None
    ) -> ScalingPreview:
        """What the change would do and whether it is safe, judged on the newest snapshot and kept metrics. Any viewer
        may look. Raises NotFound (also of a service that nothing scales), NotNow; Invalid with fields for what AWS
        would refuse."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return self.preview_in(store, environment, service, change, opened)

    def request(self, actor: Actor, request: ScalingRequest, *, client: str = "") -> Operation:
        """Save the operation, a temporary edit if it has an end, and the ledger's entry in one transaction. Raises
        NotAllowed; Invalid with fields (`reason`, `ticket`, `override_reason`, ...); Unsafe naming the checks in the
        way; Conflict when somebody changed it meanwhile or something is already running on it. A refusal for safety is
        in the ledger too."""
        self.allowed(actor, request)
        try:
            with self._unit() as store:
                return self.ask_in(store, actor, request, client=client)
        except (Unsafe, Conflict) as refusal:
            with self._unit() as store:
                store.ledger.append(self._entry(actor, request, "denied", client, why=refusal.message[:2000]))
            raise

    def allowed(self, actor: Actor, request: ScalingRequest) -> None:
        """Raises NotAllowed, and Invalid for what was typed."""
        actor.require(Permission.CHANGE_SCALING)
        if request.overrides:
            actor.require(Permission.OVERRIDE_CHECKS)
        if found := problems(request):
            raise Invalid("Nothing was asked for yet: " + " ".join(found.values()), found)

    def ask_in(self, store: Store, actor: Actor, request: ScalingRequest, *, client: str = "") -> Operation:
        """As `request` within a transaction of the caller's, who has asked `allowed`; a refusal is not in the
        ledger."""
        preview = self.preview_in(store, request.environment, request.service, request.change, request.opened)
        _refuse(store, preview, request)
        operation = self._operation(actor, request, preview)
        store.operations.add(operation)
        if preview.change.until is not None:
            store.edits.add(_edit(operation, preview, preview.change.until))
        said = _asked(actor, operation)
        store.operations.record(TrailEntry(operation.id, operation.requested_at, actor.name, "asked", said))
        store.ledger.append(self._entry(actor, request, "done", client, **_detail(operation, preview)))
        return operation

    def preview_in(
        self, store: Store, environment: str, service: str, change: ScalingChange, opened: ScalingState | None = None
    ) -> ScalingPreview:
        """As `preview`, within a transaction of the caller's."""
        now = self._clock.now()
        found, snapshot = seen(store, environment)
        here = service_of(snapshot, service)
        state = registered(here)
        rows = conflicts(opened, state) if opened else ()
        base = opened if opened and rows else state
        change = check_wish(check_change(completed(change, base), base, now), base, now)
        asked = Asked(found, snapshot, here, state, here.desired, change, now, self._stale_after)
        differs, ends = difference(change, base), change.until is not None
        already = [_told_of(*each, ends=ends) for each in _edited_already(store, environment, service, differs)]
        checks = sorted(checks_of(store, asked), key=lambda check: _ORDER[check.answer])
        return ScalingPreview(
            found,
            here,
            state,
            change,
            differs,
            (*effects(change, base, here.desired), *already),
            checks,
            commands(change, base, found.region),
            rows,
            edited_live(snapshot, here),
            store.operations.on(environment, service),
            snapshot.taken_at,
        )

    def changes(self, actor: Actor, environment: str, service: str = "", limit: int = 50) -> Sequence[ChangeRecord]:
        """Changes asked for, newest first."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return records(store, environment, service, limit)

    def change(self, actor: Actor, id: str) -> ChangeRecord:
        """One change. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            operation = change_of(store, id)
            return record(operation, states(store, operation.environment))

    def reverting(self, actor: Actor, id: str) -> tuple[ScalingChange, ScalingState]:
        """The change that takes a change back, and the state it is made on: only the values that it changed. Raises
        NotFound; Conflict when there is nothing left to take back."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            operation = change_of(store, id)
            states_now = states(store, operation.environment)
            if why_not := cannot_revert(operation, states_now):
                raise Conflict(why_not)
            now = states_now(operation.target)
            return back_of(operation, now).change, now

    def _operation(self, actor: Actor, request: ScalingRequest, preview: ScalingPreview) -> Operation:
        now = self._clock.now()
        wanted = {
            "region": preview.environment.region,
            "change": change_text(preview.change),
            "opened": state_text(preview.now),
            "desired": str(preview.service.desired),
            "commands": "\n".join(preview.commands),
            "override_reason": request.override_reason.strip(),
            "reverts": request.reverts,
        }
        return Operation(
            id=self._new_id(),
            kind=KIND,
            environment=request.environment,
            target_kind=Target.SERVICE,
            target=request.service,
            requested_by=actor.name,
            requested_at=now,
            reason=request.reason.strip(),
            ticket=request.ticket.strip(),
            begin_before=now + self._begin_within,
            wanted=tuple((name, value) for name, value in wanted.items() if value),
            checks=tuple(preview.checks),
            overridden=tuple(sorted(set(request.overrides) & {check.key for check in preview.overridable})),
        )

    def _entry(self, actor: Actor, request: ScalingRequest, outcome: str, client: str, **detail: str) -> Entry:
        more = {"ticket": request.ticket.strip(), "reverts": request.reverts}
        told = {"target": request.service, **detail, **{name: value for name, value in more.items() if value}}
        at, reason = self._clock.now(), request.reason.strip()
        return Entry(at, actor.name, "request scaling", outcome, request.environment, reason, told, client[:256])


_ORDER = {Answer.FAIL: 0, Answer.UNKNOWN: 1, Answer.PASS: 2}


def _refuse(store: Store, preview: ScalingPreview, request: ScalingRequest) -> None:
    """Raise what stands in the way, the state of the world first."""
    service = preview.service.name
    if preview.live is not None:
        raise Conflict(f"{service} already has an operation that is not over: {preview.live.id}.")
    if preview.conflicts:
        said = "; ".join(_both(row) for row in preview.conflicts[:6])
        raise Conflict(f"{service} has changed since the form was opened, and nothing was written: {said}.")
    already = _edited_already(store, preview.environment.name, service, preview.rows)
    if preview.change.until is not None and already:
        raise Conflict(_told_of(*already[0], ends=True))
    if bad := blocking(preview.checks, request.overrides):
        said = " ".join(f"{check.title}: {check.fact}" for check in bad)
        raise Unsafe(f"Nothing was asked for. {said}")


def _edited_already(store: Store, environment: str, service: str, rows: Sequence[Row]) -> list[tuple[str, Edit]]:
    """What of these values a temporary edit holds already, by its label."""
    keys, live = {row.key for row in rows}, store.edits.list(environment=environment, service=service, states=LIVE)
    return [(row.label, edit) for edit in live for row in difference(edit.change, edit.before) if row.key in keys]


def _told_of(label: str, edit: Edit, *, ends: bool) -> str:
    held = f"{label} is edited until {edit.until:%Y-%m-%d %H:%M} UTC already, by {edit.by}"
    # Two temporary edits of one value would each take back to what the other left.
    return f"{held}: extend, end or keep that edit first." if ends else f"{held}; what you set here stays beyond that."


def _both(row: Row) -> str:
    return f"{row.label} was {row.before} and is {row.after}"


def _edit(operation: Operation, preview: ScalingPreview, until: datetime) -> Edit:
    return Edit(
        id=operation.id,
        environment=operation.environment,
        service=operation.target,
        by=operation.requested_by,
        reason=operation.reason,
        at=operation.requested_at,
        until=until,
        before=preview.now,
        change=preview.change,
    )


def _asked(actor: Actor, operation: Operation) -> str:
    ticket = f" ({operation.ticket})" if operation.ticket else ""
    let_pass = f" Let pass: {', '.join(operation.overridden)}." if operation.overridden else ""
    return f"{actor.name} asked for it: {operation.reason}{ticket}.{let_pass}".replace("..", ".")


def _detail(operation: Operation, preview: ScalingPreview) -> dict[str, str]:
    rows = "; ".join(f"{row.label}: {row.before} → {row.after}" for row in preview.rows)
    if preview.change.desired_once is not None:
        rows = "; ".join(part for part in (rows, f"Desired count once: {preview.change.desired_once}") if part)
    detail = {"operation": operation.id, "change": rows[:4000]}
    if preview.change.until is not None:
        detail["until"] = preview.change.until.isoformat(timespec="seconds")
    if operation.overridden:
        detail |= {"overridden": " ".join(operation.overridden)[:2000]}
        detail |= {"override_reason": operation.wants("override_reason")}
    return {name: value for name, value in detail.items() if value}


__all__ = [
    "KIND", "ChangeRecord", "Mark", "Measurements", "NextRuns", "ScalingPreview",
    "ScalingRequest", "Scalings", "ServiceScaling",
]  # fmt: skip
