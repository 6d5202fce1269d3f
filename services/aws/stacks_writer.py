"""CloudFormation, writing: stacks are deployed through change sets only, so every change can be seen before it is made.

Every request is derived from what it asks for: the change set's name and token from its content and the stack's last
update, the token of its execution from the change set. Repeating a request whose answer was lost is therefore safe.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from provisioning.template import template, template_body
from services.aws.change_sets import EXECUTING, OK, Plan, execution_token, first_failure, is_empty, plan
from services.aws.errors import code_of, is_missing, translated
from services.aws.session import Sessions
from services.domain.environment import Environment
from services.domain.errors import Conflict, NotFound, OutcomeUnknown, Refused
from services.ports import StackOutcome, StackSpec

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudformation.type_defs import (
        DescribeChangeSetOutputTypeDef,
        StackEventTypeDef,
        StackTypeDef,
    )

REVIEW_LIMIT = 600.0
"""Seconds to wait for a change set to be worked out."""
START_LIMIT = 30.0
"""Seconds to wait for an executed change set to show on its stack, which CloudFormation shows a moment late."""


class StackProvisioner:
    """`ports.Provisioner` on CloudFormation, with the environment's provisioner credentials.

    `pause` waits that many seconds. Raises Haven's own errors.
    """

    def __init__(self, sessions: Sessions, pause: Callable[[float], None] = time.sleep) -> None:
        self._sessions = sessions
        self._pause = pause

    def change_set(self, environment: Environment, spec: StackSpec, outputs: dict[str, dict[str, str]]) -> str | None:
        """As `ports.Provisioner.change_set`. A change set without changes is deleted again."""
        client = self._client(environment)
        with translated(write=True):
            stack = _describe(client, environment.stack_name(spec.name))
            body, document = template_body(spec.template), template(spec.template).document
            planned = plan(environment, spec, outputs, stack, body=body, document=document)
            reviewed = self._reviewed(client, planned, _create(client, planned))
            if reviewed["Status"] == "CREATE_COMPLETE":
                return reviewed["ChangeSetId"]
            client.delete_change_set(ChangeSetName=reviewed["ChangeSetId"])
        reason = reviewed.get("StatusReason", "CloudFormation gave no reason.")
        if is_empty(reason):
            return None
        raise Refused(f"CloudFormation cannot make a change set for {planned.stack_name}: {reason}")

    def execute(self, environment: Environment, spec: StackSpec, change_set: str) -> None:
        """Execute a change set, and return once its stack shows that it has begun. Executing it again does nothing.

        Raises OutcomeUnknown when the answer was lost; asking again is safe.
        """
        client, name = self._client(environment), environment.stack_name(spec.name)
        with translated(write=True):
            before = _describe(client, name)
            try:
                self._sessions.provisioner(environment).writer.cloudformation.execute_change_set(
                    ChangeSetName=change_set, ClientRequestToken=execution_token(change_set), DisableRollback=False
                )
            except ClientError as error:
                if code_of(error) not in ("InvalidChangeSetStatus", "TokenAlreadyExistsException"):
                    raise
                found = client.describe_change_set(ChangeSetName=change_set)
                if found.get("ExecutionStatus") not in EXECUTING:
                    raise Conflict(f"The change set of {name} cannot be executed: {error}") from error
                return
            for _ in self._waiting(START_LIMIT):
                if _begun(before, _describe(client, name)):
                    return
        raise OutcomeUnknown(f"CloudFormation accepted the change set of {name}, but nothing has begun yet.")

    def outcome(self, environment: Environment, stack: str) -> StackOutcome | None:
        """As `ports.Provisioner.outcome`; None when there is no such stack. A stack that was only ever reviewed is
        done and not ok: nothing runs, and nothing is deployed."""
        client = self._client(environment)
        with translated():
            found = _describe(client, environment.stack_name(stack))
            if found is None:
                return None
            status = found["StackStatus"]
            done = not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS"
            ok = status in OK
            failing = not ok and ("ROLLBACK" in status or "FAILED" in status)
            reason = first_failure(_events(client, found)) if failing else ""
        return StackOutcome(
            status=status,
            done=done,
            ok=ok,
            reason=reason or (found.get("StackStatusReason", "") if not ok else ""),
            outputs=tuple((output["OutputKey"], output["OutputValue"]) for output in found.get("Outputs", [])),
            parameters=tuple(
                (parameter["ParameterKey"], parameter.get("ParameterValue", ""))
                for parameter in found.get("Parameters", [])
            ),
        )

    def secure(self, environment: Environment, spec: StackSpec) -> None:
        """As `ports.Provisioner.secure`. Raises NotFound when the stack is not deployed."""
        client, name = self._client(environment), environment.stack_name(spec.name)
        with translated(write=True):
            found = _describe(client, name)
            if found is None:
                raise NotFound(f"There is no stack {name}.")
            if spec.policy is not None:
                client.set_stack_policy(StackName=name, StackPolicyBody=spec.policy)
            if found.get("EnableTerminationProtection", False) != spec.termination_protection:
                client.update_termination_protection(
                    StackName=name, EnableTerminationProtection=spec.termination_protection
                )

    def _client(self, environment: Environment) -> "CloudFormationClient":
        with translated():
            return self._sessions.provisioner(environment).cloudformation

    def _reviewed(
        self, client: "CloudFormationClient", planned: Plan, change_set: str
    ) -> "DescribeChangeSetOutputTypeDef":
        for _ in self._waiting(REVIEW_LIMIT):
            found = client.describe_change_set(ChangeSetName=change_set)
            if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return found
        # It has the request: that is not "nothing was done". Asking again finds the same change set.
        raise OutcomeUnknown(f"CloudFormation is still working out the change set of {planned.stack_name}.")

    def _waiting(self, limit: float) -> Iterator[None]:
        """Yields at once, then after ever longer pauses, up to two seconds each, until `limit` seconds were spent."""
        spent, step = 0.0, 0.1
        while spent < limit:
            yield
            self._pause(step)
            spent, step = spent + step, min(step * 2, 2.0)


def _describe(client: "CloudFormationClient", name: str) -> "StackTypeDef | None":
    try:
        return client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def _create(client: "CloudFormationClient", planned: Plan) -> str:
    """The ARN of the plan's change set, made now or by an earlier try; one that failed or is outdated is made anew."""
    for _ in range(2):
        try:
            return client.create_change_set(
                StackName=planned.stack_name,
                ChangeSetName=planned.token,
                ClientToken=planned.token,
                ChangeSetType=planned.type,
                TemplateBody=planned.template,
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in planned.parameters],
                Tags=[{"Key": key, "Value": value} for key, value in planned.tags],
                Capabilities=list(planned.capabilities),
            )["Id"]
        except ClientError as error:
            if code_of(error) != "AlreadyExistsException":
                raise
        there = client.describe_change_set(ChangeSetName=planned.token, StackName=planned.stack_name)
        if there["Status"] != "FAILED" and there.get("ExecutionStatus") in ("AVAILABLE", "UNAVAILABLE"):
            return there["ChangeSetId"]
        client.delete_change_set(ChangeSetName=there["ChangeSetId"])
    raise Conflict(f"Another change set of the same content keeps being made for {planned.stack_name}.")


def _begun(before: "StackTypeDef | None", after: "StackTypeDef | None") -> bool:
    if before is None or after is None:
        return after is not None
    return (before["StackStatus"], before.get("LastUpdatedTime")) != (
        after["StackStatus"],
        after.get("LastUpdatedTime"),
    )


def _events(client: "CloudFormationClient", stack: "StackTypeDef") -> "Iterator[StackEventTypeDef]":
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack["StackId"]):
        yield from page["StackEvents"]
