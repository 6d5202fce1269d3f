"""What is done about a stack whose rollout failed, as a procedure of the engine: one call by its token, then a look.

What the call began is told from everything else by its token on the stack's events.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.domain.check import Answer, Check
from services.domain.deployment.policy import LIFTED, same
from services.domain.deployment.statuses import RECOVERIES
from services.domain.environment import Environment
from services.domain.errors import Invalid, NotFound
from services.domain.operation import Operation, State, Step
from services.ports import Clock, Receipt, StackCaller, StackReader, StackStanding, UnitOfWork
from services.usecases.deployment_facts import began
from services.usecases.deployment_requests import OF_PLAN, RESTORE
from services.usecases.procedure import Look

KIND = "recover"
ANSWERED_WITHIN, ENDED_WITHIN = timedelta(minutes=15), timedelta(hours=4)
_GOOD: Mapping[str, tuple[str, ...]] = {
    "cancel": ("UPDATE_ROLLBACK_COMPLETE",),
    "continue": ("UPDATE_ROLLBACK_COMPLETE",),
    "roll back": ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_COMPLETE"),
    "delete": ("DELETE_COMPLETE",),
}
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "cancel": ("The update is being cancelled", "The update is rolled back"),
    "continue": ("The rollback goes on", "The rollback is complete"),
    "roll back": ("The rollback has begun", "The stack is rolled back"),
    "delete": ("The deletion has begun", "The stack is deleted"),
}
LOOK = "Look in CloudFormation what became of the stack; its events say it."


@dataclass(frozen=True)
class RecoverFacts:
    """What a look finds. `began`: the request took effect. `status` is that of the stack's last event since, or of the
    stack; empty for one that is gone. `policy`: nothing is lifted any more."""

    standing: StackStanding | None
    began: bool
    status: str
    reason: str = ""
    policy: bool = False


_BACK: Step[RecoverFacts] = Step(
    "restore",
    "The stack policy is back",
    lambda facts: facts.policy,
    ANSWERED_WITHIN,
    acts=True,
    repeatable=True,
    otherwise=LOOK,
)


class RecoverProcedure:
    """`services.usecases.procedure.Procedure` for a recovery."""

    def __init__(self, unit: UnitOfWork, clock: Clock, reader: StackReader, caller: StackCaller) -> None:
        self._unit, self._clock, self._reader, self._caller = unit, clock, reader, caller

    def steps(self, operation: Operation) -> Sequence[Step[RecoverFacts]]:
        """The call, and what comes of it."""
        act = operation.wants("act")
        if act == RESTORE:
            return (_BACK,)
        if act not in _GOOD:
            raise Invalid(f"There is no recovery called {act[:32]}.")
        good, (begun, ended) = _GOOD[act], _SENTENCES[act]
        return (
            Step(
                "begin",
                begun,
                lambda facts: facts.began,
                ANSWERED_WITHIN,
                acts=True,
                repeatable=True,
                until="the stack's first event of it",
                otherwise=LOOK,
            ),
            Step(
                "end",
                ended,
                lambda facts: facts.began and (facts.status in good or (act == "delete" and facts.standing is None)),
                ENDED_WITHIN,
                refused_when=lambda facts: _failure(operation, facts, good),
                until="the stack's last event of it",
                otherwise=LOOK,
            ),
        )

    def look(self, environment: Environment, operation: Operation) -> Look[RecoverFacts]:
        """The stack, and whether what happens to it is ours."""
        stack = operation.wants("stack")
        standing = self._reader.standing(environment, stack)
        if standing is None:
            return Look(RecoverFacts(None, operation.irreversible, "", policy=True))
        if operation.wants("act") == RESTORE:
            back = not same(self._reader.policy(environment, stack), LIFTED)
            return Look(RecoverFacts(standing, back, standing.status, policy=back))
        own = began(self._unit, self._reader, environment, standing, token_of(operation))
        return Look(RecoverFacts(standing, bool(own), standing.status, standing.reason))

    def guard(self, environment: Environment, operation: Operation, facts: RecoverFacts) -> Sequence[Check]:
        """That the stack's status allows it."""
        act, name = operation.wants("act"), operation.wants("stack_name")
        if act == RESTORE:
            return [Check("policy", "The policy is still lifted", _pass(not facts.policy), f"That of {name}.")]
        status = facts.standing.status if facts.standing else ""
        allowed = act in RECOVERIES.get(status, ())
        fact = f"{name} is {status or 'not there'}."
        checks = [Check("status", f"The stack's status allows it: {act}", _pass(allowed), fact, self._clock.now())]
        with self._unit(readonly=True) as store:
            live = store.operations.live(environment.name)
        holds = [
            each for each in live if each.kind in ("plan", "deploy") and each.state is State.RUNNING and act != "cancel"
        ]
        said = f"{holds[0].what} runs ({holds[0].id})." if holds else "No deployment runs."
        checks.append(Check("operations", "No deployment is in the way", _pass(not holds), said))
        if act == "delete":
            protected = facts.standing is not None and facts.standing.protected
            told = "on: it has to be taken off first." if protected else "off."
            checks.append(Check("protection", "It may be deleted", _pass(not protected), f"Its protection is {told}"))
        return checks

    def baseline(self, operation: Operation, facts: RecoverFacts) -> Mapping[str, str]:
        """How the stack stood."""
        del operation
        return {"status_before": facts.standing.status if facts.standing else ""}

    def ready(self, environment: Environment) -> None:
        """Nothing more to ask: the look before an act uses the very same role."""

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """The one call, by its token."""
        stack, token, skip = operation.wants("stack"), token_of(operation), skipped(operation)
        match operation.wants("act"):
            case "restore policy":
                return self._caller.set_policy(environment, stack, self._policy(operation, stack))
            case "cancel":
                return self._caller.cancel(environment, stack, token)
            case "continue":
                return self._caller.continue_rollback(environment, stack, skip, token)
            case "roll back":
                return self._caller.roll_back(environment, stack, token)
            case _:
                return self._caller.delete(environment, stack, skip, token)

    def _policy(self, operation: Operation, stack: str) -> str:
        with self._unit(readonly=True) as store:
            plan = store.plans.get(operation.wants(OF_PLAN))
        found = next((each.policy for each in (plan.stacks if plan else ()) if each.name == stack), None)
        if not found:
            raise NotFound("What its stack policy was is not known.")
        return found


def token_of(operation: Operation) -> str:
    """The client token of a recovery."""
    return f"haven-{operation.id}"


def skipped(operation: Operation) -> Sequence[str]:
    """The logical ids that a recovery leaves out."""
    try:
        return [str(each) for each in json.loads(operation.wants("skip") or "[]")]
    except ValueError:
        raise Invalid("This is no list of resources.") from None


def _failure(operation: Operation, facts: RecoverFacts, good: Sequence[str]) -> str:
    if not facts.began or facts.standing is None or facts.status.endswith("_IN_PROGRESS") or facts.status in good:
        return ""
    why = f" {facts.reason}" if facts.reason else ""
    return f"{operation.wants('stack_name')} is {facts.status}.{why}"


def _pass(answer: bool) -> Answer:
    return Answer.PASS if answer else Answer.FAIL
