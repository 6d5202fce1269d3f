"""The form of a plan as data: every parameter with what is deployed, what is typed, and what is wrong with it. Pure.

It begins with what is deployed, with a blueprint's shape as a whole, or with what an earlier plan is come back to by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.usecases.deployment_shapes import DeploymentForm, ParameterField, PlanRequest, StackForm

LONGEST = 4096
"""Bytes a parameter's value may have (CloudFormation's own limit)."""
MOST_WHAT = 120
_SHORT = 8


Sent = Mapping[str, Sequence[str]]
"""What a browser sent: the values of each control."""


@dataclass(frozen=True)
class ParameterRow:
    """One parameter. `name` is the control's, `begins` what the form filled in, `typed` what stands in it now."""

    field: ParameterField
    name: str
    begins: str
    typed: str
    wrong: str = ""

    @property
    def changed(self) -> bool:
        """Whether it differs from what is deployed."""
        return not self.fed and (bool(self.typed) if self.field.secret else self.typed != (self.field.deployed or ""))

    @property
    def fed(self) -> bool:
        """Whether another stack's output feeds it, so that nobody types it."""
        return bool(self.field.fed_by)

    @property
    def choices(self) -> Sequence[str]:
        """What may be chosen, with what is there now even if it no longer may."""
        allowed = list(self.field.allowed)
        return allowed if not allowed or self.typed in allowed else [self.typed, *allowed]


@dataclass(frozen=True)
class StackRows:
    """One stack. `versions` are template versions to choose from: (value, words); an empty value is today's. `wrong` is
    said about it as a whole, `wrong_version` about its version."""

    form: StackForm
    chosen: bool
    rows: Sequence[ParameterRow]
    versions: Sequence[tuple[str, str]]
    version: str = ""
    lift: bool = False
    wrong: str = ""
    wrong_version: str = ""

    @property
    def changed(self) -> int:
        """How many parameters differ from what is deployed."""
        return sum(row.changed for row in self.rows)

    @property
    def new(self) -> bool:
        """Whether it is not there yet."""
        return not self.form.status

    @property
    def shown(self) -> Sequence[ParameterRow]:
        """What there is to see at once: what differs from what is deployed, and what is wrong."""
        return [row for row in self.rows if row.wrong or (row.changed and not self.new)]

    @property
    def rest(self) -> Sequence[ParameterRow]:
        """The others that can be set."""
        return [row for row in self.rows if not row.fed and row not in self.shown]


@dataclass(frozen=True)
class Sheet:
    """The whole form. `whole` says that the blueprint's shape is deployed as a whole, `follows` is the plan that is
    rolled back to or repeated."""

    form: DeploymentForm
    stacks: Sequence[StackRows]
    whole: bool = False
    reset: bool = False
    what: str = ""
    follows: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong with it, as far as can be seen here."""
        return not self.wrong and not any(row.wrong for stack in self.stacks for row in stack.rows)

    @property
    def elsewhere(self) -> Sequence[str]:
        """What is wrong with no field of the form."""
        names = {row.name for stack in self.stacks for row in stack.rows if not row.fed}
        names |= {name for stack in self.stacks for name in (stack.form.name, f"{stack.form.name}.version")}
        return [text for name, text in self.wrong.items() if name not in names]

    def refused(self, fields: Mapping[str, str]) -> "Sheet":
        """With what the use case found wrong beside the fields it names."""
        stacks = [
            replace(
                stack,
                wrong=fields.get(stack.form.name, stack.wrong),
                wrong_version=fields.get(f"{stack.form.name}.version", ""),
                rows=[replace(row, wrong=fields.get(row.name, row.wrong)) for row in stack.rows],
            )
            for stack in self.stacks
        ]
        return replace(self, stacks=stacks, wrong=dict(fields))

    def request(self) -> PlanRequest:
        """What is asked for: the chosen stacks, and the values that are neither deployed nor the shape's own."""
        chosen = [stack for stack in self.stacks if stack.chosen]
        values = {stack.form.name: _values(stack, whole=self.whole) for stack in chosen}
        return PlanRequest(
            environment=self.form.environment.name,
            blueprint=self.form.blueprint,
            stacks=() if len(chosen) == len(self.stacks) else tuple(stack.form.name for stack in chosen),
            values={name: found for name, found in values.items() if found},
            whole_shape=self.whole,
            reset_scaling=self.reset,
            lift_policy=tuple(stack.form.name for stack in chosen if stack.lift),
            versions={stack.form.name: stack.version for stack in chosen if stack.version},
            follows=self.follows,
            what=self.what,
        )


def begun(
    form: DeploymentForm, *, whole: bool = False, only: Sequence[str] = (), earlier: PlanRequest | None = None
) -> Sheet:
    """The form as it is opened: today's values, the shape's where it is deployed as a whole, or an earlier plan's."""
    only = earlier.stacks if earlier else only
    stacks = [_stack(stack, whole, not only or stack.name in only, earlier) for stack in form.stacks]
    what, follows = (earlier.what[:MOST_WHAT], earlier.follows) if earlier else ("", "")
    return Sheet(form, stacks, whole, what=what, follows=follows)


def sent(form: DeploymentForm, data: Sent, *, earlier: PlanRequest | None = None) -> Sheet:
    """The form as a browser sent it, everything typed in it, with what is wrong beside it."""
    whole, chosen, lifted = bool(_first(data, "whole")), data.get("stacks", ()), data.get("lift", ())
    stacks = []
    for opened in (_stack(stack, whole, stack.name in chosen, earlier) for stack in form.stacks):
        rows = [_typed(row, data) for row in opened.rows]
        known = {value for value, _ in opened.versions}
        version = _first(data, f"version:{opened.form.name}")
        lift = opened.form.name in lifted
        stacks.append(replace(opened, rows=rows, version=version if version in known else "", lift=lift))
    wrong = {} if any(stack.chosen for stack in stacks) else {"stacks": "Choose one stack at least."}
    what, follows = " ".join(_first(data, "what").split())[:MOST_WHAT], earlier.follows if earlier else ""
    return Sheet(form, stacks, whole, bool(_first(data, "reset_scaling")), what, follows, wrong)


def _stack(stack: StackForm, whole: bool, chosen: bool, earlier: PlanRequest | None) -> StackRows:
    values = earlier.values.get(stack.name, {}) if earlier else {}
    rows = []
    for each in stack.fields:
        begins = each.shape if whole and each.shape is not None else each.wanted
        begins = "" if each.secret else values.get(each.name, begins)
        rows.append(ParameterRow(each, f"{stack.name}.{each.name}", begins, begins))
    versions = [("", f"Today’s, {stack.version[:_SHORT]}")]
    if stack.deployed_version and stack.deployed_version != stack.version:
        versions.append((stack.deployed_version, f"The one that runs, {stack.deployed_version[:_SHORT]}"))
    version = earlier.versions.get(stack.name, "") if earlier else ""
    version = "" if version == stack.version else version
    if version and version not in dict(versions):
        versions.append((version, f"That of the earlier deployment, {version[:_SHORT]}"))
    return StackRows(stack, chosen, rows, versions, version)


def _first(data: Sent, name: str, default: str = "") -> str:
    return next(iter(data.get(name, ())), default)


def _typed(row: ParameterRow, data: Sent) -> ParameterRow:
    if row.fed:
        return row
    typed = _first(data, row.name, row.begins)
    typed = typed if row.field.secret else typed.strip()
    if len(typed.encode()) > LONGEST:
        return replace(row, typed=typed[:LONGEST], wrong=f"At most {LONGEST} bytes.")
    return replace(row, typed=typed)


def _values(stack: StackRows, *, whole: bool) -> dict[str, str]:
    found = {}
    for row in stack.rows:
        if row.fed or (row.field.secret and not row.typed):
            continue
        # A shape as a whole brings its own values; only what was typed over them is said.
        own = row.begins if whole else row.field.deployed
        if own is None or row.typed != own:
            found[row.field.name] = row.typed
    return found
