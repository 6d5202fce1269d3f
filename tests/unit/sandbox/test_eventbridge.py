"""What lets EventBridge in, how patterns see an event, and which notice goes with an event of ElastiCache."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.gaps.eventbridge.notices import name_of
from sandbox.gaps.eventbridge.patterns import flatten
from sandbox.gaps.eventbridge.permission import allows
from sandbox.gaps.eventbridge.shapes import action, database, envelope

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
RULE = "arn:aws:events:us-east-1:123456789012:rule/r"
CONTEXT = {"aws:sourcearn": RULE, "aws:sourceaccount": "123456789012", "aws:securetransport": "true"}
OPEN: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": QUEUE,
}


def let_in(*statements: dict[str, Any]) -> bool:
    return allows({"Statement": list(statements)}, "events.amazonaws.com", "sqs:SendMessage", QUEUE, CONTEXT)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Action": "SQS:Send*"},
        {"Principal": "*"},
        {"Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}},
        {"Resource": "*"},
        {"Condition": {"ArnEquals": {"aws:SourceArn": [RULE, "other"]}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": "123456789012"}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Condition": {"Null": {"aws:PrincipalArn": "true"}}},
    ],
)
def test_it_is_let_in(more: dict[str, Any]) -> None:
    assert let_in({**OPEN, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"Action": "sqs:ReceiveMessage"},
        {"Principal": {"Service": "sns.amazonaws.com"}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Resource": QUEUE + "-2"},
        {"Condition": {"ArnEquals": {"aws:SourceArn": RULE + "-2"}}},
        {"Condition": {"StringEquals": {"AWS:SourceOwner": "123456789012"}}},
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
    ],
)
def test_it_is_not_let_in(more: dict[str, Any]) -> None:
    assert not let_in({**OPEN, **more})


def test_nothing_lets_in_nobody() -> None:
    assert not allows(None, "events.amazonaws.com", "sqs:SendMessage", QUEUE, CONTEXT)
    assert not allows("", "events.amazonaws.com", "sqs:SendMessage", QUEUE, CONTEXT)


def test_a_denial_wins_and_one_about_plain_http_does_not_strike() -> None:
    denial = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": QUEUE}
    assert not let_in(OPEN, denial)
    assert let_in(OPEN, {**denial, "Condition": {"Bool": {"aws:SecureTransport": "false"}}})


def test_a_field_inside_an_array_of_objects_has_all_its_values() -> None:
    event = {"detail": {"containers": [{"exitCode": 0, "n": {"x": 1}}, {"exitCode": 2}], "tags": ["a", "b"]}, "id": "1"}
    assert flatten(event) == {
        "detail.containers.exitCode": [0, 2],
        "detail.containers.n.x": [1],
        "detail.tags": ["a", "b"],
        "id": "1",
    }


@pytest.mark.parametrize(
    ("kind", "message", "name"),
    [
        ("cache-cluster", "Failover from primary node a to replica node b completed", "ElastiCache:FailoverComplete"),
        ("replication-group", "Failover from primary node a to replica node b completed", None),
        ("cache-cluster", "Recovering cache nodes 0001", "ElastiCache:CacheNodeReplaceStarted"),
        ("cache-cluster", "Finished recovery for cache nodes 0001", "ElastiCache:CacheNodeReplaceComplete"),
        ("replication-group", "Replication group cache created", "ElastiCache:CreateReplicationGroupComplete"),
        ("replication-group", "Replication group cache deleted", None),
        ("replication-group", "Test Failover API called for node group 0001", None),
    ],
)
def test_a_notice_goes_with_what_elasticache_tells_sns(kind: str, message: str, name: str | None) -> None:
    assert name_of({"SourceType": kind, "Message": message}) == name


def test_only_some_service_events_are_service_actions() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    found = action("(service rbac) was unable to place a task. Reason: Capacity is unavailable", "cluster", at)
    assert found == {
        "eventType": "ERROR",
        "eventName": "SERVICE_TASK_PLACEMENT_FAILURE",
        "clusterArn": "cluster",
        "createdAt": at,
        "reason": "RESOURCE:FARGATE",
    }
    assert action("(service rbac) has started 1 tasks: (task 1).", "cluster", at) is None


def test_an_event_of_a_cluster_is_one_of_a_cluster_and_one_without_an_id_has_none() -> None:
    at = datetime(2026, 1, 1, 12, 0, 0, 987_654, tzinfo=UTC)
    arn = "arn:aws:rds:us-east-1:1:cluster:c"
    event = {"SourceIdentifier": "c", "SourceType": "db-cluster", "Message": "m", "EventCategories": []}
    detail = database({**event, "Date": at, "SourceArn": arn}, None)
    made = envelope("id", "1", "us-east-1", at, "aws.rds", "RDS DB Cluster Event", [arn], detail)
    assert made["time"] == "2026-01-01T12:00:00Z"
    assert made["detail"] == {
        "EventCategories": [],
        "SourceType": "CLUSTER",
        "SourceArn": arn,
        "Date": "2026-01-01T12:00:00.987Z",
        "Message": "m",
        "SourceIdentifier": "c",
    }
