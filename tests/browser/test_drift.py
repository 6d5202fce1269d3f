"""Drift in the browser: sound in every look, accepted with a reason, and the page follows what a worker finds."""

from typing import Any

import pytest

from tests.browser.conftest import NARROW, WIDE, Portal, Visiting
from tests.unit.portal import drift_scene as scene

HERE = "/environments/production/drift"
ACCEPT = f"{HERE}/accept?stack=network&resource=DoorGroup&path=/SecurityGroupIngress/1"


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["light-1440", "dark-390"])
def test_pages_about_drift_are_sound(portal: Portal, visit: Visiting, size: Any, scheme: str) -> None:
    who = visit(portal, "admin", size=size, color_scheme=scheme)
    found = {}
    for path in (HERE, "/environments/legacy/drift"):
        who.go(path)
        found[f"{path} before any look"] = (who.violations(), who.sideways())
    scene.fill(portal.house)
    page = who.go(HERE)
    for summary in page.locator("main summary").all():
        summary.click()
    found["filled"] = (who.violations(), who.sideways())
    who.go(ACCEPT)
    found["accepting"] = (who.violations(), who.sideways())
    assert {what: trouble for what, trouble in found.items() if trouble != ([], 0)} == {}
    assert who.trouble.said == []


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
