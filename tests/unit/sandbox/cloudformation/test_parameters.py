"""Parameters: where values come from, and the constraints they are held against."""

from typing import Any

import pytest

from sandbox.cloudformation.errors import Refused
from sandbox.cloudformation.parameters import chosen, resolved, shown
from sandbox.cloudformation.template import Template

DEFINED: dict[str, dict[str, Any]] = {
    "Name": {"Type": "String", "MinLength": 2, "MaxLength": 5, "AllowedPattern": "[a-z]+"},
    "Count": {"Type": "Number", "Default": 2, "MinValue": 1, "MaxValue": 9},
    "Size": {"Type": "String", "Default": "s", "AllowedValues": ["s", "m"], "ConstraintDescription": "s or m"},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>", "Default": "subnet-1,subnet-2"},
    "Secret": {"Type": "String", "NoEcho": True, "Default": "hush"},
    "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"},
}


def template() -> Template:
    return Template("", {"Parameters": DEFINED, "Resources": {}})


def given(**values: str) -> list[dict[str, Any]]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]


def test_values_come_from_the_caller_then_from_before_then_from_the_default() -> None:
    values = chosen(template(), given(Name="abc"))
    assert (values["Name"], values["Count"], values["Zones"]) == ("abc", "2", "a, b")
    again = chosen(template(), [{"ParameterKey": "Name", "UsePreviousValue": True}, *given(Count="5")], values)
    assert (again["Name"], again["Count"]) == ("abc", "5")


def test_lists_become_lists_and_ssm_types_are_looked_up() -> None:
    found = resolved(template(), chosen(template(), given(Name="abc")), lambda name: f"value of {name}")
    assert found["Zones"] == ["a", "b"]
    assert found["Subnets"] == ["subnet-1", "subnet-2"]
    assert found["Image"] == "value of /image"
    assert found["Count"] == "2"


def test_noecho_is_hidden() -> None:
    listed = {p["ParameterKey"]: p["ParameterValue"] for p in shown(template(), {"Secret": "hush", "Name": "abc"})}
    assert listed == {"Secret": "****", "Name": "abc"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Parameters: [Name] must have values"),
        ({"Name": "abc", "Colour": "red"}, "Parameters: [Colour] do not exist in the template"),
        ({"Name": "a"}, "Parameter 'Name' must contain at least 2 characters"),
        ({"Name": "abcdef"}, "Parameter 'Name' must contain at most 5 characters"),
        ({"Name": "ABC"}, "Parameter 'Name' must match pattern [a-z]+"),
        ({"Name": "abc", "Count": "x"}, "Parameter 'Count' must be a number."),
        ({"Name": "abc", "Count": "0"}, "Parameter 'Count' must be a number not less than 1"),
        ({"Name": "abc", "Count": "10"}, "Parameter 'Count' must be a number not greater than 9"),
        ({"Name": "abc", "Size": "xl"}, "Parameter Size failed to satisfy constraint: s or m"),
        ({"Name": "abc", "Secret": "x" * 4097}, "exceeds the maximum length of 4096 bytes"),
    ],
)
def test_a_bad_value_is_refused_with_awss_words(values: dict[str, str], words: str) -> None:
    with pytest.raises(Refused) as refused:
        chosen(template(), given(**values))
    assert words in refused.value.message


def test_a_previous_value_must_exist() -> None:
    with pytest.raises(Refused, match="parameter key not in the previous template"):
        chosen(template(), [{"ParameterKey": "Name", "UsePreviousValue": True}], {})
