"""Order of resources: whatever the graph, what is needed comes first."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.cloudformation.graph import Mention, circular, dependencies, mentions, order
from sandbox.cloudformation.template import Template

QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure of a rule."""
NAMES = [f"R{n}" for n in range(12)]


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, set[str]]:
    """Any graph in which a name needs only names before it, in shuffled order."""
    graph = {n: draw(st.sets(st.sampled_from(NAMES[:i]))) if i else set() for i, n in enumerate(NAMES)}
    return {n: graph[n] for n in draw(st.permutations(NAMES))}


@QUIET
@given(acyclic())
def test_everything_comes_once_and_after_what_it_needs(graph: dict[str, set[str]]) -> None:
    placed = order(graph)
    assert sorted(placed) == sorted(graph)
    for name, needs in graph.items():
        assert all(placed.index(need) < placed.index(name) for need in needs)
    assert circular(graph) == set()


@QUIET
@given(acyclic(), st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_an_edge_back_makes_a_circle(graph: dict[str, set[str]], one: str, other: str) -> None:
    graph = {n: set(needs) for n, needs in graph.items()}
    graph[one].add(other)
    graph[other].add(one)
    assert {one, other} <= circular(graph)


def test_every_way_of_naming_a_resource_is_a_dependency() -> None:
    resources = {name: {"Type": "AWS::SNS::Topic"} for name in "ABCDEF"}
    expression = {
        "Fn::If": ["Yes", {"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn"]}],
    }
    resources["X"] = {
        "Type": "AWS::SNS::Topic",
        "DependsOn": ["C"],
        "Properties": {"P": [expression], "Q": {"Fn::Sub": ["${D.Arn}${V}${!F}", {"V": {"Ref": "E"}}]}},
    }
    body = {"Resources": resources, "Conditions": {"Yes": {"Fn::Equals": [1, 1]}}}
    assert dependencies(Template("", body))["X"] == {"A", "B", "C", "D", "E"}


def test_mentions_tell_attributes_and_conditions_apart() -> None:
    found = set(mentions({"Fn::If": ["Yes", {"Fn::GetAtt": "A.B.C"}, {"Ref": "D"}]}))
    assert found == {Mention("Yes", condition=True), Mention("A", attribute="B.C"), Mention("D")}
