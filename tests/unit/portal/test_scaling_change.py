"""Changing a service's scaling in the portal: form, preview, request, conflict; who may what, and that nothing typed is
lost."""

import json
import re

import pytest
from flask.testing import FlaskClient

from portal.scaling.preview import guard
from services.domain.check import Answer, Check
from services.domain.errors import Conflict, Invalid, NotNow, Unsafe
from services.domain.operation import State
from services.domain.scaling import guards
from services.domain.scaling.guards import Bounds, Use
from services.usecases.scaling_documents import change_text, state_text
from services.usecases.scalings import ScalingRequest
from tests import builders as b
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House
from tests.unit.portal.scaling_desks import FakeEdits, FakeReplays, FakeScalings, scaling_operation
from tests.unit.portal.scaling_forms import filled, get, post, words

BASE = "/environments/production/scaling/rbac"
FORM = 'class="change"'
REASON = "Sign-in peak after holiday"
STEP = guards.small_step(Bounds(3, 12), Bounds(3, 5))
NEED = guards.current_need(Bounds(3, 5), 10, {"ECSServiceAverageCPUUtilization": (64.0, 60.0)})
USES = (Use("rbac", 20, 200, 10), Use("audit", 8, 200, 12), Use("identity-sync", 4, 200, 8))
CONNECTIONS = guards.connections(USES, "rbac", 600, "production-app, db.r6g.large")


@pytest.fixture
def desk(house: House) -> FakeScalings:
    made = FakeScalings()
    house.scalings = made  # type: ignore[assignment]
    house.replays = FakeReplays(scalings=made)  # type: ignore[assignment]
    house.temporary_edits = FakeEdits()  # type: ignore[assignment]
    return made


@pytest.fixture
def admin(desk: FakeScalings, as_: SignIn) -> FlaskClient:
    return as_("admin")


def preview(client: FlaskClient, status: int = 200, /, **typed: str) -> str:
    data = filled(get(client, f"{BASE}/change"), FORM) | {k.replace("__", "-"): v for k, v in typed.items()}
    return post(client, f"{BASE}/preview", data, status)


def ask(client: FlaskClient, page: str, status: int = 303, **typed: str) -> str:
    return post(client, f"{BASE}/apply", filled(page, "/apply") | {"reason": REASON} | typed, status)


def asked(desk: FakeScalings) -> ScalingRequest:
    request = desk.did[-1][1]
    assert isinstance(request, ScalingRequest)
    return request


# The form


def test_it_is_filled_in_with_todays_values_and_says_the_templates(admin: FlaskClient) -> None:
    page = get(admin, f"{BASE}/change")
    data = filled(page, FORM)
    assert (data["minimum"], data["maximum"], data["policy-0-target"], data["lasts"]) == ("3", "12", "60", "good")
    assert json.loads(data["opened"])["scaling"]["max_capacity"] == 12
    assert "now 12, edited live; template 9" in words(page)


def test_what_is_wrong_is_said_beside_the_field_with_everything_typed(admin: FlaskClient) -> None:
    page = preview(admin, 422, maximum="many", policy__0__target="55", lasts="2h", add__requests__name="mine")
    assert "A whole number from 0 to 5,000." in page
    data = filled(page, FORM)
    assert [data[name] for name in ("maximum", "policy-0-target", "lasts", "add-requests-name")] == [
        "many",
        "55",
        "2h",
        "mine",
    ]


def test_what_changes_nothing_is_said_and_not_previewed(admin: FlaskClient) -> None:
    assert "Nothing would change." in words(preview(admin, 422))


def test_what_was_typed_outlives_a_database_that_went_away(admin: FlaskClient, desk: FakeScalings) -> None:
    data = filled(get(admin, f"{BASE}/change"), FORM) | {"maximum": "14"}
    desk.away = True
    page = post(admin, f"{BASE}/preview", data, 503)
    assert filled(page, FORM)["maximum"] == "14"
    assert "does not answer" in words(page)


def test_a_service_without_scaling_says_so_and_how_to_turn_it_on(admin: FlaskClient) -> None:
    page = words(get(admin, "/environments/production/scaling/plain/change"))
    assert "plain does not scale." in page
    assert "MinTasks" in page


def test_a_forged_state_or_change_is_refused(admin: FlaskClient) -> None:
    data = filled(get(admin, f"{BASE}/change"), FORM)
    assert "opened on could not be read" in words(post(admin, f"{BASE}/preview", data | {"opened": "{}"}, 422))
    assert "change could not be read" in words(post(admin, f"{BASE}/preview", data | {"change": "x"}, 422))


# The preview


def test_the_preview_shows_before_and_after_effects_lines_and_the_replay(admin: FlaskClient) -> None:
    page = words(preview(admin, maximum="14", policy__0__target="55", lasts="2h"))
    assert "Maximum 9 12 edited live 14" in page
    assert "AWS applies the bounds 3 to 14 at once: desired 3 lies within, nothing moves." in page
    assert "--max-capacity 14" in page
    assert "Simulated" in page
    assert "Over target" in page
    assert "What it takes for granted" in page
    assert "CloudFormation does not see it" in page


def test_a_scheduled_action_shows_its_next_three_runs_in_both_zones(admin: FlaskClient) -> None:
    typed = {"new__action__0__name": "evening", "new__action__0__schedule": "cron(0 20 * * ? *)"}
    page = words(preview(admin, **typed, new__action__0__timezone="Europe/Berlin", new__action__0__minimum="3"))
    told = page[page.index("evening runs next") :]
    assert re.findall(r"\d\d:00:00 UTC", told)[:3] == ["19:00:00 UTC"] * 3
    assert "20:00 in Europe/Berlin" in told


def test_the_guard_in_the_way_shows_its_sum_and_a_way_out(admin: FlaskClient, desk: FakeScalings) -> None:
    desk.checks = (CONNECTIONS,)
    page = preview(admin, maximum="20")
    said = words(page)
    assert "Refused: 71 connections too many" in said
    assert "rbac: ceil(20 × 200 %) × 10 40 × 10 400" in said
    assert "needed at most, of 600 allowed 671" in said
    assert "disabled" in page[page.index('type="submit" disabled') :][:30]
    assert 'name="use-maximum" value="16"' in page
    again = post(admin, f"{BASE}/preview", filled(page, 'id="nearest"') | {"use-maximum": "16"})
    assert json.loads(filled(again, "/apply")["change"])["max_capacity"] == 16


def test_while_another_change_runs_nothing_can_be_sent_and_it_can_be_watched(
    admin: FlaskClient, desk: FakeScalings
) -> None:
    desk.running = scaling_operation("op-live", state=State.RUNNING)
    page = preview(admin, maximum="14")
    assert "Watch operation op-live" in words(page)
    assert "Operation op-live runs on rbac." in words(page)


def test_the_values_can_be_edited_again(admin: FlaskClient) -> None:
    page = preview(admin, maximum="14", lasts="2h")
    again = post(admin, f"{BASE}/change", filled(page, "/change"))
    data = filled(again, FORM)
    assert (data["maximum"], data["lasts"]) == ("14", "at")
    assert data["until"].endswith("04:13")


# The replay


def test_the_replay_alone_takes_days_and_a_lost_zone(admin: FlaskClient, house: House, desk: FakeScalings) -> None:
    data = filled(preview(admin, maximum="14"), "hx-post") | {"days": "7", "zone_lost": "1"}
    answer = admin.post(f"{BASE}/replay", data=data, headers={"HX-Request": "true"})
    part = answer.get_data(as_text=True)
    assert part.lstrip().startswith('<section class="card replay" id="replay"')
    assert "one zone lost" in part
    assert "Price a day" in part
    whole = post(admin, f"{BASE}/replay", data)
    assert "<html" in whole
    assert "Back to the preview" in whole
    replays = house.replays
    assert isinstance(replays, FakeReplays)
    assert replays.did[-2:] == [(7, True), (7, True)]


def test_what_cannot_be_replayed_says_why(admin: FlaskClient, house: House, desk: FakeScalings) -> None:
    house.replays = FakeReplays(why_not="Only 12 minutes are known.", scalings=desk)  # type: ignore[assignment]
    assert "Only 12 minutes are known." in words(preview(admin, maximum="14"))
    house.replays.away = True  # type: ignore[attr-defined]
    page = words(preview(admin, maximum="14"))
    assert "It could not be replayed. Haven's own database does not answer." in page


# Asking


def test_asking_leads_to_the_operation_with_all_that_was_seen_and_said(admin: FlaskClient, desk: FakeScalings) -> None:
    where = ask(admin, preview(admin, maximum="14"), ticket="OPS-4471")
    assert where == "/operations/op-new"
    request = asked(desk)
    assert (request.environment, request.service, request.change.max_capacity) == ("production", "rbac", 14)
    assert (request.reason, request.ticket, request.overrides, request.reverts) == (REASON, "OPS-4471", (), "")
    assert request.opened == desk.state()


def test_without_a_reason_nothing_is_asked_and_the_ticket_stays(admin: FlaskClient, desk: FakeScalings) -> None:
    page = ask(admin, preview(admin, maximum="14"), 422, reason="", ticket="OPS-4471")
    assert "Say why; it is kept for ever." in page
    assert filled(page, "/apply")["ticket"] == "OPS-4471"
    assert desk.did == []


def test_a_step_down_of_more_than_half_is_confirmed_by_typing_the_name(admin: FlaskClient, desk: FakeScalings) -> None:
    desk.checks = (STEP, NEED)
    page = preview(admin, maximum="5")
    assert "type rbac to say that you mean it" in words(page)
    refused = ask(admin, page, 422, overrides="need", override_reason="Load is moved away", typed_name="audit")
    assert "Type rbac: this lowers something by more than half." in refused
    assert desk.did == []
    ask(admin, refused, overrides="need", override_reason="Load is moved away", typed_name="rbac")
    assert (asked(desk).overrides, asked(desk).override_reason) == (("need", "step"), "Load is moved away")


def test_a_step_down_alone_needs_no_second_reason(admin: FlaskClient, desk: FakeScalings) -> None:
    desk.checks = (STEP,)
    ask(admin, preview(admin, maximum="5"), typed_name="rbac")
    assert (asked(desk).overrides, asked(desk).override_reason) == (("step",), "Confirmed by typing rbac.")


def test_an_override_nobody_was_offered_is_not_passed_on(admin: FlaskClient, desk: FakeScalings) -> None:
    ask(admin, preview(admin, maximum="14"), overrides="connections")
    assert asked(desk).overrides == ()


@pytest.mark.parametrize(
    ("problem", "status", "said"),
    [
        (Invalid("No.", {"override_reason": "Say why they may."}), 422, "Something in the request"),
        (Unsafe("The database cannot hold it."), 409, "The database cannot hold it."),
        (Conflict("rbac already has an operation."), 409, "rbac already has an operation."),
        (NotNow("Haven's own database does not answer."), 503, "does not answer"),
    ],
)
def test_a_refusal_keeps_what_was_typed(
    admin: FlaskClient, desk: FakeScalings, problem: Exception, status: int, said: str
) -> None:
    page = preview(admin, maximum="14")
    desk.refuse = problem  # type: ignore[assignment]
    again = ask(admin, page, status, ticket="OPS-1")
    assert said in words(again)
    data = filled(again, "/apply")
    assert (data["reason"], data["ticket"]) == (REASON, "OPS-1")


# Conflicts


def test_when_somebody_changed_it_both_versions_and_yours_are_shown_and_a_way_on(
    admin: FlaskClient, desk: FakeScalings
) -> None:
    data = filled(get(admin, f"{BASE}/change"), FORM) | {"maximum": "14"}
    desk.edit_outside(max_capacity=10)
    page = post(admin, f"{BASE}/preview", data, 409)
    assert "Maximum 12 10 14" in words(page)
    assert 'action="/environments/production/scaling/rbac/apply"' not in page
    again = post(admin, f"{BASE}/change", filled(page, "/change") | {"rebase": "1"})
    fresh = filled(again, FORM)
    assert fresh["maximum"] == "14"
    assert json.loads(fresh["opened"])["scaling"]["max_capacity"] == 10
    assert "Maximum 9 10 edited live 14" in words(post(admin, f"{BASE}/preview", fresh))


def test_a_change_between_preview_and_request_writes_nothing(admin: FlaskClient, desk: FakeScalings) -> None:
    page = preview(admin, maximum="14")
    desk.edit_outside(max_capacity=10)
    again = words(ask(admin, page, 409))
    assert "Somebody changed it since" in again
    assert "Both versions" in again


# Who may


@pytest.mark.parametrize("name", ["viewer", "operator", "auditor"])
def test_whoever_may_not_change_may_try_values_and_is_told_who_may(desk: FakeScalings, as_: SignIn, name: str) -> None:
    client = as_(name)
    assert "Roles that may ask for it: admin." in words(get(client, f"{BASE}/change"))
    page = preview(client, maximum="14")
    assert "Roles that may change scaling: admin." in words(page)
    assert "/apply" not in page
    data = filled(page, 'id="nearest"') | {"reason": REASON}
    assert "Your role may not do this." in words(post(client, f"{BASE}/apply", data, 403))
    assert desk.did == []


def test_every_guard_unknown_or_warned_can_be_told_apart(admin: FlaskClient, desk: FakeScalings) -> None:
    unknown = Check("peak", "The peak is known", Answer.UNKNOWN, "Not known.", overridable=True)
    desk.checks = (NEED, unknown, b.check("bounds", title="In order", fact="3 ≤ 5."))
    page = words(preview(admin, maximum="5"))
    for said in ("Warns: The maximum carries the load of now", "Use max 11", "Not known: The peak is known", "1 warns"):
        assert said in page


def test_documents_survive_the_way_through_the_page(admin: FlaskClient, desk: FakeScalings) -> None:
    page = preview(admin, maximum="14", new__action__0__name="a<b>\"'&", new__action__0__schedule="rate(1 day)",
                   new__action__0__minimum="3")  # fmt: skip
    data = filled(page, "/apply")
    assert json.loads(data["change"])["scheduled"][0]["name"] == "a<b>\"'&"
    assert data["opened"] == state_text(desk.state())
    ask(admin, page)
    assert change_text(asked(desk).change) == data["change"]


def test_no_value_is_offered_that_another_guard_refuses() -> None:
    mend = "Lower the minimum to {}, or raise the maximum to 3."
    offered = [
        guard(Check("bounds", "Bounds", Answer.FAIL, "Not so.", mend=mend.format(least))).use for least in (0, 2)
    ]
    assert offered == [None, ("minimum", 2)]
