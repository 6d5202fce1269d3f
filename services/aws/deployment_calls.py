"""CloudFormation, written for deployments: each request by a token made from what it asks for."""

import time
from collections.abc import Callable, Mapping, Sequence

from services.aws.session import Sessions
from services.domain.deployment.change_set import ChangeSet
from services.domain.environment import Environment
from services.ports import Receipt, StackSpec


class DeploymentCaller:
    """`ports.StackCaller` on CloudFormation, with the environment's provisioner role. `pause` waits seconds."""

    def __init__(self, sessions: Sessions, pause: Callable[[float], None] = time.sleep) -> None:
        self._sessions, self._pause = sessions, pause

    def prepare(
        self, environment: Environment, spec: StackSpec, outputs: Mapping[str, Mapping[str, str]]
    ) -> ChangeSet | None:
        raise NotImplementedError

    def discard(self, environment: Environment, stack: str, arn: str) -> None:
        raise NotImplementedError

    def execute(self, environment: Environment, stack: str, arn: str) -> Receipt:
        raise NotImplementedError

    def set_policy(self, environment: Environment, stack: str, policy: str) -> Receipt:
        raise NotImplementedError

    def protect(self, environment: Environment, stack: str, on: bool) -> Receipt:
        raise NotImplementedError

    def cancel(self, environment: Environment, stack: str, token: str) -> Receipt:
        raise NotImplementedError

    def continue_rollback(self, environment: Environment, stack: str, skip: Sequence[str], token: str) -> Receipt:
        raise NotImplementedError

    def roll_back(self, environment: Environment, stack: str, token: str) -> Receipt:
        raise NotImplementedError

    def delete(self, environment: Environment, stack: str, retain: Sequence[str], token: str) -> Receipt:
        raise NotImplementedError

    def start_drift(self, environment: Environment, stack: str) -> str:
        raise NotImplementedError
