"""Keeping metrics and activities: the newest first, the past behind it, gaps as gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from services.domain.environment import Environment
from services.domain.errors import HavenError, Misconfigured, NotNow
from services.domain.scaling.change import ScalingState
from services.domain.scaling.measured import CPU, DESIRED, ERRORS, MAX, MIN, OWN, PENDING, STEPS, Measured
from services.domain.scaling.series import How, Series, coarser, minute_of
from services.domain.scaling.why import Activity
from services.domain.snapshot import FargateService, Gap, Part, Snapshot
from services.usecases.measuring import Measuring
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

DAY = 24 * 60
T = minute_of(NOW)
EVERY = timedelta(minutes=1)
ONE = replace(b.snapshot(), services=(b.service(),))


def value(minute: int) -> float | None:
    """What is measured of the CPU at a minute; every 17th is missing."""
    return None if minute % 17 == 0 else float(minute % 100)


@dataclass
class Aws:
    """`ports.ScalingReader`: remembers the windows that were asked for, in minutes."""

    clock: MovableClock
    late: set[int] = field(default_factory=set)
    windows: list[tuple[int, int, int]] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)
    done: list[Activity] = field(default_factory=list)
    fails: HavenError | None = None
    lists_fail: HavenError | None = None

    def state(self, environment: Environment, service: FargateService) -> tuple[ScalingState | None, int]:
        raise AssertionError("Measuring does not look at the state.")

    def metrics(
        self, environment: Environment, snapshot: Snapshot, since: datetime, until: datetime, step: int
    ) -> Sequence[Measured]:
        if self.fails:
            raise self.fails
        first, last = minute_of(since), minute_of(until)
        self.windows.append((step, first, last))
        at = range(first, last, step)
        cpu = tuple(None if m in self.late else value(m) for m in at)
        return [Measured("rbac", CPU, Series(first, cpu, step)), Measured("rbac", ERRORS, Series(first, (1.0,), step))]

    def activities(
        self, environment: Environment, snapshot: Snapshot, since: datetime
    ) -> Mapping[str, Sequence[Activity]]:
        if self.lists_fail:
            raise self.lists_fail
        self.since.append(since)
        return {"rbac": [each for each in self.done if each.at >= since]}


class Scene:
    """A Haven that measures production, with one service."""

    def __init__(self) -> None:
        self.unit, self.clock = MemoryUnit(), MovableClock()
        self.aws = Aws(self.clock)
        self.measuring = Measuring(self.unit, self.clock, self.aws, every=EVERY)
        with self.unit() as store:
            store.environments.add(b.environment())
            store.snapshots.put(ONE, changed=True, verdict="ok", summary="", token=1)

    def refresh(self, *, minutes: float = 0, times: int = 1) -> list[tuple[int, int, int]]:
        """Refresh, each time after some minutes; the windows asked for."""
        self.aws.windows = []
        for _ in range(times):
            self.clock.move(minutes=minutes)
            self.measuring.refresh("production")
        return self.aws.windows

    def read(self, since: int, until: int, step: int = 1, name: str = CPU) -> Series:
        with self.unit(readonly=True) as store:
            return store.metrics.read("production", "rbac", [name], since, until, step)[name]

    @property
    def now(self) -> int:
        return minute_of(self.clock.now())


@pytest.fixture
def scene() -> Scene:
    return Scene()


def hour(minute: int) -> int:
    return minute // 60 * 60


def test_at_first_contact_the_newest_hours_come_first_and_then_the_day_before(scene: Scene) -> None:
    since = hour(T - 180)
    assert scene.refresh() == [(1, since, T), (1, since - DAY, since)]
    assert scene.read(since - DAY, T).values == tuple(value(minute) for minute in range(since - DAY, T))
    assert scene.read(T, T + 1).values == (None,)


def test_then_the_new_minutes_are_read_with_overlap_and_a_day_further_back(scene: Scene) -> None:
    scene.refresh()
    since = hour(T - 180) - DAY
    assert scene.refresh(minutes=1) == [(1, T - 3, T + 1), (1, since - DAY, since)]
    assert scene.refresh(minutes=5)[0] == (1, T + 1 - 3, T + 6)


def test_not_more_often_than_asked_for(scene: Scene) -> None:
    scene.refresh()
    assert scene.refresh(minutes=0.9) == []
    assert len(scene.refresh(minutes=0.1)) == 2
    assert len(scene.aws.since) == 2


def test_the_past_is_read_once_in_the_steps_that_cloudwatch_keeps(scene: Scene) -> None:
    scene.refresh()
    whole = scene.refresh(minutes=1, times=75)
    past = {step: [w for w in whole if w[0] == step and w[2] < T - 100] for step, _ in STEPS}
    for step, days in STEPS:
        pieces = past[step]
        assert all(one[1] == other[2] for one, other in pairwise(pieces))
        oldest = scene.now - days * DAY
        assert oldest < pieces[-1][1] <= oldest + 5 * 60, "all of it, and nothing that is forgotten already"
        assert all(minute % 60 == 0 for _, *window in pieces for minute in window)
    assert past[5][0][2] == past[1][-1][1]
    assert past[60][0][2] == past[5][-1][1]
    assert len(scene.refresh(minutes=1, times=3)) == 3, "the past is not read again"
    since = T - 14 * DAY
    assert scene.read(since, T).values == tuple(value(minute) for minute in range(since, T))


def test_longer_steps_are_made_of_settled_minutes(scene: Scene) -> None:
    scene.refresh(times=1)
    scene.refresh(minutes=1, times=130)
    since, now = hour(T - 180) - DAY, scene.now
    minutes = scene.read(since, now)
    for step in (5, 60):
        settled = (now - 3) // step * step
        whole = tuple(minutes.at(minute) for minute in range(since, settled))
        assert scene.read(since, settled, step) == coarser(Series(since, whole), step, How.MEAN)
        assert scene.read(settled, settled + step, step).values == (None,)
    assert scene.read(hour(T) + 60, hour(T) + 120, 60, ERRORS).values == (
        sum(v for v in scene.read(hour(T) + 60, hour(T) + 120, name=ERRORS).values if v is not None),
    )


def test_a_minute_that_is_told_late_is_still_kept(scene: Scene) -> None:
    late = T + 1 if value(T + 1) else T + 2
    scene.aws.late = {late}
    scene.refresh()
    scene.refresh(minutes=1, times=3)
    assert scene.read(late, late + 1).values == (None,)
    scene.aws.late = set()
    scene.refresh(minutes=1)
    assert scene.read(late, late + 1).values == (value(late),)


def test_a_gap_of_aws_stays_a_gap(scene: Scene) -> None:
    scene.aws.late = set(range(T - 40, T - 20))
    scene.refresh()
    scene.refresh(minutes=1, times=10)
    assert scene.read(T - 40, T - 20).gaps == 20
    begins = -(-(T - 40) // 5) * 5
    assert scene.read(begins, begins + 15, 5).values == (None, None, None)


def test_what_could_not_be_read_is_read_the_next_time_and_activities_are_all_the_same(scene: Scene) -> None:
    scene.refresh()
    scene.aws.fails = NotNow("CloudWatch is throttling.")
    scene.aws.done = [Activity("a", NOW, "Successful", "", "")]
    with pytest.raises(NotNow, match="throttling"):
        scene.refresh(minutes=1)
    with scene.unit(readonly=True) as store:
        assert store.activities.newest_at("production") == NOW
    scene.aws.fails = None
    assert scene.refresh(minutes=9)[0] == (1, T - 3, T + 10)
    assert scene.read(T, T + 10).values == tuple(value(minute) for minute in range(T, T + 10))


def test_activities_that_cannot_be_read_do_not_keep_the_metrics(scene: Scene) -> None:
    scene.aws.lists_fail = Misconfigured("Haven may not call DescribeScalingActivities.")
    with pytest.raises(Misconfigured):
        scene.refresh()
    assert scene.read(T - 100, T).values == tuple(value(minute) for minute in range(T - 100, T))


def test_of_two_troubles_the_first_is_told(scene: Scene) -> None:
    scene.aws.fails, scene.aws.lists_fail = NotNow("one"), NotNow("other")
    with pytest.raises(NotNow, match="one"):
        scene.refresh()


def test_what_failed_half_way_is_made_up_for(scene: Scene) -> None:
    scene.refresh()
    minute = -(-(T + 1) // 5) * 5 + 3
    read = scene.aws.metrics

    def then_the_database_is_away(*asked: object) -> Sequence[Measured]:
        found = read(*asked)  # type: ignore[arg-type]
        scene.unit.away = True
        return found

    scene.aws.metrics = then_the_database_is_away  # type: ignore[method-assign,assignment]
    with pytest.raises(NotNow):
        scene.refresh(minutes=minute - T)
    scene.aws.metrics, scene.unit.away = read, False  # type: ignore[method-assign]
    scene.refresh(minutes=1)
    assert scene.read(minute - 8, minute - 3, 5).gaps == 0
    assert scene.read(T, scene.now).values == tuple(value(m) for m in range(T, scene.now))


def test_after_hours_without_reading_the_hole_is_filled_from_the_newest_on(scene: Scene) -> None:
    scene.refresh()
    windows = scene.refresh(minutes=2 * DAY)
    since = hour(scene.now - 180)
    assert windows == [(1, since, scene.now), (1, since - DAY, since)]
    scene.refresh(minutes=1, times=2)
    assert scene.read(T, scene.now).values == tuple(value(minute) for minute in range(T, scene.now))


def test_after_weeks_without_reading_the_longer_steps_are_filled_too(scene: Scene) -> None:
    scene.refresh()
    scene.refresh(minutes=1, times=75)
    scene.clock.move(days=20)
    windows = scene.refresh(minutes=1, times=30)
    assert min(first for step, first, _ in windows if step == 5) < T
    assert {step for step, *_ in windows} == {1, 5}
    hole = scene.read(T + 2 * DAY, T + 3 * DAY, 5)
    assert hole.gaps < len(hole.values) / 5


def test_a_clock_that_went_back_only_reads_again(scene: Scene) -> None:
    scene.refresh()
    scene.refresh(minutes=10)
    scene.clock.move(minutes=-5)
    later = Measuring(scene.unit, scene.clock, scene.aws, every=EVERY)
    scene.aws.windows = []
    later.refresh("production")
    assert scene.aws.windows[0] == (1, T + 2, T + 5)


def test_activities_are_read_from_six_weeks_back_and_then_from_the_newest_with_overlap(scene: Scene) -> None:
    going = Activity("b", NOW - timedelta(minutes=30), "InProgress", "Setting desired count to 4.", "")
    scene.aws.done = [Activity("a", NOW - timedelta(days=30), "Successful", "", ""), going]
    scene.refresh()
    scene.aws.done = [replace(going, status="Successful")]
    scene.refresh(minutes=1)
    assert scene.aws.since == [NOW - timedelta(weeks=6), going.at - timedelta(hours=1)]
    with scene.unit(readonly=True) as store:
        kept = store.activities.between("production", "rbac", NOW - timedelta(days=40), NOW)
    assert [(each.id, each.status) for each in kept] == [("b", "Successful"), ("a", "Successful")]


@pytest.mark.parametrize("known", [True, False])
def test_an_environment_without_a_snapshot_is_not_measured(scene: Scene, known: bool) -> None:
    if known:
        with scene.unit() as store:
            store.environments.add(b.environment("legacy"))
    scene.measuring.refresh("legacy")
    assert (scene.aws.windows, scene.aws.since) == ([], [])


def own(scene: Scene, minute: int) -> dict[str, float | None]:
    return {name: scene.read(minute, minute + 1, name=name).values[0] for name in OWN}


def test_a_snapshots_counts_and_bounds_are_kept_once_a_minute(scene: Scene) -> None:
    seen = replace(ONE, taken_at=NOW, services=(b.service(desired=4, pending=1),))
    scene.measuring.saw(seen)
    assert own(scene, T) == {DESIRED: 4.0, PENDING: 1.0, MIN: 3.0, MAX: 12.0}
    writes = scene.unit.writes
    scene.measuring.saw(replace(seen, taken_at=NOW + timedelta(seconds=1), services=(b.service(desired=9),)))
    assert scene.unit.writes == writes
    scene.measuring.saw(replace(seen, taken_at=NOW + timedelta(minutes=1), services=(b.service(desired=9),)))
    assert own(scene, T + 1)[DESIRED] == 9.0


def test_counts_that_could_not_be_kept_are_kept_the_next_time(scene: Scene) -> None:
    scene.unit.away = True
    with pytest.raises(NotNow):
        scene.measuring.saw(ONE)
    scene.unit.away = False
    scene.measuring.saw(ONE)
    assert own(scene, minute_of(ONE.taken_at))[DESIRED] == 3.0


@pytest.mark.parametrize(
    ("part", "kept"), [(Part.SERVICES, {MIN: 3.0, MAX: 12.0}), (Part.SCALING, {DESIRED: 3.0, PENDING: 0.0})]
)
def test_what_a_snapshot_only_knows_from_before_is_a_gap(scene: Scene, part: Part, kept: dict[str, float]) -> None:
    readings = tuple(
        replace(each, gap=Gap(part, "Throttling", "", NOW)) if each.part is part else each for each in ONE.readings
    )
    scene.measuring.saw(replace(ONE, readings=readings))
    assert own(scene, minute_of(ONE.taken_at)) == dict.fromkeys(OWN) | kept


def test_a_service_that_nothing_scales_has_counts_only(scene: Scene) -> None:
    scene.measuring.saw(replace(ONE, services=(b.service(scaling=None),)))
    assert own(scene, minute_of(ONE.taken_at)) == {DESIRED: 3.0, PENDING: 0.0, MIN: None, MAX: None}


def test_counts_become_longer_steps_with_the_least_minimum_and_the_most_maximum(scene: Scene) -> None:
    scene.refresh()
    bounds = [(3, 12), (2, 12), (3, 20)]
    begins = -(-(T + 1) // 5) * 5
    for place, (least, most) in enumerate(bounds):
        at = NOW + timedelta(minutes=begins + place - T)
        scaling = b.scaling(min_capacity=least, max_capacity=most)
        scene.measuring.saw(replace(ONE, taken_at=at, services=(b.service(desired=3 + place, scaling=scaling),)))
    scene.refresh(minutes=1, times=15)
    longer = {name: scene.read(begins, begins + 5, 5, name).values for name in OWN}
    assert longer == {DESIRED: (4.0,), PENDING: (0.0,), MIN: (2.0,), MAX: (20.0,)}


def test_pruning_forgets_by_step_what_cloudwatch_forgets_too(scene: Scene) -> None:
    edges = {step: (T - days * DAY) // (step * 60) * step * 60 for step, days in STEPS}
    with scene.unit() as store:
        for step, edge in edges.items():
            old, kept = Series(edge - step, (1.0,), step), Series(edge, (2.0,), step)
            store.metrics.put("production", [Measured("rbac", CPU, old), Measured("rbac", CPU, kept)])
    assert scene.measuring.prune() == len(STEPS)
    for step, edge in edges.items():
        assert scene.read(edge - step, edge + step, step).values == (None, 2.0)
    assert scene.measuring.prune() == 0
