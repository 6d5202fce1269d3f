"""Temporary edits: a change that is taken back by itself at its end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
