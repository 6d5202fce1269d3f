"""What arrives on the event queue, as Haven's events: EventBridge's envelopes, and ElastiCache's notices. Pure.

EventBridge promises neither order nor once nor at all; each event takes its time from the service's own account of it,
not from its arrival, so that one that comes twice is known again. A notice has no time, so it takes that of sending.
Sources: aws-facts 1.5 (RDS), 2.2 (ElastiCache), 3.5 (ECS), 6.5 (CloudFormation).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.aws.belongings import Belongings
from services.aws.events import LONGEST_MESSAGE
from services.domain.event import Came, CloudEvent

NOTICE = "ElastiCache notice"
LONGEST_BODY = 1024 * 1024
"""Characters: SQS carries no more."""
_NOTICES = "ElastiCache:"


class NotUnderstood(Exception):
    """A message is not of a form that Haven knows; `kind` is what it calls itself."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class Heard:
    """What a message says, before it is known whose it is. `at` None takes the envelope's time."""

    source: str
    source_type: str
    subject: str
    message: str
    at: datetime | None = None
    categories: tuple[str, ...] = ()
    event_id: str = ""


@dataclass(frozen=True)
class _Envelope:
    detail: Mapping[str, Any]
    resources: tuple[str, ...]


def read(body: str, sent_at: datetime, environment: str, own: Belongings) -> CloudEvent | None:
    """The event in a message, received now; None when it is another environment's, or of no interest. Raises
    NotUnderstood for any other message."""
    kind, found = _parsed(body)
    try:
        if kind == NOTICE:
            return _event(environment, _notice(found, own), sent_at)
        envelope = _Envelope(found["detail"], tuple(found.get("resources", ())))
        return _event(environment, _READERS[kind](envelope, own), _time(found["time"]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        raise NotUnderstood(kind) from problem


def _event(environment: str, heard: Heard | None, at: datetime) -> CloudEvent | None:
    if heard is None:
        return None
    return CloudEvent(
        environment=environment,
        source=heard.source,
        source_type=heard.source_type,
        subject=heard.subject,
        at=heard.at or at,
        message=heard.message.strip()[:LONGEST_MESSAGE],
        categories=heard.categories,
        event_id=heard.event_id,
        came=Came.QUEUE,
    )


def _parsed(body: str) -> tuple[str, dict[str, Any]]:
    if len(body) > LONGEST_BODY:
        raise NotUnderstood("too long")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NotUnderstood("not JSON") from None
    if isinstance(found, dict) and found.get("Type") == "Notification":  # a subscription that is not raw
        return _parsed(str(found.get("Message", "")))
    if not isinstance(found, dict):
        raise NotUnderstood("not an object")
    if any(name.startswith(_NOTICES) for name in found):
        return NOTICE, found
    kind = str(found.get("detail-type", "no detail-type"))[:100]
    if kind not in _READERS:
        raise NotUnderstood(kind)
    return kind, found


def _database(envelope: _Envelope, own: Belongings) -> Heard | None:
    detail = envelope.detail
    kind, subject = str(detail["SourceType"]).lower().replace("_", "-"), str(detail["SourceIdentifier"])
    if not own.has(kind, subject):
        return None
    return Heard(
        "rds",
        kind,
        subject,
        str(detail["Message"]),
        _time(detail["Date"]),
        tuple(str(each) for each in detail.get("EventCategories") or ()),
        str(detail.get("EventID") or ""),
    )


def _notice(found: Mapping[str, Any], own: Belongings) -> Heard | None:
    name, subject = next((name, str(value)) for name, value in found.items() if name.startswith(_NOTICES))
    kind = next((kind for kind in ("cache-cluster", "replication-group") if own.has(kind, subject)), None)
    return Heard("elasticache", kind, subject, name) if kind else None


_TASK_TIMES = {
    "PROVISIONING": "createdAt",
    "RUNNING": "startedAt",
    "DEACTIVATING": "stoppingAt",
    "STOPPED": "stoppedAt",
}
"""The states of a task that are kept -> its own time of coming to it. It passes through the others in seconds."""


def _task(envelope: _Envelope, own: Belongings) -> Heard | None:
    detail = envelope.detail
    status, group = str(detail["lastStatus"]), str(detail.get("group", ""))
    service = own.service(_cluster(detail), group.removeprefix("service:")) if group.startswith("service:") else None
    if service is None or status not in _TASK_TIMES:
        return None
    message = f"Task {str(detail['taskArn']).rpartition('/')[2]} {status}"
    if zone := detail.get("availabilityZone"):
        message += f" in {zone}"
    if reason := detail.get("stoppedReason"):
        message += f": {reason}"
    at = detail.get(_TASK_TIMES[status]) or detail.get("updatedAt")
    return Heard(
        "ecs", "task", service.name, message, _time(at) if at else None, _words(status, detail.get("stopCode"))
    )


def _action(envelope: _Envelope, own: Belongings) -> Heard | None:
    return _of_service(envelope, own, "service", "createdAt")


def _deployment(envelope: _Envelope, own: Belongings) -> Heard | None:
    return _of_service(envelope, own, "deployment", "updatedAt")


def _of_service(envelope: _Envelope, own: Belongings, kind: str, when: str) -> Heard | None:
    cluster, name = envelope.resources[0].split(":service/")[1].split("/")
    service, detail = own.service(cluster, name), envelope.detail
    if service is None:
        return None
    message, reason = str(detail["eventName"]), detail.get("reason")
    at, words = detail.get(when), _words(detail.get("eventType"))
    return Heard("ecs", kind, service.name, _joined(message, reason), _time(at) if at else None, words)


def _alarm(envelope: _Envelope, own: Belongings) -> Heard | None:
    name, state = str(envelope.detail["alarmName"]), envelope.detail["state"]
    if not own.alarm(name):
        return None
    at = state.get("timestamp")
    message = _joined(str(state["value"]), state.get("reason"))
    return Heard("cloudwatch", "alarm", name, message, _time(at) if at else None, _words(state["value"]))


def _stack(envelope: _Envelope, own: Belongings) -> Heard | None:
    stack_id, status = str(envelope.detail["stack-id"]), envelope.detail["status-details"]
    name = stack_id.split(":stack/")[1].split("/")[0]
    if not own.stack(stack_id, name):
        return None
    message = _joined(str(status["status"]), status.get("status-reason"))
    return Heard("cloudformation", "stack", name, message, categories=_words(status["status"]))


def _drift(envelope: _Envelope, own: Belongings) -> Heard | None:
    stack_id, status = str(envelope.detail["stack-id"]), envelope.detail["status-details"]
    name = stack_id.split(":stack/")[1].split("/")[0]
    if not own.stack(stack_id, name):
        return None
    message = _joined(str(status["detection-status"]), status.get("stack-drift-status"))
    return Heard("cloudformation", "drift", name, message)


_READERS: dict[str, Callable[[_Envelope, Belongings], Heard | None]] = {
    "RDS DB Instance Event": _database,
    "RDS DB Cluster Event": _database,
    "ECS Task State Change": _task,
    "ECS Service Action": _action,
    "ECS Deployment State Change": _deployment,
    "CloudWatch Alarm State Change": _alarm,
    "CloudFormation Stack Status Change": _stack,
    "CloudFormation Drift Detection Status Change": _drift,
}


def _cluster(detail: Mapping[str, Any]) -> str:
    return str(detail["clusterArn"]).rpartition("/")[2]


def _words(*found: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in found if each)


def _joined(words: str, reason: Any) -> str:
    return f"{words}: {reason}" if reason else words


def _time(text: str) -> datetime:
    """AWS writes Z, +0000 and +00:00; a time without any is UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
