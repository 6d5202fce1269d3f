"""A change set asked for through the pages, over the real desk, and its live page in every state."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.operations import page as pages
from services.domain.access import Actor, Role
from services.domain.operation import Operation, Sent, State, Target
from services.ports import TrailEntry
from services.usecases.carrying_out import STEPS
from services.usecases.operations import OperationView, step_views
from tests import builders as b
from tests.unit.domain.scaling.edits import CPU, MEMORY, live, world
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House
from tests.unit.portal.scaling_forms import filled, get, post, words
from tests.unit.usecases.test_carrying import DEPLOYED

CARRY = "/environments/production/scaling/rbac/carry"
REASON = "keep what the incident taught us"
ARN = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/haven-0123abcd/11111111-2222"
SOON = timedelta(seconds=60)
ADMIN, VIEWER = Actor("admin", Role.ADMIN), Actor("viewer", Role.VIEWER)


@pytest.fixture
def admin(house: House, as_: SignIn) -> FlaskClient:
    edited = replace(live(max_capacity=20), policies=(replace(CPU, target=50.0), MEMORY))
    house.put(world(edited, DEPLOYED)[0])
    return as_("admin")


def operation(state: State = State.RUNNING, sent: Sent = Sent.NO, **changes: Any) -> Operation:
    wanted = {
        "what": "change set for production-service-rbac",
        "region": "us-east-1",
        "stack": "service-rbac",
        "stack_name": "production-service-rbac",
        "before": json.dumps({"MaxTasks": "12", "CpuTarget": "60"}),
        "after": json.dumps({"MaxTasks": "20", "CpuTarget": "50"}),
        "read_at": b.NOW.isoformat(),
        "commands": "aws cloudformation create-change-set --use-previous-template",
    }
    values: dict[str, Any] = {
        "kind": "carry", "target_kind": Target.SERVICE, "target": "rbac", "wanted": tuple(wanted.items()), "checks": (),
        "sent": sent, "started_at": b.NOW,
    }  # fmt: skip
    if sent is not Sent.NO:
        values |= {"sent_at": b.NOW, "step": "change set", "step_since": b.NOW}
        values |= {"receipt": ARN} if sent is Sent.YES else {}
    if state is State.SUCCEEDED:
        values |= {"seen": (("change set", b.NOW),), "finished_at": b.NOW}
    return b.operation("op-1", state=state, **(values | changes))


def page(made: Operation, actor: Actor = ADMIN, trail: Sequence[TrailEntry] = ()) -> pages.OperationPage:
    events = (b.cloud_event(), b.cloud_event(source="cloudwatch", subject="audit-high", message="ALARM: high"))
    return pages.make(OperationView(made, trail, step_views(made, STEPS), events, b.snapshot()), actor, b.NOW, SOON)


def test_asking_leads_to_the_operations_own_page(admin: FlaskClient, house: House) -> None:
    data = filled(get(admin, CARRY), "/carry")
    assert post(admin, CARRY, data | {"reason": REASON}, 303) == "/operations/id-1"
    said = words(get(admin, "/operations/id-1"))
    assert "Change set for production-service-rbac, in production" in said
    assert "About to begin." in said
    for row in ("MaxTasks 12 20", "CpuTarget 60 50"):
        assert row in said
    assert "Nothing is executed" in said
    assert "Cancel the change set for production-service-rbac" in said
    assert ("admin", "request carry", "production") in house.actions
    assert "already has an operation" in words(post(admin, CARRY, data | {"reason": REASON}, 409))
    assert "Change set for production-service-rbac production" in words(get(admin, "/operations"))


def test_what_is_live_was_read_too_long_ago(admin: FlaskClient, house: House) -> None:
    data = filled(get(admin, CARRY), "/carry")
    house.clock.move(seconds=house.settings.stale_after + 1)
    refused = post(admin, CARRY, data | {"reason": REASON}, 503)
    assert "wait for the next reading" in words(refused)
    assert filled(refused, "/carry")["reason"] == REASON


def test_once_made_its_arn_and_the_lines_that_look_at_it_are_shown(admin: FlaskClient, house: House) -> None:
    with house.unit() as store:
        store.operations.add(operation(State.SUCCEEDED, Sent.YES))
    shown = get(admin, "/operations/op-1")
    said = words(shown)
    assert "The change set is made. 2 parameters would change. Nothing is executed." in said
    assert f'data-copy="{ARN}"' in shown
    for verb in ("describe-change-set", "execute-change-set", "delete-change-set"):
        assert f"aws cloudformation {verb}" in shown
    assert "create-change-set" not in shown
    for failovers in (
        "Where the primary is", "Writes out", "Expected primary", "No way back after this line", "never sends twice",
    ):  # fmt: skip
        assert failovers not in said


@pytest.mark.parametrize(
    ("made", "strong", "line"),
    [
        (operation(State.REQUESTED, started_at=None), "About to begin.", "A worker takes it"),
        (operation(), "Changing.", "The stack is looked at once more"),
        (operation(sent=Sent.MAYBE), "Being worked out.", "finds the same change set"),
        (operation(sent=Sent.YES), "The change set is made.", "Nothing of it is executed."),
        (operation(State.STUCK, Sent.MAYBE), "Stuck:", "a person must look"),
        (operation(State.SUCCEEDED, Sent.YES), "The change set is made.", "Nothing is executed."),
        (operation(State.FAILED), "Failed.", "There is no change set."),
        (operation(State.FAILED, Sent.MAYBE), "Failed.", "There may be a change set"),
        (operation(State.CANCELLED), "Cancelled.", "Nothing was touched."),
        (operation(State.EXPIRED, started_at=None), "Expired.", "Nothing was touched."),
    ],
)
def test_every_state_has_its_words_and_nothing_of_failovers(made: Operation, strong: str, line: str) -> None:
    found = page(made)
    assert found.said.strong == strong
    assert line in found.said.line
    assert (found.picture, found.elapsed, found.money, found.changed) == (None, None, None, None)
    assert found.carried
    assert [(row.name, row.before, row.after) for row in found.carried.rows] == [
        ("MaxTasks", "12", "20"), ("CpuTarget", "60", "50"),
    ]  # fmt: skip
    assert bool(found.carried.look) is bool(found.carried.change_set) is (made.sent is Sent.YES)
    assert not any(row.line_before for row in found.rows)
    assert [line.source for line in found.heard] == []  # the database's events and other services' alarms


@pytest.mark.parametrize(
    ("made", "marks"),
    [
        (operation(State.REQUESTED, started_at=None), ["done", "now", "next", "next"]),
        (operation(), ["done", "done", "now", "next"]),
        (operation(sent=Sent.MAYBE), ["done", "done", "done", "now"]),
        (operation(State.SUCCEEDED, Sent.YES), ["done"] * 4),
        (operation(State.FAILED), ["done", "done", "failed", "next"]),
        (operation(State.FAILED, Sent.MAYBE), ["done", "done", "done", "failed"]),
    ],
)
def test_the_steps_say_how_far_it_is(made: Operation, marks: list[str]) -> None:
    assert [row.mark for row in page(made).rows] == marks


def test_who_may_do_what() -> None:
    assert page(operation()).acts.cancel
    assert "Roles that may do more: admin." in page(operation(), VIEWER).acts.why_not
    over = page(operation(sent=Sent.YES)).acts
    assert not over.any
    assert "Nothing of it is executed." in over.why_not


def test_the_trail_names_the_change_set() -> None:
    trail = [b.trail_entry(sentence=f"AWS accepted the request {ARN}.", word="sent")]
    (heard,) = page(operation(sent=Sent.YES), trail=trail).heard
    assert heard.sentence == "CloudFormation has made the change set haven-0123abcd."


def test_one_whose_request_cannot_be_read_still_has_its_page() -> None:
    found = page(operation(wanted=(("before", "nonsense"),)))
    assert found.carried is None
    assert found.said.strong == "Changing."
