"""Differences that are no drift: AWS or scaling moves these values by itself. Only what the template proves counts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SERVICE, _SCALABLE = "AWS::ECS::Service", "AWS::ApplicationAutoScaling::ScalableTarget"
_DATABASE = "AWS::RDS::DBInstance"
_GUARDED = ("AWS::EC2::SecurityGroup", "AWS::IAM::", "AWS::KMS::")
"""Types of which an addition is never waved through: what the template is silent about is closed there."""


def why_explained(type: str, logical_id: str, path: str, actual: str, kind: str, template: Mapping[str, Any]) -> str:
    """Why a difference explains itself, empty when it does not. `template` is the deployed document."""
    said = _properties(template, logical_id)
    if type == _SERVICE and path == "/DesiredCount":
        if any(True for _ in _of_type(template, _SCALABLE)):
            return "Scaling moves the number of tasks; the template's is where it began."
        return ""
    if type == _DATABASE and path == "/AvailabilityZone":
        if str(said.get("MultiAZ", False)).lower() != "false":
            return "A failover moves the database to the zone of its standby."
        return ""
    if type == _SCALABLE and path in ("/MinCapacity", "/MaxCapacity"):
        if _scheduled(said, path.removeprefix("/"), actual):
            return "A scheduled action of the template sets this bound."
        return ""
    if kind == "ADD" and not type.startswith(_GUARDED) and _silent(said, path):
        return "The template says nothing of it; AWS filled it in."
    return ""


def _resources(template: Mapping[str, Any]) -> Mapping[str, Any]:
    found = template.get("Resources")
    return found if isinstance(found, Mapping) else {}


def _properties(template: Mapping[str, Any], logical_id: str) -> Mapping[str, Any]:
    resource = _resources(template).get(logical_id)
    found = resource.get("Properties") if isinstance(resource, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _of_type(template: Mapping[str, Any], type: str) -> Iterator[Mapping[str, Any]]:
    return (r for r in _resources(template).values() if isinstance(r, Mapping) and r.get("Type") == type)


def _silent(said: Mapping[str, Any], path: str) -> bool:
    """Whether the template has nothing at a path. Inside a list or an expression nobody can tell, so it has."""
    here: Any = said
    for name in path.strip("/").split("/"):
        if not isinstance(here, Mapping) or _expression(here):
            return False
        if name not in here:
            return bool(said)
        here = here[name]
    return False


def _expression(value: Any) -> bool:
    return isinstance(value, Mapping) and any(str(key) == "Ref" or str(key).startswith("Fn::") for key in value)


def _scheduled(said: Mapping[str, Any], bound: str, actual: str) -> bool:
    """Whether a scheduled action sets a bound to this value, or to one that only its parameters know."""
    return any(
        _expression(value) or str(value) == actual
        for action in _actions(said.get("ScheduledActions"))
        if (value := _bound(action, bound)) is not None
    )


def _bound(action: Mapping[str, Any], bound: str) -> Any:
    found = action.get("ScalableTargetAction")
    return found.get(bound) if isinstance(found, Mapping) else None


def _actions(value: Any) -> Iterator[Mapping[str, Any]]:
    """The scheduled actions within a value, through any Fn::If around them."""
    if isinstance(value, Mapping) and "Fn::If" in value:
        value = value["Fn::If"]
    if isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _actions(each)
    elif isinstance(value, Mapping) and "ScalableTargetAction" in value:
        yield value
