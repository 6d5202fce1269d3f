"""Findings about the queues: nothing lost, nothing stuck."""

from collections.abc import Iterator

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.snapshot import Part, Queue, Snapshot
from services.domain.status import Status
from services.domain.wording import counted

OLD_MESSAGE = 300.0
"""Seconds after which the oldest waiting message says that nobody consumes fast enough."""


def dead_letters(snapshot: Snapshot) -> Iterator[Finding]:
    """A queue without a dead-letter queue, or one with letters in it."""
    for queue in snapshot.queues:
        if queue.dead_letter_of is not None:
            waiting = queue.visible + queue.in_flight
            if waiting:
                yield _found(
                    queue,
                    "dead-letters",
                    f"{counted(waiting, 'dead letter')} in {queue.name}",
                    f"{counted(waiting, 'message')} of {queue.dead_letter_of} failed every try and "
                    f"{'waits' if waiting == 1 else 'wait'} for a person.",
                    "Find out why they fail, then redrive them to the queue.",
                )
        elif queue.dead_letter is None:
            yield _found(
                queue,
                "queue-no-dead-letter",
                f"Queue {queue.name} has no dead-letter queue",
                "A message that always fails is tried again until it expires, and is lost then.",
                "Give it a redrive policy to a dead-letter queue.",
            )


def unencrypted(snapshot: Snapshot) -> Iterator[Finding]:
    """Server-side encryption off."""
    for queue in snapshot.queues:
        if not queue.encrypted:
            yield _found(
                queue,
                "queue-unencrypted",
                f"Queue {queue.name} is not encrypted",
                "Neither a KMS key nor SQS-managed encryption is set.",
                "Set KmsMasterKeyId, or SqsManagedSseEnabled.",
            )


def old_messages(snapshot: Snapshot) -> Iterator[Finding]:
    """The oldest message waits too long."""
    for queue in snapshot.queues:
        oldest = snapshot.metric(queue.name, "ApproximateAgeOfOldestMessage")
        if queue.dead_letter_of is None and oldest is not None and oldest.value > OLD_MESSAGE:
            yield _found(
                queue,
                "queue-old-messages",
                f"Messages in {queue.name} wait too long",
                f"The oldest waits for {oldest.value / 60:.0f} min, more than {OLD_MESSAGE / 60:.0f}; "
                f"{counted(queue.visible, 'message')} waiting.",
                "Look at the consumers: stopped, failing, or too few.",
            )


def _found(queue: Queue, rule: str, title: str, why: str, mend: str) -> Finding:
    subject = Subject.queue(queue.name)
    return Finding(rule, Status.DEGRADED, subject, title, why, Requirement.EVENTS, mend, Part.QUEUES)


RULES = (
    Rule(dead_letters, (Part.QUEUES,)),
    Rule(old_messages, (Part.QUEUES, Part.METRICS)),
    Rule(unencrypted, (Part.QUEUES,)),
)
