"""What CloudFormation and IAM would say about an account, for looks that change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.drift import DriftReport
from services.domain.deployment.event import StackEvent
from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.ports import ListedChangeSet, StackStanding

CREATED = datetime(2026, 3, 1, tzinfo=UTC)
TAG = "haven:environment"


def standing(stack_name: str, *, tagged: str = "", status: str = "UPDATE_COMPLETE", stack: str = "") -> StackStanding:
    """A stack at rest; `tagged` is the environment its tag names."""
    tags = ((TAG, tagged),) if tagged else ()
    arn = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{stack_name}/1"
    return StackStanding(stack, stack_name, arn, status, "", CREATED, None, True, (), (), tags)


@dataclass
class LookedStacks:
    """`services.ports.StackReader`, as far as looking over an account goes. `looks` counts the questions; `blind` and
    `unlisted` are raised instead of an answer."""

    standings: list[StackStanding] = field(default_factory=list)
    missing: dict[str, Sequence[str]] = field(default_factory=dict)
    blind: HavenError | None = None
    unlisted: HavenError | None = None
    looks: int = 0

    def others(self, environment: Environment) -> Sequence[StackStanding]:
        if self.unlisted:
            raise self.unlisted
        return list(self.standings)

    def missing_rights(self, environment: Environment) -> Mapping[str, Sequence[str]]:
        self.looks += 1
        if self.blind:
            raise self.blind
        return dict(self.missing)

    def standing(self, environment: Environment, stack: str) -> StackStanding | None:
        wanted = environment.stack_name(stack)
        return next((each for each in self.standings if each.stack_name == wanted), None)

    def change_set(self, environment: Environment, stack: str, arn: str) -> ChangeSet | None:
        return None

    def change_sets(self, environment: Environment, stack: str) -> Sequence[ListedChangeSet]:
        return ()

    def template(self, environment: Environment, stack: str) -> str | None:
        return None

    def policy(self, environment: Environment, stack: str) -> str:
        return ""

    def events(self, environment: Environment, stack: str, known: frozenset[str]) -> Sequence[StackEvent]:
        return []

    def drift(self, environment: Environment, stack: str, detection: str) -> DriftReport | None:
        return None
