"""ElastiCache: the environment's replication groups and their nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.aws.errors import is_missing
from services.domain.snapshot import Cache, CacheNode

if TYPE_CHECKING:
    from types_boto3_elasticache.client import ElastiCacheClient
    from types_boto3_elasticache.type_defs import CacheClusterTypeDef, EndpointTypeDef, ReplicationGroupTypeDef


@dataclass(frozen=True)
class Member:
    """A cache cluster as its own API shows it: the only place that tells a node's status and engine version."""

    status: str
    engine_version: str | None
    zone: str | None


def list_groups(client: "ElastiCacheClient", ids: Sequence[str]) -> tuple["ReplicationGroupTypeDef", ...]:
    """The named groups that exist, as AWS describes them (`to_cache` needs the members too). One call: by id for one
    group, else all of the region's, which AWS pages by 100."""
    paginator = client.get_paginator("describe_replication_groups")
    try:
        pages = list(paginator.paginate(ReplicationGroupId=ids[0]) if len(ids) == 1 else paginator.paginate())
    except ClientError as error:
        if is_missing(error):
            return ()
        raise
    found = [group for page in pages for group in page["ReplicationGroups"]]
    return tuple(group for group in found if group["ReplicationGroupId"] in ids)


def list_members(client: "ElastiCacheClient", ids: Sequence[str]) -> dict[str, Member]:
    """The cache clusters of the named groups, by cluster id. AWS has no filter by group: it is one paged list."""
    pages = client.get_paginator("describe_cache_clusters").paginate()
    found = [cluster for page in pages for cluster in page["CacheClusters"]]
    return {c["CacheClusterId"]: to_member(c) for c in found if c.get("ReplicationGroupId") in ids}


def to_member(found: "CacheClusterTypeDef") -> Member:
    """Haven's member of AWS's cache cluster."""
    return Member(found["CacheClusterStatus"], found.get("EngineVersion"), found.get("PreferredAvailabilityZone"))


def to_cache(found: "ReplicationGroupTypeDef", members: dict[str, Member]) -> Cache:
    """Haven's cache of AWS's replication group and cache clusters."""
    groups = found.get("NodeGroups", [])
    endpoint: EndpointTypeDef = (
        found.get("ConfigurationEndpoint") or (groups[0].get("PrimaryEndpoint") if groups else None) or {}
    )
    own = [members[name] for name in found.get("MemberClusters", []) if name in members]
    nodes = []
    for group in groups:
        for node in group.get("NodeGroupMembers", []):
            member = members.get(node["CacheClusterId"])
            nodes.append(
                CacheNode(
                    cluster_id=node["CacheClusterId"],
                    node_group=group["NodeGroupId"],
                    zone=node.get("PreferredAvailabilityZone") or (member.zone if member else None),
                    role=node.get("CurrentRole"),
                    status=member.status if member else None,
                )
            )
    return Cache(
        identifier=found["ReplicationGroupId"],
        arn=found["ARN"],
        engine=found.get("Engine", "redis"),
        engine_version=next((member.engine_version for member in own), None),
        node_type=found["CacheNodeType"],
        status=found["Status"],
        automatic_failover=found["AutomaticFailover"],
        multi_az=found.get("MultiAZ", "disabled"),
        transit_encryption=found.get("TransitEncryptionEnabled", False),
        at_rest_encryption=found.get("AtRestEncryptionEnabled", False),
        endpoint=endpoint.get("Address"),
        port=endpoint.get("Port"),
        snapshot_retention_days=found.get("SnapshotRetentionLimit", 0),
        nodes=tuple(sorted(nodes, key=lambda n: n.cluster_id)),
    )
