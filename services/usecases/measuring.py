"""Keeping what AWS measures and did: metrics over time, and scaling activities for ever."""

from datetime import timedelta

from services.domain.snapshot import Snapshot
from services.ports import Clock, ScalingReader, UnitOfWork


class Measuring:
    """The only writer of metrics and activities. `every` is between two readings of an environment's metrics."""

    def __init__(self, unit: UnitOfWork, clock: Clock, reader: ScalingReader, *, every: timedelta) -> None:
        self._unit, self._clock, self._reader, self._every = unit, clock, reader, every

    def refresh(self, environment_name: str) -> None:
        """Read what is new since the last time, with overlap, and one piece of the past not yet read (CloudWatch keeps
        minutes for 15 days); then the activities. Raises HavenError."""
        raise NotImplementedError

    def saw(self, snapshot: Snapshot) -> None:
        """Keep the counts and bounds that a snapshot saw of each service."""
        raise NotImplementedError

    def prune(self) -> int:
        """Forget points older than `measured.STEPS` keeps them; how many blocks."""
        raise NotImplementedError
