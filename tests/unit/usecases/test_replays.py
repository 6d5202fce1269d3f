"""Comparing today's scaling with a proposed one on what was recorded."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.catalogue import PackagedCatalogue
from services.domain.access import Role
from services.domain.errors import Invalid, NotFound, NotNow
from services.domain.scaling import load, measured
from services.domain.scaling.change import ScalingChange
from services.domain.scaling.measured import Measured
from services.domain.scaling.series import Series, minute_of
from services.domain.snapshot import ScheduledAction, Snapshot
from services.usecases.replays import Compared, Replays
from tests import builders as b
from tests.builders import NOW, ZONES
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

VIEWER = b.actor(Role.VIEWER)
UNTIL = minute_of(NOW) - 2
SIZES = (("Cpu", "512"), ("Memory", "1024"), ("Architecture", "X86_64"))


class World:
    """A store with the newest snapshot and what was measured of rbac."""

    def __init__(self, snapshot: Snapshot | None = None, region: str = "us-east-1") -> None:
        self.unit = MemoryUnit()
        with self.unit() as store:
            store.environments.add(b.environment(region=region))
            store.snapshots.put(snapshot or shape(), changed=True, verdict="", summary="", token=1)
            store.metrics.set_read_until("production", 1, UNTIL)
        self.replays = Replays(self.unit, MovableClock(), PackagedCatalogue())

    def record(self, name: str, values: Sequence[float | None]) -> None:
        """The newest minutes of one metric."""
        with self.unit() as store:
            store.metrics.put("production", [Measured("rbac", name, Series(UNTIL - len(values), tuple(values)))])

    def compare(self, change: ScalingChange = ScalingChange(), **more: Any) -> Compared:  # noqa: B008
        return self.replays.compare(VIEWER, "production", "rbac", change, **more)


def shape(**changes: Any) -> Snapshot:
    """The healthy production; rbac's stack says how large a task is."""
    whole = b.snapshot()
    services = tuple(replace(s, **changes) if s.name == "rbac" else s for s in whole.services)
    return replace(whole, services=services, stacks=(*whole.stacks[:3], b.stack("service-rbac", parameters=SIZES)))


@pytest.fixture
def world() -> World:
    made = World()
    made.record(measured.TASKS, [4.0] * 120)
    made.record(measured.CPU, [30.0] * 60 + [90.0] * 60)
    made.record(measured.MEMORY, [40.0] * 120)
    return made


def test_both_sides_see_the_same_minutes(world: World) -> None:
    found = world.compare(ScalingChange(max_capacity=5))
    assert found.today is not None
    assert found.proposed is not None
    assert found.since + timedelta(days=1) == found.until == NOW - timedelta(minutes=2)
    assert set(found.recording.readings) == {load.CPU, load.MEMORY}
    assert (max(found.today.desired.values), max(found.proposed.desired.values)) == (12, 5)  # type: ignore[type-var]
    assert found.today.over_target < found.proposed.over_target
    assert found.today.at_max < found.proposed.at_max
    assert found.known == pytest.approx(120 / 1440)
    assert "estimate" in found.assumed[0]
    assert found.why_not == ""


def test_task_hours_have_the_price_of_the_stacks_size(world: World) -> None:
    found = world.compare()
    assert found.today is not None
    assert found.today.price == pytest.approx(found.today.task_hours * (0.5 * 0.04048 + 0.004445))
    assert "us-east-1" in found.price_source
    assert any("USD" in each for each in found.assumed)


def test_a_region_without_known_price_has_none() -> None:
    world = World(region="eu-west-3")
    world.record(measured.TASKS, [4.0] * 90)
    world.record(measured.CPU, [30.0] * 90)
    found = world.compare()
    assert found.today is not None
    assert (found.today.price, found.price_source) == (None, "")


def test_no_change_compares_today_with_itself(world: World) -> None:
    found = world.compare()
    assert found.proposed is found.today


def test_a_lost_zone_takes_its_share_at_the_peak(world: World) -> None:
    found = world.compare(ScalingChange(max_capacity=5), zone_lost=True)
    assert found.zone_lost
    assert found.today is not None
    assert found.today.lost_at == UNTIL - 60
    assert any("one of 3 zones is lost" in each for each in found.assumed)


def test_a_lost_zone_needs_zones() -> None:
    world = World(replace(shape(tasks=()), network=None))
    world.record(measured.TASKS, [4.0] * 90)
    world.record(measured.CPU, [30.0] * 90)
    assert "not known over how many zones" in world.compare(zone_lost=True).why_not
    assert world.compare().today is not None


def test_zones_are_those_of_the_tasks_where_the_network_was_not_read() -> None:
    world = World(replace(shape(), network=None))
    world.record(measured.TASKS, [4.0] * 90)
    world.record(measured.CPU, [30.0] * 90)
    assert any(f"one of {len(ZONES)} zones" in each for each in world.compare(zone_lost=True).assumed)


@pytest.mark.parametrize(
    ("tasks", "cpu", "known"),
    [(0, 0, 0), (59, 59, 59), (200, 0, 0), (0, 200, 0), (70, 59, 59)],
)
def test_too_little_known_is_said(tasks: int, cpu: int, known: int) -> None:
    world = World()
    world.record(measured.TASKS, [4.0] * tasks)
    world.record(measured.CPU, [50.0] * cpu)
    found = world.compare(days=7)
    assert (found.today, found.proposed) == (None, None)
    assert f"Only {known} minute" in found.why_not
    assert found.known == pytest.approx(known / 7 / 1440)


def test_an_hour_is_enough() -> None:
    world = World()
    world.record(measured.TASKS, [4.0] * 60)
    world.record(measured.CPU, [50.0] * 60)
    assert world.compare().today is not None


def test_what_does_not_scale_is_not_replayed() -> None:
    found = World(shape(scaling=None)).compare()
    assert found.why_not == "rbac has no scaling that could be replayed."


def test_scheduled_actions_are_replayed_and_what_holds_before_them_is_said(world: World) -> None:
    early = f"at({NOW - timedelta(minutes=30):%Y-%m-%dT%H:%M:%S})"
    found = world.compare(ScalingChange(scheduled=(ScheduledAction("early", early, None, 9, 12),)))
    assert found.today is not None
    assert found.proposed is not None
    assert (found.today.desired.values[-1], found.proposed.desired.values[-1]) == (6, 9)
    assert any("until the first scheduled action" in each for each in found.assumed)


def test_what_cannot_be_asked(world: World) -> None:
    with pytest.raises(Invalid):
        world.compare(days=3)
    with pytest.raises(Invalid, match="needs a metric and a target"):
        world.compare(ScalingChange(policies=(b.policy(target=0.0),)))
    with pytest.raises(NotFound, match="no service nobody"):
        world.replays.compare(VIEWER, "production", "nobody", ScalingChange())
    with pytest.raises(NotFound):
        world.replays.compare(VIEWER, "NO such", "rbac", ScalingChange())
    with world.unit() as store:
        store.environments.add(b.environment("fresh", stack_prefix="fresh"))
    with pytest.raises(NotNow):
        world.replays.compare(VIEWER, "fresh", "rbac", ScalingChange())


def test_it_writes_nothing(world: World) -> None:
    before = world.unit.writes
    world.compare(ScalingChange(max_capacity=5))
    assert world.unit.writes == before
