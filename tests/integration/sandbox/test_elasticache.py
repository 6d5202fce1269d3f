"""ElastiCache in the sandbox against aws-facts 2: members over zones, roles, failovers, events, sizes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.gaps.elasticache import reachable
from sandbox.weather import zones
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    made = fresh_ground()
    made.aws("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName="data", CacheSubnetGroupDescription="data", SubnetIds=list(made.subnets.values())
    )
    return made


def create(ground: Ground, **more: Any) -> dict[str, Any]:
    given = {
        "ReplicationGroupId": "cache",
        "ReplicationGroupDescription": "the cache",
        "Engine": "valkey",
        "CacheNodeType": "cache.t4g.small",
        "NumCacheClusters": 3,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "CacheSubnetGroupName": "data",
    }
    made: dict[str, Any] = ground.aws("elasticache").create_replication_group(**{**given, **more})["ReplicationGroup"]
    return made


def available(ground: Ground, **more: Any) -> dict[str, Any]:
    create(ground, **more)
    clock.advance(150)
    return shown(ground)


def shown(ground: Ground) -> dict[str, Any]:
    found: dict[str, Any] = ground.aws("elasticache").describe_replication_groups(ReplicationGroupId="cache")[
        "ReplicationGroups"
    ][0]
    return found


def members(ground: Ground) -> list[dict[str, Any]]:
    return list(shown(ground)["NodeGroups"][0]["NodeGroupMembers"])


def primary(ground: Ground) -> dict[str, Any]:
    [found] = [m for m in members(ground) if m["CurrentRole"] == "primary"]
    return found


def events(ground: Ground, **asked: Any) -> list[tuple[str, str, str]]:
    found = ground.aws("elasticache").describe_events(**asked)["Events"]
    return [(e["SourceType"], e["SourceIdentifier"], e["Message"]) for e in found]


def code_of(refusal: Any) -> str:
    return str(refusal.value.response["Error"]["Code"])


def test_a_group_is_created_with_a_primary_and_replicas_over_the_zones(ground: Ground) -> None:
    new = create(ground, TransitEncryptionEnabled=True, AtRestEncryptionEnabled=True, SnapshotRetentionLimit=7)
    assert new["Status"] == "creating"
    assert "PrimaryEndpoint" not in new["NodeGroups"][0]
    clock.advance(120)
    group = shown(ground)
    assert group["Status"] == "available"
    assert (group["MultiAZ"], group["AutomaticFailover"], group["Engine"]) == ("enabled", "enabled", "valkey")
    assert (group["TransitEncryptionEnabled"], group["AtRestEncryptionEnabled"]) == (True, True)
    assert (group["SnapshotRetentionLimit"], group["CacheNodeType"]) == (7, "cache.t4g.small")
    assert group["MemberClusters"] == ["cache-001", "cache-002", "cache-003"]
    [shard] = group["NodeGroups"]
    assert [m["CurrentRole"] for m in shard["NodeGroupMembers"]] == ["primary", "replica", "replica"]
    assert {m["PreferredAvailabilityZone"] for m in shard["NodeGroupMembers"]} == set(ground.subnets)
    assert shard["PrimaryEndpoint"]["Address"].startswith("master.cache.")
    assert shard["ReaderEndpoint"]["Address"].startswith("replica.cache.")
    assert shard["PrimaryEndpoint"]["Address"].endswith(".use1.cache.amazonaws.com")


def test_every_member_is_a_cache_cluster(ground: Ground) -> None:
    available(ground, SecurityGroupIds=[ground.group])
    cache = ground.aws("elasticache")
    clusters = cache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    assert [c["CacheClusterId"] for c in clusters] == ["cache-001", "cache-002", "cache-003"]
    assert {c["PreferredAvailabilityZone"] for c in clusters} == set(ground.subnets)
    one = clusters[0]
    assert (one["ReplicationGroupId"], one["CacheClusterStatus"], one["EngineVersion"]) == ("cache", "available", "8.1")
    assert one["CacheNodes"][0]["CacheNodeId"] == "0001"
    assert one["CacheSubnetGroupName"] == "data"
    assert one["SecurityGroups"] == [{"SecurityGroupId": ground.group, "Status": "active"}]
    assert "CacheNodes" not in cache.describe_cache_clusters(CacheClusterId="cache-002")["CacheClusters"][0]
    groups = cache.describe_cache_subnet_groups()["CacheSubnetGroups"]
    assert {s["SubnetAvailabilityZone"]["Name"] for s in groups[0]["Subnets"]} == set(ground.subnets)


def test_a_tested_failover_swaps_roles_in_seconds_and_tells_it_as_captured(ground: Ground) -> None:
    before = available(ground)
    old = primary(ground)["CacheClusterId"]
    clock.advance(4000)
    cache = ground.aws("elasticache")
    began = clock.now()
    answer = cache.test_failover(ReplicationGroupId="cache", NodeGroupId="0001")["ReplicationGroup"]
    assert answer["Status"] == "modifying"
    clock.advance(30)
    new = primary(ground)["CacheClusterId"]
    assert new != old
    assert shown(ground)["Status"] == "modifying"
    clock.advance(40)
    assert shown(ground)["Status"] == "available"
    assert not reachable(ground.account, REGION, "cache", old)
    clock.advance(800)
    assert reachable(ground.account, REGION, "cache", old)
    told = cache.describe_events()["Events"]
    assert [(round((e["Date"] - began).total_seconds()), e["SourceType"], e["Message"]) for e in told] == [
        (0, "replication-group", "Test Failover API called for node group 0001"),
        (63, "cache-cluster", f"Failover from primary node {old} to replica node {new} completed"),
        (63, "replication-group", f"Failover from primary node {old} to replica node {new} completed"),
        (146, "cache-cluster", "Recovering cache nodes 0001"),
        (764, "cache-cluster", "Finished recovery for cache nodes 0001"),
    ]
    assert shown(ground)["NodeGroups"][0]["PrimaryEndpoint"] == before["NodeGroups"][0]["PrimaryEndpoint"]


def test_at_most_fifteen_node_groups_are_tested_in_a_day(ground: Ground) -> None:
    available(ground)
    cache = ground.aws("elasticache")
    for _ in range(15):
        cache.test_failover(ReplicationGroupId="cache", NodeGroupId="0001")
        clock.advance(800)
    with pytest.raises(ClientError) as refusal:
        cache.test_failover(ReplicationGroupId="cache", NodeGroupId="0001")
    assert code_of(refusal) == "APICallRateForCustomerExceeded"
    clock.advance(24 * 3600)
    cache.test_failover(ReplicationGroupId="cache", NodeGroupId="0001")


def test_a_failover_that_cannot_be_is_refused(ground: Ground) -> None:
    cache = ground.aws("elasticache")
    with pytest.raises(ClientError) as unknown:
        cache.test_failover(ReplicationGroupId="nobody", NodeGroupId="0001")
    assert code_of(unknown) == "ReplicationGroupNotFoundFault"
    create(ground, AutomaticFailoverEnabled=False, MultiAZEnabled=False)
    with pytest.raises(ClientError) as shard:
        cache.test_failover(ReplicationGroupId="cache", NodeGroupId="0009")
    assert code_of(shard) == "NodeGroupNotFoundFault"
    clock.advance(150)
    with pytest.raises(ClientError) as off:
        cache.test_failover(ReplicationGroupId="cache", NodeGroupId="0001")
    assert code_of(off) == "InvalidReplicationGroupState"


def test_multi_az_needs_failover_and_failover_a_replica(ground: Ground) -> None:
    for wrong in (
        {"AutomaticFailoverEnabled": False},
        {"NumCacheClusters": 1},
    ):
        with pytest.raises(ClientError) as refusal:
            create(ground, **wrong)
        assert code_of(refusal) == "InvalidParameterCombination"


def test_a_lost_zone_moves_the_primary_and_its_node_recovers_with_the_zone(ground: Ground) -> None:
    available(ground)
    old = primary(ground)
    zone = old["PreferredAvailabilityZone"]
    zones.fail(zone)
    try:
        clock.advance(900)
        new = primary(ground)
        assert new["PreferredAvailabilityZone"] != zone
        message = (
            f"Failover from primary node {old['CacheClusterId']} to replica node {new['CacheClusterId']} completed"
        )
        assert ("replication-group", "cache", message) in events(ground)
        assert not any(text.startswith("Recovering") for _, _, text in events(ground))
    finally:
        zones.recover(zone)
    clock.advance(900)
    node = old["CacheClusterId"]
    assert ("cache-cluster", node, "Finished recovery for cache nodes 0001") in events(ground)
    assert primary(ground) == new


def test_replicas_are_added_in_the_emptiest_zone_and_leave_from_the_fullest(ground: Ground) -> None:
    available(ground, NumCacheClusters=2)
    cache = ground.aws("elasticache")
    cache.increase_replica_count(ReplicationGroupId="cache", NewReplicaCount=2, ApplyImmediately=True)
    assert shown(ground)["Status"] == "modifying"
    clock.advance(120)
    assert shown(ground)["Status"] == "available"
    assert {m["PreferredAvailabilityZone"] for m in members(ground)} == set(ground.subnets)
    cache.decrease_replica_count(ReplicationGroupId="cache", NewReplicaCount=1, ApplyImmediately=True)
    clock.advance(120)
    assert [m["CurrentRole"] for m in members(ground)] == ["primary", "replica"]
    with pytest.raises(ClientError) as last:
        cache.decrease_replica_count(ReplicationGroupId="cache", NewReplicaCount=0, ApplyImmediately=True)
    assert code_of(last) == "InvalidParameterCombination"
    with pytest.raises(ClientError) as many:
        cache.increase_replica_count(ReplicationGroupId="cache", NewReplicaCount=6, ApplyImmediately=True)
    assert code_of(many) == "InvalidParameterValue"


def test_a_single_node_becomes_multi_az(ground: Ground) -> None:
    available(ground, NumCacheClusters=1, AutomaticFailoverEnabled=False, MultiAZEnabled=False)
    cache = ground.aws("elasticache")
    cache.increase_replica_count(ReplicationGroupId="cache", NewReplicaCount=1, ApplyImmediately=True)
    during = cache.modify_replication_group(
        ReplicationGroupId="cache",
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        CacheNodeType="cache.r7g.large",
        SnapshotRetentionLimit=3,
        ApplyImmediately=True,
    )["ReplicationGroup"]
    assert (during["Status"], during["AutomaticFailover"], during["MultiAZ"]) == ("modifying", "enabling", "enabled")
    clock.advance(600)
    group = shown(ground)
    assert (group["Status"], group["AutomaticFailover"]) == ("available", "enabled")
    assert (group["CacheNodeType"], group["SnapshotRetentionLimit"]) == ("cache.r7g.large", 3)
    assert len({m["PreferredAvailabilityZone"] for m in members(ground)}) == 2


def test_a_deleted_group_goes_with_its_nodes_and_may_leave_a_snapshot(ground: Ground) -> None:
    available(ground)
    cache = ground.aws("elasticache")
    cache.delete_replication_group(ReplicationGroupId="cache", FinalSnapshotIdentifier="last")
    assert shown(ground)["Status"] == "deleting"
    clock.advance(60)
    with pytest.raises(ClientError) as gone:
        shown(ground)
    assert code_of(gone) == "ReplicationGroupNotFoundFault"
    assert cache.describe_cache_clusters()["CacheClusters"] == []
    assert [s["SnapshotName"] for s in cache.describe_snapshots()["Snapshots"]] == ["last"]


def test_events_have_a_window_a_source_and_limits(ground: Ground) -> None:
    available(ground)
    cache = ground.aws("elasticache")
    assert events(ground, SourceType="replication-group") == [
        ("replication-group", "cache", "Replication group cache created")
    ]
    assert set(cache.describe_events()["Events"][0]) == {"SourceIdentifier", "SourceType", "Message", "Date"}
    clock.advance(3700)
    assert events(ground) == []
    assert len(events(ground, Duration=120)) == 7
    for wrong, code in (
        ({"Duration": 20161}, "InvalidParameterCombination"),
        ({"SourceIdentifier": "cache"}, "InvalidParameterCombination"),
        ({"MaxRecords": 101}, "InvalidParameterValue"),
    ):
        with pytest.raises(ClientError) as refusal:
            cache.describe_events(**wrong)
        assert code_of(refusal) == code


def test_cluster_mode_shows_one_endpoint_and_no_roles(ground: Ground) -> None:
    group = available(ground, NumNodeGroups=2, ReplicasPerNodeGroup=1, NumCacheClusters=0, ClusterMode="enabled")
    assert group["ClusterEnabled"] is True
    assert group["ConfigurationEndpoint"]["Address"].startswith("clustercfg.cache.")
    assert [shard["Slots"] for shard in group["NodeGroups"]] == ["0-8191", "8192-16383"]
    assert group["MemberClusters"] == ["cache-0001-001", "cache-0001-002", "cache-0002-001", "cache-0002-002"]
    assert not any("CurrentRole" in m for shard in group["NodeGroups"] for m in shard["NodeGroupMembers"])
