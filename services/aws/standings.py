"""How a stack stands on CloudFormation, and what its events tell. Asking is here; botocore's errors pass through."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.aws.change_sets import OK, first_failure
from services.aws.errors import is_missing

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackEventTypeDef, StackTypeDef

LOOK_BACK = 2000
"""Events that are searched for a token: an operation writes some hundreds."""


def describe(client: "CloudFormationClient", stack: str) -> "StackTypeDef | None":
    """A stack by its name or ARN; None when there is none."""
    try:
        return client.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def events_of(client: "CloudFormationClient", stack: str) -> "Iterator[StackEventTypeDef]":
    """A stack's events, newest first, read as far as they are taken."""
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def why(client: "CloudFormationClient", found: "StackTypeDef") -> str:
    """Why a stack is not well: the first failure of its latest operation, or its own reason; empty for one that is."""
    status = found["StackStatus"]
    if status in OK:
        return ""
    failing = "ROLLBACK" in status or "FAILED" in status
    reason = first_failure(events_of(client, found.get("StackId", ""))) if failing else ""
    return reason or found.get("StackStatusReason", "")


def began_with(client: "CloudFormationClient", stack: str, token: str) -> bool:
    """Whether something on the stack was begun by the request with this client token."""
    for number, event in enumerate(events_of(client, stack)):
        if event.get("ClientRequestToken") == token:
            return True
        if number >= LOOK_BACK:
            break
    return False
