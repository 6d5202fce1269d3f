"""What the snapshot before knew, part by part, to fall back on. Pure."""

from datetime import UTC, datetime
from typing import TypeVar

from services.aws.ecs import ServiceFacts, TaskKey
from services.aws.parts import Known
from services.domain import snapshot as shapes
from services.domain.snapshot import Part, Snapshot

T = TypeVar("T")
_NEVER = datetime.min.replace(tzinfo=UTC)


class Memory:
    """The last known facts of every part; empty and never read without a snapshot before."""

    def __init__(self, previous: Snapshot | None) -> None:
        self._previous = previous or Snapshot("", taken_at=_NEVER)
        services = self._previous.services
        self.stacks = self._known(Part.STACKS, self._previous.stacks)
        self.zones = self._known(Part.ZONES, self._previous.zones)
        self.network = self._known(Part.NETWORK, self._previous.network)
        self.gateway = self._known(Part.GATEWAY, self._previous.gateway)
        self.load_balancer = self._known(Part.LOAD_BALANCER, self._previous.load_balancer)
        self.services = self._known(
            Part.SERVICES, tuple(ServiceFacts(s, s.target_group.arn if s.target_group else None) for s in services)
        )
        self.targets = self._known(
            Part.TARGETS, {s.target_group.arn: s.target_group for s in services if s.target_group}
        )
        tasks: dict[TaskKey, tuple[shapes.FargateTask, ...]] = {(s.cluster, s.service_name): s.tasks for s in services}
        self.tasks = self._known(Part.TASKS, tasks)
        self.scaling = self._known(Part.SCALING, {s.scaling.resource_id: s.scaling for s in services if s.scaling})
        self.databases = self._known(Part.DATABASE, (self._previous.databases, self._previous.clusters))
        self.caches = self._known(Part.CACHE, self._previous.caches)
        self.queues = self._known(Part.QUEUES, self._previous.queues)
        self.alarms = self._known(Part.ALARMS, self._previous.alarms)
        self.metrics = self._known(Part.METRICS, self._previous.metrics)
        self.failovers = self._known(Part.EVENTS, self._previous.failovers)

    def _known(self, part: Part, facts: T) -> Known[T]:
        return Known(facts, self._previous.reading(part))
