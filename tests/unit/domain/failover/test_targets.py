"""What can be failed over, where to, and why the rest cannot."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from services.domain.failover.target import Candidate
from services.domain.failover.targets import destination, targets
from services.domain.operation import Target
from services.domain.snapshot import ClusterMember, DatabaseCluster, Gap, Part, Reading
from tests import builders as b
from tests.builders.places import NOW, ZONES
from tests.unit.domain.strategies import snapshots

A, B, C = ZONES


def db_cluster(**changes: object) -> DatabaseCluster:
    members = (
        ClusterMember("db-1", A, True, "available"),
        ClusterMember("db-2", A, False, "available"),
        ClusterMember("db-3", B, False, "rebooting"),
        ClusterMember("db-4", C, False, "available"),
    )
    made = DatabaseCluster(
        "db", "arn", "postgres", "16.8", "db.r6gd.large", "available", True, "e", "r", 5432, True, True, 7, NOW, members
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_production_has_a_database_and_a_node_group_that_can() -> None:
    database, cache = targets(b.snapshot())
    assert (database.kind, database.name, database.primary, database.zone) == (
        Target.DATABASE_INSTANCE, "production-app", "production-app", A,
    )  # fmt: skip
    assert database.possible
    assert database.label == "RDS Multi-AZ instance"
    assert destination(database) == Candidate("", B)
    assert not database.chooses
    assert database.read_at == NOW
    assert (cache.kind, cache.primary, cache.node_group) == (Target.CACHE, "production-cache-001", "0001")
    assert [each.member for each in cache.candidates] == ["production-cache-002", "production-cache-003"]
    assert destination(cache, "production-cache-003") == Candidate("production-cache-003", C)


def test_legacy_has_nothing_that_can_and_says_what_would_mend_it() -> None:
    database, cache = targets(b.legacy_snapshot())
    assert "Single-AZ" in database.why_not
    assert A in database.why_not
    assert "blueprint multi-az" in database.mend
    assert "single node" in cache.why_not
    assert "CacheNodes" in cache.mend
    assert destination(database) is None
    assert destination(cache) is None


def test_a_standby_in_the_making_is_none_yet() -> None:
    coming = b.database(multi_az=False, secondary_zone=None, zone=None, pending=(("MultiAZ", "True"),))
    assert "being made" in targets(b.snapshot(databases=(coming,)))[0].why_not
    nowhere = b.database(multi_az=False, secondary_zone=None, zone=None)
    assert targets(b.snapshot(databases=(nowhere,)))[0].why_not.endswith("to fail over to.")


def test_a_standby_whose_zone_is_unknown_is_one_all_the_same() -> None:
    found = targets(b.snapshot(databases=(b.database(secondary_zone=None),)))[0]
    assert destination(found) == Candidate("", None)


def test_a_cluster_s_readers_the_fittest_first() -> None:
    snapshot = b.snapshot(databases=(b.database(identifier="db-1"),), clusters=(db_cluster(),), caches=())
    (found,) = targets(snapshot)
    assert (found.kind, found.primary, found.zone, found.chooses) == (Target.DATABASE_CLUSTER, "db-1", A, True)
    assert [each.member for each in found.candidates] == ["db-4", "db-2", "db-3"]
    assert destination(found, "db-3") == Candidate("db-3", B)
    assert destination(found, "db-1") is None


def test_for_mysql_aws_chooses() -> None:
    assert not targets(b.snapshot(clusters=(db_cluster(engine="mysql"),)))[1].chooses


def test_clusters_that_cannot() -> None:
    alone = db_cluster(members=(ClusterMember("db-1", A, True),))
    headless = db_cluster(members=(ClusterMember("db-1", A, False), ClusterMember("db-2", B, False)))
    found = [targets(b.snapshot(databases=(), caches=(), clusters=(each,)))[0] for each in (alone, headless)]
    assert "no reader" in found[0].why_not
    assert "not known which member" in found[1].why_not
    assert (found[1].primary, found[1].zone) == ("", None)


def test_each_node_group_of_a_cache_stands_for_itself() -> None:
    nodes = tuple(
        b.cache_node(number, cluster_id=f"c-{group}-{number:03d}", node_group=group, role=None)
        for group in ("0001", "0002")
        for number in (1, 2)
    )
    found = targets(b.snapshot(databases=(), caches=(b.cache(nodes=2),)))
    assert len(found) == 1
    first, second = targets(b.snapshot(databases=(), caches=(replace(b.cache(), nodes=nodes),)))
    assert (first.node_group, second.node_group) == ("0001", "0002")
    assert first.possible
    assert first.primary == ""
    assert len(first.candidates) == 2


def test_caches_that_cannot() -> None:
    off = b.cache(automatic_failover="disabled")
    empty = replace(b.cache(), nodes=())
    placeless = replace(b.cache(), nodes=(b.cache_node(1, zone=None),))
    why = [targets(b.snapshot(databases=(), caches=(each,)))[0].why_not for each in (off, empty, placeless)]
    assert "Automatic failover is disabled" in why[0]
    assert "not known which members" in why[1]
    assert why[2] == "It is a single node: there is no replica to fail over to."


@pytest.mark.parametrize(("ago", "known"), [(30, True), (90, False)])
def test_what_cannot_be_read_for_a_minute_is_not_known(ago: int, known: bool) -> None:
    gap = Gap(Part.DATABASE, "AccessDenied", "RDS denied it.", NOW)
    reading = Reading(Part.DATABASE, NOW - timedelta(seconds=ago), gap)
    found = targets(b.snapshot(readings=(reading,), clusters=(db_cluster(),)))
    assert [each.possible for each in found if each.kind is not Target.CACHE] == [known, known]
    assert "never was read" in found[-1].why_not
    if not known:
        assert "RDS denied it." in found[0].why_not
        assert found[0].mend


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])  # whole snapshots take long to draw
@given(snapshots())
def test_of_any_snapshot_each_target_can_or_says_why_not_and_goes_nowhere_unknown(snapshot) -> None:  # type: ignore[no-untyped-def]
    for target in targets(snapshot):
        assert target.possible is not bool(target.mend)
        to = destination(target)
        assert to is None or to in target.candidates
        assert target.label
