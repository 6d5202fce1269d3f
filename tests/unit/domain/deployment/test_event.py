"""Rollouts out of stack events."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from services.domain.deployment.event import Rollout, StackEvent, rollouts
from tests.builders.places import NOW

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/production-data/1"
USER, OWN = "User Initiated", "haven-1"


def told(*lines: str | tuple[str, ...], token: str = OWN, begin: int = 0) -> Iterator[StackEvent]:
    """Events a second apart: a stack's status (with a reason), or (logical id, status[, reason])."""
    for number, line in enumerate(lines, begin):
        logical, status, reason = (*line, "", "")[:3] if isinstance(line, tuple) else ("", line, "")
        own = not logical
        yield StackEvent(
            f"e{number}",
            NOW + timedelta(seconds=number),
            "data",
            STACK,
            logical or "production-data",
            STACK if own else f"physical-{logical}",
            "AWS::CloudFormation::Stack" if own else "AWS::RDS::DBInstance",
            status,
            reason,
            token,
        )


def at(number: int) -> object:
    return NOW + timedelta(seconds=number)


def one(events: Iterable[StackEvent]) -> Rollout:
    found = rollouts(list(events))
    assert len(found) == 1
    return found[0]


def test_an_update_reaches_from_its_first_event_to_its_last_its_cleanup_too() -> None:
    found = one(
        told(
            ("", "UPDATE_IN_PROGRESS", USER),
            ("Database", "UPDATE_IN_PROGRESS"),
            ("Database", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
            ("Database", "UPDATE_COMPLETE"),
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            ("Database", "DELETE_IN_PROGRESS"),
            ("Database", "DELETE_COMPLETE"),
            "UPDATE_COMPLETE",
        )
    )
    assert (found.began_at, found.ended_at, found.status) == (at(0), at(7), "UPDATE_COMPLETE")
    assert (found.stack, found.stack_id, found.token, found.ours, found.failure) == ("data", STACK, "haven-1", True, "")
    kind = "AWS::RDS::DBInstance"
    assert found.spans == (
        ("Database", kind, at(1), at(3), "UPDATE_COMPLETE"),
        ("Database", kind, at(5), at(6), "DELETE_COMPLETE"),
    )


def test_one_that_runs_has_no_end_and_neither_has_its_resource() -> None:
    found = one(told("UPDATE_IN_PROGRESS", ("Queue", "UPDATE_IN_PROGRESS"), token="cli"))
    assert (found.ended_at, found.status, found.ours) == (None, "UPDATE_IN_PROGRESS", False)
    assert found.spans[0][3:] == (None, "UPDATE_IN_PROGRESS")


def test_a_rollback_belongs_to_what_it_undoes_and_the_first_failure_is_told() -> None:
    found = one(
        told(
            "REVIEW_IN_PROGRESS",
            "CREATE_IN_PROGRESS",
            ("Cache", "CREATE_IN_PROGRESS"),
            ("Database", "CREATE_IN_PROGRESS"),
            ("Key", "CREATE_FAILED", "Resource creation cancelled"),
            ("Database", "CREATE_FAILED", "Insufficient capacity"),
            ("Queue", "CREATE_FAILED", "later"),
            ("", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Database]."),
            ("Cache", "DELETE_IN_PROGRESS"),
            ("Cache", "DELETE_COMPLETE"),
            "ROLLBACK_COMPLETE",
        )
    )
    assert (found.began_at, found.status) == (at(1), "ROLLBACK_COMPLETE")
    assert found.failure == "Database: Insufficient capacity"
    assert [span[0] for span in found.spans] == ["Cache", "Database", "Key", "Queue", "Cache"]
    assert found.spans[0][3] == at(8), "the creation of the cache ended when its deletion began"


def test_a_failure_without_a_reason_is_the_resource_alone() -> None:
    assert one(told("CREATE_IN_PROGRESS", ("Key", "CREATE_FAILED"), "CREATE_FAILED")).failure == "Key"


def test_where_no_resource_failed_the_stack_says_why() -> None:
    cancelled = told(
        ("", "UPDATE_IN_PROGRESS", USER),
        ("Key", "UPDATE_FAILED", "Resource update cancelled"),
        ("", "UPDATE_ROLLBACK_IN_PROGRESS", "Stack update cancelled"),
        ("", "UPDATE_ROLLBACK_FAILED", "later"),
    )
    assert one(cancelled).failure == "Stack update cancelled"


def test_a_rollback_that_is_gone_on_with_is_one_of_its_own_with_its_token() -> None:
    first = told("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", token="a")
    second = told(("", "UPDATE_ROLLBACK_IN_PROGRESS", USER), "UPDATE_ROLLBACK_COMPLETE", token="haven-b", begin=3)
    failed, went_on = rollouts([*first, *second])
    assert (failed.status, failed.token, failed.ended_at) == ("UPDATE_ROLLBACK_FAILED", "a", at(2))
    assert (went_on.status, went_on.token, went_on.began_at) == ("UPDATE_ROLLBACK_COMPLETE", "haven-b", at(3))
    assert went_on.failure == "", "how it began is no failure"


def test_a_failed_creation_that_is_deleted_at_once_stays_one_rollout() -> None:
    found = one(told("CREATE_IN_PROGRESS", ("", "DELETE_IN_PROGRESS", "failed"), "DELETE_COMPLETE"))
    assert (found.status, found.ended_at) == ("DELETE_COMPLETE", at(2))


@pytest.mark.parametrize(("reason", "token"), [(USER, "haven-1"), ("", "haven-2")])
def test_a_deletion_that_somebody_asks_for_while_a_creation_runs_is_another(reason: str, token: str) -> None:
    created = told("CREATE_IN_PROGRESS", ("Key", "CREATE_IN_PROGRESS"))
    deleted = told(("", "DELETE_IN_PROGRESS", reason), "DELETE_COMPLETE", token=token, begin=2)
    creation, deletion = rollouts([*created, *deleted])
    assert (creation.status, creation.ended_at) == ("CREATE_IN_PROGRESS", at(1)), "over, though its end was not seen"
    assert (deletion.status, deletion.token) == ("DELETE_COMPLETE", token)


def test_a_deletion_of_a_standing_stack_is_one_of_its_own() -> None:
    found = rollouts(
        list(
            told(
                "CREATE_IN_PROGRESS",
                "CREATE_COMPLETE",
                "DELETE_IN_PROGRESS",
                ("Key", "DELETE_SKIPPED"),
                "DELETE_COMPLETE",
            )
        )
    )
    assert [each.status for each in found] == ["CREATE_COMPLETE", "DELETE_COMPLETE"]
    assert found[1].spans == (("Key", "AWS::RDS::DBInstance", at(3), at(3), "DELETE_SKIPPED"),)


def test_a_deletion_of_a_stack_that_was_only_reviewed_is_none() -> None:
    gone = ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")
    assert rollouts(list(told("REVIEW_IN_PROGRESS", *gone))) == ()
    found = one(told("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", ("Key", "CREATE_IN_PROGRESS"), "CREATE_COMPLETE"))
    assert found.status == "CREATE_COMPLETE"
    created = told("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE", *gone)
    assert [each.status for each in rollouts(list(created))] == ["CREATE_COMPLETE", "DELETE_COMPLETE"]


def test_what_began_before_the_first_event_or_comes_after_the_end_is_left_out() -> None:
    assert rollouts([]) == ()
    assert rollouts(list(told(("Key", "UPDATE_COMPLETE"), "UPDATE_COMPLETE", "REVIEW_IN_PROGRESS"))) == ()
    found = one(told("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", ("Key", "DELETE_COMPLETE")))
    assert (found.ended_at, found.spans) == (at(1), ())
