"""DescribeChangeSet in Haven's words. Pure: values stay the texts that AWS shows, NoEcho ones masked as they come."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from services.aws.times import utc
from services.domain.deployment.change_set import ChangeSet, PropertyChange, ResourceChange

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import (
        DescribeChangeSetOutputTypeDef,
        ResourceChangeDetailTypeDef,
        ResourceChangeTypeDef,
        ResourceTargetDefinitionTypeDef,
    )

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""What AWS shows in place of a value, or within one, that it only knows once the change set runs."""
_PROPERTIES = "Properties"


def to_change_set(pages: "Sequence[DescribeChangeSetOutputTypeDef]", *, stack: str, creates: bool) -> ChangeSet:
    """A change set of all its pages, in order. `creates` is not in the answer: the caller knows, or asks the stack."""
    head = pages[0]
    changes = (change.get("ResourceChange") for page in pages for change in page.get("Changes", []))
    return ChangeSet(
        arn=head["ChangeSetId"],
        name=head["ChangeSetName"],
        stack=stack,
        stack_name=head["StackName"],
        creates=creates,
        status=head["Status"],
        execution_status=head.get("ExecutionStatus", ""),
        created_at=utc(head["CreationTime"]),
        reason=head.get("StatusReason", ""),
        parameters=tuple((p["ParameterKey"], p.get("ParameterValue", "")) for p in head.get("Parameters", [])),
        resources=tuple(to_resource(change) for change in changes if change),
    )


def to_resource(change: "ResourceChangeTypeDef") -> ResourceChange:
    """One resource's change."""
    return ResourceChange(
        logical_id=change["LogicalResourceId"],
        physical_id=change.get("PhysicalResourceId", ""),
        type=change["ResourceType"],
        action=change["Action"],
        replacement=change.get("Replacement", ""),
        policy_action=change.get("PolicyAction", ""),
        properties=to_properties(change.get("Details", [])),
        before=change.get("BeforeContext", ""),
        after=change.get("AfterContext", ""),
    )


def to_properties(details: "Iterable[ResourceChangeDetailTypeDef]") -> tuple[PropertyChange, ...]:
    """The differing places. AWS tells one place several times, once for each thing that may be behind it: a parameter
    that is referred to comes with a second, dynamic line for the template, which may have been edited there too."""
    places: dict[tuple[str, str], list[ResourceChangeDetailTypeDef]] = {}
    for detail in details:
        target = detail.get("Target", {})
        places.setdefault((target.get("Attribute", _PROPERTIES), _path(target)), []).append(detail)
    return tuple(_merged(attribute, path, told) for (attribute, path), told in places.items())


def _path(target: "ResourceTargetDefinitionTypeDef") -> str:
    """AWS's pointer, or one made of the names, which is all that AWS tells without the values."""
    attribute, name = target.get("Attribute", _PROPERTIES), target.get("Name", "")
    return target.get("Path") or (f"/{attribute}/{name}" if name else f"/{attribute}")


def _merged(attribute: str, path: str, told: "Sequence[ResourceChangeDetailTypeDef]") -> PropertyChange:
    targets = [detail.get("Target", {}) for detail in told]
    after = next((target["AfterValue"] for target in targets if "AfterValue" in target), None)
    recreations = {target.get("RequiresRecreation", "Never") for target in targets}
    cause = max(told, key=lambda d: (bool(d.get("CausingEntity")), d.get("Evaluation") == "Static"))
    return PropertyChange(
        path=path,
        name=targets[0].get("Name", "") if attribute == _PROPERTIES else "",
        attribute=attribute,
        before=next((target["BeforeValue"] for target in targets if "BeforeValue" in target), None),
        after=after,
        recreation=next((worst for worst in ("Always", "Conditionally") if worst in recreations), "Never"),
        known=any(detail.get("Evaluation") == "Static" for detail in told) and UNKNOWN not in (after or ""),
        source=cause.get("ChangeSource", ""),
        cause=cause.get("CausingEntity", ""),
    )
