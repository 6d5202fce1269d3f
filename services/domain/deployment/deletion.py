"""What the deletion of a stack does to each of its resources."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.stateful import deletion_policy


def removing(
    document: Mapping[str, Any], physical: Mapping[str, str], retain: Collection[str] = ()
) -> tuple[ResourceChange, ...]:
    """One Remove per resource that there is: `document` is the deployed template, `physical` maps each logical id of
    the stack to its physical one, `retain` are those that the deletion is asked to leave."""
    resources = document.get("Resources") or {}
    return tuple(
        _removed(name, resources[name], physical[name], name in retain) for name in resources if name in physical
    )


def _removed(name: str, resource: Mapping[str, Any], physical: str, asked: bool) -> ResourceChange:
    properties = resource.get("Properties") or {}
    said = deletion_policy(
        resource["Type"], str(resource.get("DeletionPolicy") or ""), "DBClusterIdentifier" in properties
    )
    action = "Retain" if asked or said.startswith("Retain") else said
    return ResourceChange(
        name, physical, resource["Type"], "Remove", policy_action=action, before=json.dumps(resource, default=str)
    )
