"""The deployment desk: planning, reviewing, asking for a deployment, and reading what was deployed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.check import Answer, blocking
from services.domain.deployment.plan import Plan, PlanState
from services.domain.deployment.risk import to_confirm
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, Invalid, NotFound, NotNow, Unsafe
from services.domain.operation import Operation
from services.domain.snapshot import Snapshot
from services.ports import Catalogue, Clock, Entry, StackReader, Store, UnitOfWork
from services.usecases.carrying import Carrying
from services.usecases.deployment_checks import approved, checks, gathered
from services.usecases.deployment_forms import form_of
from services.usecases.deployment_history import again, in_force, progressing, records
from services.usecases.deployment_plans import Composing, named, older
from services.usecases.deployment_requests import deployment, planning, problems, save
from services.usecases.deployment_reviews import asked_of, expected, reviewed, settled, written_expected
from services.usecases.deployment_shapes import (
    DeploymentForm,
    DeploymentRecord,
    DeployRequest,
    PlanRequest,
    Progressing,
    RecoverRequest,
    Reviewed,
)
from services.usecases.plan_discarding import discard
from services.usecases.recoveries import Recoveries

__all__ = ["Deployments"]
NOT_OVER = (PlanState.PREPARING, PlanState.READY, PlanState.ASKED)


class Deployments:
    """`stale_after`: facts older than this are not known. A request waits
    `approval_for` for a second person and at most `begin_within` for a worker."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        reader: StackReader,
        catalogue: Catalogue,
        carrying: Carrying,
        new_id: Callable[[], str],
        *,
        stale_after: timedelta,
        approval_for: timedelta,
        begin_within: timedelta,
    ) -> None:
        self._unit, self._clock, self._reader = unit, clock, reader
        self._catalogue, self._new_id = catalogue, new_id
        self._composing = Composing(catalogue, carrying)
        self._recoveries = Recoveries(unit, clock, reader, new_id, begin_within=begin_within)
        self._stale_after, self._approval_for, self._begin_within = stale_after, approval_for, begin_within

    def form(self, actor: Actor, environment: str, blueprint: str = "") -> DeploymentForm:
        """The form, filled in with what is deployed as of the newest snapshot. Raises NotFound, Invalid."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            known = _environment(store, environment)
            snapshot = store.snapshots.newest(environment)
            plans = store.plans.list(environment=environment, limit=20)
        return form_of(self._catalogue, known, snapshot, plans, blueprint)

    def plan(self, actor: Actor, request: PlanRequest, *, client: str = "") -> Operation:
        """Save a plan to be worked out by a worker, with its operation and the ledger's entry. Raises NotAllowed;
        Invalid with `<stack>.<parameter>` as fields; Conflict when an operation holds the environment."""
        actor.require(Permission.DEPLOY)
        with self._unit(readonly=True) as store:
            environment, snapshot = self._read(store, request.environment)
            texts = older(store, request)
        stacks = self._composing.stacks(actor, environment, snapshot, texts, request)
        now, what = self._clock.now(), named(environment, request, stacks)
        plan_id, operation_id = self._new_id(), self._new_id()
        blueprint = environment.blueprint if request.delete else request.blueprint or environment.blueprint
        plan = Plan(
            plan_id, environment.name, what, actor.name, now, blueprint, stacks=stacks, operation=operation_id,
            whole=request.whole_shape, follows=request.follows,
        )  # fmt: skip
        operation = planning(actor, plan, environment.region, operation_id, now, self._begin_within)
        detail = {"operation": operation_id, "plan": plan_id, "what": what}
        try:
            with self._unit() as store:
                if request.follows and store.plans.get(request.follows) is None:
                    raise NotFound(f"There is no plan {request.follows[:40]}.")
                for each in stacks:
                    if each.version and each.name not in texts:
                        store.templates.put(each.version, each.template, self._catalogue.body(each.template), now)
                store.plans.add(plan)
                save(
                    store,
                    actor,
                    operation,
                    self._entry(actor, "plan", "done", environment.name, what, client, detail),
                )
        except Conflict as refusal:
            self._deny(actor, "plan", environment.name, what, client, refusal, {"what": what})
            raise
        return operation

    def review(self, actor: Actor, plan: str) -> Reviewed:
        """A plan with its risks, price and checks. Any viewer may look. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return self._reviewed(store, _plan(store, plan))

    def request(self, actor: Actor, request: DeployRequest, *, client: str = "") -> Operation:
        """Ask for the deployment; in a protected environment it waits for a second person. Raises NotAllowed; Invalid
        (`reason`, `ticket`, `confirm`); Unsafe naming the checks in the way; Conflict when the plan is not the one that
        was seen, or not ready. A refusal for safety is in the ledger too."""
        actor.require(Permission.DEPLOY)
        if request.overrides:
            actor.require(Permission.OVERRIDE_CHECKS)
        now = self._clock.now()
        with self._unit(readonly=True) as store:
            stored = _plan(store, request.plan)
            environment = _environment(store, stored.environment)
            plan = settled(stored, store.operations.get(stored.operation))
            asked = asked_of(store, environment, plan, now, self._stale_after)
            took = written_expected(expected(store, environment.name, plan))
        if found := problems(request, to_confirm(asked.risks)):
            raise Invalid("Nothing was asked for yet: " + " ".join(found.values()), found)
        detail = {"plan": plan.id, "what": plan.what, "fingerprint": request.fingerprint}
        detail |= {"ticket": request.ticket.strip()} if request.ticket.strip() else {}
        try:
            if plan.fingerprint != request.fingerprint:
                raise Conflict("The plan is not the one that you saw. Look again, and ask for what you then see.")
            if plan.state is not PlanState.READY:
                raise Conflict(f"The plan is not ready to be deployed: it is {plan.state}. {plan.because}".strip())
            asked = gathered(asked, self._reader)
            made = tuple(checks(asked))
            if bad := blocking(made, request.overrides):
                said = " ".join(f"{check.title}: {check.fact}" for check in bad)
                raise Unsafe(f"Nothing was asked for. {said}")
            operation = deployment(
                actor, environment, plan, request, asked.stacks or {}, made, self._new_id(), now,
                approval_for=self._approval_for, begin_within=self._begin_within, expected=took,
            )  # fmt: skip
            if operation.overridden:
                detail |= {"overridden": " ".join(operation.overridden)}
                detail |= {"override_reason": request.override_reason.strip()}
            with self._unit() as store:
                store.plans.save(replace(plan, state=PlanState.ASKED, operation=operation.id, because=""))
                detail |= {"operation": operation.id, "confirmed": ", ".join(request.confirmed)[:2000]}
                reason = operation.reason
                entry = self._entry(actor, "deploy", "done", environment.name, reason, client, detail)
                save(store, actor, operation, entry)
        except (Unsafe, Conflict) as refusal:
            self._deny(actor, "deploy", environment.name, request.reason.strip(), client, refusal, detail)
            raise
        return operation

    def discard(self, actor: Actor, plan: str, *, client: str = "") -> Plan:
        """Put a plan aside that is ready, void or failed; a worker then deletes its change sets. Raises NotAllowed,
        NotFound; Conflict while an operation of it is live, and when it is over."""
        return discard(self._unit, self._clock, actor, plan, client=client)

    def void(self, operation: Operation) -> str:
        """Why an approval of a deployment would be for something that is no longer so; empty when it would not. Reads
        AWS: what cannot be seen is not approved. Raises HavenError."""
        with self._unit(readonly=True) as store:
            plan = _plan(store, operation.wants("plan"))
            environment = _environment(store, operation.environment)
            asked = asked_of(
                store, environment, plan, self._clock.now(), self._stale_after, own_id=operation.id,
                fingerprint=operation.wants("fingerprint"),
            )  # fmt: skip
        if (seen := approved(asked)) is not None and seen.answer is not Answer.PASS:
            return seen.fact
        found = [each for each in checks(gathered(asked, self._reader)) if each.key in ("stacks", "change-sets")]
        return " ".join(each.fact for each in found if each.answer is not Answer.PASS)

    def recover(self, actor: Actor, request: RecoverRequest, *, client: str = "") -> Operation:
        """Ask for a recovery of a failed stack. Raises NotAllowed, Invalid, NotFound; Conflict when the stack's status
        does not allow it, or an operation holds it."""
        return self._recoveries.request(actor, request, client=client)

    def progress(self, actor: Actor, operation: str) -> Progressing:
        """A deployment as it runs or ended. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            found = store.operations.get(operation)
            if found is None or not found.wants("plan"):
                raise NotFound(f"There is no deployment {operation[:40]}.")
            return progressing(store, _plan(store, found.wants("plan")), found)

    def plans(self, actor: Actor, environment: str, limit: int = 50) -> Sequence[Reviewed]:
        """Plans that are not over, newest first."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            _environment(store, environment)
            found = store.plans.list(environment=environment, states=NOT_OVER, limit=limit)
            shown = [self._reviewed(store, each) for each in found]
        return [each for each in shown if each.plan.state in NOT_OVER]

    def history(
        self,
        actor: Actor,
        environment: str = "",
        *,
        stack: str = "",
        who: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[DeploymentRecord]:
        """Deployments of Haven and from outside, newest first."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            names = [environment] if environment else [each.name for each in store.environments.all(archived=True)]
            found = [each for name in names for each in records(store, name, before)]
        wanted = [each for each in found if stack in ("", *each.stacks) and who in ("", each.who, each.approved_by)]
        return sorted(wanted, key=lambda each: each.at, reverse=True)[: max(0, limit)]

    def in_force(self, actor: Actor, environment: str, when: datetime) -> Sequence[DeploymentRecord]:
        """What was deployed at a time: of each stack the deployment that had come to its end last. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            _environment(store, environment)
            return tuple(in_force(store, environment, when))

    def compare(self, actor: Actor, first: str, second: str) -> tuple[Reviewed, Reviewed]:
        """Two plans side by side. Raises NotFound."""
        return self.review(actor, first), self.review(actor, second)

    def back_to(self, actor: Actor, plan: str, *, undo: bool = False) -> PlanRequest:
        """What to plan to come back to an earlier deployment: its values and versions; with `undo` those that it found.
        Raises NotFound; Conflict when it deployed nothing that can be deployed again."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return again(_plan(store, plan), undo=undo)

    def _reviewed(self, store: Store, plan: Plan) -> Reviewed:
        environment = _environment(store, plan.environment)
        return reviewed(store, self._catalogue, environment, plan, self._clock.now(), self._stale_after)

    def _read(self, store: Store, name: str) -> tuple[Environment, Snapshot]:
        environment, snapshot = _environment(store, name), store.snapshots.newest(name)
        if environment.archived:
            raise Conflict(f"{name} is archived.")
        if snapshot is None:
            raise NotNow(f"{name} has not been read from AWS yet.")
        return environment, snapshot

    def _deny(
        self,
        actor: Actor,
        act: str,
        environment: str,
        reason: str,
        client: str,
        why: Conflict | Unsafe,
        detail: Mapping[str, str],
    ) -> None:
        told = {**detail, "why": why.message[:2000]}
        with self._unit() as store:
            store.ledger.append(self._entry(actor, act, "denied", environment, reason, client, told))

    def _entry(
        self,
        actor: Actor,
        act: str,
        outcome: str,
        environment: str,
        reason: str,
        client: str,
        detail: Mapping[str, str],
    ) -> Entry:
        at = self._clock.now()
        return Entry(at, actor.name, f"request {act}", outcome, environment, reason, dict(detail), client[:256])


def _environment(store: Store, name: str) -> Environment:
    environment = store.environments.get(name) if NAME.fullmatch(name) else None
    if environment is None:
        raise NotFound(f"There is no environment {name[:32]}.")
    return environment


def _plan(store: Store, id: str) -> Plan:
    plan = store.plans.get(id) if id else None
    if plan is None:
        raise NotFound(f"There is no plan {id[:40]}.")
    return plan
