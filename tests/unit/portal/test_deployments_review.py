"""A plan's page in every state, asking for its deployment, and the form that plans one."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from portal.deployments import changes, filling, lengths, levels, money, review
from services.domain.access import Actor, Role
from services.domain.check import Answer
from services.domain.deployment.change_set import PropertyChange
from services.domain.deployment.plan import PlanState
from services.domain.deployment.risk import Level
from services.domain.errors import Conflict, Invalid, Unsafe
from services.domain.operation import State
from services.domain.status import Status
from services.usecases.deployment_history import again
from services.usecases.deployment_shapes import DeployRequest, Expected, PlanRequest, Reviewed
from tests import builders as b
from tests.unit.portal import deployments_scene as scene
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.deployments_scene import LEGACY, FakeDeployments
from tests.unit.portal.house import House
from tests.unit.portal.scaling_forms import filled, get, post, words

PLAN = f"{LEGACY}/plan-1"
REASON = "single points of failure go"
ADMIN = Actor("admin", Role.ADMIN)


@pytest.fixture
def desk(house: House) -> FakeDeployments:
    made = FakeDeployments()
    house.deployments = made  # type: ignore[assignment]
    return made


@pytest.fixture
def admin(desk: FakeDeployments, as_: SignIn) -> FlaskClient:
    return as_("admin")


def asked(page: str) -> dict[str, str]:
    return filled(page, "data-deploy") | {"reason": REASON, "confirm-0": scene.DATABASE}


def test_the_worst_comes_first_in_plain_words(admin: FlaskClient) -> None:
    said = words(get(admin, PLAN))
    assert "1 high risk: data loss. The database legacy-app is replaced by an empty one." in said
    order = [said.index(text) for text in ("High risk data loss", "Medium risk outage", "2 of low or no risk"[2:])]
    assert order == sorted(order)
    assert "DBName changes from app to orders, which AWS can only do by making a new instance." in said


def test_every_change_is_shown_with_before_and_after(admin: FlaskClient) -> None:
    said = words(get(admin, PLAN))
    for row in (
        "MultiAZ false true In place by parameter DatabaseMultiAz",
        "DBName app orders Replaces the resource",
        f"NatGatewayId nat-1 {changes.LATER}",
        "Expected in place: Replicas are added while the primary serves. AWS's documentation, aws-facts 6.6",
        "A snapshot of the old one is kept.",
        "DatabaseName app orders",
        "Secret not shown not shown",
        "known only once network has run from network.ComputeSubnetIds",
        "It is fed by network.ComputeSubnetIds, which this deployment may change.",
        "Template 00ff00ff00ff becomes a1b2c3d4e5f6",
        "rbac: Maximum is 12 live and becomes 9, as ServiceZones changes.",
        "stack policy lifted",
        "aws cloudformation execute-change-set",
    ):
        assert row in said, row
    assert "nothing changes" in said.lower()


def test_the_price_shows_its_arithmetic_and_what_redundancy_defends(admin: FlaskClient) -> None:
    said = words(get(admin, PLAN)).replace("\N{NO-BREAK SPACE}", " ")
    assert "USD 164 USD 328 + USD 164 USD 0.45 × 730 h" in said
    assert "1 price not known" in said
    assert "USD 197 ÷ 21.6 min = USD 9.12 a minute" in said
    assert "list prices as of 2026-11-01" in said


def test_it_takes_as_long_as_the_longest_way_through_it() -> None:
    made = lengths.length(scene.plan(), scene.reviewed().expected)
    assert (made.words, made.why) == ("at least 16 min", "Never rolled out before here: service-rbac.")
    known = lengths.length(scene.plan(), [Expected(name, scene.MIN, 1) for name in ("network", "data", "service-rbac")])
    assert (known.words, known.why) == ("about 3 min", "")


@pytest.mark.parametrize(
    ("made", "status", "strong"),
    [
        (scene.reviewed(), Status.DEGRADED, "1 high risk: data loss."),
        (scene.reviewed(risks=()), Status.HEALTHY, "Ready to be deployed."),
        (scene.blocked(), Status.DOWN, "Not deployed like this:"),
        (replace(scene.blocked(), risks=()), Status.DEGRADED, "Not now: 1 check stands in the way."),
        (scene.reviewed(void_because="data was updated."), Status.STALE, "Void:"),
        (scene.reviewed(scene.plan(PlanState.PREPARING, stacks=())), Status.CHANGING, "Being worked out."),
        (scene.reviewed(scene.plan(PlanState.FAILED, because="No.")), Status.DOWN, "Failed."),
        (scene.reviewed(scene.plan(PlanState.OVER)), Status.PAUSED, "Over."),
        (scene.reviewed(scene.plan(PlanState.DISCARDED, because="ada put it aside.")), Status.PAUSED, "Discarded."),
        (
            scene.reviewed(scene.plan(PlanState.DISCARDED, prepared_at=None, because="It had failed.")),
            Status.PAUSED,
            "Discarded.",
        ),
        (scene.reviewed(scene.plan(PlanState.ASKED)), Status.CHANGING, "Being deployed."),
        (
            scene.reviewed(scene.plan(PlanState.ASKED), operation=scene.operation(state=State.AWAITING_APPROVAL)),
            Status.PAUSED,
            "Waiting for a second person.",
        ),
        (
            scene.reviewed(scene.plan(stacks=scene.plan().stacks[2:3]), risks=()),
            Status.HEALTHY,
            "Nothing would change.",
        ),
    ],
)
def test_each_state_has_its_verdict(
    desk: FakeDeployments, as_: SignIn, made: Reviewed, status: Status, strong: str
) -> None:
    page = review.make(made, ADMIN)
    assert page.said.status is status
    assert page.said.strong.startswith(strong)
    desk.reviews["plan-1"] = made
    text = get(as_("admin"), PLAN)
    assert strong in words(text)
    assert ("data-deploy>" in text) is page.open


def test_asking_leads_to_the_live_page(admin: FlaskClient, desk: FakeDeployments) -> None:
    data = asked(get(admin, PLAN)) | {"ticket": "OPS-1"}
    assert post(admin, PLAN, data, 303) == "/operations/op-deploy"
    wanted = DeployRequest("plan-1", scene.plan().fingerprint, REASON, "OPS-1", (scene.DATABASE,))
    assert desk.did == [("admin", wanted)]


def test_names_are_typed_and_nothing_is_lost(admin: FlaskClient, desk: FakeDeployments) -> None:
    data = asked(get(admin, PLAN)) | {"confirm-0": "legacy", "ticket": "not a ticket"}
    page = post(admin, PLAN, data, 422)
    assert "Type legacy-app: it is at high risk." in page
    assert 'value="not a ticket"' in page
    assert REASON in page
    assert desk.did == []


def test_a_plan_that_changed_since_is_shown_again(admin: FlaskClient, desk: FakeDeployments) -> None:
    data = asked(get(admin, PLAN)) | {"fingerprint": "another"}
    page = post(admin, PLAN, data, 409)
    assert "The plan is not the one you saw." in words(page)
    assert filled(page, "data-deploy")["fingerprint"] == scene.plan().fingerprint


@pytest.mark.parametrize(
    ("problem", "status", "said"),
    [
        (Unsafe("The pause holds."), 409, "The pause holds."),
        (Conflict("It is over."), 409, "It is over."),
        (Invalid("No.", {"confirm": "Say legacy-app."}), 422, "Say legacy-app."),
    ],
)
def test_a_refusal_keeps_the_page(
    admin: FlaskClient, desk: FakeDeployments, problem: Unsafe | Conflict | Invalid, status: int, said: str
) -> None:
    data = asked(get(admin, PLAN))
    desk.refuse = problem
    page = post(admin, PLAN, data, status)
    assert said in words(page)
    assert REASON in page


def test_a_failed_check_is_let_pass_by_name_and_reason(admin: FlaskClient, desk: FakeDeployments) -> None:
    check = b.check("frozen", Answer.FAIL, title="No freeze", fact="It is frozen.", overridable=True)
    desk.reviews["plan-1"] = scene.reviewed(checks=(check,), risks=(), to_confirm=())
    data = filled(get(admin, PLAN), "data-deploy") | {"reason": REASON}
    post(admin, PLAN, data | {"overrides": "frozen", "override_reason": "agreed with all"}, 303)
    request = desk.did[0][1]
    assert isinstance(request, DeployRequest)
    assert (request.overrides, request.override_reason) == (frozenset({"frozen"}), "agreed with all")


DISCARD = f"{PLAN}/discard"


def test_a_plan_is_put_aside_by_its_button(admin: FlaskClient, desk: FakeDeployments) -> None:
    assert f'action="{DISCARD}"' in get(admin, PLAN)
    assert post(admin, DISCARD, filled(get(admin, PLAN), f'action="{DISCARD}"'), 303) == LEGACY
    assert desk.did == [("admin", "discard", "plan-1")]
    assert "Its change sets are deleted within minutes" in get(admin, LEGACY)


def test_what_is_in_the_way_of_discarding_is_said_on_the_plan(admin: FlaskClient, desk: FakeDeployments) -> None:
    desk.refuse = Conflict("Its deployment was asked for and is not over.")
    page = post(admin, DISCARD, filled(get(admin, PLAN), f'action="{DISCARD}"'), 409)
    assert "Its deployment was asked for and is not over." in words(page)
    assert filled(page, "data-deploy")["fingerprint"] == scene.plan().fingerprint


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (PlanState.READY, True), (PlanState.FAILED, True), (PlanState.PREPARING, False), (PlanState.ASKED, False),
        (PlanState.OVER, False), (PlanState.DISCARDED, False),
    ],
)  # fmt: skip
def test_discarding_is_offered_where_it_may_be_done(
    admin: FlaskClient, desk: FakeDeployments, as_: SignIn, state: PlanState, offered: bool
) -> None:
    desk.reviews["plan-1"] = scene.reviewed(scene.plan(state))
    assert ("Discard this plan" in get(admin, PLAN)) is offered
    assert "Discard this plan" not in get(as_("viewer"), PLAN)


def test_a_discarded_plan_can_be_read_and_planned_anew(admin: FlaskClient, desk: FakeDeployments) -> None:
    aside = scene.plan(PlanState.DISCARDED, because="ada put it aside.")
    desk.reviews["plan-1"] = scene.reviewed(aside)
    said = words(get(admin, PLAN))
    assert "Discarded. ada put it aside. Nothing of it was executed, and its change sets are deleted" in said
    assert "Plan it anew" in said
    desk.reviews["plan-1"] = scene.reviewed(replace(aside, tidied_at=b.NOW))
    assert "nothing of it is left on AWS." in words(get(admin, PLAN))
    desk.reviews["plan-1"] = scene.reviewed(replace(aside, prepared_at=None, because="It had failed: No."))
    assert "What AWS said It had failed: No." in words(get(admin, PLAN))


def test_who_may_not_sees_all_but_the_form(desk: FakeDeployments, as_: SignIn) -> None:
    viewer = as_("viewer")
    page = get(viewer, PLAN)
    assert "Roles that may deploy stacks: admin." in words(page)
    assert "data-deploy>" not in page
    token = filled(page, "logout")["csrf_token"]
    data = {"reason": REASON, "confirm-0": scene.DATABASE, "fingerprint": scene.plan().fingerprint}
    post(viewer, PLAN, data | {"csrf_token": token}, 403)


def test_a_plan_of_another_environment_is_not_found(admin: FlaskClient) -> None:
    get(admin, "/environments/production/deployments/plan-1", 404)
    get(admin, f"{LEGACY}/gone", 404)


def test_waiting_pages_are_asked_for_anew_and_typed_ones_are_told(admin: FlaskClient, desk: FakeDeployments) -> None:
    version = get(admin, PLAN).partition('{"v": "')[2].partition('"')[0]
    assert admin.get(f"{PLAN}/standing?v={version}").status_code == 204
    desk.reviews["plan-1"] = scene.reviewed(void_because="legacy-data was updated since.")
    assert "legacy-data was updated since." in words(get(admin, f"{PLAN}/standing?v={version}"))
    desk.reviews["plan-1"] = scene.reviewed(scene.plan(PlanState.PREPARING))
    assert admin.get(f"{PLAN}/standing?v={version}").headers["HX-Refresh"] == "true"


def test_a_deletion_says_what_goes_and_what_stays(admin: FlaskClient, desk: FakeDeployments) -> None:
    desk.reviews["plan-gone"] = scene.deletion()
    said = words(get(admin, f"{LEGACY}/plan-gone"))
    assert "2 resources deleted, 1 resource kept" in said
    assert "Kept, outside any stack: 1 resource EventsKey" in said


def test_levels_and_what_becomes_of_resources() -> None:
    assert levels.worst(scene.RISKS) is Level.HIGH
    made = scene.resource("One", "T", "Add"), scene.resource("Two", "T"), scene.resource("Three", "T", "Remove")
    assert changes.tally((*made, made[1])) == "1 new, 2 changed in place and 1 removed"
    edit = PropertyChange("/Tags/0/Value", "", "Tags", "a", "", "Never", True, "DirectModification")
    row = (
        changes.cards(
            scene.reviewed(
                scene.plan(
                    stacks=(
                        replace(
                            scene.plan().stacks[0],
                            change_set=scene.change_set("network", scene.resource("One", "T", properties=(edit,))),
                        ),
                    )
                )
            )
        )[0]
        .resources[0]
        .rows[0]
    )
    assert (row.what, row.before, row.after, row.because) == ("Tags", "a", "empty", "the template's text")


def test_money_words() -> None:
    assert money.usd(1204.4) == "USD\N{NO-BREAK SPACE}1,204"
    assert money.more(-12) == "\N{MINUS SIGN}\N{NO-BREAK SPACE}USD\N{NO-BREAK SPACE}12.00"
    assert money.more(0.001) == "no change"


# The form ------------------------------------------------------------------------------------------------------------


def test_the_form_has_todays_values_constraints_and_what_feeds(admin: FlaskClient) -> None:
    page = get(admin, f"{LEGACY}/new")
    said = words(page)
    assert "Nothing differs from what is deployed yet." not in said
    for text in ("now 20", "Allowed: From 20 to 65536.", "network.DataSubnetIds", "never shown", "not deployed yet"):
        assert text in said
    assert 'name="data.DataSubnetIds"' not in page
    data = filled(page, "plan-form")
    assert (data["data.DatabaseStorage"], data["data.ApiKey"], data["service-rbac.PoolSize"]) == ("20", "", "10")


def sent(changed: Mapping[str, object]) -> dict[str, object]:
    return {"stacks": ["data"], "data.DatabaseStorage": "20", "data.DatabaseClass": "db.t4g.medium", **changed}


def test_only_what_differs_is_asked_for(admin: FlaskClient, desk: FakeDeployments) -> None:
    token = filled(get(admin, f"{LEGACY}/new"), "plan-form")["csrf_token"]
    data = sent({"csrf_token": token, "data.DatabaseStorage": " 40 ", "lift": ["data"], "what": "more  room"})
    answer = admin.post(f"{LEGACY}/new", data=data)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LEGACY}/plan-1")
    assert desk.did == [
        (
            "admin",
            PlanRequest(
                "legacy",
                "single-az",
                ("data",),
                {"data": {"DatabaseStorage": "40"}},
                lift_policy=("data",),
                what="more room",
            ),
        )
    ]


def test_what_the_desk_refuses_stands_beside_its_field(admin: FlaskClient, desk: FakeDeployments) -> None:
    token = filled(get(admin, f"{LEGACY}/new"), "plan-form")["csrf_token"]
    fields = {"data.DatabaseStorage": "From 20 to 65536.", "data.version": "Not kept.", "elsewhere": "And this."}
    desk.refuse = Invalid("One value is wrong.", fields)
    answer = admin.post(f"{LEGACY}/new", data=sent({"csrf_token": token, "data.DatabaseStorage": "7"}))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="data.DatabaseStorage-wrong"' in page
    assert 'value="7"' in page
    assert "And this." in words(page)
    assert "Not kept." in words(page)


def test_no_stack_and_a_value_too_long_are_refused_here(admin: FlaskClient, desk: FakeDeployments) -> None:
    token = filled(get(admin, f"{LEGACY}/new"), "plan-form")["csrf_token"]
    answer = admin.post(f"{LEGACY}/new", data={"csrf_token": token, "data.DatabaseName": "x" * 5000})
    assert answer.status_code == 422
    said = words(answer.get_data(as_text=True))
    assert "Choose one stack at least." in said
    assert "At most 4096 bytes." in said
    assert desk.did == []


def test_a_whole_shape_brings_its_own_values_and_edits_win() -> None:
    form = scene.form("multi-az")
    begun = filling.begun(form, whole=True)
    assert [row.typed for row in begun.stacks[0].rows][:3] == ["db.r6g.large", "100", "app"]
    data = {row.name: [row.typed] for stack in begun.stacks for row in stack.rows}
    made = filling.sent(form, data | {"whole": ["y"], "stacks": ["data", "service-rbac"]})
    assert made.request() == PlanRequest("legacy", "multi-az", whole_shape=True)
    made = filling.sent(form, data | {"whole": ["y"], "stacks": ["data"], "data.DatabaseStorage": ["200"]})
    assert made.request().values == {"data": {"DatabaseStorage": "200"}}


def test_going_back_fills_in_the_earlier_values_and_template(admin: FlaskClient) -> None:
    page = get(admin, f"{LEGACY}/new?follows=plan-0&as=back")
    data = filled(page, "plan-form")
    assert data["data.DatabaseName"] == "orders"
    assert data["follows"] == "plan-0"
    assert data["what"] == "back to: upgrade to multi-az"
    once_more = filled(get(admin, f"{LEGACY}/new?follows=plan-0&as=again"), "plan-form")
    assert once_more["what"] == "upgrade to multi-az"
    undone = filled(get(admin, f"{LEGACY}/new?follows=plan-0&as=undo"), "plan-form")
    assert (undone["data.DatabaseName"], undone["as"]) == ("app", "undo")
    earlier = again(scene.plan(stacks=scene.plan().stacks[1:2]))
    sheet = filling.begun(scene.form(), earlier=earlier)
    assert [stack.chosen for stack in sheet.stacks] == [True, False]
    assert sheet.request().versions == {}
    older = filling.begun(scene.form(), earlier=replace(earlier, versions={"data": "0" * 16}))
    assert older.request().versions == {"data": "0" * 16}
    get(admin, "/environments/production/deployments/new?follows=plan-0", 404)


def test_a_deletion_is_planned_with_what_it_keeps(admin: FlaskClient, desk: FakeDeployments) -> None:
    page = get(admin, f"{LEGACY}/delete")
    data = filled(page, "/delete")
    assert "service-rbac" not in words(page).partition("Which stacks")[2]
    assert "retain:data" not in data
    answer = admin.post(f"{LEGACY}/delete", data=data | {"stacks": ["data"], "retain:data": "EventsKey, Events"})
    assert answer.status_code == 303
    wanted = PlanRequest("legacy", delete=True, retain={"data": ("EventsKey", "Events")})
    assert desk.did == [("admin", wanted)]
    data.pop("stacks")
    assert "Choose one stack at least." in words(post(admin, f"{LEGACY}/delete", data, 422))


def test_a_viewer_sees_the_forms_but_may_not_send_them(desk: FakeDeployments, as_: SignIn) -> None:
    viewer = as_("viewer")
    assert "Roles that may plan a deployment: admin." in words(get(viewer, f"{LEGACY}/new"))
    assert "Work the deletion out" not in get(viewer, f"{LEGACY}/delete")
