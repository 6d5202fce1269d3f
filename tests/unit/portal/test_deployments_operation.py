"""The live page of a deployment, of one being worked out and of a recovery; and asking for a recovery."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal.deployments import gantt, picture, stands
from portal.operations import deploying
from portal.operations import page as pages
from services.domain.access import Actor, Role
from services.domain.errors import Conflict, Invalid
from services.domain.finding import Finding, Requirement
from services.domain.operation import Operation, Sent, State, Step
from services.domain.snapshot import Part
from services.domain.status import Status
from services.usecases.deployment_shapes import Progressing, RecoverRequest, Verifying
from services.usecases.operations import Operations, OperationView, step_views
from tests import builders as b
from tests.unit.portal import deployments_scene as scene
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.deployments_scene import FakeDeployments
from tests.unit.portal.house import House
from tests.unit.portal.scaling_forms import filled, get, post, words

SOON = timedelta(seconds=60)
ADMIN, BOB = Actor("admin", Role.ADMIN), Actor("bob", Role.VIEWER)
STEPS = (
    Step[object]("network executed", "The change set of network is executed", lambda _: False, SOON, acts=True),
    Step[object]("network deployed", "network is deployed", lambda _: False, SOON, until="its update is complete"),
)
REASON = "capacity is back in this zone"


@pytest.fixture
def desk(house: House) -> FakeDeployments:
    made = FakeDeployments()
    house.deployments = made  # type: ignore[assignment]
    house.operations = Operations(house.unit, house.clock, lambda _: STEPS)
    return made


@pytest.fixture
def admin(desk: FakeDeployments, as_: SignIn) -> FlaskClient:
    return as_("admin")


def put(house: House, *operations: Operation) -> None:
    with house.unit() as store:
        for operation in operations:
            store.operations.add(operation)


def page(made: Operation, progressing: Progressing | None = None, actor: Actor = ADMIN) -> pages.OperationPage:
    view = OperationView(made, (), step_views(made, STEPS), (), b.snapshot("legacy"))
    return pages.make(view, actor, b.NOW, SOON, progressing=progressing)


def test_stacks_fill_in_as_they_come() -> None:
    found = stands.stands(scene.running())
    assert [(each.plan.name, each.word, each.done, each.total) for each in found] == [
        ("network", "changed", 2, 2),
        ("data", "changing", 0, 2),
        ("platform", "unchanged", 0, 0),
        ("service-rbac", "waits for data", 0, 0),
    ]
    assert [each.status for each in stands.stands(scene.failed())][:2] == [Status.HEALTHY, Status.DOWN]
    drawn = picture.draw(found)
    assert drawn is not None
    assert drawn.words.startswith("Stacks in the order they run. network: changed, 2 of 2; data: changing, 0 of 2;")
    assert len([shape for shape in drawn.wide.shapes if shape.tag == "path"]) == 4
    assert picture.draw(()) is None


def test_stacks_that_wait_for_each_other_are_drawn_all_the_same() -> None:
    made = scene.plan()
    one, two = (replace(each, after=("network", "data")) for each in made.stacks[:2])
    drawn = picture.draw(stands.stands(replace(scene.running(), plan=replace(made, stacks=(one, two)))))
    assert drawn is not None


def test_bars_have_one_axis_and_end_with_now() -> None:
    found = stands.stands(scene.running())
    overview = gantt.of_stacks(found, b.NOW)
    assert overview is not None
    assert [(bar.name, bar.seconds, bar.ended_at is None) for bar in overview.bars] == [
        ("network", 120, False),
        ("data", 240, True),
    ]
    assert overview.bars[0].x == gantt.LABEL
    assert overview.bars[1].expected > overview.bars[1].x + overview.bars[1].width
    assert overview.running
    chart = gantt.of_resources(found[1], b.NOW)
    assert chart is not None
    assert [(bar.name, bar.status, bar.word) for bar in chart.bars] == [
        ("Database", Status.CHANGING, "UPDATE_IN_PROGRESS")
    ]
    assert gantt.of_resources(found[3], b.NOW) is None


def test_more_resources_than_are_drawn_stand_in_the_table() -> None:
    spans = tuple((f"R{n}", "T", b.NOW, b.NOW + SOON, "CREATE_COMPLETE") for n in range(gantt.MOST + 5))
    made = replace(scene.running(), rollouts={"network": scene.rollout("network", "UPDATE_COMPLETE", 2, "", *spans)})
    chart = gantt.of_resources(stands.stands(made)[0], b.NOW)
    assert chart is not None
    assert (len(chart.bars), len(chart.rest), len(chart.all)) == (gantt.MOST, 5, gantt.MOST + 5)


@pytest.mark.parametrize(
    ("made", "status", "strong"),
    [
        (scene.operation(sent=Sent.NO), Status.CHANGING, "Changing."),
        (scene.operation(sent=Sent.YES, sent_at=b.NOW, step="network executed"), Status.CHANGING, "0 of 2 steps done."),
        (scene.operation(sent=Sent.MAYBE, sent_at=b.NOW), Status.UNKNOWN, "0 of 2 steps done."),
        (scene.operation(state=State.SUCCEEDED), Status.HEALTHY, "Done."),
        (scene.operation(state=State.FAILED, sent=Sent.YES, sent_at=b.NOW), Status.DOWN, "Failed."),
        (scene.operation(state=State.CANCELLED), Status.PAUSED, "Cancelled."),
        (scene.operation("plan"), Status.CHANGING, "Being worked out."),
        (scene.operation("plan", State.SUCCEEDED), Status.HEALTHY, "Done."),
        (scene.operation("recover", State.SUCCEEDED), Status.HEALTHY, "Done."),
    ],
)
def test_each_state_of_each_kind_has_its_verdict(made: Operation, status: Status, strong: str) -> None:
    shown = page(made)
    assert (shown.said.status, shown.said.strong) == (status, strong)
    assert shown.title == "Upgrade to multi-az, in legacy"
    assert shown.picture is None
    assert shown.elapsed is None


def test_the_live_page_shows_stacks_bars_and_events(admin: FlaskClient, house: House) -> None:
    put(house, scene.running().operation)
    said = words(get(admin, "/operations/op-deploy"))
    for text in (
        "Upgrade to multi-az, in legacy",
        "expected: at least 16 min",
        "Stacks, in the order they run",
        "Requested update requires a modification.",
        "data changing, 0 of 2 resources, 4 min so far usually 14 min",
        "Cancel the update",
        "The plan as reviewed",
        "Never rolled out before here: service-rbac.",
    ):
        assert text in said, text
    assert "What it costs" not in said
    assert "Expected primary" not in said


def test_a_failure_names_the_resource_awss_reason_and_what_to_do(
    admin: FlaskClient, house: House, desk: FakeDeployments
) -> None:
    desk.progressing["op-deploy"] = scene.failed()
    put(house, scene.failed().operation)
    page = get(admin, "/operations/op-deploy")
    said = words(page)
    assert "data: rollback failed" in said
    assert said.count(scene.WORDS) >= 2
    assert "/operations/op-deploy/recover/data/continue" in page
    assert "/operations/op-deploy/recover/data/delete" in page
    assert "/operations/op-deploy/recover/data/cancel" not in page
    assert f"{scene.LEGACY}/new?follows=plan-1" in page


def test_it_is_drawn_anew_when_something_came_and_not_otherwise(
    admin: FlaskClient, house: House, desk: FakeDeployments
) -> None:
    put(house, scene.running().operation)
    page = get(admin, "/operations/op-deploy")
    version = page.partition('hx-get="/operations/op-deploy/live" hx-vals=\'{"v": "')[2].partition('"')[0]
    assert admin.get(f"/operations/op-deploy/live?v={version}").status_code == 204
    more = scene.event(9, "data", "Database", "UPDATE_COMPLETE")
    running = scene.running()
    desk.progressing["op-deploy"] = replace(running, events=(*running.events, more))
    assert "UPDATE_COMPLETE" in get(admin, f"/operations/op-deploy/live?v={version}")


def test_over_before_its_last_events_came_it_goes_on_asking_for_them() -> None:
    came = scene.failed()
    ended = replace(came.operation, seen=(("execute network", b.NOW), ("execute data", b.NOW)))
    early = replace(came, operation=ended, rollouts={"network": came.rollouts["network"]})
    made = page(ended, early)
    assert made.deployed is not None
    assert (made.live, made.follows) == (False, True)
    assert {each.plan.name: each.word for each in made.deployed.stands}["data"] == "its events are awaited"
    told = page(ended, replace(came, operation=ended))
    assert (told.live, told.follows) == (False, False)
    assert deploying.version(early, b.NOW) != deploying.version(replace(came, operation=ended), b.NOW)
    long_ago = replace(ended, finished_at=b.NOW - timedelta(minutes=3))
    assert not page(long_ago, replace(early, operation=long_ago)).follows


def test_while_it_runs_the_bars_grow() -> None:
    running = scene.running()
    assert deploying.version(running, b.NOW) != deploying.version(running, b.NOW + SOON)
    assert deploying.version(scene.failed(), b.NOW) == deploying.version(scene.failed(), b.NOW + SOON)
    assert deploying.version(None, b.NOW) == deploying.version(None, b.NOW + SOON)
    void = scene.reviewed(void_because="data was updated since.")
    assert deploying.version(None, b.NOW, void) != deploying.version(None, b.NOW, scene.reviewed())


@pytest.mark.parametrize(("harmless", "said"), [(False, "Held: automation is paused"), (True, "About to begin.")])
def test_a_pause_is_told_of_what_it_holds_alone(admin: FlaskClient, house: House, harmless: bool, said: str) -> None:
    steps = [replace(STEPS[0], harmless=harmless), STEPS[1]]
    house.operations = Operations(house.unit, house.clock, lambda _: steps)
    with house.unit() as store:
        store.pauses.add(b.pause(env="legacy", at=house.clock.now(), until=house.clock.now() + SOON))
    put(house, scene.operation("plan", State.REQUESTED))
    page = words(get(admin, "/operations/op-deploy"))
    assert said in page
    assert ("Held:" in page) is not harmless


@pytest.mark.parametrize(("seen", "said"), [(True, "and seen in AWS."), (False, "A person looked, and says that")])
def test_whose_word_it_is_that_it_is_deployed(seen: bool, said: str) -> None:
    ended = scene.operation(state=State.SUCCEEDED, seen=(("verified", b.NOW),) if seen else ())
    assert said in page(ended).said.line


def test_it_is_drawn_anew_when_a_recovery_was_asked_for_or_ended() -> None:
    running = scene.running()
    asked = replace(running, recovered=(scene.operation("recover", State.RUNNING),))
    ended = replace(running, recovered=(scene.operation("recover", State.SUCCEEDED),))
    assert len({deploying.version(each, b.NOW) for each in (running, asked, ended)}) == 3


def test_one_that_nobody_has_begun_has_a_page_too(admin: FlaskClient, house: House, desk: FakeDeployments) -> None:
    desk.progressing = {}
    put(house, scene.operation(state=State.REQUESTED))
    assert "About to begin." in words(get(admin, "/operations/op-deploy"))


def test_the_second_person_is_led_to_the_plan_and_approves_it_by_name(admin: FlaskClient, house: House) -> None:
    waiting = scene.operation(
        state=State.AWAITING_APPROVAL, approve_before=b.NOW + SOON, checks=(b.check(),), requested_by="ada"
    )
    put(house, waiting)
    page = get(admin, "/operations/op-deploy")
    assert "Approve: upgrade to multi-az, in legacy" in words(page)
    assert "High risk The database legacy-app is replaced by an empty one." in words(page)
    assert f'href="{scene.LEGACY}/plan-1"' in page
    assert "Anyone but ada who may deploy stacks." in words(page)
    assert "failovers/new" not in page


def test_working_out_leads_to_the_review(admin: FlaskClient, house: House, desk: FakeDeployments) -> None:
    done = replace(scene.operation("plan", State.SUCCEEDED, finished_at=b.NOW), id="op-plan")
    put(house, done)
    page = get(admin, "/operations/op-plan")
    assert "Review the plan" in words(page)
    assert f'href="{scene.LEGACY}/plan-1"' in page


def verifying(*amiss: str, read: bool = True, new: Sequence[Finding] = ()) -> Progressing:
    """The stacks are through; what the newest reading shows."""
    running = scene.running()
    at = replace(running.operation, step="verified", step_since=b.NOW)
    seen = Verifying(b.NOW if read else None, amiss, new)
    return replace(running, operation=at, verifying=seen)


def test_at_the_last_step_it_says_what_is_not_yet_as_it_must_be(
    admin: FlaskClient, house: House, desk: FakeDeployments
) -> None:
    new = Finding(
        "alarm",
        Status.DEGRADED,
        "alarms",
        "An alarm rings",
        "legacy-cpu is in ALARM.",
        Requirement.WATCH,
        "",
        Part.ALARMS,
    )
    desk.progressing["op-deploy"] = verifying("The service rbac runs 1 of 2 tasks.", new=[new])
    put(house, desk.progressing["op-deploy"].operation)
    page = get(admin, "/operations/op-deploy")
    said = words(page)
    assert "What is not yet as it must be" in said
    assert "The service rbac runs 1 of 2 tasks." in said
    assert "New since it began An alarm rings legacy-cpu is in ALARM." in said
    version = page.partition('hx-get="/operations/op-deploy/live" hx-vals=\'{"v": "')[2].partition('"')[0]
    assert admin.get(f"/operations/op-deploy/live?v={version}").status_code == 204
    desk.progressing["op-deploy"] = verifying("legacy-data is UPDATE_IN_PROGRESS.")
    said = words(get(admin, f"/operations/op-deploy/live?v={version}"))
    assert "legacy-data is UPDATE_IN_PROGRESS." in said
    assert "New since it began" not in said


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (verifying(read=False), "AWS is read once more"),
        (verifying(), "Nothing is amiss in the newest reading"),
    ],
)
def test_before_the_reading_and_after_it_the_last_step_says_so(
    admin: FlaskClient, house: House, desk: FakeDeployments, made: Progressing, said: str
) -> None:
    desk.progressing["op-deploy"] = made
    put(house, made.operation)
    assert said in words(get(admin, "/operations/op-deploy"))


# Recovering -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stuck(admin: FlaskClient, house: House, desk: FakeDeployments) -> FlaskClient:
    desk.progressing["op-deploy"] = scene.failed()
    put(house, scene.failed().operation)
    return admin


def recover(act: str) -> str:
    return f"/operations/op-deploy/recover/data/{act}"


def test_a_rollback_is_continued_without_what_keeps_failing(stuck: FlaskClient, desk: FakeDeployments) -> None:
    page = get(stuck, recover("continue"))
    said = words(page)
    assert "tries once more to put everything back" in said
    assert scene.WORDS in said
    data = filled(page, "recover") | {"reason": REASON, "skip": "Database"}
    assert post(stuck, recover("continue"), data, 303) == "/operations/op-deploy"
    assert desk.did == [("admin", RecoverRequest("legacy", "data", "continue", REASON, ("Database",)))]


def test_what_failed_twice_is_offered_once_and_what_was_put_back_not_at_all(
    stuck: FlaskClient, desk: FakeDeployments
) -> None:
    made = scene.failed()
    data = made.rollouts["data"]
    first, cache = data.spans[-1], ("Cache", "AWS::ElastiCache::ReplicationGroup", b.NOW, b.NOW)
    again = (*first[:2], b.NOW, b.NOW, "UPDATE_FAILED")
    spans = (*data.spans, (*cache, "UPDATE_FAILED"), again, (*cache, "UPDATE_COMPLETE"))
    desk.progressing["op-deploy"] = replace(made, rollouts={**made.rollouts, "data": replace(data, spans=spans)})
    offered = re.findall(r'name="skip" value="(\w+)"', get(stuck, recover("continue")))
    assert offered == ["Database"]


def test_only_resources_that_failed_are_skipped(stuck: FlaskClient, desk: FakeDeployments) -> None:
    data = filled(get(stuck, recover("continue")), "recover") | {"reason": REASON, "skip": "Cache"}
    post(stuck, recover("continue"), data, 303)
    assert desk.did == [("admin", RecoverRequest("legacy", "data", "continue", REASON))]


def test_a_deletion_asks_for_the_name(stuck: FlaskClient, desk: FakeDeployments) -> None:
    data = filled(get(stuck, recover("delete")), "recover") | {"reason": REASON}
    page = post(stuck, recover("delete"), data | {"typed_name": "legacy"}, 422)
    assert "Type legacy-data: it is deleted." in page
    assert REASON in page
    post(stuck, recover("delete"), data | {"typed_name": "legacy-data"}, 303)
    assert desk.did == [("admin", RecoverRequest("legacy", "data", "delete", REASON))]


@pytest.mark.parametrize(
    ("problem", "status", "said"),
    [
        (Conflict("Its status does not allow it."), 409, "Its status does not allow it."),
        (Invalid("No.", {"reason": "Say more."}), 422, "Say more."),
    ],
)
def test_a_refused_recovery_keeps_what_was_typed(
    stuck: FlaskClient, desk: FakeDeployments, problem: Conflict | Invalid, status: int, said: str
) -> None:
    data = filled(get(stuck, recover("continue")), "recover") | {"reason": REASON}
    desk.refuse = problem
    page = post(stuck, recover("continue"), data, status)
    assert said in words(page)
    assert REASON in page


def rollback(**changes: object) -> Operation:
    """Asked for after `failed`."""
    wanted = {"what": "rollback of legacy-data", "stack": "data", "stack_name": "legacy-data", "act": "roll back"}
    wanted |= {
        "deployment": "op-deploy",
        "of plan": "plan-1",
        "recovers": "upgrade to multi-az",
        "status": "UPDATE_FAILED",
    }
    made = scene.operation("recover", State.SUCCEEDED, wanted=tuple((wanted | changes).items()), reason=REASON)
    return replace(made, id="op-back", finished_at=b.NOW, because="It is back.")


def test_a_recovery_leads_to_its_deployment_and_to_the_plan(stuck: FlaskClient, house: House) -> None:
    put(house, rollback())
    page = get(stuck, "/operations/op-back")
    assert "When it was asked for UPDATE_FAILED Deployment Upgrade to multi-az" in words(page)
    assert page.count('href="/operations/op-deploy"') == 2
    assert f'href="{scene.LEGACY}/plan-1"' in page


def test_a_recovery_of_what_somebody_else_did_says_so(stuck: FlaskClient, house: House) -> None:
    put(house, rollback(**{"deployment": "", "of plan": "", "recovers": ""}))
    page = get(stuck, "/operations/op-back")
    assert "None that Haven knows of" in words(page)
    assert "The deployment it recovers" not in words(page)


def test_a_deployment_tells_of_its_recoveries(stuck: FlaskClient, desk: FakeDeployments) -> None:
    desk.progressing["op-deploy"] = replace(scene.failed(), recovered=(rollback(),))
    page = get(stuck, "/operations/op-deploy")
    said = words(page)
    assert "What was done about it" in said
    assert "Rollback of legacy-data Done It is back." in said
    assert REASON in said
    assert 'href="/operations/op-back"' in page


def test_what_the_status_does_not_allow_is_shown_but_not_offered(stuck: FlaskClient) -> None:
    page = get(stuck, recover("roll-back"))
    assert "Its status does not allow this now." in words(page)
    assert "disabled" in page


@pytest.mark.parametrize(
    "path", ["/operations/op-deploy/recover/data/explode", "/operations/op-deploy/recover/x/cancel"]
)
def test_there_are_no_other_ways(stuck: FlaskClient, path: str) -> None:
    get(stuck, path, 404)


def test_a_viewer_may_look_at_a_recovery(desk: FakeDeployments, as_: SignIn) -> None:
    desk.progressing["op-deploy"] = scene.failed()
    viewer = as_("viewer")
    page = get(viewer, recover("continue"))
    assert "Roles that may recover a stack: admin." in words(page)
    shown: Sequence[str] = deploying.KINDS  # type: ignore[assignment]
    assert set(shown) == {"plan", "deploy", "recover"}
