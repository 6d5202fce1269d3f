"""Having CloudFormation work out a change set as a procedure of the engine: one request, harmless to repeat.

The change set's name and token come from its content and the stack's last update, so that asking again, when nobody
knows whether the answer was lost, finds the one that is there. Nothing is ever executed here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.domain.check import Answer, Check
from services.domain.environment import Environment
from services.domain.errors import Conflict, Invalid, Misconfigured
from services.domain.operation import Operation, Sent, Step
from services.ports import Provisioner, Receipt, StackSpec
from services.usecases.procedure import Look

KIND = "carry"
SERVICE = "service"
"""The template of a service's stack."""
ANSWERED_WITHIN = timedelta(minutes=15)
"""CloudFormation takes seconds, for many resources minutes."""
CHANGED = "The parameters of {} have changed since it was read; look again."


@dataclass(frozen=True)
class CarryFacts:
    """What a look finds: whether the answer was had, and before that the stack's parameters, None when there is no such
    stack. `busy` is the status of a stack that is being changed; `denied` says which right is missing to look."""

    answered: bool
    parameters: Mapping[str, str] | None = None
    busy: str = ""
    denied: str = ""


STEPS: tuple[Step[CarryFacts], ...] = (
    Step(
        "change set",
        "CloudFormation has worked out the change set",
        lambda facts: facts.answered,
        ANSWERED_WITHIN,
        acts=True,
        repeatable=True,
        harmless=True,
        until="its answer with the change set's ARN",
        otherwise="Look in CloudFormation among the stack's change sets: it begins with haven-, and nothing of it is "
        "executed. Asked for again, the same one is found, not another made.",
    ),
)


class CarryProcedure:
    """`services.usecases.procedure.Procedure` for carrying live edits into a service's stack."""

    def __init__(self, provisioner: Provisioner) -> None:
        self._provisioner = provisioner

    def steps(self, operation: Operation) -> Sequence[Step[CarryFacts]]:
        """The one, whatever is carried."""
        del operation
        return STEPS

    def look(self, environment: Environment, operation: Operation) -> Look[CarryFacts]:
        """The stack as it is; once the answer was had there is nothing more to look at."""
        if operation.sent is Sent.YES:
            return Look(CarryFacts(answered=True))
        try:
            found = self._provisioner.outcome(environment, operation.wants("stack"))
        except Misconfigured as denied:
            return Look(CarryFacts(answered=False, denied=denied.message))
        if found is None:
            return Look(CarryFacts(answered=False))
        return Look(CarryFacts(False, dict(found.parameters), "" if found.done else found.status))

    def guard(self, environment: Environment, operation: Operation, facts: CarryFacts) -> Sequence[Check]:
        """That the stack is there, at rest, and says what it said when the edits were read."""
        name, title = environment.stack_name(operation.wants("stack")), "Its parameters are as they were read"
        if facts.denied:
            return [Check("stack", "The stack can be read", Answer.FAIL, facts.denied)]
        if facts.parameters is None:
            return [Check("stack", "The stack is there", Answer.FAIL, f"There is no stack {name} any more.")]
        checks = [Check("stack", "The stack is at rest", Answer.PASS, f"{name} is not being changed.")]
        if facts.busy:
            checks = [Check("stack", "The stack is at rest", Answer.FAIL, f"{name} is being changed ({facts.busy}).")]
        before, _ = carried(operation)
        moved = _moved(facts.parameters, before)
        fact = f"{CHANGED.format(name)} {moved}" if moved else f"{len(before)} of {name} compared."
        return [*checks, Check("parameters", title, Answer.FAIL if moved else Answer.PASS, fact)]

    def baseline(self, operation: Operation, facts: CarryFacts) -> Mapping[str, str]:
        """Nothing: what was before is in the request."""
        del operation, facts
        return {}

    def ready(self, environment: Environment) -> None:
        """Nothing more to ask: the look before an act uses the very same role."""

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """Have it worked out; the receipt is the change set's ARN."""
        before, after = carried(operation)
        return Receipt(change_set_of(self._provisioner, environment, operation.wants("stack"), before, after))


def change_set_of(
    provisioner: Provisioner, environment: Environment, stack: str, before: Mapping[str, str], after: Mapping[str, str]
) -> str:
    """The ARN of the change set that gives a deployed stack the values of `after` and leaves its others as they are.
    Raises Conflict when those of `before` have changed or nothing would, and Refused with CloudFormation's words."""
    name, found = environment.stack_name(stack), provisioner.outcome(environment, stack)
    now = dict(found.parameters) if found else {}
    if _moved(now, before):
        raise Conflict(CHANGED.format(name))
    values = tuple({**now, **after}.items())
    spec = StackSpec(stack, SERVICE, values, (), (), None, termination_protection=True)
    made = provisioner.change_set(environment, spec, {})
    if made is None:
        raise Conflict(f"CloudFormation sees nothing to change in {name}.")
    return made


def carried(operation: Operation) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The parameters that change, before and after, as they were asked for. Raises Invalid for what was never asked."""
    before, after = (_parameters(operation.wants(name)) for name in ("before", "after"))
    return before, after


def _parameters(text: str) -> Mapping[str, str]:
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Invalid("These are not parameters of a stack.")
    return {str(name): str(value) for name, value in read.items()}


def _moved(now: Mapping[str, str], before: Mapping[str, str]) -> str:
    """Which of the parameters are not as they were; empty when all are."""
    told = [
        f"{name} was {old or 'empty'} and is {now.get(name) or 'empty'}"
        for name, old in before.items()
        if now.get(name) != old
    ]
    return f"{'; '.join(told[:6])}." if told else ""
