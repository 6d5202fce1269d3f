"""What AWS would refuse to delete: told from the template that runs with its deployed values, and from AWS itself."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from provisioning.template import template
from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.deletion import BALANCER, lock, removing
from services.domain.deployment.plan import Deed, StackPlan
from services.domain.deployment.risk import Danger, Level, Risk, risks, to_confirm
from tests.unit.domain.deployment.changes import DATABASE, KEY, plan, stack

REF: Mapping[str, Any] = {"Ref": "Protect"}
DECLARED = {"Protect": {"Type": "String", "Default": "true"}, "Stage": {"Type": "String"}}
PARAMETERS: Mapping[str, Any] = {
    "Parameters": DECLARED,
    "Conditions": {
        "Live": {"Fn::Equals": [{"Ref": "Stage"}, "live"]},
        "Told": {"Fn::Equals": [{"Ref": "Nowhere"}, "x"]},
    },
}


def gone(
    resource: Mapping[str, Any], deployed: Mapping[str, str] | None = None, guarded: tuple[str, ...] = (), **more: Any
) -> ResourceChange:
    document = {**PARAMETERS, "Resources": {"Thing": resource}}
    (found,) = removing(document, {"Thing": "the-thing"}, deployed=deployed or {}, guarded=guarded, **more)
    return found


def database(switch: Any, **more: Any) -> Mapping[str, Any]:
    return {"Type": DATABASE, "Properties": {"DeletionProtection": switch}, **more}


def balancer(value: Any) -> Mapping[str, Any]:
    attributes = [
        {"Key": "idle_timeout.timeout_seconds", "Value": "60"},
        {"Key": "deletion_protection.enabled", "Value": value},
    ]
    return {"Type": BALANCER, "Properties": {"LoadBalancerAttributes": attributes}}


def told(change: ResourceChange) -> list[Risk]:
    made: StackPlan = stack(deed=Deed.DELETE, removing=(change,))
    return [each for each in risks(plan(made)) if each.logical_id == "Thing"]


@pytest.mark.parametrize(
    ("switch", "deployed", "on"),
    [
        (True, {}, True),
        ("true", {}, True),
        (False, {}, False),
        (REF, {"Protect": "true"}, True),
        (REF, {"Protect": "false"}, False),
        (REF, {}, True),
        ({"Fn::If": ["Live", True, False]}, {"Stage": "live"}, True),
        ({"Fn::If": ["Live", True, False]}, {"Stage": "trial"}, False),
        ({"Fn::If": ["Live", REF, {"Ref": "AWS::NoValue"}]}, {"Stage": "live", "Protect": "false"}, False),
        ({"Fn::If": ["Live", REF, {"Ref": "AWS::NoValue"}]}, {"Stage": "trial", "Protect": "true"}, False),
        ({"Ref": "AWS::NoValue"}, {}, False),
    ],
)
def test_the_switch_stands_as_the_deployed_values_have_it(switch: Any, deployed: Mapping[str, str], on: bool) -> None:
    for resource in (database(switch), balancer(switch)):
        found = lock(gone(resource, deployed))
        assert (found is not None and found.known) is on
        assert on is (found is not None)


def test_a_database_whose_parameter_protects_it_is_stopped_and_the_way_is_said() -> None:
    found = gone(database(REF, DeletionPolicy="Snapshot"), {"Protect": "true"})
    (risk,) = told(found)
    assert (risk.danger, risk.level, risk.source) == (Danger.DATA_LOSS, Level.STOPPED, "Haven's rule")
    assert risk.sentence == (
        "The database the-thing cannot be deleted: AWS would refuse it, and the deletion fail half-way."
    )
    assert risk.because == (
        "DeletionProtection is on, by the deployed parameter Protect. Turn it off first, in a deployment of the stack "
        "of its own that is reviewed as any; then plan the deletion anew."
    )
    assert json.loads(found.before)["Properties"] == {"DeletionProtection": "true"}


def test_turned_off_it_is_deleted_as_its_policy_says() -> None:
    (risk,) = told(gone(database(REF, DeletionPolicy="Snapshot"), {"Protect": "false"}))
    assert (risk.level, risk.confirm) == (Level.HIGH, "the-thing")
    assert "a last snapshot of it is kept" in risk.sentence


def test_a_load_balancer_is_stopped_as_an_outage() -> None:
    (risk,) = told(gone(balancer(REF), {"Protect": "true"}))
    assert (risk.danger, risk.level) == (Danger.OUTAGE, Level.STOPPED)
    assert risk.sentence.startswith("The load balancer the-thing cannot be deleted")
    (risk,) = told(gone(balancer(REF), {"Protect": "false"}))
    assert (risk.level, risk.sentence) == (Level.LOW, "the-thing is deleted with the stack.")


def test_what_the_text_itself_turns_on_names_no_parameter() -> None:
    (risk,) = told(gone(database(True)))
    assert risk.because.startswith("DeletionProtection is on, in the template that runs. Turn it off first")


def test_all_parameters_that_a_switch_hangs_on_are_named() -> None:
    switch = {"Fn::If": ["Live", REF, False]}
    (risk,) = told(gone(database(switch), {"Stage": "live", "Protect": "true"}))
    assert "by the deployed parameters Stage and Protect." in risk.because


@pytest.mark.parametrize("resource", [database(REF), {"Type": DATABASE}, balancer("false"), {"Type": BALANCER}])
def test_what_aws_shows_as_protected_is_stopped_though_the_template_does_not(resource: Mapping[str, Any]) -> None:
    found = gone(resource, {"Protect": "false"}, ("the-thing",))
    assert lock(found) is not None
    (risk,) = told(found)
    assert risk.level is Level.STOPPED
    assert "as AWS shows it, though the template does not turn it on" in risk.because
    assert "Turn it off where it was turned on, outside the stack" in risk.because


@pytest.mark.parametrize("switch", [{"Fn::If": ["Told", True, False]}, {"Fn::ImportValue": "protected"}])
def test_what_nothing_tells_is_said_to_be_unknown_beside_what_is_lost(switch: Any) -> None:
    found = gone(database(switch, DeletionPolicy="Snapshot"))
    deleted, perhaps = sorted(told(found), key=lambda each: -each.level)
    assert (deleted.level, perhaps.level) == (Level.HIGH, Level.MEDIUM)
    assert perhaps.sentence.startswith("Whether AWS lets the database the-thing be deleted is not known")
    (risk,) = told(gone(database(switch), guarded=("the-thing",)))
    assert risk.level is Level.STOPPED


@pytest.mark.parametrize("attributes", [{"Fn::If": ["Told", [1], []]}, [{"Fn::If": ["Told", {"Key": "a"}, {}]}]])
def test_attributes_that_nothing_tells_may_hold_the_switch(attributes: Any) -> None:
    found = lock(gone({"Type": BALANCER, "Properties": {"LoadBalancerAttributes": attributes}}))
    assert found is not None
    assert not found.known


def test_what_is_left_is_not_refused() -> None:
    found = gone(database(True), retain=["Thing"])
    assert lock(found) is None
    (risk,) = told(found)
    assert (risk.level, risk.sentence) == (
        Level.HIGH,
        "The database the-thing is left where it is; no stack looks after it any more.",
    )


def test_a_type_without_a_switch_has_none() -> None:
    assert gone({"Type": KEY, "Properties": {"DeletionProtection": True}}).properties == ()


def test_a_policy_that_hangs_on_a_parameter_is_told_and_otherwise_the_worst_is_taken() -> None:
    assert gone({"Type": KEY, "DeletionPolicy": REF}, {"Protect": "Retain"}).policy_action == "Retain"
    assert gone({"Type": KEY, "DeletionPolicy": {"Ref": "Nowhere"}}).policy_action == "Delete"


@pytest.mark.parametrize(("name", "kind"), [("data", DATABASE), ("platform", BALANCER)])
@pytest.mark.parametrize("value", ["true", "false"])
def test_our_own_templates_are_understood(name: str, kind: str, value: str) -> None:
    document = template(name).document
    logical_id = next(key for key, each in document["Resources"].items() if each["Type"] == kind)
    (found,) = removing(document, {logical_id: "the-thing"}, deployed={"DeletionProtection": value})
    locked = lock(found)
    assert (locked is not None) is (value == "true")
    assert locked is None or (locked.known, locked.cause) == (True, "DeletionProtection")


def test_nothing_of_a_stopped_deletion_is_confirmed_away() -> None:
    made = stack(deed=Deed.DELETE, removing=(gone(database(True)),))
    assert to_confirm(risks(plan(made))) == ("production-data",), "the stack's own name alone"
