"""What a deployment writes down of itself: change sets made at their turn, its end, the shape the environment has."""

from collections.abc import Callable
from dataclasses import replace

from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.plan import Deed, Plan, PlanState
from services.domain.environment import Environment
from services.domain.errors import Conflict, NotFound
from services.domain.operation import Operation, State
from services.domain.scaling.templated import ON, PARAMETERS
from services.domain.snapshot import Snapshot
from services.ports import Catalogue, Clock, Entry, Store, UnitOfWork
from services.usecases.deployment_steps import split

RELEASED = frozenset({"ImageTag"})
"""What of a service's stack is no part of a shape: which version of its code runs."""
LOOSE = (frozenset(PARAMETERS) - {ON}) | RELEASED
"""What may differ from a blueprint while the environment still has its shape."""
TRIES = 5
RECENT = 20
"""Among so many of the newest deployments one is looked for that came later."""
DEPLOYED = "It was deployed."
"""Why a plan is over whose deployment came to its end."""


def changed(unit: UnitOfWork, id: str, change: Callable[[Plan], Plan]) -> Plan:
    """Save a plan as `change` makes it of the stored one; nothing is written when that is the same. Raises NotFound;
    Conflict when others keep changing it."""
    for _ in range(TRIES - 1):
        try:
            return _changed(unit, id, change)
        except Conflict:
            continue
    return _changed(unit, id, change)


def keep_change_set(unit: UnitOfWork, id: str, stack: str, made: ChangeSet | None) -> None:
    """Keep what was worked out at its turn; None is that nothing would change."""

    def known(plan: Plan) -> Plan:
        stacks = tuple(
            replace(each, change_set=made, unchanged=made is None) if each.name == stack else each
            for each in plan.stacks
        )
        return replace(plan, stacks=stacks)

    changed(unit, id, known)


def record(unit: UnitOfWork, clock: Clock, catalogue: Catalogue, operation: Operation) -> bool:
    """Put the plan behind us, and save the blueprint that the environment has from now on; harmless to repeat. False
    while it cannot be told: a stack was not seen deployed, and AWS was not read since a person said that it is."""
    with unit() as store:
        plan, environment = _plan(store, operation.wants("plan")), store.environments.get(operation.environment)
        if plan.state is PlanState.OVER:
            return True
        snapshot = store.snapshots.newest(operation.environment)
        known = _seen(operation, plan)
        if len(known) < len(plan.stacks) and not _read_since(operation, snapshot):
            return False
        because = DEPLOYED if len(known) == len(plan.stacks) else operation.because
        store.plans.save(replace(plan, state=PlanState.OVER, because=because))
        if environment is None or environment.blueprint == plan.blueprint or _overtaken(store, operation):
            return True
        if not _has_shape(catalogue, environment, plan, snapshot, known):
            return True
        store.environments.save(environment, replace(environment, blueprint=plan.blueprint))
        detail = {"from": environment.blueprint, "to": plan.blueprint, "operation": operation.id}
        entry = Entry(clock.now(), "system", "change blueprint", "done", environment.name, operation.reason, detail)
        store.ledger.append(entry)
        return True


def _seen(operation: Operation, plan: Plan) -> frozenset[str]:
    """The stacks of a plan that are known to be as it wants them: seen deployed, or found so when it was worked out."""
    seen = {split(name) for name, _ in operation.seen}
    return frozenset(
        each.name
        for each in plan.stacks
        if each.unchanged or ("deployed", each.name) in seen or ("deleted", each.name) in seen
    )


def _read_since(operation: Operation, snapshot: Snapshot | None) -> bool:
    ended = operation.finished_at
    return ended is not None and snapshot is not None and snapshot.taken_at > ended


def _overtaken(store: Store, operation: Operation) -> bool:
    """Whether a later deployment of the environment came to its end by now: then the shape is that one's matter."""
    later = store.operations.list(environment=operation.environment, kind=operation.kind, limit=RECENT)
    return any(each.requested_at > operation.requested_at and each.state is State.SUCCEEDED for each in later)


def _has_shape(
    catalogue: Catalogue, environment: Environment, plan: Plan, snapshot: Snapshot | None, known: frozenset[str]
) -> bool:
    """Whether every stack of the plan's blueprint was brought to it as a whole, or has its values as it is. What the
    plan did to a stack counts for those of `known`; the others are as AWS shows them."""
    if any(each.deed is Deed.DELETE for each in plan.stacks):
        return False
    deployed = {each.name: dict(each.parameters) for each in (snapshot.stacks if snapshot else ())}
    deployed |= {
        each.name: {**deployed.get(each.name, {}), **{one.name: one.after for one in each.parameters if one.after}}
        for each in plan.stacks
        if each.name in known
    }
    brought = {each.name for each in plan.stacks if plan.whole and each.name in known}
    for spec in catalogue.specs(replace(environment, blueprint=plan.blueprint)):
        if spec.name in brought:
            continue
        values, fed = deployed.get(spec.name, {}), {name for name, _ in spec.inputs}
        own = {name: value for name, value in catalogue.effective(spec).items() if name not in fed | LOOSE}
        if any(values.get(name) != value for name, value in own.items()):
            return False
    return True


def _changed(unit: UnitOfWork, id: str, change: Callable[[Plan], Plan]) -> Plan:
    with unit() as store:
        plan = _plan(store, id)
        wanted = change(plan)
        return store.plans.save(wanted) if wanted != plan else plan


def _plan(store: Store, id: str) -> Plan:
    plan = store.plans.get(id)
    if plan is None:
        raise NotFound(f"There is no plan {id[:40]}.")
    return plan
