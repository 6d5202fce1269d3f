"""What was deployed: by Haven, by its command line, and from outside, with what is known of each; and going back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from services.domain.deployment.event import Rollout, StackEvent
from services.domain.deployment.plan import Deed, Plan
from services.domain.deployment.statuses import OK, RECOVERIES
from services.domain.errors import Conflict, Invalid
from services.domain.operation import Operation, State
from services.ports import Store
from services.usecases.deployment_reviews import by_stack, read_expected
from services.usecases.deployment_shapes import DeploymentRecord, PlanRequest, Progressing
from services.usecases.deployment_steps import entries_of

KINDS = ("deploy", "recover")
COMMAND_LINE = "Haven's command line"
OUTSIDE = "outside Haven"
ROWS, EVENTS = 500, 5000
"""So much of the history of an environment is gone through for one page; the next page goes on where it ends."""
LONGEST = timedelta(days=1)
"""What began before a time is told to its end, which is no later than this."""
AROUND = timedelta(minutes=2)
"""AWS's clock and Haven's may differ a little."""


def records(store: Store, environment: str, before: datetime | None = None) -> Sequence[DeploymentRecord]:
    """An environment's deployments and recoveries, and rollouts that belong to none of them, newest first; no further
    back than its events were gone through, so that nothing in between is missing."""
    operations = [
        each
        for kind in KINDS
        for each in store.operations.list(environment=environment, kind=kind, before=before, limit=ROWS)
    ]
    found = [_of_operation(store, each) for each in operations]
    events = store.stack_events.of(environment, before=before + LONGEST if before else None, limit=EVENTS)
    found += [
        _of_rollout(environment, rollout)
        for own in by_stack(events).values()
        for rollout in own
        if (before is None or rollout.began_at < before) and not any(_covers(each, rollout) for each in operations)
    ]
    since = events[0].at if len(events) == EVENTS else None
    told = [each for each in found if since is None or each.at >= since]
    return sorted(told or found, key=lambda each: each.at, reverse=True)


def progressing(store: Store, plan: Plan, operation: Operation) -> Progressing:
    """A deployment with what CloudFormation has said since it was asked for."""
    names = [each.name for each in plan.stacks]
    events = _events(store, operation, names)
    newest = {stack: own[-1] for stack, own in by_stack(events).items() if own and stack in names}
    snapshot = store.snapshots.newest(operation.environment)
    statuses = {each.name: each.status for each in (snapshot.stacks if snapshot else ())}
    statuses |= {stack: rollout.status for stack, rollout in newest.items()}
    able = {name: RECOVERIES.get(statuses.get(name, ""), ()) for name in names}
    return Progressing(
        plan,
        operation,
        newest,
        events,
        read_expected(operation.wants("expected")),
        {name: acts for name, acts in able.items() if acts},
    )


def again(plan: Plan, *, undo: bool = False) -> PlanRequest:
    """What to ask for to have a plan's values and texts once more; with `undo` those that it found. Raises Conflict."""
    deployed = [each for each in plan.stacks if each.deed is Deed.DEPLOY and (not undo or each.base)]
    if not deployed:
        raise Conflict("It left nothing that can be deployed again.")
    values = {
        each.name: {
            one.name: value
            for one in each.parameters
            if not one.fed_by and not one.secret and (value := one.before if undo else one.after) is not None
        }
        for each in deployed
    }
    versions = {each.name: each.deployed if undo else each.version for each in deployed}
    said = f"{'undo' if undo else 'back to'}: {plan.what}"
    return PlanRequest(
        plan.environment,
        stacks=tuple(each.name for each in deployed),
        values=values,
        versions={name: version for name, version in versions.items() if version},
        follows=plan.id,
        what=said[:120],
    )


def _events(store: Store, operation: Operation, stacks: Sequence[str]) -> Sequence[StackEvent]:
    since = operation.requested_at - AROUND
    until = operation.finished_at + AROUND if operation.finished_at else None
    found = store.stack_events.of(operation.environment, before=until, limit=EVENTS)
    return [each for each in found if each.at >= since and each.stack in stacks]


def _of_operation(store: Store, operation: Operation) -> DeploymentRecord:
    plan = store.plans.get(operation.wants("plan")) if operation.wants("plan") else None
    return DeploymentRecord(
        operation.environment,
        operation.requested_at,
        operation.finished_at,
        operation.requested_by,
        operation.approved_by,
        operation.reason,
        operation.what,
        _stacks(operation),
        _result(operation),
        plan,
        operation,
    )


def _result(operation: Operation) -> str:
    if operation.state is State.SUCCEEDED:
        return "deployed" if operation.kind == "deploy" else "done"
    return f"{operation.state.value}: {operation.because}" if operation.because else operation.state.value


def _stacks(operation: Operation) -> Sequence[str]:
    if operation.kind == "recover":
        return (operation.wants("stack"),)
    try:
        return tuple(each.name for each in entries_of(operation))
    except Invalid:
        return ()


def _of_rollout(environment: str, rollout: Rollout) -> DeploymentRecord:
    good = rollout.status in OK or rollout.status == "DELETE_COMPLETE"
    why = f": {rollout.failure}" if rollout.failure and not good else ""
    said: Mapping[str, str] = {"CREATE": "creation", "DELETE": "deletion", "ROLLBACK": "rollback", "IMPORT": "import"}
    what = said.get(rollout.status.partition("_")[0], "update")
    return DeploymentRecord(
        environment,
        rollout.began_at,
        rollout.ended_at,
        COMMAND_LINE if rollout.ours else OUTSIDE,
        "",
        f"Its token is {rollout.token}." if rollout.token else "The request carried no token.",
        f"{what} of {rollout.stack}",
        (rollout.stack,),
        f"{rollout.status}{why}" if rollout.ended_at else f"running ({rollout.status})",
        rollout=rollout,
    )


def _covers(operation: Operation, rollout: Rollout) -> bool:
    """Whether a rollout is a part of an operation: Haven's own token, one of its stacks, in its time."""
    if not rollout.ours or rollout.stack not in _stacks(operation) or operation.started_at is None:
        return False
    over = operation.finished_at is not None and rollout.began_at > operation.finished_at + AROUND
    return rollout.began_at >= operation.started_at - AROUND and not over


def in_force(store: Store, environment: str, when: datetime) -> Iterator[DeploymentRecord]:
    """Of each stack the deployment that was in force at a time, newest first: what ended last by then."""
    known: set[str] = set()
    for each in sorted(records(store, environment, when), key=lambda one: one.ended_at or one.at, reverse=True):
        if each.ended_at is None or each.ended_at > when or not _came_to_something(each):
            continue
        if new := set(each.stacks) - known:
            known |= new
            yield each


def _came_to_something(record: DeploymentRecord) -> bool:
    if record.operation is not None:
        return record.operation.state is State.SUCCEEDED
    return record.rollout is not None and record.rollout.status in OK | {"DELETE_COMPLETE"}
