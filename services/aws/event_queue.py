"""The SQS queue that EventBridge feeds, and ElastiCache through SNS: events within seconds, with the polling below it.

The queue is the one that the environment's data stack names in its output `HavenQueueUrl`; without that output there is
none. Receiving and deleting change the queue, so they take the operator's role, which needs sqs:ReceiveMessage and
sqs:DeleteMessage on that queue alone; a role that only looks must not be able to take messages away.
"""

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.aws.belongings import Belongings
from services.aws.envelopes import NotUnderstood, read
from services.aws.errors import is_missing, translated
from services.aws.session import Sessions
from services.domain.environment import Environment
from services.domain.event import CloudEvent
from services.domain.snapshot import Snapshot
from services.ports import Clock

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

log = logging.getLogger(__name__)
OUTPUT = "HavenQueueUrl"
"""The data stack's output that names the queue."""
AT_ONCE = 10
"""SQS gives and deletes no more messages in one call."""


class EventQueue:
    """`ports.EventQueue` with the environment's operator credentials.

    Messages nobody understands are taken off the queue all the same, counted by what they call themselves in
    `not_understood`, and logged once each kind.
    """

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._lock = threading.Lock()
        self.not_understood: Counter[str] = Counter()

    def receive(self, environment: Environment, snapshot: Snapshot) -> tuple[Sequence[CloudEvent], Sequence[str]]:
        """As `ports.EventQueue.receive`. Raises Haven's errors; a queue that is gone is no queue."""
        url = queue_url(snapshot)
        if url is None:
            return (), ()
        with translated():
            messages = self._received(environment, url)
        own, now = Belongings(environment, snapshot), self._clock.now()
        events = [event for message in messages if (event := self._event(message, environment, own, now))]
        return tuple(events), tuple(message["ReceiptHandle"] for message in messages)

    def done(self, environment: Environment, snapshot: Snapshot, handles: Sequence[str]) -> None:
        """As `ports.EventQueue.done`. One that could not be deleted comes again, and is known again."""
        url = queue_url(snapshot)
        if url is None or not handles:
            return
        with translated():
            client = self._sessions.operator(environment).sqs
            for start in range(0, len(handles), AT_ONCE):
                some = handles[start : start + AT_ONCE]
                answer = client.delete_message_batch(
                    QueueUrl=url,
                    Entries=[{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(some)],
                )
                for failed in answer.get("Failed", []):
                    log.warning("A message stays on %s: %s", url, failed.get("Message", failed["Code"]))

    def _received(self, environment: Environment, url: str) -> "Sequence[MessageTypeDef]":
        try:
            return (
                self._sessions.operator(environment)
                .sqs.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=AT_ONCE,
                    WaitTimeSeconds=0,  # said, for the queue's own default may be to wait
                    MessageSystemAttributeNames=["SentTimestamp"],
                )
                .get("Messages", [])
            )
        except ClientError as error:
            if is_missing(error):
                return []
            raise

    def _event(
        self, message: "MessageTypeDef", environment: Environment, own: Belongings, now: datetime
    ) -> CloudEvent | None:
        sent = message.get("Attributes", {}).get("SentTimestamp")
        sent_at = datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else now
        try:
            event = read(message.get("Body", ""), sent_at, environment.name, own)
        except NotUnderstood as problem:
            with self._lock:
                self.not_understood[problem.kind] += 1
                first = self.not_understood[problem.kind] == 1
            if first:
                log.warning("The event queue carries what Haven does not understand: %s", problem.kind)
            return None
        return replace(event, received_at=now) if event else None


def queue_url(snapshot: Snapshot) -> str | None:
    """The environment's event queue, as its stacks name it."""
    outputs = (value for stack in snapshot.stacks for name, value in stack.outputs if name == OUTPUT)
    return next(outputs, None)
