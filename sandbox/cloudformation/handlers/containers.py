"""ECS: clusters, task definitions, services."""

from typing import Any

from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.handlers.base import (
    Handler,
    Properties,
    changed,
    handles,
    only,
    renamed,
    retag,
    tag_list,
    without,
)
from sandbox.cloudformation.world import Target


def ecs_retag(target: Target, arn: str, before: Properties, after: Properties) -> None:
    """Bring the tags of an ECS resource from before to after."""
    retag(
        before,
        after,
        lambda tags: target.call("ecs", "tag_resource", resourceArn=arn, tags=tag_list(tags)),
        lambda keys: target.call("ecs", "untag_resource", resourceArn=arn, tagKeys=keys),
    )


_CLUSTER_NAMES = {"ClusterSettings": "settings"}


@handles("AWS::ECS::Cluster")
class Cluster(Handler):
    name_property = "ClusterName"

    def create(self, target: Target, properties: Properties) -> str:
        asked = renamed(without(properties, "ClusterName"), _CLUSTER_NAMES)
        name = str(properties.get("ClusterName") or target.generated())
        target.call("ecs", "create_cluster", clusterName=name, **asked)
        return name

    def _found(self, target: Target, physical: str) -> dict[str, Any]:
        found = target.call("ecs", "describe_clusters", clusters=[physical])["clusters"]
        return dict(found[0]) if found else {"status": "INACTIVE"}

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after, "Tags")
        asked = renamed(only(different, "ClusterSettings", "Configuration", "ServiceConnectDefaults"), _CLUSTER_NAMES)
        if asked:
            target.call("ecs", "update_cluster", cluster=physical, **asked)
        if "CapacityProviders" in different or "DefaultCapacityProviderStrategy" in different:
            target.call(
                "ecs",
                "put_cluster_capacity_providers",
                cluster=physical,
                capacityProviders=after.get("CapacityProviders") or [],
                defaultCapacityProviderStrategy=after.get("DefaultCapacityProviderStrategy") or [],
            )
        ecs_retag(target, self._found(target, physical)["clusterArn"], before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ecs", "delete_cluster", cluster=physical)

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        return str(self._found(target, physical)["status"]) == "ACTIVE"

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self._found(target, physical)["clusterArn"]}


@handles("AWS::ECS::TaskDefinition")
class TaskDefinition(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        family = properties.get("Family") or target.generated()
        asked = {**properties, "Family": family, "Tags": properties.get("Tags") or None}
        made = target.call("ecs", "register_task_definition", **asked)
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        ecs_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ecs", "deregister_task_definition", taskDefinition=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"TaskDefinitionArn": physical}


@handles("AWS::ECS::Service")
class Service(Handler):
    name_property = "ServiceName"

    def create(self, target: Target, properties: Properties) -> str:
        name = properties.get("ServiceName") or target.generated()
        # CloudFormation starts a service whose template names no count with one task.
        asked = {"DesiredCount": 1, **properties, "ServiceName": name}
        return str(target.call("ecs", "create_service", **asked)["service"]["serviceArn"])

    def _found(self, target: Target, physical: str) -> dict[str, Any]:
        cluster = physical.split("/")[-2] if physical.count("/") > 1 else "default"
        found = target.call("ecs", "describe_services", cluster=cluster, services=[physical])["services"]
        return dict(found[0]) if found else {"status": "INACTIVE"}

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after, "Tags", "ServiceName", "Cluster", "LaunchType")
        if different:
            target.call("ecs", "update_service", cluster=after.get("Cluster"), service=physical, **different)
        ecs_retag(target, physical, before, after)

    def replaces(self, before: Properties, after: Properties) -> bool:
        return str(before.get("LaunchType", "EC2")) != str(after.get("LaunchType", "EC2"))

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ecs", "delete_service", cluster=properties.get("Cluster"), service=physical, force=True)

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        """Steady: one deployment, rolled out, with the tasks it wants."""
        found = self._found(target, physical)
        deployments = found.get("deployments", [])
        failed = [d for d in deployments if d.get("rolloutState") == "FAILED"]
        if failed and str(failed[0].get("taskDefinition", "")) == str(properties.get("TaskDefinition", "")):
            raise Failed(
                "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker "
                "was triggered'.\" (HandlerErrorCode: GeneralServiceException)"
            )
        primary = [d for d in deployments if d.get("status") == "PRIMARY"]
        rolled = all(d.get("rolloutState") in (None, "COMPLETED") for d in primary)
        return len(deployments) <= 1 and rolled and found.get("runningCount", 0) >= found.get("desiredCount", 0)

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        return str(self._found(target, physical).get("status")) == "INACTIVE"

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Name": self._found(target, physical)["serviceName"], "ServiceArn": physical}
