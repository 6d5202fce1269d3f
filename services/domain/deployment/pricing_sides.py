"""What each resource of a stack is billed for before and after a plan: by its parameters, and by its change set."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.domain.deployment.change_set import ChangeSet, ResourceChange
from services.domain.deployment.plan import Deed, StackPlan
from services.domain.deployment.pricing import Bill
from services.domain.deployment.pricing_shapes import (
    NOT_COUNTED,
    Holding,
    as_spare,
    bill_of,
    counted_with,
    holdings,
    properties_of,
)

_KEPT = "What is kept of it, itself or a snapshot, goes on costing; how much is not known."
_SNAPSHOT = "A snapshot of it is kept; what that costs is not known."
_RETAINED = "It is kept when it leaves the stack, and goes on costing."
_IMPORTED = "It is there already, and is taken into the stack."
_BOTH = "The one it replaces is kept, and goes on costing."


@dataclass(frozen=True)
class Sides:
    """One resource's bills, None on a side where it is not there. `note` says what else counts in `after`; `lost` what
    costs something afterwards that nobody can price."""

    logical_id: str
    type: str
    before: Bill | None
    after: Bill | None
    note: str = ""
    lost: str = ""


def sides(stack: StackPlan) -> Sequence[Sides]:
    """The stack's billed resources in the order of its template, others of its change set behind them."""
    before = {each.name: each.before for each in stack.parameters if each.before is not None}
    after = {each.name: each.after for each in stack.parameters if each.after is not None}
    if stack.deed is Deed.DELETE:
        return list(_deleted(stack, before or after))
    if stack.unchanged:
        there = holdings(stack.template, after or before)
        return [Sides(name, each.type, each.bill, each.bill) for name, each in there.items()]
    if stack.change_set is None:
        return list(_compared(holdings(stack.template, before) if before else {}, holdings(stack.template, after)))
    return list(_changed(stack.template, stack.change_set, before, after))


def _deleted(stack: StackPlan, values: Mapping[str, str]) -> Iterator[Sides]:
    for name, each in holdings(stack.template, values).items():
        yield Sides(name, each.type, each.bill, None, lost=_KEPT if name in stack.kept else "")


def _compared(before: Mapping[str, Holding], after: Mapping[str, Holding]) -> Iterator[Sides]:
    for name in dict.fromkeys((*after, *before)):
        then, now = after.get(name), before.get(name)
        kind = then.type if then else before[name].type
        yield Sides(name, kind, now.bill if now else None, then.bill if then else None)


def _changed(
    template: str, change_set: ChangeSet, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Sides]:
    """What no change names stays as it is, so its `after` holds on both sides."""
    were = {} if change_set.creates else holdings(template, before)
    then = holdings(template, after)
    changes = {each.logical_id: each for each in change_set.resources}
    moved = {counted_with(each.type) for each in change_set.resources if counted_with(each.type) != each.type}
    for name, each in then.items():
        change = changes.get(name)
        if change is not None:
            yield _side(template, change, were.get(name), each)
        elif change_set.creates:
            yield Sides(name, each.type, None, each.bill)
        elif each.type in moved and name in were:
            yield Sides(name, each.type, were[name].bill, each.bill)
        else:
            yield Sides(name, each.type, each.bill, each.bill)
    for name, change in changes.items():
        if name not in then and change.type not in NOT_COUNTED:
            made = _side(template, change, were.get(name), None)
            if made.before or made.after:
                yield made


def _side(template: str, change: ResourceChange, were: Holding | None, then: Holding | None) -> Sides:
    """One changed resource; CloudFormation's own word on its properties goes before what the parameters say."""
    after = None if change.action == "Remove" else _bill(template, change, change.after, then)
    before = None if change.action == "Add" else _bill(template, change, change.before, were)
    policy, note, lost = change.policy_action, "", ""
    if change.action == "Import":
        before, note = after, _IMPORTED
    elif change.action == "Remove" and policy == "Retain":
        after, note = before, _RETAINED
    elif policy == "ReplaceAndRetain" and before and after:
        terms, unknown = (*after.terms, *before.terms), after.unknown or before.unknown
        after, note = Bill(terms, (*after.alone, *before.terms), after.note, unknown), _BOTH
    elif policy in ("Snapshot", "ReplaceAndSnapshot"):
        lost = _SNAPSHOT
    return Sides(change.logical_id, change.type, before, after, note, lost)


def _bill(template: str, change: ResourceChange, context: str, held: Holding | None) -> Bill | None:
    properties = properties_of(context)
    said = bill_of(change.type, properties) if properties is not None else None
    if said is not None and not (said.unknown and held):
        return as_spare(template, change.logical_id, said)
    if held is not None:
        return held.bill
    return Bill(unknown="Its properties are not known.") if properties is None else said
