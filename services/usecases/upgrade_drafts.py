"""The stages of one environment's way, by what is deployed and what the blueprint says. Pure but for the catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.domain.deployment.plan import ParameterChange, Plan, StackPlan
from services.domain.deployment.statuses import busy, there
from services.domain.deployment.upgrade import (
    KINDS,
    SERVICE,
    Kept,
    Kind,
    Moves,
    Need,
    kept_because,
    need_of,
    together,
)
from services.domain.environment import Environment
from services.domain.failover.connections import connections_of, most_connections
from services.domain.snapshot import Database, DatabaseCluster, Snapshot, Stack
from services.ports import Catalogue, StackSpec
from services.usecases.deployment_records import LOOSE

Changes = Mapping[str, Mapping[str, tuple[str, str]]]


@dataclass(frozen=True)
class Way:
    """Everything the stages are made of: the blueprint's stacks and what is deployed of them, by name."""

    specs: Mapping[str, StackSpec]
    deployed: Mapping[str, Stack]
    changes: Changes
    kept: Sequence[Kept]

    @property
    def absent(self) -> Sequence[str]:
        """Stacks of the blueprint that are not deployed."""
        return [name for name in self.specs if name not in self.deployed]

    def now(self, stack: str) -> Mapping[str, str]:
        """The values in force."""
        return dict(self.deployed[stack].parameters)

    def then(self, stack: str) -> Mapping[str, str]:
        """The values at the end of the way."""
        return {**self.now(stack), **{name: then for name, (_, then) in self.changes.get(stack, {}).items()}}

    @property
    def standby(self) -> bool:
        """Whether the database's stack says that it has a standby."""
        return any(self.now(name).get("DatabaseMultiAz") == "true" for name in self.deployed)


@dataclass(frozen=True)
class Draft:
    """One stage: its kind, its stacks, and what changes in them."""

    kind: Kind
    name: str
    title: str
    stacks: Sequence[str]
    changes: Changes
    busy: bool
    kept: Sequence[Kept] = field(default=())

    def moves(self, way: Way) -> Sequence[Moves]:
        """As the rules take it."""
        return [
            Moves(
                name,
                self.kind.template,
                self.changes.get(name, {}),
                frozenset(each.physical_id for each in way.deployed[name].resources),
            )
            for name in self.stacks
        ]

    def touched(self, plan: Plan) -> Changes:
        """What a plan changes of this stage's values, by stack."""
        found = {
            stack.name: {
                each.name: (each.before or "", each.after or "")
                for each in stack.parameters
                if each.changes and not each.fed_by and not each.secret and self.kind.owns(each.name)
            }
            for stack in plan.stacks
            if stack.name in self.stacks
        }
        return {name: values for name, values in found.items() if values}

    def covered(self, plan: Plan) -> bool:
        """Whether a plan would take it to its end."""
        given = {stack.name: {each.name: each.after for each in stack.parameters} for stack in plan.stacks}
        return bool(self.touched(plan)) and all(
            given.get(stack, {}).get(name) == then
            for stack, values in self.changes.items()
            for name, (_, then) in values.items()
        )


def way_of(catalogue: Catalogue, target: Environment, snapshot: Snapshot) -> Way:
    """What is deployed beside what the blueprint says. Raises Invalid for a blueprint that is not there."""
    specs = {spec.name: spec for spec in catalogue.specs(target)}
    deployed = {each.name: each for each in snapshot.stacks if each.name in specs and there(each.status)}
    changes: dict[str, dict[str, tuple[str, str]]] = {}
    kept: list[Kept] = []
    for name, stack in deployed.items():
        now, fed = dict(stack.parameters), {each for each, _ in specs[name].inputs}
        for parameter, then in specs[name].parameters:
            have = now.get(parameter, "")
            if parameter in fed or have == then:
                continue
            if why := kept_because(parameter, have, then, now):
                kept.append(Kept(name, parameter, have, then, why))
            else:
                changes.setdefault(name, {})[parameter] = (have, then)
    return Way(specs, deployed, changes, tuple(kept))


def drafts(way: Way, needs: Sequence[Need | None], ceiling: int | None) -> Sequence[Draft]:
    """The stages in order, those of which nothing is deployed left out; services by themselves where together they
    would ask too much of the database."""
    return [_draft(way, kind, stacks, alone) for kind in KINDS for stacks, alone in _shares(way, kind, needs, ceiling)]


def _shares(
    way: Way, kind: Kind, needs: Sequence[Need | None], ceiling: int | None
) -> Iterator[tuple[Sequence[str], bool]]:
    stacks = [name for name, spec in way.specs.items() if spec.template == kind.template and name in way.deployed]
    if kind.template == SERVICE and len(stacks) > 1 and not together(needs, ceiling):
        yield from (([name], True) for name in stacks)
    elif stacks:
        yield stacks, False


def _draft(way: Way, kind: Kind, stacks: Sequence[str], alone: bool) -> Draft:
    changes = {
        name: {each: pair for each, pair in way.changes.get(name, {}).items() if kind.owns(each)} for name in stacks
    }
    service = stacks[0].removeprefix(f"{SERVICE}-")
    return Draft(
        kind,
        stacks[0] if alone else kind.name,
        f"{service} in every zone" if alone else kind.title,
        stacks,
        {name: values for name, values in changes.items() if values},
        any(busy(way.deployed[name].status) for name in stacks),
        [each for each in way.kept if each.stack in stacks and kind.owns(each.parameter)],
    )


def needs_of(way: Way) -> Sequence[Need | None]:
    """What each service asks of the database at the end of the way."""
    return [
        need_of(way.then(name)) for name, spec in way.specs.items() if spec.template == SERVICE and name in way.deployed
    ]


def ceiling_of(way: Way, snapshot: Snapshot) -> int | None:
    """The connections the database holds at the services' turn: by its new class where that changes before."""
    for values in way.changes.values():
        if "DatabaseClass" in values:
            return most_connections(values["DatabaseClass"][1])
    stores: list[Database | DatabaseCluster] = [*snapshot.databases, *snapshot.clusters]
    found = [connections_of(each)[0] for each in stores]
    known = [each for each in found if each is not None]
    return min(known) if known and len(known) == len(found) else None


def plan_of(way: Way, environment: Environment, draft: Draft, before: Mapping[str, Mapping[str, str]]) -> Plan:
    """A stage as a plan that nobody has worked out: what it would cost and how long it takes is told from it. `before`
    are the values that earlier stages leave."""
    return Plan(
        "", environment.name, "", "", environment.created_at, environment.blueprint,
        stacks=tuple(
            _supposed(way, environment, name, before[name], {**before[name], **_afters(draft.changes.get(name, {}))})
            for name in draft.stacks
        ),
    )  # fmt: skip


def whole(way: Way, environment: Environment, *, at_end: bool) -> Plan:
    """Everything that is deployed as it is, or as it is at the end of the way."""
    return Plan(
        "", environment.name, "", "", environment.created_at, environment.blueprint,
        stacks=tuple(
            _supposed(way, environment, name, way.now(name), way.then(name) if at_end else way.now(name))
            for name in way.specs if name in way.deployed
        ),
    )  # fmt: skip


def differing(catalogue: Catalogue, way: Way) -> Sequence[str]:
    """The stacks that even at the end of the way differ from the blueprint, beyond what may differ anyway."""
    found = []
    for name, spec in way.specs.items():
        fed, then = {each for each, _ in spec.inputs}, way.then(name)
        own = {each: value for each, value in catalogue.effective(spec).items() if each not in fed | LOOSE}
        if any(then.get(each) != value for each, value in own.items()):
            found.append(name)
    return found


def settable(catalogue: Catalogue, way: Way, stack: str) -> Mapping[str, str]:
    """All values of a stack at the end of the way that a person could set."""
    spec = way.specs[stack]
    fed = {name for name, _ in spec.inputs}
    declared = {
        each.name
        for each in catalogue.parameters(catalogue.body(spec.template))
        if not each.secret and each.name not in fed
    }
    return {name: value for name, value in way.then(stack).items() if name in declared}


def _supposed(
    way: Way, environment: Environment, name: str, before: Mapping[str, str], after: Mapping[str, str]
) -> StackPlan:
    spec = way.specs[name]
    return StackPlan(
        name,
        environment.stack_name(name),
        spec.template,
        "",
        parameters=tuple(
            ParameterChange(each, before.get(each), after.get(each)) for each in dict.fromkeys((*before, *after))
        ),
        after=spec.after,
        base="there",
    )


def _afters(changes: Mapping[str, tuple[str, str]]) -> Mapping[str, str]:
    return {name: then for name, (_, then) in changes.items()}
