"""A deployment as a procedure of the engine: change sets executed stack by stack, each at most once by its token."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.domain.check import Answer, Check
from services.domain.deployment.plan import Plan, PlanState, StackPlan
from services.domain.deployment.policy import LIFTED
from services.domain.deployment.risk import risks
from services.domain.environment import Environment
from services.domain.errors import Conflict, Misconfigured, NotFound, Refused
from services.domain.freeze import freezing
from services.domain.operation import Operation, State, Step
from services.ports import Catalogue, Clock, CloudReader, Receipt, StackCaller, StackReader, UnitOfWork
from services.usecases.deployment_checks import Asked, checks, gathered, inputs, of_stack
from services.usecases.deployment_facts import amiss, facts_of, judged_on, token_of
from services.usecases.deployment_records import keep_change_set, record
from services.usecases.deployment_steps import (
    RECORDED,
    VERIFIED,
    DeployFacts,
    Entry,
    StackFacts,
    entries_of,
    split,
    steps_for,
)
from services.usecases.planning_out import worked_out
from services.usecases.procedure import Look

__all__ = ["KIND", "DeployFacts", "DeployProcedure"]
KIND = "deploy"
_ASKS = frozenset({"work out", "lift", "execute", "unprotect", "delete"})
"""The steps before which it is asked whether everything is still as it was reviewed; the others only tidy up."""


class DeployProcedure:
    """`services.usecases.procedure.Procedure` for a deployment."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        catalogue: Catalogue,
        reader: StackReader,
        caller: StackCaller,
        cloud: CloudReader,
    ) -> None:
        self._unit, self._clock, self._catalogue, self._reader, self._caller, self._cloud = (
            unit,
            clock,
            catalogue,
            reader,
            caller,
            cloud,
        )

    def steps(self, operation: Operation) -> Sequence[Step[DeployFacts]]:
        """Stack by stack, as it was asked for."""
        return steps_for(entries_of(operation))

    def look(self, environment: Environment, operation: Operation) -> Look[DeployFacts]:
        """Of the stack whose turn it is, and of the next ones as far as steps come true."""
        plan = self._plan(operation)
        entries = {each.name: each for each in entries_of(operation)}
        facts = DeployFacts(plan, recorded=_over(plan))
        for step in self.steps(operation):
            if operation.seen_at(step.name):
                continue
            verb, name = split(step.name)
            if name and name not in facts.stacks:
                found = self._look_at(environment, operation, plan, entries[name])
                facts = replace(facts, stacks={**facts.stacks, name: found})
            elif verb == VERIFIED:
                facts = replace(facts, amiss=self._amiss(environment, operation, plan))
            if not step.done_when(facts):
                break
        return Look(facts)

    def guard(self, environment: Environment, operation: Operation, facts: DeployFacts) -> Sequence[Check]:
        """Before the first write everything that the review showed; before each other stack that it is as it was
        reviewed. With a policy lifted the call itself looks, so that it puts the policy back when it may not go on."""
        verb, name = split(operation.step)
        plan = facts.plan or self._plan(operation)
        lifts = any(each.lifts for each in entries_of(operation) if each.name == name)
        if verb not in _ASKS or (verb == "execute" and lifts) or _begun(facts, name):
            return [Check("under-way", "The deployment is under way", Answer.PASS, "This step may follow the last.")]
        stack = _stack(plan, name)
        asked = self._asked(environment, operation, plan)
        if not operation.note("checked"):
            asked = gathered(asked, self._reader)
            # Whether Haven is paused is asked again in the very transaction that saves the intent, and then it waits.
            found = [*checks(asked), inputs(asked, stack)]
            return [check for check in found if check is not None and check.key != "pause"]
        return of_stack(gathered(asked, self._reader, [name]), stack)

    def baseline(self, operation: Operation, facts: DeployFacts) -> Mapping[str, str]:
        """When everything was checked."""
        del facts
        return {} if operation.note("checked") else {"checked": self._clock.now().isoformat(timespec="seconds")}

    def ready(self, environment: Environment) -> None:
        """Nothing more to ask: the look before an act uses the very same role."""

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """The call of the current step."""
        verb, name = split(operation.step)
        plan = self._plan(operation)
        if verb == RECORDED:
            record(self._unit, self._clock, self._catalogue, operation)
            return Receipt("recorded")
        stack = _stack(plan, name)
        entry = next(each for each in entries_of(operation) if each.name == name)
        match verb:
            case "work out":
                return self._work_out(environment, plan, stack)
            case "lift":
                return self._caller.set_policy(environment, name, LIFTED)
            case "execute":
                return self._execute(environment, operation, plan, stack, entry)
            case "restore" | "policy":
                return self._caller.set_policy(environment, name, stack.policy or "")
            case "delete":
                return self._delete(environment, operation, stack)
            case _:
                return self._caller.protect(environment, name, verb == "protect" and entry.protect)

    def left(self, operation: Operation) -> str:
        """The shape is still to be remembered of one that a person ended as done."""
        return "" if operation.state is not State.SUCCEEDED or operation.seen_at(RECORDED) else RECORDED

    def close(self, operation: Operation) -> bool:
        """Remember it as at an ordinary end. Stacks that were not seen deployed are judged by a reading of AWS taken
        after the person's word; until there is one, False."""
        return record(self._unit, self._clock, self._catalogue, operation)

    def _work_out(self, environment: Environment, plan: Plan, stack: StackPlan) -> Receipt:
        made = worked_out(environment, plan, stack, self._unit, self._catalogue, self._reader, self._caller)
        keep_change_set(self._unit, plan.id, stack.name, made)
        return Receipt(made.arn if made else "unchanged")

    def _execute(
        self, environment: Environment, operation: Operation, plan: Plan, stack: StackPlan, entry: Entry
    ) -> Receipt:
        if self._look_at(environment, operation, plan, entry).executed:
            return Receipt("executed before")
        if stack.change_set is None:
            raise Conflict(f"There is no change set of {stack.stack_name}.")
        try:
            if entry.lifts:
                asked = gathered(self._asked(environment, operation, plan), self._reader, [stack.name])
                bad = [each for each in of_stack(asked, stack) if each.answer is not Answer.PASS]
                if bad:
                    raise Conflict(" ".join(f"{each.title}: {each.fact}" for each in bad))
            return self._caller.execute(environment, stack.name, stack.change_set.arn)
        except (Refused, Misconfigured):
            if entry.lifts:
                self._caller.set_policy(environment, stack.name, stack.policy or "")
            raise

    def _delete(self, environment: Environment, operation: Operation, stack: StackPlan) -> Receipt:
        token = token_of(operation, stack.name)
        try:
            return self._caller.delete(environment, stack.name, stack.retain, token)
        except (Refused, Misconfigured):
            if stack.termination_protection:
                self._caller.protect(environment, stack.name, True)
            raise

    def _look_at(self, environment: Environment, operation: Operation, plan: Plan, entry: Entry) -> StackFacts:
        stack = _stack(plan, entry.name)
        return facts_of(self._unit, self._reader, environment, operation, plan, stack, entry)

    def _amiss(self, environment: Environment, operation: Operation, plan: Plan) -> Sequence[str] | None:
        """What the newest reading shows amiss; a reading is taken when there is none since the last stack."""
        with self._unit(readonly=True) as store:
            newest = store.snapshots.newest(environment.name)
        if newest is None or not judged_on(newest, operation):
            newest = self._cloud.read(environment, newest, metrics=False)
        return amiss(newest, plan)

    def _asked(self, environment: Environment, operation: Operation, plan: Plan) -> Asked:
        now = self._clock.now()
        with self._unit(readonly=True) as store:
            live = store.operations.live(environment.name)
            freeze = freezing(store.freezes.current(now), environment.name, now)
        return Asked(
            environment,
            plan,
            now,
            now,
            None,
            risks=risks(plan),
            live=live,
            own_id=operation.id,
            freeze=freeze,
            fingerprint=operation.wants("fingerprint"),
        )

    def _plan(self, operation: Operation) -> Plan:
        with self._unit(readonly=True) as store:
            plan = store.plans.get(operation.wants("plan"))
        if plan is None:
            raise NotFound("The plan of this deployment is gone.")
        return plan


def _stack(plan: Plan, name: str) -> StackPlan:
    found = next((each for each in plan.stacks if each.name == name), None)
    if found is None:
        raise NotFound(f"The plan has no stack {name}.")
    return found


def _over(plan: Plan) -> bool:
    return plan.state is PlanState.OVER


def _begun(facts: DeployFacts, name: str) -> bool:
    return name in facts.stacks and facts.stacks[name].executed
