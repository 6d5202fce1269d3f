"""ElastiCache's service updates in the sandbox: released, due, applied node by node."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.gaps import elasticache
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    return fresh_ground()


def cache(ground: Ground, nodes: int = 3, name: str = "cache", engine: str = "valkey") -> None:
    ground.aws("elasticache").create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="cache",
        Engine=engine,
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=nodes,
        AutomaticFailoverEnabled=nodes > 1,
        MultiAZEnabled=nodes > 1,
    )
    clock.advance(200)


def release(ground: Ground, engine: str = "valkey", severity: str = "important") -> str:
    return elasticache.release_update(ground.account, REGION, engine, severity, None, 30)


def action(ground: Ground, **asked: Any) -> dict[str, Any]:
    (found,) = ground.aws("elasticache").describe_update_actions(**asked)["UpdateActions"]
    shown: dict[str, Any] = found
    return shown


def apply(ground: Ground, name: str, *groups: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    given = {"ReplicationGroupIds": list(groups), "ServiceUpdateName": name}
    answer = ground.aws("elasticache").batch_apply_update_action(**given)
    return answer["ProcessedUpdateActions"], answer["UnprocessedUpdateActions"]


def group(ground: Ground) -> dict[str, Any]:
    found = ground.aws("elasticache").describe_replication_groups(ReplicationGroupId="cache")["ReplicationGroups"][0]
    shown: dict[str, Any] = found
    return shown


def primary(ground: Ground) -> str:
    members = group(ground)["NodeGroups"][0]["NodeGroupMembers"]
    return next(str(m["CacheClusterId"]) for m in members if m["CurrentRole"] == "primary")


def test_nothing_is_released_unless_ordered_and_then_it_is_due_for_its_engine(ground: Ground) -> None:
    client = ground.aws("elasticache")
    cache(ground)
    cache(ground, nodes=1, name="old", engine="redis")
    assert client.describe_service_updates()["ServiceUpdates"] == []
    assert client.describe_update_actions()["UpdateActions"] == []
    name = release(ground)
    (update,) = client.describe_service_updates(ServiceUpdateStatus=["available"])["ServiceUpdates"]
    assert (update["ServiceUpdateName"], update["ServiceUpdateSeverity"]) == (name, "important")
    assert update["ServiceUpdateRecommendedApplyByDate"] - update["ServiceUpdateReleaseDate"] == timedelta(days=30)
    due = action(ground)
    assert (due["ReplicationGroupId"], due["UpdateActionStatus"]) == ("cache", "not-applied")
    assert (due["NodesUpdated"], due["SlaMet"]) == ("0/3", "n/a")
    assert client.describe_service_updates(ServiceUpdateStatus=["expired"])["ServiceUpdates"] == []


def test_an_update_goes_over_the_replicas_and_then_over_the_primary_by_a_failover(ground: Ground) -> None:
    cache(ground)
    before = primary(ground)
    name = release(ground)
    processed, unprocessed = apply(ground, name, "cache")
    assert [row["UpdateActionStatus"] for row in processed] == ["waiting-to-start"]
    assert unprocessed == []
    clock.advance(60)
    going = action(ground, ShowNodeLevelUpdateStatus=True)
    assert going["UpdateActionStatus"] == "in-progress"
    nodes = going["NodeGroupUpdateStatus"][0]["NodeGroupMemberUpdateStatus"]
    states = {node["CacheClusterId"]: node["NodeUpdateStatus"] for node in nodes}
    assert states[before] == "waiting-to-start"
    assert sorted(states.values()) == ["in-progress", "waiting-to-start", "waiting-to-start"]
    assert group(ground)["Status"] == "modifying"
    clock.advance(1200)
    done = action(ground)
    assert (done["UpdateActionStatus"], done["NodesUpdated"], done["SlaMet"]) == ("complete", "3/3", "yes")
    assert group(ground)["Status"] == "available"
    assert primary(ground) != before
    told = [event["Message"] for event in ground.aws("elasticache").describe_events(Duration=60)["Events"]]
    assert any(message.startswith(f"Failover from primary node {before}") for message in told)


def test_a_single_node_is_away_while_it_is_updated(ground: Ground) -> None:
    cache(ground, nodes=1)
    node = primary(ground)
    apply(ground, release(ground), "cache")
    clock.advance(60)
    assert not elasticache.reachable(ground.account, REGION, "cache", node)
    clock.advance(120)
    assert elasticache.reachable(ground.account, REGION, "cache", node)
    assert action(ground)["UpdateActionStatus"] == "complete"


def test_what_cannot_be_applied_is_told_beside_the_rest(ground: Ground) -> None:
    client = ground.aws("elasticache")
    cache(ground)
    name = release(ground)
    processed, unprocessed = apply(ground, name, "cache", "nobody")
    assert [row["ReplicationGroupId"] for row in processed] == ["cache"]
    assert [(row["ReplicationGroupId"], row["ErrorType"]) for row in unprocessed] == [
        ("nobody", "ReplicationGroupNotFoundFault")
    ]
    assert apply(ground, name, "cache")[1][0]["ErrorType"] == "InvalidParameterValue"
    with pytest.raises(ClientError) as unknown:
        apply(ground, "elasticache-none", "cache")
    assert unknown.value.response["Error"]["Code"] == "ServiceUpdateNotFoundFault"
    with pytest.raises(ClientError) as both:
        client.describe_update_actions(ReplicationGroupIds=["cache"], CacheClusterIds=["cache-001"])
    assert both.value.response["Error"]["Code"] == "InvalidParameterCombination"
