"""Replay: the recorded load of a service against the scaling of today and a proposed one. Simulated; writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.access import Actor
from services.domain.scaling.change import ScalingChange
from services.domain.scaling.load import Recording
from services.domain.scaling.replay import Replay
from services.ports import Clock, UnitOfWork

DAYS = (1, 7, 14)


@dataclass(frozen=True)
class Compared:
    """Two replays of the same minutes. A side is None when it cannot be replayed (`why_not`). `known` is the share of
    minutes with data, 0 to 1; `assumed` what is taken for granted, as sentences; `price_source` where the price of a
    task-hour is from, empty when it is not known."""

    since: datetime
    until: datetime
    recording: Recording
    today: Replay | None
    proposed: Replay | None
    assumed: Sequence[str]
    known: float
    zone_lost: bool
    why_not: str = ""
    price_source: str = ""


class Replays:
    """Reads kept metrics only."""

    def __init__(self, unit: UnitOfWork, clock: Clock) -> None:
        self._unit, self._clock = unit, clock

    def compare(
        self,
        actor: Actor,
        environment: str,
        service: str,
        change: ScalingChange,
        *,
        days: int = 1,
        zone_lost: bool = False,
    ) -> Compared:
        """The last days (one of DAYS). Raises NotFound, NotNow, Invalid."""
        raise NotImplementedError
