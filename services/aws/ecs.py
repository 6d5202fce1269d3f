"""ECS: the environment's Fargate services and their tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.aws.resources import OwnService
from services.aws.times import utc, utc_or_none
from services.domain.snapshot import Deployment, FargateService, FargateTask, ServiceEvent

if TYPE_CHECKING:
    from types_boto3_ecs.client import ECSClient
    from types_boto3_ecs.type_defs import DeploymentTypeDef, ServiceTypeDef, TaskTypeDef

SERVICES_PER_CALL = 10
TASKS_PER_CALL = 100
STOPPED_KEPT = 20
"""Of a service's stopped tasks, which ECS shows for about an hour, the newest this many are kept."""

TaskKey = tuple[str, str]
"""Whose tasks: cluster name and service name."""


@dataclass(frozen=True)
class ServiceFacts:
    """A service by itself, and the ARN of the target group that ECS registers its tasks in."""

    service: FargateService
    target_group: str | None


def describe_services(client: "ECSClient", own: Sequence[OwnService]) -> tuple[ServiceFacts, ...]:
    """Up to ten services of one cluster. Those that ECS does not know, or knows as inactive, are left out."""
    names = {service.arn: service for service in own}
    answer = client.describe_services(cluster=own[0].cluster, services=list(names))
    return tuple(
        to_service(found, names[found["serviceArn"]])
        for found in answer["services"]
        if found["serviceArn"] in names and found["status"] != "INACTIVE"
    )


def list_running(client: "ECSClient", cluster: str) -> tuple[str, ...]:
    """ARNs of a cluster's tasks that are meant to run."""
    pages = client.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus="RUNNING")
    return tuple(arn for page in pages for arn in page["taskArns"])


def list_stopped(client: "ECSClient", cluster: str) -> tuple[str, ...]:
    """ARNs of at most a hundred tasks, in no order, of those that were stopped within about the last hour."""
    return tuple(client.list_tasks(cluster=cluster, desiredStatus="STOPPED", maxResults=TASKS_PER_CALL)["taskArns"])


def to_describe(running: Sequence[str], stopped: Sequence[str]) -> list[tuple[str, ...]]:
    """Which tasks to describe, call by call: all that run, and the stopped ones that fit into the last call."""
    room = TASKS_PER_CALL - len(running) % TASKS_PER_CALL
    arns = (*running, *stopped[:room])
    return [arns[start : start + TASKS_PER_CALL] for start in range(0, len(arns), TASKS_PER_CALL)]


def describe_tasks(client: "ECSClient", cluster: str, arns: Sequence[str]) -> tuple["TaskTypeDef", ...]:
    """Up to a hundred tasks as AWS describes them; those that are gone by now are left out."""
    return tuple(client.describe_tasks(cluster=cluster, tasks=list(arns))["tasks"])


def group_tasks(found: Sequence["TaskTypeDef"]) -> dict[TaskKey, tuple[FargateTask, ...]]:
    """The tasks that services started, by cluster and service, the oldest first and the stopped ones last."""
    groups: dict[TaskKey, list[FargateTask]] = {}
    for task in found:
        kind, _, service = task.get("group", "").partition(":")
        if kind == "service":
            groups.setdefault((_short(task["clusterArn"]), service), []).append(to_task(task))
    return {key: _ordered(tasks) for key, tasks in groups.items()}


def to_service(found: "ServiceTypeDef", own: OwnService) -> ServiceFacts:
    """Haven's service of ECS's, without tasks, targets and scaling."""
    network = found.get("networkConfiguration", {}).get("awsvpcConfiguration")
    configuration = found.get("deploymentConfiguration", {})
    breaker = configuration.get("deploymentCircuitBreaker", {"enable": False, "rollback": False})
    groups = [balancer["targetGroupArn"] for balancer in found.get("loadBalancers", []) if "targetGroupArn" in balancer]
    service = FargateService(
        name=own.name,
        service_name=found["serviceName"],
        arn=found["serviceArn"],
        cluster=_short(found["clusterArn"]),
        status=found["status"],
        desired=found["desiredCount"],
        running=found["runningCount"],
        pending=found["pendingCount"],
        task_definition=found["taskDefinition"],
        launch_type=found.get("launchType"),
        subnet_ids=tuple(network["subnets"]) if network else (),
        zone_rebalancing=found.get("availabilityZoneRebalancing") == "ENABLED",
        circuit_breaker=breaker["enable"],
        circuit_breaker_rollback=breaker["rollback"],
        minimum_healthy_percent=configuration.get("minimumHealthyPercent", 100),
        maximum_percent=configuration.get("maximumPercent", 200),
        deployments=tuple(to_deployment(deployment) for deployment in found.get("deployments", [])),
        events=tuple(
            ServiceEvent(event["id"], utc(event["createdAt"]), event["message"]) for event in found.get("events", [])
        ),
    )
    return ServiceFacts(service, groups[0] if groups else own.target_group)


def to_deployment(found: "DeploymentTypeDef") -> Deployment:
    """Haven's deployment of ECS's."""
    return Deployment(
        deployment_id=found["id"],
        status=found["status"],
        rollout=found.get("rolloutState", ""),
        reason=found.get("rolloutStateReason"),
        task_definition=found["taskDefinition"],
        desired=found["desiredCount"],
        running=found["runningCount"],
        pending=found["pendingCount"],
        failed=found.get("failedTasks", 0),
        created_at=utc_or_none(found.get("createdAt")),
        updated_at=utc_or_none(found.get("updatedAt")),
    )


def to_task(found: "TaskTypeDef") -> FargateTask:
    """Haven's task of ECS's. Until its network interface is attached a task has no address."""
    interface = _interface(found)
    return FargateTask(
        arn=found["taskArn"],
        task_id=_short(found["taskArn"]),
        zone=found.get("availabilityZone"),
        last_status=found["lastStatus"],
        desired_status=found["desiredStatus"],
        health=found.get("healthStatus", "UNKNOWN"),
        ip=interface.get("privateIPv4Address"),
        eni=interface.get("networkInterfaceId"),
        subnet_id=interface.get("subnetId"),
        task_definition=found["taskDefinitionArn"],
        created_at=utc_or_none(found.get("createdAt")),
        started_at=utc_or_none(found.get("startedAt")),
        stopped_at=utc_or_none(found.get("stoppedAt")),
        stop_code=found.get("stopCode"),
        stopped_reason=found.get("stoppedReason"),
    )


def _interface(found: "TaskTypeDef") -> Mapping[str, str]:
    for attachment in found.get("attachments", []):
        if attachment.get("type") == "ElasticNetworkInterface":
            return {d["name"]: d["value"] for d in attachment.get("details", []) if "name" in d and "value" in d}
    return {}


def _ordered(tasks: list[FargateTask]) -> tuple[FargateTask, ...]:
    tasks.sort(key=lambda task: (task.created_at is None, task.created_at, task.task_id))
    alive = [task for task in tasks if task.desired_status != "STOPPED"]
    stopped = [task for task in tasks if task.desired_status == "STOPPED"]
    return (*alive, *stopped[-STOPPED_KEPT:])


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]
