"""Changing a service's scaling in a browser: by keyboard, narrow and wide, light and dark; the last button that waits,
the replay that asks for itself, nothing that scrolls sideways."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.domain.scaling.change import state_of
from services.domain.snapshot import Snapshot
from services.usecases.scaling_documents import read_change
from tests import builders as b
from tests.browser.conftest import NARROW, WIDE, Portal, Visiting
from tests.browser.test_failovers import kept, sound, tab_to
from tests.unit.portal.scaling_desks import MORNING, FakeReplays, FakeScalings

BASE = "/environments/production/scaling/rbac"
REASON = "Sign-in peak after holiday"


def busy() -> Snapshot:
    """production, where rbac has a scheduled action; the real desk judges it."""
    made = sound()
    rbac = replace(made.services[0], scaling=b.scaling(scheduled=(MORNING,)))
    return replace(made, services=(rbac, *made.services[1:]))


@pytest.fixture
def ready(portal: Portal) -> Portal:
    portal.house.put(busy())
    desk = FakeScalings()
    desk.known["rbac"] = busy().services[0]
    portal.house.replays = FakeReplays(scalings=desk)  # type: ignore[assignment]
    return portal


def preview(page: Page, maximum: str = "14") -> None:
    page.get_by_label("Max tasks").fill(maximum)
    page.get_by_role("button", name="Preview it").click()
    expect(page.locator("#guards")).to_be_visible()


def let_pass(page: Page) -> None:
    """Every guard that is not known here, where nothing was ever measured."""
    for box in page.locator("[name=overrides]").all():
        box.check()
    if page.locator("#override_reason").count():
        page.locator("#override_reason").fill("No metrics are kept in this house")


def test_by_keyboard_alone_from_the_form_to_the_live_page(ready: Portal, visit: Visiting) -> None:
    who = visit(ready, "admin")
    page = who.go(f"{BASE}/change")
    tab_to(page, "#maximum")
    page.keyboard.press("Control+A")
    page.keyboard.type("14")
    page.keyboard.press("Enter")
    expect(page.locator("#replay")).to_be_visible()
    tab_to(page, "#reason", 120)
    page.keyboard.type(REASON)
    while page.locator("[name=overrides]:not(:checked)").count():
        tab_to(page, "[name=overrides]:not(:checked)")
        page.keyboard.press("Space")
    tab_to(page, "#override_reason")
    page.keyboard.type("No metrics are kept in this house")
    tab_to(page, ".ask-form button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/operations/*")
    expect(page.locator("[aria-labelledby=changed]")).to_contain_text("Maximum")
    made = kept(ready, page.url.rsplit("/", 1)[1])
    assert (made.kind, made.reason, read_change(made.wants("change")).max_capacity) == ("scaling", REASON, 14)
    assert who.trouble.said == []


def test_the_last_button_waits_for_reason_overrides_and_the_typed_name(ready: Portal, visit: Visiting) -> None:
    page = visit(ready, "admin").go(f"{BASE}/change")
    preview(page, "5")
    button, says = page.locator(".ask-form button[type=submit]"), page.locator("[data-ask-says]")
    expect(button).to_be_disabled()
    expect(says).to_contain_text("a reason")
    page.locator("#reason").fill(REASON)
    let_pass(page)
    expect(says).to_have_text("Still missing: the typed name.")
    page.locator("#typed_name").fill("rbac")
    expect(button).to_be_enabled()


def test_the_replay_asks_for_itself_and_the_rest_stays(ready: Portal, visit: Visiting) -> None:
    who = visit(ready, "admin")
    page = who.go(f"{BASE}/change")
    preview(page)
    page.locator("#reason").fill(REASON)
    page.get_by_role("radio", name="7 days").check()
    expect(page.locator("#replay-h")).to_have_text("Replay of the last 7 days")
    page.get_by_label("with one zone lost at the peak").check()
    expect(page.locator("#replay")).to_contain_text("one zone lost")
    expect(page.locator("[data-by-hand]")).to_be_hidden()
    expect(page.locator("#reason")).to_have_value(REASON)
    assert who.trouble.said == []


def test_a_typed_time_chooses_itself_and_is_kept(ready: Portal, visit: Visiting) -> None:
    page = visit(ready, "admin").go(f"{BASE}/change")
    page.get_by_label("Until, UTC").fill("2026-11-23 18:00")
    expect(page.get_by_role("radio", name="Until…")).to_be_checked()
    preview(page)
    expect(page.locator(".vitals")).to_contain_text("23 Nov 18:00")
    page.get_by_role("button", name="Edit the values").click()
    expect(page.get_by_label("Until, UTC")).to_have_value("2026-11-23 18:00")
    expect(page.get_by_label("Max tasks")).to_have_value("14")


def test_an_open_form_conflicts_and_goes_on_with_its_values(ready: Portal, visit: Visiting) -> None:
    page = visit(ready, "admin").go(f"{BASE}/change")
    page.get_by_label("Max tasks").fill("14")
    outside = replace(state_of(b.scaling()).scaling, max_capacity=10)
    made = busy()
    rbac = replace(made.services[0], scaling=replace(outside, scheduled=(MORNING,)))
    ready.house.put(replace(made, services=(rbac, *made.services[1:])))
    page.get_by_role("button", name="Preview it").click()
    expect(page.locator("[aria-labelledby=conflict]")).to_contain_text("Maximum")
    assert page.locator("[aria-labelledby=conflict] tbody tr").inner_text().split() == ["Maximum", "12", "10", "14"]
    page.get_by_role("button", name="Open it again with my values").click()
    expect(page.get_by_label("Max tasks")).to_have_value("14")
    page.get_by_role("button", name="Preview it").click()
    expect(page.locator("#guards")).to_be_visible()


def test_form_and_preview_have_no_violation_and_nothing_scrolls_sideways(ready: Portal, visit: Visiting) -> None:
    who = visit(ready, "admin")
    page = who.go(f"{BASE}/change")
    for each in page.locator("details.policy > summary").all():
        each.click()
    assert who.in_every_look() == {}
    preview(page, "5")
    assert who.in_every_look() == {}
    who.go(f"{BASE}/carry")
    assert who.in_every_look() == {}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_without_a_script_it_all_works(ready: Portal, visit: Visiting, size: Any) -> None:
    page = visit(ready, "admin", size=size, java_script_enabled=False).go(f"{BASE}/change")
    preview(page)
    page.get_by_role("radio", name="7 days").check()
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.locator("#replay-h")).to_have_text("Replay of the last 7 days")
    page.get_by_role("button", name="Back to the preview").click()
    page.locator("#reason").fill(REASON)
    let_pass(page)
    page.locator(".ask-form button[type=submit]").click()
    page.wait_for_url("**/operations/*")
    expect(page.locator("[aria-labelledby=changed]")).to_contain_text("14")
