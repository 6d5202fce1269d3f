"""Putting a plan aside that nobody will ask for. Nothing is sent to AWS here: a worker tidies up after it."""

from dataclasses import replace

from services.domain.access import Actor, Permission
from services.domain.deployment.plan import Plan, PlanState
from services.domain.errors import Conflict, NotFound
from services.domain.operation import Operation
from services.ports import Clock, Entry, Store, UnitOfWork
from services.usecases.deployment_reviews import settled

ACTION = "discard plan"
DISCARDABLE = frozenset({PlanState.READY, PlanState.FAILED})
"""Where a plan may be put aside; a void one is READY too."""


def discard(unit: UnitOfWork, clock: Clock, actor: Actor, id: str, *, client: str) -> Plan:
    """As `Deployments.discard`."""
    actor.require(Permission.DEPLOY)
    with unit(readonly=True) as store:
        plan, operation = _read(store, id)
    try:
        if plan.state not in DISCARDABLE:
            raise Conflict(_in_the_way(plan, operation))
        failed = f" It had failed: {plan.because}" if plan.state is PlanState.FAILED and plan.because else ""
        aside = replace(plan, state=PlanState.DISCARDED, because=f"{actor.name} put it aside.{failed}")
        with unit() as store:
            kept = store.plans.save(aside)
            store.ledger.append(entry(clock, actor.name, plan, "done", client=client))
    except Conflict as refusal:
        with unit() as store:
            store.ledger.append(entry(clock, actor.name, plan, "denied", client=client, why=refusal.message[:2000]))
        raise
    return kept


def entry(clock: Clock, actor: str, plan: Plan, outcome: str, *, client: str = "", **more: str) -> Entry:
    """The ledger's line of a plan that was put aside, or was not."""
    detail = {"plan": plan.id, "what": plan.what, **more}
    return Entry(clock.now(), actor, ACTION, outcome, plan.environment, "", detail, client[:256])


def _read(store: Store, id: str) -> tuple[Plan, Operation | None]:
    stored = store.plans.get(id) if id else None
    if stored is None:
        raise NotFound(f"There is no plan {id[:40]}.")
    operation = store.operations.get(stored.operation) if stored.operation else None
    return settled(stored, operation), operation


def _in_the_way(plan: Plan, operation: Operation | None) -> str:
    which = f" ({operation.id})" if operation else ""
    match plan.state:
        case PlanState.PREPARING:
            return f"It is still being worked out. Wait for that, or withdraw it{which}."
        case PlanState.ASKED:
            return f"Its deployment was asked for and is not over. Withdraw that first{which}."
        case PlanState.DISCARDED:
            return f"It was put aside before. {plan.because}".strip()
        case _:
            return f"It is over: there is nothing left to put aside. {plan.because}".strip()
