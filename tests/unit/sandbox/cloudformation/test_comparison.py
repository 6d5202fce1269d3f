"""Change sets: what differs, why, and whether it replaces."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.cloudformation.comparison import Causes, addition, differences, modification, removal, replacement, same
from sandbox.cloudformation.intrinsics import UNKNOWN
from sandbox.cloudformation.model import Resource
from sandbox.cloudformation.schema import schema

QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure of a rule."""
values = st.recursive(
    st.one_of(st.text(max_size=5), st.integers(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=20,
)


@QUIET
@given(values)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert list(differences(value, value)) == []
    assert same(value, value)


@QUIET
@given(values, values)
def test_there_are_differences_exactly_when_two_values_are_not_the_same(one: Any, other: Any) -> None:
    assert bool(list(differences(one, other))) == (not same(one, other))


def test_numbers_and_truth_values_equal_their_text() -> None:
    assert same({"A": 1, "B": True}, {"A": "1", "B": "true"})


def causes(**more: Any) -> Causes:
    base: dict[str, Any] = {"parameters": frozenset(), "replaced": {}, "modified": frozenset(), "conditions": {}}
    return Causes(**{**base, **more})


def database(raw: dict[str, Any], resolved: dict[str, Any]) -> Resource:
    definition = {"Type": "AWS::RDS::DBInstance", "Properties": raw}
    return Resource("Db", "AWS::RDS::DBInstance", "app", properties=resolved, definition=definition)


def change(old: Resource, raw: dict[str, Any], resolved: dict[str, Any], why: Causes, **more: Any) -> dict[str, Any]:
    rules = schema(old.type)
    assert rules is not None
    found = modification(old, {"Type": old.type, "Properties": raw, **more}, resolved, rules, why)
    assert found is not None
    return found


def test_multi_az_by_parameter_is_conditional_with_before_and_after() -> None:
    raw = {"MultiAZ": {"Ref": "MultiAz"}}
    found = change(
        database(raw, {"MultiAZ": "false"}), raw, {"MultiAZ": "true"}, causes(parameters=frozenset(["MultiAz"]))
    )
    detail = found["Details"][0]
    assert (found["Action"], found["Replacement"], found["Scope"]) == ("Modify", "Conditional", ["Properties"])
    assert detail["Target"] == {
        "Attribute": "Properties",
        "Name": "MultiAZ",
        "RequiresRecreation": "Conditionally",
        "Path": "/Properties/MultiAZ",
        "AttributeChangeType": "Modify",
        "BeforeValue": "false",
        "AfterValue": "true",
    }
    assert (detail["Evaluation"], detail["ChangeSource"], detail["CausingEntity"]) == (
        "Static",
        "ParameterReference",
        "MultiAz",
    )


def test_a_name_written_anew_replaces_and_says_what_becomes_of_the_old() -> None:
    old = database({"DBInstanceIdentifier": "a"}, {"DBInstanceIdentifier": "a"})
    raw = {"DBInstanceIdentifier": "b"}
    found = change(old, raw, {"DBInstanceIdentifier": "b"}, causes(), UpdateReplacePolicy="Snapshot")
    assert (found["Replacement"], found["PolicyAction"]) == ("True", "ReplaceAndSnapshot")
    assert found["Details"][0]["ChangeSource"] == "DirectModification"


def test_what_depends_on_a_replaced_resource_is_dynamic_and_maybe_replaced() -> None:
    raw = {"DBSubnetGroupName": {"Ref": "Group"}}
    old = database(raw, {"DBSubnetGroupName": "g"})
    found = change(old, raw, {"DBSubnetGroupName": UNKNOWN}, causes(replaced={"Group": "True"}))
    detail = found["Details"][0]
    assert (detail["Evaluation"], detail["ChangeSource"], detail["CausingEntity"]) == (
        "Dynamic",
        "ResourceReference",
        "Group",
    )
    assert found["Replacement"] == "Conditional"


def test_a_parameter_behind_a_condition_is_named_as_the_cause() -> None:
    raw = {"MultiAZ": {"Fn::If": ["Two", True, False]}}
    why = causes(parameters=frozenset(["Nodes"]), conditions={"Two": {"Fn::Equals": [{"Ref": "Nodes"}, "2"]}})
    found = change(database(raw, {"MultiAZ": False}), raw, {"MultiAZ": True}, why)
    assert found["Details"][0]["CausingEntity"] == "Nodes"


def test_an_added_and_a_removed_property_say_so() -> None:
    old = database({"Iops": 3000}, {"Iops": 3000})
    found = change(old, {"MaxAllocatedStorage": 100}, {"MaxAllocatedStorage": 100}, causes())
    kinds = {d["Target"]["Name"]: d["Target"]["AttributeChangeType"] for d in found["Details"]}
    assert kinds == {"Iops": "Remove", "MaxAllocatedStorage": "Add"}


def test_a_deletion_policy_alone_has_its_own_scope() -> None:
    found = change(database({}, {}), {}, {}, causes(), DeletionPolicy="Retain")
    assert (found["Scope"], found["Replacement"]) == (["DeletionPolicy"], "False")


def test_stack_tags_are_a_change_of_tags() -> None:
    old = database({}, {"Tags": [{"Key": "team", "Value": "a"}]})
    found = change(old, {}, {"Tags": [{"Key": "team", "Value": "b"}]}, causes())
    assert found["Scope"] == ["Tags"]


def test_removing_a_database_says_that_a_snapshot_stays() -> None:
    assert removal(database({}, {}))["PolicyAction"] == "Snapshot"
    topic = Resource("T", "AWS::SNS::Topic", "arn", definition={"Type": "AWS::SNS::Topic"})
    assert removal(topic)["PolicyAction"] == "Delete"


def test_an_addition_shows_what_will_be() -> None:
    found = addition("T", {"Type": "AWS::SNS::Topic"}, {"TopicName": "t"})
    assert (found["Action"], found["AfterContext"]) == ("Add", '{"Properties":{"TopicName":"t"}}')
    assert "PhysicalResourceId" not in found


def test_always_and_dynamic_is_only_conditional() -> None:
    always = {"RequiresRecreation": "Always"}
    assert replacement([{"Target": always, "Evaluation": "Dynamic"}]) == "Conditional"
    assert replacement([{"Target": always, "Evaluation": "Static"}]) == "True"
    assert replacement([{"Target": {"RequiresRecreation": "Never"}, "Evaluation": "Static"}]) == "False"
