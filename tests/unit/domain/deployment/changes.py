"""Plans and change sets as AWS gives them, for tests of the rules."""

import json
from collections.abc import Mapping
from typing import Any

from provisioning.shape import policy
from services.domain.deployment.change_set import ChangeSet, PropertyChange, ResourceChange
from services.domain.deployment.plan import ParameterChange, Plan, StackPlan
from tests.builders.places import NOW

DATABASE, GROUP, QUEUE = "AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup", "AWS::SQS::Queue"
KEY, SERVICE = "AWS::KMS::Key", "AWS::ECS::Service"
SCALABLE = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = policy("data")


def prop(
    name: str,
    before: str | None = None,
    after: str | None = None,
    recreation: str = "Never",
    *,
    known: bool = True,
    attribute: str = "Properties",
    path: str = "",
) -> PropertyChange:
    """One differing place of a resource's properties, or of another attribute."""
    place = path or (f"/Properties/{name}" if attribute == "Properties" else f"/{attribute}")
    return PropertyChange(place, name, attribute, before, after, recreation, known, "DirectModification")


def change(
    type: str,
    action: str = "Modify",
    *properties: PropertyChange,
    name: str = "Thing",
    physical: str = "the-thing",
    replacement: str = "",
    policy_action: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **attributes: tuple[str, str],
) -> ResourceChange:
    """A resource's change. `before` and `after` are whole properties; `attributes` are pairs such as DeletionPolicy."""
    sides = []
    for number, side in enumerate((before, after)):
        document = {"Properties": dict(side or {})} | {k: v[number] for k, v in attributes.items() if v[number]}
        sides.append(json.dumps(document) if side is not None or attributes else "")
    return ResourceChange(
        name,
        "" if action == "Add" else physical,
        type,
        action,
        replacement or ("False" if action == "Modify" else ""),
        policy_action,
        properties,
        *sides,
    )


def edited(
    type: str, before: Mapping[str, Any], after: Mapping[str, Any], recreation: str = "Never", **more: Any
) -> ResourceChange:
    """A change of properties, each differing one a place of its own."""
    names = [n for n in dict.fromkeys((*before, *after)) if before.get(n) != after.get(n)]
    properties = [prop(n, _text(before.get(n)), _text(after.get(n)), recreation) for n in names]
    return change(type, "Modify", *properties, before=before, after=after, **more)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def change_set(*resources: ResourceChange, creates: bool = False) -> ChangeSet:
    """A change set that can be executed."""
    return ChangeSet(
        "arn:aws:cloudformation:us-east-1:123456789012:changeSet/haven-1/1",
        "haven-1",
        "data",
        "production-data",
        creates,
        "CREATE_COMPLETE",
        "AVAILABLE",
        NOW,
        resources=resources,
    )


def stack(
    *resources: ResourceChange, name: str = "data", parameters: Mapping[str, str] | None = None, **more: Any
) -> StackPlan:
    """A stack's plan with a change set of these resources."""
    told = tuple(ParameterChange(key, value, value) for key, value in (parameters or {}).items())
    made = change_set(*resources) if resources else None
    known = {"parameters": told, "change_set": made} | more
    return StackPlan(name, f"production-{name}", "data", "v1", **known)


def plan(*stacks: StackPlan) -> Plan:
    """A plan of production."""
    return Plan("p1", "production", "test", "ann", NOW, "multi-az", stacks=stacks)
