"""The worker's ticks for metrics, and the measuring of snapshots."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from services.domain.errors import NotNow
from services.domain.snapshot import Snapshot
from services.usecases.snapshots import Taken
from services.worker.measuring import MetricTicks, TakingAndMeasuring
from tests.builders import NOW


@dataclass
class Measuring:
    raises: dict[str, Exception] = field(default_factory=dict)
    refreshed: list[str] = field(default_factory=list)
    seen: list[Snapshot] = field(default_factory=list)

    def refresh(self, environment: str) -> None:
        self.refreshed.append(environment)
        if environment in self.raises:
            raise self.raises[environment]

    def saw(self, snapshot: Snapshot) -> None:
        self.seen.append(snapshot)
        if snapshot.environment in self.raises:
            raise self.raises[snapshot.environment]


class Snapshots:
    def __init__(self, *, stored: bool = True) -> None:
        self.stored, self.tokens = stored, list[int]()

    def take(self, environment: str, token: int) -> Taken:
        self.tokens.append(token)
        return Taken(Snapshot(environment, NOW), changed=True, stored=self.stored)


def at_once(job: Callable[[], None]) -> None:
    job()


def test_each_held_environment_is_refreshed_at_each_tick() -> None:
    measuring, held = Measuring(), ["legacy", "production"]
    ticks = MetricTicks(measuring, lambda: held, at_once)
    ticks.tick()
    held.remove("legacy")
    ticks.tick()
    assert measuring.refreshed == ["legacy", "production", "production"]


@pytest.mark.parametrize("problem", [NotNow("CloudWatch is throttling."), RuntimeError("a bug")])
def test_one_that_fails_stops_neither_the_others_nor_itself(problem: Exception) -> None:
    measuring = Measuring({"legacy": problem})
    ticks = MetricTicks(measuring, lambda: ["legacy", "production"], at_once)
    ticks.tick()
    ticks.tick()
    assert measuring.refreshed == ["legacy", "production"] * 2


def test_one_that_is_being_refreshed_is_left_alone() -> None:
    measuring, jobs = Measuring(), list[Callable[[], None]]()
    ticks = MetricTicks(measuring, lambda: ["production"], jobs.append)
    ticks.tick()
    ticks.tick()
    assert len(jobs) == 1
    jobs.pop()()
    ticks.tick()
    assert len(jobs) == 1
    assert measuring.refreshed == ["production"]


def test_a_stored_snapshot_is_measured() -> None:
    measuring, snapshots = Measuring(), Snapshots()
    taken = TakingAndMeasuring(snapshots, measuring).take("production", 7)
    assert measuring.seen == [taken.snapshot]
    assert snapshots.tokens == [7]


def test_one_that_another_worker_overtook_is_not() -> None:
    measuring = Measuring()
    taken = TakingAndMeasuring(Snapshots(stored=False), measuring).take("production", 7)
    assert measuring.seen == []
    assert not taken.stored


@pytest.mark.parametrize("problem", [NotNow("The database is busy."), RuntimeError("a bug")])
def test_a_snapshot_that_cannot_be_measured_is_one_still(problem: Exception) -> None:
    measuring = Measuring({"production": problem})
    taken = TakingAndMeasuring(Snapshots(), measuring).take("production", 7)
    assert taken.snapshot.environment == "production"
    assert len(measuring.seen) == 1
