"""A rule that another stack attached to a security group is no drift of the group, and no other opening passes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.domain.deployment.drift import DRIFT, EXPLAINED, Difference, DriftedResource, Judged
from services.domain.deployment.drift_shared import explained_by_others, shared_rules
from services.domain.snapshot import Stack, StackResource
from tests import builders as b

PROPERTIES: dict[str, Any] = {
    "GroupId": {"Ref": "LinkGroup"},
    "DestinationSecurityGroupId": {"Fn::GetAtt": ["Balancers", "GroupId"]},
    "IpProtocol": "tcp",
    "FromPort": {"Fn::If": ["Secure", 443, 80]},
    "ToPort": {"Fn::If": ["Secure", 443, 80]},
    "CidrIp": {"Fn::If": ["Secure", {"Ref": "AWS::NoValue"}, {"Ref": "AWS::NoValue"}]},
}
RULE = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "DestinationSecurityGroupId": "sg-balancers"}


def platform(status: str = "CREATE_COMPLETE") -> Stack:
    resources = (
        StackResource("WayOut", "sgr-1", "AWS::EC2::SecurityGroupEgress", status),
        StackResource("Balancers", "sg-balancers", "AWS::EC2::SecurityGroup", "CREATE_COMPLETE"),
    )
    return replace(b.stack("platform"), parameters=(("LinkGroup", "sg-link"),), resources=resources)


def template(**changes: Any) -> dict[str, Any]:
    properties = {name: value for name, value in {**PROPERTIES, **changes}.items() if value is not None}
    return {
        "Resources": {
            "WayOut": {"Type": "AWS::EC2::SecurityGroupEgress", "Properties": properties},
            "Balancers": {"Type": "AWS::EC2::SecurityGroup", "Properties": {}},
        }
    }


def found(rule: object = RULE, **changes: str) -> Judged:
    """What a look at `network` says of the group."""
    given = {"path": "/SecurityGroupEgress/1", "kind": "ADD", "type": "AWS::EC2::SecurityGroup", "id": "sg-link"}
    given |= changes
    difference = Difference(given["path"], "", json.dumps(rule), given["kind"])
    resource = DriftedResource("network", "LinkGroup", given["id"], given["type"], "MODIFIED", (difference,))
    return Judged(resource, difference, DRIFT, "It was added.")


def verdict(judged: Judged, stack: str = "network", **changes: Any) -> str:
    return explained_by_others(stack, [judged], shared_rules(platform(), template(**changes)))[0].verdict


@pytest.mark.parametrize("port", [80, 443, "443"])
def test_a_rule_that_another_stack_declares_explains_itself(port: object) -> None:
    rules = shared_rules(platform(), template())
    [told] = explained_by_others("network", [found({**RULE, "FromPort": port, "ToPort": port})], rules)
    assert told.verdict == EXPLAINED
    assert told.why == "WayOut of the stack platform attaches this rule; a look at one stack cannot know."


@pytest.mark.parametrize(
    "rule",
    [
        {**RULE, "ToPort": 443},
        {**RULE, "IpProtocol": "-1"},
        {**RULE, "CidrIp": "0.0.0.0/0"},
        {**RULE, "DestinationSecurityGroupId": "sg-other"},
        {},
        [RULE],
        "tcp",
    ],
)
def test_any_other_opening_stays_drift(rule: object) -> None:
    assert verdict(found(rule)) == DRIFT


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "/SecurityGroupIngress/1"},
        {"kind": "REMOVE"},
        {"kind": "NOT_EQUAL"},
        {"type": "AWS::RDS::DBInstance"},
        {"id": "sg-other"},
    ],
)
def test_only_an_added_rule_of_that_very_group_is_explained(changes: dict[str, str]) -> None:
    assert verdict(found(**changes)) == DRIFT


def test_what_cannot_be_read_as_a_rule_stays_drift() -> None:
    judged = found()
    assert judged.difference
    assert verdict(replace(judged, difference=replace(judged.difference, actual="{tcp"))) == DRIFT


def test_a_stack_does_not_explain_itself() -> None:
    assert verdict(found(), stack="platform") == DRIFT


@pytest.mark.parametrize("status", ["CREATE_FAILED", "DELETE_IN_PROGRESS"])
def test_a_rule_that_is_not_there_explains_nothing(status: str) -> None:
    assert shared_rules(platform(status), template()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"GroupId": {"Ref": "Unknown"}},
        {"DestinationSecurityGroupId": {"Fn::ImportValue": "somewhere"}},
        {"DestinationSecurityGroupId": {"Fn::GetAtt": ["Balancers", "VpcId"]}},
        {
            "Description": {"Fn::If": [f"C{0}", {"Fn::If": ["C1", 1, {"Fn::If": ["C2", 1, 2]}]}, 2]},
            "X": {"Fn::If": ["C3", {"Fn::If": ["C4", 1, {"Fn::If": ["C5", 1, 2]}]}, 2]},
        },
    ],
)
def test_what_cannot_be_resolved_explains_nothing(changes: dict[str, Any]) -> None:
    assert shared_rules(platform(), template(**changes)) == []


@pytest.mark.parametrize("body", [{}, {"Resources": None}, {"Resources": {"WayOut": None}}])
def test_a_template_without_resources_explains_nothing(body: dict[str, Any]) -> None:
    assert shared_rules(platform(), body) == []


def test_drift_comes_first_and_what_is_accepted_stays_so() -> None:
    accepted = replace(found(), verdict="accepted")
    opening = found({**RULE, "CidrIp": "0.0.0.0/0"})
    rules = shared_rules(platform(), template())
    ordered = explained_by_others("network", [found(), opening, accepted], rules)
    assert [each.verdict for each in ordered] == [DRIFT, "accepted", EXPLAINED]
