"""The fleet in a browser: live, found, and without a script."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests import builders
from tests.browser.conftest import NARROW, Portal, Visiting


@pytest.fixture(autouse=True)
def _polls_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll each 200 ms, so that a test need not wait for five seconds."""
    monkeypatch.setattr("portal.fleet.views.EVERY", 0.2)


def break_production(portal: Portal) -> None:
    down = builders.database(status="storage-full")
    portal.house.put(builders.snapshot(databases=(down,), taken_at=portal.house.clock.move(seconds=1)))


def polled(page: Page) -> None:
    """Wait until a poll that began after now was answered."""
    with page.expect_response(lambda response: "/fleet/live" in response.url):
        pass
    with page.expect_response(lambda response: "/fleet/live" in response.url):
        pass


def test_what_happens_shows_without_a_reload(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer")
    page = who.go("/")
    expect(page.locator("#env-production .state")).to_have_text("Healthy")
    page.evaluate("window.notReloaded = true")
    break_production(portal)
    expect(page.locator("#env-production .state")).to_have_text("Down")
    expect(page.locator(".verdict-line")).to_contain_text("2 of 2 environments need you.")
    assert page.evaluate("window.notReloaded")
    assert who.violations() == []
    assert who.trouble.said == []


def test_while_nothing_happens_polls_are_answered_with_nothing(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/")
    with page.expect_response(lambda response: "/fleet/live" in response.url) as caught:
        pass
    assert caught.value.status == 204


def test_a_change_leaves_focus_typed_text_and_scroll_alone(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer", size=NARROW).go("/")
    page.get_by_label("Find an environment").fill("half a wor")
    link = page.locator("#env-legacy h3 a")
    link.focus()
    page.mouse.wheel(0, 120)
    page.wait_for_function("window.scrollY > 0")
    before = page.evaluate("window.scrollY")
    break_production(portal)
    expect(page.locator("#env-production .state")).to_have_text("Down")
    expect(link).to_be_focused()
    expect(page.get_by_label("Find an environment")).to_have_value("half a wor")
    assert abs(page.evaluate("window.scrollY") - before) < 120


def test_typing_goes_on_through_a_change(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/")
    field = page.get_by_label("Find an environment")
    field.press_sequentially("rba")
    break_production(portal)
    expect(page.locator("#env-production .state")).to_have_text("Down")
    field.press_sequentially("c")
    expect(field).to_have_value("rbac")
    expect(field).to_be_focused()


def test_search_and_filter(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/")
    page.keyboard.press("/")
    page.keyboard.type("legacy-app")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=legacy-app*")
    expect(page.locator(".env")).to_have_count(1)
    page.get_by_role("link", name="Show all").click()
    page.get_by_label("Steady").check()
    page.wait_for_url("**/?q=&show=steady")
    expect(page.locator(".env h3")).to_have_text(["production"])


def test_search_and_filter_without_a_script(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer", java_script_enabled=False).go("/")
    page.get_by_label("Needs you").check(force=True)
    page.get_by_label("Find an environment").fill("us-east-1")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".env h3")).to_have_text(["legacy"])


def test_a_finding_leads_to_its_node(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/")
    page.get_by_role("link", name="Database legacy-app has no standby", exact=True).click()
    assert page.url.endswith("/environments/legacy/topology?node=database-legacy-app")


def test_ages_count_on_and_turn_stale_by_themselves(portal: Portal, visit: Visiting) -> None:
    who = visit(portal)
    who.page.clock.install()
    page = who.log_in("viewer").go("/")
    age = page.locator("#env-production time.age")
    expect(age).to_have_text("now")
    page.clock.fast_forward("00:20")
    expect(age).to_have_text("20 s ago")
    page.clock.fast_forward("01:00")
    expect(age).to_have_text("1 min ago")
    expect(age).to_have_class("age is-stale")


def test_when_haven_does_not_answer_the_page_stays_and_says_since_when(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/")
    page.context.set_offline(True)
    expect(page.get_by_role("status").first).to_contain_text("Haven does not answer since")
    expect(page.locator("#env-production .state")).to_have_text("Healthy")
    page.context.set_offline(False)
    expect(page.locator("#notice")).to_be_empty()


def test_when_the_session_ends_the_page_stays_and_offers_to_log_in(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/?q=production")
    portal.house.clock.move(hours=13)
    expect(page.locator("#notice")).to_contain_text("Your session ended.")
    expect(page.locator("#env-production")).to_be_visible()
    polled(page)
    expect(page.locator("#notice .callout")).to_have_count(1)
    page.get_by_role("link", name="Log in again").click()
    assert "next=/?q%3Dproduction" in page.url


def test_when_the_database_goes_away_the_page_says_so_and_recovers(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/")
    portal.house.unit.away = True
    expect(page.locator("#fleet")).to_contain_text("own database is away")
    portal.house.unit.away = False
    expect(page.locator("#fleet")).not_to_contain_text("own database is away")


def test_dozens_of_environments_stay_readable(portal: Portal, visit: Visiting) -> None:
    for number in range(40):
        name = f"copy-{number:02d}"
        portal.house.add_environment(replace(builders.snapshot(), environment=name), builders.environment(name))
    who = visit(portal, "viewer", size=NARROW)
    who.go("/")
    expect(who.page.locator(".env")).to_have_count(42)
    assert (who.violations(), who.sideways()) == ([], 0)
