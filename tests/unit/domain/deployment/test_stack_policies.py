"""What a stack policy forbids of a change set, as AWS evaluates it."""

import json

import pytest

from services.domain.deployment.change_set import ChangeSet, ResourceChange
from services.domain.deployment.policy import LIFTED, denied, same
from tests import builders as b

DATA = json.dumps(
    {
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["Update:Replace", "Update:Delete"],
                "NotResource": ["LogicalResourceId/HavenQueue"],
                "Condition": {"StringEquals": {"ResourceType": ["AWS::RDS::DBInstance", "AWS::SQS::Queue"]}},
            },
        ]
    }
)


def change(type: str, action: str, replacement: str = "", name: str = "Database") -> ResourceChange:
    return ResourceChange(name, "x", type, action, replacement)


def forbidden(policy: str | None, *changes: ResourceChange) -> list[str]:
    made = ChangeSet("arn", "n", "data", "legacy-data", False, "CREATE_COMPLETE", "AVAILABLE", b.NOW, resources=changes)
    return [each.logical_id for each in denied(policy, made)]


@pytest.mark.parametrize(
    ("one", "is_forbidden"),
    [
        (change("AWS::RDS::DBInstance", "Modify", "True"), True),
        (change("AWS::RDS::DBInstance", "Remove"), True),
        (change("AWS::RDS::DBInstance", "Modify", "False"), False),
        (change("AWS::RDS::DBInstance", "Modify", "Conditional"), False),
        (change("AWS::RDS::DBInstance", "Add"), False),
        (change("AWS::EC2::Subnet", "Remove"), False),
        (change("AWS::SQS::Queue", "Remove", name="Queue"), True),
        (change("AWS::SQS::Queue", "Remove", name="HavenQueue"), False),
    ],
)
def test_data_stores_are_neither_replaced_nor_removed(one: ResourceChange, is_forbidden: bool) -> None:
    assert forbidden(DATA, one) == ([one.logical_id] if is_forbidden else [])
    assert forbidden(LIFTED, one) == []
    assert forbidden(None, one) == forbidden("", one) == []


def test_what_no_statement_allows_is_forbidden() -> None:
    only = json.dumps({"Statement": {"Effect": "Allow", "Action": "Update:Modify", "Resource": "LogicalResourceId/A*"}})
    assert forbidden(only, change("AWS::EC2::Subnet", "Modify", "False", "Another")) == []
    assert forbidden(only, change("AWS::EC2::Subnet", "Modify", "False", "Other")) == ["Other"]
    assert forbidden(only, change("AWS::EC2::Subnet", "Remove", name="Another")) == ["Another"]


def test_policies_are_the_same_however_they_are_written() -> None:
    assert same(DATA, json.dumps(json.loads(DATA), indent=4))
    assert not same(DATA, LIFTED)
    assert same("", None)
    assert not same("no json", DATA)
