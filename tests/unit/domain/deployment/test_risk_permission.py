"""Permission widening."""

from typing import Any

import pytest

from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.grants import grown
from services.domain.deployment.openings import opened
from services.domain.deployment.risk import Danger, Level, Risk, risks
from tests.unit.domain.deployment.changes import DATABASE, KEY, SERVICE, change, edited, plan, stack

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
ROLE, GROUP, INGRESS = "AWS::IAM::Role", "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
QUEUE_POLICY, MANAGED = "AWS::SQS::QueuePolicy", "AWS::IAM::ManagedPolicy"


def widened(made: ResourceChange) -> list[Risk]:
    return [each for each in risks(plan(stack(made))) if each.danger is Danger.PERMISSION]


def one(made: ResourceChange) -> Risk:
    found = widened(made)
    assert len(found) == 1, found
    return found[0]


def statement(action: object = "s3:GetObject", resource: object = "arn:a", effect: str = "Allow", **more: Any) -> Any:
    return {"Effect": effect, "Action": action, "Resource": resource} | more


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def inline(*statements: Any) -> dict[str, Any]:
    return {"Policies": [{"PolicyName": "work", "PolicyDocument": document(*statements)}]}


def test_a_role_that_may_do_more_is_medium_and_everything_is_high() -> None:
    base = statement()
    found = one(edited(ROLE, inline(base), inline(base, statement("sqs:SendMessage", "arn:q"))))
    assert found.level is Level.MEDIUM
    assert found.sentence == "The role the-thing allows more: sqs:SendMessage on arn:q."
    wide = one(edited(ROLE, inline(base), inline(base, statement("iam:*", "*"))))
    assert (wide.level, wide.confirm) == (Level.HIGH, "the-thing")
    assert widened(edited(ROLE, inline(base, statement("iam:*", "*")), inline(base))) == []


def test_a_new_role_is_low_unless_it_may_do_everything() -> None:
    assert one(change(ROLE, "Add", after=inline(statement()))).level is Level.LOW
    assert one(change(ROLE, "Add", after=inline(statement("*", "*")))).level is Level.MEDIUM
    trust = {"AssumeRolePolicyDocument": document(statement("sts:AssumeRole", Principal={"Service": "ecs"}))}
    assert widened(change(ROLE, "Add", after=trust | {"Policies": ["odd"]})) == []


def test_managed_policies_count_too() -> None:
    given = "arn:aws:iam::aws:policy/"
    found = one(edited(ROLE, {"ManagedPolicyArns": []}, {"ManagedPolicyArns": [f"{given}ReadOnlyAccess"]}))
    assert (found.level, found.sentence) == (Level.MEDIUM, "The role the-thing gets ReadOnlyAccess as well.")
    assert one(edited(ROLE, {}, {"ManagedPolicyArns": [f"{given}AdministratorAccess"]})).level is Level.HIGH


def test_who_may_take_a_role_on_and_what_bounds_it() -> None:
    def trusting(who: Any) -> dict[str, Any]:
        said = {"Effect": "Allow", "Action": "sts:AssumeRole"} | ({"Principal": who} if who else {})
        return {"AssumeRolePolicyDocument": document(said)}

    found = one(edited(ROLE, trusting({"Service": "ecs"}), trusting({"Service": ["ecs", "ec2"]})))
    assert (found.level, found.sentence) == (Level.HIGH, "The role the-thing may be taken on by more: ec2.")
    assert "by more: anybody" in one(edited(ROLE, {}, trusting(None))).sentence
    unbound = one(edited(ROLE, {"PermissionsBoundary": "arn:b"}, {}))
    assert (unbound.level, unbound.because) == (Level.HIGH, "PermissionsBoundary is removed.")


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ([statement("s3:*")], [statement("s3:GetObject")], []),
        ([statement(resource="arn:a/*")], [statement(resource="arn:a/b")], []),
        ([statement()], [statement(Condition={"Bool": {"x": "true"}})], []),
        ([statement(Condition={"Bool": {"x": "true"}})], [statement()], ["s3:GetObject"]),
        ([statement()], [statement(resource=UNKNOWN)], []),
        ([statement()], [statement("s3:PutObject", UNKNOWN)], ["s3:PutObject"]),
        ([statement(effect="Deny")], [], ["s3:GetObject"]),
        ([statement(effect="Deny")], [statement(resource=UNKNOWN, effect="Deny")], []),
        ([statement(Condition={"A": {"x": "arn:b"}})], [statement(Condition={"A": {"x": UNKNOWN}})], []),
        ([statement(Condition={"A": {"x": "arn:b"}})], [statement(Condition={"A": {"y": UNKNOWN}})], ["s3:GetObject"]),
        ([statement(Condition={"A": {"x": "*"}})], [statement(Condition={"A": {"x": "b"}})], ["s3:GetObject"]),
        ([statement(Principal="arn:a")], [statement(Principal=UNKNOWN)], []),
        ([statement(effect="Deny")], [statement("*", "*", "Deny")], []),
        ([], [{"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:a"}], ["*"]),
        ([], ["odd", {"Effect": "Allow", "Action": None}], []),
        ([], [statement(["a:B", "a:A", "*"])], ["*", "a:A", "a:B"]),
    ],
)
def test_what_policies_allow_that_they_did_not(before: list[Any], after: list[Any], names: list[str]) -> None:
    assert [each.action for each in grown([document(*before)], [document(*after)])] == names


def test_documents_that_are_none_allow_nothing() -> None:
    assert grown([None], ["odd", {}]) == ()


def test_a_resource_policy_that_lets_anybody_in_is_high() -> None:
    def queue(who: str, **more: Any) -> dict[str, Any]:
        return {"PolicyDocument": document(statement("sqs:SendMessage", "arn:q", Principal=who, **more))}

    found = one(edited(QUEUE_POLICY, queue("arn:me"), queue("*")))
    assert (found.level, found.sentence) == (
        Level.HIGH,
        "The policy the-thing allows more: sqs:SendMessage on arn:q for *.",
    )
    bound = {"ArnEquals": {"aws:SourceArn": "arn:t"}}
    assert one(edited(QUEUE_POLICY, {}, queue("*", Condition=bound))).level is Level.MEDIUM
    assert widened(change(QUEUE_POLICY, "Add", after=queue("*"))) == []


def test_a_policy_that_goes_denies_no_more() -> None:
    denying = {"PolicyDocument": document(statement("sqs:*", "arn:q", "Deny", Principal="*"))}
    assert one(change(QUEUE_POLICY, "Remove", before=denying, after={})).level is Level.HIGH
    assert widened(change(ROLE, "Remove", before=inline(statement()), after={})) == []


def test_managed_policies_and_keys_are_read_where_theirs_is() -> None:
    assert one(change(MANAGED, "Add", after={"PolicyDocument": document(statement())})).level is Level.LOW
    grants = {"KeyPolicy": document(statement("kms:Decrypt", "*", Principal={"AWS": "arn:other"}))}
    assert "kms:Decrypt on * for arn:other" in one(edited(KEY, {}, grants)).sentence


def rule(**more: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "10.0.0.0/16"} | more


def test_a_security_group_that_lets_more_in_is_medium_and_anybody_is_high() -> None:
    base = {"SecurityGroupIngress": [rule()]}
    found = one(edited(GROUP, base, {"SecurityGroupIngress": [rule(), rule(FromPort=80, ToPort=90)]}))
    assert found.level is Level.MEDIUM
    assert found.sentence == "the-thing lets in more: tcp ports 80 to 90 from 10.0.0.0/16."
    public = one(edited(GROUP, base, {"SecurityGroupIngress": [rule(CidrIp="0.0.0.0/0")]}))
    assert (public.level, public.confirm) == (Level.HIGH, "the-thing")
    assert "tcp port 5432 from anybody" in public.sentence


def test_a_rule_of_its_own_counts_like_one_within() -> None:
    new = one(change(INGRESS, "Add", name="In", after=rule()))
    assert (new.level, new.sentence) == (Level.LOW, "In lets in more: tcp port 5432 from 10.0.0.0/16.")
    assert one(change(INGRESS, "Add", after=rule(CidrIp="0.0.0.0/0"))).level is Level.MEDIUM
    assert one(edited(INGRESS, rule(), rule(IpProtocol="-1"))).sentence.startswith(
        "the-thing lets in more: all traffic"
    )
    assert widened(edited(INGRESS, rule(), rule(Description="b"))) == []


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ([rule()], [rule(CidrIp="10.0.1.0/24")], 0),
        ([rule(CidrIp="10.0.1.0/24")], [rule()], 1),
        ([rule(IpProtocol="-1")], [rule(IpProtocol="udp", FromPort=1, ToPort=2)], 0),
        ([rule(FromPort=1, ToPort=9000)], [rule()], 0),
        ([rule()], [rule(FromPort=-1, ToPort=-1)], 1),
        ([rule()], [rule(FromPort="?")], 1),
        ([rule()], [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": "sg-1"}], 1),
        ([rule()], [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIpv6": "fd00::/8"}], 1),
        ([], ["odd", {"IpProtocol": "tcp"}], 0),
    ],
)
def test_what_is_let_in_that_was_not(before: list[Any], after: list[Any], count: int) -> None:
    assert len(opened(before, after)) == count


def nested(value: str) -> dict[str, Any]:
    return {"NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": value}}}


@pytest.mark.parametrize(
    ("type", "before", "after", "level"),
    [
        (DATABASE, {"PubliclyAccessible": False}, {"PubliclyAccessible": True}, Level.HIGH),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            {"Scheme": "internal"},
            {"Scheme": "internet-facing"},
            Level.HIGH,
        ),
        ("AWS::ApiGatewayV2::Route", {"AuthorizationType": "AWS_IAM"}, {"AuthorizationType": "NONE"}, Level.HIGH),
        (SERVICE, {"EnableExecuteCommand": False}, {"EnableExecuteCommand": True}, Level.MEDIUM),
        (SERVICE, nested("DISABLED"), nested("ENABLED"), Level.MEDIUM),
        (
            "AWS::S3::Bucket",
            {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
            {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}},
            Level.HIGH,
        ),
    ],
)
def test_settings_that_open_something(type: str, before: dict[str, Any], after: dict[str, Any], level: Level) -> None:
    assert one(edited(type, before, after)).level is level
    assert widened(edited(type, after, before)) == []
    assert widened(change(type, "Add", after=after)) == []
