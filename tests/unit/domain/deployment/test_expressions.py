"""What a template's expressions come to, and what stays unknown."""

from collections.abc import Mapping
from typing import Any

import pytest

from provisioning.template import TEMPLATES, template
from services.catalogue import specs
from services.domain.deployment.expressions import brought, holds, known_values, plain, references, resolved
from tests import builders as b

DOCUMENT: Mapping[str, Any] = {
    "Parameters": {
        "Size": {"Type": "Number", "Default": 2},
        "Stage": {"Type": "String"},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"},
        "Password": {"Type": "String", "NoEcho": True},
        "On": {"Type": "String", "Default": True},
    },
    "Mappings": {"Sizes": {"live": {"Class": "large", "Zones": ["a", "b"]}}},
    "Conditions": {
        "Live": {"Fn::Equals": [{"Ref": "Stage"}, "live"]},
        "Big": {"Fn::Equals": [{"Ref": "Size"}, 2]},
        "Secret": {"Fn::Equals": [{"Ref": "Password"}, "x"]},
        "Both": {"Fn::And": [{"Condition": "Live"}, {"Condition": "Big"}]},
        "BothSecret": {"Fn::And": [{"Condition": "Live"}, {"Condition": "Secret"}]},
        "Either": {"Fn::Or": [{"Condition": "Live"}, {"Condition": "Secret"}]},
        "Trial": {"Fn::Not": [{"Condition": "Live"}]},
        "NotSecret": {"Fn::Not": [{"Condition": "Secret"}]},
        "Round": {"Fn::Not": [{"Condition": "Round"}]},
        "Odd": {"Fn::Moon": ["a"]},
        "Bare": "true",
        "Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
        "Mapped": {"Fn::Equals": [{"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Class"]}, "large"]},
        "Short": {"Fn::Equals": ["x"]},
        "Switched": {"Fn::Equals": [{"Ref": "On"}, True]},
    },
    "Resources": {
        "Always": {"Type": "A"},
        "WhenLive": {"Type": "A", "Condition": "Live"},
        "WhenSecret": {"Type": "A", "Condition": "Secret"},
    },
}
LIVE = known_values(DOCUMENT, {"Stage": "live", "Subnets": "s1,s2", "Password": "****", "AWS::Region": "us-east-1"})
TRIAL = known_values(DOCUMENT, {"Stage": "trial"})


def test_what_is_known_are_values_and_defaults_but_not_what_aws_does_not_show() -> None:
    assert LIVE == {
        "AWS::Region": "us-east-1",
        "Size": "2",
        "Stage": "live",
        "Zones": ["a", "b"],
        "Subnets": ["s1", "s2"],
        "On": "true",
    }
    assert "Stage" not in known_values(DOCUMENT, {})
    assert known_values({}, {"Stage": "live"}) == {}


@pytest.mark.parametrize(
    ("condition", "live", "trial"),
    [
        ("Live", True, False),
        ("Big", True, True),
        ("Both", True, False),
        ("Trial", False, True),
        ("Secret", None, None),
        ("NotSecret", None, None),
        ("BothSecret", None, False),
        ("Either", True, None),
        ("Here", True, None),
        ("Mapped", True, None),
        ("Switched", True, True),
        ("Round", None, None),
        ("Odd", None, None),
        ("Bare", None, None),
        ("Short", None, None),
        ("Nowhere", None, None),
    ],
)
def test_a_condition_holds_does_not_or_is_not_known(condition: str, live: bool | None, trial: bool | None) -> None:
    assert holds(condition, DOCUMENT, LIVE) is live
    assert holds(condition, DOCUMENT, TRIAL) is trial


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("plain", "plain"),
        ({"Ref": "Stage"}, "live"),
        ({"Ref": "Zones"}, ["a", "b"]),
        ({"Ref": "Always"}, {"Ref": "Always"}),
        ({"Ref": "AWS::NoValue"}, None),
        ({"Fn::If": ["Live", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Secret", "same", "same"]}, "same"),
        ({"Fn::If": ["Secret", "yes", "no"]}, {"Fn::If": ["Secret", "yes", "no"]}),
        ({"Fn::If": ["Live"]}, {"Fn::If": ["Live"]}),
        ({"Fn::Sub": "${Stage}-${AWS::Region} ${!Stage}"}, "live-us-east-1 ${Stage}"),
        ({"Fn::Sub": ["${Own}-${Stage}", {"Own": {"Ref": "Size"}}]}, "2-live"),
        ({"Fn::Sub": "${Always.Arn}"}, {"Fn::Sub": "${Always.Arn}"}),
        ({"Fn::Sub": {"Ref": "Stage"}}, {"Fn::Sub": {"Ref": "Stage"}}),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Zones"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Sizes", "moon", "Zones"]}, {"Fn::FindInMap": ["Sizes", "moon", "Zones"]}),
        ({"Fn::FindInMap": "Sizes"}, {"Fn::FindInMap": "Sizes"}),
        ({"Fn::GetAtt": ["Always", "Arn"]}, {"Fn::GetAtt": ["Always", "Arn"]}),
        (
            {"A": {"Ref": "AWS::NoValue"}, "B": [{"Fn::If": ["Live", {"Ref": "AWS::NoValue"}, 1]}, {"Ref": "Stage"}]},
            {"B": ["live"]},
        ),
    ],
)
def test_what_can_be_told_is_resolved_and_the_rest_stays(value: Any, found: Any) -> None:
    assert resolved(value, DOCUMENT, LIVE) == found


def test_resources_of_a_false_condition_are_not_there() -> None:
    assert brought(DOCUMENT, LIVE) == ["Always", "WhenLive", "WhenSecret"]
    assert brought(DOCUMENT, TRIAL) == ["Always", "WhenSecret"], "what is not known may be there"
    assert brought({}, {}) == []


def test_an_expression_left_in_a_value_is_found_at_any_depth() -> None:
    assert plain({"A": [1, {"B": "c"}], "Ref": "x"})
    assert not plain({"A": [1, {"Fn::GetAtt": ["B", "Arn"]}]})
    assert not plain({"Ref": "Always"})


def test_the_parameters_behind_a_value_are_told_through_conditions() -> None:
    value = {"Fn::If": ["Both", {"Fn::Sub": "${Zones}"}, {"Fn::Sub": ["${Own}", {"Own": {"Ref": "On"}}]}]}
    assert references(value, DOCUMENT) == ["Stage", "Size", "Zones", "On"]
    assert references([{"Ref": "Always"}, {"Fn::If": ["Round", 1, 2]}], DOCUMENT) == []


@pytest.mark.parametrize("blueprint", ["multi-az", "single-az"])
def test_it_agrees_with_what_a_blueprint_brings(blueprint: str) -> None:
    seen = set()
    for spec in specs(b.environment("legacy", blueprint=blueprint)):
        given, packaged = dict(spec.parameters), template(spec.template)
        assert brought(packaged.document, known_values(packaged.document, given)) == list(packaged.resources(given))
        seen.add(spec.template)
    assert seen == set(TEMPLATES)
