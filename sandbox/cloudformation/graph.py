"""What depends on what inside one template, and in which order that lets things be made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.intrinsics import FUNCTIONS, placeholders
from sandbox.cloudformation.template import Template

PSEUDO = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}


@dataclass(frozen=True)
class Mention:
    """A name used by an expression: `attribute` is set for GetAtt, `condition` when it names a condition."""

    name: str
    attribute: str = ""
    condition: bool = False


def mentions(expression: Any) -> Iterator[Mention]:
    """Every name an expression uses, in either branch of its conditions."""
    if isinstance(expression, list):
        for item in expression:
            yield from mentions(item)
    elif isinstance(expression, dict):
        if len(expression) == 1:
            ((name, argument),) = expression.items()
            yield from _of_function(str(name), argument)
            if name in ("Ref", "Fn::GetAtt", "Condition"):
                return
        for item in expression.values():
            yield from mentions(item)


def _of_function(name: str, argument: Any) -> Iterator[Mention]:
    if name == "Ref":
        yield Mention(str(argument))
    elif name == "Condition" and isinstance(argument, str):
        yield Mention(argument, condition=True)
    elif name == "Fn::GetAtt":
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) >= 2:
            yield Mention(str(parts[0]), attribute=".".join(str(p) for p in parts[1:]))
    elif name == "Fn::Sub":
        for place in placeholders(argument):
            head, dot, tail = place.partition(".")
            yield Mention(head, attribute=tail) if dot else Mention(place)
    elif name == "Fn::If" and isinstance(argument, list) and argument:
        yield Mention(str(argument[0]), condition=True)


def depends_on(definition: Mapping[str, Any]) -> list[str]:
    """The explicit DependsOn of a resource, as a list."""
    explicit = definition.get("DependsOn") or []
    return [explicit] if isinstance(explicit, str) else [str(e) for e in explicit]


def dependencies(template: Template) -> dict[str, set[str]]:
    """For each resource the resources it needs. Raises Refused on names that exist nowhere and on circles."""
    names = set(template.resources)
    known = names | set(template.parameters) | PSEUDO
    missing: list[str] = []
    graph: dict[str, set[str]] = {}
    for name, definition in template.resources.items():
        needs = set(depends_on(definition))
        missing += sorted(needs - names)
        for mention in mentions({k: v for k, v in definition.items() if k != "DependsOn"}):
            if mention.condition:
                _known_condition(template, mention.name, "Resources")
            elif mention.name not in known:
                missing.append(mention.name)
            elif mention.name in names:
                needs.add(mention.name)
        if definition.get("Condition"):
            _known_condition(template, str(definition["Condition"]), "Resources")
        graph[name] = needs & names
    if missing:
        listed = ", ".join(dict.fromkeys(missing))
        raise invalid(
            f"Template format error: Unresolved resource dependencies [{listed}] in the Resources block of the template"
        )
    circle = circular(graph)
    if circle:
        raise invalid(f"Circular dependency between resources: [{', '.join(sorted(circle))}]")
    _check_outputs(template, known)
    return graph


def _known_condition(template: Template, name: str, block: str) -> None:
    if name not in template.conditions:
        raise invalid(
            f"Template format error: Unresolved condition dependency {name} in the {block} block of the template"
        )


def _check_outputs(template: Template, known: set[str]) -> None:
    missing = []
    for output in template.outputs.values():
        if output.get("Condition"):
            _known_condition(template, str(output["Condition"]), "Outputs")
        missing += [m.name for m in mentions(output) if not m.condition and m.name not in known]
    if missing:
        listed = ", ".join(dict.fromkeys(missing))
        raise invalid(
            f"Template format error: Unresolved resource dependencies [{listed}] in the Outputs block of the template"
        )


def circular(graph: Mapping[str, set[str]]) -> set[str]:
    """The names that take part in, or hang behind, a circle; empty when there is none."""
    left = {name: set(needs) for name, needs in graph.items()}
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    return set(left)


def order(graph: Mapping[str, set[str]]) -> list[str]:
    """Names so that each comes after all it needs; otherwise in the graph's own order. The graph has no circle."""
    placed: dict[str, None] = {}
    while len(placed) < len(graph):
        free = [n for n in graph if n not in placed and all(need in placed or need not in graph for need in graph[n])]
        if not free:
            raise ValueError("the graph has a circle")
        placed.update(dict.fromkeys(free))
    return list(placed)


CONDITION_FUNCTIONS = {"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"}


def unknown_functions(expression: Any) -> set[str]:
    """Functions used that the engine does not know; never left as text."""
    found: set[str] = set()
    if isinstance(expression, list):
        for item in expression:
            found |= unknown_functions(item)
    elif isinstance(expression, dict):
        for name, item in expression.items():
            if str(name).startswith("Fn::") and name not in FUNCTIONS and name not in CONDITION_FUNCTIONS:
                found.add(str(name))
            found |= unknown_functions(item)
    return found
