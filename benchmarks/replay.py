"""What a replay costs: the recorded load of ten services over fourteen days, against today's and a proposed scaling.

`python -m benchmarks.replay`. The metrics (tasks, CPU, memory) are made up, with days, weekends and noise, and kept in
SQLite; then every service is compared as a preview does it, with the recording read from the store. Prints seconds,
medians of `--rounds`, against one day of one service, and what share of it is reading. Each side of a comparison is a
replay of its own, so ten services are twenty replays of 20,160 minutes.
"""

import argparse
import random
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil, pi, sin
from pathlib import Path

from benchmarks.snapshot import PRODUCTION, timed
from services.catalogue import PackagedCatalogue
from services.domain.access import SYSTEM
from services.domain.scaling import load
from services.domain.scaling.change import ScalingChange
from services.domain.scaling.measured import CPU, MEMORY, TASKS, Measured
from services.domain.scaling.series import Series, minute_of
from services.domain.snapshot import FargateService, Scaling, ScalingPolicy, ScheduledAction, Snapshot, Stack
from services.store import migrate
from services.store.engine import make_engine
from services.store.unit import SqlUnit
from services.usecases.replays import Replays

SERVICES, DAYS, DAY = 10, 14, 24 * 60
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RAISED = ScalingChange(max_capacity=20)


class StandingClock:
    """Always the same present: the recording ends there."""

    def now(self) -> datetime:
        """The present."""
        return NOW


def measure(rounds: int) -> None:
    """Record, compare and print."""
    with tempfile.TemporaryDirectory() as home:
        url = f"sqlite:///{Path(home) / 'haven.db'}"
        migrate.upgrade(url)
        engine = make_engine(url)
        unit = SqlUnit(engine)
        record(unit)
        replays = Replays(unit, StandingClock(), PackagedCatalogue())

        def compare(services: int, days: int) -> None:
            for number in range(services):
                found = replays.compare(SYSTEM, PRODUCTION.name, f"service-{number}", RAISED, days=days)
                if found.today is None or found.proposed is None or found.known < 0.99:
                    raise SystemExit(f"Nothing was replayed: {found.why_not}")

        def read() -> None:
            first = minute_of(NOW) - DAYS * DAY
            with unit(readonly=True) as store:
                for number in range(SERVICES):
                    store.metrics.read(
                        PRODUCTION.name, f"service-{number}", (TASKS, CPU, MEMORY), first, minute_of(NOW), 1
                    )

        small = statistics.median(timed(lambda: compare(1, 1)) for _ in range(rounds * 5))
        one = statistics.median(timed(lambda: compare(1, DAYS)) for _ in range(rounds))
        large = statistics.median(timed(lambda: compare(SERVICES, DAYS)) for _ in range(rounds))
        reading = statistics.median(timed(read) for _ in range(rounds))
        engine.dispose()
    times, minutes = SERVICES * DAYS, SERVICES * DAYS * DAY * 2
    print(
        f"replay of {DAYS} days x {SERVICES} services, both sides, two policies and two scheduled actions each: "
        f"{minutes:,} minutes"
    )
    print(f"one day of one service   {small:8.3f} s")
    print(f"{DAYS} days of one service  {one:8.3f} s")
    print(
        f"{DAYS} days of {SERVICES}           {large:8.3f} s   "
        f"{large / small:.0f} times one day of one, for {times} times as much"
    )
    print(f"of that, reading         {reading:8.3f} s   {minutes / large:,.0f} minutes a second in all")


def record(unit: SqlUnit) -> None:
    """The services, and what was measured of them."""
    first, chance = minute_of(NOW) - DAYS * DAY, random.Random(4)
    services = tuple(service(number) for number in range(SERVICES))
    size = (("Cpu", "512"), ("Memory", "1024"))
    stacks = tuple(
        Stack(f"service-{s.name}", s.name, "", "CREATE_COMPLETE", None, NOW, None, True, size) for s in services
    )
    with unit() as store:
        store.environments.add(replace(PRODUCTION, created_at=NOW - timedelta(days=90)))
        taken = Snapshot(PRODUCTION.name, NOW, services=services, stacks=stacks)
        store.snapshots.put(taken, changed=True, verdict="healthy", summary="", token=1)
        store.metrics.set_read_until(PRODUCTION.name, 1, minute_of(NOW))
        for each in services:
            rows = list(zip(*minutes_of(chance, first), strict=True))
            made = zip((TASKS, CPU, MEMORY), rows, strict=True)
            store.metrics.put(PRODUCTION.name, [Measured(each.name, name, Series(first, row)) for name, row in made])


def minutes_of(chance: random.Random, first: int) -> Iterator[tuple[float, float, float]]:
    """Tasks, CPU and memory of each minute: busy by day, less so at weekends, kept near the target by the tasks."""
    peak = chance.uniform(300, 700)
    for minute in range(first, first + DAYS * DAY):
        day = 0.5 - 0.5 * sin((minute % DAY) / DAY * 2 * pi + pi / 2)
        weekend = 0.4 if (minute // DAY + 3) % 7 > 4 else 1.0
        asked = peak * (0.15 + 0.85 * day * weekend) * chance.uniform(0.93, 1.07)
        tasks = min(12, max(3, ceil(asked / 58)))
        yield float(tasks), asked / tasks, min(100.0, 35 + asked / tasks / 3)


def service(number: int) -> FargateService:
    """A service with the scaling of the blueprint."""
    name, kind = f"service-{number}", "TargetTrackingScaling"
    policies = (
        ScalingPolicy(f"{name}-cpu", "", kind, load.CPU, 60.0, 60, 300, False),
        ScalingPolicy(f"{name}-memory", "", kind, load.MEMORY, 70.0, 60, 300, False),
    )
    actions = (
        ScheduledAction(f"{name}-busy", "cron(30 6 ? * MON-FRI *)", "Europe/Berlin", 6, 12),
        ScheduledAction(f"{name}-quiet", "cron(0 20 ? * MON-FRI *)", "Europe/Berlin", 3, 12),
    )
    scaling = Scaling(f"service/production/{name}", 3, 12, False, False, False, policies, actions)
    return FargateService(
        name=name,
        service_name=name,
        arn=name,
        cluster="production",
        status="ACTIVE",
        desired=3,
        running=3,
        pending=0,
        task_definition=name,
        launch_type="FARGATE",
        subnet_ids=(),
        zone_rebalancing=True,
        circuit_breaker=True,
        circuit_breaker_rollback=True,
        minimum_healthy_percent=100,
        maximum_percent=200,
        scaling=scaling,
    )


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    measure(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
