"""When an alarm changes its state, after AWS's own tables for missing data."""

import pytest

from sandbox.gaps.cloudwatch.evaluation import Rule, judge

START = 1_795_366_800  # 2026-11-22 17:00:00 UTC


def window(text: str) -> list[tuple[int, float | None]]:
    """X breaches, 0 does not, - is missing: as in AWS's own tables, oldest first."""
    values = {"X": 90.0, "0": 10.0, "-": None}
    return [(START + 60 * place, values[sign]) for place, sign in enumerate(text)]


def rule(missing: str, periods: int = 3, needed: int = 3) -> Rule:
    return Rule("GreaterThanThreshold", 70, periods, needed, missing)


@pytest.mark.parametrize(
    ("points", "missing", "breaching", "not_breaching", "ignored"),
    [
        ("0-X-X", "OK", "OK", "OK", "OK"),
        ("-----", "INSUFFICIENT_DATA", "ALARM", "OK", "(same)"),
        ("0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
        ("--X--", "ALARM", "ALARM", "OK", "(same)"),
        ("----0", "OK", "OK", "OK", "OK"),
        ("00000", "OK", "OK", "OK", "OK"),
        ("XXXXX", "ALARM", "ALARM", "ALARM", "ALARM"),
        ("----X", "(same)", "ALARM", "OK", "(same)"),
    ],
)
@pytest.mark.parametrize("before", ["OK", "ALARM"])
def test_missing_data(points: str, missing: str, breaching: str, not_breaching: str, ignored: str, before: str) -> None:
    asked = {"missing": missing, "breaching": breaching, "notBreaching": not_breaching, "ignore": ignored}
    found = {treat: judge(rule(treat), window(points), before).state for treat in asked}
    assert found == {treat: before if state == "(same)" else state for treat, state in asked.items()}


@pytest.mark.parametrize(("points", "state"), [("00X0X", "ALARM"), ("000X0", "OK"), ("XX000", "OK")])
def test_two_of_three(points: str, state: str) -> None:
    assert judge(rule("missing", 3, 2), window(points), "OK").state == state


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("GreaterThanThreshold", 70, "OK"),
        ("GreaterThanOrEqualToThreshold", 70, "ALARM"),
        ("LessThanThreshold", 70, "OK"),
        ("LessThanOrEqualToThreshold", 70, "ALARM"),
        ("LessThanThreshold", 69.9, "ALARM"),
    ],
)
def test_comparisons(comparison: str, value: float, state: str) -> None:
    found = judge(Rule(comparison, 70, 1, 1, "missing"), [(START, value)], "OK")
    assert found.state == state


def test_says_why_it_alarms_as_aws_does() -> None:
    found = judge(rule("missing"), window("00XXX"), "OK")
    assert found.reason == (
        "Threshold Crossed: 3 out of the last 3 datapoints [90.0 (22/11/26 17:04:00), 90.0 (22/11/26 17:03:00), "
        "90.0 (22/11/26 17:02:00)] were greater than the threshold (70.0) "
        "(minimum 3 datapoints for OK -> ALARM transition)."
    )


def test_says_why_it_is_well_again() -> None:
    found = judge(rule("missing"), window("XXXX0"), "ALARM")
    assert found.reason == (
        "Threshold Crossed: 1 out of the last 3 datapoints [10.0 (22/11/26 17:04:00)] was not greater than the "
        "threshold (70.0) (minimum 1 datapoint for ALARM -> OK transition)."
    )


def test_says_that_it_knows_nothing() -> None:
    assert judge(rule("missing"), window("-----"), "OK").reason == "Insufficient Data: 3 datapoints were unknown."
    assert judge(rule("notBreaching"), window("-----"), "OK").reason == (
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as "
        "[NonBreaching]."
    )
