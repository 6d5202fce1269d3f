"""From a topic to a queue: only if the queue's policy lets SNS send from that topic, as on AWS."""

import logging
from collections.abc import Callable
from typing import Any

from moto.sqs.models import sqs_backends

from sandbox.gaps.eventbridge.permission import allows

log = logging.getLogger("sandbox.gaps.eventbridge")


def permitted(original: Callable[..., None]) -> Callable[..., None]:
    """Subscription.publish that loses what the queue's policy does not let in."""

    def publish(self: Any, *given: Any, **named: Any) -> None:
        if self.protocol == "sqs" and not _may_send(str(self.topic.arn), str(self.endpoint)):
            log.info("topic %s may not send to %s", self.topic.arn, self.endpoint)
            return
        original(self, *given, **named)

    return publish


def _may_send(topic: str, queue: str) -> bool:
    _, _, _, region, account, name = queue.split(":")
    found = sqs_backends[account][region].queues.get(name)
    context = {"aws:sourcearn": topic, "aws:sourceaccount": topic.split(":")[4], "aws:securetransport": "true"}
    return found is not None and allows(found.policy, "sns.amazonaws.com", "sqs:SendMessage", queue, context)
