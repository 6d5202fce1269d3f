"""Templates in the browser: sound in every look, and a difference that can be unfolded and read without colour."""

from typing import Any

import pytest

from tests.browser.conftest import NARROW, WIDE, Portal, Visiting
from tests.unit.portal.templates_scene import NEW_VERSION, OLD_VERSION, beside, kept

COMPARE = f"/templates/compare?a={OLD_VERSION}&b={NEW_VERSION}"
RUNS = "/environments/production/stacks/data/template"


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["light-1440", "dark-390"])
def test_pages_about_templates_are_sound(portal: Portal, visit: Visiting, size: Any, scheme: str) -> None:
    who = visit(portal, "viewer", size=size, color_scheme=scheme)
    found = {}
    for path in ("/templates", RUNS):
        who.go(path)
        found[f"{path} before a worker"] = (who.violations(), who.sideways())
    kept(portal.house, behind=("data",))
    beside(portal.house)
    for path in ("/templates", RUNS, COMPARE, f"/templates/{OLD_VERSION}"):
        page = who.go(path)
        for summary in page.locator("main summary").all():
            summary.click()
        found[path] = (who.violations(), who.sideways())
    assert {what: trouble for what, trouble in found.items() if trouble != ([], 0)} == {}
    assert who.trouble.said == []


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
