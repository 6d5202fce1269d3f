"""Scaling read fresh, its activities, and its metrics over time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.aws.session import Sessions
from services.domain.environment import Environment
from services.domain.scaling.change import ScalingState
from services.domain.scaling.measured import Measured
from services.domain.scaling.why import Activity
from services.domain.snapshot import FargateService, Snapshot
from services.ports import Clock


class ScalingReader:
    """`ports.ScalingReader` with the environment's reader credentials."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions, self._clock = sessions, clock

    def state(self, environment: Environment, service: FargateService) -> tuple[ScalingState | None, int]:
        """As `ports.ScalingReader.state`."""
        raise NotImplementedError

    def activities(
        self, environment: Environment, snapshot: Snapshot, since: datetime
    ) -> Mapping[str, Sequence[Activity]]:
        """As `ports.ScalingReader.activities`."""
        raise NotImplementedError

    def metrics(
        self, environment: Environment, snapshot: Snapshot, since: datetime, until: datetime, step: int
    ) -> Sequence[Measured]:
        """As `ports.ScalingReader.metrics`."""
        raise NotImplementedError
