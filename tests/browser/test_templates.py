"""Templates in the browser: sound in every look, and a difference that can be unfolded and read without colour."""

from playwright.sync_api import expect

from tests.browser.conftest import NARROW, UNFOLD, Portal, Visit, Visiting
from tests.unit.portal.templates_scene import CATALOGUE, CUSTOM_TEXT, NEW_VERSION, OLD_VERSION, beside, kept

CUSTOM_VERSION = CATALOGUE.version(CUSTOM_TEXT)
COMPARE = f"/templates/compare?a={OLD_VERSION}&b={NEW_VERSION}"
RUNS = "/environments/production/stacks/data/template"


def test_pages_about_templates_are_sound_in_every_state(portal: Portal, empty_portal: Portal, visit: Visiting) -> None:
    who, found = visit(portal, "viewer"), {}

    def look(state: str, words: str, path: str, by: Visit = who) -> None:
        page = by.go(path)
        expect(page.locator("main")).to_contain_text(words)
        found[state] = by.in_every_look()

    look("no environment", "Nothing runs them.", "/templates", visit(empty_portal, "viewer"))
    look("before a worker", "Not all is read:", "/templates")
    look("a stack before a worker", "Not read yet.", RUNS)
    kept(portal.house, behind=("data",))
    beside(portal.house)
    look("filled", "another text", "/templates")
    look("behind", "It runs another text than this release deploys:", RUNS)
    look("two versions", "1 line added and 1 taken away", COMPARE)
    look("a version with itself", "They are alike.", f"/templates/compare?a={NEW_VERSION}&b={NEW_VERSION}")
    look("one version", "It runs as billing of production.", f"/templates/{CUSTOM_VERSION}")
    look("a custom stack", "Haven reads it and never writes to it.", "/environments/production/stacks/billing/template")
    assert who.trouble.said == []
    nothing = "There is no such thing."
    look("no such version", nothing, "/templates/0123456789abcdef")
    look("nothing to compare with", nothing, f"/templates/compare?a={NEW_VERSION}&b=0123456789abcdef")
    look("no such stack", nothing, "/environments/production/stacks/nowhere/template")
    assert {state: looks for state, looks in found.items() if looks} == {}


def test_hundreds_of_lines_are_sound_too(portal: Portal, visit: Visiting) -> None:
    kept(portal.house, behind=("data",))
    who = visit(portal, "viewer", size=NARROW, color_scheme="dark")
    for path in (RUNS, COMPARE, f"/templates/{OLD_VERSION}"):
        who.go(path).evaluate(UNFOLD)
        assert (who.violations(), who.sideways()) == ([], 0), path


def test_two_versions_are_chosen_and_their_difference_read(portal: Portal, visit: Visiting) -> None:
    kept(portal.house, behind=("data",))
    page = visit(portal, "viewer").go("/templates")
    page.get_by_label("From", exact=True).select_option(OLD_VERSION)
    page.get_by_label("To", exact=True).select_option(NEW_VERSION)
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("1 line added and 1 taken away").wait_for()
    assert page.get_by_role("row").filter(has_text="added").count() == 1
    folded = page.locator("details.same-lines").first
    assert not folded.locator("table").is_visible()
    folded.locator("summary").click()
    assert folded.locator("table").is_visible()
