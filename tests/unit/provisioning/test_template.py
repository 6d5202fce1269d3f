"""Reading templates: short forms, versions, conditions."""

import hashlib

import pytest

from provisioning.template import TEMPLATES, parse, template, template_body, template_version

SMALL = """
Parameters:
  Size: {Type: Number, Default: 2, AllowedValues: [1, 2, 3]}
  Fed: {Type: String}
Conditions:
  Big: !Equals [!Ref Size, "3"]
  Fair: !Or [!Condition Big, !Equals [!Ref Size, 2]]
  Named: !And [!Not [!Equals [!Ref Fed, ""]], !Condition Fair]
Resources:
  Always: {Type: A, Properties: {X: !GetAtt Other.Endpoint.Address, Y: !Sub "${Size}", Z: !Join [",", [!Ref Size]]}}
  WhenBig: {Type: B, Condition: Big}
  WhenFair: {Type: C, Condition: Fair}
  WhenNamed: {Type: D, Condition: Named}
Outputs:
  Out: {Value: !Ref Always}
"""


def test_short_forms_become_long_ones() -> None:
    properties = parse("small", SMALL).document["Resources"]["Always"]["Properties"]
    assert properties == {
        "X": {"Fn::GetAtt": ["Other", "Endpoint.Address"]},
        "Y": {"Fn::Sub": "${Size}"},
        "Z": {"Fn::Join": [",", [{"Ref": "Size"}]]},
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Size": "1", "Fed": "x"}, {"Always"}),
        ({"Fed": ""}, {"Always", "WhenFair"}),
        ({"Size": "2", "Fed": "x"}, {"Always", "WhenFair", "WhenNamed"}),
        ({"Size": "3", "Fed": "x"}, {"Always", "WhenBig", "WhenFair", "WhenNamed"}),
    ],
)
def test_conditions_decide_which_resources_come(given: dict[str, str], expected: set[str]) -> None:
    assert parse("small", SMALL).resources(given).keys() == expected


def test_effective_values_are_given_ones_before_defaults() -> None:
    small = parse("small", SMALL)
    assert small.effective({}) == {"Size": "2"}
    assert small.effective({"Size": "3", "Fed": "y"}) == {"Size": "3", "Fed": "y"}
    assert small.outputs == ("Out",)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_version_is_a_hash_of_the_text(name: str) -> None:
    assert template_version(name) == hashlib.sha256(template_body(name).encode()).hexdigest()[:16]
    assert template(name).name == name


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(ValueError, match="network, data, platform, service"):
        template_body("../network")
