"""The checks before a failover: each passes on a healthy production, and each fails, or is unknown, for its reason."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.check import Answer, Check, blocking
from services.domain.failover.checks import Situation, checks
from services.domain.failover.connections import memory_of, most_connections
from services.domain.failover.episode import Result
from services.domain.failover.situation import span
from services.domain.failover.targets import destination, targets
from services.domain.operation import State, Target
from services.domain.snapshot import ClusterMember, Snapshot, Zone
from tests import builders as b
from tests.builders.places import NOW, SERVICES, ZONES
from tests.builders.whole import readings
from tests.unit.domain.failover.test_targets import db_cluster
from tests.unit.domain.strategies import snapshots

A, B, C = ZONES
PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.UNKNOWN
INSTANCE, CLUSTER, CACHE = Target.DATABASE_INSTANCE, Target.DATABASE_CLUSTER, Target.CACHE
CLUSTERED = (
    ClusterMember("db-1", A, True, "available"),
    ClusterMember("db-2", B, False, "available"),
    ClusterMember("db-3", C, False, "available"),
)


def stacks(pool: str | None = "10", **status: str) -> tuple[Any, ...]:
    names = ("network", "data", "platform", *(f"service-{name}" for name in SERVICES))
    given = (("PoolSize", pool),) if pool else ()
    return tuple(b.stack(name, parameters=given, status=status.get(name, "CREATE_COMPLETE")) for name in names)


def whole(**changes: Any) -> Snapshot:
    return b.snapshot(**{"stacks": stacks(), **changes})


def situation(snapshot: Snapshot | None = None, kind: Target = INSTANCE, **changes: Any) -> Situation:
    seen = snapshot or whole()
    target = next(each for each in targets(seen) if each.kind is kind)
    made = Situation(b.environment(), seen, target, destination(target), NOW, timedelta(seconds=60))
    return replace(made, **changes)


def in_cluster(**changes: Any) -> Situation:
    metrics = (b.metric("db-2", "ReplicaLag", 2.0, unit="Seconds"),)
    cluster = db_cluster(members=CLUSTERED, instance_class="db.m6gd.large")
    return situation(whole(**{"clusters": (cluster,), "metrics": metrics, **changes}), CLUSTER)


def in_cache(**changes: Any) -> Situation:
    metrics = (b.metric("production-cache-002", "ReplicationLag", 0.4, unit="Seconds"),)
    return situation(whole(**{"metrics": metrics, **changes}), CACHE)


def one(key: str, given: Situation) -> Check:
    return next(check for check in checks(given) if check.key == key)


@pytest.mark.parametrize(
    ("given", "count"), [(situation(), 15), (in_cluster(), 15), (in_cache(), 14)], ids=["instance", "cluster", "cache"]
)
def test_healthy_production_passes_all(given: Situation, count: int) -> None:
    found = checks(given)
    assert [(check.key, check.fact) for check in found if check.answer is not PASS] == []
    assert len({check.key for check in found}) == len(found) == count
    assert all(check.fact and check.title and not check.mend for check in found)


def test_a_check_says_when_its_facts_were_read() -> None:
    given = situation()
    assert one("status", given).read_at == NOW
    assert one("freeze", given).read_at is None


def test_legacy_is_refused_saying_why_and_what_would_mend_it() -> None:
    given = situation(replace(b.legacy_snapshot(), stacks=stacks()))
    refused = one("multi-az", given)
    assert refused.answer is FAIL
    assert not refused.overridable
    assert "Single-AZ" in refused.fact
    assert "blueprint multi-az" in refused.mend
    assert refused in blocking(checks(given), [check.key for check in checks(given)])


def without_cache_zone(zone: str | None) -> dict[str, Any]:
    nodes = (b.cache_node(1), b.cache_node(2, zone=zone))
    return {"caches": (replace(b.cache(), nodes=nodes),)}


def sick(name: str) -> Any:
    made = b.service(name)
    return replace(made, tasks=tuple(replace(t, health="UNHEALTHY") if t.zone != A else t for t in made.tasks))


ELSE = situation(target=replace(situation().target, name="x"))
DEPLOYING = b.operation(target="x", kind="deploy", state=State.RUNNING)
SCALING = b.operation("op-7", kind="scaling", target_kind=Target.SERVICE, target="rbac", state=State.RUNNING)

CASES = [
    ("status", situation(whole(databases=(b.database(status="backing-up"),))), FAIL, False, "is backing-up"),
    ("status", in_cluster(clusters=(db_cluster(),)), FAIL, False, "db-3 is rebooting"),
    ("status", in_cache(caches=(b.cache(status="modifying"),)), FAIL, False, "modifying"),
    ("status", ELSE, UNKNOWN, False, ""),
    ("standby", situation(whole(databases=(b.database(secondary_zone=None),))), UNKNOWN, False, "the standby"),
    ("standby", situation(whole(databases=(b.database(zone=None),))), UNKNOWN, False, "the primary"),
    ("standby", situation(whole(databases=(b.database(secondary_zone=A),))), FAIL, False, "so is the primary"),
    ("standby", situation(to=None), FAIL, False, "nowhere"),
    ("standby", in_cache(**without_cache_zone(A)), FAIL, True, "so is the primary"),
    ("standby", in_cache(**without_cache_zone(None)), UNKNOWN, True, "Not known"),
    ("standby", in_cache(caches=(b.cache(automatic_failover="disabled"),)), FAIL, False, "Automatic failover"),
    ("zone", situation(whole(zones=(Zone(B, "use1-az2", "impaired"),))), FAIL, False, "impaired"),
    ("zone", situation(whole(zones=())), UNKNOWN, True, "Not known"),
    ("zone", situation(to=None), UNKNOWN, True, "Not known"),
    ("maintenance", situation(whole(databases=(b.database(pending=(("DBInstanceClass", "db.r6g.xlarge"),)),))), FAIL,
     True, "DBInstanceClass to db.r6g.xlarge"),
    ("maintenance", situation(whole(databases=(b.database(maintenance=("os-upgrade",)),))), FAIL, True, "os-upgrade"),
    ("maintenance", in_cache(caches=(b.cache(status="modifying"),)), FAIL, False, "modifying"),
    ("maintenance", ELSE, UNKNOWN, False, ""),
    ("deployments", situation(whole(stacks=stacks(platform="UPDATE_IN_PROGRESS"))), FAIL, True, "production-platform"),
    ("deployments", situation(whole(stacks=stacks(data="UPDATE_IN_PROGRESS"))), FAIL, False, "production-data"),
    ("deployments", situation(whole(stacks=stacks(data="REVIEW_IN_PROGRESS"))), PASS, False, "at rest"),
    ("deployments", situation(whole(services=(b.service(deployments=(b.deployment(rollout="IN_PROGRESS"),)),))), FAIL,
     True, "rbac is being deployed"),
    ("operations", situation(live=(b.operation("other"),)), FAIL, False, "other"),
    ("operations", situation(live=(b.operation("op-1"),), own_id="op-1"), PASS, False, ""),
    ("operations", situation(live=(b.operation(state=State.AWAITING_APPROVAL),)), FAIL, False, "awaiting approval"),
    ("operations", situation(live=(b.operation(target="x", state=State.AWAITING_APPROVAL),)), PASS, False, ""),
    ("operations", situation(live=(b.operation(target="x", state=State.STUCK),)), FAIL, False, "stuck"),
    ("operations", situation(live=(b.operation(state=State.SUCCEEDED),)), PASS, False, ""),
    ("operations", situation(live=(b.operation(target="x", kind="plan", state=State.RUNNING),)), PASS, False, ""),
    ("operations", situation(live=(DEPLOYING,)), FAIL, False, "deploy"),
    ("operations", situation(live=(SCALING,)), FAIL, True, "scaling of rbac"),
    ("operations", situation(live=(SCALING, b.operation(target="x", state=State.STUCK))), FAIL, False, "scaling of"),
    ("lag", in_cluster(metrics=()), UNKNOWN, True, "no ReplicaLag of db-2"),
    ("lag", in_cluster(metrics=(b.metric("db-2", "ReplicaLag", 31.0),)), FAIL, True, "31 s"),
    ("lag", in_cluster(metrics=(b.metric("db-3", "ReplicaLag", 1.0),)), UNKNOWN, True, "db-2"),
    ("lag", in_cache(metrics=(b.metric("production-cache-002", "ReplicationLag", 6.0),
                              b.metric("production-cache-003", "ReplicationLag", 1.0))), PASS, False, "003 is 1 s"),
    ("lag", in_cache(metrics=(b.metric("production-cache-002", "ReplicationLag", 1.0, at=NOW - timedelta(minutes=6)),)),
     UNKNOWN, True, "Not known"),
    ("backup", situation(whole(databases=(b.database(backup_retention_days=0),))), FAIL, True, "off"),
    ("backup", situation(whole(databases=(b.database(latest_restorable=None),))), UNKNOWN, True, "Not known"),
    ("backup", situation(whole(databases=(b.database(latest_restorable=NOW - timedelta(minutes=16)),))), FAIL, True,
     "16 min ago; 15 min are allowed"),
    ("backup", ELSE, UNKNOWN, True, ""),
    ("alarms", situation(whole(alarms=(b.alarm("5xx", state="ALARM"),))), FAIL, True, "5xx"),
    ("alarms", situation(whole(alarms=(b.alarm(), b.alarm("x", state="ALARM", scaling=True)))), PASS, False, "1 alarm"),
    ("alarms", situation(whole(alarms=())), UNKNOWN, True, "no alarm watches"),
    ("tasks", situation(whole(services=(b.service(), sick("audit")))), FAIL, True, "no healthy task of audit"),
    ("tasks", situation(whole(services=(b.service("audit", zones=(), desired=0),))), PASS, False, ""),
    ("tasks", situation(whole(databases=(b.database(zone=None),))), UNKNOWN, True, "Not known"),
    ("connections", situation(whole(stacks=stacks(None))), UNKNOWN, True, "no PoolSize"),
    ("connections", situation(whole(databases=(b.database(instance_class="db.x"),))), UNKNOWN, True, "db.x"),
    ("connections", situation(whole(stacks=stacks("200"))), FAIL, True, "= 1,815 of 1,600"),
    ("connections", situation(whole(databases=(b.database(max_connections=100),))), FAIL, True,
     "of 100 connections planned for production-app, max_connections of"),
    ("connections", situation(whole(services=())), PASS, False, "0 + 15 reserved = 15 of 1,600"),
    ("connections", ELSE, UNKNOWN, True, ""),
    ("freeze", situation(freeze=b.freeze()), FAIL, True, "“Black Friday” is on until 2026-11-24 02:13 UTC: No change"),
    ("freeze", situation(freeze=b.freeze(environment="*")), FAIL, True, "Black Friday"),
    ("freeze", situation(freeze=b.freeze(env="legacy")), PASS, False, ""),
    ("pause", situation(pause=b.pause()), FAIL, False, "eve"),
    ("pause", situation(pause=b.pause(environment="*")), FAIL, False, "Everything"),
    ("pause", situation(pause=b.pause(env="legacy")), PASS, False, ""),
    ("tests", replace(in_cache(), tests_today=15), FAIL, False, "15 of 15"),
    ("tests", replace(in_cache(), tests_today=14), PASS, False, "14 of 15"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "given", "answer", "overridable", "said"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)]
)
def test_each_check_for_its_reason(key: str, given: Situation, answer: Answer, overridable: bool, said: str) -> None:
    found = one(key, given)
    assert (found.answer, found.overridable) == (answer, overridable)
    assert said in found.fact
    assert bool(found.mend) is (answer is not PASS)


def test_connections_say_the_arithmetic() -> None:
    fact = one("connections", situation()).fact
    assert fact == (
        "3 × 10 (rbac) + 3 × 10 (audit) + 3 × 10 (identity-sync) + 15 reserved = 105 of 1,600 connections "
        "planned for production-app, db.r6g.large."
    )


def test_only_services_of_this_database_are_counted() -> None:
    other = tuple(
        replace(s, parameters=(("PoolSize", "10"), ("DatabaseEndpoint", "elsewhere")))
        if s.name == "service-audit"
        else s
        for s in stacks()
    )
    assert "audit" not in one("connections", situation(whole(stacks=other))).fact


@pytest.mark.parametrize(
    ("ago", "apart", "answer", "overridable"),
    [(5, 30, FAIL, False), (10, 30, FAIL, True), (29, 30, FAIL, True), (30, 30, PASS, False), (3, 2, PASS, False),
     (1, 2, FAIL, False)],
)  # fmt: skip
def test_failovers_must_be_apart_and_the_first_ten_minutes_nobody_can_override(
    ago: int, apart: int, answer: Answer, overridable: bool
) -> None:
    past = b.episode(started_at=NOW - timedelta(minutes=ago + 1), completed_at=NOW - timedelta(minutes=ago))
    found = one("apart", situation(recent=(past,), apart=timedelta(minutes=apart)))
    assert (found.answer, found.overridable) == (answer, overridable)


def test_apart_by_the_snapshot_alone_by_what_runs_and_not_by_what_was_abandoned() -> None:
    seen = whole(failovers=(b.failover(at=NOW - timedelta(minutes=4)), b.failover("other", at=NOW)))
    assert "240 s" not in one("apart", situation(seen)).fact
    assert "4 min ago" in one("apart", situation(seen)).fact
    running = b.episode(result=Result.RUNNING, completed_at=None, started_at=NOW - timedelta(hours=9))
    assert "running" in one("apart", situation(recent=(running,))).fact
    abandoned = b.episode(result=Result.ABANDONED, completed_at=None, started_at=NOW)
    assert one("apart", situation(recent=(abandoned,))).answer is PASS
    unfinished = b.episode(result=Result.UNFINISHED, completed_at=None, started_at=NOW - timedelta(minutes=31))
    assert one("apart", situation(recent=(unfinished,))).answer is PASS
    cached = whole(failovers=(b.failover("production-cache", source="elasticache", at=NOW - timedelta(minutes=1)),))
    assert one("apart", situation(cached, CACHE)).answer is FAIL


@pytest.mark.parametrize("kind", [INSTANCE, CACHE])
def test_nothing_that_is_read_passes_once_it_is_stale(kind: Target) -> None:
    old = whole(readings=readings(NOW - timedelta(minutes=10)))
    given = situation(old, kind)
    free = {"operations", "freeze", "pause"}
    assert {check.key for check in checks(given) if check.answer is PASS} == free
    assert all(check.answer is UNKNOWN for check in checks(given) if check.key not in free)
    assert "was last read 10 min ago" in one("status", given).fact


def test_what_never_was_read_is_unknown() -> None:
    found = one("status", situation(whole(readings=()), to=None))
    assert found.answer is UNKNOWN
    assert "never was read" in found.fact
    assert found.read_at is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])  # whole snapshots take long to draw
@given(snapshots(), st.integers(0, 10**9))
def test_of_any_snapshot_unknown_never_passes(snapshot: Snapshot, ago: int) -> None:
    now = NOW + timedelta(seconds=ago)
    for target in targets(snapshot):
        given = Situation(b.environment(), snapshot, target, destination(target), now, timedelta(seconds=60))
        for check in checks(given):
            fresh = check.read_at is None or now - check.read_at <= timedelta(seconds=180)
            assert fresh or check.answer is not PASS
            assert check.fact
            assert check.answer is PASS or check.mend
            assert check.answer is not PASS or not check.overridable


@pytest.mark.parametrize(
    ("name", "memory", "most"),
    [
        ("db.t4g.micro", 1, 80), ("db.t3.small", 2, 190), ("db.t4g.medium", 4, 405), ("db.m6g.large", 8, 811),
        ("db.r6g.large", 16, 1600), ("db.r6g.xlarge", 32, 3243), ("db.m7g.2xlarge", 32, 3243),
        ("db.r7g.2xlarge", 64, 5000),
        ("db.r6gd.16xlarge", 512, 5000), ("db.r6g.metal", None, None), ("db.r6g", None, None),
        ("db..large", None, None),
        ("db.z1.large", None, None), ("db.m6g.small", None, None), ("db.r6g.yxlarge", None, None),
        ("db.c6gd.large", 4, 405),
        ("db.m6g.3xlarge", 48, None),
    ],
)  # fmt: skip
def test_connections_by_class(name: str, memory: int | None, most: int | None) -> None:
    assert memory_of(name) == memory
    assert most_connections(name) == most
    assert most_connections(None) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (7500, "2 h 5 min"),
     (172800, "2 days")],
)  # fmt: skip
def test_spans_in_words(seconds: int, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said
