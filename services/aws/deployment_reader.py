"""CloudFormation, read for deployments: change sets with their values, events, templates, drift, rights."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.aws.change_set_words import to_change_set
from services.aws.change_sets import EXECUTED
from services.aws.errors import is_missing, translated
from services.aws.rights import missing_rights
from services.aws.session import Sessions
from services.aws.stack_words import name_of, to_drift, to_event, to_standing
from services.aws.standings import describe, events_of, why
from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.drift import DriftReport
from services.domain.deployment.event import StackEvent
from services.domain.environment import Environment
from services.domain.errors import Refused
from services.ports import ListedChangeSet, StackStanding

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef, StackResourceDriftTypeDef

EVENTS_LIMIT = 10_000
"""Events that one look reads back at most: a first look at a stack of many years ends."""
_BEING_MADE = ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_")


class DeploymentReader:
    """`ports.StackReader` on CloudFormation, with the environment's provisioner role. Wherever a stack is asked for,
    its ARN is taken in place of Haven's name: for a custom stack, or one that was deleted."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def standing(self, environment: Environment, stack: str) -> StackStanding | None:
        """As `ports.StackReader.standing`."""
        with translated():
            client = self._client(environment)
            found = describe(client, id_of(environment, stack))
            if found is None:
                return None
            reason = why(client, found)
        return to_standing(found, environment, reason, "" if is_arn(stack) else stack)

    def change_set(self, environment: Environment, stack: str, arn: str) -> ChangeSet | None:
        """As `ports.StackReader.change_set`."""
        with translated():
            client = self._client(environment)
            pages = pages_of(client, arn)
            if not pages:
                return None
            head = pages[0]
            found = describe(client, head["StackId"])
        status = found["StackStatus"] if found else ""
        executed = head.get("ExecutionStatus") in EXECUTED
        creates = status == "REVIEW_IN_PROGRESS" or (executed and status.startswith(_BEING_MADE))
        name = name_of(environment, head["StackName"]) if is_arn(stack) else stack
        return to_change_set(pages, stack=name, creates=creates)

    def change_sets(self, environment: Environment, stack: str) -> Sequence[ListedChangeSet]:
        """As `ports.StackReader.change_sets`."""
        with translated():
            return listed(self._client(environment), id_of(environment, stack))

    def template(self, environment: Environment, stack: str) -> str | None:
        """As `ports.StackReader.template`. botocore hands a template in JSON over as data: its text is written anew."""
        with translated():
            client = self._client(environment)
            try:
                answer = client.get_template(StackName=id_of(environment, stack), TemplateStage="Original")
            except ClientError as error:
                if is_missing(error):
                    return None
                raise
        body: object = answer.get("TemplateBody", "")
        return body if isinstance(body, str) else json.dumps(body, indent=2)

    def policy(self, environment: Environment, stack: str) -> str:
        """The stack policy's JSON; empty without one, or without a stack."""
        with translated():
            client = self._client(environment)
            try:
                return client.get_stack_policy(StackName=id_of(environment, stack)).get("StackPolicyBody", "")
            except ClientError as error:
                if is_missing(error):
                    return ""
                raise

    def events(self, environment: Environment, stack: str, known: frozenset[str]) -> Sequence[StackEvent]:
        """As `ports.StackReader.events`; none without a stack. At most `EVENTS_LIMIT` are read back."""
        found: list[StackEvent] = []
        with translated():
            client = self._client(environment)
            try:
                for event in events_of(client, id_of(environment, stack)):
                    if event["EventId"] in known or len(found) >= EVENTS_LIMIT:
                        break
                    name = name_of(environment, event["StackName"]) if is_arn(stack) else stack
                    found.append(to_event(event, name))
            except ClientError as error:
                if not is_missing(error):
                    raise
        return found[::-1]

    def others(self, environment: Environment) -> Sequence[StackStanding]:
        """As `ports.StackReader.others`, by AWS's name. The reason is that of the stack: events are not read."""
        with translated():
            pages = self._client(environment).get_paginator("describe_stacks").paginate()
            found = [stack for page in pages for stack in page["Stacks"]]
        standings = (to_standing(stack, environment, stack.get("StackStatusReason", "")) for stack in found)
        return sorted(standings, key=lambda standing: standing.stack_name)

    def drift(self, environment: Environment, stack: str, detection: str) -> DriftReport | None:
        """As `ports.StackReader.drift`. A detection that failed for some resources has found what it says of the
        others, and the reason beside it; one that found nothing at all is Refused."""
        with translated():
            client = self._client(environment)
            status = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if status["DetectionStatus"] == "DETECTION_IN_PROGRESS":
                return None
            if status["DetectionStatus"] == "DETECTION_FAILED" and "StackDriftStatus" not in status:
                reason = status.get("DetectionStatusReason", "CloudFormation gave no reason.")
                raise Refused(f"The drift of {id_of(environment, stack)} could not be detected: {reason}")
            drifts = _drifts(client, status["StackId"])
        return to_drift(status, drifts, environment, stack)

    def missing_rights(self, environment: Environment) -> Mapping[str, Sequence[str]]:
        """As `ports.StackReader.missing_rights`."""
        return missing_rights(self._sessions, environment)

    def _client(self, environment: Environment) -> "CloudFormationClient":
        return self._sessions.provisioner(environment).cloudformation


def is_arn(stack: str) -> bool:
    """Whether a stack was asked for by its ARN."""
    return stack.startswith("arn:")


def id_of(environment: Environment, stack: str) -> str:
    """What CloudFormation is asked for: the stack's name, or the ARN as it is."""
    return stack if is_arn(stack) else environment.stack_name(stack)


def pages_of(client: "CloudFormationClient", arn: str) -> "list[DescribeChangeSetOutputTypeDef]":
    """A change set with the values of its properties, page by page; empty when it is gone."""
    try:
        pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=arn, IncludePropertyValues=True)
        found = list(pages)
    except ClientError as error:
        if is_missing(error):
            return []
        raise
    return [] if found[0]["Status"] in ("DELETE_PENDING", "DELETE_IN_PROGRESS", "DELETE_COMPLETE") else found


def listed(client: "CloudFormationClient", stack: str) -> Sequence[ListedChangeSet]:
    """The change sets of a stack, by its name or ARN; those that are being deleted are among them."""
    try:
        pages = list(client.get_paginator("list_change_sets").paginate(StackName=stack))
    except ClientError as error:
        if is_missing(error):
            return ()
        raise
    return tuple(
        ListedChangeSet(
            each.get("ChangeSetId", ""),
            each.get("ChangeSetName", ""),
            each.get("ExecutionStatus", "UNAVAILABLE"),
            each["CreationTime"],
        )
        for page in pages
        for each in page["Summaries"]
    )


def _drifts(client: "CloudFormationClient", stack_id: str) -> "list[StackResourceDriftTypeDef]":
    answer = client.describe_stack_resource_drifts(StackName=stack_id, MaxResults=100)
    found = [*answer["StackResourceDrifts"]]
    while token := answer.get("NextToken"):
        answer = client.describe_stack_resource_drifts(StackName=stack_id, MaxResults=100, NextToken=token)
        found += answer["StackResourceDrifts"]
    return found
