"""What was deployed: by Haven, by its command line, and from outside, with what is known of each; and going back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.deployment.event import Rollout, StackEvent
from services.domain.deployment.plan import Deed, Plan
from services.domain.deployment.statuses import OK, RECOVERIES
from services.domain.errors import Conflict, Invalid
from services.domain.operation import Operation, State
from services.ports import Store
from services.usecases.deployment_recoveries import recoveries
from services.usecases.deployment_requests import OF
from services.usecases.deployment_reviews import by_stack, read_expected
from services.usecases.deployment_shapes import DeploymentRecord, PlanRequest, Progressing
from services.usecases.deployment_steps import VERIFIED, entries_of, key
from services.usecases.deployment_verifying import verifying

KINDS = ("deploy", "recover")
COMMAND_LINE = "Haven's command line"
OUTSIDE = "outside Haven"
ROWS, EVENTS = 500, 5000
"""So much of the history of an environment is gone through for one page; the next page goes on where it ends."""
LONGEST = timedelta(days=1)
"""What began before a time is told to its end, which is no later than this."""
A_MOMENT = timedelta(seconds=2)
"""Between AWS's time of a stack's last operation and the event of its beginning."""
AROUND = timedelta(seconds=30)
"""AWS's clock and Haven's may differ a little."""


@dataclass(frozen=True)
class _Part:
    """A part of the history: what began before a time. `rollouts` are those of no operation, `own` those that are part
    of one; `since` is how far back it goes, None for all."""

    operations: Sequence[Operation]
    rollouts: Sequence[Rollout]
    own: Sequence[tuple[Operation, Rollout]]
    since: datetime | None

    def told(self, at: datetime) -> bool:
        """Whether what began at a time is in this part."""
        return self.since is None or at >= self.since


def records(store: Store, environment: str, before: datetime | None = None) -> Sequence[DeploymentRecord]:
    """An environment's deployments and recoveries, and rollouts that belong to none of them, newest first; no further
    back than all of them were gone through, so that nothing in between is missing."""
    part = _part(store, environment, before)
    oldest = min((each.requested_at for each in part.operations), default=None)
    about = recoveries(store, environment, oldest) if oldest else {}
    found = [_of_operation(store, each, about.get(each.id, ())) for each in part.operations]
    found += [_of_rollout(environment, each) for each in part.rollouts]
    told = [each for each in found if part.told(each.at)]
    return sorted(told or found, key=lambda each: each.at, reverse=True)


def _part(store: Store, environment: str, before: datetime | None, rows: int = ROWS, most: int = EVENTS) -> _Part:
    kinds = [store.operations.list(environment=environment, kind=kind, before=before, limit=rows) for kind in KINDS]
    operations = [each for found in kinds for each in found]
    events = store.stack_events.of(environment, before=before, limit=most)
    ends = [found[-1].requested_at for found in kinds if len(found) == rows]
    ends += [events[0].at] if len(events) == most else []
    if before is not None:  # how that ended which began before
        later = store.stack_events.of(environment, before=_later(before), limit=most)
        events = [*events, *(each for each in later if each.at >= before)]
    rollouts: list[Rollout] = []
    covered: list[tuple[Operation, Rollout]] = []
    for rollout in (each for own in by_stack(events).values() for each in own):
        if before is None or rollout.began_at < before:
            if by := [each for each in operations if _covers(each, rollout)]:
                covered.append((min(by, key=lambda each: _fits(each, rollout)), rollout))
            else:
                rollouts.append(rollout)
    return _Part(operations, rollouts, covered, max(ends, default=None))


def _later(at: datetime) -> datetime:
    return at + LONGEST if at < datetime.max.replace(tzinfo=at.tzinfo) - LONGEST else at


def progressing(store: Store, plan: Plan, operation: Operation) -> Progressing:
    """A deployment with what CloudFormation has said since it was asked for."""
    names = [each.name for each in plan.stacks]
    events = _since(plan, operation, _events(store, operation, names))
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
        recoveries(store, operation.environment, operation.requested_at).get(operation.id, ()),
        verifying(store, plan, operation),
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
    since = operation.requested_at - LONGEST
    until = operation.finished_at + AROUND if operation.finished_at else None
    found = store.stack_events.of(operation.environment, before=until, limit=EVENTS)
    return [each for each in found if each.at >= since and each.stack in stacks]


def _since(plan: Plan, operation: Operation, events: Sequence[StackEvent]) -> Sequence[StackEvent]:
    """Those since it was asked for, give or take, but for rollouts that were over when the plan was worked out: AWS's
    own time of the last is in it."""
    base = {each.name: datetime.fromisoformat(each.base) + A_MOMENT for each in plan.stacks if each.base}
    over = {
        stack: rollout.ended_at
        for stack, own in by_stack(events).items()
        for rollout in own
        if rollout.ended_at is not None and stack in base and rollout.began_at <= base[stack]
    }
    since = operation.requested_at - AROUND
    return [each for each in events if each.at >= since and (each.stack not in over or each.at > over[each.stack])]


def _of_operation(store: Store, operation: Operation, recovered: Sequence[Operation] = ()) -> DeploymentRecord:
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
        recoveries=recovered,
        recovers=store.operations.get(operation.wants(OF)) if operation.wants(OF) else None,
    )


def _result(operation: Operation) -> str:
    if operation.state is State.SUCCEEDED:
        seen = operation.kind != "deploy" or operation.seen_at(VERIFIED)
        done = "deployed" if operation.kind == "deploy" else "done"
        return done if seen else f"{done}: {operation.because}"  # a person's word, and evidence
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


def _fits(operation: Operation, rollout: Rollout) -> tuple[bool, bool, float]:
    """The less the better, of those in whose time a rollout began, give or take: one follows the other closely."""
    began, started = rollout.began_at, operation.started_at or operation.requested_at
    within = started <= began and (operation.finished_at is None or began <= operation.finished_at)
    return operation.id not in rollout.token, not within, abs((began - started).total_seconds())


def in_force(
    store: Store, environment: str, when: datetime, rows: int = ROWS, most: int = EVENTS
) -> Iterator[DeploymentRecord]:
    """Of each stack the deployment that was in force at a time, newest first: the last one that had brought it to its
    end by then, be it the only one of its stacks that it brought there. `stacks` is that stack alone, and `ended_at`
    when it came in force. The whole history is gone through, however long: a stack may have been left alone for years;
    `rows` operations and `most` events at once.
    """
    best: dict[str, tuple[datetime, Operation | Rollout]] = {}
    before: datetime | None = when
    while before is not None:
        part = _part(store, environment, before, rows, most)
        for stack, at, what in _came(part):
            if at > when:
                continue
            known = best.get(stack)
            # Of two that end at once one is the other as its events alone tell of it: the operation tells more.
            if known is None or at > known[0] or (at == known[0] and isinstance(what, Operation)):
                best[stack] = (at, what)
        before = part.since if part.since is not None and part.since < before else None
    for stack, (at, what) in sorted(best.items(), key=lambda each: each[1][0], reverse=True):
        found = _of_operation(store, what) if isinstance(what, Operation) else _of_rollout(environment, what)
        yield replace(found, stacks=(stack,), ended_at=at)


def _came(part: _Part) -> Iterator[tuple[str, datetime, Operation | Rollout]]:
    """What came in force: stack, when, and by what. A recovery that puts a stack back leaves the deployment before it
    in force; one that deletes it does not."""
    told: set[tuple[str, str]] = set()
    alone = [(None, each) for each in part.rollouts if part.told(each.began_at)]
    for by, rollout in (*part.own, *alone):
        if rollout.ended_at is not None and rollout.status in OK | {"DELETE_COMPLETE"}:
            told |= {(by.id, rollout.stack)} if by else set()
            yield rollout.stack, rollout.ended_at, by or rollout
    for operation in part.operations:
        for stack in _stacks(operation):
            if (operation.id, stack) not in told and (at := _brought(operation, stack)):
                yield stack, at, operation


def _brought(operation: Operation, stack: str) -> datetime | None:
    """When an operation brought a stack to its end, of which no event tells; None while, or where, it did not."""
    if operation.kind == "recover":
        done = operation.state is State.SUCCEEDED and operation.wants("act") == "delete"
        return operation.finished_at if done else None
    seen = operation.seen_at(key("deployed", stack)) or operation.seen_at(key("deleted", stack))
    return seen or (operation.finished_at if operation.state is State.SUCCEEDED else None)
