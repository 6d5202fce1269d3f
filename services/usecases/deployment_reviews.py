"""A plan as it is reviewed: its risks, price, checks, and what is expected of it. No AWS: the newest snapshot tells."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from services.domain.budget import allowance
from services.domain.deployment.commands import deploying
from services.domain.deployment.cost import Estimate, estimate
from services.domain.deployment.event import Rollout, StackEvent, rollouts
from services.domain.deployment.expected import Expectation, expectation
from services.domain.deployment.plan import Deed, Plan, PlanState
from services.domain.deployment.risk import risks, to_confirm
from services.domain.deployment.statuses import OK
from services.domain.environment import Environment
from services.domain.freeze import freezing
from services.domain.operation import Operation
from services.domain.pause import holding
from services.domain.scaling.overwritten import Overwritten, overwritten
from services.domain.snapshot import Snapshot
from services.ports import Catalogue, Store
from services.usecases.deployment_checks import Asked, checks, read_at, standings, void
from services.usecases.deployment_shapes import Expected, Reviewed

EVENTS = 5000
"""So many of the newest kept events durations are told from."""
LAST = 8
"""So many of the newest rollouts say what is usual."""


def settled(plan: Plan, operation: Operation | None) -> Plan:
    """The plan with what its operation came to: an operation that failed, or was withdrawn, tells no plan. One that
    ended before anything was sent leaves the plan ready to be asked for again. A plan is ready once the operation that
    worked it out is over, which a worker's next look finds: until then it holds the environment."""
    if operation is None:
        return plan
    if operation.live:
        return replace(plan, state=PlanState.PREPARING) if plan.state is PlanState.READY else plan
    if plan.state is PlanState.PREPARING:
        return replace(plan, state=PlanState.FAILED, because=operation.because)
    if plan.state is PlanState.ASKED:
        state = PlanState.OVER if operation.irreversible else PlanState.READY
        return replace(plan, state=state, because=operation.because)
    return plan


def asked_of(
    store: Store,
    environment: Environment,
    plan: Plan,
    now: datetime,
    stale_after: timedelta,
    *,
    own_id: str = "",
    fingerprint: str = "",
) -> Asked:
    """What the checks are made on, by the newest snapshot."""
    snapshot = store.snapshots.newest(environment.name)
    at = read_at(snapshot)
    since = at is not None and (plan.prepared_at is None or at >= plan.prepared_at)
    return Asked(
        environment,
        plan,
        now,
        at,
        standings(snapshot) if since else None,
        risks=risks(plan),
        live=store.operations.live(environment.name),
        own_id=own_id,
        pause=holding(store.pauses.current(now), environment.name, now),
        freeze=freezing(store.freezes.current(now), environment.name, now),
        stale_after=stale_after,
        fingerprint=fingerprint,
    )


def reviewed(
    store: Store,
    catalogue: Catalogue,
    environment: Environment,
    stored: Plan,
    now: datetime,
    stale_after: timedelta,
) -> Reviewed:
    """The plan with all that is told of it."""
    operation = store.operations.get(stored.operation) if stored.operation else None
    plan = settled(stored, operation)
    asked = asked_of(
        store, environment, plan, now, stale_after, own_id=operation.id if operation and operation.live else ""
    )
    waits = plan.state in (PlanState.READY, PlanState.ASKED)
    worked_out = plan.state not in (PlanState.PREPARING, PlanState.FAILED)
    going = operation is not None and operation.irreversible and plan.state is PlanState.ASKED
    return Reviewed(
        environment,
        plan,
        asked.risks,
        to_confirm(asked.risks),
        expectations(plan),
        estimate(plan, catalogue.prices(environment.region)) if worked_out else Estimate((), None, ""),
        allowance(environment.slo_target, now),
        _overwritten(store.snapshots.newest(environment.name), plan),
        checks(asked) if plan.state is PlanState.READY else (),
        expected(store, environment.name, plan),
        deploying(environment, plan),
        operation,
        void(plan, asked.stacks) if waits and asked.stacks is not None and not going else "",
    )


def expectations(plan: Plan) -> Mapping[tuple[str, str, str], Expectation]:
    """What is documented of each property that AWS does not call harmless."""
    return {
        (stack.name, resource.logical_id, change.path): found
        for stack in plan.stacks
        for resource in (stack.change_set.resources if stack.change_set else ())
        for change in resource.properties
        if change.recreation != "Never" and (found := expectation(resource.type, change))
    }


def by_stack(events: Sequence[StackEvent]) -> Mapping[str, Sequence[Rollout]]:
    """The rollouts of each stack, by Haven's name, oldest first; one that was deleted and made anew is one stack."""
    ids: dict[tuple[str, str], list[StackEvent]] = {}
    for event in events:
        ids.setdefault((event.stack, event.stack_id), []).append(event)
    found: dict[str, list[Rollout]] = {}
    for (stack, _), own in ids.items():
        found.setdefault(stack, []).extend(rollouts(own))
    return {stack: sorted(each, key=lambda one: one.began_at) for stack, each in found.items()}


def expected(store: Store, environment: str, plan: Plan) -> Sequence[Expected]:
    """How long each stack took before, in the plan's order: rollouts of the same kind that came to a good end; of a
    service that has none, those of the other services."""
    past = by_stack(store.stack_events.of(environment, limit=EVENTS)) if plan.changed else {}
    return tuple(
        _expected(each.name, _kind(each.deed, each.base), past) for each in plan.stacks if each in plan.changed
    )


def written_expected(found: Sequence[Expected]) -> str:
    """As a deployment keeps what was expected of it when it was asked for."""
    return json.dumps([[e.stack, e.typical.total_seconds() if e.typical else None, e.count] for e in found])


def read_expected(text: str) -> Sequence[Expected]:
    """What `written_expected` wrote; nothing for anything else."""
    try:
        rows = json.loads(text or "[]")
        return tuple(Expected(name, None if s is None else timedelta(seconds=s), count) for name, s, count in rows)
    except (ValueError, TypeError):
        return ()


def _kind(deed: Deed, base: str) -> str:
    return "DELETE" if deed is Deed.DELETE else "UPDATE" if base else "CREATE"


def _expected(stack: str, kind: str, past: Mapping[str, Sequence[Rollout]]) -> Expected:
    taken = _taken(past.get(stack, ()), kind)
    if not taken and stack.startswith("service-"):
        alike = [rollout for name, own in past.items() if name.startswith("service-") for rollout in own]
        taken = _taken(sorted(alike, key=lambda one: one.began_at), kind)
    last = taken[-LAST:]
    return Expected(stack, timedelta(seconds=median(last)) if last else None, len(taken))


def _taken(own: Sequence[Rollout], kind: str) -> list[float]:
    good = OK | {"DELETE_COMPLETE"}
    ended = [each for each in own if each.ended_at and each.status in good and each.status.startswith(kind)]
    return [(each.ended_at - each.began_at).total_seconds() for each in ended if each.ended_at]


def _overwritten(snapshot: Snapshot | None, plan: Plan) -> Sequence[Overwritten]:
    asked = {
        each.name: {one.name: one.after for one in each.parameters if one.after is not None}
        for each in plan.stacks
        if each.deed is Deed.DEPLOY and not each.unchanged
    }
    return overwritten(snapshot, asked) if snapshot else ()
