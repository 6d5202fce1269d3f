"""Temporary edits: a change that is taken back by itself at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.domain.check import Answer, Check
from services.domain.scaling.change import ScalingChange, ScalingState


class EditState(StrEnum):
    """Where a temporary edit stands."""

    WAITING = "waiting"
    """In force, or still being made."""
    HELD = "held"
    """Its end has come, and it cannot be taken back safely: a person must decide."""
    REVERTING = "reverting"
    ENDED = "ended"
    """Taken back, or never came into force."""
    KEPT = "kept"
    """A person made it permanent."""


@dataclass(frozen=True)
class Edit:
    """A temporary edit. `id` is that of the operation that made it, `revert` that of the one that takes it back.
    `before` is what was there, `change` what was done; `because` says why it stands where it does. `version` grows by
    one a save."""

    id: str
    environment: str
    service: str
    by: str
    reason: str
    at: datetime
    until: datetime
    before: ScalingState
    change: ScalingChange
    state: EditState = EditState.WAITING
    because: str = ""
    revert: str = ""
    extended: int = 0
    version: int = 0

    @property
    def live(self) -> bool:
        """Whether it still has an end to come."""
        return self.state in (EditState.WAITING, EditState.HELD, EditState.REVERTING)


LIVE = tuple(state for state in EditState if state not in (EditState.ENDED, EditState.KEPT))
NEED, STACK = "need", "stack"


def let_pass(checks: Sequence[Check], made_on: Sequence[Check]) -> tuple[str, ...]:
    """The keys of checks that Haven lets pass when it takes an edit back. Whoever set the end agreed to what was there
    before, with its weaknesses; but not to take away tasks that are needed now, nor to cross a deployment. A need that
    is not known passes only where it was not known either when the edit was made (`made_on` are the checks of then)."""
    unknown = any(check.key == NEED and check.answer is Answer.UNKNOWN for check in made_on)
    return tuple(
        check.key
        for check in checks
        if check.overridable and check.answer is not Answer.PASS
        if check.key not in (NEED, STACK) or (check.key == NEED and unknown and check.answer is Answer.UNKNOWN)
    )
