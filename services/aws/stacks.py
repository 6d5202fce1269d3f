"""CloudFormation, reading: an environment's stacks and what they are made of.

One DescribeStacks lists them all. A stack's resources change only while an operation runs on it, so they are listed
again only then: while its status is one in progress, or when its status or time of last update differs from before.
"""

import re
from typing import TYPE_CHECKING

from services.aws.times import utc, utc_or_none
from services.domain.environment import Environment
from services.domain.snapshot import Stack, StackResource

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef, StackTypeDef

ENVIRONMENT_TAG = "haven:environment"
_OURS = re.compile(r"network|data|platform|service-.+")


def list_stacks(client: "CloudFormationClient", environment: Environment) -> tuple[Stack, ...]:
    """The environment's stacks by name, without their resources."""
    pages = client.get_paginator("describe_stacks").paginate()
    found = [stack for page in pages for stack in page["Stacks"] if _belongs(stack, environment)]
    prefix = len(environment.stack_prefix) + 1
    return tuple(sorted((to_stack(stack, stack["StackName"][prefix:]) for stack in found), key=lambda s: s.name))


def list_resources(client: "CloudFormationClient", stack: Stack) -> tuple[StackResource, ...]:
    """A stack's resources, as CloudFormation orders them."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack.stack_id)
    return tuple(to_resource(found) for page in pages for found in page["StackResourceSummaries"])


def is_ours(stack_name: str, environment: Environment) -> bool:
    """Whether a stack is the environment's by its name alone."""
    start = f"{environment.stack_prefix}-"
    return stack_name.startswith(start) and _OURS.fullmatch(stack_name, len(start)) is not None


def unchanged(stack: Stack, before: Stack | None) -> bool:
    """Whether the resources known from before still hold."""
    return (
        before is not None
        and not stack.status.endswith("_IN_PROGRESS")
        and (stack.stack_id, stack.status, stack.updated_at) == (before.stack_id, before.status, before.updated_at)
    )


def to_stack(found: "StackTypeDef", name: str) -> Stack:
    """Haven's stack of CloudFormation's; `name` is Haven's name for it."""
    return Stack(
        name=name,
        stack_name=found["StackName"],
        stack_id=found.get("StackId", ""),
        status=found["StackStatus"],
        status_reason=found.get("StackStatusReason"),
        created_at=utc(found["CreationTime"]),
        updated_at=utc_or_none(found.get("LastUpdatedTime")),
        termination_protection=found.get("EnableTerminationProtection", False),
        parameters=tuple((p["ParameterKey"], p.get("ParameterValue", "")) for p in found.get("Parameters", [])),
        outputs=tuple((o["OutputKey"], o["OutputValue"]) for o in found.get("Outputs", [])),
    )


def to_resource(found: "StackResourceSummaryTypeDef") -> StackResource:
    """Haven's resource of CloudFormation's; one that does not exist yet has an empty physical id."""
    return StackResource(
        logical_id=found["LogicalResourceId"],
        physical_id=found.get("PhysicalResourceId", ""),
        type=found["ResourceType"],
        status=found["ResourceStatus"],
    )


def _belongs(stack: "StackTypeDef", environment: Environment) -> bool:
    """By prefix; where one environment's prefix begins another's the tag decides, or the known names without one."""
    if not stack["StackName"].startswith(f"{environment.stack_prefix}-") or stack["StackStatus"] == "DELETE_COMPLETE":
        return False
    tagged = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}.get(ENVIRONMENT_TAG)
    if tagged is not None:
        return tagged == environment.name
    return is_ours(stack["StackName"], environment)
