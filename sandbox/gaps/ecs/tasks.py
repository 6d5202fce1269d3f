"""The task calls of ECS: run, stop, describe, list (aws-facts 3.1, 3.3)."""

from collections import Counter
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import ecs_backends

from sandbox.gaps.ecs import ending, lifecycle
from sandbox.gaps.ecs.paging import page
from sandbox.gaps.ecs.records import Task
from sandbox.weather.placement import least, order_for, zones_down

DESCRIBED_AT_ONCE = 100
RUN_AT_ONCE = 10


def _known(backend: Any, cluster: str) -> list[Task]:
    return [task for task in backend.tasks.get(cluster, {}).values() if isinstance(task, Task)]


def _find(backend: Any, cluster: str, task: str) -> Task | None:
    name = task.rsplit("/", 1)[-1]
    return next((known for known in _known(backend, cluster) if known.id == name), None)


def run_task(self: Any) -> ActionResult:
    """RunTask on Fargate, spread over the subnets' standing zones."""
    given = self._get_params()
    backend = self.ecs_backend
    cluster = backend._get_cluster(given.get("cluster", "default"))
    definition = backend.describe_task_definition(given["taskDefinition"])
    providers = given.get("capacityProviderStrategy") or cluster.default_capacity_provider_strategy or []
    if given.get("launchType") != "FARGATE" and not any("FARGATE" in p["capacityProvider"] for p in providers):
        raise InvalidParameterException("No Container Instances were found in your cluster.")
    network = (given.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if not network or not network.get("subnets"):
        text = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        raise InvalidParameterException(text)
    count = int(given.get("count") or 1)
    if not 1 <= count <= RUN_AT_ONCE:
        raise InvalidParameterException("Count must be between 1 and 10.")
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    subnets = {s.availability_zone: s for s in map(ec2.get_subnet, network["subnets"])}
    zones = [zone for zone in order_for(definition.family, subnets) if zone not in zones_down()]
    if not zones:
        reason = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
        return ActionResult({"tasks": [], "failures": [{"reason": reason}]})
    counts = Counter[str]()
    started = []
    for _ in range(count):
        zone = least(zones, counts)
        counts[zone] += 1
        task = lifecycle.start(
            backend,
            definition,
            subnets[zone],
            None,
            cluster=cluster.name,
            group=given.get("group") or f"family:{definition.family}",
            startedBy=given.get("startedBy"),
            securityGroups=network.get("securityGroups"),
            overrides=given.get("overrides"),
            tags=given.get("tags"),
            enableExecuteCommand=given.get("enableExecuteCommand"),
        )
        started.append(task.shape())
    return ActionResult({"tasks": started, "failures": []})


def stop_task(self: Any) -> ActionResult:
    """StopTask: SIGTERM at once; a service replaces the task."""
    given = self._get_params()
    backend = self.ecs_backend
    cluster = backend._get_cluster(given.get("cluster", "default"))
    task = _find(backend, cluster.name, given["task"])
    if task is None:
        raise InvalidParameterException("The referenced task was not found.")
    ending.stop(task, "UserInitiated", given.get("reason") or "Task stopped by user")
    return ActionResult({"task": task.shape()})


def crash_task(
    cluster: str, task: str, account: str = "123456789012", region: str = "us-east-1", exit_code: int = 1
) -> None:
    """Let a running task's first container end by itself, as an injected trouble. `cluster` and `task` are names or
    ARNs. Raises LookupError if no such task is meant to run."""
    found = _find(ecs_backends[account][region], cluster.rsplit("/", 1)[-1], task)
    if found is None or found.desired_status == "STOPPED":
        raise LookupError("no such task runs")
    ending.crash(found, exit_code=exit_code)


def describe_tasks(self: Any) -> ActionResult:
    """DescribeTasks: a hundred at most; unknown ones are failures."""
    given = self._get_params()
    backend = self.ecs_backend
    asked = given.get("tasks") or []
    cluster = backend._get_cluster(given.get("cluster", "default"))
    if not asked:
        raise InvalidParameterException("Tasks cannot be empty.")
    if len(asked) > DESCRIBED_AT_ONCE:
        raise InvalidParameterException("Tasks cannot be described in batches of more than 100.")
    tags = "TAGS" in (given.get("include") or [])
    found, failures = [], []
    known = {task.id: task for task in _known(backend, cluster.name)}
    prefix = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:task/{cluster.name}/"
    for one in asked:
        name = one.rsplit("/", 1)[-1]
        if name in known:
            found.append(known[name].shape(tags))
        else:
            failures.append({"arn": prefix + name, "reason": "MISSING"})
    return ActionResult({"tasks": found, "failures": failures})


def list_tasks(self: Any) -> ActionResult:
    """ListTasks: those meant to run unless stopped ones are asked for."""
    given = self._get_params()
    cluster = self.ecs_backend._get_cluster(given.get("cluster", "default"))
    status = given.get("desiredStatus") or "RUNNING"
    service = (given.get("serviceName") or "").rsplit("/", 1)[-1] or None
    arns = [
        task.task_arn
        for task in _known(self.ecs_backend, cluster.name)
        if task.desired_status == status
        and service in (None, task.service_name)
        and given.get("startedBy") in (None, task.data.get("startedBy"))
        and given.get("family") in (None, task.task_definition_arn.rsplit("/", 1)[1].rsplit(":", 1)[0])
        and given.get("launchType") in (None, task.data["launchType"])
        and not given.get("containerInstance")
    ]
    shown, token = page(arns, given)
    return ActionResult({"taskArns": shown, **token})
