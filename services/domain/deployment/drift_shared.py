"""Differences that another stack of the environment made: a rule attached to a security group by a stack of its own is
no drift of the group, though a detection that sees the group's stack alone cannot know. Only a rule that is exactly as
the other stack declares it counts; any other opening stays drift."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from services.domain.deployment.drift import DRIFT, EXPLAINED, Judged
from services.domain.snapshot import Stack

_GROUP = "AWS::EC2::SecurityGroup"
_WAYS = ("SecurityGroupIngress", "SecurityGroupEgress")
_MOST_CONDITIONS = 6
"""Beyond that many in one rule nothing is explained: each doubles the shapes."""


class _UnresolvedError(Exception):
    """An expression whose value the snapshot does not tell."""


@dataclass(frozen=True)
class SharedRule:
    """A rule that a stack declares as a resource of its own. `way` is the group's property it shows in, `group` the
    group's id; `shapes` are the rule's properties as text, one for each way its conditions can fall."""

    stack: str
    logical_id: str
    way: str
    group: str
    shapes: tuple[Mapping[str, str], ...]


def shared_rules(stack: Stack, template: Mapping[str, Any]) -> Sequence[SharedRule]:
    """The rules of a stack that is deployed from this template."""
    there = {each.logical_id: each.physical_id for each in stack.resources if each.status.endswith("_COMPLETE")}
    resources = template.get("Resources")
    found = []
    for logical, resource in resources.items() if isinstance(resources, Mapping) else ():
        way = str(resource.get("Type", "")).removeprefix("AWS::EC2::") if isinstance(resource, Mapping) else ""
        properties = resource.get("Properties") if way in _WAYS and logical in there else None
        if isinstance(properties, Mapping):
            known = {**dict(stack.parameters), **there}
            shapes = tuple(_shapes(properties, known))
            groups = {shape.get("GroupId", "") for shape in shapes}
            if len(groups) == 1:
                rules = tuple({k: v for k, v in shape.items() if k != "GroupId"} for shape in shapes)
                found.append(SharedRule(stack.name, str(logical), way, groups.pop(), rules))
    return found


def explained_by_others(stack: str, judged: Sequence[Judged], rules: Sequence[SharedRule]) -> Sequence[Judged]:
    """The differences of one stack, those that another stack declares among what explains itself."""
    made = [_explained(each, [rule for rule in rules if rule.stack != stack]) for each in judged]
    return tuple(sorted(made, key=lambda each: each.verdict == EXPLAINED))


def _explained(judged: Judged, rules: Sequence[SharedRule]) -> Judged:
    found = judged.difference
    if judged.verdict != DRIFT or found is None or found.kind != "ADD" or judged.resource.type != _GROUP:
        return judged
    way, rule = found.path.strip("/").split("/")[0], _texts(found.actual)
    for each in rules:
        if (each.way, each.group) == (way, judged.resource.physical_id) and rule and rule in each.shapes:
            why = f"{each.logical_id} of the stack {each.stack} attaches this rule; a look at one stack cannot know."
            return replace(judged, verdict=EXPLAINED, why=why)
    return judged


def _texts(value: str) -> Mapping[str, str]:
    try:
        read = json.loads(value)
    except ValueError:
        return {}
    return {str(k): _text(v) for k, v in read.items() if k != "GroupId"} if isinstance(read, dict) else {}


def _shapes(properties: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    conditions = sorted(set(_conditions(properties)))
    if len(conditions) > _MOST_CONDITIONS:
        return
    for fallen in product((True, False), repeat=len(conditions)):
        chosen = dict(zip(conditions, fallen, strict=True))
        try:
            made = {name: _resolved(value, known, chosen) for name, value in properties.items()}
        except _UnresolvedError:
            return
        yield {name: value for name, value in made.items() if value is not None}


def _conditions(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "Fn::If" in value:
            yield str(value["Fn::If"][0])
        for inner in value.values():
            yield from _conditions(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _conditions(inner)


def _resolved(value: Any, known: Mapping[str, str], chosen: Mapping[str, bool]) -> str | None:
    if not isinstance(value, Mapping):
        return _text(value)
    if "Fn::If" in value:
        name, yes, no = value["Fn::If"]
        return _resolved(yes if chosen[str(name)] else no, known, chosen)
    if value.get("Ref") == "AWS::NoValue":
        return None
    name = str(value.get("Ref") or _group(value.get("Fn::GetAtt")))
    if name not in known:
        raise _UnresolvedError
    return known[name]


def _group(attribute: Any) -> str:
    """The resource whose GroupId is asked for: of a group in a VPC its Ref is the same."""
    named = isinstance(attribute, list | tuple) and len(attribute) == 2 and attribute[1] == "GroupId"
    return str(attribute[0]) if named else ""


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
