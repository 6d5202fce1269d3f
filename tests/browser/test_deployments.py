"""Deployments in a browser: sound in every look; what differs is marked as it is typed; the last button waits; a plan
that is void says so without taking what is typed; the live page goes on by itself; by keyboard; without a script."""

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from services.domain.deployment.plan import PlanState
from services.domain.operation import State
from services.usecases.operations import Operations
from tests import builders as b
from tests.browser.conftest import NARROW, UNFOLD, Portal, Visiting
from tests.browser.test_failovers import tab_to
from tests.unit.portal import deployments_scene as scene
from tests.unit.portal.deployments_scene import LEGACY, FakeDeployments
from tests.unit.portal.test_deployments_operation import STEPS

REASON = "single points of failure go"
PATIENT = 15_000
"""Milliseconds: a review asks every ten seconds whether it still stands."""


def named(id: str, **changes: Any) -> Any:
    """The upgrade under another id."""
    made = scene.reviewed(**changes)
    return replace(made, plan=replace(made.plan, id=id))


@pytest.fixture
def desk(portal: Portal) -> FakeDeployments:
    made = FakeDeployments()
    portal.house.deployments = made  # type: ignore[assignment]
    portal.house.operations = Operations(portal.house.unit, portal.house.clock, lambda _: STEPS)
    waiting = scene.reviewed(scene.plan(PlanState.PREPARING, id="plan-prep", prepared_at=None))
    failed = scene.reviewed(scene.plan(PlanState.FAILED, id="plan-fail", because="Template error: no."))
    void, gone = named("plan-void", void_because="legacy-data was updated since."), scene.deletion()
    made.reviews |= {each.plan.id: each for each in (waiting, failed, void, gone)}
    bad = scene.failed()
    bad = replace(bad, operation=replace(bad.operation, id="op-failed"))
    asked = replace(
        scene.operation(state=State.AWAITING_APPROVAL, approve_before=b.NOW + 9 * scene.MIN, checks=(b.check(),)),
        id="op-wait",
        environment="production",
        target="production",
    )
    made.progressing |= {"op-failed": bad}
    with portal.house.unit() as store:
        for each in (scene.running().operation, bad.operation, asked):
            store.operations.add(each)
    return made


PAGES = (
    "/deployments",
    LEGACY,
    f"{LEGACY}?stack=nothing",
    f"{LEGACY}/new",
    f"{LEGACY}/new?blueprint=multi-az&whole=y",
    f"{LEGACY}/delete",
    f"{LEGACY}/plan-1",
    f"{LEGACY}/plan-0",
    f"{LEGACY}/plan-prep",
    f"{LEGACY}/plan-fail",
    f"{LEGACY}/plan-void",
    f"{LEGACY}/plan-gone",
    "/deployments/compare?first=plan-1&second=plan-0&all=y",
    "/operations/op-deploy",
    "/operations/op-failed",
    "/operations/op-wait",
    "/operations/op-failed/recover/data/continue",
    "/operations/op-failed/recover/data/delete",
)


def test_every_page_of_it_is_sound(portal: Portal, desk: FakeDeployments, visit: Visiting) -> None:
    who = visit(portal, "admin")
    found = {}
    for path in PAGES:
        who.go(path).evaluate(UNFOLD)
        found[path] = who.in_every_look()
    assert {path: looks for path, looks in found.items() if looks} == {}
    assert who.trouble.said == []


def test_what_differs_is_marked_as_it_is_typed(portal: Portal, desk: FakeDeployments, visit: Visiting) -> None:
    page = visit(portal, "admin").go(f"{LEGACY}/new")
    page.locator("[name=stacks][value=data]").uncheck()
    page.locator("details.rest > summary").first.click()
    storage = page.locator("[id='data.DatabaseStorage']")
    field = page.locator("[data-parameter]", has=storage)
    storage.fill("40")
    expect(field).to_have_class(re.compile("is-changed"))
    expect(field.locator(".mark")).to_be_visible()
    expect(page.locator("[data-count=data]")).to_have_text("1 changed")
    expect(page.locator("[name=stacks][value=data]")).to_be_checked()
    storage.fill("20")
    expect(field.locator(".mark")).to_be_hidden()
    expect(page.locator("[data-count=data]")).to_have_text("as deployed")


def test_by_keyboard_alone_from_the_review_to_the_live_page(
    portal: Portal, desk: FakeDeployments, visit: Visiting
) -> None:
    page = visit(portal, "admin").go(f"{LEGACY}/plan-1")
    button = page.locator("form[data-deploy] button[type=submit]")
    expect(button).to_be_disabled()
    expect(page.locator("[data-deploy-says]")).to_have_text("Still missing: a reason, 1 typed name.")
    tab_to(page, "#reason", 120)
    page.keyboard.type(REASON)
    tab_to(page, "[name=confirm-0]")
    page.keyboard.type(scene.DATABASE)
    expect(button).to_be_enabled()
    page.keyboard.press("Enter")
    page.wait_for_url("**/operations/op-deploy")
    expect(page.locator("h1")).to_have_text("Upgrade to multi-az, in legacy")
    assert desk.did


def test_a_link_to_a_resource_opens_it(portal: Portal, desk: FakeDeployments, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(f"{LEGACY}/plan-1")
    row = page.locator("[id='network.NatB'] details").first
    assert row.get_attribute("open") is None
    page.locator("#slight > summary").click()
    page.get_by_role("link", name="network, NatB").click()
    expect(row).to_have_attribute("open", "")


def test_a_plan_that_is_void_says_so_and_leaves_what_is_typed(
    portal: Portal, desk: FakeDeployments, visit: Visiting
) -> None:
    page = visit(portal, "admin").go(f"{LEGACY}/plan-1")
    page.locator("#reason").fill(REASON)
    desk.reviews["plan-1"] = scene.reviewed(void_because="legacy-data was updated since.")
    expect(page.locator("#standing")).to_contain_text("legacy-data was updated since.", timeout=PATIENT)
    expect(page.locator("#reason")).to_have_value(REASON)


def test_a_plan_being_worked_out_shows_itself_once_it_is(
    portal: Portal, desk: FakeDeployments, visit: Visiting
) -> None:
    page = visit(portal, "admin").go(f"{LEGACY}/plan-prep")
    expect(page.locator("[aria-busy=true]")).to_be_visible()
    desk.reviews["plan-prep"] = named("plan-prep")
    expect(page.get_by_role("heading", name="What is at stake")).to_be_visible(timeout=PATIENT)


def test_the_live_page_goes_on_without_losing_what_is_open(
    portal: Portal, desk: FakeDeployments, visit: Visiting
) -> None:
    page = visit(portal, "viewer", size=NARROW).go("/operations/op-deploy")
    network = page.locator("#gantt-network")
    network.locator("summary").first.click()
    running = scene.running()
    more = scene.event(9, "data", "Database", "UPDATE_COMPLETE", "It is Multi-AZ now.")
    desk.progressing["op-deploy"] = replace(running, events=(*running.events, more))
    expect(page.get_by_text("It is Multi-AZ now.")).to_be_visible(timeout=PATIENT)
    expect(network).to_have_attribute("open", "")


def test_it_all_works_without_a_script(portal: Portal, desk: FakeDeployments, visit: Visiting) -> None:
    page = visit(portal, "admin", java_script_enabled=False).go(f"{LEGACY}/new")
    page.get_by_label("What it is").fill("more room")
    page.get_by_role("button", name="Work the plan out").click()
    assert page.url.endswith(f"{LEGACY}/plan-1")
    page.locator("#reason").fill(REASON)
    page.locator("[name=confirm-0]").fill("legacy")
    page.get_by_role("button", name="Deploy: upgrade to multi-az, in legacy").click()
    assert "Type legacy-app: it is at high risk." in page.inner_text("main")
    assert page.locator("#reason").input_value() == REASON
    page.locator("[name=confirm-0]").fill(scene.DATABASE)
    page.get_by_role("button", name="Deploy: upgrade to multi-az, in legacy").click()
    assert page.url.endswith("/operations/op-deploy")
    assert "Stacks, in the order they run" in page.inner_text("main")
