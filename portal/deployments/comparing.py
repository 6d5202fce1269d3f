"""Two plans side by side: templates, parameters and resources of each stack, where they differ first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.deployments.levels import happens
from services.domain.deployment.plan import Deed, Plan, StackPlan
from services.usecases.deployment_shapes import Reviewed

MISSING = "not in it"
SECRET = "not shown"  # noqa: S105 - what stands in place of one


@dataclass(frozen=True)
class Pair:
    """One thing in both."""

    name: str
    first: str
    second: str

    @property
    def same(self) -> bool:
        """Whether it is alike in both."""
        return self.first == self.second


@dataclass(frozen=True)
class StackPair:
    """One stack in both."""

    name: str
    template: Pair
    parameters: Sequence[Pair]
    resources: Sequence[Pair]

    @property
    def all(self) -> Sequence[Pair]:
        """Everything in it."""
        return [self.template, *self.parameters, *self.resources]

    @property
    def differing(self) -> Sequence[Pair]:
        """What is not alike."""
        return [each for each in self.all if not each.same]


@dataclass(frozen=True)
class Compared:
    """Both, stack by stack."""

    first: Reviewed
    second: Reviewed
    stacks: Sequence[StackPair]

    @property
    def number(self) -> int:
        """How many places differ."""
        return sum(len(stack.differing) for stack in self.stacks)


def compared(first: Reviewed, second: Reviewed) -> Compared:
    """Every stack that is in one of them, in the second one's order, then the first one's."""
    one, other = _by_name(first.plan), _by_name(second.plan)
    names = list(dict.fromkeys([*other, *one]))
    pairs = [_pair(name, one.get(name), other.get(name)) for name in names]
    return Compared(first, second, pairs)


def _by_name(plan: Plan) -> dict[str, StackPlan]:
    return {stack.name: stack for stack in plan.stacks}


def _pair(name: str, one: StackPlan | None, other: StackPlan | None) -> StackPair:
    return StackPair(
        name,
        Pair("Template", _template(one), _template(other)),
        _zipped(_parameters(one), _parameters(other)),
        _zipped(_resources(one), _resources(other)),
    )


def _zipped(one: dict[str, str], other: dict[str, str]) -> Sequence[Pair]:
    pairs = [Pair(name, one.get(name, MISSING), other.get(name, MISSING)) for name in {**other, **one}]
    return sorted(pairs, key=lambda pair: (pair.same, pair.name))


def _template(stack: StackPlan | None) -> str:
    if stack is None:
        return MISSING
    return "deleted" if stack.deed is Deed.DELETE else stack.version[:12]


def _parameters(stack: StackPlan | None) -> dict[str, str]:
    if stack is None:
        return {}
    return {
        each.name: SECRET if each.secret else "none" if each.after is None else each.after or "empty"
        for each in stack.parameters
    }


def _resources(stack: StackPlan | None) -> dict[str, str]:
    if stack is None:
        return {}
    gone = dict.fromkeys(stack.removed, "removed") | dict.fromkeys(stack.kept, "kept, outside the stack")
    if stack.change_set is None:
        return gone
    return gone | {each.logical_id: happens(each) for each in stack.change_set.resources}
