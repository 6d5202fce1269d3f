"""Intrinsic functions against what AWS documents of them."""

from typing import Any

import pytest

from sandbox.cloudformation.errors import Refused
from sandbox.cloudformation.intrinsics import UNKNOWN, Scope, holds, resolve


def scope(**values: Any) -> Scope:
    """A scope with resources Known (physical id `known-1`, attribute Arn) and New, which is only to be made."""

    def reference(name: str) -> Any:
        return {"Known": "known-1", "New": UNKNOWN}[name]

    def attribute(name: str, of: str) -> Any:
        return {"Known": f"{of}-of-known", "New": UNKNOWN}[name]

    def imports(name: str) -> str:
        return {"shared-vpc": "vpc-1"}[name]

    return Scope(
        {"AWS::Region": "us-east-1", "Name": "rbac", "Zones": ["a", "b", "c"], "Big": "true", **values},
        {"Sizes": {"small": {"Memory": 512}}},
        {
            "IsBig": {"Fn::Equals": [{"Ref": "Big"}, "true"]},
            "IsSmall": {"Fn::Not": [{"Condition": "IsBig"}]},
            "Both": {"Fn::And": [{"Condition": "IsBig"}, {"Condition": "IsSmall"}]},
            "Either": {"Fn::Or": [{"Condition": "IsBig"}, {"Condition": "IsSmall"}]},
        },
        reference,
        attribute,
        imports,
        lambda region: [f"{region}{letter}" for letter in "abc"],
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "Name"}, "rbac"),
        ({"Ref": "Zones"}, ["a", "b", "c"]),
        ({"Ref": "Known"}, "known-1"),
        ({"Fn::GetAtt": ["Known", "Arn"]}, "Arn-of-known"),
        ({"Fn::GetAtt": "Known.Endpoint.Address"}, "Endpoint.Address-of-known"),
        ({"Fn::Sub": "${Name}/${Known.Arn}/${!Literal}/${AWS::Region}"}, "rbac/Arn-of-known/${Literal}/us-east-1"),
        ({"Fn::Sub": ["${X}-${Name}", {"X": {"Ref": "Known"}}]}, "known-1-rbac"),
        ({"Fn::Join": [",", {"Ref": "Zones"}]}, "a,b,c"),
        ({"Fn::Join": ["", ["p", 1, True]]}, "p1true"),
        ({"Fn::Split": [",", "x,y"]}, ["x", "y"]),
        ({"Fn::Select": [1, {"Ref": "Zones"}]}, "b"),
        ({"Fn::Select": ["2", {"Fn::GetAZs": ""}]}, "us-east-1c"),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::Cidr": ["10.0.0.0/16", 3, 8]}, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
        ({"Fn::Cidr": ["10.20.0.0/16", "2", "12"]}, ["10.20.0.0/20", "10.20.16.0/20"]),
        ({"Fn::FindInMap": ["Sizes", "small", "Memory"]}, 512),
        ({"Fn::FindInMap": ["Sizes", "huge", "Memory", {"DefaultValue": 7}]}, 7),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"Fn::ImportValue": {"Fn::Sub": "shared-vpc"}}, "vpc-1"),
        ({"Fn::Length": {"Ref": "Zones"}}, 3),
        ({"Fn::ToJsonString": {"a": [1, {"Ref": "Name"}]}}, '{"a":[1,"rbac"]}'),
        ({"Fn::If": ["IsBig", "big", "small"]}, "big"),
        ({"Fn::If": ["IsSmall", "small", {"Ref": "AWS::NoValue"}]}, None),
        ({"A": {"Ref": "AWS::NoValue"}, "B": [{"Ref": "AWS::NoValue"}, 1]}, {"B": [1]}),
        ("{{resolve:secretsmanager:arn:username}}", "{{resolve:secretsmanager:arn:username}}"),
    ],
)
def test_functions_give_what_aws_says(expression: Any, value: Any) -> None:
    resolved = resolve({"X": expression}, scope())
    assert resolved == ({} if value is None else {"X": value})


@pytest.mark.parametrize(
    "expression",
    [
        {"Ref": "New"},
        {"Fn::Sub": "arn:${New}"},
        {"Fn::Join": ["-", ["a", {"Ref": "New"}]]},
        {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "New"}]}]},
        {"Fn::Base64": {"Ref": "New"}},
        {"Fn::ToJsonString": {"a": {"Ref": "New"}}},
        {"Fn::GetAtt": ["New", "Arn"]},
    ],
)
def test_what_is_built_from_the_unknown_is_unknown(expression: Any) -> None:
    assert resolve(expression, scope()) == UNKNOWN


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ({"Fn::Select": [3, {"Ref": "Zones"}]}, "cannot select nonexistent value at index 3"),
        ({"Fn::FindInMap": ["Sizes", "huge", "Memory"]}, "Unable to get mapping for Sizes::huge::Memory"),
        ({"Fn::If": ["Nobody", 1, 2]}, "Unresolved condition dependency Nobody"),
        ({"Fn::Sub": "${Zones}"}, "does not resolve to a string"),
        ({"Fn::Cidr": ["10.0.0.0/30", 9, 1]}, "cannot make 9 blocks"),
        ({"Fn::Join": [",", "text"]}, "a list of strings to be joined"),
    ],
)
def test_wrong_use_is_refused(expression: Any, words: str) -> None:
    with pytest.raises(Refused) as refused:
        resolve(expression, scope())
    assert words in refused.value.message


def test_conditions_combine() -> None:
    big, small = scope(), scope(Big="false")
    names = ("IsBig", "IsSmall", "Both", "Either")
    assert [holds(n, big) for n in names] == [True, False, False, True]
    assert [holds(n, small) for n in names] == [False, True, False, True]
