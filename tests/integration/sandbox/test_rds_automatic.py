"""Failovers AWS begins by itself, on command: what RDS tells for each cause (aws-facts 1.2, 1.3), and ElastiCache."""

from typing import Any

import pytest

from sandbox.clock import clock
from sandbox.gaps import elasticache, rds
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground

WORDS = {
    "host": "The primary host of the RDS Multi-AZ instance is unhealthy.",
    "network": "The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity.",
    "zone": "The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity.",
    "storage": "The storage volume underlying the primary host of the RDS Multi-AZ instance experienced a failure.",
    "busy": "The RDS Multi-AZ primary instance is busy and unresponsive.",
    "patching": "The operating system underlying the RDS database instance is being patched in an offline operation.",
    "modified": "The RDS instance was modified by customer.",
}


@pytest.fixture
def ground() -> Ground:
    made = fresh_ground()
    subnets = list(made.subnets.values())
    made.aws("rds").create_db_subnet_group(DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=subnets)
    return made


def database(ground: Ground, *, multi_az: bool = True) -> dict[str, Any]:
    ground.aws("rds").create_db_instance(
        DBInstanceIdentifier="app",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=50,
        MultiAZ=multi_az,
        DBSubnetGroupName="data",
        MasterUsername="haven",
        MasterUserPassword="not-a-secret-1",
    )
    clock.advance(200)
    return shown(ground)


def shown(ground: Ground) -> dict[str, Any]:
    found: dict[str, Any] = ground.aws("rds").describe_db_instances(DBInstanceIdentifier="app")["DBInstances"][0]
    return found


def told(ground: Ground) -> list[str]:
    found = ground.aws("rds").describe_events(SourceIdentifier="app", SourceType="db-instance", Duration=120)
    return [event["Message"] for event in found["Events"]]


@pytest.mark.parametrize("cause", sorted(WORDS))
def test_each_cause_is_told_in_aws_s_words_and_the_status_stays_available(ground: Ground, cause: str) -> None:
    before = database(ground)
    quiet = len(told(ground))
    rds.fail_over(ground.account, REGION, "app", cause)
    statuses = set()
    for _ in range(70):
        clock.advance(10)
        statuses.add(shown(ground)["DBInstanceStatus"])
    assert statuses == {"available"}
    assert told(ground)[quiet : quiet + 4] == [
        "Multi-AZ instance failover started. ",
        "DB instance restarted",
        "Multi-AZ instance failover completed",
        WORDS[cause],
    ]
    assert shown(ground)["AvailabilityZone"] == before["SecondaryAvailabilityZone"]


@pytest.mark.parametrize(("cause", "down"), [("host", True), ("storage", True), ("patching", False)])
def test_a_sudden_cause_cuts_off_at_once_and_costs_the_standby_too(ground: Ground, cause: str, down: bool) -> None:
    database(ground)
    rds.fail_over(ground.account, REGION, "app", cause)
    assert rds.reachable(ground.account, REGION, "app") is not down
    clock.advance(1200)
    assert rds.reachable(ground.account, REGION, "app")
    recovery = ["Recovery of standby DB instance has started.", "Recovery of standby DB instance has completed."]
    assert (told(ground)[-2:] == recovery) is down


def test_what_cannot_fail_over_by_itself_says_why(ground: Ground) -> None:
    with pytest.raises(LookupError, match="no DB instance nobody"):
        rds.fail_over(ground.account, REGION, "nobody", "host")
    database(ground)
    rds.fail_over(ground.account, REGION, "app", "host")
    with pytest.raises(ValueError, match="failover"):
        rds.fail_over(ground.account, REGION, "app", "host")
    clock.advance(130)
    with pytest.raises(ValueError, match="standby is being rebuilt"):
        rds.fail_over(ground.account, REGION, "app", "host")


def test_a_single_instance_that_loses_its_host_is_away_for_minutes(ground: Ground) -> None:
    before = database(ground, multi_az=False)
    with pytest.raises(ValueError, match="not Multi-AZ"):
        rds.fail_over(ground.account, REGION, "app", "storage")
    rds.fail_over(ground.account, REGION, "app", "host")
    clock.advance(270)
    assert not rds.reachable(ground.account, REGION, "app")
    clock.advance(40)
    assert rds.reachable(ground.account, REGION, "app")
    assert shown(ground)["AvailabilityZone"] == before["AvailabilityZone"]
    assert told(ground)[-3:] == [
        "Recovery of the DB instance has started. Recovery time will vary with the amount of data to be recovered.",
        "DB instance restarted",
        "Recovery of the DB instance is complete.",
    ]


def cache(ground: Ground, nodes: int = 2) -> list[dict[str, Any]]:
    client = ground.aws("elasticache")
    client.create_cache_subnet_group(
        CacheSubnetGroupName="data", CacheSubnetGroupDescription="data", SubnetIds=list(ground.subnets.values())
    )
    client.create_replication_group(
        ReplicationGroupId="cache",
        ReplicationGroupDescription="cache",
        Engine="valkey",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=nodes,
        AutomaticFailoverEnabled=nodes > 1,
        MultiAZEnabled=nodes > 1,
        CacheSubnetGroupName="data",
    )
    clock.advance(200)
    return nodes_of(ground)


def nodes_of(ground: Ground) -> list[dict[str, Any]]:
    group = ground.aws("elasticache").describe_replication_groups(ReplicationGroupId="cache")["ReplicationGroups"][0]
    found: list[dict[str, Any]] = group["NodeGroups"][0]["NodeGroupMembers"]
    return found


def cache_told(ground: Ground) -> list[tuple[str, str]]:
    events = ground.aws("elasticache").describe_events(Duration=120)["Events"]
    return [(event["SourceIdentifier"], event["Message"]) for event in events]


@pytest.mark.parametrize("cause", ["host", "zone", "patching"])
def test_a_primary_cache_node_that_fails_is_replaced_by_its_replica(ground: Ground, cause: str) -> None:
    before = cache(ground)
    quiet = len(cache_told(ground))
    old, new = (m["CacheClusterId"] for m in sorted(before, key=lambda m: str(m["CurrentRole"])))
    assert elasticache.fail_over(ground.account, REGION, "cache", cause) == "failover"
    with pytest.raises(ValueError, match=r"modifying"):
        elasticache.fail_over(ground.account, REGION, "cache", cause)
    clock.advance(900)
    roles = {m["CacheClusterId"]: m["CurrentRole"] for m in nodes_of(ground)}
    assert roles == {old: "replica", new: "primary"}
    done = f"Failover from primary node {old} to replica node {new} completed"
    assert cache_told(ground)[quiet:] == [
        (new, done),
        ("cache", done),
        (old, "Recovering cache nodes 0001"),
        (old, "Finished recovery for cache nodes 0001"),
    ]


def test_a_cache_node_without_a_replica_is_replaced_where_it_is(ground: Ground) -> None:
    (node,) = cache(ground, nodes=1)
    assert elasticache.fail_over(ground.account, REGION, "cache", "host") == "recovery"
    assert not elasticache.reachable(ground.account, REGION, "cache", node["CacheClusterId"])
    clock.advance(900)
    assert elasticache.reachable(ground.account, REGION, "cache", node["CacheClusterId"])
    assert [message for _, message in cache_told(ground)][-2:] == [
        "Recovering cache nodes 0001",
        "Finished recovery for cache nodes 0001",
    ]
    with pytest.raises(ValueError, match="cannot fail because of storage"):
        elasticache.fail_over(ground.account, REGION, "cache", "storage")
    with pytest.raises(LookupError, match="no node group 0009"):
        elasticache.fail_over(ground.account, REGION, "cache", "host", "0009")
