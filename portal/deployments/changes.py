"""What a plan does to each stack, resource and property, as the review shows it: the most dangerous first. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.deployments.levels import STATUS, WORD, going, happens, worst
from services.domain.deployment.change_set import PropertyChange, ResourceChange
from services.domain.deployment.expected import Expectation
from services.domain.deployment.plan import Deed, ParameterChange, StackPlan
from services.domain.deployment.risk import Level, Risk
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.deployment_shapes import Reviewed

LATER = "known only once it runs"
_RECREATION = {
    "Never": "in place",
    "Conditionally": "may replace the resource, says AWS",
    "Always": "replaces the resource",
}
_LONG, _SHORT = 160, 80
"""A longer value is opened on request; until then it shows so much of itself."""


@dataclass(frozen=True)
class PropertyRow:
    """One differing place. `what` is its name as people know it, `effect` what AWS says the change does to the
    resource, `expectation` what is documented to happen all the same."""

    what: str
    path: str
    before: str
    after: str
    known: bool
    effect: str
    because: str
    expectation: Expectation | None

    def short(self, value: str) -> str:
        """The beginning of a value that would need much room; the value itself when it does not."""
        return value if len(value) <= _LONG else f"{value[:_SHORT].rstrip()}…"


@dataclass(frozen=True)
class ResourceRow:
    """One resource. `word` says in a few words what becomes of it, `going` what becomes of the one that goes."""

    change: ResourceChange
    status: Status
    level: Level
    level_word: str
    word: str
    going: str
    rows: Sequence[PropertyRow]
    risks: Sequence[Risk]


@dataclass(frozen=True)
class StackCard:
    """One stack of the plan. `tally` counts its resources by what becomes of them; `parameters` are those that change
    or are fed by another stack; `same` counts the others."""

    plan: StackPlan
    status: Status
    word: str
    tally: str
    resources: Sequence[ResourceRow]
    parameters: Sequence[ParameterChange]
    same: int

    @property
    def template_changes(self) -> bool:
        """Whether another template text is deployed than runs, as far as that is known."""
        return bool(self.plan.deployed) and self.plan.version not in ("", self.plan.deployed)


def cards(reviewed: Reviewed) -> Sequence[StackCard]:
    """Every stack, in the plan's order."""
    by_stack: dict[str, list[Risk]] = {}
    for risk in reviewed.risks:
        by_stack.setdefault(risk.stack, []).append(risk)
    return [_card(stack, by_stack.get(stack.name, []), reviewed.expectations) for stack in reviewed.plan.stacks]


def tally(changes: Sequence[ResourceChange]) -> str:
    """`2 new, 1 replaced and 3 changed in place`."""
    counts: dict[str, int] = {}
    for change in changes:
        word = happens(change)
        counts[word] = counts.get(word, 0) + 1
    return listed([f"{number} {word}" for word, number in counts.items()])


def _card(
    stack: StackPlan, risks: Sequence[Risk], expectations: Mapping[tuple[str, str, str], Expectation]
) -> StackCard:
    changes = stack.change_set.resources if stack.change_set else ()
    rows = [_resource(stack.name, change, risks, expectations) for change in changes]
    shown = [each for each in stack.parameters if each.changes]
    status, word = _stands(stack, risks)
    return StackCard(
        plan=stack,
        status=status,
        word=word,
        tally=_tally(stack),
        resources=sorted(rows, key=lambda row: -row.level),
        parameters=shown,
        same=len(stack.parameters) - len(shown),
    )


def _tally(stack: StackPlan) -> str:
    if stack.deed is Deed.DELETE:
        kept = f", {counted(len(stack.kept), 'resource')} kept" if stack.kept else ""
        return f"{counted(len(stack.removed), 'resource')} deleted{kept}"
    if stack.unchanged:
        return "nothing changes"
    if stack.change_set is None:
        return "its changes are not known yet"
    return tally(stack.change_set.resources) or "only what surrounds its resources changes"


def _stands(stack: StackPlan, risks: Sequence[Risk]) -> tuple[Status, str]:
    if stack.unchanged:
        return Status.HEALTHY, "Unchanged"
    if stack.unknown and stack.change_set is None:
        return Status.UNKNOWN, "Not known yet"
    level = worst(risks)
    return STATUS[level], WORD[level]


def _resource(
    stack: str,
    change: ResourceChange,
    risks: Sequence[Risk],
    expectations: Mapping[tuple[str, str, str], Expectation],
) -> ResourceRow:
    own = [risk for risk in risks if risk.logical_id == change.logical_id]
    level = worst(own)
    rows = [
        _property(each, expectations.get((stack, change.logical_id, each.path)), change) for each in change.properties
    ]
    return ResourceRow(change, STATUS[level], level, WORD[level], happens(change), going(change), rows, own)


def _property(change: PropertyChange, expectation: Expectation | None, of: ResourceChange) -> PropertyRow:
    what = change.path.removeprefix("/Properties/").replace("/", " › ") if change.name else change.attribute
    effect = "" if of.action in ("Add", "Remove") else _RECREATION.get(change.recreation, change.recreation)
    return PropertyRow(
        what=what or change.name or change.attribute,
        path=change.path,
        before=_said(change.before),
        after=_said(change.after) if change.known else LATER,
        known=change.known,
        effect=effect,
        because=_because(change),
        expectation=expectation,
    )


def _said(value: str | None) -> str:
    if value is None:
        return "not set"
    return value if value.strip() else "empty"


def _because(change: PropertyChange) -> str:
    if change.source == "ParameterReference":
        return f"parameter {change.cause}" if change.cause else "a parameter"
    if change.source in ("ResourceReference", "ResourceAttribute"):
        return f"another resource, {change.cause}" if change.cause else "another resource"
    if change.source == "DirectModification":
        return "the template's text"
    return " ".join(part for part in (change.source, change.cause) if part)
