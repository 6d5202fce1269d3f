"""Failovers as somebody on call uses them: asked for by keyboard, approved by another, watched, cancelled, resolved;
the history, its incidents and files. The worker is not there: what it would save, tests put into the store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.domain.failover.episode import Origin, Result
from services.domain.failover.steps import steps_for
from services.domain.operation import Operation, Sent, State
from services.domain.snapshot import Snapshot
from tests import builders as b
from tests.browser.conftest import NARROW, WIDE, Portal, Visiting
from tests.unit.portal.operation_views import failover

TOPOLOGY = "/environments/production/topology"
PREVIEW = "/environments/production/failovers/new?kind=rds-instance&target=production-app"
LEGACY = "/environments/legacy/failovers/new?kind=rds-instance&target=legacy-app"
REASON = "Patch the host of us-east-1a"
PATIENT = 10_000
"""Milliseconds: polls are due every two to five seconds."""


def sound() -> Snapshot:
    """production, where nothing stands in the way of a failover."""
    stacks = tuple(replace(stack, parameters=(*stack.parameters, ("PoolSize", "10"))) for stack in b.snapshot().stacks)
    known = {stack.name for stack in stacks}
    more = tuple(
        b.stack(f"service-{name}", parameters=(("EnvironmentName", "production"), ("PoolSize", "10")))
        for name in b.SERVICES
        if f"service-{name}" not in known
    )
    return b.snapshot(stacks=(*stacks, *more))


@pytest.fixture
def ready(portal: Portal) -> Portal:
    """production passes every check."""
    portal.house.put(sound())
    return portal


def put(portal: Portal, operation: Operation) -> None:
    """An operation as a worker would have left it, with a line of its trail."""
    with portal.house.unit() as store:
        store.operations.add(operation)
        store.operations.record(b.trail_entry(operation.id, sentence=f"{operation.requested_by} asked for it."))


def change(portal: Portal, id: str = "op-1", **changes: Any) -> None:
    """What a worker saves next."""
    with portal.house.unit() as store:
        operation = store.operations.get(id)
        assert operation
        store.operations.save(replace(operation, **changes))


def episodes(portal: Portal) -> None:
    """Two failovers: one Haven was asked for, one AWS began."""
    with portal.house.unit() as store:
        store.episodes.put(b.episode("ep-1"))
        day = timedelta(days=1)
        store.episodes.put(
            b.episode(
                "ep-2", origin=Origin.AUTOMATIC, started_at=b.NOW - day, completed_at=None, result=Result.UNFINISHED,
                phases=(), outage_seconds=None, outage_source="", operation_id="", who="", reason="",
            )
        )  # fmt: skip


def kept(portal: Portal, id: str) -> Operation:
    with portal.house.unit(readonly=True) as store:
        operation = store.operations.get(id)
    assert operation
    return operation


def fill(page: Page, reason: str = REASON, name: str = "production-app") -> None:
    page.get_by_label("Reason", exact=True).fill(reason)
    page.get_by_label("Type the name to confirm").fill(name)


def ask(page: Page) -> str:
    """Ask for it; the operation's id."""
    fill(page)
    page.locator(".ask-form button[type=submit]").click()
    page.wait_for_url("**/operations/*")
    return page.url.rsplit("/", 1)[1]


def tab_to(page: Page, selector: str, most: int = 80) -> None:
    """Tab on until it has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
    there, last = page.locator(selector).count(), page.evaluate("document.activeElement?.outerHTML.slice(0, 200)")
    raise AssertionError(f"Tab never reached {selector}, of which there are {there}; it came to {last}")


# Asking -------------------------------------------------------------------------------------------------------------


def test_by_keyboard_alone_from_the_topology_to_the_live_page(ready: Portal, visit: Visiting) -> None:
    who = visit(ready, "operator")
    page = who.go(TOPOLOGY)
    tab_to(page, 'svg.picture-wide a[id$="database-production-app"]')
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    tab_to(page, "#fail-over")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_contain_text("All 15 checks pass")
    tab_to(page, "#reason")
    page.keyboard.type(REASON)
    tab_to(page, "#typed_name")
    page.keyboard.type("production-app")
    page.keyboard.press("Enter")
    page.wait_for_url("**/operations/*")
    expect(page.locator(".verdict")).to_contain_text("Waiting for a second person")
    made = kept(ready, page.url.rsplit("/", 1)[1])
    assert (made.requested_by, made.reason, made.wants("to_zone")) == ("operator", REASON, "us-east-1b")
    assert who.trouble.said == []


def test_the_first_screen_says_what_moves_what_it_costs_and_that_all_passes(ready: Portal, visit: Visiting) -> None:
    page = visit(ready, "operator").go(PREVIEW)
    for seen in (".verdict", "#moves", ".picture-wide", "#cost", "#passed summary", ".ask-form button[type=submit]"):
        expect(page.locator(seen).first).to_be_in_viewport(ratio=1)
    expect(page.locator("#passed summary")).to_have_text("15 of 15 checks pass")
    expect(page.locator("#passed .check").first).to_be_hidden()
    page.locator("#passed summary").press("Enter")
    expect(page.locator("#passed .check")).to_have_count(15)
    expect(page.locator("#passed .check").last).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_picture_has_only_zones_in_use_and_cuts_no_word(ready: Portal, visit: Visiting, size: Any) -> None:
    page = visit(ready, "viewer", size=size).go(PREVIEW)
    told = page.locator("svg.picture:visible text").all_text_contents()
    assert {text for text in told if text.startswith("us-east-1")} == set(b.ZONES)
    assert [text for text in told if "…" in text] == []


def test_the_last_button_waits_for_reason_and_name(ready: Portal, visit: Visiting) -> None:
    page = visit(ready, "operator").go(PREVIEW)
    button = page.locator(".ask-form button[type=submit]")
    expect(button).to_be_disabled()
    expect(page.locator("[data-guard-says]")).to_have_text("Still missing: a reason, the typed name.")
    fill(page, name="production-ap")
    expect(button).to_be_disabled()
    page.get_by_label("Type the name to confirm").press_sequentially("p")
    page.get_by_label("Type the name to confirm").fill("production-app")
    expect(button).to_be_enabled()


def test_what_was_typed_stays_when_it_is_refused(ready: Portal, visit: Visiting) -> None:
    page = visit(ready, "operator", java_script_enabled=False).go(PREVIEW)
    page.get_by_label("Reason", exact=True).fill(REASON)
    page.get_by_label("Ticket").fill("OPS-4471")
    page.get_by_label("Type the name to confirm").fill("production-cache")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.locator(".ask-form button[type=submit]").click()
    assert answer.value.status == 422
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Reason", exact=True)).to_have_value(REASON)
    expect(page.get_by_label("Ticket")).to_have_value("OPS-4471")
    field = page.get_by_label("Type the name to confirm")
    expect(field).to_have_value("production-cache")
    expect(field).to_have_attribute("aria-invalid", "true")
    with ready.house.unit(readonly=True) as store:
        assert store.operations.live() == []


def test_a_viewer_sees_the_preview_and_who_may(ready: Portal, visit: Visiting) -> None:
    page = visit(ready, "viewer").go(PREVIEW)
    expect(page.locator("#moves")).to_be_visible()
    expect(page.locator(".ask-form")).to_contain_text("Roles that may run failovers: operator and admin.")
    expect(page.locator(".ask-form button")).to_have_count(0)


def test_a_check_let_pass_by_an_admin_needs_its_own_reason(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "admin").go(PREVIEW)
    fill(page)
    button = page.locator(".ask-form button[type=submit]")
    expect(button).to_be_disabled()
    page.get_by_role("checkbox", name="Connections fit").check()
    expect(page.locator("[data-guard-says]")).to_have_text("Still missing: why checks may be let pass.")
    page.get_by_label("Why these may be let pass").fill("The pools are small; I counted them.")
    button.click()
    page.wait_for_url("**/operations/*")
    made = kept(portal, page.url.rsplit("/", 1)[1])
    assert (made.overridden, made.wants("override_reason")) == (
        ("connections",),
        "The pools are small; I counted them.",
    )


def test_legacy_is_refused_saying_why_and_what_would_mend_it(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "operator")
    page = who.go("/environments/legacy/failovers")
    page.get_by_role("link", name="Why not legacy-app").click()
    expect(page.locator(".verdict")).to_contain_text("It cannot be failed over. It is Single-AZ")
    expect(page.locator(".verdict")).to_contain_text("What would mend it: Turn on Multi-AZ")
    expect(page.locator(".ask-form form")).to_have_count(0)
    expect(page.locator(".check-bad").first).to_be_in_viewport(ratio=1)
    expect(who.go("/environments/legacy/topology").locator("#fail-over")).to_have_count(0)


def test_the_preview_of_an_unread_environment_waits_and_fills_by_itself(portal: Portal, visit: Visiting) -> None:
    portal.house.add_environment(None, b.environment("staging"))
    who = visit(portal, "operator")
    page = who.go("/environments/staging/failovers/new?kind=rds-instance&target=staging-app")
    expect(page.locator(".verdict")).to_contain_text("Not read yet.")
    assert who.violations() == []
    portal.house.put(b.snapshot("staging"))
    expect(page.locator("#moves")).to_be_visible(timeout=PATIENT)
    assert who.trouble.said == []


# The second person --------------------------------------------------------------------------------------------------


def test_a_second_person_approves_and_the_requester_may_not(ready: Portal, visit: Visiting) -> None:
    first = visit(ready, "operator").go(PREVIEW)
    made_id = ask(first)
    expect(first.locator("#approve")).to_have_count(0)
    expect(first.get_by_text("somebody else has to approve it")).to_be_visible()
    second = visit(ready, "admin")
    page = second.go("/")
    page.get_by_role("link", name="Decide").click()
    expect(page.locator("#seen-checks .check")).to_have_count(15)
    page.get_by_role("button", name="Approve: fail over production-app to us-east-1b").press("Enter")
    expect(page.get_by_text("Approved.")).to_be_visible()
    made = kept(ready, made_id)
    assert (made.state, made.approved_by) == (State.REQUESTED, "admin")
    expect(first.locator("#operation[data-state=requested]")).to_be_visible(timeout=PATIENT)
    assert ("admin", "approve failover", "production") in ready.house.actions


def test_what_waits_is_cancelled_by_whoever_asked(ready: Portal, visit: Visiting) -> None:
    page = visit(ready, "operator").go(PREVIEW)
    made_id = ask(page)
    page.get_by_role("button", name="Cancel the failover of production-app").press("Enter")
    expect(page.locator(".verdict")).to_contain_text("Cancelled. Nothing was touched.")
    expect(page.get_by_text("It is over; its record stays.")).to_be_visible()
    assert kept(ready, made_id).state is State.CANCELLED


# The live page ------------------------------------------------------------------------------------------------------


def test_the_live_page_follows_and_stops_asking_at_the_end_without_moving_the_focus(
    portal: Portal, visit: Visiting
) -> None:
    put(portal, failover(State.RUNNING, Sent.YES, step="move"))
    who = visit(portal, "viewer", reduced_motion="reduce")
    page = who.go("/operations/op-1")
    expect(page.locator(".verdict")).to_contain_text("Changing.")
    page.locator("#receipt summary, .step summary").first.focus()
    page.evaluate("window.focused = document.activeElement; window.scrollTo(0, 120)")
    steps = steps_for(failover(State.RUNNING).target_kind)
    seen = tuple((step.name, portal.house.clock.now()) for step in steps)
    change(portal, seen=seen, state=State.SUCCEEDED, finished_at=portal.house.clock.now(), because="All was seen.")
    expect(page.locator("#operation[data-state=succeeded]")).to_be_visible(timeout=PATIENT)
    assert page.evaluate("document.activeElement === window.focused && scrollY === 120")
    expect(page.locator(".verdict")).to_contain_text("Done.")
    expect(page.locator("#result")).to_be_visible()
    assert page.locator("#operation").get_attribute("hx-get") is None
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_request("**/banners?*", timeout=PATIENT):
        pass
    with page.expect_request("**/banners?*", timeout=PATIENT):
        pass
    assert [url for url in asked if "/operations/" in url] == []
    assert who.trouble.said == []


def test_what_a_reader_opened_stays_open_while_it_follows(portal: Portal, visit: Visiting) -> None:
    put(portal, failover(State.RUNNING, Sent.YES, receipt="6c1e-a09f-6c1e-a09f-6c1e-a09f"))
    page = visit(portal, "viewer").go("/operations/op-1")
    expect(page.locator("#receipt summary")).to_have_text("accepted as request 6c1e-a09f-6c…")
    page.locator("#receipt summary").click()
    change(
        portal,
        because="A new reason.",
        notes=(*failover(State.RUNNING, Sent.YES).notes, ("writes_lost_at", b.NOW.isoformat())),
    )
    expect(page.locator("#clock")).to_be_visible(timeout=PATIENT)
    expect(page.get_by_text("without writes so far")).to_be_visible(timeout=PATIENT)
    expect(page.locator("#receipt code")).to_have_text("6c1e-a09f-6c1e-a09f-6c1e-a09f")
    expect(page.locator("#receipt code")).to_be_visible()


def test_many_lines_of_news_leave_no_blank_under_the_page(portal: Portal, visit: Visiting) -> None:
    put(portal, failover(State.RUNNING, Sent.YES))
    with portal.house.unit() as store:
        for number in range(120):
            store.operations.record(b.trail_entry("op-1", sentence=f"Line {number}."))
    for size in (WIDE, NARROW):
        page = visit(portal, "viewer", size=size).go("/operations/op-1")
        expect(page.locator("#older summary")).to_have_text("109 older")
        foot = "document.querySelector('footer').getBoundingClientRect().bottom + scrollY"
        assert page.evaluate(f"document.documentElement.scrollHeight - ({foot})") <= 1


@pytest.mark.parametrize(
    ("button", "state"),
    [("Mark as done", State.SUCCEEDED), ("Give it up", State.FAILED), ("Go on watching", State.RUNNING)],
)
def test_what_is_stuck_is_resolved_with_what_was_seen(
    portal: Portal, visit: Visiting, button: str, state: State
) -> None:
    put(portal, failover(State.STUCK, Sent.MAYBE, because="Its answer was lost."))
    page = visit(portal, "operator").go("/")
    page.get_by_role("link", name="Decide").click()
    way = page.locator("form", has=page.get_by_role("button", name=f"{button}: production-app"))
    way.get_by_role("textbox").fill("The console shows it in us-east-1b.")
    # A poll in between must leave what is being typed alone.
    change(portal, because="Its answer was lost; looked again.")
    expect(page.locator(".verdict")).to_contain_text("looked again", timeout=PATIENT)
    expect(way.get_by_role("textbox")).to_have_value("The console shows it in us-east-1b.")
    way.get_by_role("button").press("Enter")
    expect(page.locator(f'#operation[data-state="{state.value}"]')).to_be_visible()
    assert kept(portal, "op-1").state is state


# Pauses and banners -------------------------------------------------------------------------------------------------


def test_a_pause_is_said_on_a_page_that_was_open_already_and_lifted_again(portal: Portal, visit: Visiting) -> None:
    other = visit(portal, "viewer").go("/")
    who = visit(portal, "operator")
    page = who.go("/environments/production/failovers")
    page.get_by_text("Pause automation…").click()
    page.get_by_label("Why").fill("The release is being rolled out.")
    page.get_by_role("button", name="Pause automation").click()
    expect(page.locator(".banners")).to_contain_text("Automation paused for production")
    expect(other.locator(".banners")).to_contain_text("The release is being rolled out.", timeout=PATIENT)
    page.get_by_role("button", name="Lift the pause of production").click()
    expect(page.locator(".banners")).to_have_count(0)
    expect(other.locator(".banners")).to_have_count(0, timeout=PATIENT)
    assert who.trouble.said == []


# The history --------------------------------------------------------------------------------------------------------


def test_an_incident_is_acknowledged_and_stands_so_in_the_history(portal: Portal, visit: Visiting) -> None:
    episodes(portal)
    page = visit(portal, "operator").go("/failovers/ep-1")
    page.get_by_label("What you found").fill("The host was patched.")
    page.get_by_role("button", name="Acknowledge failover").press("Enter")
    expect(page.get_by_text("“The host was patched.”")).to_be_visible()
    page.goto(f"{portal.url}/environments/production/failovers")
    expect(page.locator(".episodes tbody tr").first).to_contain_text("operator")


def test_the_history_is_taken_along_as_files(portal: Portal, visit: Visiting) -> None:
    episodes(portal)
    page = visit(portal, "viewer").go("/environments/production/failovers")
    for word, name, part in (
        ("CSV", "failovers-production.csv", "production-app"),
        ("JSON", "failovers-production.json", "ep-1"),
    ):
        with page.expect_download() as download:
            page.get_by_role("link", name=word, exact=True).click()
        assert download.value.suggested_filename == name
        assert part in download.value.path().read_text(encoding="utf-8-sig")


def test_the_time_line_is_short_until_all_of_it_is_asked_for(portal: Portal, visit: Visiting) -> None:
    episodes(portal)
    with portal.house.unit() as store:
        store.events.add([*b.failover_events(), b.cloud_event("Finished DB instance backup", -800)])
    page = visit(portal, "viewer").go("/failovers/ep-1")
    expect(page.locator("#moments tbody tr")).to_have_count(4)
    page.get_by_role("link", name="Show all 5 moments").click()
    expect(page.locator("#moments tbody tr")).to_have_count(5)
    page.get_by_role("link", name="Show what matters").click()
    expect(page.locator("#moments tbody tr")).to_have_count(4)


# Every page, every look ---------------------------------------------------------------------------------------------


def paths(portal: Portal) -> list[str]:
    """Each kind of page, with something on it; one operation in each state that looks different."""
    episodes(portal)
    states = (
        failover(State.AWAITING_APPROVAL, approve_before=b.NOW + timedelta(minutes=30)),
        failover(State.RUNNING, Sent.YES, target="app-2"),
        failover(State.STUCK, Sent.MAYBE, target="app-3", because="Its answer was lost."),
        failover(State.SUCCEEDED, Sent.YES, target="app-4", finished_at=b.NOW, because="All was seen."),
    )
    for number, operation in enumerate(states, 1):
        put(portal, replace(operation, id=f"op-{number}"))
    return [
        "/failovers", "/environments/production/failovers", "/environments/legacy/failovers", PREVIEW, LEGACY,
        "/environments/production/failovers/new?kind=cache&target=production-cache", "/operations",
        *(f"/operations/op-{number}" for number in range(1, 5)), "/failovers/ep-1", "/failovers/ep-1?moments=all",
    ]  # fmt: skip


def test_every_page_of_failovers_is_sound(ready: Portal, visit: Visiting) -> None:
    who = visit(ready, "admin")
    found = {}
    for path in paths(ready):
        who.go(path)
        found[path] = who.in_every_look()
    assert {path: looks for path, looks in found.items() if looks} == {}
    assert who.trouble.said == []
