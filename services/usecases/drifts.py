"""Drift: looking for it, on demand and by schedule, and saying what of it is meant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.access import Actor
from services.domain.deployment.drift import DriftReport, Judged
from services.domain.environment import Environment
from services.domain.operation import Operation
from services.domain.scaling.edited import Edited
from services.ports import Clock, UnitOfWork


@dataclass(frozen=True)
class StackDrift:
    """One stack's newest report and its differences, each with a verdict; None before it was ever looked for."""

    stack: str
    stack_name: str
    report: DriftReport | None
    judged: Sequence[Judged]


@dataclass(frozen=True)
class DriftOverview:
    """An environment's drift. `scaling` are live edits by service, which CloudFormation cannot see. `looking` is the
    operation that looks now, `next_at` when the schedule looks by itself."""

    environment: Environment
    stacks: Sequence[StackDrift]
    scaling: Sequence[tuple[str, Sequence[Edited]]]
    looking: Operation | None
    next_at: datetime | None


@dataclass(frozen=True)
class AcceptRequest:
    """Say that exactly this value is meant."""

    environment: str
    stack: str
    logical_id: str
    path: str
    actual: str
    reason: str


class Drifts:
    """`every`: how often the schedule looks."""

    def __init__(self, unit: UnitOfWork, clock: Clock, new_id: Callable[[], str], *, every: timedelta) -> None:
        self._unit, self._clock, self._new_id, self._every = unit, clock, new_id, every

    def overview(self, actor: Actor, environment: str) -> DriftOverview:
        """Raises NotFound."""
        raise NotImplementedError

    def request(self, actor: Actor, environment: str, *, client: str = "") -> Operation:
        """Have a worker look at every stack. Raises NotAllowed, NotFound; Conflict while one looks already."""
        raise NotImplementedError

    def accept(self, actor: Actor, request: AcceptRequest, *, client: str = "") -> None:
        """Raises NotAllowed, Invalid (`reason`), NotFound when no report has that difference."""
        raise NotImplementedError

    def take_back(
        self, actor: Actor, environment: str, stack: str, logical_id: str, path: str, *, client: str = ""
    ) -> None:
        """It counts as drift again. Raises NotAllowed, NotFound."""
        raise NotImplementedError

    def begin_due(self) -> Sequence[Operation]:
        """Begin looking wherever the schedule says so; what is busy is left for the next time."""
        raise NotImplementedError
