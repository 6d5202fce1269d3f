"""The guided path to Multi-AZ in a browser: sound in every look wherever on the way an environment stands; a stage
planned by keyboard; the page goes on by itself and leaves what is open, and the focus, alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from services.domain.operation import State
from services.domain.snapshot import Snapshot
from tests import builders as b
from tests.browser.conftest import NARROW, UNFOLD, Portal, Serving, Visit, Visiting
from tests.browser.test_failovers import tab_to
from tests.unit.portal.upgrade_scene import HERE, STAGES, Walked
from tests.unit.usecases.deployment_world import ADMIN, BOB, VIEWER

FIRST = "a way out for every zone"
SOON = 0.1
"""Hours from one stage to the next, so that nobody has to log in again meanwhile."""


@pytest.fixture
def walked(tmp_path: Path) -> Walked:
    """legacy before its first stage, beside one environment that was never read and one without a stack."""
    made = Walked(tmp_path)
    made.house.add_environment(None, b.environment("unread"))
    made.house.add_environment(Snapshot("bare", b.NOW, b.readings()), b.environment("bare"))
    return made


@pytest.fixture
def portal(walked: Walked, serving: Serving) -> Portal:
    return serving(walked.house)


def change(walked: Walked, **changes: Any) -> None:
    """Edit the environment."""
    with walked.scene.unit() as store:
        known = store.environments.get("legacy")
        assert known is not None
        store.environments.save(known, replace(known, **changes))


def live(walked: Walked) -> str:
    """The one operation that is not over."""
    with walked.scene.unit(readonly=True) as store:
        (found,) = store.operations.live()
    return found.id


def test_every_station_of_the_way_is_sound(portal: Portal, walked: Walked, visit: Visiting) -> None:
    who, scene, found = visit(portal, "admin"), walked.scene, {}

    def look(station: str, words: str, path: str = HERE, by: Visit = who, unfold: bool = False) -> None:
        """The words are those that no station before it had."""
        page = by.go(path)
        expect(page.locator("main")).to_contain_text(words)
        if unfold:
            page.evaluate(UNFOLD)
        found[station] = by.in_every_look()

    look("never read", "Not read yet.", "/environments/unread/upgrade")
    look("nothing deployed", "Nothing is deployed.", "/environments/bare/upgrade")
    look("next", "Plan this stage", unfold=True)
    look("may only look", "Roles that may deploy stacks: admin", by=visit(portal, "viewer"))

    plan = walked.desk.plan(ADMIN, "legacy", "network")
    look("being worked out", "Being worked out")
    scene.run(plan.id)
    look("ready for review", "Review the plan")
    scene.aws.failing["network"] = "NatGateway3: the limit is reached"
    asked = scene.ask(scene.desk.review(VIEWER, plan.wants("plan"))).id
    look("running", f"now: {FIRST}.")
    assert scene.run(asked).state is State.FAILED
    look("failed", f"{FIRST} failed.")
    scene.aws.failing.pop("network", None)

    change(walked, protected=True)
    asked = walked.ask("network")
    look("waiting for approval", "Waits for approval")
    scene.operations.approve(BOB, asked, scene.read(asked).version)
    assert scene.run(asked).state is State.SUCCEEDED
    look("one done", "1 of 5 stages done;")

    gone = scene.aws.stacks.pop("service-rbac")
    scene.snap()
    look("one stack absent", "Not everything is deployed.")
    scene.aws.stacks["service-rbac"] = gone
    scene.clock.move(minutes=3)
    look("stale", "what is known is old")

    scene.snap()
    for stage in STAGES[1:]:
        walked.go(stage, hours=SOON)
    look("all done", "All five stages are done.", unfold=True)
    change(walked, blueprint="single-az")
    look("misnamed", "It still goes by the name single-az.")
    assert {station: looks for station, looks in found.items() if looks} == {}
    assert who.trouble.said == []


def test_what_is_refused_or_not_there_is_said_soundly(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "admin")
    page = who.go(HERE)
    # A page that was left open: by the time of the press it is another stage's turn.
    page.evaluate("document.querySelector('#stage-network form').action += '/../capacity'")
    page.get_by_role("button", name="Plan this stage").click()
    expect(page.get_by_role("alert")).to_contain_text("comes after “A way out for every zone”")
    expect(page.get_by_role("button", name="Plan this stage")).to_be_visible()
    assert who.in_every_look() == {}
    expect(who.go("/environments/nowhere/upgrade").locator("main")).to_contain_text("There is no such thing.")
    assert who.in_every_look() == {}


def test_a_stage_is_planned_and_its_plan_reviewed_by_keyboard_alone(
    portal: Portal, walked: Walked, visit: Visiting
) -> None:
    who = visit(portal, "admin")
    page = who.go(HERE)
    tab_to(page, "#stage-network button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/environments/legacy/deployments/*")
    expect(page.locator("main")).to_contain_text("CloudFormation works the stage out; nothing is executed.")
    walked.scene.run(live(walked))
    expect(page.get_by_role("heading", name="What is at stake")).to_be_visible()
    plan = page.url
    page = who.go(HERE)
    tab_to(page, "#stage-network a.btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url(plan)
    assert who.trouble.said == []


def test_the_page_goes_on_and_leaves_what_is_open_and_the_focus_alone(
    portal: Portal, walked: Walked, visit: Visiting
) -> None:
    who = visit(portal, "viewer", size=NARROW)
    page = who.go(HERE)
    network, standby, platform = (page.locator(f"#stage-{name}") for name in ("network", "standby", "platform"))
    page.evaluate("window.notReloaded = true")
    platform.locator("summary").first.press("Enter")
    asked = walked.ask("network")
    expect(page.locator(".verdict")).to_contain_text(f"now: {FIRST}.")
    expect(network.locator("summary").first).to_contain_text("Being deployed")
    expect(network.get_by_role("link", name="Follow it")).to_be_visible()
    walked.scene.run(asked)
    expect(page.locator(".verdict")).to_contain_text("1 of 5 stages done;")
    expect(network.locator("summary").first).to_contain_text("Done")
    expect(page.locator(".way [aria-current=step]")).to_contain_text("2.")
    # The way itself folds what is done and unfolds what is next; what the reader opened stays.
    assert network.get_attribute("open") is None
    expect(standby).to_have_attribute("open", "")
    expect(platform).to_have_attribute("open", "")
    expect(platform.locator("summary").first).to_be_focused()
    assert page.evaluate("window.notReloaded")
    assert who.trouble.said == []


def test_what_awaits_its_first_reading_fills_by_itself(portal: Portal, walked: Walked, visit: Visiting) -> None:
    who = visit(portal, "viewer")
    page = who.go("/environments/unread/upgrade")
    expect(page.locator(".verdict")).to_contain_text("Not read yet.")
    walked.house.put(Snapshot("unread", b.NOW, b.readings()))
    expect(page.locator(".verdict")).to_contain_text("Nothing is deployed.")
    assert who.trouble.said == []
