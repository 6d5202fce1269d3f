"""Redundancy loss."""

from typing import Any

import pytest

from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.risk import Danger, Level, Risk, risks
from tests.unit.domain.deployment.changes import DATABASE, GROUP, SCALABLE, SERVICE, change, edited, plan, prop, stack

BALANCER, SUBNET = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::EC2::Subnet"
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


def losses(made: ResourceChange, **more: Any) -> list[Risk]:
    return [each for each in risks(plan(stack(made, **more))) if each.danger is Danger.REDUNDANCY_LOSS]


def one(made: ResourceChange, **more: Any) -> Risk:
    found = losses(made, **more)
    assert len(found) == 1, found
    return found[0]


def test_multi_az_turned_off_needs_the_name_typed() -> None:
    found = one(edited(DATABASE, {"MultiAZ": True}, {"MultiAZ": False}, physical="production-app"))
    assert (found.level, found.confirm) == (Level.HIGH, "production-app")
    assert found.sentence.startswith("The standby of production-app is deleted")
    assert one(edited(DATABASE, {"MultiAZ": "true"}, {})).level is Level.HIGH
    assert losses(edited(DATABASE, {"MultiAZ": False}, {"MultiAZ": True})) == []


def test_a_cache_says_everything_it_loses_at_once() -> None:
    before = {"AutomaticFailoverEnabled": True, "MultiAZEnabled": True, "NumCacheClusters": 3}
    after = {"AutomaticFailoverEnabled": False, "MultiAZEnabled": False, "NumCacheClusters": 1}
    found = one(edited(GROUP, before, after))
    assert found.level is Level.HIGH
    assert found.sentence == "The cache the-thing loses automatic failover, Multi-AZ and 2 of its 3 nodes."
    assert found.because == (
        "AutomaticFailoverEnabled is turned off; MultiAZEnabled is turned off; NumCacheClusters: 3 becomes 1."
    )
    assert (
        "1 of its 2 replicas" in one(edited(GROUP, {"ReplicasPerNodeGroup": 2}, {"ReplicasPerNodeGroup": 1})).sentence
    )
    assert losses(edited(GROUP, after, before)) == []
    assert losses(edited(GROUP, {"NumCacheClusters": "?"}, {"NumCacheClusters": 1})) == []


@pytest.mark.parametrize(("type", "says"), [(SUBNET, "one zone less"), ("AWS::EC2::NatGateway", "depends on another")])
def test_a_subnet_or_nat_gateway_removed_needs_its_name_typed(type: str, says: str) -> None:
    found = one(change(type, "Remove"))
    assert (found.level, found.confirm) == (Level.HIGH, "the-thing")
    assert says in found.sentence


def subnets(*names: str) -> dict[str, Any]:
    return {"NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": list(names)}}}


@pytest.mark.parametrize(
    ("type", "before", "after", "says"),
    [
        (SERVICE, subnets("a", "b", "c"), subnets("a", "b"), "in 2 subnets instead of 3"),
        (BALANCER, {"Subnets": ["a", "b", "c"]}, {"Subnets": ["a", "b"]}, "in 2 subnets instead of 3"),
        ("AWS::RDS::DBSubnetGroup", {"SubnetIds": ["a", "b"]}, {"SubnetIds": "a"}, "in 1 subnet instead of 2"),
    ],
)
def test_fewer_subnets_are_a_zone_less(type: str, before: dict[str, Any], after: dict[str, Any], says: str) -> None:
    found = one(edited(type, before, after))
    assert found.level is Level.HIGH
    assert says in found.sentence
    assert losses(edited(type, after, before)) == []


def test_subnets_are_read_from_the_places_where_aws_gives_no_whole_resource() -> None:
    path = "/Properties/NetworkConfiguration/AwsvpcConfiguration/Subnets"
    made = change(SERVICE, "Modify", prop("NetworkConfiguration", '["a","b","c"]', '["a"]', path=path))
    assert "in 1 subnet instead of 3" in one(made).sentence
    odd = change(
        SERVICE,
        "Modify",
        prop("NetworkConfiguration", "x", "y"),
        prop("NetworkConfiguration", '["a","b"]', '["a"]', path=path),
    )
    assert losses(odd) == [], "two places that contradict each other tell nothing"


def test_what_is_only_known_once_it_runs_is_medium() -> None:
    found = one(edited(GROUP, {"NumCacheClusters": 3}, {"NumCacheClusters": UNKNOWN}))
    assert found.level is Level.MEDIUM
    assert found.sentence == "What becomes of NumCacheClusters of the-thing is only known once it runs."
    assert "Subnets" in one(edited(BALANCER, {"Subnets": ["a", "b"]}, {"Subnets": [UNKNOWN]})).sentence
    assert "MultiAZ" in one(edited(DATABASE, {"MultiAZ": True}, {"MultiAZ": UNKNOWN})).sentence


def test_zone_rebalancing_turned_off_is_medium() -> None:
    name = "AvailabilityZoneRebalancing"
    assert one(edited(SERVICE, {name: "ENABLED"}, {name: "DISABLED"})).level is Level.MEDIUM
    assert losses(edited(SERVICE, {name: "DISABLED"}, {name: "ENABLED"})) == []


def test_zonal_shift_turned_off_is_medium() -> None:
    on, off = ({"LoadBalancerAttributes": [{"Key": "zonal_shift.config.enabled", "Value": v}]} for v in ("true", False))
    assert one(edited(BALANCER, on, off)).level is Level.MEDIUM
    assert losses(edited(BALANCER, off, on)) == []


@pytest.mark.parametrize(
    ("was", "becomes", "zones", "level"),
    [
        (3, 2, "3", Level.HIGH),
        (6, 3, "3", Level.LOW),
        (3, 1, "", Level.HIGH),
        (3, 2, "", Level.LOW),
    ],
)
def test_a_minimum_below_the_zones_is_high(was: int, becomes: int, zones: str, level: Level) -> None:
    made = edited(SCALABLE, {"MinCapacity": was}, {"MinCapacity": becomes})
    found = one(made, parameters={"ServiceZones": zones} if zones else {})
    assert found.level is level
    assert found.because.startswith(f"MinCapacity: {was} becomes {becomes}")


def test_a_wanted_number_is_held_against_the_subnets() -> None:
    three = subnets("a", "b", "c")
    found = one(edited(SERVICE, {"DesiredCount": 3, **three}, {"DesiredCount": 2, **three}))
    assert (found.level, found.sentence) == (
        Level.HIGH,
        "the-thing may run fewer tasks than the 3 zones it should stand in.",
    )


@pytest.mark.parametrize(("was", "becomes"), [(2, 3), ("?", 1), (3, "?")])
def test_more_or_nobody_knows_is_no_loss(was: object, becomes: object) -> None:
    assert losses(edited(SCALABLE, {"MinCapacity": was}, {"MinCapacity": becomes})) == []


def test_scaling_that_goes_is_medium() -> None:
    assert one(change(SCALABLE, "Remove")).level is Level.MEDIUM


def test_what_is_added_loses_nothing() -> None:
    assert losses(change(DATABASE, "Add", after={"MultiAZ": False})) == []
    assert losses(change("AWS::SNS::Topic", "Remove")) == []
