"""SQS: the environment's queues."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.aws.errors import is_missing
from services.domain.snapshot import Queue

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient


def read_queue(client: "SQSClient", url: str) -> Queue | None:
    """One queue by its URL, None when it is gone."""
    try:
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return to_queue(url, {str(name): value for name, value in found.items()})


def to_queue(url: str, found: dict[str, str]) -> Queue:
    """Haven's queue of SQS's attributes, which are all strings."""
    redrive = json.loads(found.get("RedrivePolicy", "{}"))
    receives = redrive.get("maxReceiveCount")
    return Queue(
        name=found["QueueArn"].rpartition(":")[2],
        url=url,
        arn=found["QueueArn"],
        visible=int(found["ApproximateNumberOfMessages"]),
        in_flight=int(found["ApproximateNumberOfMessagesNotVisible"]),
        delayed=int(found["ApproximateNumberOfMessagesDelayed"]),
        encrypted=found.get("SqsManagedSseEnabled") == "true" or "KmsMasterKeyId" in found,
        dead_letter=redrive.get("deadLetterTargetArn"),
        max_receives=None if receives is None else int(receives),
    )


def join(queues: Iterable[Queue | None]) -> tuple[Queue, ...]:
    """The queues that exist, by name, each dead-letter queue knowing whom it serves."""
    there = [queue for queue in queues if queue is not None]
    serves = {queue.dead_letter: queue.name for queue in there if queue.dead_letter}
    return tuple(sorted((replace(q, dead_letter_of=serves.get(q.arn)) for q in there), key=lambda q: q.name))
