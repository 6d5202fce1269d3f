"""The scaling desk: what it shows of a service, why it did or did not scale, and its measurements."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.errors import Invalid, NotFound, NotNow
from services.domain.scaling import measured
from services.domain.scaling.change import ScalingChange
from services.domain.scaling.measured import Measured
from services.domain.scaling.series import Series, minute_of
from services.domain.scaling.why import Activity, NotScaled
from services.domain.snapshot import ScheduledAction
from tests import builders as b
from tests.unit.usecases.scaling_world import ENV, SERVICE, VIEWER, Scene

MAX = ScalingChange(max_capacity=14)
NIGHT = ScheduledAction("night", "cron(0 22 * * ? *)", "Europe/Berlin", 3, None)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_services_by_name_with_what_holds_now(scene: Scene) -> None:
    scene.aws.scale(scheduled=(NIGHT, replace(NIGHT, name="odd", schedule="now and then")))
    scene.snap()
    found = scene.scalings.services(VIEWER, ENV)
    assert [each.service.name for each in found] == ["audit", "identity-sync", "rbac"]
    rbac = found[-1]
    night, odd = rbac.next_runs
    assert len(night.runs) == 3
    assert (odd.runs, odd.problem != "") == ((), True)
    assert (rbac.live, rbac.edits, rbac.at_max, rbac.activities_until) == (None, [], None, None)


def test_why_it_did_not_scale_comes_with_at_max_while_it_is_there(scene: Scene) -> None:
    now = scene.clock.now()
    full = NotScaled("AlreadyAtMaxCapacity", most=12, current=12)
    activity = Activity("a1", now - timedelta(minutes=40), "Failed", "Attempting to scale", "", not_scaled=(full,))
    with scene.unit() as store:
        store.activities.put(ENV, SERVICE, [activity])
        store.metrics.set_read_until(ENV, 1, minute_of(now))
    assert scene.scalings.service(VIEWER, ENV, SERVICE).at_max is None
    scene.aws.put(desired=12)
    scene.snap()
    found = scene.scalings.service(VIEWER, ENV, SERVICE)
    assert found.at_max == activity
    assert any("at its maximum of 12" in line.ours for line in found.lines)
    assert found.activities_until is not None


def test_a_service_that_nothing_scales_says_so_and_cannot_be_changed(scene: Scene) -> None:
    scene.aws.put(scaling=None)
    scene.snap()
    found = scene.scalings.service(VIEWER, ENV, SERVICE)
    assert (found.at_max, found.next_runs) == (None, ())
    assert "not registered" in found.lines[0].ours
    with pytest.raises(NotFound, match="not registered as a scalable target"):
        scene.scalings.preview(VIEWER, ENV, SERVICE, MAX)


def test_what_is_not_there_is_not_found(scene: Scene) -> None:
    with pytest.raises(NotFound):
        scene.scalings.services(VIEWER, "nowhere")
    with pytest.raises(NotFound):
        scene.scalings.service(VIEWER, ENV, "nothing")
    with pytest.raises(NotFound):
        scene.scalings.change(VIEWER, "nothing")
    with scene.unit() as store:
        store.environments.add(b.environment("staging"))
        store.operations.add(b.operation())
    with pytest.raises(NotNow):
        scene.scalings.services(VIEWER, "staging")
    with pytest.raises(NotFound):
        scene.scalings.change(VIEWER, "op-1")  # a failover


@pytest.mark.parametrize(
    ("ago", "window", "step"),
    [
        (timedelta(hours=1), timedelta(hours=1), 1),
        (timedelta(hours=24), timedelta(hours=24), 1),
        (timedelta(days=3), timedelta(days=3), 5),
        (timedelta(days=15), timedelta(days=15), 60),
        (timedelta(days=20), timedelta(hours=1), 5),
        (timedelta(days=100), timedelta(hours=1), 60),
        (timedelta(days=200), timedelta(days=200), 360),
        (timedelta(days=455), timedelta(days=455), 1440),
    ],
)
def test_the_finest_step_that_fits_and_is_kept(scene: Scene, ago: timedelta, window: timedelta, step: int) -> None:
    since = scene.clock.now() - ago
    found = scene.scalings.measurements(VIEWER, ENV, SERVICE, since, since + window)
    assert found.step == step
    assert set(found.series) == {*measured.FROM_AWS, *measured.OWN}
    assert all(series.step == step and len(series.values) < 1501 for series in found.series.values())


def test_coarser_places_are_made_as_each_metric_wants(scene: Scene) -> None:
    since = scene.clock.now().replace(hour=0, minute=0) - timedelta(days=150)
    start = minute_of(since)
    with scene.unit() as store:
        values = (1.0, 2.0, None, 5.0, 4.0, 0.0)
        for name in (measured.CPU, measured.ERRORS, measured.MAX):
            store.metrics.put(ENV, [Measured(SERVICE, name, Series(start, values, 60))])
    series = scene.scalings.measurements(VIEWER, ENV, SERVICE, since, since + timedelta(days=149)).series
    made = {name: series[name].at(start) for name in (measured.CPU, measured.ERRORS, measured.MAX)}
    assert made == {measured.CPU: 2.4, measured.ERRORS: 12.0, measured.MAX: 5.0}
    assert series[measured.CPU].at(start + 360) is None


def test_what_happened_is_marked(scene: Scene) -> None:
    since = scene.clock.now() - timedelta(minutes=30)
    at = scene.clock.now() - timedelta(minutes=10)
    ecs = b.cloud_event("SERVICE_DEPLOYMENT_IN_PROGRESS", source="ecs", source_type="deployment", subject=SERVICE)
    task = b.cloud_event("Task 1 RUNNING", source="ecs", source_type="task", subject=SERVICE)
    scene.aws.put(
        deployments=(
            b.deployment(created_at=at + timedelta(seconds=20)),
            b.deployment(deployment_id="ecs-svc/2", created_at=at + timedelta(minutes=5)),
            b.deployment(deployment_id="ecs-svc/3", created_at=None),
        )
    )
    with scene.unit() as store:
        store.activities.put(
            ENV,
            SERVICE,
            [Activity("a1", at, "Successful", "Setting desired count to 4.", "maximum capacity was set to 4")],
        )
        store.events.add([replace(ecs, at=at), replace(task, at=at)])
        store.episodes.put(b.episode(started_at=at))
    scene.make(ScalingChange(max_capacity=14, desired_once=4))
    marks = scene.scalings.measurements(VIEWER, ENV, SERVICE, since, scene.clock.now()).marks
    assert [(mark.kind, mark.link) for mark in marks] == [
        ("deployment", ""),
        ("failover", "episode-1"),
        ("scaled", ""),
        ("deployment", ""),
        ("edit", "op-1"),
    ]
    assert marks[0].said == "SERVICE_DEPLOYMENT_IN_PROGRESS"
    assert marks[-1].said == "root.admin: Maximum 12 → 14; desired count set to 4"


def test_a_window_has_limits(scene: Scene) -> None:
    now = scene.clock.now()
    for since in (now, now - timedelta(days=456)):
        with pytest.raises(Invalid):
            scene.scalings.measurements(VIEWER, ENV, SERVICE, since, now)


def test_tasks_of_every_service_come_minute_by_minute(scene: Scene) -> None:
    now = scene.clock.now() - timedelta(days=20)
    first = minute_of(now) - 3
    with scene.unit() as store:
        store.metrics.put(ENV, [Measured(SERVICE, measured.TASKS, Series(first, (8.0, None, 10.0)))])
    found = scene.scalings.tasks(VIEWER, ENV, now - timedelta(minutes=3), now)
    assert sorted(found) == ["audit", "identity-sync", "rbac"]
    assert found[SERVICE][measured.TASKS].values == (8.0, None, 10.0)
    assert found["audit"][measured.DESIRED].points == ()


@pytest.mark.parametrize("hours", [0, 25])
def test_tasks_are_told_over_a_day_at_most(scene: Scene, hours: int) -> None:
    now = scene.clock.now()
    with pytest.raises(Invalid, match="a day at most"):
        scene.scalings.tasks(VIEWER, ENV, now - timedelta(hours=hours), now)
