"""Application Auto Scaling: scalable targets with their schedules, and policies."""

from typing import Any

from sandbox.cloudformation.handlers.base import Handler, Properties, changed, handles, only, retag, tag_map, without
from sandbox.cloudformation.world import Target

SERVICE = "application-autoscaling"
KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


@handles("AWS::ApplicationAutoScaling::ScalableTarget")
class ScalableTarget(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        asked = {**without(properties, "ScheduledActions"), "Tags": tag_map(properties.get("Tags")) or None}
        target.call(SERVICE, "register_scalable_target", **asked)
        self._schedules(target, {}, properties)
        return "|".join(str(properties[k]) for k in ("ResourceId", "ScalableDimension", "ServiceNamespace"))

    def _schedules(self, target: Target, before: Properties, after: Properties) -> None:
        key = only(after or before, *KEY)
        new = after.get("ScheduledActions") or []
        names = [a["ScheduledActionName"] for a in new]
        for action in before.get("ScheduledActions") or []:
            if action["ScheduledActionName"] not in names:
                name = action["ScheduledActionName"]
                target.call(SERVICE, "delete_scheduled_action", **key, ScheduledActionName=name)
        for action in new:
            target.call(SERVICE, "put_scheduled_action", **key, **action)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = changed(before, after, "ScheduledActions", "Tags", *KEY)
        if asked:
            target.call(SERVICE, "register_scalable_target", **only(after, *KEY), **asked)
        self._schedules(target, before, after)
        if tag_map(before.get("Tags")) != tag_map(after.get("Tags")):
            arn = self._arn(target, after)
            retag(
                before,
                after,
                lambda tags: target.call(SERVICE, "tag_resource", ResourceARN=arn, Tags=tags),
                lambda keys: target.call(SERVICE, "untag_resource", ResourceARN=arn, TagKeys=keys),
            )

    def _arn(self, target: Target, properties: Properties) -> str:
        asked = {"ServiceNamespace": properties["ServiceNamespace"], "ResourceIds": [properties["ResourceId"]]}
        found = target.call(SERVICE, "describe_scalable_targets", **asked)["ScalableTargets"]
        return str(found[0]["ScalableTargetARN"])

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call(SERVICE, "deregister_scalable_target", **only(properties, *KEY))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical}


@handles("AWS::ApplicationAutoScaling::ScalingPolicy")
class ScalingPolicy(Handler):
    def _asked(self, properties: Properties) -> Properties:
        asked = without(properties, "ScalingTargetId")
        if "ScalingTargetId" in properties:
            resource, dimension, namespace = str(properties["ScalingTargetId"]).split("|")
            asked.update(ResourceId=resource, ScalableDimension=dimension, ServiceNamespace=namespace)
        return asked

    def create(self, target: Target, properties: Properties) -> str:
        return str(target.call(SERVICE, "put_scaling_policy", **self._asked(properties))["PolicyARN"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        target.call(SERVICE, "put_scaling_policy", **self._asked(after))

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        asked = only(self._asked(properties), *KEY, "PolicyName")
        target.call(SERVICE, "delete_scaling_policy", **asked)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical}
