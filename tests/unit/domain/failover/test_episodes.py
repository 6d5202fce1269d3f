"""Failovers for the history, made of events in any order, told twice, and with parts missing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.domain.event import CloudEvent
from services.domain.failover.episode import Episode, Origin, Result
from services.domain.failover.episodes import Place, episodes, merge
from services.domain.operation import Operation, Sent, State, Target
from services.domain.snapshot import Snapshot
from tests import builders as b
from tests.builders.places import NOW, ZONES

A, B, C = ZONES
LATER = NOW + timedelta(hours=2)
USER = "The user requested a failover of the DB instance."
HOST = "The primary host of the RDS Multi-AZ instance is unhealthy."
STARTED, RESTARTED = "Multi-AZ instance failover started. ", "DB instance restarted"
COMPLETED = "Multi-AZ instance failover completed"
ABANDONED = "Abandoning user requested failover since a failover recently occurred on the database instance."


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def rds(*told: tuple[str, float]) -> list[CloudEvent]:
    return [b.cloud_event(words, seconds) for words, seconds in told]


def cluster(*told: tuple[str, float]) -> list[CloudEvent]:
    return [b.cloud_event(words, seconds, source_type="db-cluster", subject="db") for words, seconds in told]


def cache(words: str, seconds: float, member: str = "") -> CloudEvent:
    kind, subject = ("cache-cluster", member) if member else ("replication-group", "production-cache")
    return b.cloud_event(words, seconds, source="elasticache", source_type=kind, subject=subject, categories=())


def found(
    events: Sequence[CloudEvent],
    operations: Sequence[Operation] = (),
    now: datetime = LATER,
    snapshot: Snapshot | None = None,
    places: Sequence[Place] = (),
) -> tuple[Episode, ...]:
    return episodes(b.environment(), events, operations, snapshot, now, places)


def asked(seconds: float = 0.0, **changes: Any) -> Operation:
    return b.operation(**{"state": State.SUCCEEDED, "sent": Sent.YES, "sent_at": at(seconds), **changes})


FORCED = rds((STARTED, 15), (RESTARTED, 31), (COMPLETED, 51), (USER, 51))


def test_a_failover_as_rds_tells_it() -> None:
    (one,) = found(FORCED)
    assert (one.target_kind, one.target, one.result, one.origin) == (
        Target.DATABASE_INSTANCE, "production-app", Result.COMPLETED, Origin.OUTSIDE,
    )  # fmt: skip
    assert (one.started_at, one.completed_at, one.seconds) == (at(15), at(51), 36)
    assert (one.outage_seconds, one.outage_source) == (36, "events")
    assert (one.cause, one.meaning) == (USER, "Somebody asked for this failover.")
    assert [phase.name for phase in one.phases] == ["started", "restarted", "completed", "reason given"]
    assert one.phases[0].words == "Multi-AZ instance failover started."
    assert one.number == 0


def test_automatic_by_aws_s_reason() -> None:
    (one,) = found(rds((STARTED, 15), (COMPLETED, 51), (HOST, 51)))
    assert (one.origin, one.cause) == (Origin.AUTOMATIC, HOST)


def test_nobody_s_until_the_reason_comes() -> None:
    (one,) = found(rds((STARTED, 15), (COMPLETED, 51)))
    assert (one.origin, one.cause, one.meaning) == (Origin.UNKNOWN, "", "AWS has not said why yet.")


def test_controlled_when_an_operation_of_ours_fits() -> None:
    notes = (
        ("baseline_zone", A), ("writes_lost_at", "2026-11-22T02:13:14.500+00:00"),
        ("writes_back_at", "2026-11-22T02:13:36.000+00:00"),
    )  # fmt: skip
    (one,) = found(FORCED, [asked(notes=notes)])
    assert (one.origin, one.operation_id, one.who, one.reason) == (
        Origin.HAVEN,
        "op-1",
        "ada",
        "us-east-1a is degraded",
    )
    assert (one.outage_seconds, one.outage_source) == (21.5, "probe")
    assert one.from_zone == A


@pytest.mark.parametrize(
    "operation",
    [
        asked(environment="legacy"),
        asked(target="other"),
        asked(target_kind=Target.DATABASE_CLUSTER),
        replace(asked(), sent=Sent.NO),
        replace(asked(), sent_at=None),
        asked(-120),
        asked(80),
    ],
)
def test_not_ours_when_none_fits(operation: Operation) -> None:
    assert found(FORCED, [operation])[0].origin is Origin.OUTSIDE


def test_the_nearest_operation_is_its_asker_and_asks_once() -> None:
    twice = [*FORCED, *rds((ABANDONED, 70))]
    first, second = found(twice, [asked(0, id="first"), asked(62, id="second")])
    assert (first.operation_id, second.operation_id) == ("first", "second")
    assert second.result is Result.ABANDONED
    assert [each.operation_id for each in found(twice, [asked(0, id="first")])] == ["first", ""]


def test_what_aws_did_by_itself_just_then_is_only_related() -> None:
    (one,) = found(rds((STARTED, 15), (COMPLETED, 51), (HOST, 51)), [asked()])
    assert (one.origin, one.operation_id, one.related) == (Origin.AUTOMATIC, "", ("operation:op-1",))


def test_abandoned_is_its_own_record_and_does_not_end_another() -> None:
    moved, dropped = found(rds((STARTED, 15), (ABANDONED, 30), (COMPLETED, 51), (USER, 51)))
    assert (moved.result, dropped.result) == (Result.COMPLETED, Result.ABANDONED)
    assert (dropped.origin, dropped.completed_at, dropped.outage_seconds) == (Origin.OUTSIDE, None, None)
    assert dropped.cause == ABANDONED


@pytest.mark.parametrize(
    ("told", "started", "result"),
    [
        ([(COMPLETED, 51), (USER, 51)], 51, Result.COMPLETED),
        ([(RESTARTED, 31), (COMPLETED, 51)], 31, Result.COMPLETED),
        ([(RESTARTED, -100), (COMPLETED, 51)], 51, Result.COMPLETED),
        ([(RESTARTED, 31), (USER, 51)], 31, Result.UNFINISHED),
        ([(STARTED, 15)], 15, Result.UNFINISHED),
        ([(STARTED, 15), (STARTED, 16), (COMPLETED, 51), (COMPLETED, 53)], 15, Result.COMPLETED),
        ([(STARTED, 15), ("Recovered from partial failover.", 90)], 15, Result.FAILED),
        ([("Recovered from partial failover.", 90)], 90, Result.FAILED),
        ([(STARTED, 15), ("Recovered from partial failover.", 90), (COMPLETED, 95)], 15, Result.COMPLETED),
        ([(COMPLETED, 51), ("Recovered from partial failover.", 90)], 51, Result.COMPLETED),
    ],
)
def test_with_parts_missing_it_is_one_all_the_same(
    told: list[tuple[str, float]], started: float, result: Result
) -> None:
    (one,) = found(rds(*told))
    assert (one.started_at, one.result) == (at(started), result)


def test_without_a_start_nothing_is_measured() -> None:
    assert found(rds((RESTARTED, 31), (COMPLETED, 51)))[0].outage_seconds is None


def test_running_until_half_an_hour_went_by() -> None:
    events = rds((STARTED, 15))
    assert found(events, now=at(15 + 1800))[0].result is Result.RUNNING
    assert found(events, now=at(15 + 1801))[0].result is Result.UNFINISHED


def test_a_second_start_leaves_the_first_without_an_end() -> None:
    first, second = found(rds((STARTED, 0), (STARTED, 600), (COMPLETED, 640)), now=at(700))
    assert (first.result, second.result) == (Result.UNFINISHED, Result.COMPLETED)


def test_an_end_an_hour_later_is_another_one_s() -> None:
    assert [each.result for each in found(rds((STARTED, 0), (COMPLETED, 3600)))] == [
        Result.UNFINISHED, Result.COMPLETED,
    ]  # fmt: skip


def test_a_plain_restart_or_a_rebuilt_standby_is_no_failover() -> None:
    assert found(rds((RESTARTED, 0), ("Recovery of standby DB instance has started.", 9))) == ()
    assert found([b.cloud_event(COMPLETED, env="legacy", subject="production-app")]) == ()
    assert found([b.cloud_event(COMPLETED, source_type="db-snapshot")]) == ()


def test_the_rebuilding_of_the_standby_is_a_phase_of_it() -> None:
    more = rds(
        ("Recovery of standby DB instance has started.", 200), ("Recovery of standby DB instance has completed.", 900)
    )
    (one,) = found([*FORCED, *more, *rds((RESTARTED, 60))])
    assert [phase.name for phase in one.phases][-2:] == ["standby being rebuilt", "redundancy back"]
    assert one.completed_at == at(51)
    late = rds(("Recovery of standby DB instance has completed.", 7 * 3600))
    assert len(found([*FORCED, *late])[0].phases) == 4


@pytest.mark.parametrize(
    ("told", "result", "origin"),
    [
        ([("Started cross AZ failover to DB instance: db-2", 3), ("Completed failover to DB instance: db-2", 30)],
         Result.COMPLETED, Origin.OUTSIDE),
        ([("Started same AZ failover to DB instance: db-2", 3),
          ("Completed RDS initiated failover to DB instance: db-2", 30)], Result.COMPLETED, Origin.AUTOMATIC),
        ([("Started cross AZ failover to DB instance: db-2", 3), ("Cluster failover failed, look at it", 30)],
         Result.FAILED, Origin.UNKNOWN),
        ([("Started cross AZ failover to DB instance: db-2", 3), ("Promoting previous primary again: db-1", 30),
          ("Completed failover to DB instance: db-1", 40)], Result.FAILED, Origin.OUTSIDE),
    ],
)  # fmt: skip
def test_a_cluster_s(told: list[tuple[str, float]], result: Result, origin: Origin) -> None:
    (one,) = found(cluster(*told))
    assert (one.target_kind, one.target, one.result, one.origin) == (Target.DATABASE_CLUSTER, "db", result, origin)
    assert one.to_member == "db-2"


MOVED = "Failover from primary node production-cache-001 to replica node production-cache-002 completed"
TESTED = [
    cache("Test Failover API called for node group 0001", 0),
    cache(MOVED, 63, "production-cache-002"),
    cache(MOVED, 63.4),
    cache("Recovering cache nodes 0001", 146, "production-cache-001"),
    cache("Finished recovery for cache nodes 0001", 764, "production-cache-001"),
]


def test_a_test_failover_of_a_cache() -> None:
    (one,) = found(TESTED)
    assert (one.target, one.result, one.origin) == ("production-cache", Result.COMPLETED, Origin.OUTSIDE)
    assert (one.from_member, one.to_member) == ("production-cache-001", "production-cache-002")
    assert (one.started_at, one.completed_at, one.outage_seconds) == (at(0), at(63), None)
    assert [phase.name for phase in one.phases][-2:] == ["standby being rebuilt", "redundancy back"]


def test_a_cache_that_failed_over_by_itself() -> None:
    (one,) = found(TESTED[1:])
    assert one.origin is Origin.AUTOMATIC
    assert "by itself" in one.meaning
    assert found(TESTED[3:]) == ()


def test_two_node_groups_at_once_are_two() -> None:
    def group(number: str, seconds: float) -> list[CloudEvent]:
        words = f"Failover from primary node c-{number}-001 to replica node c-{number}-002 completed"
        called = cache(f"Test Failover API called for node group {number}", seconds)
        return [called, cache(words, seconds + 60, f"c-{number}-002"), cache(words, seconds + 60)]

    mixed = [replace(event, subject="c") if event.source_type == "replication-group" else event
             for event in [*group("0001", 0), *group("0002", 5)]]  # fmt: skip
    both = found(mixed)
    assert [(each.to_member, each.result) for each in both] == [
        ("c-0001-002", Result.COMPLETED), ("c-0002-002", Result.COMPLETED),
    ]  # fmt: skip
    assert len({each.id for each in both}) == 2
    assert [each.id for each in merge(both, both)] == [each.id for each in both]
    blind = [replace(each, phases=()) for each in both]
    assert [each.id for each in merge(blind, [replace(both[1], id="x", phases=())])] == [both[1].id]
