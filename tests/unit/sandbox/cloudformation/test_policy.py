"""Stack policies: denied unless allowed, once there is one."""

import json
from typing import Any

import pytest

from sandbox.cloudformation.errors import Refused
from sandbox.cloudformation.policy import check, denial


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": [{"Principal": "*", **s} for s in statements]})


ALL = {"Effect": "Allow", "Action": "Update:*", "Resource": "*"}
KEEP = {
    "Effect": "Deny",
    "Action": ["Update:Replace", "Update:Delete"],
    "Resource": "*",
    "Condition": {"StringEquals": {"ResourceType": ["AWS::RDS::DBInstance"]}},
}


def test_without_a_policy_all_is_allowed() -> None:
    assert denial("", "Update:Replace", "Db", "AWS::RDS::DBInstance") is None


def test_a_deny_wins_and_is_named() -> None:
    body = policy(ALL, KEEP)
    words = denial(body, "Update:Replace", "Db", "AWS::RDS::DBInstance")
    assert words == (
        "Action denied by stack policy: Statement [#2] does not allow [Update:Replace] "
        "for resource [LogicalResourceId/Db]"
    )
    assert denial(body, "Update:Modify", "Db", "AWS::RDS::DBInstance") is None
    assert denial(body, "Update:Replace", "Queue", "AWS::SQS::Queue") is None


def test_what_no_statement_allows_is_denied() -> None:
    body = policy({"Effect": "Allow", "Action": "Update:Modify", "Resource": "LogicalResourceId/Web*"})
    assert denial(body, "Update:Modify", "WebTopic", "AWS::SNS::Topic") is None
    assert "no statement allows [Update:Modify]" in str(denial(body, "Update:Modify", "Db", "AWS::SNS::Topic"))
    excluded = policy({"Effect": "Allow", "NotAction": "Update:Delete", "NotResource": "LogicalResourceId/Db"})
    assert denial(excluded, "Update:Modify", "Topic", "AWS::SNS::Topic") is None
    assert denial(excluded, "Update:Delete", "Topic", "AWS::SNS::Topic") is not None
    assert denial(excluded, "Update:Modify", "Db", "AWS::SNS::Topic") is not None


@pytest.mark.parametrize("body", ["", "{}", '{"Statement": []}', '{"Statement": [{"Effect": "Maybe"}]}', "x" * 20_000])
def test_what_is_no_policy_is_refused(body: str) -> None:
    with pytest.raises(Refused):
        check(body)
