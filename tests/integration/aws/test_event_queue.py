"""The event queue that the data stack makes, fed by the sandbox's EventBridge: events in seconds, each known again."""

from collections.abc import Iterator

import pytest

from services.aws.event_queue import EventQueue, queue_url
from services.aws.events import EventReader
from services.domain.event import CloudEvent
from services.domain.snapshot import Snapshot
from tests.integration.aws.conftest import Cloud, SandboxClock

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]  # the first one deploys both environments


@pytest.fixture
def heard(cloud: Cloud) -> Iterator[tuple[Cloud, EventQueue, Snapshot]]:
    """The environments with an empty queue and no failover lately."""
    cloud.advance(900)
    queue, snapshot = EventQueue(cloud.sessions, SandboxClock(cloud.sandbox)), cloud.read()
    emptied(cloud, queue, snapshot)
    yield cloud, queue, snapshot
    cloud.advance(900)


def emptied(cloud: Cloud, queue: EventQueue, snapshot: Snapshot) -> list[CloudEvent]:
    """All that the queue holds, taken off it ten at a time."""
    found: list[CloudEvent] = []
    for _ in range(200):
        events, handles = queue.receive(cloud.production, snapshot)
        if not handles:
            return found
        assert len(handles) <= 10
        queue.done(cloud.production, snapshot, handles)
        found += events
    raise AssertionError("the queue is never empty")


def test_a_failover_is_heard_as_it_is_polled_and_everything_is_understood(
    heard: tuple[Cloud, EventQueue, Snapshot],
) -> None:
    cloud, queue, snapshot = heard
    since = SandboxClock(cloud.sandbox).now()
    cloud.sandbox.client("rds").reboot_db_instance(DBInstanceIdentifier="production-app", ForceFailover=True)
    cloud.advance(300)
    told = emptied(cloud, queue, snapshot)
    database = [event for event in told if event.source == "rds"]
    assert {"RDS-EVENT-0013", "RDS-EVENT-0006", "RDS-EVENT-0049"} <= {event.event_id for event in database}
    reader = EventReader(cloud.sessions, SandboxClock(cloud.sandbox))
    polled = [e for e in reader.events(cloud.production, snapshot, "rds", since) if e.at >= since]
    assert {event.key for event in database} == {event.key for event in polled}
    assert queue.not_understood == {}
    assert emptied(cloud, queue, snapshot) == []


def test_a_caches_failover_and_a_stopped_task_are_heard(heard: tuple[Cloud, EventQueue, Snapshot]) -> None:
    cloud, queue, snapshot = heard
    task = next(task for task in snapshot.services[0].tasks if task.last_status == "RUNNING")
    cloud.sandbox.control("task", cluster="production", task=task.task_id, act="crash")
    cloud.sandbox.client("elasticache").test_failover(ReplicationGroupId="production-cache", NodeGroupId="0001")
    cloud.advance(600)
    told = emptied(cloud, queue, snapshot)
    assert "ElastiCache:FailoverComplete" in [event.message for event in told if event.source == "elasticache"]
    service = [event for event in told if event.source == "ecs" and event.subject == snapshot.services[0].name]
    assert any(event.message.startswith(f"Task {task.task_id} STOPPED") for event in service)
    assert any(" RUNNING in us-east-1" in event.message for event in service)  # the one that took its place
    assert queue.not_understood == {}


def test_what_was_not_taken_off_comes_again(heard: tuple[Cloud, EventQueue, Snapshot]) -> None:
    cloud, queue, snapshot = heard
    sqs = cloud.sandbox.client("sqs")
    sqs.send_message(QueueUrl=queue_url(snapshot), MessageBody="not Haven's business")
    _, first = queue.receive(cloud.production, snapshot)
    assert len(first) == 1
    assert queue.receive(cloud.production, snapshot) == ((), ())  # hidden, while somebody may be at it
    sqs.change_message_visibility(QueueUrl=queue_url(snapshot), ReceiptHandle=first[0], VisibilityTimeout=0)
    _, second = queue.receive(cloud.production, snapshot)
    assert queue.not_understood == {"not JSON": 2}
    queue.done(cloud.production, snapshot, second)
    sizes = sqs.get_queue_attributes(QueueUrl=queue_url(snapshot), AttributeNames=["All"])["Attributes"]
    assert sizes["ApproximateNumberOfMessages"] == sizes["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_each_environment_has_its_own_queue(heard: tuple[Cloud, EventQueue, Snapshot]) -> None:
    cloud, queue, snapshot = heard
    legacy = cloud.read(of=cloud.legacy)
    assert queue_url(legacy) != queue_url(snapshot)
    while handles := queue.receive(cloud.legacy, legacy)[1]:
        queue.done(cloud.legacy, legacy, handles)
    cloud.sandbox.client("rds").reboot_db_instance(DBInstanceIdentifier="legacy-app")
    cloud.advance(120)
    told, _ = queue.receive(cloud.legacy, legacy)
    assert {event.subject for event in told if event.source == "rds"} == {"legacy-app"}
    assert [event for event in emptied(cloud, queue, snapshot) if event.source == "rds"] == []


def test_a_host_that_fails_is_told_as_automatic_with_its_cause(heard: tuple[Cloud, EventQueue, Snapshot]) -> None:
    cloud, queue, snapshot = heard
    since = SandboxClock(cloud.sandbox).now()
    cloud.sandbox.control("failover", name="production-app", cause="host")
    cloud.advance(300)
    reader = EventReader(cloud.sessions, SandboxClock(cloud.sandbox))
    polled = [e for e in reader.events(cloud.production, snapshot, "rds", since) if e.at >= since]
    cause = "The primary host of the RDS Multi-AZ instance is unhealthy."
    for told in (polled, emptied(cloud, queue, snapshot)):
        words = [event.message for event in told if event.source == "rds"]
        assert cause in words
        assert "The user requested a failover of the DB instance." not in words
