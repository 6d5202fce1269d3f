"""Change sets, made and executed: what deploying with the command line and deploying by plan have in common.

Every request is derived from what it asks for: the change set's name and token from its content and the stack's last
update, the token of its execution from the change set. Repeating a request whose answer was lost is therefore safe.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from provisioning.template import template, template_body
from services.aws.change_sets import EXECUTED, Plan, document_of, execution_token, is_empty, parameters_of, plan
from services.aws.errors import code_of, translated
from services.aws.sending import receipt, sending
from services.aws.session import Sessions
from services.aws.standings import began_with, describe
from services.domain.environment import Environment
from services.domain.errors import Conflict, HavenError, OutcomeUnknown, Refused
from services.ports import Receipt, StackSpec

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef, StackTypeDef

GONE = "ChangeSetNotFound"
_BEFORE = frozenset({"InvalidChangeSetStatus", "TokenAlreadyExistsException", GONE})
"""Refusals of an execution that an earlier try of the same one may be behind."""


class ChangeSetCalls:
    """With the environment's provisioner credentials. `pause` waits that many seconds.

    `review_limit` are seconds to wait for a change set to be worked out, `start_limit` seconds for an executed one to
    show on its stack, which CloudFormation shows a moment late. Raises Haven's own errors.
    """

    def __init__(
        self, sessions: Sessions, pause: Callable[[float], None], *, review_limit: float, start_limit: float
    ) -> None:
        self._sessions, self._pause = sessions, pause
        self._review_limit, self._start_limit = review_limit, start_limit

    def client(self, environment: Environment) -> "CloudFormationClient":
        """The client for looking and for what carries a token, with credentials for the next minutes: a role that
        cannot be assumed shows here, and is never "unknown"."""
        with translated():
            clients = self._sessions.provisioner(environment)
            clients.resolve()
            return clients.cloudformation

    def writer(self, environment: Environment) -> "CloudFormationClient":
        """The client that sends a request once."""
        return self._sessions.provisioner(environment).writer.cloudformation

    def make(
        self, environment: Environment, spec: StackSpec, outputs: Mapping[str, Mapping[str, str]]
    ) -> tuple[Plan, str] | None:
        """Have a change set worked out, and return what was asked for with its ARN. None when nothing would change:
        then it is deleted again. Raises Refused with AWS's words, Conflict while something runs on the stack, and
        OutcomeUnknown when it takes longer than the limit: asked again, it finds the same one."""
        client = self.client(environment)
        body = spec.body or template_body(spec.template)
        document = document_of(spec.template, body) if spec.body else template(spec.template).document
        with translated():
            stack = describe(client, environment.stack_name(spec.name))
        planned = plan(environment, spec, outputs, stack, body=body, document=document)
        with translated(write=True):
            made = _create(client, planned)
        with translated():
            reviewed = self._reviewed(client, planned, made)
        if reviewed["Status"] == "CREATE_COMPLETE":
            return planned, reviewed["ChangeSetId"]
        with translated(write=True):
            client.delete_change_set(ChangeSetName=reviewed["ChangeSetId"])
        reason = reviewed.get("StatusReason", "CloudFormation gave no reason.")
        if is_empty(reason):
            return None
        raise Refused(f"CloudFormation cannot make a change set for {planned.stack_name}: {reason}")

    def execute(self, environment: Environment, name: str, change_set: str) -> Receipt:
        """Execute a change set, and return once its stack shows that it has begun. One that was executed before is not
        executed again: that is its acceptance too. Raises Conflict when it cannot be executed any more, OutcomeUnknown
        when the answer was lost or nothing shows yet; asking again is safe."""
        client = self.client(environment)
        with translated():
            before = describe(client, name)
        with sending(f"Executing the change set of {name}"):
            try:
                answer = self.writer(environment).execute_change_set(
                    ChangeSetName=change_set, ClientRequestToken=execution_token(change_set), DisableRollback=False
                )
            except ClientError as error:
                if code_of(error) not in _BEFORE:
                    raise
                if not _known_executed(client, name, change_set):
                    raise Conflict(_too_late(name, error)) from error
                return receipt(error.response)
        with suppress(HavenError):  # it is accepted, whatever looking finds
            if self._shows(client, name, change_set, before):
                return receipt(answer)
        raise OutcomeUnknown(f"CloudFormation accepted the change set of {name}, but nothing has begun yet.")

    def _shows(self, client: "CloudFormationClient", name: str, change_set: str, before: "StackTypeDef | None") -> bool:
        """Whether the stack shows within the limit that the change set was executed, now or by an earlier try: AWS
        accepts the same request again, and then nothing begins."""
        for _ in self._waiting(self._start_limit):
            with suppress(HavenError), translated():
                if _begun(before, describe(client, name), change_set):
                    return True
        with translated():
            return began_with(client, name, execution_token(change_set))

    def _reviewed(
        self, client: "CloudFormationClient", planned: Plan, change_set: str
    ) -> "DescribeChangeSetOutputTypeDef":
        for _ in self._waiting(self._review_limit):
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
                Parameters=parameters_of(planned),
                Tags=[{"Key": key, "Value": value} for key, value in planned.tags],
                Capabilities=list(planned.capabilities),
            )["Id"]
        except ClientError as error:
            if code_of(error) != "AlreadyExistsException":
                raise
        there = client.describe_change_set(ChangeSetName=planned.token, StackName=planned.stack_name)
        if there.get("ExecutionStatus") in EXECUTED:
            raise Conflict(f"This very change of {planned.stack_name} is being made already.")
        if there["Status"] != "FAILED" and there.get("ExecutionStatus") in ("AVAILABLE", "UNAVAILABLE"):
            return there["ChangeSetId"]
        client.delete_change_set(ChangeSetName=there["ChangeSetId"])
    raise Conflict(f"Another change set of the same content keeps being made for {planned.stack_name}.")


def _known_executed(client: "CloudFormationClient", name: str, change_set: str) -> bool:
    """Whether a change set was executed before. Raises OutcomeUnknown when that cannot be seen."""
    try:
        with translated():
            return _executed(client, name, change_set)
    except HavenError as blind:
        raise OutcomeUnknown(f"Whether the change set of {name} was executed could not be seen: {blind}") from blind


def _executed(client: "CloudFormationClient", name: str, change_set: str) -> bool:
    try:
        found = client.describe_change_set(ChangeSetName=change_set)
    except ClientError as error:
        if code_of(error) != GONE:
            raise
    else:
        return found.get("ExecutionStatus") in EXECUTED
    # CloudFormation may delete one after its execution: then the stack remembers it, or the events of what it began.
    stack = describe(client, name)
    if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return False
    return stack.get("ChangeSetId") == change_set or began_with(client, name, execution_token(change_set))


def _too_late(name: str, error: ClientError) -> str:
    if code_of(error) == GONE:
        return f"The change set of {name} is gone, and nothing shows that it was executed: the stack changed since."
    return f"The change set of {name} cannot be executed: {error}"


def _begun(before: "StackTypeDef | None", after: "StackTypeDef | None", change_set: str) -> bool:
    if after is None or after["StackStatus"] == "REVIEW_IN_PROGRESS":
        return False
    if before is None or after.get("ChangeSetId") == change_set:
        return True
    return (before["StackStatus"], before.get("LastUpdatedTime")) != (
        after["StackStatus"],
        after.get("LastUpdatedTime"),
    )
