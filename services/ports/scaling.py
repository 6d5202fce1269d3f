"""Scaling as AWS has it: its state, its activities, its metrics, the writes; and what is kept of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.domain.environment import Environment
from services.domain.scaling.acts import Write
from services.domain.scaling.change import ScalingState
from services.domain.scaling.measured import Measured
from services.domain.scaling.series import Series
from services.domain.scaling.temporary import Edit, EditState
from services.domain.scaling.why import Activity
from services.domain.snapshot import FargateService, Snapshot
from services.ports.acting import Receipt


class ScalingReader(Protocol):
    """Reads scaling, fresh. Raises HavenError."""

    def state(self, environment: Environment, service: FargateService) -> tuple[ScalingState | None, int]:
        """What is registered, None when nothing is; and the service's desired count."""
        ...

    def activities(
        self, environment: Environment, snapshot: Snapshot, since: datetime
    ) -> Mapping[str, Sequence[Activity]]:
        """By the service's name, those that began since a time, not-scaled ones included; in order of time."""
        ...

    def metrics(
        self, environment: Environment, snapshot: Snapshot, since: datetime, until: datetime, step: int
    ) -> Sequence[Measured]:
        """`measured.FROM_AWS` of every service from `since` up to `until`, whole steps of `step` minutes (1, 5 or 60),
        in as few GetMetricData calls as AWS allows. A metric without any point is left out."""
        ...


class ScalingCaller(Protocol):
    """The writes. Each sends one request and never repeats it. Raises as `FailoverCaller` does."""

    def ready(self, environment: Environment) -> None:
        """Have credentials for the next minutes, without acting. Raises Misconfigured or NotNow."""
        ...

    def write(self, environment: Environment, service: FargateService, write: Write) -> Receipt:
        """Send it. What is to be deleted and is gone already counts as done."""
        ...


class Metrics(Protocol):
    """Metrics over time, by environment, subject, name and step; a minute without a point is a gap."""

    def put(self, environment: str, measured: Sequence[Measured]) -> None:
        """Keep the known points; a later value of the same place wins, a gap never erases."""
        ...

    def read(
        self, environment: str, subject: str, names: Sequence[str], since: int, until: int, step: int
    ) -> Mapping[str, Series]:
        """From minute `since` up to `until`, in places of `step` minutes; a name without a point is all gap."""
        ...

    def read_until(self, environment: str, step: int) -> int | None:
        """The minute up to which AWS's metrics were read in this step."""
        ...

    def set_read_until(self, environment: str, step: int, minute: int) -> None: ...

    def read_since(self, environment: str, step: int) -> int | None:
        """The minute from which on AWS's metrics were read in this step."""
        ...

    def set_read_since(self, environment: str, step: int, minute: int) -> None: ...

    def prune(self, before: Mapping[int, int]) -> int:
        """Forget, by step, what lies before a minute; how many blocks."""
        ...


class Activities(Protocol):
    """Scaling activities, kept for ever: AWS forgets them after six weeks."""

    def put(self, environment: str, service: str, activities: Sequence[Activity]) -> int:
        """Insert, or replace by id what has gone on since; how many were new."""
        ...

    def between(
        self, environment: str, service: str, since: datetime, until: datetime, *, limit: int = 500
    ) -> Sequence[Activity]:
        """Newest first; beyond `limit` the oldest are left out."""
        ...

    def newest_at(self, environment: str) -> datetime | None:
        """When the newest one began."""
        ...


class Edits(Protocol):
    """Temporary edits, past ones included."""

    def add(self, edit: Edit) -> None: ...
    def get(self, id: str) -> Edit | None: ...
    def save(self, edit: Edit) -> Edit:
        """Put it in place of the stored one and return it with its new version. Raises Conflict when the stored version
        is not the one this was made from."""
        ...

    def list(
        self, *, environment: str | None = None, service: str = "", states: Sequence[EditState] = (), limit: int = 100
    ) -> Sequence[Edit]:
        """Soonest end first; without `states` all."""
        ...
