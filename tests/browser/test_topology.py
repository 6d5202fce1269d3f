"""The topology page as somebody uses it: panels in place, the present arriving, the past, every state, and paper."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, Route, expect

from services.domain.snapshot import Gap, Part, Reading, Snapshot
from tests import builders as b
from tests.browser.conftest import NARROW, WIDE, Portal, Visit, Visiting

PAGE = "/environments/production/topology"
DATABASE = "database-production-app"
PATIENT = 10_000
"""Milliseconds: a poll is due every two seconds."""


def put(portal: Portal, seconds: float = 1, **changes: Any) -> None:
    """A new reading of production, `seconds` after the last."""
    at = portal.house.clock.move(seconds=seconds)
    portal.house.put(b.snapshot(taken_at=at, readings=b.readings(at), **changes))


def moved() -> Any:
    """The database after a failover."""
    return b.database(zone=b.ZONES[1], secondary_zone=b.ZONES[0])


def is_poll(response: Response) -> bool:
    return "/topology/live" in response.url


def node(page: Page, name: str) -> Locator:
    """A node on whichever picture is shown; a database's row names it too, its box has the id."""
    return page.locator(f'#topology svg.picture a[id$="-{name}"]:visible')


def panel(page: Page, name: str = "") -> Locator:
    return page.locator(f'#panel[data-panel="{name}"]' if name else "#panel[data-panel]")


@pytest.fixture
def past(portal: Portal) -> Portal:
    """production: whole at 02:13, failed over at 03:13, four tasks of rbac at 04:13; now is five seconds later."""
    put(portal, 3600, databases=(moved(),))
    grown = (b.service("rbac", (*b.ZONES, b.ZONES[0])), *b.snapshot().services[1:])
    put(portal, 3600, databases=(moved(),), services=grown)
    portal.house.clock.move(seconds=5)
    return portal


# Panels --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_click_opens_a_panel_in_place_and_esc_gives_the_focus_back(
    portal: Portal, visit: Visiting, size: Any
) -> None:
    who = visit(portal, "viewer", size=size)
    page = who.go(PAGE)
    page.evaluate("window.notReloaded = true")
    node(page, DATABASE).click()
    expect(panel(page, DATABASE)).to_be_focused()
    expect(page.locator("#panel-title")).to_contain_text("production-app")
    assert page.url.endswith(f"?node={DATABASE}")
    page.keyboard.press("Escape")
    expect(node(page, DATABASE)).to_be_focused()
    expect(panel(page)).to_have_count(0)
    expect(page.locator("#panel-title")).to_have_text("What was read")
    assert page.url.endswith(PAGE)
    assert page.evaluate("window.notReloaded")
    assert who.trouble.said == []


def test_enter_opens_a_panel_and_its_close_link_gives_the_focus_back(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    node(page, "service-rbac").focus()
    page.keyboard.press("Enter")
    expect(panel(page, "service-rbac")).to_be_focused()
    expect(panel(page)).to_contain_text("rbac")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Close panel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(node(page, "service-rbac")).to_be_focused()
    expect(panel(page)).to_have_count(0)


def test_a_panel_leads_to_what_belongs_with_it(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(f"{PAGE}?node=service-rbac")
    page.locator("#panel .related a").first.click()
    expect(panel(page, "service-rbac")).to_have_count(0)
    expect(panel(page)).to_be_focused()
    page.go_back()
    expect(panel(page, "service-rbac")).to_be_visible()


def test_closing_what_the_picture_does_not_draw_gives_the_focus_to_a_link_that_names_it(
    portal: Portal, visit: Visiting
) -> None:
    gap(portal, Part.METRICS)
    page = visit(portal, "viewer").go(PAGE)
    page.locator('#panel a[data-node="part-metrics"]').click()
    expect(panel(page, "part-metrics")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    expect(page.locator('#panel a[data-node="part-metrics"]')).to_be_focused()


def test_a_panel_that_has_the_focus_still_gets_new_readings(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    node(page, DATABASE).click()
    expect(panel(page, DATABASE)).to_be_focused()
    put(portal, databases=(moved(),))
    expect(panel(page, DATABASE)).to_contain_text("us-east-1a, synchronous", timeout=PATIENT)
    expect(panel(page, DATABASE)).to_be_focused()


def test_esc_in_the_list_of_keys_closes_the_list_only(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(f"{PAGE}?node={DATABASE}")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    expect(panel(page, DATABASE)).to_be_visible()


def test_the_page_never_nests_in_itself(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    for name in ("gateway", "service-audit", DATABASE):
        node(page, name).locator("text").first.click()
        expect(panel(page, name)).to_be_visible()
        assert page.locator("#topology").count() == 1
    page.go_back()
    expect(panel(page, "service-audit")).to_be_visible()
    put(portal, databases=(moved(),))
    expect(node(page, DATABASE).locator("title")).to_contain_text("us-east-1b", timeout=PATIENT)
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    assert page.locator("#topology").count() == 1
    assert page.locator("main h1").count() == 1


def test_without_a_script_a_panel_opens_as_a_page(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer", java_script_enabled=False).go(PAGE)
    node(page, DATABASE).click()
    page.wait_for_url(f"**{PAGE}?node={DATABASE}#panel")
    expect(panel(page, DATABASE)).to_contain_text("us-east-1b, synchronous")
    expect(page.locator("#topology")).to_have_count(1)
    page.get_by_role("link", name="Close panel").click()
    page.wait_for_url(f"**{PAGE}")
    expect(panel(page)).to_have_count(0)


# The present arrives -------------------------------------------------------------------------------------------------


def test_an_unchanged_poll_is_answered_with_nothing(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    with page.expect_response(is_poll) as caught:
        pass
    assert caught.value.status == 204


def test_a_new_reading_leaves_panel_focus_scroll_and_what_is_unfolded_alone(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer", size={"width": 1440, "height": 500})
    page = who.go(f"{PAGE}?node={DATABASE}")
    page.locator("#history > summary").click()
    page.locator("#as-table > summary").click()
    link = page.locator('#as-table a[data-node="gateway"]')
    link.scroll_into_view_if_needed()
    link.focus()
    page.evaluate("window.notReloaded = true")
    before = page.evaluate("window.scrollY")
    assert before > 0
    put(portal, databases=(moved(),))
    expect(panel(page, DATABASE)).to_contain_text("us-east-1a, synchronous", timeout=PATIENT)
    expect(link).to_be_focused()
    expect(page.locator("#history")).to_have_attribute("open", "")
    expect(page.locator("#as-table")).to_have_attribute("open", "")
    assert page.evaluate("window.notReloaded")
    assert abs(page.evaluate("window.scrollY") - before) < 120
    assert who.trouble.said == []


def test_the_focus_on_the_picture_and_an_open_list_of_calls_stay(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    page.locator("#calls > summary").click()
    node(page, "standby-production-app").focus()
    put(portal, gateway=None)
    expect(page.locator(".verdict-line")).not_to_contain_text("Healthy.", timeout=PATIENT)
    expect(node(page, "standby-production-app")).to_be_focused()
    expect(page.locator("#calls")).to_have_attribute("open", "")


def test_polls_go_on_with_the_open_panel(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    node(page, DATABASE).click()
    expect(panel(page, DATABASE)).to_be_visible()
    with page.expect_response(is_poll) as caught:
        pass
    assert f"node={DATABASE}" in caught.value.url
    assert caught.value.status == 204


def test_opening_a_panel_is_told_apart_from_a_poll_by_sending_no_version(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    with page.expect_request(f"**/topology/live?node={DATABASE}*") as opened:
        node(page, DATABASE).click()
    assert "v=" not in opened.value.url
    expect(panel(page, DATABASE)).to_be_focused()
    with page.expect_request("**/topology/live*") as polled:
        pass
    assert "v=" in polled.value.url


def test_a_panel_opens_while_a_poll_is_on_its_way(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "node=" in route.request.url:
            route.continue_()
        else:
            held.append(route)

    page.route("**/topology/live*", hold)
    with page.expect_request("**/topology/live*"):
        pass
    node(page, DATABASE).click()
    expect(panel(page, DATABASE)).to_be_focused()
    assert len(held) == 1


def test_a_poll_due_while_a_panel_is_on_its_way_does_not_close_it(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer")
    who.page.clock.install()
    page = who.go(PAGE)
    held: list[Route] = []
    page.route(f"**/topology/live?node={DATABASE}*", lambda route: held.append(route), times=1)
    with page.expect_request(f"**/topology/live?node={DATABASE}*"):
        node(page, DATABASE).click()
    page.clock.run_for(5_000)
    held.pop(0).continue_()
    expect(panel(page, DATABASE)).to_be_focused()
    with page.expect_response(is_poll) as caught:
        page.clock.run_for(2_500)
    assert f"node={DATABASE}" in caught.value.url
    expect(panel(page, DATABASE)).to_be_visible()


def test_a_poll_due_before_a_new_panel_has_settled_asks_for_that_panel(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go(PAGE)
    # htmx reads what was morphed only after this delay; until then its timer has the address of the page without panel.
    page.evaluate("htmx.config.defaultSettleDelay = 60_000")
    node(page, DATABASE).click()
    expect(panel(page, DATABASE)).to_be_focused()
    with page.expect_response(is_poll) as caught:
        pass
    assert f"node={DATABASE}" in caught.value.url
    assert caught.value.status == 204
    expect(panel(page, DATABASE)).to_be_focused()


# The past ------------------------------------------------------------------------------------------------------------


def test_one_steps_back_forth_and_to_now(past: Portal, visit: Visiting) -> None:
    who = visit(past, "viewer")
    page = who.go(PAGE)
    page.get_by_role("link", name="Previous change").click()
    page.wait_for_url("**?at=2026-11-22T03:13:00Z")
    banner = page.get_by_role("note")
    expect(banner).to_contain_text("You are looking at the past: production as of 2026-11-22 03:13:00 UTC")
    expect(page.locator(".just")).to_contain_text("primary moved us-east-1a to us-east-1b")
    page.get_by_role("link", name="Previous change").click()
    page.wait_for_url("**?at=2026-11-22T02:13:00Z")
    expect(page.get_by_role("link", name="Previous change")).to_have_count(0)
    page.get_by_role("link", name="Next change").click()
    page.wait_for_url("**?at=2026-11-22T03:13:00Z")
    page.get_by_role("link", name="Back to now").click()
    page.wait_for_url(f"**{PAGE}")
    expect(banner).to_have_count(0)
    expect(page.get_by_role("link", name="Next change")).to_have_count(0)
    assert who.trouble.said == []


def test_brackets_and_the_strip_go_through_the_changes(past: Portal, visit: Visiting) -> None:
    page = visit(past, "viewer").go(PAGE)
    page.keyboard.press("[")
    page.wait_for_url("**?at=2026-11-22T03:13:00Z")
    strip = page.get_by_role("slider", name="Kept state")
    expect(strip).to_have_attribute("aria-valuetext", "2026-11-22 03:13:00 UTC")
    strip.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**?at=2026-11-22T02%3A13%3A00Z")
    page.keyboard.press("]")
    page.wait_for_url("**?at=2026-11-22T03:13:00Z")
    page.get_by_role("slider", name="Kept state").press("End")
    page.wait_for_url(f"**{PAGE}")


def test_the_past_is_not_polled_and_opens_panels_in_place(past: Portal, visit: Visiting) -> None:
    page = visit(past, "viewer").go(f"{PAGE}?at=2026-11-22T02:13:00Z")
    expect(page.locator("#topology[hx-get]")).to_have_count(0)
    node(page, DATABASE).click()
    expect(panel(page, DATABASE)).to_contain_text("us-east-1b, synchronous")
    expect(page.get_by_role("note")).to_contain_text("You are looking at the past")
    expect(page.locator("#topology[hx-get]")).to_have_count(0)


def test_comparing_two_kept_states_lists_what_changed(past: Portal, visit: Visiting) -> None:
    page = visit(past, "viewer").go(f"{PAGE}?at=2026-11-22T04:13:00Z")
    page.locator("#history > summary").click()
    page.get_by_role("link", name="compare 2026-11-22 02:13:00 UTC with what is shown").click()
    page.wait_for_url("**against=2026-11-22T02:13:00Z*")
    compared = page.get_by_role("region", name="from 2026-11-22 02:13:00 UTC to 2026-11-22 04:13:00 UTC")
    expect(compared).to_contain_text("primary moved us-east-1a to us-east-1b")
    expect(compared).to_contain_text("rbac: 3 to 4 tasks")
    compared.get_by_role("link", name="End the comparison").click()
    expect(compared).to_have_count(0)
    assert page.url.endswith("?at=2026-11-22T04:13:00Z")


def test_a_time_that_is_none_is_refused_with_the_form_it_takes(past: Portal, visit: Visiting) -> None:
    page = visit(past, "viewer").go(PAGE)
    page.locator("#history > summary").click()
    page.get_by_label("Show, UTC").fill("yesterday")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("main")).to_contain_text("That is no time Haven can read.")
    expect(page.locator("main")).to_contain_text("2026-11-22T02:13")


# States --------------------------------------------------------------------------------------------------------------


def gap(portal: Portal, part: Part = Part.DATABASE) -> None:
    """A part of production could not be read this time, nor before."""
    failed = Gap(part, "AccessDenied", f"Haven may not read {part}.", b.NOW)
    read = tuple(Reading(p, None, failed) if p is part else Reading(p, b.NOW) for p in Part)
    left_out: dict[str, Any] = {"databases": ()} if part is Part.DATABASE else {"metrics": ()}
    portal.house.put(b.snapshot(taken_at=portal.house.clock.move(seconds=1), readings=read, **left_out))


def crowd(portal: Portal) -> None:
    """An environment of sixty services with six tasks each."""
    services = []
    for number in range(60):
        made = b.service(f"service-{number:02d}", tuple(b.ZONES[n % 3] for n in range(6)))
        tasks = tuple(replace(t, task_id=f"{number:04x}{n:028x}") for n, t in enumerate(made.tasks))
        services.append(replace(made, tasks=tasks))
    portal.house.add_environment(b.snapshot("crowd", services=tuple(services)), b.environment("crowd"))


def sound(who: Visit) -> None:
    assert (who.violations(), who.sideways()) == ([], 0)


def test_a_page_that_gets_old_says_so_by_itself(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer")
    page = who.go(PAGE)
    portal.house.clock.move(seconds=61)
    said = "Nothing was read from AWS since 02:13:00; it was healthy then."
    expect(page.locator(".verdict")).to_contain_text(said, timeout=PATIENT)
    expect(page.locator(".verdict.is-stale")).to_have_count(1)
    sound(who)


def test_one_part_that_failed_is_marked_with_awss_error(portal: Portal, visit: Visiting) -> None:
    gap(portal)
    who = visit(portal, "viewer", size=NARROW)
    page = who.go(PAGE)
    expect(page.locator(".vitals")).to_contain_text(f"{len(Part) - 1} of {len(Part)}")
    expect(page.locator(".verdict-line")).not_to_contain_text("Healthy.")
    expect(page.locator(".picture-narrow")).to_contain_text("not read")
    page.locator('#panel a[data-node="part-database"]').click()
    expect(panel(page, "part-database")).to_contain_text("AccessDenied")
    sound(who)


def test_what_awaits_its_first_reading_fills_by_itself(portal: Portal, visit: Visiting) -> None:
    portal.house.add_environment(None, b.environment("fresh"))
    who = visit(portal, "viewer", size=NARROW)
    page = who.go("/environments/fresh/topology")
    expect(page.locator(".verdict-line")).to_contain_text("Not read yet.")
    expect(page.get_by_label("Awaiting the first reading")).to_contain_text(f"0 of {len(Part)} parts read.")
    sound(who)
    portal.house.put(b.snapshot("fresh"))
    expect(page.locator(".picture:visible")).to_have_count(1, timeout=PATIENT)
    expect(page.get_by_label("Awaiting the first reading")).to_have_count(0)
    assert who.trouble.said == []


def test_where_nothing_is_deployed_the_act_that_fills_the_page_is_named(portal: Portal, visit: Visiting) -> None:
    portal.house.add_environment(Snapshot("bare", b.NOW, b.readings()), b.environment("bare"))
    who = visit(portal, "viewer", size=NARROW)
    page = who.go("/environments/bare/topology")
    expect(page.get_by_role("heading", name="No stack of bare is deployed")).to_be_visible()
    expect(page.locator(".blank .cli")).to_contain_text("haven stack deploy bare")
    expect(page.locator(".picture")).to_have_count(0)
    sound(who)


def test_while_havens_database_is_away_the_page_shows_what_it_saw_last(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer", size=NARROW)
    page = who.go(PAGE)
    portal.house.unit.away = True
    expect(page.locator("#topology")).to_contain_text("Haven's own database does not answer.", timeout=PATIENT)
    expect(page.locator("#scrub")).to_contain_text("History is away")
    expect(page.locator(".picture:visible")).to_have_count(1)
    node(page, DATABASE).click()
    expect(panel(page, DATABASE)).to_be_focused()
    sound(who)
    portal.house.unit.away = False
    expect(page.locator("#topology")).not_to_contain_text("Haven's own database does not answer.", timeout=PATIENT)
    expect(panel(page, DATABASE)).to_be_visible()


def test_an_unknown_environment_is_not_found(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").page
    answer = page.goto(f"{portal.url}/environments/nowhere/topology")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main")).to_contain_text("There is no environment nowhere.")
    expect(page.locator("#topology")).to_have_count(0)


def test_a_stranger_is_sent_to_log_in(portal: Portal, visit: Visiting) -> None:
    who = visit(portal)
    page = who.go(f"{PAGE}?node={DATABASE}")
    expect(page.get_by_label("User name")).to_be_visible()
    expect(page.locator("#topology")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_sixty_services_are_collapsed_to_rows_of_counts(portal: Portal, visit: Visiting, size: Any) -> None:
    crowd(portal)
    who = visit(portal, "viewer", size=size)
    page = who.go("/environments/crowd/topology")
    shown = page.locator(".picture:visible")
    expect(shown).to_have_count(1)
    expect(shown.locator('a[id*="-service-service-"]')).to_have_count(60)
    expect(shown.locator('a[data-node^="task-"]')).to_have_count(0)
    assert who.sideways() == 0
    if size == NARROW:
        shown.locator('a[data-node="service-service-58"]:not([id])').click()
        expect(panel(page, "service-service-58")).to_be_focused()
        page.keyboard.press("Escape")
        expect(panel(page)).to_have_count(0)
    node(page, "service-service-59").click()
    expect(panel(page, "service-service-59")).to_be_focused()
    assert who.sideways() == 0


# Sound, and on paper -------------------------------------------------------------------------------------------------


def test_panels_the_past_and_comparisons_are_sound(past: Portal, visit: Visiting) -> None:
    who = visit(past, "viewer")
    found = {}
    for path in (
        f"{PAGE}?node={DATABASE}",
        f"{PAGE}?node=service-rbac",
        "/environments/legacy/topology?node=database-legacy-app",
        f"{PAGE}?at=2026-11-22T03:13:00Z",
        f"{PAGE}?at=2026-11-22T04:13:00Z&against=2026-11-22T02:13:00Z",
    ):
        page = who.go(path)
        page.evaluate("document.querySelectorAll('#topology details').forEach(each => { each.open = true; })")
        found[path] = who.in_every_look()
    assert {path: looks for path, looks in found.items() if looks} == {}
    assert who.trouble.said == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_paper_shows_the_wide_picture_and_no_controls(past: Portal, visit: Visiting, size: Any) -> None:
    page = visit(past, "viewer", size=size).go(f"{PAGE}?node={DATABASE}&at=2026-11-22T03:13:00Z")
    page.locator("#history > summary").click()
    controls = page.locator("#topology").locator(".btn, .range, button, form, .no-print")
    expect(page.get_by_role("link", name="Previous change")).to_be_visible()
    page.emulate_media(media="print")
    assert [each.inner_text() for each in controls.all() if each.is_visible()] == []
    expect(page.locator(".picture-wide")).to_be_visible()
    expect(page.locator(".picture-narrow")).to_be_hidden()
    expect(page.get_by_role("note")).to_contain_text("You are looking at the past")
    expect(page.locator(".nav")).to_be_hidden()
    expect(page.locator("#as-table tbody tr").first).to_be_visible()
    expect(panel(page, DATABASE)).to_contain_text("us-east-1a, synchronous")
