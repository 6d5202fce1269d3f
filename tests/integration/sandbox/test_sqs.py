"""Dead letters move back in the sandbox, over time, as SQS does it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from tests.integration.sandbox.ground import Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    return fresh_ground()


class Queues:
    """`events` and its dead-letter queue `events-dlq`."""

    def __init__(self, ground: Ground) -> None:
        self.sqs = ground.aws("sqs")
        self.dead = self.sqs.create_queue(QueueName="events-dlq")["QueueUrl"]
        policy = json.dumps({"deadLetterTargetArn": self.arn(self.dead), "maxReceiveCount": 1})
        attributes = {"RedrivePolicy": policy, "VisibilityTimeout": "0"}
        self.events = self.sqs.create_queue(QueueName="events", Attributes=attributes)["QueueUrl"]

    def arn(self, url: str) -> str:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    def waiting(self, url: str) -> int:
        name = "ApproximateNumberOfMessages"
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return int(found["Attributes"][name])

    def die(self, number: int) -> None:
        """Send messages and fail each of them once too often."""
        for n in range(number):
            self.sqs.send_message(QueueUrl=self.events, MessageBody=f"message {n}")
        for _ in range(2 * number):
            self.sqs.receive_message(QueueUrl=self.events, MaxNumberOfMessages=10)
        assert (self.waiting(self.events), self.waiting(self.dead)) == (0, number)

    def start(self, **more: Any) -> str:
        return str(self.sqs.start_message_move_task(SourceArn=self.arn(self.dead), **more)["TaskHandle"])

    def tasks(self, number: int = 1) -> list[dict[str, Any]]:
        found = self.sqs.list_message_move_tasks(SourceArn=self.arn(self.dead), MaxResults=number)
        return list(found["Results"])


def code_of(refusal: Any) -> str:
    return str(refusal.value.response["Error"]["Code"])


def test_dead_letters_go_back_to_where_they_came_from(ground: Ground) -> None:
    queues = Queues(ground)
    queues.die(3)
    handle = queues.start()
    (task,) = queues.tasks()
    assert (task["Status"], task["TaskHandle"]) == ("RUNNING", handle)
    assert (task["ApproximateNumberOfMessagesMoved"], task["ApproximateNumberOfMessagesToMove"]) == (0, 3)
    clock.advance(5)
    (task,) = queues.tasks()
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 3)
    assert "TaskHandle" not in task
    assert (queues.waiting(queues.events), queues.waiting(queues.dead)) == (3, 0)
    found = queues.sqs.receive_message(
        QueueUrl=queues.events, MaxNumberOfMessages=10, MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in found} == {"1"}


def test_a_rate_makes_it_take_its_time_and_it_can_be_cancelled_meanwhile(ground: Ground) -> None:
    queues = Queues(ground)
    queues.die(6)
    handle = queues.start(MaxNumberOfMessagesPerSecond=2)
    clock.advance(1)
    assert queues.waiting(queues.dead) == 4
    with pytest.raises(ClientError, match="already a task running"):
        queues.start()
    clock.advance(1)
    assert queues.sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 4
    assert queues.tasks()[0]["Status"] == "CANCELLING"
    clock.advance(10)
    assert queues.tasks()[0]["Status"] == "CANCELLED"
    assert queues.waiting(queues.dead) == 2
    with pytest.raises(ClientError) as twice:
        queues.sqs.cancel_message_move_task(TaskHandle=handle)
    assert code_of(twice) == "InvalidParameterValue"
    queues.start()
    clock.advance(5)
    assert [task["Status"] for task in queues.tasks(10)] == ["COMPLETED", "CANCELLED"]


def test_they_can_go_to_another_queue_and_those_of_unknown_origin_must(ground: Ground) -> None:
    queues = Queues(ground)
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="sent by hand")
    queues.start()
    clock.advance(5)
    (task,) = queues.tasks()
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    other = queues.sqs.create_queue(QueueName="other")["QueueUrl"]
    queues.start(DestinationArn=queues.arn(other))
    clock.advance(5)
    assert (queues.waiting(other), queues.waiting(queues.dead)) == (1, 0)


def test_what_cannot_be_moved_is_refused(ground: Ground) -> None:
    queues = Queues(ground)
    arn = queues.arn(queues.events)
    with pytest.raises(ClientError, match="must be configured as a Dead Letter Queue"):
        queues.sqs.start_message_move_task(SourceArn=arn)
    with pytest.raises(ClientError) as unknown:
        queues.sqs.start_message_move_task(SourceArn=f"{arn}-nobody")
    assert code_of(unknown) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as nowhere:
        queues.start(DestinationArn=f"{arn}-nobody")
    assert code_of(nowhere) == "ResourceNotFoundException"
    for rate in (0, 501):
        with pytest.raises(ClientError) as fast:
            queues.start(MaxNumberOfMessagesPerSecond=rate)
        assert code_of(fast) == "InvalidParameterValue"
    with pytest.raises(ClientError) as number:
        queues.tasks(11)
    assert code_of(number) == "InvalidParameterValue"
    with pytest.raises(ClientError) as handle:
        queues.sqs.cancel_message_move_task(TaskHandle="nothing")
    assert code_of(handle) == "ResourceNotFoundException"
