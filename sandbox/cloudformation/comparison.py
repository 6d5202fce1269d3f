"""What a change set would change: resources as they are against resources as the new template resolves.

Pure. The plan walks the new template in dependency order, so that what a replaced or changed resource makes unknown
reaches those that mention it, as AWS's Dynamic evaluation does.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudformation.graph import mentions
from sandbox.cloudformation.intrinsics import UNKNOWN
from sandbox.cloudformation.model import Resource
from sandbox.cloudformation.schema import Schema

ABSENT = object()
OTHER_ATTRIBUTES = ("Metadata", "CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy")
_REPLACES = {"Delete": "ReplaceAndDelete", "Retain": "ReplaceAndRetain", "Snapshot": "ReplaceAndSnapshot"}


@dataclass(frozen=True)
class Leaf:
    """One differing place: its path in the properties, what was there and what will be (ABSENT when nothing)."""

    path: tuple[str, ...]
    before: Any
    after: Any


@dataclass(frozen=True)
class Causes:
    """What may be behind a difference: changed parameters, what happens to other resources, the raw old template.

    `replaced` maps a logical id to True, Conditional or False; `conditions` gives for a condition the parameters and
    resources it hangs on.
    """

    parameters: frozenset[str]
    replaced: Mapping[str, str]
    modified: frozenset[str]
    conditions: Mapping[str, Any]


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """The leaves in which two resolved values differ; numbers and truth values equal their text."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, str(index)))
    elif not same(before, after):
        yield Leaf(path, before, after)


def same(before: Any, after: Any) -> bool:
    """Whether two resolved values mean the same to CloudFormation."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(same(before[k], after[k]) for k in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(same, before, after))
    if ABSENT in (before, after) or isinstance(before, dict | list) or isinstance(after, dict | list):
        return before is after
    return written(before) == written(after)


def written(value: Any) -> str:
    """A value as a change set shows it."""
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _causing(raw: Any, causes: Causes) -> Iterator[tuple[str, str, bool]]:
    """(ChangeSource, CausingEntity, known now) of everything an expression mentions that changes."""
    for mention in mentions(raw):
        if mention.condition:
            yield from _causing(causes.conditions.get(mention.name), causes)
        elif mention.name in causes.parameters:
            yield "ParameterReference", mention.name, True
        elif mention.attribute and mention.name in causes.modified:
            yield "ResourceAttribute", f"{mention.name}.{mention.attribute}", False
        elif not mention.attribute and causes.replaced.get(mention.name) in ("True", "Conditional"):
            yield "ResourceReference", mention.name, False


def _target(leaf: Leaf, recreation: str, attribute: str) -> dict[str, Any]:
    kind = "Add" if leaf.before is ABSENT else "Remove" if leaf.after is ABSENT else "Modify"
    target = {
        "Attribute": attribute,
        "Name": leaf.path[0],
        "RequiresRecreation": recreation,
        "Path": "/Properties/" + "/".join(leaf.path),
        "AttributeChangeType": kind,
    }
    if leaf.before is not ABSENT:
        target["BeforeValue"] = written(leaf.before)
    if leaf.after is not ABSENT:
        target["AfterValue"] = written(leaf.after)
    return target


def _details(
    leaf: Leaf, old_raw: Any, new_raw: Any, recreation: str, causes: Causes, own_tags: bool
) -> Iterator[dict[str, Any]]:
    name = leaf.path[0]
    target = _target(leaf, recreation, "Tags" if own_tags else "Properties")
    found = list(dict.fromkeys(_causing(new_raw, causes)))
    for source, entity, known in found:
        evaluation = "Static" if known and UNKNOWN not in written(leaf.after) else "Dynamic"
        yield {"Target": target, "Evaluation": evaluation, "ChangeSource": source, "CausingEntity": entity}
    if not found or not same(old_raw, new_raw):
        dynamic = leaf.after is not ABSENT and UNKNOWN in written(leaf.after)
        yield {"Target": target, "Evaluation": "Dynamic" if dynamic else "Static", "ChangeSource": "DirectModification"}
    elif all(source == "ParameterReference" for source, _, _ in found) and name:
        # AWS adds this line to every parameter change: the template itself might also have been edited there.
        yield {"Target": target, "Evaluation": "Dynamic", "ChangeSource": "DirectModification"}


def replacement(details: list[dict[str, Any]]) -> str:
    """AWS's rule: Always and known now is True; Always but dynamic, or Conditionally, is Conditional."""
    answer = "False"
    for detail in details:
        recreation = detail["Target"].get("RequiresRecreation")
        if recreation == "Always" and detail["Evaluation"] == "Static":
            return "True"
        if recreation in ("Always", "Conditionally"):
            answer = "Conditional"
    return answer


def modification(
    old: Resource, definition: Mapping[str, Any], properties: Mapping[str, Any], schema: Schema, causes: Causes
) -> dict[str, Any] | None:
    """The ResourceChange of a resource that stays, or None when nothing about it changes."""
    old_raw = old.definition.get("Properties") or {}
    new_raw = definition.get("Properties") or {}
    details: list[dict[str, Any]] = []
    for leaf in differences(old.properties, dict(properties)):
        name = leaf.path[0]
        raw_before, raw_after = old_raw.get(name), new_raw.get(name)
        own_tags = name == schema.tags and same(raw_before, raw_after) and not list(_causing(raw_after, causes))
        recreation = schema.recreation(leaf.path)
        details += _details(leaf, raw_before, raw_after, recreation, causes, own_tags)
    scope = list(dict.fromkeys(d["Target"]["Attribute"] for d in details))
    for attribute in OTHER_ATTRIBUTES:
        if not same(old.definition.get(attribute, ""), definition.get(attribute, "")):
            scope.append(attribute)
            target = {"Attribute": attribute, "RequiresRecreation": "Never"}
            details.append({"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"})
    if not details:
        return None
    change: dict[str, Any] = {
        "Action": "Modify",
        "LogicalResourceId": old.logical,
        "PhysicalResourceId": old.physical,
        "ResourceType": old.type,
        "Replacement": replacement(details),
        "Scope": scope,
        "Details": details,
        "BeforeContext": _context(old.properties, old.definition),
        "AfterContext": _context(properties, definition),
    }
    if change["Replacement"] == "True":
        policy = str(definition.get("UpdateReplacePolicy") or "Delete")
        change["PolicyAction"] = _REPLACES.get(policy, "ReplaceAndDelete")
    return change


def addition(logical: str, definition: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """The ResourceChange of a new resource."""
    return {
        "Action": "Add",
        "LogicalResourceId": logical,
        "ResourceType": definition["Type"],
        "Scope": [],
        "Details": [],
        "AfterContext": _context(properties, definition),
    }


def removal(old: Resource) -> dict[str, Any]:
    """The ResourceChange of a resource that the new template no longer has."""
    policy = old.deletion_policy
    return {
        "Action": "Remove",
        "LogicalResourceId": old.logical,
        "PhysicalResourceId": old.physical,
        "ResourceType": old.type,
        "PolicyAction": policy if policy in ("Retain", "Snapshot") else "Delete",
        "Scope": [],
        "Details": [],
        "BeforeContext": _context(old.properties, old.definition),
    }


def _context(properties: Mapping[str, Any], definition: Mapping[str, Any]) -> str:
    shown: dict[str, Any] = {"Properties": dict(properties)}
    shown.update({k: definition[k] for k in OTHER_ATTRIBUTES if k in definition})
    return json.dumps(shown, separators=(",", ":"))


def causes(
    old_parameters: Mapping[str, str],
    new_parameters: Mapping[str, str],
    conditions: Mapping[str, Any],
    changes: Mapping[str, Mapping[str, Any]],
) -> Causes:
    """What has changed so far in the walk: `changes` are the ResourceChanges of the resources before this one."""
    changed = frozenset(k for k in new_parameters if old_parameters.get(k) != new_parameters[k])
    replaced = {name: str(change.get("Replacement", "False")) for name, change in changes.items()}
    modified = frozenset(name for name, change in changes.items() if change["Action"] in ("Add", "Modify"))
    for name, change in changes.items():
        if change["Action"] == "Add":
            replaced[name] = "True"
    return Causes(changed, replaced, modified, conditions)
