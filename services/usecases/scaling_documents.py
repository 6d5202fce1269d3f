"""A change and a state as JSON text, for an operation's request and for a form that must come back as it was opened."""

from pydantic import TypeAdapter, ValidationError

from services.domain.errors import Invalid
from services.domain.scaling.change import ScalingChange, ScalingState

_CHANGE, _STATE = TypeAdapter(ScalingChange), TypeAdapter(ScalingState)
LONGEST = 64_000
"""Characters: fifty policies and two hundred scheduled actions fit."""


def change_text(change: ScalingChange) -> str:
    """The change as JSON; the same change gives the same text."""
    return _CHANGE.dump_json(change).decode()


def read_change(text: str) -> ScalingChange:
    """The change again. Raises Invalid for anything else."""
    try:
        return _CHANGE.validate_json(text if len(text) <= LONGEST else "")
    except ValidationError:
        raise Invalid("The change could not be read; open the form again.", {}) from None


def state_text(state: ScalingState) -> str:
    """The state as JSON; the same state gives the same text."""
    return _STATE.dump_json(state).decode()


def read_state(text: str) -> ScalingState:
    """The state again. Raises Invalid for anything else."""
    try:
        return _STATE.validate_json(text if len(text) <= LONGEST else "")
    except ValidationError:
        raise Invalid("What the form was opened on could not be read; open it again.", {}) from None
