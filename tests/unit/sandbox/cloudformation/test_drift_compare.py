"""Expected against actual: what counts as drift, and how it is told."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloudformation.drift.compare import Difference, differences, shaped
from tests.unit.sandbox.cloudformation.test_comparison import QUIET, values


def found(expected: Any, actual: Any) -> list[tuple[str, str, str, str]]:
    return [(d.path, d.expected, d.actual, d.kind) for d in differences(expected, actual)]


@QUIET
@given(st.dictionaries(st.text(max_size=4), values, max_size=4))
def test_nothing_drifts_from_itself(properties: dict[str, Any]) -> None:
    assert list(differences(properties, properties)) == []


def test_a_changed_value_is_told_with_its_path() -> None:
    assert list(differences({"A": {"B": 1}}, {"A": {"B": 2}})) == [Difference("/A/B", "1", "2", "NOT_EQUAL")]


def test_numbers_and_truth_values_are_what_they_mean() -> None:
    assert found({"A": 60, "B": "true", "C": "0.50"}, {"A": 60.0, "B": True, "C": 0.5}) == []


def test_what_the_template_does_not_set_is_not_compared() -> None:
    assert found({"A": 1}, {"A": 1, "B": 2}) == []


def test_a_value_that_is_gone_is_removed() -> None:
    assert found({"A": {"B": "x"}}, {"A": {}}) == [("/A/B", "x", "null", "REMOVE")]


def test_the_order_of_a_list_does_not_matter() -> None:
    assert found({"A": ["x", "y"]}, {"A": ["y", "x"]}) == []


def test_an_item_more_is_added_and_an_item_less_removed() -> None:
    assert found({"A": ["x", "y"]}, {"A": ["x", "z"]}) == [
        ("/A/1", "y", "null", "REMOVE"),
        ("/A/1", "null", "z", "ADD"),
    ]


def test_an_item_of_the_same_name_is_the_same_item_changed() -> None:
    before, after = {"Key": "team", "Value": "a"}, {"Key": "team", "Value": "b"}
    assert found({"Tags": [before]}, {"Tags": [after]}) == [("/Tags/0/Value", "a", "b", "NOT_EQUAL")]


def test_a_services_answer_is_put_into_the_templates_names_and_cut_to_what_it_sets() -> None:
    expected = {"DeploymentConfiguration": {"MaximumPercent": 200}, "LoadBalancers": [{"ContainerPort": 80}]}
    answer = {
        "deploymentConfiguration": {"maximumPercent": 150, "strategy": "ROLLING"},
        "loadBalancers": [{"containerPort": 80, "targetGroupArn": "arn"}, {"containerName": "other"}],
        "status": "ACTIVE",
    }
    assert shaped(expected, answer) == {
        "DeploymentConfiguration": {"MaximumPercent": 150},
        "LoadBalancers": [{"ContainerPort": 80}, {"ContainerName": "other"}],
    }
