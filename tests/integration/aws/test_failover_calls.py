"""Failovers asked for over HTTP: whatever is lost on the way, one request at most reaches AWS, and its events tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from services.aws import rds
from services.aws.events import EventReader
from services.aws.failover_calls import FailoverCaller
from services.aws.session import Sessions, Wire
from services.domain.errors import (
    Conflict,
    HavenError,
    Invalid,
    Misconfigured,
    NotFound,
    NotNow,
    OutcomeUnknown,
)
from services.domain.event import CloudEvent
from services.domain.operation import Target
from services.domain.snapshot import Snapshot
from tests.integration.aws.conftest import Cloud, SandboxClock, WallClock
from tests.integration.aws.lossy import Road, road_to
from tests.unit.aws.operations import failover_of

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]  # the first one deploys both environments

DATABASE = failover_of(Target.DATABASE_INSTANCE, "production-app")
CACHE = failover_of(Target.CACHE, "production-cache")
LONG_AGO = 900.0
"""Seconds after which a failover no longer counts as recent, and its zones are swapped."""


@pytest.fixture
def quiet(cloud: Cloud) -> Iterator[Cloud]:
    """The environments with no failover lately, before and after."""
    cloud.advance(LONG_AGO)
    yield cloud
    cloud.sandbox.control("trouble", method="DELETE")
    cloud.advance(LONG_AGO)


@contextmanager
def caller(cloud: Cloud) -> Iterator[tuple[FailoverCaller, Road]]:
    with road_to(cloud.sandbox.url) as road:
        yield FailoverCaller(Sessions(Wire(endpoint_url=road.url, read_timeout=2), WallClock())), road


def now(cloud: Cloud) -> datetime:
    return SandboxClock(cloud.sandbox).now()


def events(cloud: Cloud, snapshot: Snapshot, source: str, since: datetime) -> list[CloudEvent]:
    reader = EventReader(cloud.sessions, SandboxClock(cloud.sandbox))
    return [e for e in reader.events(cloud.production, snapshot, source, since) if e.at >= since]


def test_a_failover_is_one_request_and_its_events_are_read_back_in_order(quiet: Cloud) -> None:
    since, before = now(quiet), quiet.read()
    with caller(quiet) as (ask, road):
        ask.ready(quiet.production)
        assert road.arrived == []
        receipt = ask.fail_over(quiet.production, DATABASE)
    assert road.arrived == ["RebootDBInstance"]
    assert receipt.request_id
    quiet.advance(600)
    found = events(quiet, before, "rds", since)
    ids = [event.event_id for event in found if event.event_id]
    assert ids.index("RDS-EVENT-0013") < ids.index("RDS-EVENT-0006") < ids.index("RDS-EVENT-0049")
    assert "The user requested a failover of the DB instance." in [event.message for event in found]
    assert {(event.subject, event.source_type) for event in found} == {("production-app", "db-instance")}
    after = quiet.read(before)
    assert after.databases[0].zone == before.databases[0].secondary_zone


@pytest.mark.parametrize(("loses", "reaches"), [("cut", 1), ("silent", 1), ("before", 0)])
def test_when_the_answer_is_lost_the_outcome_is_unknown_and_nothing_is_repeated(
    quiet: Cloud, loses: str, reaches: int
) -> None:
    since, before = now(quiet), quiet.read()
    with caller(quiet) as (ask, road):
        road.loses = loses
        with pytest.raises(OutcomeUnknown):
            ask.fail_over(quiet.production, DATABASE)
        assert road.arrived == ["RebootDBInstance"]
        assert len(road.passed) == reaches
    quiet.advance(600)
    started = [e for e in events(quiet, before, "rds", since) if e.event_id == "RDS-EVENT-0013"]
    assert len(started) == reaches


@pytest.mark.parametrize(("kind", "means"), [("throttle", NotNow), ("deny", Misconfigured), ("error", OutcomeUnknown)])
def test_troubles_mean_what_they_are_and_are_met_once(quiet: Cloud, kind: str, means: type[HavenError]) -> None:
    quiet.sandbox.control("trouble", service="rds", operation="RebootDBInstance", kind=kind, rate=1)
    with caller(quiet) as (ask, road):
        with pytest.raises(HavenError) as raised:
            ask.fail_over(quiet.production, DATABASE)
        assert type(raised.value) is means
        assert road.arrived == ["RebootDBInstance"]


def test_nobody_listening_means_that_nothing_was_sent(quiet: Cloud) -> None:
    with road_to(quiet.sandbox.url) as road:
        closed = road.url
    ask = FailoverCaller(Sessions(Wire(endpoint_url=closed), WallClock()))
    with pytest.raises(NotNow, match="could not be reached"):
        ask.fail_over(quiet.production, DATABASE)


def test_a_role_that_cannot_be_assumed_is_found_before_anything_is_sent(quiet: Cloud) -> None:
    quiet.sandbox.control("trouble", service="sts", operation="AssumeRole", kind="deny", rate=1)
    assumed = replace(quiet.production, operator_role_arn="arn:aws:iam::123456789012:role/haven-operator")
    with caller(quiet) as (ask, road):
        for act in (lambda: ask.ready(assumed), lambda: ask.fail_over(assumed, DATABASE)):
            with pytest.raises(Misconfigured, match="take on this environment's role"):
                act()
        assert road.arrived == []


def test_asked_again_too_soon_it_is_accepted_and_abandoned(quiet: Cloud) -> None:
    with caller(quiet) as (ask, _):
        ask.fail_over(quiet.production, DATABASE)
        with pytest.raises(Conflict, match="Can only reboot db instances with state in"):
            ask.fail_over(quiet.production, DATABASE)
        quiet.advance(300)
        since, before = now(quiet), quiet.read()
        assert ask.fail_over(quiet.production, DATABASE).request_id
    quiet.advance(120)
    found = events(quiet, before, "rds", since)
    assert [event.event_id for event in found] == ["RDS-EVENT-0034"]


def test_what_cannot_be_failed_over_is_refused_in_awss_words(quiet: Cloud) -> None:
    with caller(quiet) as (ask, road):
        with pytest.raises(Invalid, match="not configured for either MultiAZ"):
            ask.fail_over(quiet.legacy, failover_of(Target.DATABASE_INSTANCE, "legacy-app"))
        with pytest.raises(NotFound, match="nowhere"):
            ask.fail_over(quiet.production, failover_of(Target.DATABASE_INSTANCE, "nowhere"))
        with pytest.raises(Conflict, match="automatic failover is not enabled"):
            ask.fail_over(quiet.legacy, failover_of(Target.CACHE, "legacy-cache"))
        assert len(road.arrived) == 3


def test_a_caches_failover_is_told_by_the_group_and_by_its_nodes(quiet: Cloud) -> None:
    since, before = now(quiet), quiet.read()
    with caller(quiet) as (ask, road):
        assert ask.fail_over(quiet.production, CACHE).request_id
        assert road.arrived == ["TestFailover"]
    quiet.advance(1200)
    found = events(quiet, before, "elasticache", since)
    assert found[0].message == "Test Failover API called for node group 0001"
    completed = [e for e in found if e.message.startswith("Failover from primary node")]
    assert {event.source_type for event in completed} == {"replication-group", "cache-cluster"}
    assert found[-1].message == "Finished recovery for cache nodes 0001"


def test_a_db_cluster_fails_over_to_the_member_that_was_chosen(quiet: Cloud) -> None:
    client = quiet.sandbox.client("rds")
    group = client.describe_db_instances(DBInstanceIdentifier="production-app")["DBInstances"][0]["DBSubnetGroup"]
    client.create_db_cluster(
        DBClusterIdentifier="production-main",
        Engine="postgres",
        DBClusterInstanceClass="db.m6gd.large",
        AllocatedStorage=100,
        StorageType="gp3",
        MasterUsername="haven",
        MasterUserPassword="correct-horse-battery",
        DBSubnetGroupName=group["DBSubnetGroupName"],
    )
    quiet.advance(600)

    def read() -> Snapshot:
        at = quiet.sessions.reader(quiet.production).rds
        members = rds.list_members(at, ["production-main"])
        clusters = tuple(rds.to_cluster(each, members) for each in rds.list_clusters(at, ["production-main"]))
        return Snapshot("production", now(quiet), clusters=clusters)

    try:
        since, before = now(quiet), read()
        (cluster,) = before.clusters
        assert (cluster.status, cluster.multi_az, len(cluster.members)) == ("available", True, 3)
        assert len({member.zone for member in cluster.members}) == 3
        chosen = cluster.members[-1]
        assert not chosen.writer
        with caller(quiet) as (ask, road):
            asked = failover_of(Target.DATABASE_CLUSTER, "production-main", to_member=chosen.identifier)
            assert ask.fail_over(quiet.production, asked).request_id
            with pytest.raises(Conflict, match="production-main"):
                ask.fail_over(quiet.production, asked)
            assert road.arrived == ["FailoverDBCluster"] * 2
        quiet.advance(600)
        writer = read().clusters[0].writer
        assert writer is not None
        assert writer.identifier == chosen.identifier
        told = [e for e in events(quiet, before, "rds", since) if e.source_type == "db-cluster"]
        assert [event.event_id for event in told] == ["RDS-EVENT-0073", "RDS-EVENT-0071"]
        assert told[-1].message == f"Completed failover to DB instance: {chosen.identifier}"
    finally:
        client.delete_db_cluster(DBClusterIdentifier="production-main", SkipFinalSnapshot=True)
        quiet.advance(600)
