"""From a rule to its targets: queues, topics and log groups, where their policies let EventBridge in."""

import json
import logging
from typing import Any
from uuid import uuid4

from jsonpath_ng.ext.parser import parse
from moto.events.models import events_backends
from moto.events.utils import EventTemplateParser
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.clock import clock, transition
from sandbox.gaps.eventbridge import weather
from sandbox.gaps.eventbridge.permission import allows

log = logging.getLogger("sandbox.gaps.eventbridge")
SERVICE = "events.amazonaws.com"


def elsewhere(rule: Any, event: Any, transform_input: bool) -> None:
    """moto's own delivery, for targets of other kinds; put here by `mend`."""
    raise NotImplementedError


class Undelivered(Exception):
    """A target cannot be reached: `code` as EventBridge tells it a dead-letter queue, and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@transition("eventbridge.deliver")
def deliver(account: str, region: str, bus: str, rule: str, event: dict[str, Any]) -> None:
    """Send an event to what are the rule's targets now."""
    known = events_backends[account][region].event_buses.get(bus)
    found = known.rules.get(rule) if known else None
    for target in list(found.targets) if found else ():
        try:
            _send(found, target, event)
            weather.now.delivered += 1
        except Undelivered as problem:
            log.info("rule %s did not reach %s: %s", rule, target["Arn"], problem)
            _bury(found, target, event, problem)
        except Exception:  # a target as moto cannot have it must not keep the others waiting
            log.exception("rule %s did not reach %s", rule, target["Arn"])


def _send(rule: Any, target: dict[str, Any], event: dict[str, Any]) -> None:
    arn = str(target["Arn"])
    message = _message(target, event)
    send = {"sqs": _to_queue, "sns": _to_topic, "logs": _to_logs}.get(arn.split(":")[2])
    if send is None:
        return
    send(arn, rule.arn, message, target)


def _message(target: dict[str, Any], event: dict[str, Any]) -> str:
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        found = parse(target["InputPath"]).find(event)
        return json.dumps(found[0].value if found else {})
    if target.get("InputTransformer"):
        given = target["InputTransformer"]
        whole: Any = {**event, "ingestion-time": event["time"]}
        parsed = EventTemplateParser.parse(given["InputTemplate"], given.get("InputPathsMap", {}), whole)
        return json.dumps(parsed)
    return json.dumps(event)


def _context(rule_arn: str) -> dict[str, str]:
    account = rule_arn.split(":")[4]
    return {"aws:sourcearn": rule_arn, "aws:sourceaccount": account, "aws:securetransport": "true"}


def _require(policy: Any, action: str, arn: str, rule_arn: str) -> None:
    if not allows(policy, SERVICE, action, arn, _context(rule_arn)):
        raise Undelivered("NO_PERMISSIONS", f"the policy of {arn} does not let EventBridge {action}")


def _require_key(key: str | None, place: tuple[str, str], rule_arn: str) -> None:
    """A key of the customer's must let EventBridge use it; AWS's own never does."""
    if not key:
        return
    backend = kms_backends[place[0]][place[1]]
    try:
        found = backend.describe_key(key)
    except Exception:
        raise Undelivered("NO_PERMISSIONS", f"key {key} cannot be used") from None
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        _require(found.policy, action, found.arn, rule_arn)


def _to_queue(arn: str, rule_arn: str, message: str, target: dict[str, Any]) -> None:
    _, _, _, region, account, name = arn.split(":")
    backend = sqs_backends[account][region]
    queue = backend.queues.get(name)
    if queue is None:
        raise Undelivered("RESOURCE_NOT_FOUND", f"there is no queue {name}")
    _require(queue.policy, "sqs:SendMessage", arn, rule_arn)
    _require_key(queue.kms_master_key_id, (account, region), rule_arn)
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if queue.fifo_queue and not (group and queue.content_based_deduplication):
        raise Undelivered("INVALID_PARAMETER", f"FIFO queue {name} needs a group and content-based deduplication")
    backend.send_message(queue_name=name, message_body=message, group_id=group)


def _to_topic(arn: str, rule_arn: str, message: str, target: dict[str, Any]) -> None:
    _, _, _, region, account, name = arn.split(":")
    backend = sns_backends[account][region]
    topic = backend.topics.get(arn)
    if topic is None:
        raise Undelivered("RESOURCE_NOT_FOUND", f"there is no topic {name}")
    _require(topic.policy, "sns:Publish", arn, rule_arn)
    _require_key(topic.kms_master_key_id, (account, region), rule_arn)
    topic.publish(message)


def _to_logs(arn: str, rule_arn: str, message: str, target: dict[str, Any]) -> None:
    region, account = arn.split(":")[3:5]
    name = arn.split(":log-group:")[1].removesuffix(":*")
    backend = logs_backends[account][region]
    if name not in backend.groups:
        raise Undelivered("RESOURCE_NOT_FOUND", f"there is no log group {name}")
    place = f"arn:aws:logs:{region}:{account}:log-group:{name}:*"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        policies = [one.policy_document for one in backend.describe_resource_policies()]
        if not any(allows(policy, SERVICE, action, place, _context(rule_arn)) for policy in policies):
            raise Undelivered("NO_PERMISSIONS", f"no resource policy lets EventBridge {action} on {name}")
    stream = str(uuid4())
    backend.create_log_stream(name, stream)
    backend.put_log_events(name, stream, [{"timestamp": int(clock.time() * 1000), "message": message}])


def _bury(rule: Any, target: dict[str, Any], event: dict[str, Any], problem: Undelivered) -> None:
    """What cannot be delivered goes to the target's own dead-letter queue, if it has one that lets EventBridge."""
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    _, _, _, region, account, name = queue.split(":")
    found = sqs_backends[account][region].queues.get(name)
    if found is None or not allows(found.policy, SERVICE, "sqs:SendMessage", queue, _context(rule.arn)):
        return
    told = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": problem.code,
        "ERROR_MESSAGE": str(problem),
    }
    attributes = {key: {"DataType": "String", "StringValue": value} for key, value in told.items()}
    sqs_backends[account][region].send_message(name, json.dumps(event), message_attributes=attributes)
