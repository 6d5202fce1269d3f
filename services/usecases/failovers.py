"""Asking for a failover: what can be failed over, what it would do, whether it is safe, and the request itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.budget import Budget
from services.domain.check import Answer, Check, blocking
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, Invalid, NotFound, NotNow, Unsafe
from services.domain.failover.checks import checks
from services.domain.failover.plan import Plan
from services.domain.failover.planning import plan
from services.domain.failover.target import Candidate, FailoverTarget
from services.domain.failover.targets import destination, targets
from services.domain.operation import Operation, State, Target
from services.domain.snapshot import Snapshot
from services.ports import Clock, Entry, Store, TrailEntry, UnitOfWork
from services.usecases.situation import budget, past, situation
from services.usecases.words import reason_problem, ticket_problem

KIND = "failover"


@dataclass(frozen=True)
class Preview:
    """What the person sees before asking. `to` is where it goes (AWS's only choice, or the chosen one), None when there
    is nowhere. `checks` are in order, those not passed first. `live` is an operation on the target already."""

    environment: Environment
    target: FailoverTarget
    to: Candidate | None
    plan: Plan
    budget: Budget
    checks: Sequence[Check]
    needs_approval: bool
    read_at: datetime
    live: Operation | None

    @property
    def blocked(self) -> Sequence[Check]:
        """Checks that no override lets pass."""
        return [check for check in self.overdue if not check.overridable]

    @property
    def overridable(self) -> Sequence[Check]:
        """Checks that are not passed and that an admin may let pass, with a reason."""
        return [check for check in self.overdue if check.overridable]

    @property
    def overdue(self) -> Sequence[Check]:
        """Checks that are not passed."""
        return [check for check in self.checks if check.answer is not Answer.PASS]


@dataclass(frozen=True)
class FailoverRequest:
    """A person's request. `expected_zone` and `expected_primary` are what the person saw; `typed_name` must be the
    target's name; `node_group` the shard of a cache, empty for the first; `overrides` the keys of failed checks to let
    pass, `override_reason` why."""

    environment: str
    kind: Target
    target: str
    expected_zone: str
    expected_primary: str
    typed_name: str
    reason: str
    to_member: str = ""
    node_group: str = ""
    ticket: str = ""
    overrides: tuple[str, ...] = ()
    override_reason: str = ""


class Failovers:
    """The desk where failovers are asked for. Facts older than `stale_after` are not known; two failovers of a target
    are `apart`; a request waits at most `approval_for` for its second person and `begin_within` for a worker."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        stale_after: timedelta,
        apart: timedelta,
        approval_for: timedelta,
        begin_within: timedelta,
    ) -> None:
        self._unit, self._clock, self._new_id = unit, clock, new_id
        self._stale_after, self._apart = stale_after, apart
        self._approval_for, self._begin_within = approval_for, begin_within

    def targets(self, actor: Actor, environment: str) -> Sequence[FailoverTarget]:
        """Every database and cache of an environment, also those that cannot be failed over (they say why)."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            _, snapshot = _seen(store, environment)
        return targets(snapshot)

    def preview(
        self, actor: Actor, environment: str, kind: Target, name: str, to_member: str = "", node_group: str = ""
    ) -> Preview:
        """What it would do and whether it is safe, judged on the newest snapshot. Any viewer may look. Raises NotFound;
        NotNow before the environment was first read."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return self._preview(store, environment, kind, name, to_member, node_group)

    def request(self, actor: Actor, request: FailoverRequest, *, client: str = "") -> Operation:
        """Save the operation and its ledger entry in one transaction. Raises NotAllowed; Invalid with fields
        (`typed_name`, `reason`, `ticket`, `override_reason`); Unsafe naming the checks in the way; Conflict when the
        primary is not where the person saw it, or something is already running on the target. A refusal for safety is
        in the ledger too."""
        actor.require(Permission.RUN_FAILOVERS)
        if request.overrides:
            actor.require(Permission.OVERRIDE_CHECKS)
        if found := problems(request):
            raise Invalid("Nothing was asked for yet: " + " ".join(found.values()), found)
        try:
            with self._unit() as store:
                what = (request.kind, request.target, request.to_member, request.node_group)
                preview = self._preview(store, request.environment, *what)
                _refuse(preview, request)
                operation = self._operation(actor, request, preview)
                store.operations.add(operation)
                said = _asked(actor, operation)
                store.operations.record(TrailEntry(operation.id, operation.requested_at, actor.name, "asked", said))
                store.ledger.append(self._entry(actor, request, "done", client, **_detail(operation)))
                return operation
        except (Unsafe, Conflict) as refusal:
            with self._unit() as store:
                store.ledger.append(self._entry(actor, request, "denied", client, why=refusal.message[:2000]))
            raise

    def _preview(
        self, store: Store, name: str, kind: Target, target_name: str, to_member: str, node_group: str
    ) -> Preview:
        now = self._clock.now()
        environment, snapshot = _seen(store, name)
        named = [each for each in targets(snapshot) if (each.kind, each.name) == (kind, target_name)]
        target = next((each for each in named if node_group in ("", each.node_group)), None)
        if target is None:
            shard = f" with a shard {node_group[:64]}" if named else ""
            raise NotFound(f"{name} has no {kind.value.replace('-', ' ')} called {target_name[:64]}{shard}.")
        to = destination(target, to_member)
        if to_member and to is None:
            raise NotFound(f"{target_name} cannot be failed over to {to_member[:64]}.")
        asked = situation(
            store, environment, snapshot, target, to, now, stale_after=self._stale_after, apart=self._apart
        )
        answers = sorted(checks(asked), key=lambda check: _ORDER[check.answer])
        return Preview(
            environment,
            target,
            to,
            plan(environment, snapshot, target, to, past(store, name)),
            budget(store, environment, now),
            answers,
            environment.protected,
            snapshot.taken_at,
            store.operations.on(name, target_name),
        )

    def _operation(self, actor: Actor, request: FailoverRequest, preview: Preview) -> Operation:
        now, expected = self._clock.now(), preview.plan.expectation
        to = preview.to
        wanted = {
            "region": preview.environment.region,
            "expected_zone": request.expected_zone,
            "expected_primary": request.expected_primary,
            # As the CLI lines of the preview say it: where AWS lets one choose, Haven names where it goes.
            "to_member": to.member if to and preview.target.chooses else "",
            "to_zone": (to.zone or "") if to else "",
            "node_group": preview.target.node_group,
            "expected_seconds": f"{expected.usual:g}",
            "expected_low": f"{expected.low:g}",
            "expected_high": f"{expected.high:g}",
            "expected_source": expected.source,
            "budget_seconds": f"{preview.budget.total:g}",
            "budget_left": f"{preview.budget.left:g}",
            "commands": "\n".join(preview.plan.commands),
            "override_reason": request.override_reason.strip(),
        }
        waits = preview.needs_approval
        return Operation(
            id=self._new_id(),
            kind=KIND,
            environment=request.environment,
            target_kind=request.kind,
            target=request.target,
            requested_by=actor.name,
            requested_at=now,
            reason=request.reason.strip(),
            ticket=request.ticket.strip(),
            begin_before=now + self._begin_within + (self._approval_for if waits else timedelta()),
            state=State.AWAITING_APPROVAL if waits else State.REQUESTED,
            wanted=tuple((name, value) for name, value in wanted.items() if value),
            checks=tuple(preview.checks),
            overridden=tuple(sorted(set(request.overrides) & {check.key for check in preview.overridable})),
            approve_before=now + self._approval_for if waits else None,
        )

    def _entry(self, actor: Actor, request: FailoverRequest, outcome: str, client: str, **detail: str) -> Entry:
        told = {"target": request.target, "kind": request.kind.value, **detail}
        told |= {"ticket": request.ticket.strip()} if request.ticket.strip() else {}
        at, reason = self._clock.now(), request.reason.strip()
        return Entry(at, actor.name, "request failover", outcome, request.environment, reason, told, client[:256])


_ORDER = {Answer.FAIL: 0, Answer.UNKNOWN: 1, Answer.PASS: 2}


def problems(request: FailoverRequest) -> dict[str, str]:
    """What is wrong with what was typed, by field; empty when nothing is."""
    found: dict[str, str] = {}
    if request.typed_name.strip() != request.target:
        found["typed_name"] = f"Type the target's name, {request.target}, to confirm."
    if problem := reason_problem(request.reason):
        found["reason"] = problem
    if problem := ticket_problem(request.ticket):
        found["ticket"] = problem
    if request.overrides and (problem := reason_problem(request.override_reason)):
        found["override_reason"] = problem
    return found


def _refuse(preview: Preview, request: FailoverRequest) -> None:
    """Raise what stands in the way, the state of the world first."""
    target = preview.target
    if preview.live is not None:
        raise Conflict(f"{target.name} already has an operation that is not over: {preview.live.id}.")
    seen = (request.expected_zone or None, request.expected_primary)
    if (target.zone, target.primary) != seen:
        now_at = f"{target.primary} in {target.zone or 'an unknown zone'}"
        raise Conflict(f"The primary is {now_at} now, not in {request.expected_zone or 'the zone'} as you saw it.")
    if bad := blocking(preview.checks, request.overrides):
        said = " ".join(f"{check.title}: {check.fact}" for check in bad)
        raise Unsafe(f"Nothing was asked for. {said}")


def _seen(store: Store, name: str) -> tuple[Environment, Snapshot]:
    environment = store.environments.get(name) if NAME.fullmatch(name) else None
    if environment is None:
        raise NotFound(f"There is no environment {name[:32]}.")
    snapshot = store.snapshots.newest(name)
    if snapshot is None:
        raise NotNow(f"{name} has not been read from AWS yet.")
    return environment, snapshot


def _asked(actor: Actor, operation: Operation) -> str:
    ticket = f" ({operation.ticket})" if operation.ticket else ""
    let_pass = f" Let pass: {', '.join(operation.overridden)}." if operation.overridden else ""
    return f"{actor.name} asked for it: {operation.reason}{ticket}.{let_pass}".replace("..", ".")


def _detail(operation: Operation) -> dict[str, str]:
    detail = {"operation": operation.id, "expected_zone": operation.wants("expected_zone")}
    if operation.overridden:
        detail |= {"overridden": " ".join(operation.overridden), "override_reason": operation.wants("override_reason")}
    return {name: value for name, value in detail.items() if value}
