"""CloudFormation, written for deployments: each request by a token made from what it asks for, and sent once."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.aws.change_set_calls import ChangeSetCalls
from services.aws.change_set_words import to_change_set
from services.aws.deployment_reader import id_of, listed, pages_of
from services.aws.errors import code_of, is_missing, translated
from services.aws.sending import receipt, sending
from services.aws.session import Sessions
from services.aws.standings import began_with, describe
from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.event import OURS
from services.domain.deployment.policy import LIFTED
from services.domain.deployment.statuses import REVIEWED
from services.domain.environment import Environment
from services.domain.errors import Conflict, HavenError, NotNow, OutcomeUnknown, Refused
from services.ports import Receipt, StackSpec

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient

WAIT_LIMIT = 5.0
"""Seconds that a worker waits within one call, well below its lease; what takes longer is asked for again."""
CLEAR_WITHIN = 5.0
"""Seconds from seeing that a stack is nothing but a name to asking for its deletion, in which it cannot have become
more: AWS would delete that as well."""
_DONE_BEFORE = ("TokenAlreadyExistsException", "ValidationError")
"""Refusals of a request that an earlier try of the same one may be behind: the stack is no longer as it has to be."""


class DeploymentCaller:
    """`ports.StackCaller` on CloudFormation, with the environment's provisioner role. `pause` waits seconds; `watch`
    tells them, and goes on while the process is held up.

    A stack may be asked for by its ARN. Tokens that are given get `haven-` before them when they lack it: by that the
    history tells Haven's own rollouts from others.
    """

    def __init__(
        self,
        sessions: Sessions,
        pause: Callable[[float], None] = time.sleep,
        watch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch = watch
        self._calls = ChangeSetCalls(sessions, pause, review_limit=WAIT_LIMIT, start_limit=WAIT_LIMIT)

    def prepare(
        self, environment: Environment, spec: StackSpec, outputs: Mapping[str, Mapping[str, str]]
    ) -> ChangeSet | None:
        """As `ports.StackCaller.prepare`. Raises OutcomeUnknown while AWS works it out: asked again it is the same."""
        made = self._calls.make(environment, spec, outputs)
        if made is None:
            return None
        planned, arn = made
        with translated():
            pages = pages_of(self._calls.client(environment), arn)
        if not pages:
            raise Conflict(f"The change set of {planned.stack_name} was deleted as soon as it was made.")
        return to_change_set(pages, stack=spec.name, creates=planned.type == "CREATE")

    def discard(self, environment: Environment, stack: str, arn: str) -> None:
        """As `ports.StackCaller.discard`."""

        def delete(writer: "CloudFormationClient") -> Mapping[str, Any]:
            try:
                return writer.delete_change_set(ChangeSetName=arn)
            except ClientError as error:
                if is_missing(error):
                    return error.response
                raise

        self._send(environment, f"Deleting a change set of {id_of(environment, stack)}", delete)

    def clear(self, environment: Environment, stack: str) -> bool:
        """As `ports.StackCaller.clear`. Raises NotNow when the look that allows it is not fresh any more."""
        name = id_of(environment, stack)
        client = self._calls.client(environment)
        looked = self._watch()
        with translated():
            found = describe(client, name)
            if found is None or found["StackStatus"] != REVIEWED:
                return False
            stack_id = found.get("StackId", name)  # one made meanwhile under the same name is another stack
            if listed(client, stack_id):
                return False
        token = _ours(f"clear-{hashlib.sha256(stack_id.encode()).hexdigest()[:32]}")

        def delete(writer: "CloudFormationClient") -> Mapping[str, Any]:
            if self._watch() - looked > CLEAR_WITHIN:
                raise NotNow(f"Looking at {name} took too long to delete it on the strength of that.")
            return writer.delete_stack(StackName=stack_id, ClientRequestToken=token)

        self._once(environment, f"Deleting {name}, in which there is nothing", stack_id, token, delete)
        return True

    def execute(self, environment: Environment, stack: str, arn: str) -> Receipt:
        """Execute a change set; one that was executed before is not executed again, and has its receipt too. Raises
        Conflict when it cannot be executed any more. A stack may show a moment later that it has begun."""
        return self._calls.execute(environment, id_of(environment, stack), arn)

    def set_policy(self, environment: Environment, stack: str, policy: str) -> Receipt:
        """Set the stack policy. An empty one allows everything: AWS cannot take a policy away again."""
        name = id_of(environment, stack)
        body = policy or LIFTED
        return self._send(
            environment,
            f"Setting the stack policy of {name}",
            lambda writer: writer.set_stack_policy(StackName=name, StackPolicyBody=body),
        )

    def protect(self, environment: Environment, stack: str, on: bool) -> Receipt:
        """Put termination protection on or off."""
        name = id_of(environment, stack)
        return self._send(
            environment,
            f"Setting the termination protection of {name}",
            lambda writer: writer.update_termination_protection(StackName=name, EnableTerminationProtection=on),
        )

    def cancel(self, environment: Environment, stack: str, token: str) -> Receipt:
        """As `ports.StackCaller.cancel`. Refused in AWS's words unless an update runs."""
        name, ours = id_of(environment, stack), _ours(token)
        return self._once(
            environment,
            f"Cancelling the update of {name}",
            name,
            ours,
            lambda writer: writer.cancel_update_stack(StackName=name, ClientRequestToken=ours),
        )

    def continue_rollback(self, environment: Environment, stack: str, skip: Sequence[str], token: str) -> Receipt:
        """Go on with a rollback that failed (UPDATE_ROLLBACK_FAILED). `skip` are logical ids that stay as they are."""
        name, ours = id_of(environment, stack), _ours(token)
        asked: dict[str, Any] = {"StackName": name, "ClientRequestToken": ours}
        if skip:
            asked["ResourcesToSkip"] = list(skip)
        return self._once(
            environment,
            f"Continuing the rollback of {name}",
            name,
            ours,
            lambda writer: writer.continue_update_rollback(**asked),
        )

    def roll_back(self, environment: Environment, stack: str, token: str) -> Receipt:
        """Undo a creation or an update that failed and was left as it was (CREATE_FAILED, UPDATE_FAILED)."""
        name, ours = id_of(environment, stack), _ours(token)
        return self._once(
            environment,
            f"Rolling back {name}",
            name,
            ours,
            lambda writer: writer.rollback_stack(StackName=name, ClientRequestToken=ours),
        )

    def delete(self, environment: Environment, stack: str, retain: Sequence[str], token: str) -> Receipt:
        """Delete a stack; one that is gone already has an empty receipt. `retain` are logical ids that are left behind,
        which AWS only does once a deletion has failed: Refused from any other status."""
        name, ours = id_of(environment, stack), _ours(token)
        client = self._calls.client(environment)
        with translated():
            found = describe(client, name)
            if found is None or found["StackStatus"] == "DELETE_COMPLETE":
                return Receipt("")
            stack_id = found.get("StackId", name)  # one made meanwhile under the same name is another stack
            failed = found["StackStatus"] == "DELETE_FAILED"
            if retain and not failed:
                if began_with(client, stack_id, ours):
                    return Receipt("")
                raise Refused(
                    f"{name} is {found['StackStatus']}: resources can be left behind only once a deletion has failed "
                    "(DELETE_FAILED). Give them the deletion policy Retain instead."
                )
        asked: dict[str, Any] = {"StackName": stack_id, "ClientRequestToken": ours}
        if retain:
            asked["RetainResources"] = list(retain)
        return self._once(environment, f"Deleting {name}", stack_id, ours, lambda writer: writer.delete_stack(**asked))

    def start_drift(self, environment: Environment, stack: str) -> str:
        """As `ports.StackCaller.start_drift`. AWS refuses a second one while one runs."""
        name = id_of(environment, stack)
        begun: list[str] = []

        def detect(writer: "CloudFormationClient") -> Mapping[str, Any]:
            answer = writer.detect_stack_drift(StackName=name)
            begun.append(answer["StackDriftDetectionId"])
            return answer

        self._send(environment, f"Detecting the drift of {name}", detect)
        return begun[0]

    def _once(
        self,
        environment: Environment,
        what: str,
        stack: str,
        token: str,
        ask: "Callable[[CloudFormationClient], Mapping[str, Any]]",
    ) -> Receipt:
        """Send what may have been sent before: what it began has its token on the stack's events."""
        client = self._calls.client(environment)

        def first(writer: "CloudFormationClient") -> Mapping[str, Any]:
            try:
                return ask(writer)
            except ClientError as error:
                if code_of(error) not in _DONE_BEFORE or not _known_begun(client, stack, token):
                    raise
                return error.response

        return self._send(environment, what, first)

    def _send(
        self, environment: Environment, what: str, ask: "Callable[[CloudFormationClient], Mapping[str, Any]]"
    ) -> Receipt:
        self._calls.client(environment)  # credentials first
        writer = self._calls.writer(environment)
        with sending(what):
            return receipt(ask(writer))


def _ours(token: str) -> str:
    return token if token.startswith(OURS) else f"{OURS}{token}"


def _known_begun(client: "CloudFormationClient", stack: str, token: str) -> bool:
    try:
        with translated():
            return began_with(client, stack, token)
    except HavenError as blind:
        if isinstance(blind, Refused):
            return False  # there is no such stack: AWS's own refusal says more
        raise OutcomeUnknown(f"Whether it was done before could not be seen: {blind}") from blind
