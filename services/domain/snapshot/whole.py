"""The whole: one environment at one time."""

from dataclasses import dataclass, field
from datetime import datetime

from services.domain.snapshot.compute import FargateService
from services.domain.snapshot.entrance import Gateway, LoadBalancer
from services.domain.snapshot.places import Network, Stack, Zone
from services.domain.snapshot.readings import Calls, Gap, Part, Reading
from services.domain.snapshot.stores import Cache, Database, DatabaseCluster, Queue
from services.domain.snapshot.watch import Alarm, Failover, Metric


@dataclass(frozen=True)
class Snapshot:
    """One environment at one time. `failovers` are those of the last 14 days, newest first, 20 at most."""

    environment: str
    taken_at: datetime
    readings: tuple[Reading, ...] = ()
    stacks: tuple[Stack, ...] = ()
    zones: tuple[Zone, ...] = ()
    network: Network | None = None
    gateway: Gateway | None = None
    load_balancer: LoadBalancer | None = None
    services: tuple[FargateService, ...] = ()
    databases: tuple[Database, ...] = ()
    clusters: tuple[DatabaseCluster, ...] = ()
    caches: tuple[Cache, ...] = ()
    queues: tuple[Queue, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    metrics: tuple[Metric, ...] = ()
    failovers: tuple[Failover, ...] = ()
    calls: Calls = field(default_factory=Calls)

    def reading(self, part: Part) -> Reading:
        """How a part was last read; a part never asked for reads as never read."""
        return next((r for r in self.readings if r.part is part), Reading(part, None))

    def asked(self, part: Part) -> bool:
        """Whether whoever took this snapshot knew of the part: a kept one may be older than the part."""
        return any(r.part is part for r in self.readings)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Every part that could not be read this time."""
        return tuple(r.gap for r in self.readings if r.gap)

    def metric(self, subject: str, name: str) -> Metric | None:
        """The newest point of a metric, or None when AWS had none."""
        return next((m for m in self.metrics if m.subject == subject and m.name == name), None)
