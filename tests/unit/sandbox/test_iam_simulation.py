"""How the sandbox weighs policies."""

from typing import Any

import pytest
from moto.iam.exceptions import IAMException

from sandbox.gaps.iam_simulation import Weighing

DATABASE = "arn:aws:rds:us-east-1:123456789012:db:production-app"


def weighed(*statements: dict[str, Any], action: str = "rds:RebootDBInstance", **context: str) -> tuple[str, set[str]]:
    told = {key.replace("__", ":"): [value] for key, value in context.items()}
    weighing = Weighing(told)
    return weighing.decision([{"Statement": list(statements)}], action, DATABASE), weighing.missing


def statement(effect: str = "Allow", action: Any = "rds:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([], "implicitDeny"),
        ([statement()], "allowed"),
        ([statement(), statement("Deny")], "explicitDeny"),
        ([statement(action="RDS:reboot*")], "allowed"),
        ([statement(action=["sqs:*", "ecs:*"])], "implicitDeny"),
        ([statement(resource="arn:aws:rds:*:*:db:production-*")], "allowed"),
        ([statement(resource="arn:aws:rds:*:*:db:staging-*")], "implicitDeny"),
        ([{"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}], "explicitDeny"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": DATABASE}], "implicitDeny"),
    ],
)
def test_denial_goes_before_permission_and_both_by_action_and_resource(
    statements: list[dict[str, Any]], decision: str
) -> None:
    assert weighed(*statements)[0] == decision


@pytest.mark.parametrize(
    ("condition", "decision"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, "allowed"),
        ({"StringEquals": {"AWS:requestedregion": ["eu-west-1", "us-east-1"]}}, "allowed"),
        ({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}, "implicitDeny"),
        ({"ForAnyValue:StringLike": {"aws:RequestedRegion": "us-*"}}, "allowed"),
        ({"Null": {"aws:RequestedRegion": "true"}}, "implicitDeny"),
        ({"Null": {"aws:SourceIp": "true"}}, "allowed"),
        ({"StringEqualsIfExists": {"aws:SourceIp": "10.0.0.1"}}, "allowed"),
        ({"StringNotLike": {"aws:SourceVpc": "vpc-*"}}, "allowed"),
    ],
)
def test_a_condition_holds_on_what_the_request_tells(condition: dict[str, Any], decision: str) -> None:
    assert weighed(statement(Condition=condition), aws__RequestedRegion="us-east-1")[0] == decision


def test_a_key_that_was_not_told_is_told_as_missing() -> None:
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    assert weighed(statement(Condition=condition)) == ("implicitDeny", {"aws:SourceVpc"})


def test_an_operator_that_is_not_weighed_is_refused_loudly() -> None:
    with pytest.raises(IAMException, match="IpAddress"):
        weighed(statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), aws__SourceIp="10.0.0.1")
