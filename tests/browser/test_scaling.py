"""Seeing scaling in a browser: sound in every look, charts by pointer and keys, times also in the reader's own zone,
kept up to date without losing what one has opened."""

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests import builders as b
from tests.browser.conftest import NARROW, UNFOLD, Portal, Visiting
from tests.unit.portal import scaling_scene as scene

INDEX = "/environments/production/scaling"
RBAC = f"{INDEX}/rbac"
PATIENT = 12_000
"""Milliseconds: polls are due every five seconds."""


@pytest.fixture
def seen(portal: Portal) -> Portal:
    """production as scaling has left it."""
    scene.fill(portal.house)
    return portal


def test_every_page_of_it_is_sound(seen: Portal, visit: Visiting) -> None:
    who = visit(seen, "admin")
    found = {}
    for path in (INDEX, RBAC, f"{RBAC}?window=15d&kind=held", f"{INDEX}/audit", "/environments/legacy/scaling/rbac"):
        who.go(path).evaluate(UNFOLD)
        found[path] = who.in_every_look()
    assert {path: looks for path, looks in found.items() if looks} == {}
    assert who.trouble.said == []


def test_the_pointer_shows_every_plots_value_at_its_time(seen: Portal, visit: Visiting) -> None:
    page = visit(seen, "viewer").go(RBAC)
    cpu = page.locator(".plots-wide [data-now='1']")
    newest = cpu.text_content() or ""
    box = page.locator(".plots-wide").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.85, box["y"] + 200)
    expect(page.locator(".plots-wide [data-cross]")).to_have_attribute("visibility", "visible")
    expect(page.locator(".plots-wide [data-when]")).to_have_text("01:47")
    assert cpu.text_content() != newest
    page.mouse.move(5, 5)
    expect(cpu).to_have_text(newest)
    expect(page.locator(".plots-wide [data-cross]")).to_have_attribute("visibility", "hidden")


def test_in_a_gap_it_says_no_data(seen: Portal, visit: Visiting) -> None:
    page = visit(seen, "viewer").go(RBAC)
    box = page.locator(".plots-wide").bounding_box()
    assert box
    share = (50 + (836 - 58) * (180 - 91) / 180) / 836
    page.mouse.move(box["x"] + box["width"] * share, box["y"] + 200)
    expect(page.locator(".plots-wide [data-now='1']")).to_have_text("no data")


def test_arrow_keys_move_through_time_and_are_heard(seen: Portal, visit: Visiting) -> None:
    page = visit(seen, "viewer").go(RBAC)
    page.locator("#charts").focus()
    page.keyboard.press("Home")
    says = page.locator("[data-chart-says]")
    expect(says).to_contain_text("23:14 UTC: Tasks 8 running, 8 desired, 6 min, 10 max; CPU")
    page.keyboard.press("ArrowRight")
    expect(says).to_contain_text("23:15 UTC")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(says).to_contain_text("10 running, 10 desired, 6 min, 12 max")
    page.keyboard.press("Escape")
    expect(says).to_be_empty()


def test_next_runs_are_told_in_the_readers_zone_beside_utc(seen: Portal, visit: Visiting) -> None:
    page = visit(seen, "viewer", timezone_id="America/New_York").go(RBAC)
    row = page.locator(".runs tr", has_text="Mon 23 Nov 06:30")
    expect(row.locator("time")).to_have_text("Mon 23 Nov 06:30")
    expect(row.locator(".local")).to_have_text("Mon 01:30 GMT-5, yours")
    assert "Mon 23 Nov 07:30" in row.inner_text(), "the action's own zone"


def test_without_a_script_windows_reasons_and_both_zones_are_there(seen: Portal, visit: Visiting) -> None:
    seen_by = visit(seen, "viewer", java_script_enabled=False)
    page = seen_by.go(RBAC)
    expect(page.locator(".local")).to_have_count(0)
    expect(page.locator(".runs tr", has_text="Mon 23 Nov 06:30")).to_contain_text("Mon 23 Nov 07:30")
    page.get_by_role("link", name="15 days").click()
    expect(page.locator(".windows [aria-current]").first).to_have_text("15 days")
    page.get_by_role("link", name="Did not", exact=True).click()
    expect(page.locator(".windows [aria-current]")).to_have_text(["15 days", "Did not"])


def test_it_stays_up_to_date_and_what_is_open_stays_open(seen: Portal, visit: Visiting) -> None:
    page = visit(seen, "viewer").go(RBAC)
    page.locator("#numbers > summary").click()
    page.locator("#charts").focus()
    page.keyboard.press("Home")
    found = scene.snapshot()
    services = tuple(
        replace(s, scaling=replace(s.scaling, max_capacity=15)) if s.name == "rbac" and s.scaling else s
        for s in found.services
    )
    seen.house.put(replace(found, services=services))
    expect(page.locator(".vitals")).to_contain_text("6 to 15", timeout=PATIENT)
    expect(page.locator("#numbers")).to_have_attribute("open", "")
    expect(page.locator("#charts")).to_be_focused()
    expect(page.locator(".plots-wide [data-when]")).to_have_text("23:14")


def test_the_list_stays_up_to_date(seen: Portal, visit: Visiting) -> None:
    page = visit(seen, "viewer").go(INDEX)
    seen.house.put(b.snapshot(taken_at=b.NOW + timedelta(seconds=1)))
    expect(page.locator("#row-audit")).to_contain_text("3 of 3", timeout=PATIENT)


def test_on_a_phone_the_whole_window_is_drawn_and_nothing_is_cut_off(seen: Portal, visit: Visiting) -> None:
    who = visit(seen, "viewer", size=NARROW)
    page = who.go(RBAC)
    expect(page.locator(".plots-narrow")).to_be_visible()
    expect(page.locator(".plots-wide")).to_be_hidden()
    assert who.sideways() == 0
    wide = page.evaluate(
        """() => [...document.querySelectorAll('.plots-narrow text')].filter((text) => {
            const box = text.getBoundingClientRect();
            return box.left < 0 || box.right > innerWidth;
        }).map((text) => text.textContent)"""
    )
    assert wide == []


def test_from_the_list_to_a_service_to_its_change_and_its_node(seen: Portal, visit: Visiting) -> None:
    page = visit(seen, "admin").go("/")
    page.get_by_role("link", name="Scaling of production").click()
    page.get_by_role("link", name="rbac", exact=True).click()
    expect(page.locator("h1")).to_have_text("Scaling of rbac, in production")
    page.get_by_role("link", name="In the topology").click()
    page.locator("#panel").get_by_role("link", name="Scaling of rbac").click()
    page.get_by_role("link", name="Change it…").click()
    assert page.url.endswith(f"{RBAC}/change")


def test_in_print_there_are_no_controls_and_the_wide_chart(seen: Portal, visit: Visiting) -> None:
    page = visit(seen, "viewer", size=NARROW).go(RBAC)
    page.emulate_media(media="print")
    expect(page.locator(".plots-wide")).to_be_visible()
    expect(page.locator(".windows").first).to_be_hidden()
    expect(page.locator(".acts")).to_be_hidden()
