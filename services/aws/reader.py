"""Reads one environment: the stacks say what belongs to it, each service's describe calls say how it is.

Everything that does not need another answer is asked at the same time, so the whole takes about as long as its
longest chain of calls. Nearly everything needs only the physical ids in the stacks' resources; the exceptions are
tasks (listed, then described) and metrics (which need the cache's nodes, the DB clusters' members, the services' target
groups and the zones).
`gather.py` says which calls a part is made of.

Calls of one snapshot, for an environment of s services in one cluster, in an account where everything fits a page: 1
for the stacks (and one for each stack that changed since the last time), 4 for zones and network, 2 for the API, 4 + s
for load balancer and targets, 1 per ten services, 3 for tasks, 3 for scaling, 2 each for databases, caches, queues and
alarms, 3 more where there are DB clusters, and once a minute 1 for all metrics and 2 for the failovers among the
events.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from services.aws.ecs import ServiceFacts, TaskKey
from services.aws.gather import Gather
from services.aws.lanes import Caller, Lanes, run
from services.aws.memory import Memory
from services.aws.parts import Known, PartRead
from services.aws.recording import Recorder, recorded
from services.aws.resources import Resources
from services.aws.session import Clients, Sessions
from services.aws.sources import Sources
from services.domain.environment import Environment
from services.domain.snapshot import (
    FargateService,
    FargateTask,
    Metric,
    Part,
    Reading,
    Scaling,
    Snapshot,
    TargetGroup,
)
from services.ports import Clock

T = TypeVar("T")

FIRST, MIDDLE, LAST = 0.5, 0.75, 1.0
"""By which share of the deadline a part must be read: the stacks, then what metrics need, then the rest."""


class CloudReader:
    """`ports.CloudReader` on AWS. One for the whole process; several environments may be read at the same time.

    `deadline` is how many seconds one snapshot may take; what has not answered by then is a gap. `lanes` are the
    threads to use, by default as many as the sessions are made for; `sources` is what asks AWS.
    """

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        *,
        lanes: Lanes | None = None,
        deadline: float = 20.0,
        monotonic: Callable[[], float] = time.monotonic,
        sources: Callable[[Callable[[], Clients]], Sources] = Sources,
    ) -> None:
        self._sessions = sessions
        self._lanes = lanes or Lanes(sessions.wire.threads, patience=sessions.wire.read_timeout)
        self._clock = clock
        self._deadline = deadline
        self._monotonic = monotonic
        self._sources = sources

    def close(self) -> None:
        """Start no more calls. Calls that still run end at their own timeouts."""
        self._lanes.close()

    def read(self, environment: Environment, previous: Snapshot | None, *, metrics: bool) -> Snapshot:
        """As `ports.CloudReader.read`. Takes about `deadline` seconds at most."""
        recorder = Recorder()
        started = self._monotonic()

        async def work() -> Snapshot:
            with recorded(recorder):
                return await self._read(environment, Memory(previous), metrics=metrics)

        snapshot = run(work)
        return replace(snapshot, calls=recorder.calls(self._monotonic() - started))

    async def _read(self, environment: Environment, memory: Memory, *, metrics: bool) -> Snapshot:
        now = self._clock.now()
        owner = f"{environment.reader_role_arn or environment.account}/{environment.region}"
        started = self._monotonic()
        caller = Caller(self._lanes, owner, self._monotonic)
        gather = Gather(caller, self._sources(lambda: self._sessions.reader(environment)))

        def part(last: Known[T], read: Callable[[], Awaitable[T]], by: float = LAST) -> PartRead[T]:
            return PartRead(last, read, seconds=self._deadline * by, now=now)

        stacks = part(memory.stacks, lambda: gather.stacks(environment, memory.stacks.facts), FIRST)

        def owned(last: Known[T], read: Callable[[Resources], Awaitable[T]], by: float = LAST) -> PartRead[T]:
            async def after_stacks() -> T:
                return await read(Resources(await stacks.known()))

            return part(last, after_stacks, by)

        zones = part(memory.zones, gather.zones, MIDDLE)
        # In this order they ask for threads: first what starts the longer chains.
        tasks = owned(memory.tasks, gather.tasks)
        services = owned(memory.services, gather.services, MIDDLE)
        caches = owned(memory.caches, gather.caches, MIDDLE)
        network = owned(memory.network, gather.network)
        gateway = owned(memory.gateway, gather.gateway)
        load_balancer = owned(memory.load_balancer, gather.load_balancer)
        targets = owned(memory.targets, gather.targets)
        scaling = owned(memory.scaling, gather.scaling)
        databases = owned(memory.databases, gather.databases, MIDDLE)
        queues = owned(memory.queues, gather.queues)
        alarms = owned(memory.alarms, gather.alarms)

        # With the metrics; also at once where the snapshot before is from before events were read at all.
        due = metrics or memory.failovers.reading == Reading(Part.EVENTS, None)
        failovers = owned(memory.failovers, gather.failovers) if due else None

        async def points() -> tuple[Metric, ...]:
            resources = Resources(await stacks.known())
            _, clusters = await databases.known() if resources.ids("AWS::RDS::DBCluster") else ((), ())
            return await gather.metrics(
                resources, await services.known(), await zones.known(), clusters, await caches.known(), now
            )

        metered = await part(memory.metrics, points).outcome() if metrics else memory.metrics
        told = await failovers.outcome() if failovers else memory.failovers
        readings: list[Reading] = [metered.reading, told.reading]

        async def facts(read: PartRead[T]) -> T:
            outcome = await read.outcome()
            readings.append(outcome.reading)
            return outcome.facts

        instances, clusters = await facts(databases)
        snapshot = Snapshot(
            environment=environment.name,
            taken_at=now,
            stacks=await facts(stacks),
            zones=await facts(zones),
            network=await facts(network),
            gateway=await facts(gateway),
            load_balancer=await facts(load_balancer),
            services=join(await facts(services), await facts(tasks), await facts(targets), await facts(scaling)),
            databases=instances,
            clusters=clusters,
            caches=await facts(caches),
            queues=await facts(queues),
            alarms=await facts(alarms),
            metrics=metered.facts,
            failovers=told.facts,
        )
        await caller.quiet(self._deadline - (self._monotonic() - started))  # so that the count of calls is whole
        order = list(Part)
        return replace(snapshot, readings=tuple(sorted(readings, key=lambda reading: order.index(reading.part))))


def join(
    services: tuple[ServiceFacts, ...],
    tasks: dict[TaskKey, tuple[FargateTask, ...]],
    groups: dict[str, TargetGroup],
    scaling: dict[str, Scaling],
) -> tuple[FargateService, ...]:
    """The services with what other parts know of them."""
    return tuple(
        replace(
            facts.service,
            tasks=tasks.get((facts.service.cluster, facts.service.service_name), ()),
            target_group=groups.get(facts.target_group or ""),
            scaling=scaling.get(f"service/{facts.service.cluster}/{facts.service.service_name}"),
        )
        for facts in services
    )
