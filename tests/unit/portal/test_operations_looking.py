"""The page of an operation that only looks: how far it is, what was found, and nothing of failovers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from portal.operations import page, steps, verdict
from services.domain.operation import Operation, State, Step, Target
from services.domain.status import Status
from services.ports import Catalogue, Clock, StackCaller, StackReader, UnitOfWork
from services.usecases.drifting import DriftProcedure
from services.usecases.environment_checking import CheckProcedure
from services.usecases.environments import CHECK
from services.usecases.operations import OperationView, step_views
from tests import builders as b

ADMIN = b.actor()


def view(kind: str = "drift", state: State = State.RUNNING, **changes: object) -> OperationView:
    operation = b.operation(
        kind=kind,
        state=state,
        target_kind=Target.ENVIRONMENT,
        target="production (drift)",
        wanted=(("what", "look for drift in production"), ("stacks", "network,data,platform")),
        checks=(),
        because="The role may not." if state is State.FAILED else "",
    )
    operation = replace(operation, **changes)  # type: ignore[arg-type]
    return OperationView(operation, [], step_views(operation, _steps(operation)), (), None)


def _steps(operation: Operation) -> Sequence[Step[Any]]:
    unit, clock, reader = cast(UnitOfWork, None), cast(Clock, None), cast(StackReader, None)
    if operation.kind == CHECK:
        return CheckProcedure(unit, reader, cast(Catalogue, None)).steps(operation)
    return DriftProcedure(unit, clock, reader, cast(StackCaller, None)).steps(operation)


FOUND = (("found_network", "in sync"), ("not_compared_data", "It is UPDATE_IN_PROGRESS."))


def test_it_says_how_many_stacks_were_compared() -> None:
    said = verdict.verdict(view(notes=FOUND), None, b.NOW)
    assert (said.status, said.line) == (Status.CHANGING, "2 of 3 stacks compared with what AWS has.")


def test_each_stack_shows_what_came_of_it() -> None:
    rows = steps.rows(view(notes=FOUND, step="network", step_since=b.NOW))[2:]
    assert [(row.mark, row.text) for row in rows] == [
        ("done", "In sync."),
        ("missed", "It is UPDATE_IN_PROGRESS."),
        ("next", ""),
    ]
    assert not any(row.line_before for row in rows), "nothing here cannot be taken back"


def test_what_was_not_over_in_time_is_told() -> None:
    rows = steps.rows(view(state=State.SUCCEEDED, missed=("platform",), notes=FOUND))
    assert (rows[-1].mark, rows[-1].text) == (
        "missed",
        "It was not over in time. Nothing was changed; look again later.",
    )


def test_the_step_that_failed_says_why() -> None:
    rows = steps.rows(view(state=State.FAILED, step="network"))
    assert [(row.mark, row.text) for row in rows[2:4]] == [("failed", "The role may not."), ("next", "")]


@pytest.mark.parametrize(
    ("state", "status", "strong"),
    [
        (State.SUCCEEDED, Status.HEALTHY, "Looked."),
        (State.FAILED, Status.DOWN, "Could not look."),
        (State.CANCELLED, Status.PAUSED, "Cancelled."),
        (State.EXPIRED, Status.PAUSED, "Expired."),
    ],
)
@pytest.mark.parametrize("kind", ["drift", CHECK])
def test_its_end_is_told_without_a_word_of_failovers(kind: str, state: State, status: Status, strong: str) -> None:
    shown = page.make(view(kind, state), ADMIN, b.NOW, b.NOW - b.NOW)
    assert (shown.said.status, shown.said.strong) == (status, strong)
    assert "moved" not in shown.said.line
    assert (shown.picture, shown.elapsed, shown.result) == (None, None, ())
    assert shown.title == "Look for drift in production"


def test_a_check_of_the_roles_says_that_it_looks() -> None:
    said = verdict.verdict(view(CHECK), None, b.NOW)
    assert said.line == "AWS is asked what the roles may and which stacks there are."
    assert [row.title for row in steps.rows(view(CHECK))][2:] == [
        "AWS has said what the roles may and which stacks there are"
    ]


def test_why_it_can_no_longer_be_cancelled_speaks_of_looking() -> None:
    shown = page.make(view(seen=(("network", b.NOW),)), ADMIN, b.NOW, b.NOW - b.NOW)
    assert shown.acts.why_not == "It only looks, and is over within minutes: there is nothing to take back."
    assert page.make(view(), ADMIN, b.NOW, b.NOW - b.NOW).acts.cancel


def test_only_such_an_operation_leads_to_what_was_found() -> None:
    looked = page.make(view(), ADMIN, b.NOW, b.NOW - b.NOW).looked
    assert looked
    assert looked.drift
    check = page.make(view(CHECK), ADMIN, b.NOW, b.NOW - b.NOW).looked
    assert check
    assert not check.drift
