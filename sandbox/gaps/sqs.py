"""Mends moto's sqs: dead letters move back to where they came from, over time (StartMessageMoveTask and its sisters).

Facts: aws-facts 13.1. A moved message is a new one: new id, no receives. Messages that nobody may see at the moment are
left; one whose origin is not known cannot go back and fails the task. Remove when moto has message move tasks.
"""

from base64 import b64encode
from json import dumps
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Message, SQSBackend, sqs_backends
from moto.sqs.responses import SQSResponse

from sandbox.clock import clock, transition

FASTEST, USUAL = 500, 100  # messages a second
LISTED, REMEMBERED = 10, 50
STEP = 1.0  # seconds
CANCELLING = 2.0
NO_QUEUE = "The resource that you specified for the {name} parameter doesn't exist."
NOT_DEAD = "Source queue must be configured as a Dead Letter Queue."
RUNNING_ALREADY = (
    "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
)


def _queue(backend: SQSBackend, arn: Any, name: str) -> Any:
    found = next((q for q in backend.queues.values() if q.queue_arn == arn), None)
    if found is None:
        raise SQSException("ResourceNotFoundException", NO_QUEUE.format(name=name))
    return found


def _tasks(backend: SQSBackend) -> dict[str, list[dict[str, Any]]]:
    """Tasks by their source's ARN, newest first."""
    if not hasattr(backend, "move_tasks"):
        backend.move_tasks = {}
    found: dict[str, list[dict[str, Any]]] = backend.move_tasks
    return found


def start_message_move_task(self: Any) -> ActionResult:
    """StartMessageMoveTask: from a dead-letter queue to where its messages came from, or to another queue."""
    backend = self.sqs_backend
    source = _queue(backend, self._get_param("SourceArn"), "SourceArn")
    rate = self._get_param("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= int(rate) <= FASTEST:
        text = f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500."
        raise SQSException("InvalidParameterValue", text)
    target = self._get_param("DestinationArn")
    if target is not None:
        destination = _queue(backend, target, "DestinationArn")
        if destination.fifo_queue != source.fifo_queue:
            text = "Source and destination queues must be of the same type."
            raise SQSException("AWS.SimpleQueueService.UnsupportedOperation", text)
    if not any(q.dead_letter_queue is source for q in backend.queues.values()):
        raise SQSException("InvalidParameterValue", NOT_DEAD)
    known = _tasks(backend).setdefault(source.queue_arn, [])
    if any(task["Status"] in ("RUNNING", "CANCELLING") for task in known):
        raise SQSException("AWS.SimpleQueueService.UnsupportedOperation", RUNNING_ALREADY)
    handle = b64encode(dumps({"taskId": str(uuid4()), "sourceArn": source.queue_arn}).encode()).decode()
    task = {
        "TaskHandle": handle,
        "Status": "RUNNING",
        "SourceArn": source.queue_arn,
        "DestinationArn": target,
        "MaxNumberOfMessagesPerSecond": int(rate) if rate is not None else None,
        "ApproximateNumberOfMessagesMoved": 0,
        "ApproximateNumberOfMessagesToMove": len(source.messages),
        "StartedTimestamp": int(clock.time() * 1000),
    }
    known.insert(0, task)
    del known[REMEMBERED:]
    clock.after(STEP, "sqs.move", account=backend.account_id, region=backend.region_name, handle=handle)
    return ActionResult({"TaskHandle": handle})


def list_message_move_tasks(self: Any) -> ActionResult:
    """ListMessageMoveTasks: the newest one, or up to ten. Only a running task shows its handle."""
    backend = self.sqs_backend
    source = _queue(backend, self._get_param("SourceArn"), "SourceArn")
    given = self._get_param("MaxResults")
    number = 1 if given is None else int(given)
    if not 1 <= number <= LISTED:
        text = f"Value {number} for parameter MaxResults is invalid. Reason: Must be between 1 and {LISTED}."
        raise SQSException("InvalidParameterValue", text)
    shown = [_shape(task) for task in _tasks(backend).get(source.queue_arn, [])[:number]]
    return ActionResult({"Results": shown})


def _shape(task: dict[str, Any]) -> dict[str, Any]:
    hidden = () if task["Status"] == "RUNNING" else ("TaskHandle",)
    return {key: value for key, value in task.items() if value is not None and key not in hidden}


def cancel_message_move_task(self: Any) -> ActionResult:
    """CancelMessageMoveTask: what has moved stays moved."""
    backend = self.sqs_backend
    handle = self._get_param("TaskHandle")
    task = _find(backend, handle)
    if task is None:
        raise SQSException("ResourceNotFoundException", "Task does not exist.")
    if task["Status"] != "RUNNING":
        raise SQSException("InvalidParameterValue", "Only active tasks can be cancelled")
    task["Status"] = "CANCELLING"
    where = {"account": backend.account_id, "region": backend.region_name}
    clock.after(CANCELLING, "sqs.cancelled", handle=handle, **where)
    return ActionResult({"ApproximateNumberOfMessagesMoved": task["ApproximateNumberOfMessagesMoved"]})


def _find(backend: SQSBackend, handle: Any) -> dict[str, Any] | None:
    return next((t for known in _tasks(backend).values() for t in known if t["TaskHandle"] == handle), None)


@transition("sqs.cancelled")
def cancelled(account: str, region: str, handle: str) -> None:
    """A cancelled task is over."""
    task = _find(sqs_backends[account][region], handle)
    if task is not None and task["Status"] == "CANCELLING":
        task["Status"] = "CANCELLED"


@transition("sqs.move")
def move(account: str, region: str, handle: str) -> None:
    """A second of a task: as many messages as its rate allows."""
    backend = sqs_backends[account][region]
    task = _find(backend, handle)
    if task is None or task["Status"] != "RUNNING":
        return
    source = next((q for q in backend.queues.values() if q.queue_arn == task["SourceArn"]), None)
    if source is None:
        task.update(Status="FAILED", FailureReason="AWS.SimpleQueueService.NonExistentQueue")
        return
    left = task["ApproximateNumberOfMessagesToMove"] - task["ApproximateNumberOfMessagesMoved"]
    batch = source.messages[: min(left, task["MaxNumberOfMessagesPerSecond"] or USUAL)]
    for message in batch:
        if not _move_one(backend, source, message, task):
            return
    if len(batch) < left and source.messages:
        clock.after(STEP, "sqs.move", account=account, region=region, handle=handle)
    else:
        task["Status"] = "COMPLETED"


def _move_one(backend: SQSBackend, source: Any, message: Message, task: dict[str, Any]) -> bool:
    """Whether it could be moved; if not, the task has failed."""
    origin = task["DestinationArn"] or getattr(message, "came_from", None)
    if origin is None:
        task.update(Status="FAILED", FailureReason="CouldNotDetermineMessageSource")
        return False
    target = next((q for q in backend.queues.values() if q.queue_arn == origin), None)
    if target is None:
        task.update(Status="FAILED", FailureReason="AWS.SimpleQueueService.NonExistentQueue")
        return False
    source._messages.remove(message)
    source.pending_messages.discard(message)
    message.id = str(uuid4())
    message.receipt_handle, message._old_receipt_handles = None, []
    message.approximate_first_receive_timestamp, message.approximate_receive_count = None, 0
    message.visible_at = message.delayed_until = 0.0
    message.mark_sent()
    target.add_message(message)
    task["ApproximateNumberOfMessagesMoved"] += 1
    return True


def _remembering(original: Any) -> Any:
    """Receiving from a queue may send messages to its dead-letter queue: they know then where they came from."""

    def receive_message(self: SQSBackend, queue_name: str, *args: Any, **kwargs: Any) -> Any:
        queue = self.queues.get(queue_name)
        dead = queue.dead_letter_queue if queue is not None else None
        known = {id(message) for message in dead._messages} if dead is not None else set()
        found = original(self, queue_name, *args, **kwargs)
        for message in dead._messages if queue is not None and dead is not None else ():
            if id(message) not in known:
                message.came_from = queue.queue_arn
        return found

    receive_message.remembers = True  # type: ignore[attr-defined]
    return receive_message


def mend() -> None:
    """Patch moto once."""
    if getattr(SQSBackend.receive_message, "remembers", False):
        return
    for handler in (start_message_move_task, list_message_move_tasks, cancel_message_move_task):
        setattr(SQSResponse, handler.__name__, handler)
    SQSBackend.receive_message = _remembering(SQSBackend.receive_message)
