"""CloudFormation, read for deployments: change sets with their values, events, templates, drift, rights."""

from collections.abc import Mapping, Sequence

from services.aws.session import Sessions
from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.drift import DriftReport
from services.domain.deployment.event import StackEvent
from services.domain.environment import Environment
from services.ports import StackStanding


class DeploymentReader:
    """`ports.StackReader` on CloudFormation, with the environment's provisioner role."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def standing(self, environment: Environment, stack: str) -> StackStanding | None:
        raise NotImplementedError

    def change_set(self, environment: Environment, stack: str, arn: str) -> ChangeSet | None:
        raise NotImplementedError

    def template(self, environment: Environment, stack: str) -> str | None:
        raise NotImplementedError

    def policy(self, environment: Environment, stack: str) -> str:
        raise NotImplementedError

    def events(self, environment: Environment, stack: str, known: frozenset[str]) -> Sequence[StackEvent]:
        raise NotImplementedError

    def others(self, environment: Environment) -> Sequence[StackStanding]:
        raise NotImplementedError

    def drift(self, environment: Environment, stack: str, detection: str) -> DriftReport | None:
        raise NotImplementedError

    def missing_rights(self, environment: Environment) -> Mapping[str, Sequence[str]]:
        raise NotImplementedError
