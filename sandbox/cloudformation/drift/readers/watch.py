"""Alarms, log groups, topics and event rules as they are now."""

import json
from typing import Any

from sandbox.cloudformation.drift.compare import ABSENT
from sandbox.cloudformation.drift.readers.base import first, own_tags, reads
from sandbox.cloudformation.model import Resource, Stack
from sandbox.cloudformation.world import Target


@reads("AWS::CloudWatch::Alarm")
def alarm(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    found = first(target.call("cloudwatch", "describe_alarms", AlarmNames=[resource.physical])["MetricAlarms"])
    if found is None:
        return None
    tags = target.call("cloudwatch", "list_tags_for_resource", ResourceARN=found["AlarmArn"])["Tags"]
    return {**found, "Tags": own_tags(tags)}


@reads("AWS::Logs::LogGroup")
def log_group(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    name = resource.physical
    groups = target.call("logs", "describe_log_groups", logGroupNamePrefix=name)["logGroups"]
    found = first([group for group in groups if group["logGroupName"] == name])
    if found is None:
        return None
    tags = target.call("logs", "list_tags_for_resource", resourceArn=found["arn"].removesuffix(":*"))["tags"]
    return {"RetentionInDays": found.get("retentionInDays", ABSENT), "Tags": own_tags(tags)}


@reads("AWS::SNS::Topic")
def topic(target: Target, resource: Resource, stack: Stack) -> dict[str, Any]:
    found = target.call("sns", "get_topic_attributes", TopicArn=resource.physical)["Attributes"]
    tags = target.call("sns", "list_tags_for_resource", ResourceArn=resource.physical)["Tags"]
    kept = {name: found.get(name) or ABSENT for name in ("DisplayName", "KmsMasterKeyId")}
    return {**kept, "Tags": own_tags(tags)}


@reads("AWS::Events::Rule")
def rule(target: Target, resource: Resource, stack: Stack) -> dict[str, Any]:
    asked = {"EventBusName": resource.properties.get("EventBusName")}
    found = target.call("events", "describe_rule", Name=resource.physical, **asked)
    targets = target.call("events", "list_targets_by_rule", Rule=resource.physical, **asked)["Targets"]
    pattern = json.loads(found["EventPattern"]) if found.get("EventPattern") else None
    return {**found, "EventPattern": pattern, "Targets": targets}
