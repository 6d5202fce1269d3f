"""Drift in the browser: sound in every look, accepted with a reason, and the page follows what a worker finds."""

from playwright.sync_api import expect

from services.domain.access import SYSTEM
from tests import builders as b
from tests.browser.conftest import UNFOLD, Portal, Visit, Visiting
from tests.unit.portal import drift_scene as scene

HERE = "/environments/production/drift"
ACCEPT = f"{HERE}/accept?stack=network&resource=DoorGroup&path=/SecurityGroupIngress/1"


def test_pages_about_drift_are_sound_in_every_state(portal: Portal, visit: Visiting) -> None:
    portal.house.add_environment(None, b.environment("unread"))
    who, found = visit(portal, "admin"), {}

    def look(state: str, words: str, path: str = HERE, by: Visit = who) -> None:
        page = by.go(path)
        page.evaluate(UNFOLD)
        expect(page.locator("main")).to_contain_text(words)
        found[state] = by.in_every_look()

    look("never read", "Nothing to compare yet", "/environments/unread/drift")
    look("never looked", "Never looked.")
    scene.fill(portal.house)
    look("filled, and not everything compared", "3 differences:")
    look("accepting", "Accept it as it is", ACCEPT)
    look("may only see", "Those who may look: operator and admin.", by=visit(portal, "viewer"))
    portal.house.clock.move(days=4)
    who.log_in("admin")
    look("stale", "4 days ago")
    portal.house.drifts.request(SYSTEM, "production")
    look("looking", "Looking now.")
    assert {state: looks for state, looks in found.items() if looks} == {}
    assert who.trouble.said == []


def test_what_is_refused_is_sound_and_keeps_what_was_typed(portal: Portal, visit: Visiting) -> None:
    scene.fill(portal.house)
    who = visit(portal, "admin")
    page = who.go(ACCEPT)
    page.get_by_label("Why is it meant?").fill("no")
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.get_by_role("button", name="Accept /SecurityGroupIngress/1 of DoorGroup").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was accepted.")
    expect(page.get_by_label("Why is it meant?")).to_have_value("no")
    assert who.in_every_look() == {}
    page = who.go(HERE)
    portal.house.drifts.request(SYSTEM, "production")
    # Before the page has asked again, and so knows of it.
    page.evaluate("[...document.querySelectorAll('main button')].find((b) => b.innerText === 'Look now').click()")
    expect(page.get_by_role("alert")).to_contain_text("Something stands in the way.")
    assert who.in_every_look() == {}
    for path, words, name in (
        (ACCEPT, "Your role may not do this.", "viewer"),
        ("/environments/nowhere/drift", "There is no such thing.", "admin"),
    ):
        other = visit(portal, name)
        expect(other.go(path).locator("main")).to_contain_text(words)
        assert other.in_every_look() == {}


def test_a_difference_is_accepted_and_taken_back(portal: Portal, visit: Visiting) -> None:
    scene.fill(portal.house)
    page = visit(portal, "admin").go(HERE)
    row = page.get_by_role("row").filter(has_text="/DBInstanceClass")
    row.get_by_role("link", name="Accept it…").click()
    page.get_by_label("Why is it meant?").fill("A larger class for the sale.")
    page.get_by_role("button", name="Accept /DBInstanceClass of Database").click()
    page.get_by_text("Accepted: /DBInstanceClass of Database, until it changes again.").wait_for()
    assert "2 differences:" in page.inner_text("main")
    page.get_by_role("button", name="Take back /DBInstanceClass of Database").click()
    page.get_by_text("counts as drift again").wait_for()
    assert "3 differences:" in page.inner_text("main")


def test_the_page_follows_what_is_found(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "operator").go(HERE)
    page.get_by_role("button", name="Look now").click()
    page.get_by_text("Looking now.").wait_for()
    assert page.get_by_role("button", name="Look now").is_disabled()
    scene.put(portal.house, scene.report("data", scene.DATABASE, hours=0))
    page.get_by_text("2 differences in data").wait_for()
