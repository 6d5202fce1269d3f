"""Working a plan out as a procedure of the engine: one request per stack, harmless to repeat, nothing executed.

Stacks that do not wait for each other are worked out side by side: one step a level of the order, its change sets made
on a few threads, for CloudFormation takes seconds to minutes for each. A level waits for those before it only to know
whether their change sets may change what feeds its own.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from services.domain.check import Answer, Check
from services.domain.deployment.plan import Plan, PlanState, StackPlan
from services.domain.environment import Environment
from services.domain.errors import HavenError, Invalid, Misconfigured, NotFound, OutcomeUnknown, Refused
from services.domain.operation import Operation, Step
from services.ports import Catalogue, Clock, Receipt, StackCaller, StackReader, UnitOfWork
from services.usecases.deployment_records import changed
from services.usecases.planning_one import ANSWERED_WITHIN, decided, levels_of, one_worked_out, worked_out
from services.usecases.procedure import Look

__all__ = ["KIND", "PlanFacts", "PlanProcedure", "worked_out"]
KIND = "plan"
AT_ONCE = 4
"""Change sets that are made at the same time: CloudFormation throttles an account's calls, not a stack's."""


@dataclass(frozen=True)
class PlanFacts:
    """What a look finds: the stacks that are decided, and what became of the plan."""

    plan: Plan
    decided: frozenset[str]


class PlanProcedure:
    """`services.usecases.procedure.Procedure` for working a plan out."""

    def __init__(
        self, unit: UnitOfWork, clock: Clock, catalogue: Catalogue, reader: StackReader, caller: StackCaller
    ) -> None:
        self._unit, self._clock, self._catalogue, self._reader, self._caller = unit, clock, catalogue, reader, caller

    def steps(self, operation: Operation) -> Sequence[Step[PlanFacts]]:
        """One a level."""
        return [_step(number, level) for number, level in enumerate(levels_of(operation), start=1)]

    def look(self, environment: Environment, operation: Operation) -> Look[PlanFacts]:
        """How far the plan is. What CloudFormation has is asked in the act itself."""
        del environment
        plan = self._plan(operation)
        return Look(PlanFacts(plan, frozenset(each.name for each in plan.stacks if decided(each))))

    def guard(self, environment: Environment, operation: Operation, facts: PlanFacts) -> Sequence[Check]:
        """That the plan still waits to be worked out. Nothing is executed here, so there is nothing else to guard."""
        del environment, operation
        waits = facts.plan.state is PlanState.PREPARING
        answer = Answer.PASS if waits else Answer.FAIL
        return [Check("plan", "The plan waits to be worked out", answer, f"It is {facts.plan.state.value}.")]

    def baseline(self, operation: Operation, facts: PlanFacts) -> Mapping[str, str]:
        """Nothing: what was before is in the plan."""
        del operation, facts
        return {}

    def ready(self, environment: Environment) -> None:
        """Nothing more to ask: reading the stacks uses the very same role."""

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """Have the change sets of a level worked out; the last level makes the plan ready. When AWS refuses one, the
        plan is FAILED with its words. What is not known to be there is asked for again, and found."""
        number = int(operation.step.rpartition(" ")[2])
        levels, plan = levels_of(operation), self._plan(operation)
        names = [each for each in levels[number - 1] if not decided(_stack(plan, each))]
        made, problems = self._side_by_side(environment, plan, names)
        if refused := [each for each in problems if isinstance(each, (Refused, Misconfigured))]:
            said = " ".join(each.message for each in refused)[:2000]
            changed(self._unit, plan.id, lambda stored: replace(stored, state=PlanState.FAILED, because=said))
            raise refused[0]
        last = number == len(levels)

        def known(stored: Plan) -> Plan:
            stacks = tuple(made.get(each.name, each) for each in stored.stacks)
            ready = last and all(decided(each) for each in stacks)
            state = PlanState.READY if ready else stored.state
            at = self._clock.now() if ready else stored.prepared_at
            return replace(stored, stacks=stacks, state=state, prepared_at=at)

        if made or not problems:
            changed(self._unit, plan.id, known)
        if problems:  # what is there already is kept; the others are asked for again
            raise next((each for each in problems if isinstance(each, OutcomeUnknown)), problems[0])
        names = [each.change_set.name for each in made.values() if each.change_set]
        return Receipt(" ".join(names)[:500] or "nothing to make")

    def _side_by_side(
        self, environment: Environment, plan: Plan, names: Sequence[str]
    ) -> tuple[Mapping[str, StackPlan], Sequence[HavenError]]:
        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="plan") as pool:
            tasks = {name: pool.submit(self._one(environment, plan, name)) for name in names}
        made, problems = {}, []
        for name, task in tasks.items():
            try:
                made[name] = task.result()
            except HavenError as problem:
                problems.append(problem)
        return made, problems

    def _one(self, environment: Environment, plan: Plan, name: str) -> Callable[[], StackPlan]:
        def work() -> StackPlan:
            return one_worked_out(
                environment, plan, _stack(plan, name), self._unit, self._clock, self._catalogue, self._reader,
                self._caller,
            )  # fmt: skip

        return work

    def _plan(self, operation: Operation) -> Plan:
        with self._unit(readonly=True) as store:
            plan = store.plans.get(operation.wants("plan"))
        if plan is None:
            raise NotFound("The plan of this operation is gone.")
        return plan


def _stack(plan: Plan, name: str) -> StackPlan:
    found = next((each for each in plan.stacks if each.name == name), None)
    if found is None:
        raise Invalid(f"The plan has no stack {name}.")
    return found


def _step(number: int, level: Sequence[str]) -> Step[PlanFacts]:
    return Step(
        f"level {number}",
        f"CloudFormation has worked out {', '.join(level)}",
        lambda facts: facts.decided.issuperset(level),
        ANSWERED_WITHIN,
        acts=True,
        repeatable=True,
        harmless=True,
        until="its answers with the change sets",
        otherwise="Look in CloudFormation among the stacks' change sets: they begin with haven-, and nothing of them "
        "is executed. Plan anew.",
    )
