"""The shapes of danger: what is at stake, how bad it is, and the resource that is looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.plan import StackPlan
from services.domain.deployment.sides import Side, after, before
from services.domain.wording import listed

CLOUDFORMATION = "CloudFormation"
RULE = "Haven's rule"


class Danger(StrEnum):
    """What is at stake, the worst first."""

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


@dataclass(frozen=True)
class Subject:
    """One resource that changes, with the stack's plan around it and what it is before and after."""

    stack: StackPlan
    change: ResourceChange
    before: Side
    after: Side

    @property
    def name(self) -> str:
        """What people call it: the short physical name, else the logical id."""
        return short(self.change.physical_id) or self.change.logical_id

    @property
    def replaced(self) -> bool:
        """Whether CloudFormation certainly makes a new one in its place."""
        return self.change.replacement == "True"

    @property
    def perhaps_replaced(self) -> bool:
        """Whether CloudFormation cannot say: it depends on the condition, or on what is only known once it runs."""
        return self.change.replacement == "Conditional" or self.change.action == "Dynamic"

    def risk(self, danger: Danger, level: Level, sentence: str, because: str, source: str = CLOUDFORMATION) -> Risk:
        """A danger of this resource."""
        confirm = self.name if level is Level.HIGH else ""
        change = self.change
        return Risk(danger, level, self.stack.name, change.logical_id, change.type, sentence, because, source, confirm)


def subject(stack: StackPlan, change: ResourceChange) -> Subject:
    """A change, ready to be looked at."""
    return Subject(stack, change, before(change), after(change))


def changing(names: Iterable[str]) -> str:
    """`X changes.` or `X and Y change.`, each name once."""
    known = list(dict.fromkeys(names))
    return f"{listed(known)} {'change' if len(known) > 1 else 'changes'}."


def short(physical_id: str) -> str:
    """The name within a physical id: of an ARN or a URL its telling part, empty where it has none."""
    if "://" in physical_id:
        return physical_id.rstrip("/").rpartition("/")[2]
    if not physical_id.startswith("arn:"):
        return physical_id
    pieces = physical_id.split(":", 5)[-1].replace(":", "/").split("/")
    if pieces[0] in ("listener", "listener-rule"):
        return ""
    # `loadbalancer/app/<name>/<hash>`, `targetgroup/<name>/<hash>`: what comes last is a number.
    place = {"loadbalancer": 2, "targetgroup": 1}.get(pieces[0], -1)
    return pieces[place] if len(pieces) > place else ""
