"""What CloudFormation says while it works on a stack, kept for ever, and the rollouts that it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

OURS = "haven-"
"""What the client tokens of Haven's own requests begin with."""


@dataclass(frozen=True)
class StackEvent:
    """One stack event. `status` and `reason` are AWS's; `token` is the client token of the request behind it, empty for
    one of none. `stack` is Haven's name of the stack, `own` whether it is about the stack itself."""

    id: str
    at: datetime
    stack: str
    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""
    token: str = ""

    @property
    def own(self) -> bool:
        """Whether it is about the stack as a whole."""
        return self.physical_id == self.stack_id


@dataclass(frozen=True)
class Rollout:
    """One change of one stack from its first event to its last, whoever began it. `status` is the stack's at its end,
    `ended_at` None while it runs. `failure` is the first failed resource with AWS's reason, `ours` whether the token is
    Haven's. `span` of a resource is (logical id, type, began, ended or None, last status)."""

    stack: str
    stack_id: str
    began_at: datetime
    ended_at: datetime | None
    status: str
    token: str
    failure: str
    spans: tuple[tuple[str, str, datetime, datetime | None, str], ...]

    @property
    def ours(self) -> bool:
        """Whether Haven began it."""
        return self.token.startswith(OURS)


def rollouts(events: Sequence[StackEvent]) -> Sequence[Rollout]:
    """The rollouts that a stack's events tell of, oldest first. `events` are of one stack, in order of time; what began
    before the first of them is left out."""
    raise NotImplementedError
