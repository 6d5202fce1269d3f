"""The event queue: what each kind of message says, whose it is, and what becomes of those nobody understands."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from services.aws.event_queue import EventQueue
from services.aws.session import Sessions, Wire
from services.domain.errors import Misconfigured
from services.domain.event import Came, CloudEvent
from services.domain.snapshot import Snapshot
from tests.builders.data import alarm, cache, database, stack
from tests.builders.fargate import service
from tests.builders.places import environment
from tests.unit.aws.stubs import WHEN, answering, arn, refusing
from tests.unit.aws.world import Clock

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/production-haven-events"
PRODUCTION = environment("production")
DATA = stack("data", outputs=(("QueueUrl", "https://other"), ("HavenQueueUrl", URL)))
SNAPSHOT = Snapshot(
    "production",
    WHEN,
    stacks=(stack("network"), DATA),
    databases=(database(),),
    caches=(cache(),),
    services=(service("rbac"),),
    alarms=(alarm("production-database-cpu"),),
)
SENT = WHEN - timedelta(seconds=3)
RECEIVE = {
    "QueueUrl": URL,
    "MaxNumberOfMessages": 10,
    "WaitTimeSeconds": 0,
    "MessageSystemAttributeNames": ["SentTimestamp"],
}


class _Sessions(Sessions):
    """Hands one stubbed SQS client to whoever asks as operator, and to nobody else."""

    def __init__(self, sqs: Any) -> None:
        super().__init__(Wire(), Clock())
        self.sqs = sqs

    def operator(self, environment: Any) -> Any:
        return self

    def reader(self, environment: Any) -> Any:
        raise AssertionError("looking must not take messages away")


def envelope(kind: str, detail: dict[str, Any], *resources: str) -> dict[str, Any]:
    at = f"{WHEN:%Y-%m-%dT%H:%M:%SZ}"
    return {"version": "0", "id": "1", "detail-type": kind, "time": at, "resources": resources, "detail": detail}


def message(body: Any, number: int = 1) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    stamp = str(int(SENT.timestamp() * 1000))
    return {"Body": text, "ReceiptHandle": f"handle-{number}", "Attributes": {"SentTimestamp": stamp}}


def received(*bodies: Any, snapshot: Snapshot = SNAPSHOT) -> tuple[list[CloudEvent], list[str], EventQueue]:
    answer = {"Messages": [message(body, number) for number, body in enumerate(bodies, 1)]}
    with answering("sqs", ("receive_message", RECEIVE, answer)) as client:
        queue = EventQueue(_Sessions(client), Clock())
        events, handles = queue.receive(PRODUCTION, snapshot)
    return list(events), list(handles), queue


def only(body: Any) -> CloudEvent:
    (event,), _, _ = received(body)
    return event


def test_an_event_of_the_database_has_its_own_time_and_id() -> None:
    detail = {
        "EventCategories": ["failover"],
        "SourceType": "DB_INSTANCE",
        "SourceArn": arn("rds", "db:production-app"),
        "Date": "2026-11-22T02:12:50.292Z",
        "Message": "Multi-AZ instance failover started. ",
        "SourceIdentifier": "production-app",
        "EventID": "RDS-EVENT-0013",
    }
    assert only(envelope("RDS DB Instance Event", detail)) == CloudEvent(
        "production",
        "rds",
        "db-instance",
        "production-app",
        WHEN - timedelta(seconds=9, microseconds=708_000),
        "Multi-AZ instance failover started.",
        ("failover",),
        "RDS-EVENT-0013",
        Came.QUEUE,
        WHEN,
    )


def test_one_that_says_why_has_neither_category_nor_id() -> None:
    detail = {
        "SourceType": "DB_INSTANCE",
        "SourceIdentifier": "production-app",
        "Date": "2026-11-22T02:12:50Z",
        "Message": "The user requested a failover of the DB instance.",
    }
    event = only(envelope("RDS DB Instance Event", detail))
    assert (event.categories, event.event_id) == ((), "")


def test_a_notice_of_the_cache_takes_the_time_it_was_sent() -> None:
    notice = {"ElastiCache:FailoverComplete": "production-cache-002"}
    wrapped = {"Type": "Notification", "Message": json.dumps(notice), "TopicArn": arn("sns", "production-cache")}
    for body in (notice, wrapped):
        event = only(body)
        assert (event.source, event.source_type, event.subject) == (
            "elasticache",
            "cache-cluster",
            "production-cache-002",
        )
        assert (event.message, event.at) == ("ElastiCache:FailoverComplete", SENT)


TASK = {
    "taskArn": arn("ecs", "task/production/0af1"),
    "clusterArn": arn("ecs", "cluster/production"),
    "group": "service:rbac",
    "availabilityZone": "us-east-1b",
    "lastStatus": "STOPPED",
    "stoppedReason": "Essential container in task exited",
    "stopCode": "EssentialContainerExited",
    "stoppedAt": "2026-11-22T02:12:59.5Z",
    "updatedAt": "2026-11-22T02:13:00Z",
}


def test_a_task_that_stopped_is_its_services() -> None:
    event = only(envelope("ECS Task State Change", TASK))
    assert (event.source, event.source_type, event.subject) == ("ecs", "task", "rbac")
    assert event.message == "Task 0af1 STOPPED in us-east-1b: Essential container in task exited"
    assert event.categories == ("STOPPED", "EssentialContainerExited")
    assert event.at == WHEN - timedelta(milliseconds=500)


@pytest.mark.parametrize("status", ["PENDING", "ACTIVATING", "STOPPING", "DEPROVISIONING"])
def test_what_a_task_only_passes_through_is_not_kept(status: str) -> None:
    events, handles, queue = received(envelope("ECS Task State Change", {**TASK, "lastStatus": status}))
    assert (events, handles, queue.not_understood) == ([], ["handle-1"], {})


@pytest.mark.parametrize(
    ("kind", "detail", "source_type", "words"),
    [
        (
            "ECS Service Action",
            {"eventType": "INFO", "eventName": "SERVICE_STEADY_STATE", "createdAt": "2026-11-22T02:12:00Z"},
            "service",
            "SERVICE_STEADY_STATE",
        ),
        (
            "ECS Deployment State Change",
            {
                "eventType": "ERROR",
                "eventName": "SERVICE_DEPLOYMENT_FAILED",
                "updatedAt": "2026-11-22T02:12:00Z",
                "reason": "tasks failed to start.",
            },
            "deployment",
            "SERVICE_DEPLOYMENT_FAILED: tasks failed to start.",
        ),
    ],
)
def test_what_the_scheduler_and_a_deployment_tell_is_their_services(
    kind: str, detail: dict[str, str], source_type: str, words: str
) -> None:
    event = only(envelope(kind, detail, arn("ecs", "service/production/rbac")))
    assert (event.source_type, event.subject, event.message) == (source_type, "rbac", words)
    assert event.at == WHEN - timedelta(minutes=1)
    assert event.categories == (detail["eventType"],)


@pytest.mark.parametrize("name", ["production-database-cpu", "TargetTracking-service/production/rbac-AlarmHigh-1"])
def test_an_alarm_of_the_environment_or_of_its_scaling(name: str) -> None:
    state = {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": "2026-11-22T02:12:59.000+0000"}
    event = only(envelope("CloudWatch Alarm State Change", {"alarmName": name, "state": state}))
    assert (event.source, event.subject, event.message) == ("cloudwatch", name, "ALARM: Threshold Crossed")
    assert (event.at, event.categories) == (WHEN - timedelta(seconds=1), ("ALARM",))


def test_a_stack_of_the_environment_even_one_not_seen_before() -> None:
    stack_id = arn("cloudformation", "stack/production-service-new/1-2-3")
    details = {"status": "CREATE_IN_PROGRESS", "status-reason": "User Initiated"}
    event = only(
        envelope("CloudFormation Stack Status Change", {"stack-id": stack_id, "status-details": details}, stack_id)
    )
    assert (event.source, event.subject) == ("cloudformation", "production-service-new")
    assert (event.message, event.at) == ("CREATE_IN_PROGRESS: User Initiated", WHEN)


def rds_of(name: str) -> dict[str, Any]:
    detail = {"SourceType": "DB_INSTANCE", "SourceIdentifier": name, "Date": "2026-11-22T02:12:50Z", "Message": "x"}
    return envelope("RDS DB Instance Event", detail)


def test_another_environments_things_are_passed_over_and_taken_off() -> None:
    legacy = {**TASK, "clusterArn": arn("ecs", "cluster/legacy")}
    quiet = {"alarmName": "legacy-database-cpu", "state": {"value": "OK"}}
    other = {"stack-id": arn("cloudformation", "stack/production-eu-data/1"), "status-details": {"status": "X"}}
    bodies = [
        rds_of("legacy-app"),
        {"ElastiCache:FailoverComplete": "legacy-cache-001"},
        envelope("ECS Task State Change", legacy),
        envelope("ECS Task State Change", {**TASK, "group": "family:migration"}),
        envelope("ECS Service Action", {"eventName": "X"}, arn("ecs", "service/legacy/rbac")),
        envelope("CloudWatch Alarm State Change", quiet),
        envelope("CloudFormation Stack Status Change", other),
    ]
    events, handles, queue = received(*bodies)
    assert events == []
    assert len(handles) == len(bodies)
    assert queue.not_understood == {}


def test_what_is_not_understood_is_taken_off_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    bodies = [
        "not json",
        "[1, 2]",
        "[" * 100_000,
        {"detail-type": "Health Event"},
        {"detail-type": "Health Event"},
        envelope("RDS DB Instance Event", {"SourceType": "DB_INSTANCE"}),
        envelope("ECS Service Action", {"eventName": "X"}, "no-arn"),
        {**rds_of("production-app"), "time": "yesterday"},
        rds_of("production-app"),
    ]
    with caplog.at_level(logging.WARNING):
        events, handles, queue = received(*bodies)
    assert len(events) == 1  # those beside it are not lost
    assert len(handles) == len(bodies)
    assert queue.not_understood == {
        "not JSON": 2,
        "not an object": 1,
        "Health Event": 2,
        "RDS DB Instance Event": 2,
        "ECS Service Action": 1,
    }
    assert len(caplog.records) == 5


def test_without_a_queue_nothing_is_asked_and_a_queue_that_is_gone_is_none() -> None:
    with answering("sqs") as client:
        queue = EventQueue(_Sessions(client), Clock())
        bare = Snapshot("production", WHEN)
        assert queue.receive(PRODUCTION, bare) == ((), ())
        queue.done(PRODUCTION, bare, ["handle-1"])
        queue.done(PRODUCTION, SNAPSHOT, [])
    with refusing("sqs", "receive_message", "AWS.SimpleQueueService.NonExistentQueue") as client:
        assert EventQueue(_Sessions(client), Clock()).receive(PRODUCTION, SNAPSHOT) == ((), ())
    with refusing("sqs", "receive_message", "AccessDenied", 403) as client, pytest.raises(Misconfigured):
        EventQueue(_Sessions(client), Clock()).receive(PRODUCTION, SNAPSHOT)


def test_what_was_kept_is_deleted_ten_at_a_time(caplog: pytest.LogCaptureFixture) -> None:
    handles = [f"handle-{number}" for number in range(12)]
    first = [{"Id": str(number), "ReceiptHandle": handles[number]} for number in range(10)]
    second = [{"Id": str(number), "ReceiptHandle": handles[10 + number]} for number in range(2)]
    failed = [{"Id": "1", "SenderFault": True, "Code": "ReceiptHandleIsInvalid", "Message": "expired"}]
    with (
        answering(
            "sqs",
            ("delete_message_batch", {"QueueUrl": URL, "Entries": first}, {"Successful": [], "Failed": []}),
            ("delete_message_batch", {"QueueUrl": URL, "Entries": second}, {"Successful": [], "Failed": failed}),
        ) as client,
        caplog.at_level(logging.WARNING),
    ):
        EventQueue(_Sessions(client), Clock()).done(PRODUCTION, SNAPSHOT, handles)
    assert "expired" in caplog.text
