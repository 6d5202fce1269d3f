"""How dangerous a change is, in plain words, the worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from services.domain.deployment.plan import Plan


class Danger(StrEnum):
    """What is at stake."""

    DATA_LOSS = "data loss"
    REDUNDANCY_LOSS = "redundancy loss"
    OUTAGE = "outage"
    PERMISSION = "permission widening"
    COST = "cost"
    ORDINARY = "ordinary"


class Level(IntEnum):
    """How bad; a HIGH one needs the resource's name typed, a STOPPED one is not deployed at all."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    STOPPED = 4


@dataclass(frozen=True)
class Risk:
    """One resource's danger. `sentence` says what happens, `because` which facts say so, `source` whose word that is
    (`CloudFormation`, `AWS's documentation, aws-facts 6.6`, `Haven's rule`). `confirm` is what must be typed for a high
    one: the physical name of the resource, else its logical id."""

    danger: Danger
    level: Level
    stack: str
    logical_id: str
    type: str
    sentence: str
    because: str
    source: str
    confirm: str = ""


def risks(plan: Plan) -> Sequence[Risk]:
    """One risk or more of every resource that changes, the worst first; of equals in order of deployment."""
    raise NotImplementedError


def to_confirm(found: Sequence[Risk]) -> tuple[str, ...]:
    """The names that must be typed before this is deployed, each once."""
    return tuple(dict.fromkeys(risk.confirm for risk in found if risk.level is Level.HIGH))
