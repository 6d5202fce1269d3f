"""Scaling as the sandbox's AWS has it, over HTTP: states, activities, metrics over time, and all of it kept."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from services.aws.recording import Recorder, recorded
from services.aws.scaling_reader import ScalingReader, resource_id
from services.domain.errors import NotFound
from services.domain.scaling.change import state_of
from services.domain.scaling.measured import (
    CPU,
    DESIRED,
    ERRORS,
    FROM_AWS,
    HOW,
    MAX,
    MEMORY,
    MIN,
    REQUESTS,
    TASKS,
    Measured,
)
from services.domain.scaling.series import How, Series, coarser, minute_of, time_of
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.snapshot import Snapshot
from services.store.unit import SqlUnit
from services.usecases.measuring import Measuring
from tests import builders as b
from tests.integration.aws.conftest import Cloud, SandboxClock
from tests.stores import engine_of, sqlite_database, sqlite_template  # noqa: F401 - fixtures

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]  # the first one deploys both environments
COUNT = "ecs:service:DesiredCount"


@pytest.fixture
def reader(cloud: Cloud) -> ScalingReader:
    return ScalingReader(cloud.sessions, SandboxClock(cloud.sandbox))


@pytest.fixture
def snapshot(cloud: Cloud) -> Snapshot:
    return cloud.read()


@pytest.fixture
def scaling(cloud: Cloud) -> Iterator[Any]:
    """Application Auto Scaling, to change rbac by; afterwards it is as it was."""
    client = cloud.sessions.operator(cloud.production).application_autoscaling
    before = cloud.read().services
    rbac = next(service for service in before if service.name == "rbac")
    yield client
    assert rbac.scaling is not None
    found = client.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource_id(rbac))
    known = {policy.name for policy in rbac.scaling.policies}
    for policy in found["ScalingPolicies"]:
        if policy["PolicyName"] not in known:
            client.delete_scaling_policy(**whose(policy["PolicyName"]))
    client.register_scalable_target(**whose(), MinCapacity=3, MaxCapacity=rbac.scaling.max_capacity)
    cloud.sessions.operator(cloud.production).ecs.update_service(
        cluster="production", service="rbac", desiredCount=rbac.desired
    )
    cloud.advance(300)


def whose(policy: str = "") -> Any:
    named = {"PolicyName": policy} if policy else {}
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/production/rbac",
        "ScalableDimension": COUNT,
        **named,
    }


def by_name(found: Any, service: str = "rbac") -> dict[str, Series]:
    return {each.name: each.series for each in found if each.subject == service}


def test_a_fresh_state_is_what_the_snapshot_has(cloud: Cloud, reader: ScalingReader, snapshot: Snapshot) -> None:
    for service in snapshot.services:
        assert service.scaling is not None
        assert reader.state(cloud.production, service) == (state_of(service.scaling), service.desired)


def test_a_service_that_ecs_does_not_know(cloud: Cloud, reader: ScalingReader) -> None:
    with pytest.raises(NotFound, match="Cluster not found"):
        reader.state(cloud.production, b.service("rbac", cluster="nowhere"))
    with pytest.raises(NotFound, match="nothing"):
        reader.state(cloud.production, b.service(service_name="nothing"))


def test_steps_and_labels_are_read(cloud: Cloud, reader: ScalingReader, snapshot: Snapshot, scaling: Any) -> None:
    rbac = next(service for service in snapshot.services if service.name == "rbac")
    assert rbac.target_group is not None
    assert snapshot.load_balancer is not None
    balancer = snapshot.load_balancer.arn.partition(":loadbalancer/")[2]
    label = f"{balancer}/{rbac.target_group.arn.rpartition(':')[2]}"
    burst = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
    ]
    configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": burst, "Cooldown": 120}
    scaling.put_scaling_policy(**whose("burst"), PolicyType="StepScaling", StepScalingPolicyConfiguration=configuration)
    requests = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    scaling.put_scaling_policy(
        **whose("requests"),
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 9e6, "PredefinedMetricSpecification": requests},
    )
    state, _ = reader.state(cloud.production, rbac)
    assert state is not None
    assert state.labels == (("requests", label),)
    assert state.steps == (StepPolicy("burst", Adjustment.CHANGE, (Step(1, 0.0, 10.0), Step(3, 10.0)), cooldown=120),)
    again = next(service for service in cloud.read(snapshot).services if service.name == "rbac")
    assert again.scaling == state.scaling


def test_activities_since_a_time_tell_why(
    cloud: Cloud, reader: ScalingReader, snapshot: Snapshot, scaling: Any
) -> None:
    since = SandboxClock(cloud.sandbox).now()
    cloud.advance(60)
    scaling.register_scalable_target(**whose(), MinCapacity=5, MaxCapacity=12)
    cloud.advance(30)
    (going,) = reader.activities(cloud.production, snapshot, since)["rbac"]
    assert (going.status, going.cause) == ("InProgress", "minimum capacity was set to 5")
    cloud.advance(300)
    found = reader.activities(cloud.production, snapshot, since)
    assert set(found) == {service.name for service in snapshot.services}
    (done,) = found["rbac"]
    assert (done.id, done.at, done.status) == (going.id, going.at, "Successful")
    assert done.ended_at is not None
    assert done.at < done.ended_at
    assert reader.activities(cloud.production, snapshot, done.at + timedelta(seconds=1))["rbac"] == []


def window(cloud: Cloud, minutes: int, step: int = 1) -> tuple[datetime, datetime]:
    until = minute_of(SandboxClock(cloud.sandbox).now()) // step * step
    return time_of(until - minutes), time_of(until)


def test_every_minute_of_every_metric_of_every_service(cloud: Cloud, reader: ScalingReader, snapshot: Snapshot) -> None:
    since, until = window(cloud, 20)
    found = reader.metrics(cloud.production, snapshot, since, until, 1)
    for service in snapshot.services:
        mine = by_name(found, service.name)
        assert {*mine, ERRORS} == set(FROM_AWS)
        for name in (CPU, MEMORY, TASKS, REQUESTS):
            assert (mine[name].start, mine[name].end, mine[name].gaps) == (minute_of(since), minute_of(until), 0)
        assert mine[TASKS].values[-1] == service.running


@pytest.mark.parametrize("step", [5, 60])
def test_longer_steps_say_what_their_minutes_say(
    cloud: Cloud, reader: ScalingReader, snapshot: Snapshot, step: int
) -> None:
    since, until = window(cloud, 120, step)
    longer = by_name(reader.metrics(cloud.production, snapshot, since, until, step))
    minutes = by_name(reader.metrics(cloud.production, snapshot, since, until, 1))
    for name in (CPU, MEMORY, TASKS, REQUESTS):
        made = coarser(minutes[name], step, HOW.get(name, How.MEAN))
        assert (longer[name].start, longer[name].step) == (made.start, made.step)
        # AWS weighs every task's sample, Haven every minute: near again once each minute counts as its tasks do
        told = weighed(minutes[name], minutes[TASKS], step) if name in (CPU, MEMORY) else made.values
        assert longer[name].values == pytest.approx(told, rel=0.1)


def weighed(minutes: Series, tasks: Series, step: int) -> list[float]:
    """The mean of each step, every minute as heavy as there were tasks."""
    pairs = [(value or 0.0, count or 0.0) for value, count in zip(minutes.values, tasks.values, strict=True)]
    parts = [pairs[at : at + step] for at in range(0, len(pairs), step)]
    return [sum(value * count for value, count in part) / sum(count for _, count in part) for part in parts]


def test_a_day_of_three_services_is_one_call(cloud: Cloud, reader: ScalingReader, snapshot: Snapshot) -> None:
    recorder = Recorder()
    with recorded(recorder):
        found = reader.metrics(cloud.production, snapshot, *window(cloud, 24 * 60), 1)
    assert dict(recorder.calls(0).by_operation) == {"cloudwatch.GetMetricData": 1}
    assert len(by_name(found)[CPU].values) == 24 * 60


def test_what_is_measured_is_kept_and_can_be_read_back(
    cloud: Cloud,
    reader: ScalingReader,
    snapshot: Snapshot,
    sqlite_database: str,  # noqa: F811 - the fixture
    engine_of: Callable[[str], Engine],  # noqa: F811 - the fixture
) -> None:
    unit, clock = SqlUnit(engine_of(sqlite_database)), SandboxClock(cloud.sandbox)
    measuring = Measuring(unit, clock, reader, every=timedelta(seconds=60))
    with unit() as store:
        store.environments.add(cloud.production)
        store.snapshots.put(snapshot, changed=True, verdict="", summary="", token=1)
    measuring.saw(snapshot)
    measuring.refresh("production")
    cloud.advance(120)
    measuring.refresh("production")
    now, seen = minute_of(clock.now()), minute_of(snapshot.taken_at)
    with unit(readonly=True) as store:
        since = store.metrics.read_since("production", 1)
        assert since is not None
        assert since <= now - 2 * 24 * 60
        assert store.metrics.read_until("production", 1) == now
        kept = store.metrics.read("production", "rbac", (CPU, TASKS, DESIRED, MIN, MAX), now - 60, now, 1)
        longer = store.metrics.read("production", "rbac", (CPU,), now - 24 * 60, now - 120, 60)
        found = store.activities.between("production", "rbac", clock.now() - timedelta(weeks=6), clock.now())
    (asked,) = [
        each
        for each in reader.metrics(cloud.production, snapshot, time_of(now - 60), time_of(now), 1)
        if (each.subject, each.name) == ("rbac", CPU)
    ]
    assert Measured("rbac", CPU, kept[CPU]) == asked
    assert kept[TASKS].gaps == 0
    assert [kept[name].at(seen) for name in (DESIRED, MIN)] == [3.0, 3.0]
    assert longer[CPU].gaps == 0
    aws = reader.activities(cloud.production, snapshot, clock.now() - timedelta(weeks=6))["rbac"]
    assert list(found) == sorted(aws, key=lambda each: (each.at, each.id), reverse=True)
