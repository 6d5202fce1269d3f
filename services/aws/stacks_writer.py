"""CloudFormation, writing: stacks are deployed through change sets only, so every change is seen before it is made."""

import time
from collections.abc import Callable

from services.aws.change_set_calls import ChangeSetCalls
from services.aws.change_sets import OK
from services.aws.errors import translated
from services.aws.session import Sessions
from services.aws.stacks import to_stack
from services.aws.standings import describe, why
from services.domain.environment import Environment
from services.domain.errors import NotFound
from services.ports import StackOutcome, StackSpec

REVIEW_LIMIT = 600.0
"""Seconds to wait for a change set to be worked out."""
START_LIMIT = 30.0
"""Seconds to wait for an executed change set to show on its stack."""


class StackProvisioner:
    """`ports.Provisioner` on CloudFormation, with the environment's provisioner credentials.

    `pause` waits that many seconds. Raises Haven's own errors.
    """

    def __init__(self, sessions: Sessions, pause: Callable[[float], None] = time.sleep) -> None:
        self._calls = ChangeSetCalls(sessions, pause, review_limit=REVIEW_LIMIT, start_limit=START_LIMIT)

    def change_set(self, environment: Environment, spec: StackSpec, outputs: dict[str, dict[str, str]]) -> str | None:
        """As `ports.Provisioner.change_set`. A change set without changes is deleted again."""
        made = self._calls.make(environment, spec, outputs)
        return made[1] if made else None

    def execute(self, environment: Environment, spec: StackSpec, change_set: str) -> None:
        """Execute a change set, and return once its stack shows that it has begun. Executing it again does nothing.

        Raises OutcomeUnknown when the answer was lost; asking again is safe.
        """
        self._calls.execute(environment, environment.stack_name(spec.name), change_set)

    def outcome(self, environment: Environment, stack: str) -> StackOutcome | None:
        """As `ports.Provisioner.outcome`; None when there is no such stack. A stack that was only ever reviewed is
        done and not ok: nothing runs, and nothing is deployed."""
        client = self._calls.client(environment)
        with translated():
            found = describe(client, environment.stack_name(stack))
            if found is None:
                return None
            reason = why(client, found)
        here = to_stack(found, stack)
        done = not here.status.endswith("_IN_PROGRESS") or here.status == "REVIEW_IN_PROGRESS"
        return StackOutcome(here.status, done, here.status in OK, reason, here.outputs, here.parameters)

    def secure(self, environment: Environment, spec: StackSpec) -> None:
        """As `ports.Provisioner.secure`. Raises NotFound when the stack is not deployed."""
        client, name = self._calls.client(environment), environment.stack_name(spec.name)
        with translated(write=True):
            found = describe(client, name)
            if found is None:
                raise NotFound(f"There is no stack {name}.")
            if spec.policy is not None:
                client.set_stack_policy(StackName=name, StackPolicyBody=spec.policy)
            if found.get("EnableTerminationProtection", False) != spec.termination_protection:
                client.update_termination_protection(
                    StackName=name, EnableTerminationProtection=spec.termination_protection
                )
