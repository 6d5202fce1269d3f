"""RDS's and ElastiCache's events as Haven's failovers."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.aws import failovers
from services.domain.snapshot import Failover
from tests.builders.data import failover
from tests.unit.aws.stubs import WHEN, answering, arn, refusing

DATABASES = {"SourceType": "db-instance", "EventCategories": ["failover"], "Duration": 20155}
CACHES = {"SourceType": "replication-group", "Duration": 20155}


def event(subject: str, message: str, **more: Any) -> dict[str, Any]:
    return {"SourceIdentifier": subject, "SourceType": "db-instance", "Message": message, "Date": WHEN, **more}


def of_databases(*events: dict[str, Any]) -> list[Failover]:
    whole = [{"EventCategories": ["failover"], "SourceArn": arn("rds", "db:x"), **each} for each in events]
    with answering("rds", ("describe_events", DATABASES, {"Events": whole})) as client:
        return list(failovers.list_database_failovers(client, ["production-app"]))


def of_caches(*messages: str, subject: str = "production-cache") -> list[str]:
    whole = [{**event(subject, each), "SourceType": "replication-group"} for each in messages]
    with answering("elasticache", ("describe_events", CACHES, {"Events": whole})) as client:
        found = failovers.list_cache_failovers(client, ["production-cache"])
    assert {each.source for each in found} <= {"elasticache"}
    return [each.message for each in found]


@pytest.mark.parametrize(
    "completed",
    [
        "Multi-AZ instance failover completed",
        "Multi-AZ instance failover completed. ",
        "Completed failover to DB instance: production-app-2",
        "Completed RDS initiated failover to DB instance: production-app-2",
    ],
)
def test_a_completed_failover_of_a_database_in_awss_words(completed: str) -> None:
    assert of_databases(event("production-app", completed)) == [
        Failover("production-app", WHEN, completed.strip(), "rds")
    ]


@pytest.mark.parametrize(
    "other",
    [
        "Multi-AZ instance failover started. ",
        "Multi-AZ instance activation completed",
        "Abandoning user requested failover since a failover recently occurred on the database instance.",
        "Recovered from partial failover.",
        "Started cross AZ failover to DB instance: production-app-2",
    ],
)
def test_what_is_no_completed_failover_of_a_database_is_left_out(other: str) -> None:
    assert of_databases(event("production-app", other)) == []


def test_another_environments_database_and_an_event_of_nothing_are_left_out() -> None:
    done = "Multi-AZ instance failover completed"
    nameless = {key: value for key, value in event("", done).items() if key != "SourceIdentifier"}
    assert of_databases(event("legacy-app", done), nameless) == []


def test_events_of_databases_are_read_over_pages() -> None:
    first, second = (event("production-app", "Multi-AZ instance failover completed", Date=at) for at in dates(2))
    with answering(
        "rds",
        ("describe_events", DATABASES, {"Events": [first], "Marker": "m"}),
        ("describe_events", {**DATABASES, "Marker": "m"}, {"Events": [second]}),
    ) as client:
        found = failovers.list_database_failovers(client, ["production-app"])
    assert [each.at for each in found] == dates(2)


def test_completed_failovers_of_a_cache_in_both_of_awss_wordings() -> None:
    whole = "Failover from primary node production-cache-001 to replica node production-cache-002 completed"
    short = "Failover to replica node production-cache-002 completed"
    others = ("Test Failover API called for node group 0001", "Failover from primary node production-cache-001 failed")
    assert of_caches(*others, whole, short) == [whole, short]
    assert of_caches(whole, subject="legacy-cache") == []


def test_a_refusal_is_raised() -> None:
    with refusing("rds", "describe_events", "AccessDenied", 403) as client, pytest.raises(ClientError):
        failovers.list_database_failovers(client, ["production-app"])


def test_the_newest_come_first_each_once_and_twenty_at_most() -> None:
    many = [failover(at=at) for at in dates(25)]
    kept = failovers.newest([*many, *many])
    assert [each.at for each in kept] == dates(25)[:4:-1]


def dates(number: int) -> list[Any]:
    return [WHEN + timedelta(hours=hour) for hour in range(number)]
