"""The page of an environment's scaling as data: every service with its state, counts, bounds and a line of its tasks.
Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.charts.chart import said
from portal.failovers.preview import Said
from portal.scaling.history import spark
from portal.scaling.page import ZoneRow, zones
from portal.scaling.policies import METRICS
from portal.scaling.standing import Fresh, standing
from services.domain.environment import Environment
from services.domain.scaling import load
from services.domain.scaling.series import Series
from services.domain.scaling.why import Kind
from services.domain.snapshot import FargateService, Part, Snapshot
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.scalings import ServiceScaling

_SHORT = {load.CPU: "CPU {} %", load.MEMORY: "memory {} %", load.REQUESTS: "{} requests a target"}


@dataclass(frozen=True)
class Spark:
    """A small line of tasks: paths of what ran and what was desired, and words for both."""

    area: str
    line: str
    words: str


@dataclass(frozen=True)
class Row:
    """One service. `policies` says them in a few words."""

    seen: ServiceScaling
    said: Said
    policies: str
    spark: Spark | None
    scaled_at: datetime | None
    zones: Sequence[ZoneRow]


@dataclass(frozen=True)
class Overview:
    """The whole page."""

    environment: Environment
    said: Said
    rows: Sequence[Row]
    fresh: Fresh
    read_at: datetime | None

    @property
    def tasks(self) -> tuple[int, int]:
        """Running and desired, of all."""
        services = [row.seen.service for row in self.rows]
        return sum(each.running for each in services), sum(each.desired for each in services)

    @property
    def at_max(self) -> int:
        """How many want more than they may have."""
        return sum(row.seen.at_max is not None for row in self.rows)

    @property
    def edits(self) -> int:
        """How many temporary edits are still to end."""
        return sum(len(row.seen.edits) for row in self.rows)


def make(
    environment: Environment,
    found: Sequence[ServiceScaling],
    snapshot: Snapshot,
    now: datetime,
    fresh: Fresh,
    tasks: Mapping[str, Mapping[str, Series]],
) -> Overview:
    """The page at `now`, worst first; `tasks` are each service's last hours, by its name."""
    rows = [_row(seen, snapshot, standing(seen, fresh, now), tasks.get(seen.service.name)) for seen in found]
    rows.sort(key=lambda row: (row.said.status.rank, row.seen.service.name))
    return Overview(environment, _headline(rows, fresh), rows, fresh, snapshot.reading(Part.SERVICES).read_at)


def _row(seen: ServiceScaling, snapshot: Snapshot, own: Said, found: Mapping[str, Series] | None) -> Row:
    drawn = None if found is None else Spark(*spark(found))
    scaled = next((line.at for line in seen.lines if line.kind is Kind.SCALED), None)
    return Row(seen, own, _policies(seen.service), drawn, scaled, zones(seen.service, snapshot))


def _policies(service: FargateService) -> str:
    scaling = service.scaling
    if scaling is None:
        return "nothing registered"
    told = [
        _SHORT[p.metric].format(said(p.target)) if p.metric in METRICS and p.metric else p.name
        for p in scaling.policies
    ]
    return listed(told, 4) if told else "no policy"


def _headline(rows: Sequence[Row], fresh: Fresh) -> Said:
    """What is worst, and how many."""
    old = fresh.services or fresh.scaling
    if old is not None:
        word = "is old" if old is Status.STALE else "could not be read"
        return Said(old, f"{old.value.capitalize()}.", f"What stands here {word}.")
    if not rows:
        return Said(Status.PAUSED, "No services.", "Nothing here runs on ECS.")
    at_max = [row.seen.service.name for row in rows if row.seen.at_max is not None]
    if at_max:
        line = f"{listed(at_max, 4)} {'is' if len(at_max) == 1 else 'are'} at the maximum while more is asked for."
        return Said(Status.DEGRADED, "At the maximum.", line, "Raise the maximum, or find out why each task does less.")
    worst = rows[0].said.status
    same = [row.seen.service.name for row in rows if row.said.status is worst]
    if worst is Status.HEALTHY:
        return Said(worst, "Steady.", f"All {counted(len(rows), 'service')} run as many tasks as they should.")
    return Said(
        worst,
        f"{worst.value.capitalize()}.",
        f"{listed(same, 4)} of {counted(len(rows), 'service')}.",
        rows[0].said.why,
    )
