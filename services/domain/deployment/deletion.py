"""What the deletion of a stack does to each of its resources, and what would not let it."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from services.domain.deployment.change_set import PropertyChange, ResourceChange
from services.domain.deployment.expressions import Known, known_values, plain, references, resolved, text
from services.domain.deployment.stateful import CLUSTER, DATABASE, deletion_policy

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LOCKS: Mapping[str, str] = {
    DATABASE: "DeletionProtection",
    CLUSTER: "DeletionProtection",
    "AWS::DynamoDB::Table": "DeletionProtectionEnabled",
    BALANCER: "deletion_protection.enabled",
}
"""By type, the switch that makes AWS refuse a deletion. A load balancer's is among its attributes."""
OUTSIDE = "outside"
"""`source` of a switch that AWS shows on though the template does not turn it on."""


def removing(
    document: Mapping[str, Any],
    physical: Mapping[str, str],
    retain: Collection[str] = (),
    deployed: Mapping[str, str] | None = None,
    guarded: Collection[str] = (),
) -> tuple[ResourceChange, ...]:
    """One Remove per resource that there is: `document` is the deployed template, `physical` maps each logical id of
    the stack to its physical one, `retain` are those that the deletion is asked to leave. `deployed` are the values of
    its parameters, with which its expressions are resolved; `guarded` the physical ids that AWS shows as protected from
    deletion. Of a protected resource the switch is the one place in `properties`, with the parameter it hangs on as its
    `cause`; it is not `known` when nothing tells how it stands."""
    resources, known = document.get("Resources") or {}, known_values(document, deployed or {})
    return tuple(
        _removed(name, document, known, physical[name], name in retain, physical[name] in guarded)
        for name in resources
        if name in physical
    )


def lock(change: ResourceChange) -> PropertyChange | None:
    """The switch that makes AWS refuse this deletion, or may; None without any, and for a resource that is left."""
    if change.policy_action == "Retain":
        return None
    return next((each for each in change.properties if each.name == LOCKS.get(change.type)), None)


def _removed(
    name: str, document: Mapping[str, Any], known: Known, physical: str, asked: bool, guarded: bool
) -> ResourceChange:
    written = document["Resources"][name]
    resource = resolved(written, document, known)
    properties = resource.get("Properties") or {}
    policy = resource.get("DeletionPolicy") or ""
    # A policy may hang on a parameter (AWS::LanguageExtensions); of one that nobody can tell the worst is taken.
    stated = policy if isinstance(policy, str) else "Delete"
    said = deletion_policy(resource["Type"], stated, "DBClusterIdentifier" in properties)
    action = "Retain" if asked or said.startswith("Retain") else said
    switch = _switch(resource["Type"], properties)
    source, cause = _whence(_switch(resource["Type"], written.get("Properties") or {}), document)
    return ResourceChange(
        name,
        physical,
        resource["Type"],
        "Remove",
        policy_action=action,
        properties=_locks(resource["Type"], switch, guarded, source, cause),
        before=json.dumps(resource, default=str),
    )


def _switch(type: str, properties: Mapping[str, Any]) -> Any:
    """How the template says the switch stands, an expression where that is all it says; None where it says nothing."""
    if type != BALANCER:
        return properties.get(LOCKS.get(type, ""))
    attributes = properties.get("LoadBalancerAttributes") or []
    items = attributes if isinstance(attributes, list) else [attributes]
    said = next(
        (each.get("Value") for each in items if isinstance(each, Mapping) and each.get("Key") == LOCKS[type]), None
    )
    return said if said is not None else next((each for each in items if not plain(each)), None)


def _whence(written: Any, document: Mapping[str, Any]) -> tuple[str, str]:
    if found := references(written, document):
        return "ParameterReference", " and ".join(found)
    return "DirectModification", ""


def _locks(type: str, switch: Any, guarded: bool, source: str, cause: str) -> tuple[PropertyChange, ...]:
    on, told = text(switch).lower() == "true", plain(switch)
    if type not in LOCKS or (told and not on and not guarded):
        return ()
    if told and not on:
        source, cause = OUTSIDE, ""
    name, known = LOCKS[type], on or guarded
    path = f"/Properties/LoadBalancerAttributes/{name}" if type == BALANCER else f"/Properties/{name}"
    before = "true" if known else None
    return (PropertyChange(path, name, "Properties", before, None, "Never", known, source, cause),)
