"""CloudWatch alarms and log groups."""

from typing import Any

from sandbox.cloudformation.handlers.base import (
    Handler,
    Properties,
    changed,
    handles,
    retag,
    tag_list,
    tag_map,
    without,
)
from sandbox.cloudformation.world import Target


@handles("AWS::CloudWatch::Alarm")
class Alarm(Handler):
    name_property = "AlarmName"

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("AlarmName") or target.generated())
        tags = tag_list(properties.get("Tags")) or None
        target.call("cloudwatch", "put_metric_alarm", **{**properties, "AlarmName": name, "Tags": tags})
        return name

    def _arn(self, target: Target, name: str) -> str:
        return f"arn:aws:cloudwatch:{target.region}:{target.account}:alarm:{name}"

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        if without(before, "Tags") != without(after, "Tags"):
            asked = {**without(after, "Tags"), "AlarmName": physical}
            target.call("cloudwatch", "put_metric_alarm", **asked)
        arn = self._arn(target, physical)
        retag(
            before,
            after,
            lambda tags: target.call("cloudwatch", "tag_resource", ResourceARN=arn, Tags=tag_list(tags)),
            lambda keys: target.call("cloudwatch", "untag_resource", ResourceARN=arn, TagKeys=keys),
        )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("cloudwatch", "delete_alarms", AlarmNames=[physical])

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self._arn(target, physical)}


@handles("AWS::Logs::LogGroup")
class LogGroup(Handler):
    name_property = "LogGroupName"

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("LogGroupName") or target.generated(512))
        asked = without(properties, "LogGroupName", "RetentionInDays", "Tags")
        tags = tag_map(properties.get("Tags")) or None
        target.call("logs", "create_log_group", logGroupName=name, tags=tags, **asked)
        if "RetentionInDays" in properties:
            self._keep(target, name, properties["RetentionInDays"])
        return name

    def _keep(self, target: Target, name: str, days: Any) -> None:
        target.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after)
        if "RetentionInDays" in different:
            self._keep(target, physical, after["RetentionInDays"])
        elif "RetentionInDays" in before and "RetentionInDays" not in after:
            target.call("logs", "delete_retention_policy", logGroupName=physical)
        if "KmsKeyId" in different:
            target.call("logs", "associate_kms_key", logGroupName=physical, kmsKeyId=after["KmsKeyId"])
        elif "KmsKeyId" in before and "KmsKeyId" not in after:
            target.call("logs", "disassociate_kms_key", logGroupName=physical)
        arn = f"arn:aws:logs:{target.region}:{target.account}:log-group:{physical}"
        retag(
            before,
            after,
            lambda tags: target.call("logs", "tag_resource", resourceArn=arn, tags=tags),
            lambda keys: target.call("logs", "untag_resource", resourceArn=arn, tagKeys=keys),
        )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("logs", "delete_log_group", logGroupName=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": f"arn:aws:logs:{target.region}:{target.account}:log-group:{physical}:*"}
