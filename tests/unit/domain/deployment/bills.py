"""Plans to price: blueprints' values on either side, and change sets between them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from provisioning.blueprint import load
from provisioning.template import template
from services.catalogue import PackagedCatalogue
from services.domain.deployment.change_set import ChangeSet, ResourceChange
from services.domain.deployment.cost import Line, PriceList, estimate
from services.domain.deployment.plan import ParameterChange, Plan, StackPlan

WHEN = datetime(2026, 11, 22, 2, 13, tzinfo=UTC)
_found = PackagedCatalogue().prices("us-east-1")
assert _found is not None
PRICES: PriceList = _found

Values = Mapping[str, str]


def values(blueprint: str, stack: str, **changes: str) -> dict[str, str]:
    """All values of a blueprint's stack, with some in place of its own."""
    return {**_values(blueprint)[stack], **changes}


@cache
def _values(blueprint: str) -> Mapping[str, Values]:
    specs = load(blueprint).stacks("production")
    return {spec.name: template(spec.template).effective(dict(spec.parameters)) for spec in specs}


def stack(name: str, before: Values | None, after: Values | None, **more: Any) -> StackPlan:
    """What happens to one stack, None for values where it is not there."""
    was, then = before or {}, after or {}
    changes = tuple(ParameterChange(key, was.get(key), then.get(key)) for key in dict.fromkeys((*then, *was)))
    made = "service" if name.startswith("service-") else name
    return StackPlan(name, f"production-{name}", more.pop("template", made), "v", parameters=changes, **more)


def plan(*stacks: StackPlan) -> Plan:
    """A plan of these stacks."""
    return Plan("p1", "production", "a deployment", "ada", WHEN, "multi-az", stacks=stacks)


def lines(*stacks: StackPlan, prices: PriceList | None = PRICES) -> dict[str, Line]:
    """The estimate's lines by logical id."""
    return {line.logical_id: line for line in estimate(plan(*stacks), prices).lines}


def changing(*resources: ResourceChange, creates: bool = False) -> ChangeSet:
    """A change set of these resources."""
    return ChangeSet(
        "arn", "c", "data", "production-data", creates, "CREATE_COMPLETE", "AVAILABLE", WHEN, resources=resources
    )


def change(
    logical_id: str,
    kind: str,
    action: str = "Modify",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    policy: str = "",
) -> ResourceChange:
    """A resource's change, with the properties that CloudFormation shows on either side."""
    shown = [json.dumps({"Properties": each}) if each is not None else "" for each in (before, after)]
    return ResourceChange(logical_id, "", kind, action, policy_action=policy, before=shown[0], after=shown[1])
