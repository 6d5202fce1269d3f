"""Events as EventBridge carries them: the envelope, and what each service puts into its detail. Pure.

Sources: aws-facts 1.5 (RDS), 3.5 (ECS), 6.5 (CloudFormation); the alarm's is the documented example's.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

Envelope = dict[str, Any]


def stamp(at: datetime) -> str:
    """A time as most services write it into a detail: to the millisecond, Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def zoned(at: datetime) -> str:
    """A time as CloudWatch writes it: to the millisecond, +0000."""
    return stamp(at).removesuffix("Z") + "+0000"


def envelope(
    identity: str,
    account: str,
    region: str,
    at: datetime,
    source: str,
    kind: str,
    resources: Sequence[str],
    detail: Mapping[str, Any],
) -> Envelope:
    """The event as rules match it and targets get it; `at` to the second."""
    return {
        "version": "0",
        "id": identity,
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": list(resources),
        "detail": plain(detail),
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: times as text, nothing that is None inside an object."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return stamp(value) if isinstance(value, datetime) else value


RDS_KINDS = {
    "db-instance": ("RDS DB Instance Event", "DB_INSTANCE"),
    "db-cluster": ("RDS DB Cluster Event", "CLUSTER"),
    "db-snapshot": ("RDS DB Snapshot Event", "SNAPSHOT"),
    "db-cluster-snapshot": ("RDS DB Cluster Snapshot Event", "CLUSTER_SNAPSHOT"),
    "db-parameter-group": ("RDS DB Parameter Group Event", "DB_PARAM"),
    "db-security-group": ("RDS DB Security Group Event", "SECURITY_GROUP"),
}
"""Source type as the API has it -> detail-type, source type as the event has it."""


def database(event: Mapping[str, Any], event_id: str | None) -> dict[str, Any]:
    """The detail of an RDS event. One that carries no id of its own has no EventID."""
    return {
        "EventCategories": event["EventCategories"],
        "SourceType": RDS_KINDS[event["SourceType"]][1],
        "SourceArn": event["SourceArn"],
        "Date": event["Date"],
        "Message": event["Message"],
        "SourceIdentifier": event["SourceIdentifier"],
        "EventID": event_id,
    }


def task(shown: Mapping[str, Any], status: str, at: datetime) -> dict[str, Any]:
    """The detail of `ECS Task State Change`: the task as described, without its tags."""
    attachments = [{**one, "type": "eni"} for one in shown.get("attachments") or []]
    rest = {key: value for key, value in shown.items() if key != "tags"}
    return {**rest, "attachments": attachments, "lastStatus": status, "updatedAt": at}


def deployment(name: str, state: str, reason: str, at: datetime) -> dict[str, Any]:
    """The detail of `ECS Deployment State Change`; state is IN_PROGRESS, COMPLETED or FAILED."""
    return {
        "eventType": "ERROR" if state == "FAILED" else "INFO",
        "eventName": f"SERVICE_DEPLOYMENT_{state}",
        "deploymentId": name,
        "updatedAt": at,
        "reason": reason,
    }


ACTIONS: tuple[tuple[str, str, str, str | None], ...] = (
    ("has reached a steady state.", "INFO", "SERVICE_STEADY_STATE", None),
    ("was unable to place a task", "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE", "RESOURCE:FARGATE"),
    ("is unable to consistently start tasks successfully.", "WARN", "SERVICE_TASK_START_IMPAIRED", None),
    ("is not AZ balanced with", "INFO", "SERVICE_REBALANCING_STARTED", None),
    ("is AZ balanced with", "INFO", "SERVICE_REBALANCING_COMPLETED", None),
)
"""How a service event begins behind the service's name -> eventType, eventName, reason."""


def action(message: str, cluster: str, at: datetime) -> dict[str, Any] | None:
    """The detail of `ECS Service Action` that goes with a service event's message; None when none does."""
    said = message.partition(") ")[2]
    for beginning, kind, name, reason in ACTIONS:
        if said.startswith(beginning):
            return {"eventType": kind, "eventName": name, "clusterArn": cluster, "createdAt": at, "reason": reason}
    return None


def alarm(shown: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """The detail of `CloudWatch Alarm State Change`. `before`: value, reason, reasonData, timestamp."""
    now = {
        "value": shown.state_value,
        "reason": shown.state_reason,
        "reasonData": shown.state_reason_data,
        "timestamp": shown.state_updated_timestamp,
    }
    return {
        "alarmName": shown.name,
        "state": _state(now),
        "previousState": _state(before),
        "configuration": {"description": shown.description, "metrics": _metrics(shown)},
    }


def _state(state: Mapping[str, Any]) -> dict[str, Any]:
    at = state.get("timestamp")
    kept = {key: state.get(key) or None for key in ("value", "reason", "reasonData")}
    return {**kept, "timestamp": zoned(at) if isinstance(at, datetime) else at}


def _metrics(shown: Any) -> list[dict[str, Any]]:
    if not shown.metric_data_queries:
        metric = _metric(shown.namespace, shown.metric_name, shown.dimensions)
        stat = {"metric": metric, "period": int(shown.period), "stat": shown.statistic or shown.extended_statistic}
        return [{"id": str(uuid5(NAMESPACE_URL, shown.alarm_arn)), "metricStat": stat, "returnData": True}]
    found: list[dict[str, Any]] = []
    for query in shown.metric_data_queries:
        one: dict[str, Any] = {"id": query.id, "returnData": query.return_data not in (False, "false")}
        if query.expression:
            one |= {"expression": query.expression, "label": query.label}
        else:
            of = query.metric_stat
            metric = _metric(of.metric.namespace, of.metric.metric_name, of.metric.dimensions)
            one["metricStat"] = {"metric": metric, "period": int(of.period), "stat": of.stat}
        found.append(one)
    return found


def _metric(namespace: str, name: str, dimensions: Any) -> dict[str, Any]:
    return {"namespace": namespace, "name": name, "dimensions": {d.name: d.value for d in dimensions or ()}}


def stack(stack_id: str, status: str, reason: str, token: str) -> dict[str, Any]:
    """The detail of `CloudFormation Stack Status Change`."""
    details = {"status": status, "status-reason": reason}
    return {"stack-id": stack_id, "status-details": details, "client-request-token": token}


def resource(stack_id: str, event: Any) -> dict[str, Any]:
    """The detail of `CloudFormation Resource Status Change`."""
    return {
        **stack(stack_id, event.status, event.reason, event.token),
        "logical-resource-id": event.logical,
        "physical-resource-id": event.physical,
        "resource-type": event.type,
    }


def drift(stack_id: str, detection: str, status: str, drifted: int, drift_status: str | None) -> dict[str, Any]:
    """The detail of `CloudFormation Drift Detection Status Change`."""
    details: dict[str, Any] = {"detection-status": status, "stack-drift-status": drift_status}
    return {
        "stack-id": stack_id,
        "stack-drift-detection-id": detection,
        "status-details": details,
        "drift-detection-details": None if drift_status is None else {"drifted-stack-resource-count": drifted},
    }
