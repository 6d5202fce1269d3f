"""Blueprints: the shapes a system can have, as values for the same templates, and the stacks they come to.

`names()` and `load()` read the package's own files; everything after that is data and arithmetic on it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import yaml
from pydantic import ValidationError

from provisioning.constraints import problems
from provisioning.shape import Shape, Stack, Wire, policy, shape, shapes, wiring
from provisioning.stack import BlueprintError, StackSpec, in_order
from provisioning.template import template, template_body, template_version

__all__ = [
    "Blueprint",
    "BlueprintError",
    "StackSpec",
    "load",
    "names",
    "render",
    "template_body",
    "template_version",
]


@dataclass(frozen=True)
class Blueprint:
    """One shape. `plan` are its stacks without an environment's name and values, in deployment order."""

    name: str
    title: str
    description: str
    plan: tuple[StackSpec, ...]

    def stacks(
        self, environment: str, overrides: Mapping[str, Mapping[str, str]] | None = None
    ) -> tuple[StackSpec, ...]:
        """The stacks of an environment in deployment order, with `overrides` (stack name to parameter to value) in
        place of the blueprint's values. Raises BlueprintError, naming every value that does not fit its template."""
        overrides = overrides or {}
        unknown = overrides.keys() - {spec.name for spec in self.plan}
        wrong = dict.fromkeys(unknown, f"The blueprint {self.name} has no such stack.")
        specs = []
        for planned in self.plan:
            values = {"Environment": environment, **dict(planned.parameters), **overrides.get(planned.name, {})}
            fed = frozenset(parameter for parameter, _ in planned.inputs)
            found = problems(template(planned.template), values, fed)
            wrong |= {f"{planned.name}.{parameter}": problem for parameter, problem in found.items()}
            specs.append(replace(planned, parameters=tuple(values.items())))
        if wrong:
            raise BlueprintError("; ".join(f"{field}: {problem}" for field, problem in sorted(wrong.items())), wrong)
        return tuple(specs)


def names() -> tuple[str, ...]:
    """The blueprints there are, in alphabetical order."""
    return shapes()


def load(name: str) -> Blueprint:
    """The blueprint of that name. Raises BlueprintError if there is none, or if its file does not hold."""
    if name not in names():
        raise BlueprintError(f"There is no blueprint {name!r}; there are {', '.join(names())}.")
    try:
        return assemble(name, shape(name), wiring())
    except ValidationError as error:
        raise BlueprintError(f"The blueprint {name} does not hold: {error}") from None


def assemble(name: str, read: Shape, wires: Mapping[str, Wire]) -> Blueprint:
    """A blueprint from its file and the wiring. Raises BlueprintError if they do not fit each other."""
    unknown = sorted(read.stacks.keys() - wires.keys())
    if unknown:
        raise BlueprintError(f"wiring.yaml does not know {', '.join(unknown)}.")
    plan = [_planned(key, key, stack, stack.parameters, wires[key]) for key, stack in read.stacks.items()]
    services = read.services
    for row in services.rows:
        values = {**services.parameters, **row.parameters, "ServiceName": row.name}
        plan.append(_planned(f"service-{row.name}", "service", services, values, wires["service"]))
    return Blueprint(name, read.title, read.description, in_order(plan))


def render(blueprint: Blueprint, environment: str, overrides: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """What would be deployed, as YAML for people: stack by stack in order, every value with the defaults filled in,
    where the fed ones come from, and the resources these values bring. Raises BlueprintError as `stacks` does."""
    stacks = []
    for spec in blueprint.stacks(environment, overrides):
        parsed = template(spec.template)
        given = dict(spec.parameters)
        stacks.append(
            {
                "stack": spec.name,
                "template": spec.template,
                "version": template_version(spec.template),
                "after": list(spec.after),
                "termination_protection": spec.termination_protection,
                "policy": json.loads(spec.policy) if spec.policy else None,
                "parameters": parsed.effective(given),
                "inputs": {parameter: f"{stack}.{output}" for parameter, (stack, output) in spec.inputs},
                "resources": parsed.resources(given),
            }
        )
    head = {
        "blueprint": blueprint.name,
        "title": blueprint.title,
        "description": blueprint.description,
        "environment": environment,
    }
    return yaml.safe_dump({**head, "stacks": stacks}, sort_keys=False, width=120)


def _planned(name: str, template_name: str, stack: Stack, values: Mapping[str, str], wire: Wire) -> StackSpec:
    sources = {parameter: source.partition(".") for parameter, source in wire.inputs.items()}
    return StackSpec(
        name=name,
        template=template_name,
        parameters=tuple(values.items()),
        inputs=tuple((parameter, (source, output)) for parameter, (source, _, output) in sources.items()),
        after=wire.after,
        policy=policy(stack.policy) if stack.policy else None,
        termination_protection=stack.termination_protection,
    )
