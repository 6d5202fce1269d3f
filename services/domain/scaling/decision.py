"""What scaling decided in a minute, in AWS's words and in plain ones."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a minute."""

    OUT = "out"
    IN = "in"
    HELD = "held"
    """An alarm asked for it, and it was not done."""
    QUIET = "quiet"


class Code(StrEnum):
    """AWS's NotScaledReasons."""

    AT_MAX = "AlreadyAtMaxCapacity"
    AT_MIN = "AlreadyAtMinCapacity"
    AT_DESIRED = "AlreadyAtDesiredCapacity"
    FLAPPING = "AutoScalingAnticipatedFlapping"
    UNSCALABLE = "TargetServicePutResourceAsUnscalable"


@dataclass(frozen=True, slots=True)
class Decision:
    """One minute's decision. `description` and `cause` are those of AWS's activity, empty when AWS records none; `why`
    is the plain sentence. `code` says why AWS records that it did not scale; `repeated` that it said so the minute
    before, which AWS then does not record again."""

    minute: int
    outcome: Outcome
    before: int
    after: int
    why: str
    policy: str = ""
    description: str = ""
    cause: str = ""
    code: Code | None = None
    repeated: bool = False


def moved(minute: int, before: int, after: int, policy: str, cause: str, why: str) -> Decision:
    """It scales."""
    outcome = Outcome.OUT if after > before else Outcome.IN
    return Decision(minute, outcome, before, after, why, policy, f"Setting desired count to {after}.", cause)


def held(minute: int, count: int, policy: str, cause: str, why: str, code: Code | None) -> Decision:
    """It was asked to and does not. Without a code AWS records nothing: it is suspended or cooling down."""
    if code is None:
        return Decision(minute, Outcome.HELD, count, count, why, policy)
    said = "Attempting to scale due to alarm triggered"
    return Decision(minute, Outcome.HELD, count, count, why, policy, said, cause, code)


def quiet(minute: int, count: int, why: str) -> Decision:
    """Nothing asked for anything."""
    return Decision(minute, Outcome.QUIET, count, count, why)
