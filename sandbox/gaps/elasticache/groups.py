"""What the sandbox remembers of a replication group and its nodes, and how AWS shows it (aws-facts 2.3)."""

import zlib
from datetime import datetime
from types import MappingProxyType
from typing import Any

from moto.elasticache.models import elasticache_backends

from sandbox.clock import clock
from sandbox.endpoints.addresses import address
from sandbox.weather.placement import order_for, spread, zones_down

NODE = "0001"  # a Redis or Valkey cache cluster has one node, always called so


class Group:
    """A replication group: `data` is what shows as given; `shards` are its node groups with their members.

    Some attributes are there because moto's snapshots and other parts read them.
    """

    updates: dict[str, dict[str, Any]] = MappingProxyType({})  # type: ignore[assignment]
    """Service updates that apply to it, by name; see `updates`. Replaced, never changed in place."""

    def __init__(self, account: str, region: str, name: str, data: dict[str, Any]) -> None:
        self.account, self.region, self.replication_group_id = account, region, name
        self.data = data
        self.status = "creating"
        self.created_at = clock.now()
        self.shards: list[dict[str, Any]] = []
        self.automatic_failover = "disabled"
        self.multi_az = "disabled"
        self.changes = 0
        self.failing_over: list[str] = []
        self.tested: list[tuple[datetime, str]] = []

    @property
    def arn(self) -> str:
        """The group's ARN."""
        return f"arn:aws:elasticache:{self.region}:{self.account}:replicationgroup:{self.replication_group_id}"

    @property
    def cache_parameter_group_name(self) -> str | None:
        """For whoever asks whether a parameter group is used."""
        return self.data.get("CacheParameterGroupName")

    @property
    def cache_subnet_group_name(self) -> str | None:
        """For whoever asks whether a subnet group is used."""
        return self.data.get("CacheSubnetGroupName")

    @property
    def node_groups(self) -> list[dict[str, Any]]:
        """For moto's snapshots."""
        return self.shards

    @property
    def cluster_enabled(self) -> bool:
        """Cluster mode: roles do not show, and there is one endpoint for all."""
        return bool(self.data["ClusterEnabled"])

    @property
    def members(self) -> list[dict[str, Any]]:
        """All nodes of all node groups."""
        return [member for shard in self.shards for member in shard["members"]]

    def zones(self) -> list[str]:
        """The zones of its subnet group, in an order of its own."""
        backend = elasticache_backends[self.account][self.region]
        group = backend.cache_subnet_groups.get(self.cache_subnet_group_name or "")
        zones = [s["subnet_availability_zone"]["Name"] for s in group.subnets] if group else []
        return order_for(self.replication_group_id, zones or [f"{self.region}{letter}" for letter in "abc"])

    def add_members(self, shard: dict[str, Any], count: int, wanted: list[str] | None = None) -> list[dict[str, Any]]:
        """`count` more nodes in a node group, in the zones `wanted` or else each in the emptiest standing zone."""
        present: dict[str, int] = {}
        for member in shard["members"]:
            present[member["zone"]] = present.get(member["zone"], 0) + 1
        standing = [zone for zone in self.zones() if zone not in zones_down()] or self.zones()
        places = (wanted or []) + spread(standing, present, max(0, count - len(wanted or [])))
        added = []
        for zone in places[:count]:
            shard["made"] += 1
            prefix = f"{self.replication_group_id}-{shard['id']}" if self.cluster_enabled else self.replication_group_id
            member = {
                "id": f"{prefix}-{shard['made']:03}",
                "zone": zone,
                "role": "replica" if shard["members"] else "primary",
                "status": "creating",
                "created": clock.now(),
            }
            shard["members"].append(member)
            added.append(member)
        return added

    def _domain(self) -> str:
        unique = f"{zlib.crc32(self.arn.encode()):08x}"[:6]
        return f"{self.replication_group_id}.{unique}.{_short(self.region)}.cache.amazonaws.com"

    def _endpoint(self, host: str) -> dict[str, Any]:
        name, port = f"{host}.{self._domain()}", self.data["Port"]
        primary = host in ("master", "clustercfg")  # a group has one of the two
        return {"Address": address(self.arn, name, port) if primary else name, "Port": port}

    def shape(self) -> dict[str, Any]:
        """The group as AWS describes it."""
        there = self.status != "creating"
        data = self.data
        shown = {
            "ReplicationGroupId": self.replication_group_id,
            "ARN": self.arn,
            "Description": data.get("ReplicationGroupDescription"),
            "Status": self.status,
            "PendingModifiedValues": {},
            "MemberClusters": [member["id"] for member in self.members],
            "NodeGroups": [self._node_group(shard, there) for shard in self.shards],
            "AutomaticFailover": self.automatic_failover,
            "MultiAZ": self.multi_az,
            "SnapshotRetentionLimit": data["SnapshotRetentionLimit"],
            "SnapshotWindow": data["SnapshotWindow"],
            "ClusterEnabled": self.cluster_enabled,
            "CacheNodeType": data["CacheNodeType"],
            "AuthTokenEnabled": bool(data.get("AuthToken")),
            "TransitEncryptionEnabled": data["TransitEncryptionEnabled"],
            "TransitEncryptionMode": data.get("TransitEncryptionMode"),
            "AtRestEncryptionEnabled": data["AtRestEncryptionEnabled"],
            "KmsKeyId": data.get("KmsKeyId"),
            "UserGroupIds": data.get("UserGroupIds"),
            "LogDeliveryConfigurations": [{**c, "Status": "active"} for c in data.get("LogDeliveryConfigurations", [])],
            "ReplicationGroupCreateTime": self.created_at,
            "DataTiering": "disabled",
            "AutoMinorVersionUpgrade": data["AutoMinorVersionUpgrade"],
            "NetworkType": data.get("NetworkType", "ipv4"),
            "IpDiscovery": data.get("IpDiscovery", "ipv4"),
            "ClusterMode": "enabled" if self.cluster_enabled else "disabled",
            "Engine": data["Engine"],
        }
        if data["SnapshotRetentionLimit"] and self.members:
            replicas = [m["id"] for m in self.members if m["role"] == "replica"]
            shown["SnapshottingClusterId"] = replicas[0] if replicas else self.members[0]["id"]
        if self.cluster_enabled and there:
            shown["ConfigurationEndpoint"] = self._endpoint("clustercfg")
        return {key: value for key, value in shown.items() if value is not None}

    def _node_group(self, shard: dict[str, Any], there: bool) -> dict[str, Any]:
        shown = {
            "NodeGroupId": shard["id"],
            "Status": "modifying" if shard["id"] in self.failing_over else self.status,
            "NodeGroupMembers": [self._member(member, there) for member in shard["members"]],
        }
        if self.cluster_enabled:
            shown["Slots"] = shard["slots"]
        elif there:
            shown["PrimaryEndpoint"] = self._endpoint("master")
            shown["ReaderEndpoint"] = self._endpoint("replica")
        return shown

    def _member(self, member: dict[str, Any], there: bool) -> dict[str, Any]:
        shown = {
            "CacheClusterId": member["id"],
            "CacheNodeId": NODE,
            "PreferredAvailabilityZone": member["zone"],
        }
        if not self.cluster_enabled:
            shown["CurrentRole"] = member["role"]
            if there and member["status"] != "creating":
                shown["ReadEndpoint"] = self._endpoint(member["id"])
        return shown

    def cluster_shape(self, member: dict[str, Any], nodes: bool) -> dict[str, Any]:
        """A node as DescribeCacheClusters shows it."""
        data = self.data
        node = {
            "CacheNodeId": NODE,
            "CacheNodeStatus": member["status"],
            "CacheNodeCreateTime": member["created"],
            "ParameterGroupStatus": "in-sync",
            "CustomerAvailabilityZone": member["zone"],
            "Endpoint": self._endpoint(member["id"]),
        }
        shown = {
            "CacheClusterId": member["id"],
            "ARN": f"arn:aws:elasticache:{self.region}:{self.account}:cluster:{member['id']}",
            "ClientDownloadLandingPage": "https://console.aws.amazon.com/elasticache/home#client-download:",
            "CacheNodeType": data["CacheNodeType"],
            "Engine": data["Engine"],
            "EngineVersion": data["EngineVersion"],
            "CacheClusterStatus": member["status"],
            "NumCacheNodes": 1,
            "PreferredAvailabilityZone": member["zone"],
            "CacheClusterCreateTime": member["created"],
            "PreferredMaintenanceWindow": data["PreferredMaintenanceWindow"],
            "PendingModifiedValues": {},
            "CacheSecurityGroups": [],
            "SecurityGroups": [{"SecurityGroupId": i, "Status": "active"} for i in data.get("SecurityGroupIds", [])],
            "CacheParameterGroup": {
                "CacheParameterGroupName": data["CacheParameterGroupName"],
                "ParameterApplyStatus": "in-sync",
                "CacheNodeIdsToReboot": [],
            },
            "CacheSubnetGroupName": data.get("CacheSubnetGroupName"),
            "AutoMinorVersionUpgrade": data["AutoMinorVersionUpgrade"],
            "ReplicationGroupId": self.replication_group_id,
            "SnapshotRetentionLimit": data["SnapshotRetentionLimit"] if member["role"] == "replica" else 0,
            "SnapshotWindow": data["SnapshotWindow"],
            "AuthTokenEnabled": bool(data.get("AuthToken")),
            "TransitEncryptionEnabled": data["TransitEncryptionEnabled"],
            "AtRestEncryptionEnabled": data["AtRestEncryptionEnabled"],
            "ReplicationGroupLogDeliveryEnabled": bool(data.get("LogDeliveryConfigurations")),
            "NetworkType": data.get("NetworkType", "ipv4"),
            "IpDiscovery": data.get("IpDiscovery", "ipv4"),
        }
        if data.get("NotificationTopicArn"):
            topic = {"TopicArn": data["NotificationTopicArn"], "TopicStatus": "active"}
            shown["NotificationConfiguration"] = topic
        if nodes:
            shown["CacheNodes"] = [node]
        return {key: value for key, value in shown.items() if value is not None}


def _short(region: str) -> str:
    """`us-east-1` as `use1`, as host names have it."""
    area, place, number = region.split("-")
    return f"{area}{place[0]}{number}"


def find(account: str, region: str, name: str) -> Group | None:
    """The replication group of that name."""
    found = elasticache_backends[account][region].replication_groups.get(name)
    return found if isinstance(found, Group) else None


def where(group: Group) -> dict[str, str]:
    """The plain values a transition needs to find a group again."""
    return {"account": group.account, "region": group.region, "group": group.replication_group_id}
