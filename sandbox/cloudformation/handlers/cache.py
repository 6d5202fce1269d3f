"""ElastiCache: subnet groups, parameter groups, replication groups."""

from typing import Any

from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.handlers.base import (
    Handler,
    Properties,
    absent,
    changed,
    handles,
    only,
    renamed,
    retag,
    tag_list,
    without,
)
from sandbox.cloudformation.world import Target


def cache_arn(target: Target, kind: str, name: str) -> str:
    """The ARN of an ElastiCache resource."""
    return f"arn:aws:elasticache:{target.region}:{target.account}:{kind}:{name}"


def cache_retag(target: Target, arn: str, before: Properties, after: Properties) -> None:
    """Bring the tags of an ElastiCache resource from before to after."""
    retag(
        before,
        after,
        lambda tags: target.call("elasticache", "add_tags_to_resource", ResourceName=arn, Tags=tag_list(tags)),
        lambda keys: target.call("elasticache", "remove_tags_from_resource", ResourceName=arn, TagKeys=keys),
    )


_SUBNET_NAMES = {"Description": "CacheSubnetGroupDescription"}


@handles("AWS::ElastiCache::SubnetGroup")
class SubnetGroup(Handler):
    name_property = "CacheSubnetGroupName"

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("CacheSubnetGroupName") or target.generated(255, lower=True)).lower()
        asked = {**renamed(properties, _SUBNET_NAMES), "CacheSubnetGroupName": name}
        target.call("elasticache", "create_cache_subnet_group", **asked)
        return name

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = renamed(changed(before, after, "Tags"), _SUBNET_NAMES)
        if asked:
            target.call("elasticache", "modify_cache_subnet_group", CacheSubnetGroupName=physical, **asked)
        cache_retag(target, cache_arn(target, "subnetgroup", physical), before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("elasticache", "delete_cache_subnet_group", CacheSubnetGroupName=physical)


@handles("AWS::ElastiCache::ParameterGroup")
class ParameterGroup(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        name = target.generated(255, lower=True)
        asked = without(properties, "Properties")
        target.call("elasticache", "create_cache_parameter_group", CacheParameterGroupName=name, **asked)
        self._set(target, name, properties.get("Properties") or {})
        return name

    def _set(self, target: Target, name: str, values: dict[str, Any]) -> None:
        wanted = [{"ParameterName": k, "ParameterValue": v} for k, v in values.items()]
        for start in range(0, len(wanted), 20):
            batch = wanted[start : start + 20]
            operation = "modify_cache_parameter_group"
            target.call("elasticache", operation, CacheParameterGroupName=name, ParameterNameValues=batch)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        old, new = before.get("Properties") or {}, after.get("Properties") or {}
        self._set(target, physical, changed(old, new))
        gone = [{"ParameterName": k, "ParameterValue": old[k]} for k in old if k not in new]
        if gone:
            operation = "reset_cache_parameter_group"
            target.call("elasticache", operation, CacheParameterGroupName=physical, ParameterNameValues=gone)
        cache_retag(target, cache_arn(target, "parametergroup", physical), before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("elasticache", "delete_cache_parameter_group", CacheParameterGroupName=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"CacheParameterGroupName": physical}


_NOT_MODIFIED = ("Tags", "NumCacheClusters", "Port", "ReplicasPerNodeGroup")


@handles("AWS::ElastiCache::ReplicationGroup")
class ReplicationGroup(Handler):
    name_property = "ReplicationGroupId"
    takes_snapshots = True

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("ReplicationGroupId") or target.generated(40, lower=True)).lower()
        target.call("elasticache", "create_replication_group", **{**properties, "ReplicationGroupId": name})
        return name

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after, *_NOT_MODIFIED)
        # Fewer nodes only once failover is off, more before it is switched on: AWS asks for this order.
        growing = int(after.get("NumCacheClusters", 1)) > int(before.get("NumCacheClusters", 1))
        if growing:
            self._resize(target, physical, before, after)
        if different:
            target.call(
                "elasticache",
                "modify_replication_group",
                ReplicationGroupId=physical,
                ApplyImmediately=True,
                **different,
            )
        if not growing:
            self._resize(target, physical, before, after)
        cache_retag(target, cache_arn(target, "replicationgroup", physical), before, after)

    def _resize(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        for name, more in (("NumCacheClusters", -1), ("ReplicasPerNodeGroup", 0)):
            if name not in after or str(before.get(name)) == str(after[name]):
                continue
            replicas = int(after[name]) + more
            had = int(before.get(name, 1 if more else 0)) + more
            word = "increase" if replicas > had else "decrease"
            target.call(
                "elasticache",
                f"{word}_replica_count",
                ReplicationGroupId=physical,
                NewReplicaCount=replicas,
                ApplyImmediately=True,
            )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        last = {"FinalSnapshotIdentifier": target.generated(200, lower=True)} if snapshot else {}
        target.call("elasticache", "delete_replication_group", ReplicationGroupId=physical, **last)

    def _found(self, target: Target, physical: str) -> dict[str, Any]:
        found = target.call("elasticache", "describe_replication_groups", ReplicationGroupId=physical)
        return dict(found["ReplicationGroups"][0])

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        status = str(self._found(target, physical)["Status"])
        if status == "create-failed":
            raise Failed(f"ReplicationGroup {physical} is in state create-failed and hence failed to stabilize.")
        return status == "available"

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        return absent(lambda: self._found(target, physical))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = self._found(target, physical)
        groups = found.get("NodeGroups") or [{}]
        made: dict[str, Any] = {}
        pairs = (
            ("PrimaryEndPoint", groups[0].get("PrimaryEndpoint")),
            ("ReaderEndPoint", groups[0].get("ReaderEndpoint")),
            ("ConfigurationEndPoint", found.get("ConfigurationEndpoint")),
        )
        for name, endpoint in pairs:
            if endpoint:
                made[name] = {"Address": endpoint.get("Address", ""), "Port": str(endpoint.get("Port", ""))}
        readers = [m["ReadEndpoint"] for m in groups[0].get("NodeGroupMembers", []) if m.get("ReadEndpoint")]
        made["ReadEndPoint"] = {
            "Addresses": "[" + ", ".join(r["Address"] for r in readers) + "]",
            "Ports": "[" + ", ".join(str(r["Port"]) for r in readers) + "]",
            "Addresses.List": [r["Address"] for r in readers],
            "Ports.List": [str(r["Port"]) for r in readers],
        }
        return {**made, **only(found, "ARN")}
