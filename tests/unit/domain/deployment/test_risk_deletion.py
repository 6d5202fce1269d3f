"""The risks of deleting a stack, and what a deletion does to each resource."""

from typing import Any

import pytest

from provisioning.template import template
from services.domain.deployment.deletion import removing
from services.domain.deployment.plan import Deed, StackPlan
from services.domain.deployment.risk import Danger, Level, Risk, risks, to_confirm
from tests.unit.domain.deployment.changes import DATABASE, KEY, QUEUE, change, plan, stack


def deleting(*gone: Any, removed: tuple[str, ...] = (), kept: tuple[str, ...] = ()) -> StackPlan:
    return stack(deed=Deed.DELETE, removing=gone, removed=removed, kept=kept)


def of(made: StackPlan, name: str = "Thing") -> Risk:
    (found,) = [each for each in risks(plan(made)) if each.logical_id == name]
    return found


def test_the_stack_itself_is_high_and_its_name_is_typed() -> None:
    alarm = change("AWS::CloudWatch::Alarm", "Remove", policy_action="Delete")
    found = risks(plan(deleting(alarm, kept=("Key",))))
    assert (found[0].danger, found[0].level, found[0].confirm) == (Danger.OUTAGE, Level.HIGH, "production-data")
    assert found[0].sentence == "The stack production-data is deleted with 1 resource; what still uses them fails."
    assert found[0].because == "1 resource kept, itself or as a snapshot."
    assert (found[1].level, found[1].sentence) == (Level.LOW, "the-thing is deleted with the stack.")


@pytest.mark.parametrize(
    ("type", "action", "level", "says"),
    [
        (DATABASE, "Snapshot", Level.HIGH, "a last snapshot of it is kept"),
        (DATABASE, "Delete", Level.STOPPED, "with nothing left of it"),
        (DATABASE, "Retain", Level.HIGH, "is left where it is"),
        (KEY, "Delete", Level.STOPPED, "with nothing left of it"),
        (QUEUE, "Delete", Level.HIGH, "Lost is every message that waits in it"),
    ],
)
def test_what_holds_something_is_high_and_stopped_when_nothing_is_left(
    type: str, action: str, level: Level, says: str
) -> None:
    found = of(deleting(change(type, "Remove", policy_action=action)))
    assert (found.danger, found.level) == (Danger.DATA_LOSS, level)
    assert says in found.sentence


def test_what_else_is_retained_is_said_so() -> None:
    kept = change("AWS::SNS::Topic", "Remove", policy_action="Retain", physical="")
    assert of(deleting(kept)).sentence == "Thing is left where it is."


def test_of_what_nobody_knows_the_type_the_worst_is_taken() -> None:
    made = deleting(change(QUEUE, "Remove", name="Queue", policy_action="Delete"), removed=("Queue", "Other"))
    found = of(made, "Other")
    assert (found.danger, found.level, found.confirm) == (Danger.DATA_LOSS, Level.HIGH, "production-data")
    assert to_confirm(risks(plan(made))) == ("the-thing", "production-data")


def test_a_deletion_does_what_the_template_says_or_it_is_asked_to() -> None:
    names = ("Database", "Queue", "Key", "AccessLogs", "DatabaseTopic")
    physical = {name: f"production-{name}" for name in names}
    found = {each.logical_id: each for each in removing(template("data").document, physical, ["Queue"])}
    assert {name: each.policy_action for name, each in found.items()} == {
        "Database": "Snapshot",
        "Queue": "Retain",
        "Key": "Retain",
    }
    assert (found["Database"].type, found["Database"].physical_id) == (DATABASE, "production-Database")
    assert found["Database"].action == "Remove"
    assert '"DeletionProtection"' in found["Database"].before


@pytest.mark.parametrize(
    ("resource", "action"),
    [
        ({"Type": DATABASE}, "Snapshot"),
        ({"Type": DATABASE, "Properties": {"DBClusterIdentifier": "c"}}, "Delete"),
        ({"Type": "AWS::RDS::DBCluster"}, "Snapshot"),
        ({"Type": QUEUE}, "Delete"),
        ({"Type": QUEUE, "DeletionPolicy": "RetainExceptOnCreate"}, "Retain"),
    ],
)
def test_without_a_policy_cloudformations_default_holds(resource: dict[str, Any], action: str) -> None:
    (found,) = removing({"Resources": {"A": resource}}, {"A": "a"})
    assert found.policy_action == action


def test_a_template_without_resources_removes_none() -> None:
    assert removing({}, {"A": "a"}) == ()
