"""The guided path from single-AZ to Multi-AZ: what is single today, which change sets mend it, in which order.

Every stage is planned towards the target blueprint, so that its stacks take that one's guards (termination protection)
too. The last one brings the whole shape, and with it the environment takes the blueprint's name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.domain.access import Actor, Permission
from services.domain.budget import allowance
from services.domain.deployment.cost import Estimate, cost_of_redundancy, estimate
from services.domain.deployment.plan import PlanState
from services.domain.deployment.upgrade import SERVICE, mended
from services.domain.deployment.upgrade_stakes import connections, stake
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, NotFound, NotNow
from services.domain.finding import Finding
from services.domain.findings import findings
from services.domain.operation import Operation, State
from services.domain.snapshot import Part, Snapshot
from services.ports import Catalogue, Clock, Store, UnitOfWork
from services.usecases.deployment_reviews import expected
from services.usecases.deployment_shapes import DeploymentRecord, Expected, PlanRequest, Reviewed
from services.usecases.deployments import Deployments
from services.usecases.upgrade_drafts import (
    Draft,
    Way,
    ceiling_of,
    differing,
    drafts,
    needs_of,
    plan_of,
    settable,
    way_of,
    whole,
)
from services.usecases.upgrade_prices import of_stacks, supposedly
from services.usecases.upgrade_shapes import DONE, LATER, NEXT, RUNNING, UpgradePath, UpgradeStep

__all__ = ["DONE", "LATER", "NEXT", "RUNNING", "UpgradePath", "UpgradeStep", "Upgrades"]
RECORDS = 200
"""So many of the newest deployments are asked for the ones that did a stage."""
WORKED_OUT = frozenset({PlanState.READY, PlanState.ASKED})


@dataclass(frozen=True)
class _Known:
    """What is known of an environment as its path is made."""

    environment: Environment
    snapshot: Snapshot
    way: Way
    drafts: Sequence[Draft]
    plans: Sequence[Reviewed]
    records: Sequence[DeploymentRecord]


class Upgrades:
    """`target` is the blueprint to reach."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        deployments: Deployments,
        catalogue: Catalogue,
        *,
        target: str = "multi-az",
    ) -> None:
        self._unit, self._clock, self._deployments = unit, clock, deployments
        self._catalogue, self._target = catalogue, target

    def path(self, actor: Actor, environment: str) -> UpgradePath:
        """The path of an environment, also when there is nothing left to do. Raises NotFound, NotNow before it was
        first read."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            known, snapshot = _read(store, environment)
        plans = self._deployments.plans(actor, environment)
        records = self._deployments.history(actor, environment, limit=RECORDS)
        way = way_of(self._catalogue, replace(known, blueprint=self._target), snapshot)
        made = drafts(way, needs_of(way), ceiling_of(way, snapshot))
        facts = _Known(known, snapshot, way, made, plans, records)
        found = findings(snapshot)
        with self._unit(readonly=True) as store:
            steps = self._steps(store, facts, found)
            trend = _trend(store, facts, steps, len(found))
        mends = {each.id for step in steps for each in step.findings}
        return UpgradePath(
            known,
            self._target,
            steps,
            [each for each in found if each.id not in mends],
            len(found),
            self._redundancy(facts, at_end=True),
            allowance(known.slo_target, self._clock.now()) / 60,
            self._redundancy(facts, at_end=False),
            snapshot.reading(Part.STACKS).read_at,
            way.absent,
            trend,
        )

    def plan(self, actor: Actor, environment: str, step: str, *, client: str = "") -> Operation:
        """Have the stage that is next worked out. Raises NotAllowed, NotFound; Conflict when it is not that one's turn,
        and what `Deployments.plan` raises."""
        actor.require(Permission.DEPLOY)
        path = self.path(actor, environment)
        found = next((each for each in path.steps if each.name == step), None)
        if found is None:
            raise NotFound(f"The way of {environment} has no stage {step[:40]}.")
        if found.state != NEXT:
            raise Conflict(_not_its_turn(path, found))
        return self._deployments.plan(actor, found.request, client=client)

    def _steps(self, store: Store, known: _Known, found: Sequence[Finding]) -> Sequence[UpgradeStep]:
        states = _states(known)
        before = {name: known.way.now(name) for name in known.way.deployed}
        steps, told = [], set[str]()
        for number, (draft, state) in enumerate(zip(known.drafts, states, strict=True), 1):
            mends = [] if state == DONE else mended(found, draft.moves(known.way))
            fresh = [each for each in mends if each.id not in told]
            told |= {each.id for each in fresh}
            steps.append(self._step(store, known, draft, state, number, fresh, before))
            for name, values in draft.changes.items():
                before[name] = {**before[name], **{each: then for each, (_, then) in values.items()}}
        return steps

    def _step(
        self,
        store: Store,
        known: _Known,
        draft: Draft,
        state: str,
        number: int,
        found: Sequence[Finding],
        before: Mapping[str, Mapping[str, str]],
    ) -> UpgradeStep:
        plan = next((each for each in known.plans if draft.covered(each.plan)), None) if state != DONE else None
        deployed, failed = _deployed(known.records, draft)
        done_by = deployed if state == DONE else None
        supposed = plan_of(known.way, known.environment, draft, before)
        priced, exact, takes = self._estimate(known, draft, plan, done_by), True, plan.expected if plan else ()
        if priced is None and draft.changes:
            prices = self._catalogue.prices(known.environment.region)
            priced, exact = supposedly(supposed, prices), False
        return UpgradeStep(
            draft.name,
            draft.title,
            state,
            draft.stacks,
            found,
            draft.touched(done_by.plan) if done_by and done_by.plan else draft.changes,
            self._risk(known, draft),
            self._request(known, draft, number),
            priced,
            takes or (_of(expected(store, known.environment.name, supposed), draft) if draft.changes else ()),
            plan,
            done_by,
            draft.kept,
            exact and priced is not None,
            failed if state != DONE else None,
        )

    def _estimate(
        self, known: _Known, draft: Draft, plan: Reviewed | None, done_by: DeploymentRecord | None
    ) -> Estimate | None:
        """By CloudFormation's own word, of its own stacks alone: its plan may hold others that stay."""
        if done_by is not None and done_by.plan is not None:
            made = estimate(done_by.plan, self._catalogue.prices(known.environment.region))
        elif plan is not None and plan.plan.state in WORKED_OUT:
            made = plan.estimate
        else:
            return None
        seen = done_by.plan if done_by and done_by.plan else plan.plan if plan else None
        return of_stacks(made, seen, draft.stacks) if seen else made

    def _risk(self, known: _Known, draft: Draft) -> str:
        standby = known.way.standby or any("DatabaseMultiAz" in values for values in known.way.changes.values())
        changing = {name for values in draft.changes.values() for name in values}
        said = stake(draft.kind.name, changing, standby=standby)
        if draft.kind.template != SERVICE or not changing:
            return said
        needs, alone = needs_of(known.way), draft.name != draft.kind.name
        return f"{said} {connections(needs, ceiling_of(known.way, known.snapshot), at_once=not alone)}"

    def _request(self, known: _Known, draft: Draft, number: int) -> PlanRequest:
        what = f"{self._target} {number} of {len(known.drafts)}: {draft.title[:1].lower()}{draft.title[1:]}"[:120]
        values = {name: {each: then for each, (_, then) in own.items()} for name, own in draft.changes.items()}
        request = PlanRequest(
            known.environment.name,
            blueprint=self._target,
            stacks=tuple(draft.stacks),
            values=values,
            what=what,
        )
        others = [each for each in known.drafts if each is not draft and each.changes]
        other = [] if others or known.way.absent else differing(self._catalogue, known.way)
        if not other or not draft.changes:
            return request
        # The last stage: what stays as it is on purpose is said along, else the environment would not have the shape.
        stacks = tuple(name for name in known.way.specs if name in {*other, *draft.stacks})
        own = {name: settable(self._catalogue, known.way, name) for name in stacks}
        return replace(request, stacks=stacks, values=own, whole_shape=True)

    def _redundancy(self, known: _Known, *, at_end: bool) -> float | None:
        prices = self._catalogue.prices(known.environment.region)
        return cost_of_redundancy(estimate(whole(known.way, known.environment, at_end=at_end), prices))


def _read(store: Store, name: str) -> tuple[Environment, Snapshot]:
    environment = store.environments.get(name) if NAME.fullmatch(name) else None
    if environment is None:
        raise NotFound(f"There is no environment {name[:32]}.")
    snapshot = store.snapshots.newest(name)
    if snapshot is None or snapshot.reading(Part.STACKS).read_at is None:
        raise NotNow(f"The stacks of {name} were not read from AWS yet.")
    return environment, snapshot


def _states(known: _Known) -> Sequence[str]:
    """One state a stage. CloudFormation shows the new values while it still works on them: a stage is done only once
    its stacks are at rest."""
    asked = [each.plan for each in known.plans if each.plan.state is PlanState.ASKED]
    states, waits = [], False
    for draft in known.drafts:
        going = any(draft.touched(plan) for plan in asked)
        at_work = draft.busy and not _deployed(known.records, draft)[0]
        if not draft.changes and not going and not at_work:
            states.append(DONE)
        elif waits:
            states.append(LATER)
        else:
            states.append(RUNNING if going or draft.busy else NEXT)
            waits = True
    return states


def _deployed(
    records: Sequence[DeploymentRecord], draft: Draft
) -> tuple[DeploymentRecord | None, DeploymentRecord | None]:
    """The newest deployment that did a stage, and the one after it that failed, if any."""
    failed = None
    for record in records:
        operation = record.operation
        if record.plan is None or operation is None or operation.kind != "deploy" or not draft.touched(record.plan):
            continue
        if operation.state is State.SUCCEEDED:
            return record, failed
        if operation.state is State.FAILED and failed is None:
            failed = record
    return None, failed


def _of(found: Sequence[Expected], draft: Draft) -> Sequence[Expected]:
    return [each for each in found if each.stack in draft.changes]


def _trend(store: Store, known: _Known, steps: Sequence[UpgradeStep], today: int) -> Sequence[tuple[datetime, int]]:
    """How many findings there were before each deployment of the path, as far as snapshots are kept, and now."""
    found = []
    for at in sorted({step.done_by.at for step in steps if step.done_by is not None}):
        kept = store.snapshots.at(known.environment.name, at)
        if kept is not None:
            found.append((at, len(findings(kept[1]))))
    return [*found, (known.snapshot.taken_at, today)] if found else []


def _not_its_turn(path: UpgradePath, step: UpgradeStep) -> str:
    title = f"{step.title[:1].lower()}{step.title[1:]}"
    if step.state == DONE:
        return f"“{title}” is done already."
    if step.state == RUNNING:
        return f"“{title}” is being deployed."
    before = path.now
    return f"“{title}” comes after “{before.title}”." if before else f"“{title}” comes later."
