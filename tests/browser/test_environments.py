"""Environments in a browser: every page in every look, a check that is watched, an edit that met another, archiving."""

from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import expect

from services.catalogue import PackagedCatalogue
from services.domain.access import SYSTEM
from services.domain.operation import State
from services.usecases.environment_checks import looked
from services.usecases.environments import CHECK
from services.usecases.freezes import Window
from tests import builders as b
from tests.browser.conftest import NARROW, Portal, Visiting
from tests.fakes.stack_looks import standing
from tests.unit.portal.house import House

PAGES = (
    "/environments",
    "/environments/new",
    "/environments/production",
    "/environments/legacy",
    "/environments/former",
    "/environments/production/edit",
    "/environments/production/archive",
    "/environments/former/archive",
)
REASON = "the company moved house"


def furnish(house: House) -> None:
    """Roles, an external id, stacks of every sort, a freeze to come, an archived environment."""
    own = [standing(f"production-{name}", tagged="production") for name in ("network", "data", "service-rbac")]
    house.stack_looks.standings = [*own, standing("production-dashboards"), standing("shop-data"), standing("other")]
    found = house.environments.editable(SYSTEM, "production")
    role = f"arn:aws:iam::{b.ACCOUNT}:role/haven/haven-production-reader"
    edited = replace(found.environment, reader_role_arn=role, external_id="k" * 120)
    house.environments.edit(SYSTEM, found.version, edited)
    house.environments.register(SYSTEM, b.environment("former", region="eu-west-1"))
    house.environments.archive(SYSTEM, "former", REASON)
    soon = house.clock.now() + timedelta(days=3)
    house.freezes.add(SYSTEM, Window("Holidays", "production", soon, soon + timedelta(days=9), REASON))
    house.stack_looks.missing = {
        "operator": ["rds:RebootDBInstance", "elasticache:TestFailover"],
        "provisioner": ["It belongs to the account 210987654321, and the environment to 123456789012."],
    }
    house.environment_checks.request(SYSTEM, "production")
    work(house)


def work(house: House) -> None:
    """What a worker does with the checks that were asked for."""
    with house.unit(readonly=True) as store:
        asked = [each for each in store.operations.live() if each.kind == CHECK]
    for each in asked:
        environment = house.environments.get(SYSTEM, each.environment)
        notes = looked(house.unit, house.stack_looks, PackagedCatalogue(), environment)
        with house.unit() as store:
            running = store.operations.save(each.move(State.RUNNING, house.clock.now()))
            store.operations.save(running.noted(**notes).move(State.SUCCEEDED, house.clock.now()))


def test_every_page_is_sound(portal: Portal, visit: Visiting) -> None:
    furnish(portal.house)
    who = visit(portal, "admin")
    found = {}
    for path in PAGES:
        who.go(path)
        found[path] = who.in_every_look()
    portal.house.clock.move(minutes=9)
    expect(who.go("/environments").locator("main td .is-stale").first).to_be_visible()
    found["stale"] = who.in_every_look()
    assert {path: looks for path, looks in found.items() if looks} == {}
    assert who.trouble.said == []


def test_without_any_environment_the_list_says_what_begins(empty_portal: Portal, visit: Visiting) -> None:
    who = visit(empty_portal, "admin")
    page = who.go("/environments")
    expect(page.locator("main")).to_contain_text("No environment is known to Haven")
    expect(page.get_by_role("link", name="Add or adopt an environment")).to_be_visible()
    assert who.in_every_look() == {}


def test_a_viewer_sees_and_is_told_who_may(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer")
    page = who.go("/environments/production")
    expect(page.get_by_text("Your role, viewer, may look.")).to_be_visible()
    expect(page.get_by_role("button", name="Check access")).to_have_count(0)
    assert who.in_every_look() == {}
    assert "Your role may not do this." in who.go("/environments/new").inner_text("main")
    assert who.in_every_look() == {}


def test_what_is_wrong_or_not_there_is_said_soundly(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "admin")
    page = who.go("/environments/new")
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.get_by_role("button", name="Look after this environment").click()
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    assert who.in_every_look() == {}
    expect(who.go("/environments/nowhere").locator("main")).to_contain_text("There is no such thing.")
    assert who.in_every_look() == {}


def test_a_check_is_watched_to_its_end(portal: Portal, visit: Visiting) -> None:
    portal.house.stack_looks.standings = [standing("production-network", tagged="production")]
    portal.house.stack_looks.missing = {"reader": ["ecs:ListTasks"]}
    who = visit(portal, "admin")
    page = who.go("/environments/production")
    expect(page.locator(".verdict-line")).to_contain_text("Its access was never checked.")
    page.get_by_role("button", name="Check access").click()
    expect(page.locator(".verdict-line")).to_contain_text("Its access is being checked.")
    assert who.in_every_look() == {}
    work(portal.house)
    expect(page.locator(".verdict-line")).to_contain_text("1 role needs you: the reader lacks 1 right.")
    expect(page.get_by_text("ecs:ListTasks")).to_be_visible()
    expect(page.locator("#access[hx-get]")).to_have_count(0)


def test_stacks_that_nobody_looks_after_are_adopted(portal: Portal, visit: Visiting) -> None:
    portal.house.stack_looks.standings = [standing("shop-network"), standing("shop-data")]
    portal.house.environment_checks.request(SYSTEM, "production")
    work(portal.house)
    who = visit(portal, "admin")
    page = who.go("/environments/production")
    page.get_by_role("link", name="adopt shop").click()
    expect(page.get_by_label("Name")).to_have_value("shop")
    expect(page.get_by_label("AWS account")).to_have_value(b.ACCOUNT)
    page.get_by_label("Name").fill("Shop!")
    page.get_by_role("button", name="Look after this environment").click()
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    assert who.in_every_look() == {}
    page.get_by_label("Name").fill("shop")
    page.get_by_role("button", name="Look after this environment").click()
    expect(page.get_by_role("status").filter(has_text="shop is looked after now")).to_be_visible()
    work(portal.house)
    expect(page.locator(".verdict-line")).to_contain_text("2 stacks are looked after.")
    expect(page.get_by_role("row", name="shop-data")).to_contain_text("by its name; it has no tag")


def test_two_who_edit_at_once_see_both_versions(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "admin")
    page = who.go("/environments/production/edit")
    found = portal.house.environments.editable(SYSTEM, "production")
    portal.house.environments.edit(SYSTEM, found.version, replace(found.environment, slo_target=99.5))
    page.get_by_label("SLO target, %").fill("99.9")
    page.get_by_role("button", name="Save production").click()
    row = page.get_by_role("row", name="SLO target")
    expect(row).to_contain_text("99.5")
    expect(row).to_contain_text("99.9")
    assert who.in_every_look() == {}
    page.get_by_role("button", name="Save mine over it").click()
    expect(page.get_by_role("status").filter(has_text="Changed: SLO target.")).to_be_visible()


def test_protection_is_given_up_with_a_reason_beside_its_field(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "admin").go("/environments/production/edit")
    page.get_by_label("Protected: a second person approves").uncheck()
    page.get_by_role("button", name="Save production").click()
    expect(page.locator("#reason-wrong")).to_contain_text("one person alone may fail over")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Save production").click()
    expect(page.get_by_text("None: one person alone may fail over and deploy")).to_be_visible()


def test_archiving_waits_for_reason_and_name_and_is_undone(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "admin").go("/environments/production/archive")
    button = page.get_by_role("button", name="Archive production")
    expect(button).to_be_disabled()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_label("Type the name to confirm").fill("production")
    button.click()
    expect(page.locator(".verdict-line")).to_contain_text("production is archived.")
    page.get_by_role("button", name="Look after production again").click()
    expect(page.locator(".verdict-line")).to_contain_text("Its access was never checked.")


def test_a_freeze_is_announced_and_taken_back(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "admin", size=NARROW)
    page = who.go("/environments/legacy")
    page.get_by_text("Announce a freeze…").click()
    page.get_by_label("What it is for").fill("Holidays")
    page.get_by_label("From, UTC").fill("2026-12-20 00:00")
    page.get_by_label("Until, UTC").fill("2026-12-19 00:00")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Announce the freeze").click()
    expect(page.get_by_label("Until, UTC")).to_have_attribute("aria-invalid", "true")
    assert who.in_every_look() == {}
    page.get_by_label("Until, UTC").fill("2026-12-27 00:00")
    page.get_by_role("button", name="Announce the freeze").click()
    page.get_by_role("button", name="Take back “Holidays”").click()
    expect(page.get_by_text("None is on, and none is to come.")).to_be_visible()
