"""A value is refused with the template's own constraint, in words."""

import re

import pytest

from provisioning.constraints import fault, problems
from provisioning.template import parse, template

DECLARED = parse(
    "declared",
    """
Parameters:
  Count: {Type: Number, Default: 3, MinValue: 1, MaxValue: 9}
  Choice: {Type: Number, Default: 2, AllowedValues: [1, 2]}
  Name: {Type: String, MinLength: 2, MaxLength: 4, AllowedPattern: "[a-z]+", ConstraintDescription: lower-case letters.}
  Plain: {Type: String, Default: "", AllowedPattern: "^$|^x$"}
  Paths: {Type: CommaDelimitedList, Default: "/a, /b", AllowedPattern: "/[a-z]+"}
  Switch: {Type: String, Default: "true", AllowedValues: ["true", "false"]}
Resources: {}
""",
)
PARAMETERS = {parameter.name: parameter for parameter in DECLARED.parameters}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Count", "1"),
        ("Count", "9"),
        ("Choice", "2"),
        ("Name", "ab"),
        ("Plain", ""),
        ("Paths", "/a,/b"),
        ("Switch", "false"),
    ],
)
def test_a_fitting_value_has_no_fault(name: str, value: str) -> None:
    assert fault(PARAMETERS[name], value) is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Count", "0", "from 1 to 9"),
        ("Count", "10", "from 1 to 9"),
        ("Count", "many", "a number"),
        ("Count", "nan", "a number"),
        ("Count", "", "a number"),
        ("Choice", "3", "one of 1, 2"),
        ("Name", "a", "2 to 4 characters"),
        ("Name", "abcde", "2 to 4 characters"),
        ("Name", "Ab", "lower-case letters"),
        ("Plain", "y", "like ^$|^x$"),
        ("Paths", "/a,b", "like /[a-z]+"),
        ("Switch", "True", "one of true, false"),
        ("Plain", "x" * 4097, "4096 bytes"),
    ],
)
def test_a_fault_says_what_would_fit(name: str, value: str, said: str) -> None:
    found = fault(PARAMETERS[name], value)
    assert found is not None
    assert said in found


def test_a_missing_value_is_a_problem_unless_it_is_fed_or_has_a_default() -> None:
    assert problems(DECLARED, {}) == {"Name": "It must be given."}
    assert problems(DECLARED, {}, fed=frozenset({"Name"})) == {}
    assert problems(DECLARED, {"Name": "abc"}) == {}


@pytest.mark.parametrize(
    ("name", "given", "field", "said"),
    [
        ("service", {"MinTasks": "5", "MaxTasks": "4"}, "MaxTasks", "at least MinTasks, 5"),
        ("service", {"Cpu": "256", "Memory": "4096"}, "Memory", "512 to 2048 MiB"),
        ("service", {"BusySchedule": "cron(0 6 * * ? *)", "BusyMinTasks": "99"}, "BusyMinTasks", "at most MaxTasks, 9"),
        ("service", {"PathPatterns": "/a,/b,/c,/d,/e,/f"}, "PathPatterns", "at most 5"),
        ("data", {"DatabaseStorage": "500", "DatabaseStorageLimit": "500"}, "DatabaseStorageLimit", "550 or more"),
        (
            "platform",
            {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-1111-2222-333344445555"},
            "CertificateDomain",
            "the name on the certificate",
        ),
    ],
)
def test_values_that_do_not_go_together(name: str, given: dict[str, str], field: str, said: str) -> None:
    parsed = template(name)
    always = {
        "Environment": "production",
        "ServiceName": "x1",
        "ImageRepository": "x1",
        "ImageTag": "1",
        "RulePriority": "1",
    }
    usual = {key: value for key, value in always.items() if key in {p.name for p in parsed.parameters}}
    paths = {"PathPatterns": "/x"} if name == "service" else {}
    fed = frozenset(p.name for p in parsed.parameters if "(from " in p.description)
    assert problems(parsed, {**usual, **paths}, fed) == {}
    found = problems(parsed, {**usual, **paths, **given}, fed)
    assert found.keys() == {field}
    assert said in found[field]


@pytest.mark.parametrize("tag", ["latest", "", "-1", "a b"])
def test_an_image_tag_that_names_no_one_version_is_refused(tag: str) -> None:
    (parameter,) = (p for p in template("service").parameters if p.name == "ImageTag")
    assert fault(parameter, tag) is not None


@pytest.mark.parametrize(("cidr", "fits"), [("10.255.0.0/16", True), ("172.32.0.0/16", False), ("10.0.0.0/8", False)])
def test_a_vpc_is_a_private_slash_sixteen(cidr: str, fits: bool) -> None:
    (parameter,) = (p for p in template("network").parameters if p.name == "VpcCidr")
    assert (fault(parameter, cidr) is None) is fits


def test_patterns_compile_and_are_anchored() -> None:
    for name in ("network", "data", "platform", "service"):
        for parameter in template(name).parameters:
            if parameter.pattern is not None:
                re.compile(parameter.pattern)
                assert parameter.pattern.startswith("^"), parameter.name
                assert parameter.pattern.endswith("$"), parameter.name
