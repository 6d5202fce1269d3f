"""Every page, light and dark, wide and narrow: nothing for axe, nothing in the console, nothing sideways."""

from tests.browser.conftest import NARROW, Portal, Visiting

PAGES = (
    "/",
    "/?q=rbac&show=needs",
    "/?q=no-such-thing",
    "/ledger",
    "/ledger?actor=nobody",
    "/users",
    "/users/viewer",
    "/design",
    "/environments/production/topology",
    "/environments/legacy/topology",
    "/failovers",
    "/environments/production/failovers?origin=automatic",
    "/environments/production/failovers/new?kind=rds-instance&target=production-app",
    "/environments/legacy/failovers/new?kind=rds-instance&target=legacy-app",
    "/operations",
)


def test_every_page_is_sound(portal: Portal, visit: Visiting) -> None:
    who = visit(portal)
    who.go("/login")
    found = {"/login": who.in_every_look()}
    who.log_in("admin")
    for path in PAGES:
        who.go(path)
        found[path] = who.in_every_look()
    assert {path: looks for path, looks in found.items() if looks} == {}
    assert who.trouble.said == []


def test_pages_about_trouble_are_sound_too(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer")
    for path, strong in (("/nothing", "There is no such page."), ("/ledger", "Your role may not do this.")):
        page = who.go(path)
        assert strong in page.inner_text("main")
        assert who.in_every_look() == {}
    who.go("/")
    portal.house.unit.away = True
    assert "own database is away" in who.go("/").inner_text("main")
    assert who.in_every_look() == {}
    assert all("Failed to load resource" in said for said in who.trouble.said), "only the 4xx answers themselves"


def test_an_empty_fleet_is_sound(empty_portal: Portal, visit: Visiting) -> None:
    who = visit(empty_portal, "admin", size=NARROW)
    assert "No environment is known to Haven" in who.go("/").inner_text("main")
    assert (who.violations(), who.sideways(), who.trouble.said) == ([], 0, [])


def test_the_widest_texts_fit_a_narrow_page(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "admin", size=NARROW)
    for path in PAGES:
        page = who.go(path)
        page.evaluate("document.documentElement.style.setProperty('font-size', '20px')")
        assert who.sideways() == 0, path


def test_with_reduced_motion_nothing_turns(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer", reduced_motion="reduce")
    page = who.go("/design")
    running = page.evaluate("document.getAnimations().filter(a => a.playState === 'running').length")
    assert running == 0
    moving = visit(portal, "viewer", reduced_motion="no-preference")
    moving.go("/design")
    assert moving.page.evaluate("document.getAnimations().length") > 0
