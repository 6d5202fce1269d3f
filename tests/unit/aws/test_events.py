"""AWS's event lists as Haven's events, and what belongs to whom."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from services.aws.belongings import Belongings
from services.aws.events import LONGEST, EventReader, minutes, to_event
from services.aws.rds_words import event_id
from services.aws.session import Sessions, Wire
from services.domain.event import Came, CloudEvent
from services.domain.snapshot import ClusterMember, Snapshot, StackResource
from tests.builders.data import cache, database, stack
from tests.builders.fargate import service
from tests.builders.places import environment
from tests.unit.aws.stubs import WHEN, arn
from tests.unit.aws.test_clusters import cluster
from tests.unit.aws.world import Clock

PRODUCTION = environment("production")
WHOLE = Snapshot("production", WHEN, databases=(database(),), caches=(cache(),), clusters=(cluster(),))
STARTED = "Multi-AZ instance failover started. "


def said(subject: str, message: str, after: float = 0, **more: Any) -> dict[str, Any]:
    return {"SourceIdentifier": subject, "Message": message, "Date": WHEN + timedelta(seconds=after), **more}


class Lists:
    """Clients whose event lists are what a test says, and which remember what was asked."""

    def __init__(self, **lists: list[dict[str, Any]]) -> None:
        self.lists = lists
        self.asked: list[tuple[str, int]] = []
        self.rds = self.elasticache = self

    def get_paginator(self, operation: str) -> "Lists":
        assert operation == "describe_events"
        return self

    def paginate(self, *, SourceType: str, Duration: int) -> list[dict[str, Any]]:  # noqa: N803 - AWS's names
        self.asked.append((SourceType, Duration))
        some = self.lists.get(SourceType.replace("-", "_"), [])
        return [{"Events": some[:1]}, {"Events": some[1:]}]


class _Sessions(Sessions):
    def __init__(self, lists: Lists) -> None:
        super().__init__(Wire(), Clock())
        self._lists = lists

    def reader(self, environment: Any) -> Any:
        return self._lists


def read(source: str, lists: Lists, snapshot: Snapshot = WHOLE, minutes_ago: float = 10) -> list[CloudEvent]:
    reader = EventReader(_Sessions(lists), Clock())
    return list(reader.events(PRODUCTION, snapshot, source, WHEN - timedelta(minutes=minutes_ago)))


def test_a_databases_events_come_in_order_with_stripped_words_and_their_ids() -> None:
    lists = Lists(
        db_instance=[
            said("production-app", "Multi-AZ instance failover completed", 60, EventCategories=["failover"]),
            said("production-app", STARTED, 10, EventCategories=["failover"]),
            said("legacy-app", STARTED, 11, EventCategories=["failover"]),
        ],
        db_cluster=[said("production-main", "Completed failover to DB instance: production-main-instance-2", 30)],
    )
    found = read("rds", lists)
    assert [(e.source_type, e.subject, e.message, e.event_id) for e in found] == [
        ("db-instance", "production-app", "Multi-AZ instance failover started.", "RDS-EVENT-0013"),
        (
            "db-cluster",
            "production-main",
            "Completed failover to DB instance: production-main-instance-2",
            "RDS-EVENT-0071",
        ),
        ("db-instance", "production-app", "Multi-AZ instance failover completed", "RDS-EVENT-0049"),
    ]
    assert {(e.environment, e.source, e.came, e.received_at) for e in found} == {("production", "rds", Came.POLL, WHEN)}
    assert found[0].categories == ("failover",)
    assert lists.asked == [("db-instance", 11), ("db-cluster", 11)]


def test_a_caches_events_are_those_of_its_group_and_its_nodes() -> None:
    lists = Lists(
        replication_group=[said("production-cache", "Test Failover API called for node group 0001")],
        cache_cluster=[
            said("production-cache-002", "Failover to replica node production-cache-002 completed", 63),
            said("production-cache-009", "Recovering cache nodes <0001>", 70),
            said("legacy-cache-001", "Recovering cache nodes <0001>", 71),
        ],
    )
    found = read("elasticache", lists)
    assert [(e.source_type, e.subject) for e in found] == [
        ("replication-group", "production-cache"),
        ("cache-cluster", "production-cache-002"),
        ("cache-cluster", "production-cache-009"),  # a node that the snapshot does not know yet
    ]
    assert {e.event_id for e in found} == {""}
    assert {e.categories for e in found} == {()}


def test_what_an_environment_has_not_is_not_asked_for() -> None:
    lists = Lists()
    assert read("rds", lists, Snapshot("production", WHEN)) == []
    assert read("elasticache", lists, Snapshot("production", WHEN)) == []
    assert lists.asked == []
    read("rds", lists, Snapshot("production", WHEN, databases=(database(),)))
    assert [kind for kind, _ in lists.asked] == ["db-instance"]
    with pytest.raises(ValueError, match="ecs"):
        read("ecs", lists)


def test_a_database_that_could_not_be_read_is_known_by_its_stack() -> None:
    resources = (
        StackResource("Database", "production-app", "AWS::RDS::DBInstance", "CREATE_COMPLETE"),
        StackResource("Gone", "production-old", "AWS::RDS::DBInstance", "DELETE_COMPLETE"),
    )
    unread = Snapshot("production", WHEN, stacks=(stack("data", resources=resources),))
    lists = Lists(db_instance=[said("production-app", STARTED), said("production-old", STARTED)])
    assert [event.subject for event in read("rds", lists, unread)] == ["production-app"]


@pytest.mark.parametrize(
    ("seconds", "window"), [(0, 1), (-600, 1), (30, 2), (60, 2), (600, 11), (14 * 86_400, LONGEST), (10**8, LONGEST)]
)
def test_the_window_reaches_back_a_little_too_far_and_never_beyond_fourteen_days(seconds: int, window: int) -> None:
    assert minutes(WHEN - timedelta(seconds=seconds), WHEN) == window
    assert LONGEST == 14 * 24 * 60 - 5


def test_a_clusters_members_events_are_its_own() -> None:
    own = Belongings(PRODUCTION, WHOLE)
    assert own.has("db-instance", "production-main-instance-1")
    assert own.has("db-instance", "production-main-instance-7")
    assert not own.has("db-instance", "production-mainframe-instance-1")
    assert not own.has("db-parameter-group", "production-app")
    odd = cluster(members=(ClusterMember("odd-one", "us-east-1a", writer=True),))
    assert Belongings(PRODUCTION, Snapshot("production", WHEN, clusters=(odd,))).has("db-instance", "odd-one")


def test_the_same_event_polled_and_heard_has_one_key() -> None:
    polled = to_event("production", "rds", "db-instance", said("production-app", STARTED, 0.25), WHEN)  # type: ignore[arg-type]
    heard = CloudEvent("production", "rds", "db-instance", "production-app", WHEN, STARTED.strip(), came=Came.QUEUE)
    assert polled.key == heard.key


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Multi-AZ instance failover started. ", "0013"),
        ("Multi-AZ instance failover completed", "0049"),
        ("Multi-AZ instance failover completed.", "0049"),
        ("DB instance restarted", "0006"),
        ("Finished applying modification to convert to a Multi-AZ DB Instance", "0025"),
        ("Finished applying modification to convert to a standard (Single-AZ) DB Instance", "0029"),
        (
            "Abandoning user requested failover since a failover recently occurred on the database instance.",
            "0034",
        ),
        ("Completed RDS initiated failover to DB instance: a-2", "0071"),
        ("Started cross AZ failover to DB instance: a-2", "0073"),
        ("Recovery of standby DB instance has completed.", "0362"),
    ],
)
def test_an_events_id_is_known_by_its_words(message: str, number: str) -> None:
    assert event_id(message) == f"RDS-EVENT-{number}"


@pytest.mark.parametrize(
    "message", ["", "The user requested a failover of the DB instance.", "Something new", "DB instance restarted twice"]
)
def test_words_that_leave_it_open_have_no_id(message: str) -> None:
    assert event_id(message) == ""


def test_the_arn_of_a_source_is_no_subject() -> None:
    lists = Lists(db_instance=[said("production-app", "DB instance restarted", SourceArn=arn("rds", "db:other"))])
    assert read("rds", lists)[0].subject == "production-app"


class Activities:
    """Application Auto Scaling's list in pages, newest first; `read` counts the pages that were asked for."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self.pages, self.read = pages, 0
        self.application_autoscaling = self

    def get_paginator(self, operation: str) -> "Activities":
        assert operation == "describe_scaling_activities"
        return self

    def paginate(self, *, ServiceNamespace: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - AWS's name
        assert ServiceNamespace == "ecs"
        for page in self.pages:
            self.read += 1
            yield {"ScalingActivities": page}


def activity(service: str, before: float, cause: str = "monitor alarm went off") -> dict[str, Any]:
    return {
        "ResourceId": f"service/{service}",
        "StartTime": WHEN - timedelta(seconds=before),
        "Description": "Setting desired count to 4.",
        "Cause": cause,
        "StatusCode": "Successful",
    }


def test_scaling_activities_of_the_own_services_since_a_time() -> None:
    lists = Activities(
        [activity("production/rbac", 60), activity("legacy/rbac", 90), activity("production/audit", 120)],
        [activity("production/rbac", 500), activity("production/rbac", 700)],
        [activity("production/rbac", 90_000)],
    )
    scaled = replace(WHOLE, services=(service("rbac"), service("audit")))
    found = read("scaling", cast(Any, lists), scaled)
    assert [(event.subject, (WHEN - event.at).seconds) for event in found] == [
        ("rbac", 500),
        ("audit", 120),
        ("rbac", 60),
    ]
    assert found[-1].message == "Setting desired count to 4. monitor alarm went off"
    assert {(event.source, event.source_type) for event in found} == {("scaling", "activity")}
    assert lists.read == 2  # what follows is older


def test_without_services_scaling_is_not_asked_for() -> None:
    lists = Activities([activity("production/rbac", 60)])
    assert read("scaling", cast(Any, lists)) == []
    assert lists.read == 0
