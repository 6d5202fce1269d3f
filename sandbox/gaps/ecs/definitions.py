"""Clusters and task definitions, where moto forgets or overwrites (moto.md 2): cluster settings and counts, Fargate
definitions whose containers name no memory, port mappings and registration times."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException

from sandbox.clock import clock
from sandbox.gaps.ecs.paging import page
from sandbox.gaps.ecs.records import Service, Task, counts

FARGATE_SIZES = {
    256: [512, 1024, 2048],
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}


def register_task_definition(original: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """RegisterTaskDefinition around moto's: Fargate's sizes are checked, defaults AWS fills in are filled in."""

    def handler(self: Any) -> ActionResult:
        given = self._get_params()
        fargate = "FARGATE" in (given.get("requiresCompatibilities") or [])
        if fargate:
            _check_size(given)
        result: Any = original(self)
        definition = result.result["taskDefinition"]
        definition.registered_at = clock.now()
        definition.registered_by = f"arn:aws:iam::{self.current_account}:root"
        definition.enable_fault_injection = bool(given.get("enableFaultInjection"))
        for container in definition.container_definitions:
            container.setdefault("systemControls", [])
            for mapping in container["portMappings"]:
                mapping.setdefault("protocol", "tcp")
                if definition.network_mode == "awsvpc":
                    mapping.setdefault("hostPort", mapping["containerPort"])
        tags = {"tags": definition.tags} if definition.tags else {}
        return ActionResult({"taskDefinition": definition, **tags})

    return handler


def _check_size(given: dict[str, Any]) -> None:
    if given.get("networkMode") != "awsvpc":
        raise ECSException("ClientException", "Fargate only supports network mode 'awsvpc'.")
    cpu, memory = _number(given.get("cpu"), 1024), _number(given.get("memory"), 1024)
    if cpu is None or memory is None:
        missing = "cpu" if cpu is None else "memory"
        raise ECSException("ClientException", f"Fargate requires that '{missing}' be defined at the task level.")
    if memory not in FARGATE_SIZES.get(cpu, ()):
        text = f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."
        raise ECSException("ClientException", f"{text} See the Amazon ECS documentation for the valid values.")


def _number(value: str | None, unit: int) -> int | None:
    """`256`, `.25 vCPU` or `1 GB` as units or MiB."""
    if not value:
        return None
    text = value.lower().replace("vcpu", "").replace("gb", "").strip()
    return int(float(text) * (unit if text != value.lower().strip() else 1))


def create_cluster(original: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """CreateCluster: the existing one of that name comes back unchanged."""

    def handler(self: Any) -> ActionResult:
        known = self.ecs_backend.clusters.get(self._get_param("clusterName") or "default")
        if known is not None and known.status == "ACTIVE":
            return ActionResult({"cluster": _cluster(self.ecs_backend, known)})
        result: Any = original(self)
        return ActionResult({"cluster": _cluster(self.ecs_backend, result.result["cluster"])})

    return handler


def _cluster(backend: Any, cluster: Any, include: frozenset[str] = frozenset({"SETTINGS", "TAGS"})) -> dict[str, Any]:
    tasks = [task for task in backend.tasks.get(cluster.name, {}).values() if isinstance(task, Task)]
    running, pending = counts(tasks)
    services = [s for s in backend.services.values() if isinstance(s, Service) and s.cluster_name == cluster.name]
    return {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": cluster.registered_container_instances_count,
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": sum(service.status == "ACTIVE" for service in services),
        "statistics": [],
        "tags": (cluster.tags or []) if "TAGS" in include else [],
        "settings": cluster.settings if "SETTINGS" in include else [],
        "capacityProviders": cluster.capacity_providers or [],
        "defaultCapacityProviderStrategy": cluster.default_capacity_provider_strategy or [],
        **({"configuration": cluster.configuration} if cluster.configuration and "CONFIGURATIONS" in include else {}),
    }


def describe_clusters(self: Any) -> ActionResult:
    """DescribeClusters, with counts of what really runs; settings, tags and configuration only when asked for."""
    include = frozenset(self._get_param("include", []))
    clusters, failures = self.ecs_backend.describe_clusters(self._get_param("clusters", []))
    return ActionResult({"clusters": [_cluster(self.ecs_backend, c, include) for c in clusters], "failures": failures})


def list_clusters(self: Any) -> ActionResult:
    """ListClusters: deleted ones are not listed."""
    arns = [cluster.arn for cluster in self.ecs_backend.clusters.values() if cluster.status == "ACTIVE"]
    shown, token = page(arns, self._get_params())
    return ActionResult({"clusterArns": shown, **token})


def delete_cluster(original: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """DeleteCluster: refused while services are active or tasks run."""

    def handler(self: Any) -> ActionResult:
        backend = self.ecs_backend
        state = _cluster(backend, backend._get_cluster(self._get_param("cluster")))
        if state["activeServicesCount"]:
            text = "The Cluster cannot be deleted while Services are active."
            raise ECSException("ClusterContainsServicesException", text)
        if state["runningTasksCount"] + state["pendingTasksCount"]:
            raise ECSException("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        result: Any = original(self)
        return ActionResult({"cluster": _cluster(backend, result.result["cluster"])})

    return handler
