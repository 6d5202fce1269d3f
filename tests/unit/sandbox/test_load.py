"""The daily load and what follows from it for each kind of resource."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import mean

import pytest

from sandbox.clock import clock
from sandbox.weather import demand, outages, zones
from sandbox.weather.history import History
from sandbox.weather.load import caches, compute, databases, regional, traffic
from sandbox.weather.point import Point, counted, gauge, latency, percentile, statistic
from sandbox.weather.vended import find, listed
from sandbox.weather.world import Api, Balancer, CacheNode, Database, Group, Queue, Service, World, memory_of

DAY = 1440
MONDAY = 20_591 * DAY  # 2026-05-18, in minutes since the epoch
NIGHT, AFTERNOON = MONDAY + 3 * 60, MONDAY + 15 * 60
A, B, C = "us-east-1a", "us-east-1b", "us-east-1c"
LB, TG = "app/production-alb/1", "targetgroup/production-rbac/1"
APP = "arn:aws:rds:us-east-1:123456789012:db:production-app"
RBAC = Service("production", "rbac", 3, ((A, 1), (B, 1), (C, 1)), (TG,), (APP,))
WORLD = World(
    services={("production", "rbac"): RBAC},
    balancers={LB: Balancer(LB, (A, B, C), (TG,))},
    groups={TG: Group(TG, ((A, 1), (B, 1), (C, 1)), ())},
    databases={"production-app": Database("production-app", "available", True, 16, 100, APP)},
    caches={
        "production-cache-001": CacheNode("production-cache-001", "0001", True, "available"),
        "production-cache-002": CacheNode("production-cache-002", "0001", False, "available"),
    },
    queues={"production-events": Queue("production-events", 0, False), "dead": Queue("dead", 2, True)},
    apis={"a1": Api("a1", "production-api")},
)
KEY = ("production", "rbac")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    demand._surges.clear()
    zones._down.clear()
    zones._past.clear()
    yield
    demand._surges.clear()
    zones._down.clear()
    zones._past.clear()


@pytest.fixture
def history() -> History:
    made = History()
    made.record(NIGHT, WORLD)
    return made


def cpu(history: History, minute: int) -> float:
    point = compute.METRICS["CPUUtilization"][1](history, KEY, minute)
    assert point is not None
    return point.average


def changed(history: History, minute: int, service: Service) -> None:
    history.record(minute, replace(WORLD, services={KEY: service}))


def test_the_day_has_a_quiet_night_and_a_busy_afternoon() -> None:
    assert demand.day(NIGHT * 60) == pytest.approx(0.3, abs=0.02)
    assert demand.day(AFTERNOON * 60) == pytest.approx(1.0, abs=0.02)
    assert demand.day((AFTERNOON + 5 * DAY) * 60) < 0.75  # Saturday


def test_the_same_minute_is_the_same_for_every_run() -> None:
    assert demand.share("production", "rbac", NIGHT) == demand.share("production", "rbac", NIGHT)
    assert demand.share("production", "rbac", NIGHT) != demand.share("production", "audit", NIGHT)


def test_noise_stays_small() -> None:
    values = [demand.noise("x", m) for m in range(2000)]
    assert 0.94 <= min(values) <= max(values) <= 1.06
    assert mean(values) == pytest.approx(1, abs=0.01)


def test_an_ordinary_week_stays_below_every_alarm(history: History) -> None:
    week = range(NIGHT - 7 * DAY, NIGHT, 7)
    assert max(cpu(history, m) for m in week) < 60
    memory = [compute.METRICS["MemoryUtilization"][1](history, KEY, m) for m in week]
    assert max(p.average for p in memory if p) < 65
    assert sum(traffic.failures(history, TG, m) for m in week) == 0
    times = [traffic.GROUP["TargetResponseTime"][1](history, (LB, TG), m) for m in week]
    assert max(p.average for p in times if p) < 0.2


def test_there_is_a_past_before_the_first_record(history: History) -> None:
    assert cpu(history, NIGHT - 10 * DAY) > 0
    healthy = traffic.GROUP["HealthyHostCount"][1](history, (LB, TG), NIGHT - 10 * DAY)
    assert healthy == gauge(3)


def test_fewer_tasks_are_busier(history: History) -> None:
    changed(history, NIGHT + 1, replace(RBAC, running=((A, 1),)))
    assert cpu(history, NIGHT + 1) > 2 * cpu(history, NIGHT)


def test_without_a_task_there_is_nothing_to_measure(history: History) -> None:
    changed(history, NIGHT + 1, replace(RBAC, running=()))
    assert compute.METRICS["CPUUtilization"][1](history, KEY, NIGHT + 1) is None
    assert cpu(history, NIGHT) > 0


def test_a_service_that_never_ran_has_no_data() -> None:
    history = History()
    changed(history, NIGHT, replace(RBAC, running=((A, 1),)))
    assert compute.METRICS["CPUUtilization"][1](history, KEY, NIGHT) is None


def test_a_target_group_has_no_past_while_its_stack_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alarm would else be judged by minutes in which the first target alone is assumed to have been there."""
    minute = NIGHT
    monkeypatch.setattr(clock, "time", lambda: minute * 60.0)
    history = History()
    alone = replace(WORLD, services={KEY: replace(RBAC, floor=1)}, groups={TG: Group(TG, ((A, 1),), ())})
    history.record(NIGHT, alone)
    assert [history.thing("groups", TG, each) for each in (NIGHT - 1, NIGHT)] == [None, alone.groups[TG]]
    minute = NIGHT + 1
    history.record(minute, WORLD)
    assert history.thing("groups", TG, NIGHT - 1) is None
    minute = NIGHT + 2
    assert history.thing("groups", TG, NIGHT - 1) == WORLD.groups[TG], "as it was once it was made"
    assert history.thing("groups", TG, NIGHT) == alone.groups[TG], "what was recorded stays"
    more = Group(TG, ((A, 2), (B, 2), (C, 2)), ())
    history.record(NIGHT + 60, replace(WORLD, groups={TG: more}))
    assert history.thing("groups", TG, NIGHT - 1) == WORLD.groups[TG], "a later task was not there always"


def test_more_tasks_than_usual_share_the_same_load(history: History) -> None:
    changed(history, NIGHT + 1, replace(RBAC, running=((A, 2), (B, 2), (C, 2)), floor=6))
    changed(history, NIGHT + 60, replace(RBAC, running=((A, 2), (B, 2), (C, 2)), floor=6))
    assert history.first["services", KEY][1].floor == 6, "settling: what scales it comes a little after it"
    changed(history, NIGHT + 90, replace(RBAC, running=((A, 4), (B, 4), (C, 4)), floor=12))
    assert history.first["services", KEY][1].floor == 6, "a later edit does not bring more users"
    assert compute.strain(history, KEY, NIGHT + 90) == pytest.approx(demand.share(*KEY, NIGHT + 90) / 2)


def test_a_surge_is_felt_while_it_lasts(history: History) -> None:
    at = AFTERNOON * 60
    demand._surges.append(demand.Surge("rbac", 4, at, at + 600))
    assert cpu(history, AFTERNOON) == 100
    assert traffic.failures(history, TG, AFTERNOON) > 10
    assert cpu(history, AFTERNOON + 11) < 60


@pytest.mark.parametrize(
    ("minute", "times"), [(NIGHT, 2), (AFTERNOON, 2), (NIGHT, 3), (AFTERNOON, 3), (NIGHT + 5 * DAY, 3)]
)
def test_more_load_is_above_the_target_at_any_time_of_day_and_fits_below_the_maximum(
    history: History, minute: int, times: float
) -> None:
    at = minute * 60
    demand._surges.append(demand.Surge("rbac", times, at, at + 6000))
    history.record(minute, WORLD)
    assert cpu(history, minute) > 60 + 2
    changed(history, minute + 1, replace(RBAC, running=((A, 4), (B, 4), (C, 4))))
    assert cpu(history, minute + 1) < 60


def test_a_share_of_the_load_is_a_share_at_any_time(history: History) -> None:
    usual = demand.share(*KEY, NIGHT)
    demand._surges.append(demand.Surge("production/rbac", 0.5, NIGHT * 60, NIGHT * 60 + 60))
    assert demand.share(*KEY, NIGHT) == pytest.approx(usual / 2)
    assert demand.share("legacy", "rbac", NIGHT) != pytest.approx(usual / 2)


@pytest.mark.parametrize(("speed", "minutes"), [(0.5, 0), (1, 0), (2, 1), (10, 2), (100, 2)])
def test_a_surge_counts_the_minutes_that_aws_would_have_waited(speed: float, minutes: int) -> None:
    before = clock.speed
    try:
        clock.set_speed(speed)
        surge = demand.push("rbac", 3, 600)
        ordered = surge.until - 600
        assert surge.since == ordered // 60 * 60 - 60 * minutes
    finally:
        clock.set_speed(before)


def test_a_lost_zone_costs_errors_until_its_targets_are_out(history: History) -> None:
    zones._down[B] = (NIGHT + 5) * 60.0 + 10
    changed(history, NIGHT + 5, replace(RBAC, running=((A, 1), (C, 1))))
    assert traffic.failures(history, TG, NIGHT + 5) > 10
    assert traffic.failures(history, TG, NIGHT + 8) == 0
    by_zone = {z: traffic.BALANCER_ZONE["RequestCount"][1](history, (LB, z), NIGHT + 8) for z in (A, B, C)}
    assert by_zone[B] is None
    assert by_zone[A] is not None


def test_nobody_healthy_means_the_balancer_refuses(history: History) -> None:
    history.record(NIGHT + 1, replace(WORLD, groups={TG: Group(TG, (), ())}))
    refused = traffic.BALANCER["HTTPCode_ELB_5XX_Count"][1](history, LB, NIGHT + 1)
    assert refused is not None
    assert refused.total > 100


def test_counts_of_zero_are_not_reported(history: History) -> None:
    assert traffic.GROUP["HTTPCode_Target_5XX_Count"][1](history, (LB, TG), NIGHT) is None


def test_a_database_away_reports_nothing_and_fails_requests(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    began, back = 60 * (NIGHT + 1.0), 60 * (NIGHT + 2.5)
    monkeypatch.setattr(outages, "_past", [(APP, began, back)])
    read = databases.METRICS["CPUUtilization"][1]
    known = [read(history, "production-app", NIGHT + n) is not None for n in range(4)]
    assert known == [True, False, True, True]
    failed = [traffic.failures(history, TG, NIGHT + n) for n in range(4)]
    assert failed[0] == failed[3] == 0
    assert failed[1] == pytest.approx(2 * failed[2], rel=0.1)
    assert failed[2] > 10
    cut = databases.METRICS["DatabaseConnections"][1](history, "production-app", NIGHT + 2)
    assert cut == Point(1, round((5 + 3 * databases.POOL) / 2), 0, 5 + 3 * databases.POOL)


def test_connections_follow_the_tasks(history: History) -> None:
    read = databases.METRICS["DatabaseConnections"][1]
    assert read(history, "production-app", NIGHT) == gauge(5 + 3 * databases.POOL)
    changed(history, NIGHT + 1, replace(RBAC, running=((A, 5),)))
    assert read(history, "production-app", NIGHT + 1) == gauge(5 + 5 * databases.POOL)


def test_only_replicas_lag(history: History) -> None:
    read = caches.METRICS["ReplicationLag"][1]
    assert read(history, ("production-cache-001", None), NIGHT) is None
    lag = read(history, ("production-cache-002", "0001"), NIGHT)
    assert lag is not None
    assert 0 < lag.average < 0.01
    assert read(history, ("production-cache-002", "0002"), NIGHT) is None


def test_messages_age_while_they_wait(history: History) -> None:
    history.record(NIGHT + 10, replace(WORLD, queues={"production-events": Queue("production-events", 4, False)}))
    age = regional.QUEUE["ApproximateAgeOfOldestMessage"][1]
    assert age(history, "production-events", NIGHT + 9) == gauge(0)
    assert age(history, "production-events", NIGHT + 14) == gauge(300)
    visible = regional.QUEUE["ApproximateNumberOfMessagesVisible"][1]
    assert visible(history, "production-events", NIGHT + 14) == gauge(4)


def test_the_api_counts_what_its_services_are_asked(history: History) -> None:
    count = regional.API["Count"][1](history, "a1", NIGHT)
    assert count is not None
    assert count.total == round(traffic.group_requests(history, TG, NIGHT))
    errors = regional.API["5xx"][1](history, "a1", NIGHT)
    assert errors is not None
    assert errors.total == 0


def test_every_listed_metric_can_be_found(history: History) -> None:
    metrics = listed(history)
    assert len(metrics) > 50
    assert all(find(*metric) for metric in metrics)
    assert find("AWS/RDS", "NoSuchMetric", (("DBInstanceIdentifier", "x"),)) is None


@pytest.mark.parametrize(
    ("name", "gib"),
    [("db.t4g.micro", 1), ("db.t4g.medium", 4), ("db.m6g.large", 8), ("db.r6g.large", 16), ("db.r6g.2xlarge", 64)],
)
def test_memory_of_a_class(name: str, gib: float) -> None:
    assert memory_of(name) == gib


def test_statistics_of_points() -> None:
    points = [Point(2, 10, 4, 6), Point(1, 20, 20, 20)]
    found = {s: statistic(points, s) for s in ("Average", "Sum", "Minimum", "Maximum", "SampleCount", "p50", "p99")}
    assert found == {"Average": 10, "Sum": 30, "Minimum": 4, "Maximum": 20, "SampleCount": 3, "p50": 5, "p99": 20}


def test_percentiles_of_durations_have_a_tail() -> None:
    points = [latency(0.1, 1000)]
    assert percentile(points, 0.5) < 0.1 < percentile(points, 0.95) < percentile(points, 0.99) < points[0].high


@pytest.mark.parametrize("name", ["median", "p101", "p", "Summe"])
def test_no_other_statistic(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        statistic([counted(3)], name)
