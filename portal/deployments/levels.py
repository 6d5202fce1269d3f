"""How dangerous something is, as a state and a word; and what happens to a resource, in a word. Pure."""

from collections.abc import Sequence

from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.risk import Level, Risk
from services.domain.status import Status

STATUS = {
    Level.STOPPED: Status.DOWN,
    Level.HIGH: Status.DOWN,
    Level.MEDIUM: Status.DEGRADED,
    Level.LOW: Status.HEALTHY,
    Level.NONE: Status.HEALTHY,
}
WORD = {
    Level.STOPPED: "Stopped",
    Level.HIGH: "High risk",
    Level.MEDIUM: "Medium risk",
    Level.LOW: "Low risk",
    Level.NONE: "No risk",
}
_ACTIONS = {"Add": "new", "Remove": "removed", "Import": "imported", "SyncWithActual": "taken over as it is"}
_GOING = {
    "Delete": "what was there is deleted",
    "Retain": "what was there is kept, outside the stack",
    "Snapshot": "a snapshot of what was there is kept",
    "ReplaceAndDelete": "the old one is deleted",
    "ReplaceAndRetain": "the old one is kept, outside the stack",
    "ReplaceAndSnapshot": "a snapshot of the old one is kept",
}


def worst(risks: Sequence[Risk]) -> Level:
    """The highest level among them."""
    return max((risk.level for risk in risks), default=Level.NONE)


def happens(change: ResourceChange) -> str:
    """What becomes of the resource, in a few words: `new`, `removed`, `replaced`, `changed in place`."""
    if change.action in _ACTIONS:
        return _ACTIONS[change.action]
    if change.action == "Dynamic":
        return "known only once it runs"
    if change.replacement == "True":
        return "replaced"
    return "may be replaced, says AWS" if change.replacement == "Conditional" else "changed in place"


def going(change: ResourceChange) -> str:
    """What becomes of the one that goes; empty when none goes."""
    return _GOING.get(change.policy_action, change.policy_action)
