"""Tidying up after plans that will never be executed: a worker deletes their change sets, of which CloudFormation keeps
only so many, and stacks that never were more than reviewed.

Only what nobody may want any more is touched. The same change planned twice is one change set on AWS: it goes with the
last plan that has it. While an operation is live in an environment, nothing is tidied there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.access import SYSTEM
from services.domain.deployment.event import OURS
from services.domain.deployment.plan import Deed, Plan, PlanState, StackPlan
from services.domain.deployment.statuses import busy
from services.domain.environment import Environment
from services.domain.errors import Conflict, HavenError, NotNow
from services.domain.operation import Operation
from services.domain.pause import holding
from services.ports import Clock, Entry, ListedChangeSet, StackCaller, StackReader, Store, UnitOfWork
from services.usecases.deployment_checks import HARMLESS, read_at, standing_of, standings, void
from services.usecases.deployment_records import DEPLOYED
from services.usecases.deployment_reviews import settled
from services.usecases.plan_discarding import entry

MOST = 10
"""Plans that one look tidies up after; the others are the next one's."""
ALL = 10_000
"""More plans than ever wait in an environment: all of them are asked which change sets may still be wanted."""
WAITING = (PlanState.PREPARING, PlanState.READY, PlanState.ASKED)
ENDED = (PlanState.FAILED, PlanState.OVER, PlanState.DISCARDED)
VOID_AFTER = timedelta(hours=1)
"""A void plan stays this long after it was worked out: somebody may be reading why."""
AROUND = timedelta(minutes=5)
"""AWS's clock and Haven's differ by less, else AWS would take no request."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=10), timedelta(days=1)
"""After a refusal it is tried again so much later, twice as late each time."""


@dataclass(frozen=True)
class Tidied:
    """What became of a plan: `deleted` are the names of change sets and stacks; `problem` says why the rest is tried
    again later, empty when nothing of the plan is left."""

    plan: Plan
    deleted: tuple[str, ...] = ()
    problem: str = ""


class PlanTidying:
    """`keep` is how long a plan waits to be asked for. What was refused is remembered by this process alone: another
    one finds out for itself."""

    def __init__(
        self, unit: UnitOfWork, clock: Clock, reader: StackReader, caller: StackCaller, *, keep: timedelta
    ) -> None:
        self._unit, self._clock, self._reader, self._caller, self._keep = unit, clock, reader, caller, keep
        self._refused: dict[str, tuple[datetime, timedelta]] = {}

    def tidy(self, environment: str) -> Sequence[Tidied]:
        """Tidy up after some plans of an environment. AWS's refusals are told in what is returned. Raises HavenError
        when Haven's own database is away."""
        with self._unit(readonly=True) as store:
            known = store.environments.get(environment)
            if known is None or known.archived or not self._free(store, environment):
                return []
            unwanted = self._unwanted(store, environment)
        now = self._clock.now()
        due = [each for each in unwanted if each.id not in self._refused or self._refused[each.id][0] <= now]
        found = (self._after(known, each) for each in due[:MOST])
        return [each for each in found if each is not None]

    def _unwanted(self, store: Store, environment: str) -> Sequence[Plan]:
        """As they are now known: one that is READY is to be looked at first."""
        snapshot = store.snapshots.newest(environment)
        seen, at, now = standings(snapshot), read_at(snapshot), self._clock.now()
        found = []
        for each in _plans(store, environment, WAITING):
            since = each.prepared_at or each.requested_at
            fresh = at is not None and at >= since
            if each.state in ENDED:
                found.append(each)
            elif each.state is PlanState.READY and now - since > self._keep:
                found.append(_aside(each, f"Nobody asked for it within {self._keep.days} days."))
            elif each.state is PlanState.READY and now - since > VOID_AFTER and fresh and void(each, seen):
                found.append(each)
        return [*found, *store.plans.list(environment=environment, states=ENDED, untidied=True, limit=ALL)]

    def _after(self, environment: Environment, plan: Plan) -> Tidied | None:
        deleted: list[str] = []
        problem = ""
        try:
            over = self._put_behind(environment, plan)
            if over is None:
                return None
            plan = over
            if plan.because != DEPLOYED:  # then every change set was executed, and AWS has deleted the others
                for stack in plan.stacks:
                    if stack.deed is Deed.DEPLOY and not stack.unchanged:
                        self._stack(environment, plan, stack, deleted.append)
            self._mark(plan)
            self._refused.pop(plan.id, None)
        except HavenError as refusal:
            problem = refusal.message
            self._later(plan.id)
        if deleted:
            self._tell(plan, deleted, problem)
        return Tidied(plan, tuple(deleted), problem)

    def _put_behind(self, environment: Environment, plan: Plan) -> Plan | None:
        """The plan, saved as one that nobody can ask for; None when it is wanted after all, or has moved on."""
        if plan.state is PlanState.READY:
            now = {each.name: standing_of(self._reader.standing(environment, each.name)) for each in plan.stacks}
            why = void(plan, now)
            if not why or any(busy(each.status) for each in now.values()):
                return None
            plan = _aside(plan, f"It was void: {why}")
        with self._unit() as store:
            stored = store.plans.get(plan.id)
            if stored is None or stored.version != plan.version or not self._free(store, environment.name):
                return None
            if stored.state is plan.state:
                return plan
            if plan.state is PlanState.DISCARDED:
                store.ledger.append(entry(self._clock, SYSTEM.name, plan, "done", why=plan.because))
            return store.plans.save(plan)

    def _stack(self, environment: Environment, plan: Plan, stack: StackPlan, told: Callable[[str], None]) -> None:
        with self._unit(readonly=True) as store:
            if not self._free(store, environment.name):
                raise NotNow("Something else has begun here meanwhile.")
            wanted = _wanted(store, environment.name)
            operation = store.operations.get(plan.operation)
        there = self._reader.change_sets(environment, stack.name)
        unwanted = [each for each in there if each.arn not in wanted and _of(each, plan, stack, operation)]
        for each in unwanted:
            self._caller.discard(environment, stack.name, each.arn)
            told(f"{each.name} of {stack.stack_name}")
        if stack.base:
            return
        left = self._reader.change_sets(environment, stack.name) if unwanted else there
        if {each.arn for each in unwanted} & {each.arn for each in left}:
            raise NotNow(f"CloudFormation still has a change set of {stack.stack_name} that is being deleted.")
        if not left and self._caller.clear(environment, stack.name):
            told(stack.stack_name)

    def _free(self, store: Store, environment: str) -> bool:
        """Whether nothing goes on in the environment, and nobody holds Haven there."""
        going = any(each.kind not in HARMLESS for each in store.operations.live(environment))
        now = self._clock.now()
        return not going and holding(store.pauses.current(now), environment, now) is None

    def _mark(self, plan: Plan) -> None:
        with self._unit() as store:
            stored = store.plans.get(plan.id)
            if stored is None or stored.state not in ENDED:
                raise Conflict("The plan is another one by now.")
            store.plans.save(replace(stored, tidied_at=self._clock.now()))

    def _tell(self, plan: Plan, deleted: Sequence[str], problem: str) -> None:
        detail = {"plan": plan.id, "what": plan.what, "deleted": ", ".join(deleted)[:2000]}
        detail |= {"left": problem[:2000]} if problem else {}
        at, outcome = self._clock.now(), "failed" if problem else "done"
        with self._unit() as store:
            store.ledger.append(Entry(at, SYSTEM.name, "tidy plan", outcome, plan.environment, plan.because, detail))

    def _later(self, plan: str) -> None:
        _, pause = self._refused.get(plan, (None, FIRST_PAUSE / 2))
        pause = min(2 * pause, LONGEST_PAUSE)
        self._refused[plan] = (self._clock.now() + pause, pause)


def _aside(plan: Plan, because: str) -> Plan:
    return replace(plan, state=PlanState.DISCARDED, because=because)


def _plans(store: Store, environment: str, states: Sequence[PlanState]) -> Sequence[Plan]:
    found = store.plans.list(environment=environment, states=states, limit=ALL)
    return [settled(each, store.operations.get(each.operation) if each.operation else None) for each in found]


def _wanted(store: Store, environment: str) -> frozenset[str]:
    """The change sets that somebody may still execute."""
    waiting = [each for each in _plans(store, environment, WAITING) if each.state in WAITING]
    made = (stack.change_set for each in waiting for stack in each.stacks)
    return frozenset(each.arn for each in made if each is not None)


def _of(found: ListedChangeSet, plan: Plan, stack: StackPlan, operation: Operation | None) -> bool:
    """Whether a change set was made for a stack of a plan and not executed. One whose making was cut short is not known
    by its ARN: then it is one of Haven's that was made while the plan was worked on."""
    if found.execution_status.startswith("EXECUTE_"):
        return False
    if stack.change_set is not None:
        return found.arn == stack.change_set.arn
    until = operation.finished_at if operation and operation.finished_at else plan.prepared_at or plan.requested_at
    return found.name.startswith(OURS) and plan.requested_at - AROUND <= found.created_at <= until + AROUND
