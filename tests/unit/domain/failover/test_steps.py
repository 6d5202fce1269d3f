"""The steps of a failover: what counts as having happened, and what does not."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.event import CloudEvent
from services.domain.failover.facts import FailoverFacts
from services.domain.failover.steps import steps_for
from services.domain.operation import Step, Target
from services.domain.snapshot import ClusterMember, DatabaseCluster, Part, Snapshot
from tests import builders as b
from tests.builders.data import cache, cache_node, database
from tests.builders.operations import cloud_event, failover_events
from tests.builders.places import NOW, ZONES
from tests.builders.whole import readings

A, B, C = ZONES
AFTER = NOW + timedelta(minutes=3)
INSTANCE, CLUSTER, CACHE = Target.DATABASE_INSTANCE, Target.DATABASE_CLUSTER, Target.CACHE


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def cluster(writer: int = 1, status: str = "available") -> DatabaseCluster:
    members = tuple(
        ClusterMember(f"production-db-{n}", zone, n == writer, "available") for n, zone in enumerate(ZONES, start=1)
    )
    return DatabaseCluster(
        "production-db", "arn", "postgres", "16.8", "db.r6gd.large", status, True, "e", "r", 5432, True, True, 7, NOW,
        members,
    )  # fmt: skip


def world(read: datetime = AFTER, failed: dict[Part, str] | None = None, **changes: Any) -> Snapshot:
    return b.snapshot(readings=readings(read, failed), **changes)


def facts(snapshot: Snapshot | None = None, **changes: Any) -> FailoverFacts:
    made = FailoverFacts(
        snapshot=snapshot or world(),
        events=(),
        probe=None,
        sent_at=NOW,
        baseline_zone=A,
        target="production-app",
        to_zone=B,
    )
    return replace(made, **changes)


def step(name: str, kind: Target = INSTANCE) -> Step[FailoverFacts]:
    return next(step for step in steps_for(kind) if step.name == name)


def done(name: str, given: FailoverFacts, kind: Target = INSTANCE) -> bool:
    return step(name, kind).done_when(given)


@pytest.mark.parametrize("kind", [INSTANCE, CLUSTER, CACHE])
def test_one_step_acts_and_is_never_repeated_and_every_step_says_what_it_waits_for(kind: Target) -> None:
    steps = steps_for(kind, name="production-app", region="us-east-1")
    assert [s.name for s in steps] == [
        "fail-over", "available", "endpoint", "targets-healthy", "zone-swapped", "alarms-quiet",
    ]  # fmt: skip
    assert [(s.acts, s.repeatable) for s in steps] == [(True, False), *[(False, False)] * 5]
    assert [s.name for s in steps if s.optional] == ["zone-swapped", "alarms-quiet"]
    assert all(s.until and s.otherwise and s.sentence for s in steps)
    assert "--region us-east-1" in steps[0].otherwise
    assert "production-app" in steps[0].otherwise


def test_what_was_never_reachable_from_here_is_not_probed() -> None:
    assert "endpoint" not in [s.name for s in steps_for(INSTANCE, can_probe=False)]


def test_a_kind_that_cannot_be_failed_over_has_no_steps() -> None:
    with pytest.raises(KeyError):
        steps_for(Target.SERVICE)


def test_nothing_sent_is_never_done_whatever_aws_says() -> None:
    moved = world(databases=(database(zone=B, secondary_zone=A),))
    assert not done("fail-over", facts(moved, sent_at=None, events=failover_events()))
    assert step("fail-over").refused_when(facts(sent_at=None, events=(abandoned(5),))) == ""


def abandoned(seconds: float, **changes: Any) -> CloudEvent:
    said = "Abandoning user requested failover since a failover recently occurred on the database instance."
    return cloud_event(said, seconds, **changes)


STARTED, COMPLETED = "Multi-AZ instance failover started. ", "Multi-AZ instance failover completed"


def test_completion_after_the_intent_is_done() -> None:
    assert done("fail-over", facts(events=failover_events()))


def test_started_alone_is_not_done() -> None:
    assert not done("fail-over", facts(events=failover_events()[:2]))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([(STARTED, -50, 5), (COMPLETED, -20, 30)], True, id="AWS's clock is behind"),
        pytest.param([(COMPLETED, -20, 30)], False, id="doubtful completion without its start"),
        pytest.param([(STARTED, -90, 5), (COMPLETED, -20, 30)], False, id="started before ours was asked for"),
        pytest.param([(STARTED, -50, -40), (COMPLETED, -20, 30)], False, id="its start was known before the intent"),
        pytest.param([(STARTED, -50, 5), (COMPLETED, -20, -5)], False, id="known before the intent"),
        pytest.param([(COMPLETED, -61, 30)], False, id="beyond any skew"),
        pytest.param([(COMPLETED, 40, 50)], True, id="its start was lost"),
        pytest.param([(STARTED, 10, None), (COMPLETED, 40, None)], True, id="when it came is not known"),
    ],
)
def test_which_completion_is_ours(events: list[tuple[str, float, float | None]], expected: bool) -> None:
    made = tuple(
        cloud_event(words, when, received_at=None if came is None else at(came)) for words, when, came in events
    )
    assert done("fail-over", facts(events=made)) is expected


def test_abandoned_ends_it_in_aws_s_words() -> None:
    words = step("fail-over").refused_when(facts(events=(abandoned(10),)))
    assert words.startswith("Abandoning user requested failover since")
    assert not done("fail-over", facts(events=(abandoned(10), cloud_event(COMPLETED, 20))))


def test_an_older_completion_does_not_hide_that_ours_was_abandoned() -> None:
    older = (cloud_event(STARTED, -40), cloud_event(COMPLETED, -5), abandoned(10))
    assert not done("fail-over", facts(events=older))
    assert step("fail-over").refused_when(facts(events=older))


def test_somebody_else_s_repeat_is_abandoned_while_ours_runs() -> None:
    events = (cloud_event(STARTED, 10), abandoned(20), cloud_event(COMPLETED, 40))
    assert step("fail-over").refused_when(facts(events=events)) == ""
    assert done("fail-over", facts(events=events))


@given(st.permutations([*failover_events(), *failover_events()]))
def test_order_and_repetition_of_events_do_not_matter(events: list[CloudEvent]) -> None:
    assert done("fail-over", facts(events=tuple(events)))


def test_the_world_shows_it_before_any_event() -> None:
    swapped = world(databases=(database(zone=B, secondary_zone=A),))
    assert done("fail-over", facts(swapped))
    assert done("zone-swapped", facts(swapped))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"snapshot": world(NOW, databases=(database(zone=B),))}, id="read before the act"),
        pytest.param({"snapshot": world(databases=(database(zone=C),))}, id="in a zone it was not to go to"),
        pytest.param({"snapshot": world(databases=(database(zone=None),))}, id="zone unknown"),
        pytest.param(
            {"snapshot": world(databases=(database(zone=B),)), "baseline_zone": None}, id="zone before unknown"
        ),
        pytest.param({"snapshot": world(databases=())}, id="gone"),
        pytest.param({"snapshot": world(databases=(database(zone=B),)), "target": "other"}, id="another one"),
        pytest.param(
            {"snapshot": world(at(1), {Part.DATABASE: "Throttling"}, databases=(database(zone=B),))},
            id="not read since",
        ),
    ],
)
def test_the_world_does_not_show_it(change: dict[str, Any]) -> None:
    assert not done("fail-over", facts(**change))
    assert not done("zone-swapped", facts(**change))


def test_any_other_zone_will_do_when_the_standby_s_was_unknown() -> None:
    assert done("zone-swapped", facts(world(databases=(database(zone=C),)), to_zone=None))


def test_without_a_name_the_only_database_is_meant() -> None:
    one = world(databases=(database(zone=B),))
    two = world(databases=(database(zone=B), database("legacy")))
    assert done("zone-swapped", facts(one, target=""))
    assert not done("zone-swapped", facts(two, target=""))


def in_cluster(writer: int, **changes: Any) -> FailoverFacts:
    given = {"target": "production-db", "to_zone": B, "to_member": "production-db-2",
             "baseline_member": "production-db-1"}  # fmt: skip
    return facts(world(clusters=(cluster(writer),)), **{**given, **changes})


@pytest.mark.parametrize(
    ("writer", "change", "failed_over", "arrived"),
    [
        (1, {}, False, False),
        (2, {}, True, True),
        (3, {}, True, False),
        (3, {"to_member": ""}, True, True),
        (2, {"baseline_member": ""}, True, True),
        (0, {}, False, False),
    ],
)
def test_a_cluster_by_its_writer(writer: int, change: dict[str, Any], failed_over: bool, arrived: bool) -> None:
    assert done("fail-over", in_cluster(writer, **change), CLUSTER) is failed_over
    assert done("zone-swapped", in_cluster(writer, **change), CLUSTER) is arrived


def test_a_cluster_by_its_events() -> None:
    completed = cloud_event("Completed failover to DB instance: production-db-2", 30, source_type="db-cluster")
    assert done("fail-over", in_cluster(1, events=(completed,)), CLUSTER)


@pytest.mark.parametrize(
    "words", ["Cluster failover failed, check it", "Promoting previous primary again: production-db-1"]
)
def test_a_cluster_that_falls_back_says_so(words: str) -> None:
    refused = step("fail-over", CLUSTER).refused_when
    assert refused(in_cluster(1, events=(cloud_event(words, 30),))) == words
    assert refused(in_cluster(1, events=(cloud_event(words, -30),))) == ""


def in_cache(primary: int, **changes: Any) -> FailoverFacts:
    nodes = tuple(cache_node(n, role="primary" if n == primary else "replica") for n in (1, 2, 3))
    given = {"target": "production-cache", "node_group": "0001", "to_member": "production-cache-002",
             "baseline_member": "production-cache-001"}  # fmt: skip
    return facts(world(caches=(replace(cache(), nodes=nodes),)), **{**given, **changes})


def said_of_cache(words: str, seconds: float) -> CloudEvent:
    return cloud_event(
        words, seconds, source="elasticache", source_type="replication-group", subject="production-cache"
    )


@pytest.mark.parametrize(("primary", "expected"), [(1, False), (2, True), (3, True), (0, False)])
def test_a_cache_by_its_primary_whichever_aws_chose(primary: int, expected: bool) -> None:
    assert done("fail-over", in_cache(primary), CACHE) is expected
    assert done("zone-swapped", in_cache(primary), CACHE) is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Failover from primary node production-cache-001 to replica node production-cache-002 completed", True),
        ("Failover to replica node production-cache-0001-002 completed", True),
        ("Failover to replica node production-cache-0002-002 completed", False),
        ("Test Failover API called for node group 0001", False),
    ],
)
def test_a_cache_by_the_events_of_its_node_group(words: str, expected: bool) -> None:
    assert done("fail-over", in_cache(1, events=(said_of_cache(words, 63),)), CACHE) is expected


def test_without_names_the_lines_say_where_they_go() -> None:
    assert "--source-identifier <name> --duration 60 --region <region>" in step("fail-over").otherwise
