"""ECS as it is now. Scalable targets and policies are not checked, as AWS does not."""

from typing import Any

from sandbox.cloudformation.drift.readers.base import first, own_tags, reads
from sandbox.cloudformation.model import Resource, Stack
from sandbox.cloudformation.world import Target


@reads("AWS::ECS::Service")
def service(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    cluster = resource.physical.split("/")[-2]
    asked: dict[str, Any] = {"cluster": cluster, "services": [resource.physical], "include": ["TAGS"]}
    found = first(target.call("ecs", "describe_services", **asked)["services"])
    if found is None or found["status"] == "INACTIVE":
        return None
    return {**found, "tags": own_tags(found.get("tags"))}


@reads("AWS::ECS::Cluster")
def cluster(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    asked: dict[str, Any] = {"clusters": [resource.physical], "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"]}
    found = first(target.call("ecs", "describe_clusters", **asked)["clusters"])
    if found is None or found["status"] == "INACTIVE":
        return None
    return {**found, "clusterSettings": found.get("settings"), "tags": own_tags(found.get("tags"))}


@reads("AWS::ECS::TaskDefinition")
def task_definition(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    """A revision never changes: it is there, or it was deregistered."""
    found = target.call("ecs", "describe_task_definition", taskDefinition=resource.physical, include=["TAGS"])
    gone = found["taskDefinition"]["status"] == "INACTIVE"
    return None if gone else {"tags": own_tags(found.get("tags"))}
