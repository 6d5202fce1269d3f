"""What a look of a deployment finds: of one stack while it is its turn, and of the whole at the end."""

from collections.abc import Sequence

from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.event import StackEvent
from services.domain.deployment.plan import Deed, Plan, StackPlan
from services.domain.deployment.policy import LIFTED, same
from services.domain.deployment.statuses import OK, base_of, busy, there
from services.domain.environment import Environment
from services.domain.operation import Operation, Sent
from services.domain.snapshot import Part, Snapshot
from services.domain.wording import counted
from services.ports import StackReader, StackStanding, UnitOfWork
from services.usecases.deployment_steps import Entry, StackFacts, key

WELL = "available"
"""The status of a database or a cache that serves."""
KNOWN = 20
"""So many of the newest kept events are enough to read on from."""


def token_of(operation: Operation, stack: str) -> str:
    """The client token of a deletion: one an operation and stack."""
    return f"haven-{operation.id}-{stack}"


def facts_of(
    unit: UnitOfWork,
    reader: StackReader,
    environment: Environment,
    operation: Operation,
    plan: Plan,
    stack: StackPlan,
    entry: Entry,
) -> StackFacts:
    """One stack, read from AWS now; its events are those that are kept. Raises HavenError."""
    del plan
    standing = reader.standing(environment, stack.name)
    if stack.deed is Deed.DELETE:
        return _deletion(unit, reader, environment, operation, stack, standing)
    policy = reader.policy(environment, stack.name) if entry.policy and standing is not None else ""
    secured = {
        "protected": standing.protected if standing else None,
        "policy": same(policy, stack.policy),
        "open": same(policy, LIFTED),
    }
    if stack.unchanged:
        return StackFacts(prepared=True, executed=True, ended=True, ok=True, **secured)  # type: ignore[arg-type]
    if stack.change_set is None:
        return StackFacts()
    now = reader.change_set(environment, stack.name, stack.change_set.arn)
    base = base_of(standing.status, standing.created_at, standing.updated_at) if standing else ""
    moved = base != stack.base
    executed = now.execution_status.startswith("EXECUTE_") if now else moved and _sent(operation, stack.name)
    refused = now is not None and now.execution_status == "EXECUTE_FAILED"
    running = standing is not None and busy(standing.status)
    ended = executed and not running and (moved or refused)
    ok = ended and not refused and standing is not None and standing.status in OK
    failure = _failure(stack, standing, now) if ended and not ok else ""
    in_way = "" if executed else _in_way(stack, now)
    return StackFacts(True, executed, ended, ok, in_way, failure, **secured)  # type: ignore[arg-type]


def judged_on(snapshot: Snapshot | None, operation: Operation) -> bool:
    """Whether a reading says what came of a deployment: it was taken after its last stack."""
    last = max((at for _, at in operation.seen), default=None)
    return snapshot is not None and last is not None and snapshot.taken_at > last


def amiss(snapshot: Snapshot, plan: Plan) -> Sequence[str]:
    """What a reading of AWS shows that is not as it should be after the plan's deployment; empty when all is well."""
    if gap := snapshot.reading(Part.STACKS).gap:
        return [f"The stacks could not be read: {gap.why}"]
    found, stacks = [], {each.name: each for each in snapshot.stacks}
    for each in plan.stacks:
        status = stacks[each.name].status if each.name in stacks else ""
        if each.deed is Deed.DELETE:
            found += [f"{each.stack_name} is still there ({status})."] if there(status) else []
        elif status not in OK and not (each.unchanged and there(status) and not busy(status)):
            found.append(f"{each.stack_name} is {status or 'not there'}.")
    deployed = {each.name for each in plan.stacks if each.deed is Deed.DEPLOY}
    for service in snapshot.services:
        if f"service-{service.name}" in deployed and service.running < service.desired:
            found.append(f"The service {service.name} runs {service.running} of {counted(service.desired, 'task')}.")
    if "data" in deployed:
        stores = [("database", each.identifier, each.status) for each in snapshot.databases]
        stores += [("cache", each.identifier, each.status) for each in snapshot.caches]
        found += [f"The {what} {name} is {status}, not available." for what, name, status in stores if status != WELL]
    return found


def began(
    unit: UnitOfWork, reader: StackReader, environment: Environment, standing: StackStanding, token: str
) -> Sequence[StackEvent]:
    """The stack's own events that a request with this token brought, oldest first. Raises HavenError."""
    with unit(readonly=True) as store:
        kept = store.stack_events.of(environment.name, standing.stack)
    known = frozenset(each.id for each in kept[-KNOWN:] if each.stack_id == standing.stack_id)
    found = {each.id: each for each in (*kept, *reader.events(environment, standing.stack_id, known))}
    return [each for each in found.values() if each.own and each.token == token]


def _deletion(
    unit: UnitOfWork,
    reader: StackReader,
    environment: Environment,
    operation: Operation,
    stack: StackPlan,
    standing: StackStanding | None,
) -> StackFacts:
    if standing is None or standing.status == "DELETE_COMPLETE":
        return StackFacts(prepared=True, executed=True, ended=True, ok=True, gone=True)
    begun = bool(
        standing.status == "DELETE_IN_PROGRESS"
        or began(unit, reader, environment, standing, token_of(operation, stack.name))
    )
    failed = begun and standing.status == "DELETE_FAILED"
    why = f"{stack.stack_name} could not be deleted ({standing.status}): {standing.reason}" if failed else ""
    return StackFacts(True, begun, failed, failure=why, protected=standing.protected)


def _sent(operation: Operation, stack: str) -> bool:
    name = key("execute", stack)
    return operation.seen_at(name) is not None or (operation.step == name and operation.sent is not Sent.NO)


def _in_way(stack: StackPlan, now: ChangeSet | None) -> str:
    if now is None:
        return f"The change set of {stack.stack_name} is gone: another deployment of the stack came first."
    if now.execution_status != "AVAILABLE":
        said = f" {now.reason}" if now.reason else ""
        return f"The change set of {stack.stack_name} can no longer be executed: it is {now.execution_status}.{said}"
    return ""


def _failure(stack: StackPlan, standing: StackStanding | None, now: ChangeSet | None) -> str:
    if standing is None:
        return f"{stack.stack_name} is gone."
    why = standing.reason or (now.reason if now else "") or "CloudFormation gave no reason."
    return f"{stack.stack_name} failed and is {standing.status}. {why.rstrip('. ')}."
