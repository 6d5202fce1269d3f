"""Temporary edits: taking them back at their end, extending them, ending them now, keeping them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.domain.access import Actor
from services.domain.scaling.temporary import Edit
from services.ports import Clock, UnitOfWork
from services.usecases.scalings import Scalings

WARN_BEFORE = timedelta(minutes=15)


class TemporaryEdits:
    """Everything is in the database, so it outlives every process."""

    def __init__(self, unit: UnitOfWork, clock: Clock, scalings: Scalings) -> None:
        self._unit, self._clock, self._scalings = unit, clock, scalings

    def tick(self) -> int:
        """Have those that are due taken back, each by an operation of its own that Haven asks for; how many. One that
        cannot be taken back safely is held, saying why. Two workers may do this at once."""
        raise NotImplementedError

    def live(self, actor: Actor, environment: str | None = None) -> Sequence[Edit]:
        """Those still to end, soonest first."""
        raise NotImplementedError

    def extend(self, actor: Actor, id: str, version: int, until: datetime, reason: str, *, client: str = "") -> Edit:
        """Move its end. Raises NotAllowed, NotFound, Invalid with fields (`until`, `reason`), Conflict."""
        raise NotImplementedError

    def end(self, actor: Actor, id: str, version: int, reason: str, *, client: str = "") -> Edit:
        """Have it taken back now, also one that is held, by an operation of that person. Raises as `extend`, Unsafe."""
        raise NotImplementedError

    def keep(self, actor: Actor, id: str, version: int, reason: str, *, client: str = "") -> Edit:
        """Make it permanent. Raises as `extend`."""
        raise NotImplementedError
