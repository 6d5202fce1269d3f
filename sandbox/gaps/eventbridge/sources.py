"""What the services tell the default bus: RDS, ECS, CloudWatch alarms, CloudFormation."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.clock import clock, transition
from sandbox.cloudformation import events as stack_events
from sandbox.gaps.cloudwatch import alarms
from sandbox.gaps.ecs import records
from sandbox.gaps.eventbridge import bus, shapes
from sandbox.gaps.rds import events as rds_events


def listen() -> None:
    """Have the services' own records sent on."""
    rds_events.delivered.append(_database)
    records.moved.append(_task)
    records.told.append(_service)
    records.begun.append(_begun)
    alarms.changed.append(_alarm)
    stack_events.told.append(_stack)
    stack_events.drifted.append(_drift)


def _database(account: str, region: str, event: dict[str, Any], event_id: str | None) -> None:
    kind = shapes.RDS_KINDS.get(event["SourceType"])
    if kind:
        detail = shapes.database(event, event_id)
        bus.tell(account, region, "aws.rds", kind[0], [event["SourceArn"]], detail, event["Date"])


def _task(task: records.Task) -> None:
    if bus.listening(task.account, task.region):
        # A task moves first and writes down when afterwards: read it once that is done, in the same instant.
        place = {"account": task.account, "region": task.region, "task": task.task_arn}
        clock.after(0, "eventbridge.task", **place, status=task.status, at=clock.time())


@transition("eventbridge.task")
def tell_task(account: str, region: str, task: str, status: str, at: float) -> None:
    """A task reached a state."""
    found = records.find_task(account, region, task)
    if found is not None:
        when = clock.now().fromtimestamp(at, clock.now().tzinfo)
        detail = shapes.task(found.shape(tags=False), status, when)
        bus.tell(account, region, "aws.ecs", "ECS Task State Change", [task], detail, when)


def _deployment(service: records.Service, state: str, deployment: Mapping[str, Any]) -> None:
    detail = shapes.deployment(deployment["id"], state, deployment["rolloutStateReason"], deployment["updatedAt"])
    kind = "ECS Deployment State Change"
    bus.tell(service.account, service.region, "aws.ecs", kind, [service.arn], detail)


def _begun(service: records.Service) -> None:
    _deployment(service, "IN_PROGRESS", service.primary)


def _service(service: records.Service, message: str) -> None:
    now = clock.now()
    found = re.search(r"\(deployment (\S+)\) deployment (completed|failed)", message)
    named = next((d for d in service.deployments if found and d["id"] == found[1]), None)
    if found and named:
        _deployment(service, found[2].upper(), named)
    elif " rolling back to deployment " in message:
        _begun(service)
    elif detail := shapes.action(message, service.cluster_arn, now):
        place = (service.account, service.region)
        bus.tell(*place, "aws.ecs", "ECS Service Action", [service.arn], detail, now)


def _alarm(account: str, region: str, alarm: Any, before: Mapping[str, Any]) -> None:
    if bus.listening(account, region):
        detail = shapes.alarm(alarm, before)
        bus.tell(account, region, "aws.cloudwatch", "CloudWatch Alarm State Change", [alarm.alarm_arn], detail)


def _stack(stack: Any, event: Any) -> None:
    if event.type == stack_events.STACK_TYPE:
        kind, detail = "Stack", shapes.stack(stack.id, event.status, event.reason, event.token)
    else:
        kind, detail = "Resource", shapes.resource(stack.id, event)
    name = f"CloudFormation {kind} Status Change"
    bus.tell(stack.account, stack.region, "aws.cloudformation", name, [stack.id], detail, event.at)


def _drift(stack: Any, detection: str, status: str, drifted: int, drift_status: str | None) -> None:
    detail = shapes.drift(stack.id, detection, status, drifted, drift_status)
    name = "CloudFormation Drift Detection Status Change"
    bus.tell(stack.account, stack.region, "aws.cloudformation", name, [stack.id], detail)
