"""How dangerous a change is, in plain words, the worst first.

The rules are beside this, one module for each danger: `risk_data`, `risk_redundancy`, `risk_outage`, `risk_permission`,
`risk_ordinary` (cost and the rest) and `risk_deletion`.
"""

from collections.abc import Iterator, Sequence

from services.domain.deployment.danger import RULE, Danger, Level, Risk, Subject, subject
from services.domain.deployment.plan import Deed, Plan, StackPlan
from services.domain.deployment.policy import denied
from services.domain.deployment.risk_data import data_loss
from services.domain.deployment.risk_deletion import STACK, deletion_risks
from services.domain.deployment.risk_ordinary import cost, ordinary
from services.domain.deployment.risk_outage import outage
from services.domain.deployment.risk_permission import permission
from services.domain.deployment.risk_redundancy import redundancy_loss

__all__ = ["Danger", "Level", "Risk", "risks", "to_confirm"]

_RANK = {danger: number for number, danger in enumerate(Danger)}


def risks(plan: Plan) -> Sequence[Risk]:
    """One risk or more of every resource that changes, the worst first: by level, then by danger; of equals in order of
    deployment. A stack whose changes are not known yet has one that says so."""
    found = [risk for stack in plan.changed for risk in _stack(stack)]
    return tuple(sorted(found, key=lambda risk: (-risk.level, _RANK[risk.danger])))


def to_confirm(found: Sequence[Risk]) -> tuple[str, ...]:
    """The names that must be typed before this is deployed, each once."""
    return tuple(dict.fromkeys(risk.confirm for risk in found if risk.level is Level.HIGH))


def _stack(stack: StackPlan) -> Iterator[Risk]:
    if stack.deed is Deed.DELETE:
        yield from deletion_risks(stack)
    elif stack.change_set is not None:
        policy = None if stack.lifts_policy else stack.policy
        refused = {change.logical_id for change in denied(policy, stack.change_set)}
        for change in stack.change_set.resources:
            yield from _resource(subject(stack, change), change.logical_id in refused)
    elif stack.unknown:
        sentence = f"What changes in {stack.stack_name} is not known yet."
        because = f"{stack.unknown} At its turn, only what is of low risk is deployed without another review."
        yield Risk(Danger.ORDINARY, Level.LOW, stack.name, "", STACK, sentence, because, RULE)


def _resource(found: Subject, refused: bool) -> Iterator[Risk]:
    known = [
        *data_loss(found, refused),
        *redundancy_loss(found),
        *outage(found),
        *permission(found),
    ]
    if refused and not any(risk.level is Level.STOPPED for risk in known):
        known.append(_refused(found))
    known += cost(found)
    yield from known or [ordinary(found)]


def _refused(found: Subject) -> Risk:
    sentence = f"The stack policy denies this change of {found.name}: the update would fail."
    because = f"The plan does not lift the stack policy of {found.stack.name}."
    return found.risk(Danger.OUTAGE, Level.STOPPED, sentence, because, RULE)
