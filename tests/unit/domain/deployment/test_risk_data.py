"""Data loss."""

from typing import Any

import pytest

from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.risk import Danger, Level, Risk, risks
from tests.unit.domain.deployment.changes import (
    DATABASE,
    GROUP,
    KEY,
    POLICY,
    QUEUE,
    change,
    edited,
    plan,
    prop,
    stack,
)

RENAMED = prop("DBInstanceIdentifier", "production-app", "production-new", "Always")
LOGS = "AWS::Logs::LogGroup"


def worst(made: ResourceChange, **more: Any) -> Risk:
    """The one data loss of a change."""
    found = [each for each in risks(plan(stack(made, **more))) if each.danger is Danger.DATA_LOSS]
    assert len(found) == 1, found
    return found[0]


def none(made: ResourceChange) -> bool:
    return all(each.danger is not Danger.DATA_LOSS for each in risks(plan(stack(made))))


def renamed(action: str = "ReplaceAndSnapshot") -> ResourceChange:
    return change(
        DATABASE,
        "Modify",
        RENAMED,
        name="Database",
        physical="production-app",
        replacement="True",
        policy_action=action,
        before={"DBInstanceIdentifier": "production-app"},
        after={"DBInstanceIdentifier": "production-new"},
    )


def test_a_renamed_database_is_stopped_by_the_stack_policy_unless_it_is_lifted() -> None:
    found = worst(renamed(), policy=POLICY)
    assert (found.level, found.confirm, found.source) == (Level.STOPPED, "", "Haven's rule")
    assert found.sentence == (
        "The database production-app would be replaced, which the stack policy denies: the update would fail."
    )
    lifted = worst(renamed(), policy=POLICY, lifts_policy=True)
    assert (lifted.level, lifted.confirm) == (Level.HIGH, "production-app")


@pytest.mark.parametrize(
    ("action", "left"),
    [
        ("ReplaceAndSnapshot", "A last snapshot of the old one is kept; the new one begins empty."),
        ("ReplaceAndRetain", "The old one stays, outside the stack; the new one begins empty."),
        ("ReplaceAndDelete", "Lost is everything in it."),
        ("", "Lost is everything in it."),
    ],
)
def test_a_replacement_says_what_is_left_and_what_brings_it(action: str, left: str) -> None:
    found = worst(renamed(action))
    assert (found.level, found.source) == (Level.HIGH, "CloudFormation")
    assert found.sentence == f"The database production-app is replaced. {left}"
    assert "because DBInstanceIdentifier cannot be changed otherwise" in found.because
    assert found.because.endswith(f"{action or 'not said'}.")


def test_a_replacement_without_a_cause_says_none() -> None:
    assert worst(change(GROUP, "Modify", replacement="True")).because.startswith(
        "The change set says Replacement True;"
    )


def test_a_database_that_keeps_its_name_cannot_be_replaced() -> None:
    same = {"DBInstanceIdentifier": "production-app"}
    made = change(DATABASE, "Modify", prop("DBName", "a", "b", "Always"), replacement="True", before=same, after=same)
    found = worst(made)
    assert found.level is Level.STOPPED
    assert "under the name it has" in found.sentence
    free = change(DATABASE, "Modify", prop("DBName", "a", "b", "Always"), replacement="True", before={}, after={})
    assert worst(free).level is Level.HIGH


@pytest.mark.parametrize("type", [DATABASE, GROUP, QUEUE, KEY, "AWS::S3::Bucket"])
@pytest.mark.parametrize(
    ("action", "left"),
    [("Retain", "stays as it is"), ("Snapshot", "last snapshot of it is kept"), ("Delete", "Lost is")],
)
def test_what_holds_something_and_is_removed_needs_its_name_typed(type: str, action: str, left: str) -> None:
    found = worst(change(type, "Remove", policy_action=action))
    assert (found.level, found.confirm) == (Level.HIGH, "the-thing")
    assert left in found.sentence
    assert action in found.because


def test_the_stack_policy_stops_a_removal_too_but_not_of_what_it_exempts() -> None:
    assert worst(change(QUEUE, "Remove", name="Queue"), policy=POLICY).level is Level.STOPPED
    assert worst(change(QUEUE, "Remove", name="HavenQueue"), policy=POLICY).level is Level.HIGH


def conditional(*properties: Any, type: str = DATABASE, action: str = "Modify") -> ResourceChange:
    return change(type, action, *properties, replacement="Conditional" if action == "Modify" else "")


def test_what_aws_calls_conditional_and_documents_in_place_is_low_with_its_source() -> None:
    found = worst(conditional(prop("MultiAZ", "false", "true", "Conditionally"), prop("Tags")))
    assert found.level is Level.LOW
    assert found.sentence.startswith("The database the-thing is expected to change in place")
    assert found.because == "The change set says Conditional for MultiAZ; documented is a change in place."
    assert found.source.startswith("AWS's documentation, aws-facts 1.7 and 6.6")


def test_one_undocumented_property_makes_it_high() -> None:
    found = worst(
        conditional(
            prop("MultiAZ", "false", "true", "Conditionally"), prop("Engine", "mysql", "postgres", "Conditionally")
        )
    )
    assert (found.level, found.confirm) == (Level.HIGH, "the-thing")
    assert found.sentence == "The database the-thing may be replaced. If it is, lost is everything in it."
    assert "Conditional for Engine, and nothing documents" in found.because


def test_what_is_only_known_once_it_runs_is_said_so() -> None:
    found = worst(conditional(prop("KmsKeyId", "a", None, "Always", known=False)))
    assert found.level is Level.HIGH
    assert "KmsKeyId is only known once it runs" in found.because


def test_a_place_that_aws_gives_twice_is_known_when_it_is_once() -> None:
    twice = (prop("KmsKeyId", "a", "b", "Always"), prop("KmsKeyId", "a", "b", "Always", known=False))
    assert "only known" not in worst(conditional(*twice)).because


@pytest.mark.parametrize("made", [conditional(), conditional(action="Dynamic")])
def test_where_aws_cannot_tell_nobody_can(made: ResourceChange) -> None:
    found = worst(made)
    assert found.level is Level.HIGH
    assert found.because.startswith("The change set cannot tell")


@pytest.mark.parametrize(
    ("type", "attribute", "was", "becomes", "level"),
    [
        (DATABASE, "DeletionPolicy", "Snapshot", "Delete", Level.HIGH),
        (DATABASE, "DeletionPolicy", "Retain", "Snapshot", Level.MEDIUM),
        (DATABASE, "DeletionPolicy", "", "Delete", Level.HIGH),
        (DATABASE, "UpdateReplacePolicy", "Retain", "Delete", Level.HIGH),
        (GROUP, "UpdateReplacePolicy", "Snapshot", "", Level.HIGH),
        (KEY, "DeletionPolicy", "Retain", "", Level.HIGH),
    ],
)
def test_a_weaker_policy_is_data_loss_to_come(type: str, attribute: str, was: str, becomes: str, level: Level) -> None:
    found = worst(change(type, "Modify", prop("", attribute=attribute), **{attribute: (was, becomes)}))
    assert found.level is level
    assert ("removed" if attribute == "DeletionPolicy" else "replaced") in found.sentence
    assert found.because.startswith(f"{attribute}: ")


@pytest.mark.parametrize(
    ("type", "was", "becomes", "more"),
    [
        (DATABASE, "Delete", "Snapshot", {}),
        (DATABASE, "Snapshot", "", {}),
        (DATABASE, "", "Delete", {"DBClusterIdentifier": "c"}),
        (QUEUE, "", "Delete", {}),
    ],
)
def test_a_stronger_or_equal_policy_is_none(type: str, was: str, becomes: str, more: dict[str, Any]) -> None:
    assert none(change(type, "Modify", before=more, after=more, DeletionPolicy=(was, becomes)))


def test_a_policy_is_read_from_the_places_where_aws_gives_no_whole_resource() -> None:
    found = worst(change(DATABASE, "Modify", prop("", "Retain", "Delete", attribute="DeletionPolicy")))
    assert found.because == "DeletionPolicy: Retain becomes Delete."


@pytest.mark.parametrize(
    ("type", "name", "was", "becomes", "level", "says"),
    [
        (DATABASE, "BackupRetentionPeriod", 14, 0, Level.HIGH, "are turned off, and those that there are go"),
        (DATABASE, "BackupRetentionPeriod", 14, 7, Level.MEDIUM, "for 7 days instead of 14"),
        (DATABASE, "BackupRetentionPeriod", 14, None, Level.MEDIUM, "for 1 day instead of 14"),
        (GROUP, "SnapshotRetentionLimit", 7, 0, Level.MEDIUM, "Snapshots of the-thing are turned off"),
        (GROUP, "SnapshotRetentionLimit", 7, None, Level.MEDIUM, "Snapshots of the-thing are turned off"),
        (DATABASE, "DeletionProtection", True, False, Level.MEDIUM, "Nothing keeps the database the-thing"),
        (DATABASE, "AllocatedStorage", 100, 50, Level.STOPPED, "which RDS refuses"),
        (QUEUE, "MessageRetentionPeriod", 345600, 60, Level.MEDIUM, "dropped sooner"),
        (KEY, "Enabled", True, False, Level.HIGH, "cannot be read meanwhile"),
        (KEY, "Enabled", None, False, Level.HIGH, "cannot be read meanwhile"),
    ],
)
def test_fewer_guards_and_less_room(
    type: str, name: str, was: object, becomes: object, level: Level, says: str
) -> None:
    sides = [{} if value is None else {name: value} for value in (was, becomes)]
    found = worst(edited(type, *sides))
    assert found.level is level
    assert says in found.sentence
    assert found.because.startswith(name)


@pytest.mark.parametrize(
    ("type", "before", "after"),
    [
        (DATABASE, {"BackupRetentionPeriod": 0}, {"BackupRetentionPeriod": 14}),
        (DATABASE, {"BackupRetentionPeriod": 7}, {"BackupRetentionPeriod": "{{changeSet:KNOWN_AFTER_APPLY}}"}),
        (DATABASE, {"BackupRetentionPeriod": "?"}, {"BackupRetentionPeriod": 7}),
        (DATABASE, {"DeletionProtection": True}, {"DeletionProtection": "{{changeSet:KNOWN_AFTER_APPLY}}"}),
        (DATABASE, {"AllocatedStorage": 50}, {"AllocatedStorage": 100}),
        (DATABASE, {"AllocatedStorage": 50}, {}),
        (GROUP, {"SnapshotRetentionLimit": 0}, {"SnapshotRetentionLimit": 7}),
        (QUEUE, {"MessageRetentionPeriod": 60}, {"MessageRetentionPeriod": 90}),
        (QUEUE, {"MessageRetentionPeriod": 60}, {}),
        (KEY, {"Enabled": False}, {"Enabled": False, "Description": "x"}),
        ("AWS::SNS::Topic", {"TopicName": "a"}, {"TopicName": "b"}),
    ],
)
def test_more_of_it_or_what_nobody_knows_is_no_loss_by_itself(
    type: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert none(edited(type, before, after))


def test_logs_are_lost_with_their_group_unless_it_stays() -> None:
    assert worst(change(LOGS, "Remove", policy_action="Delete")).level is Level.MEDIUM
    assert none(change(LOGS, "Remove", policy_action="Retain"))
    assert none(change(LOGS, "Modify", prop("RetentionInDays", "30", "7")))
