"""Outage."""

from typing import Any

import pytest

from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.risk import Danger, Level, Risk, risks
from tests.unit.domain.deployment.changes import DATABASE, GROUP, SERVICE, change, edited, plan, prop, stack

ELB, EC2, API = "AWS::ElasticLoadBalancingV2::", "AWS::EC2::", "AWS::ApiGatewayV2::"


def outages(made: ResourceChange) -> list[Risk]:
    return [each for each in risks(plan(stack(made))) if each.danger is Danger.OUTAGE]


def one(made: ResourceChange) -> Risk:
    found = outages(made)
    assert len(found) == 1, found
    return found[0]


GUARDED = {"Key": "deletion_protection.enabled", "Value": "true"}
REPLACED = [
    f"{ELB}Listener",
    f"{ELB}LoadBalancer",
    f"{ELB}TargetGroup",
    f"{EC2}SecurityGroup",
    f"{EC2}Subnet",
    f"{API}VpcLink",
    SERVICE,
]


@pytest.mark.parametrize("type", REPLACED)
def test_what_requests_need_and_is_replaced_needs_its_name_typed(type: str) -> None:
    found = one(change(type, "Modify", prop("Name", "a", "b", "Always"), replacement="True"))
    assert (found.level, found.confirm) == (Level.HIGH, "the-thing")
    assert "is replaced; what uses the old one is cut off" in found.sentence
    assert found.because == "The change set says Replacement True: Name."


def test_a_replacement_without_a_cause_says_so() -> None:
    assert one(change(f"{ELB}Listener", "Modify", replacement="True")).because.endswith("no cause given.")


@pytest.mark.parametrize(
    ("type", "level"),
    [(f"{ELB}Listener", Level.HIGH), (f"{EC2}SecurityGroupIngress", Level.MEDIUM), (f"{API}VpcLink", Level.HIGH)],
)
def test_what_is_removed_fails_for_who_uses_it(type: str, level: Level) -> None:
    found = one(change(type, "Remove"))
    assert found.level is level
    assert found.sentence.endswith("is removed; what still uses it fails.")


def test_what_may_be_replaced_is_one_level_lower() -> None:
    made = change(f"{ELB}Listener", "Modify", prop("LoadBalancerArn", "a", None, "Always"), replacement="Conditional")
    found = next(each for each in outages(made) if "may be replaced" in each.sentence)
    assert (found.level, found.because) == (Level.MEDIUM, "The change set says Conditional: LoadBalancerArn.")
    unsaid = one(change(f"{EC2}VPCEndpoint", "Dynamic"))
    assert (unsaid.level, unsaid.because) == (Level.LOW, "The change set says Conditional: it cannot tell which.")


def test_what_is_documented_in_place_is_told_by_what_it_does_instead() -> None:
    made = change(
        SERVICE,
        "Modify",
        prop("TaskDefinition", "a:1", None, "Conditionally", known=False),
        replacement="Conditional",
        after={"DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True}}},
    )
    found = one(made)
    assert (found.level, found.because) == (Level.LOW, "TaskDefinition changes. The circuit breaker is on.")


def service(breaker: bool, healthy: int | None = None, task: str = "a:1") -> dict[str, Any]:
    configuration: dict[str, Any] = {"DeploymentCircuitBreaker": {"Enable": breaker, "Rollback": breaker}}
    if healthy is not None:
        configuration["MinimumHealthyPercent"] = healthy
    return {"TaskDefinition": task, "DeploymentConfiguration": configuration}


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        (service(False), service(False, task="a:2"), Level.MEDIUM, "without a circuit breaker"),
        (service(True), service(False, task="a:2"), Level.MEDIUM, "without a circuit breaker"),
        (service(False), service(True, task="a:2"), Level.LOW, "replaced one after the other"),
        (service(True), service(False), Level.MEDIUM, "no longer stopped"),
        (service(True, 100), service(True, 50), Level.MEDIUM, "fewer tasks than wanted"),
    ],
)
def test_a_deployment_of_a_service(before: dict[str, Any], after: dict[str, Any], level: Level, says: str) -> None:
    found = one(edited(SERVICE, before, after))
    assert found.level is level
    assert says in found.sentence


@pytest.mark.parametrize(("was", "becomes"), [(100, 200), (200, 100), (None, 50), (50, None)])
def test_more_healthy_tasks_or_nobody_knows_is_none(was: int | None, becomes: int | None) -> None:
    assert outages(edited(SERVICE, service(True, was), service(True, becomes))) == []


def test_a_class_change_fails_over_with_a_standby_and_is_an_outage_without() -> None:
    small, large = {"DBInstanceClass": "db.t4g.medium"}, {"DBInstanceClass": "db.r6g.large"}
    double = one(edited(DATABASE, small | {"MultiAZ": True}, large | {"MultiAZ": True}))
    assert (double.level, double.because) == (
        Level.MEDIUM,
        "DBInstanceClass: db.t4g.medium becomes db.r6g.large, with Multi-AZ.",
    )
    assert "fails over" in double.sentence
    for after in ({"MultiAZ": False}, {"MultiAZ": True}):
        single = one(edited(DATABASE, small | {"MultiAZ": False}, large | after))
        assert (single.level, single.confirm) == (Level.HIGH, "the-thing")
        assert "no standby to take over" in single.sentence


@pytest.mark.parametrize(
    ("type", "name", "was", "becomes", "level", "says"),
    [
        (DATABASE, "EngineVersion", "16.1", "16.2", Level.HIGH, "with or without a standby"),
        (DATABASE, "DBParameterGroupName", "a", "b", Level.MEDIUM, "restarted if its new parameter group"),
        (DATABASE, "BackupRetentionPeriod", 0, 14, Level.MEDIUM, "pause for seconds"),
        (DATABASE, "BackupRetentionPeriod", 14, 0, Level.MEDIUM, "pause for seconds"),
        ("AWS::RDS::DBParameterGroup", "Parameters", {"a": 1}, {"a": 2}, Level.MEDIUM, "static ones change"),
        (GROUP, "EngineVersion", "7.2", "8.0", Level.MEDIUM, "an earlier version never comes back"),
        (GROUP, "CacheNodeType", "cache.t4g.small", "cache.r7g.large", Level.LOW, "exchanged for others"),
        (f"{ELB}Listener", "Port", 80, 443, Level.MEDIUM, "taken in or handed on otherwise by Thing"),
        (f"{ELB}LoadBalancer", "SecurityGroups", ["a"], ["b"], Level.MEDIUM, "Other security groups decide"),
        (f"{ELB}LoadBalancer", "LoadBalancerAttributes", [GUARDED], [], Level.MEDIUM, "from being deleted"),
        (f"{EC2}SecurityGroupIngress", "FromPort", 80, 443, Level.MEDIUM, "lets through now may be refused"),
        (f"{EC2}SecurityGroupEgress", "FromPort", 80, 443, Level.MEDIUM, "lets through now may be refused"),
        (f"{EC2}SecurityGroup", "SecurityGroupEgress", [1, 2], [1], Level.MEDIUM, "may be refused"),
    ],
)
def test_changes_in_place(type: str, name: str, was: object, becomes: object, level: Level, says: str) -> None:
    found = one(edited(type, {name: was}, {name: becomes}))
    assert found.level is level
    assert says in found.sentence


@pytest.mark.parametrize(
    ("type", "before", "after"),
    [
        (DATABASE, {"BackupRetentionPeriod": 7}, {"BackupRetentionPeriod": 14}),
        ("AWS::RDS::DBParameterGroup", {"Tags": [1]}, {"Tags": [2]}),
        (GROUP, {"SnapshotWindow": "1"}, {"SnapshotWindow": "2"}),
        (f"{ELB}ListenerRule", {"Tags": [1]}, {"Tags": [2]}),
        (f"{ELB}LoadBalancer", {"Tags": [1]}, {"Tags": [2]}),
        (f"{ELB}LoadBalancer", {"LoadBalancerAttributes": []}, {"LoadBalancerAttributes": [GUARDED, "odd"]}),
        (f"{EC2}SecurityGroup", {"SecurityGroupIngress": [1]}, {"SecurityGroupIngress": [1, 2]}),
        (f"{EC2}SecurityGroupIngress", {"Description": "a"}, {"Description": "b"}),
        ("AWS::SNS::Topic", {"DisplayName": "a"}, {"DisplayName": "b"}),
    ],
)
def test_what_takes_nothing_away_is_none(type: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert outages(edited(type, before, after)) == []


@pytest.mark.parametrize(
    "made",
    [
        change("AWS::SNS::Topic", "Remove"),
        change("AWS::SNS::Topic", "Modify", replacement="Conditional"),
        change(DATABASE, "Modify", prop("DBName", "a", "b", "Always"), replacement="True"),
        change(f"{ELB}Listener", "Add"),
    ],
)
def test_what_nothing_needs_or_is_told_as_data_loss_is_none(made: ResourceChange) -> None:
    assert outages(made) == []
