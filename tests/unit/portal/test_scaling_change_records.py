"""Changes as they are remembered and taken back, temporary edits, carrying into the template, and the live page."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal.operations import page as operation_page
from services.domain.access import Actor, Permission, Role
from services.domain.errors import Conflict, Unsafe
from services.domain.operation import Operation, Sent, State
from services.domain.scaling.carried import Left
from services.domain.scaling.change import ScalingChange, state_of
from services.domain.scaling.steps import steps_for
from services.domain.scaling.temporary import EditState
from services.usecases.carrying import Prepared
from services.usecases.operations import OperationView, step_views
from services.usecases.scaling_documents import change_text, state_text
from tests import builders as b
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.desks import Desk, FakeOperations
from tests.unit.portal.house import House
from tests.unit.portal.scaling_desks import EDITED, FakeEdits, FakeScalings, edit, record, scaling_operation
from tests.unit.portal.scaling_forms import filled, get, post, words
from tests.unit.portal.test_scaling_change import BASE, REASON, admin, ask, asked, desk

__all__ = ["admin", "desk"]
CHANGE = ScalingChange(max_capacity=14)
VIEWER = Actor("viewer", Role.VIEWER)


# Records


def test_the_list_says_what_who_why_and_how_it_ended(admin: FlaskClient, desk: FakeScalings) -> None:
    assert "No change yet" in words(get(admin, f"{BASE}/changes"))
    record(desk, CHANGE)
    page = words(get(admin, f"{BASE}/changes"))
    assert "Maximum 12 → 14" in page
    assert "ada" in page
    assert "Succeeded" in page


def test_a_record_has_before_and_after_its_operation_and_the_way_back(admin: FlaskClient, desk: FakeScalings) -> None:
    record(desk, CHANGE)
    page = get(admin, f"{BASE}/changes/op-1")
    assert "Maximum 12 14 Seen" in words(page)
    assert 'href="/operations/op-1"' in page
    assert "Take it back…" in page


def test_taking_it_back_leads_to_the_same_preview_and_is_a_change_of_its_own(
    admin: FlaskClient, desk: FakeScalings
) -> None:
    record(desk, CHANGE)
    page = get(admin, f"{BASE}/changes/op-1/revert")
    assert "Take back a change of the scaling of rbac" in words(page)
    assert "Maximum 9 14 edited live 12" in words(page)
    ask(admin, page)
    assert (asked(desk).change, asked(desk).reverts) == (CHANGE.__class__(max_capacity=12), "op-1")


def test_what_cannot_be_taken_back_says_why(admin: FlaskClient, desk: FakeScalings) -> None:
    record(desk, CHANGE, cannot="Somebody has changed it since: the maximum.")
    page = get(admin, f"{BASE}/changes/op-1")
    assert "It cannot be taken back: Somebody has changed it since: the maximum." in words(page)
    assert "Take it back…" not in page
    assert "Somebody has changed it since" in words(get(admin, f"{BASE}/changes/op-1/revert", 409))


def test_a_change_of_another_service_is_not_found_under_this_one(admin: FlaskClient, desk: FakeScalings) -> None:
    made = record(desk, CHANGE)
    desk.records["op-1"] = replace(made, operation=replace(made.operation, target="audit"))
    get(admin, f"{BASE}/changes/op-1", 404)
    get(admin, f"{BASE}/changes/op-9", 404)


# Temporary edits


@pytest.fixture
def edits(house: House, desk: FakeScalings) -> FakeEdits:
    made = house.temporary_edits
    assert isinstance(made, FakeEdits)
    return made


def act(client: FlaskClient, what: str, status: int = 303, **typed: str) -> str:
    data = filled(get(client, f"{BASE}/edits/op-1?what={what}"), "/edits/op-1/") | {"reason": REASON} | typed
    return post(client, f"{BASE}/edits/op-1/{what}", data, status)


def test_extending_moves_the_end_from_where_it_was(admin: FlaskClient, edits: FakeEdits) -> None:
    assert act(admin, "extend", lasts="1h") == BASE
    assert edits.did == [("admin", "op-1", "extend", edit().until + timedelta(hours=1), REASON)]
    act(admin, "extend", lasts="at", until="2026-11-24 18:00")
    assert edits.did[-1][3] == b.NOW.replace(day=24, hour=18, minute=0, second=0)


def test_ending_it_leads_to_the_operation_that_takes_it_back(admin: FlaskClient, edits: FakeEdits) -> None:
    assert act(admin, "end") == "/operations/op-back"
    assert act(admin, "keep") == BASE
    assert [each[2] for each in edits.did] == ["end", "keep"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": "no"}, "8 to 500 characters."),
        ({"lasts": "at", "until": "tonight"}, "A time in UTC as"),
        ({"version": "x"}, "Nothing was done."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    admin: FlaskClient, edits: FakeEdits, typed: dict[str, str], said: str
) -> None:
    page = act(admin, "extend", 422, **typed)
    assert said in words(page)
    assert filled(page, "/edits/op-1/")["reason"] == typed.get("reason", REASON)
    assert edits.did == []


def test_what_changed_meanwhile_is_a_conflict_and_what_is_unsafe_leads_to_the_preview(
    admin: FlaskClient, edits: FakeEdits
) -> None:
    page = get(admin, f"{BASE}/edits/op-1")
    edits.held["op-1"] = edit(version=3)
    data = filled(page, "/edits/op-1/") | {"reason": REASON}
    assert "It has changed since you looked." in words(post(admin, f"{BASE}/edits/op-1/keep", data, 409))
    edits.refuse = Unsafe("The load of now needs more.")
    unsafe = act(admin, "end", 409)
    assert f'href="{BASE}/changes/op-1/revert"' in unsafe


def test_one_that_is_over_is_gone_and_a_viewer_only_looks(admin: FlaskClient, as_: SignIn, edits: FakeEdits) -> None:
    assert "Your role may look." in words(get(as_("viewer"), f"{BASE}/edits/op-1"))
    edits.held["op-1"] = edit(state=EditState.ENDED)
    get(admin, f"{BASE}/edits/op-1", 404)


# Carrying


@dataclass
class FakeCarrying(Desk):
    """`services.usecases.carrying.Carrying`."""

    prepared: Prepared = field(
        default_factory=lambda: Prepared(
            environment=b.environment(),
            service="rbac",
            stack="service-rbac",
            stack_name="production-service-rbac",
            read_at=b.NOW,
            before={"MaxTasks": "9"},
            after={"MaxTasks": "12"},
            left=(Left(EDITED, "The template has no parameter for it."),),
            overwritten=(),
            commands=("aws cloudformation create-change-set --stack-name production-service-rbac",),
            deploy="haven stack deploy production --set service-rbac.MaxTasks=12",
        )
    )

    def prepare(self, actor: Actor, environment: str, service: str) -> Prepared:
        self.look(actor)
        if service != "rbac":
            raise Conflict(f"No stack stands behind {service}.")
        return self.prepared

    def request(
        self, actor: Actor, environment: str, service: str, reason: str, ticket: str = "", client: str = ""
    ) -> Operation:
        self.act(actor, Permission.DEPLOY, service, reason)
        return scaling_operation(kind="carry")


@pytest.fixture
def carrying(house: House, desk: FakeScalings) -> FakeCarrying:
    made = FakeCarrying()
    house.carrying = made  # type: ignore[assignment]
    return made


def test_carrying_shows_parameters_what_cannot_be_and_leads_to_the_operation(
    admin: FlaskClient, carrying: FakeCarrying
) -> None:
    page = get(admin, f"{BASE}/carry")
    for said in ("MaxTasks 9 12", "The template has no parameter for it.", "haven stack deploy", "create-change-set"):
        assert said in words(page)
    data = filled(page, "/carry")
    assert "Say why" in words(post(admin, f"{BASE}/carry", data, 422))
    assert post(admin, f"{BASE}/carry", data | {"reason": REASON}, 303) == "/operations/op-1"
    assert carrying.did == [("admin", "rbac", REASON)]


def test_a_refusal_of_the_change_set_keeps_the_reason(admin: FlaskClient, carrying: FakeCarrying) -> None:
    data = filled(get(admin, f"{BASE}/carry"), "/carry") | {"reason": REASON}
    carrying.refuse = Conflict("The parameters have changed since it was read; look again.")
    page = post(admin, f"{BASE}/carry", data, 409)
    assert "have changed since it was read" in words(page)
    assert filled(page, "/carry")["reason"] == REASON


def test_a_viewer_sees_what_would_be_carried_and_who_may(as_: SignIn, carrying: FakeCarrying) -> None:
    page = words(get(as_("viewer"), f"{BASE}/carry"))
    assert "Roles that may deploy stacks: admin." in page


def test_without_a_stack_there_is_nothing_to_carry_to(admin: FlaskClient, carrying: FakeCarrying) -> None:
    page = words(get(admin, "/environments/production/scaling/plain/carry", 409))
    assert "There is no template to carry to." in page


# The live page


def operation(**changes: object) -> Operation:
    opened = state_of(b.scaling())
    wanted = (("change", change_text(CHANGE)), ("opened", state_text(opened)), ("desired", "3"))
    return replace(scaling_operation(wanted=wanted), **changes)  # type: ignore[arg-type]


def view(made: Operation) -> OperationView:
    return OperationView(made, (), step_views(made, steps_for(CHANGE)), (), b.snapshot())


def test_its_live_page_has_before_and_after_and_nothing_of_failovers(admin: FlaskClient, house: House) -> None:
    desk = FakeOperations()
    house.operations = desk  # type: ignore[assignment]
    seen = (("RegisterScalableTarget", b.NOW), ("read back", b.NOW), ("count", b.NOW))
    notes = (("read_back", "minimum 3, maximum 14, desired 3"),)
    desk.put(view(operation(seen=seen, notes=notes, started_at=b.NOW, sent_at=b.NOW, sent=Sent.YES)))
    page = get(admin, "/operations/op-1")
    said = words(page)
    assert "Change of the scaling of rbac, in production" in said
    assert "Done. Maximum 12 → 14. Read back from AWS." in said
    assert "AWS shows: minimum 3, maximum 14, desired 3." in said
    assert f'href="{BASE}/changes/op-1"' in page
    for other in ("Where the primary is", "Writes out", "Expected primary", "No way back after this line"):
        assert other not in said


@pytest.mark.parametrize(
    ("changes", "strong"),
    [
        ({"state": State.REQUESTED}, "About to begin."),
        ({"state": State.RUNNING, "started_at": b.NOW}, "Changing."),
        ({"state": State.RUNNING, "sent": Sent.YES, "sent_at": b.NOW}, "0 of 1 write seen in AWS."),
        ({"state": State.RUNNING, "sent": Sent.MAYBE, "sent_at": b.NOW}, "0 of 1 write seen in AWS."),
        ({"state": State.STUCK, "sent": Sent.YES}, "Stuck:"),
        ({"state": State.FAILED}, "Failed."),
        ({"state": State.CANCELLED}, "Cancelled."),
        ({"state": State.EXPIRED}, "Expired."),
    ],
)  # fmt: skip
def test_every_state_has_its_words(changes: dict[str, object], strong: str) -> None:
    made = operation_page.make(view(operation(**changes)), VIEWER, b.NOW, timedelta(seconds=60))
    assert made.said.strong == strong
    assert (made.picture, made.elapsed, made.money) == (None, None, None)
    assert made.changed
    assert [(row.before, row.after) for row in made.changed.rows] == [("12", "14")]


def test_once_something_was_sent_it_says_how_it_is_taken_back() -> None:
    admin = Actor("admin", Role.ADMIN)
    running = operation(state=State.RUNNING, sent=Sent.YES, sent_at=b.NOW, step="RegisterScalableTarget")
    made = operation_page.make(view(running), admin, b.NOW, timedelta(seconds=60))
    assert "it can be taken back by a change of its own" in made.acts.why_not
    assert not any(row.line_before for row in made.rows)


def test_a_count_set_once_stands_among_the_rows() -> None:
    wanted = (("change", change_text(ScalingChange(desired_once=7))), ("opened", state_text(state_of(b.scaling()))))
    made = replace(operation(), wanted=(*wanted, ("desired", "3")))
    changed = operation_page.make(view(made), VIEWER, b.NOW, timedelta(seconds=60)).changed
    assert changed
    assert [(row.label, row.before, row.after) for row in changed.rows] == [("Desired count, once", "3", "7")]
