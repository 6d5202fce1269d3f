"""Databases, caches and queues as they are now."""

import json
from typing import Any

from sandbox.cloudformation.drift.compare import ABSENT
from sandbox.cloudformation.drift.readers.base import first, own_tags, reads
from sandbox.cloudformation.model import Resource, Stack
from sandbox.cloudformation.world import Target


@reads("AWS::RDS::DBInstance")
def instance(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    found = first(target.call("rds", "describe_db_instances", DBInstanceIdentifier=resource.physical)["DBInstances"])
    if found is None:
        return None
    groups = found.get("DBParameterGroups") or [{}]
    secret = found.get("MasterUserSecret") or {}
    return {
        **found,
        "VPCSecurityGroups": [g["VpcSecurityGroupId"] for g in found.get("VpcSecurityGroups") or []],
        "DBParameterGroupName": groups[0].get("DBParameterGroupName"),
        "EnableCloudwatchLogsExports": list(found.get("EnabledCloudwatchLogsExports") or []),
        "EnablePerformanceInsights": found.get("PerformanceInsightsEnabled"),
        "PerformanceInsightsKMSKeyId": found.get("PerformanceInsightsKMSKeyId"),
        "MasterUserSecret": {"KmsKeyId": secret["KmsKeyId"]} if secret.get("KmsKeyId") else None,
        "MaxAllocatedStorage": found.get("MaxAllocatedStorage", ABSENT),
        "Port": (found.get("Endpoint") or {}).get("Port"),
        "Tags": own_tags(found.get("TagList")),
    }


@reads("AWS::ElastiCache::ReplicationGroup")
def replication_group(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    asked = {"ReplicationGroupId": resource.physical}
    found = first(target.call("elasticache", "describe_replication_groups", **asked)["ReplicationGroups"])
    if found is None:
        return None
    member = found["MemberClusters"][0]
    node = target.call("elasticache", "describe_cache_clusters", CacheClusterId=member)["CacheClusters"][0]
    tags = target.call("elasticache", "list_tags_for_resource", ResourceName=found["ARN"])["TagList"]
    known = {
        name: found.get(name)
        for name in ("CacheNodeType", "SnapshotRetentionLimit", "SnapshotWindow", "TransitEncryptionEnabled")
    }
    return {
        **known,
        "TransitEncryptionMode": found.get("TransitEncryptionMode"),
        "ReplicationGroupDescription": found.get("Description"),
        "NumCacheClusters": len(found["MemberClusters"]),
        "AutomaticFailoverEnabled": found.get("AutomaticFailover") in ("enabled", "enabling"),
        "MultiAZEnabled": found.get("MultiAZ") == "enabled",
        "AutoMinorVersionUpgrade": node.get("AutoMinorVersionUpgrade"),
        "PreferredMaintenanceWindow": node.get("PreferredMaintenanceWindow"),
        "CacheParameterGroupName": (node.get("CacheParameterGroup") or {}).get("CacheParameterGroupName"),
        "NotificationTopicArn": (node.get("NotificationConfiguration") or {}).get("TopicArn", ABSENT),
        "SecurityGroupIds": [g["SecurityGroupId"] for g in node.get("SecurityGroups") or []] or None,
        "Tags": own_tags(tags),
    }


@reads("AWS::SQS::Queue")
def queue(target: Target, resource: Resource, stack: Stack) -> dict[str, Any]:
    asked: dict[str, Any] = {"QueueUrl": resource.physical, "AttributeNames": ["All"]}
    found: dict[str, Any] = target.call("sqs", "get_queue_attributes", **asked)["Attributes"]
    found["RedrivePolicy"] = json.loads(found["RedrivePolicy"]) if found.get("RedrivePolicy") else ABSENT
    found.pop("RedriveAllowPolicy", None)  # moto never shows it
    found["KmsMasterKeyId"] = found.get("KmsMasterKeyId") or ABSENT
    tags = target.call("sqs", "list_queue_tags", QueueUrl=resource.physical).get("Tags")
    return {**found, "Tags": own_tags(tags)}
