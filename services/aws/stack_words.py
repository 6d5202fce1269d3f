"""Stacks, their events and their drift in Haven's words. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.aws.stacks import ENVIRONMENT_TAG, is_ours, to_stack
from services.aws.times import utc, utc_or_none
from services.domain.deployment.drift import Difference, DriftedResource, DriftReport
from services.domain.deployment.event import StackEvent
from services.domain.environment import Environment
from services.ports import StackStanding

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import (
        DescribeStackDriftDetectionStatusOutputTypeDef,
        PropertyDifferenceTypeDef,
        StackEventTypeDef,
        StackResourceDriftTypeDef,
        StackTypeDef,
    )


def name_of(environment: Environment, stack_name: str, tags: Iterable[tuple[str, str]] = ()) -> str:
    """Haven's name of a stack by AWS's: without the prefix when it is the environment's, else AWS's own. Where one
    environment's prefix begins another's the tag decides."""
    tagged = dict(tags).get(ENVIRONMENT_TAG)
    ours = is_ours(stack_name, environment) if tagged is None else tagged == environment.name
    start = f"{environment.stack_prefix}-"
    return stack_name.removeprefix(start) if ours and stack_name.startswith(start) else stack_name


def to_standing(found: "StackTypeDef", environment: Environment, reason: str, name: str = "") -> StackStanding:
    """How a stack stands; `name` is Haven's, found out when not said. A deletion is an operation as well."""
    tags = tuple((tag["Key"], tag["Value"]) for tag in found.get("Tags", []))
    stack = to_stack(found, name or name_of(environment, found["StackName"], tags))
    return StackStanding(
        stack=stack.name,
        stack_name=stack.stack_name,
        stack_id=stack.stack_id,
        status=stack.status,
        reason=reason,
        created_at=stack.created_at,
        updated_at=utc_or_none(found.get("DeletionTime")) or stack.updated_at,
        protected=stack.termination_protection,
        parameters=stack.parameters,
        outputs=stack.outputs,
        tags=tags,
    )


def to_event(found: "StackEventTypeDef", stack: str) -> StackEvent:
    """One event. A hook's event that says how the hook did has that as status and reason."""
    hook = found.get("HookStatus", "")
    return StackEvent(
        id=found["EventId"],
        at=utc(found["Timestamp"]),
        stack=stack,
        stack_id=found["StackId"],
        logical_id=found.get("LogicalResourceId", ""),
        physical_id=found.get("PhysicalResourceId", ""),
        type=found.get("ResourceType", ""),
        status=found.get("ResourceStatus", "") or hook,
        reason=found.get("ResourceStatusReason", "") or found.get("HookStatusReason", ""),
        token=found.get("ClientRequestToken", ""),
    )


def to_drift(
    status: "DescribeStackDriftDetectionStatusOutputTypeDef",
    drifts: "Iterable[StackResourceDriftTypeDef]",
    environment: Environment,
    stack: str,
) -> DriftReport:
    """A detection that has ended, with what it found."""
    return DriftReport(
        environment=environment.name,
        stack=stack,
        stack_id=status["StackId"],
        at=utc(status["Timestamp"]),
        status=status.get("StackDriftStatus", "UNKNOWN"),
        resources=tuple(to_drifted(drift, stack) for drift in drifts),
        reason=status.get("DetectionStatusReason", ""),
    )


def to_drifted(found: "StackResourceDriftTypeDef", stack: str) -> DriftedResource:
    """One resource with its differences."""
    return DriftedResource(
        stack=stack,
        logical_id=found["LogicalResourceId"],
        physical_id=found.get("PhysicalResourceId", ""),
        type=found["ResourceType"],
        status=found["StackResourceDriftStatus"],
        differences=tuple(_difference(each) for each in found.get("PropertyDifferences", [])),
    )


def _difference(found: "PropertyDifferenceTypeDef") -> Difference:
    """AWS writes `null` for the side that is not there."""
    kind = found["DifferenceType"]
    return Difference(
        path=found["PropertyPath"],
        expected="" if kind == "ADD" else found["ExpectedValue"],
        actual="" if kind == "REMOVE" else found["ActualValue"],
        kind=kind,
    )
