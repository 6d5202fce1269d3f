"""The operations that plans, deployments and recoveries are asked for with, and what the ledger says of them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from services.domain.access import Actor
from services.domain.check import Check
from services.domain.deployment.commands import deploying, recovering
from services.domain.deployment.plan import Plan
from services.domain.environment import Environment
from services.domain.errors import Conflict
from services.domain.operation import Operation, State, Target
from services.ports import Entry, Store, TrailEntry
from services.usecases.deployment_checks import Standing
from services.usecases.deployment_shapes import DeployRequest, RecoverRequest
from services.usecases.deployment_steps import entry, written
from services.usecases.planning_one import levels
from services.usecases.words import reason_problem, ticket_problem

ACTS = ("cancel", "continue", "roll back", "delete")
"""What `RecoverRequest.act` may be."""
OF, OF_PLAN = "deployment", "of plan"
"""What a recovery keeps of the deployment that it recovers: the ids of its operation and of its plan."""
RESTORE = "restore policy"
"""The act by which Haven itself puts a stack policy back that a deployment had to leave lifted."""


def planning(actor: Actor, plan: Plan, region: str, id: str, now: datetime, begin_within: timedelta) -> Operation:
    """The operation that has a plan worked out."""
    wanted = {
        "what": f"plan: {plan.what}",
        "region": region,
        "plan": plan.id,
        "levels": json.dumps(levels(plan.stacks)),
    }
    return Operation(
        id=id,
        kind="plan",
        environment=plan.environment,
        target_kind=Target.ENVIRONMENT,
        target=plan.environment,
        requested_by=actor.name,
        requested_at=now,
        reason=plan.what,
        begin_before=now + begin_within,
        wanted=tuple(wanted.items()),
    )


def deployment(
    actor: Actor,
    environment: Environment,
    plan: Plan,
    request: DeployRequest,
    standings: Mapping[str, Standing],
    checks: tuple[Check, ...],
    id: str,
    now: datetime,
    *,
    approval_for: timedelta,
    begin_within: timedelta,
    expected: str = "",
) -> Operation:
    """The operation that deploys a plan; in a protected environment it waits for a second person."""
    found = [
        entry(each, protected=standings[each.name].protected if each.name in standings else None)
        for each in plan.stacks
    ]
    entries = [each for each in found if each is not None]
    if not entries:
        raise Conflict("There is nothing to deploy.")
    overridable = {check.key for check in checks if check.overridable}
    wanted = {
        "what": plan.what,
        "region": environment.region,
        "plan": plan.id,
        "fingerprint": plan.fingerprint,
        "stacks": written(entries),
        "confirmed": "\n".join(request.confirmed),
        "expected": expected,
        "blueprint": plan.blueprint,
        "commands": "\n".join(deploying(environment, plan)),
        "override_reason": request.override_reason.strip(),
    }
    waits = environment.protected
    return Operation(
        id=id,
        kind="deploy",
        environment=environment.name,
        target_kind=Target.ENVIRONMENT,
        target=environment.name,
        requested_by=actor.name,
        requested_at=now,
        reason=request.reason.strip(),
        ticket=request.ticket.strip(),
        begin_before=now + begin_within + (approval_for if waits else timedelta()),
        state=State.AWAITING_APPROVAL if waits else State.REQUESTED,
        wanted=tuple((name, value) for name, value in wanted.items() if value),
        checks=checks,
        overridden=tuple(sorted(request.overrides & overridable)),
        approve_before=now + approval_for if waits else None,
    )


def recovery(
    actor: Actor,
    environment: Environment,
    request: RecoverRequest,
    status: str,
    id: str,
    now: datetime,
    begin_within: timedelta,
    of: Operation | None = None,
) -> Operation:
    """The operation that does something about a failed stack. It holds the stack, not the environment: an update is
    cancelled while its deployment runs. `of` is the deployment that it recovers, None where it was not Haven's."""
    name = environment.stack_name(request.stack)
    said = {
        "cancel": "cancelled update",
        "continue": "continued rollback",
        "roll back": "rollback",
        RESTORE: "stack policy",
    }
    wanted = {
        "what": f"{said.get(request.act, 'deletion')} of {name}",
        "region": environment.region,
        "stack": request.stack,
        "stack_name": name,
        "act": request.act,
        OF: of.id if of else "",
        OF_PLAN: of.wants("plan") if of else "",
        "recovers": of.what if of else "",
        "status": status,
        "skip": json.dumps(list(request.skip)),
        "commands": "\n".join(recovering(environment, request.stack, request.act, request.skip)),
    }
    return Operation(
        id=id,
        kind="recover",
        environment=environment.name,
        target_kind=Target.ENVIRONMENT,
        target=name,
        requested_by=actor.name,
        requested_at=now,
        reason=request.reason.strip(),
        begin_before=now + begin_within,
        wanted=tuple(wanted.items()),
    )


def problems(request: DeployRequest, to_confirm: tuple[str, ...]) -> dict[str, str]:
    """What is wrong with what was typed, by field; empty when nothing is."""
    found: dict[str, str] = {}
    if problem := reason_problem(request.reason):
        found["reason"] = problem
    if problem := ticket_problem(request.ticket):
        found["ticket"] = problem
    typed = {each.strip() for each in request.confirmed}
    if missing := [each for each in to_confirm if each not in typed]:
        found["confirm"] = f"Type {', '.join(missing)} to confirm what happens to it."
    if request.overrides and (problem := reason_problem(request.override_reason)):
        found["override_reason"] = problem
    return found


def save(store: Store, actor: Actor, operation: Operation, entry: Entry) -> None:
    """Add it with the first line of its trail and the ledger's entry."""
    store.operations.add(operation)
    ticket = f" ({operation.ticket})" if operation.ticket else ""
    let_pass = f" Let pass: {', '.join(operation.overridden)}." if operation.overridden else ""
    said = f"{actor.name} asked for it: {operation.reason}{ticket}.{let_pass}".replace("..", ".")
    store.operations.record(TrailEntry(operation.id, operation.requested_at, actor.name, "asked", said))
    store.ledger.append(entry)
