"""The ledger and the users in a browser."""

from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Portal, Visiting
from tests.unit.portal.house import PASSWORD


def test_a_denied_attempt_is_in_the_ledger_by_shape_and_word(portal: Portal, visit: Visiting) -> None:
    visit(portal, "viewer").go("/users")
    page = visit(portal, "auditor").go("/ledger?actor=viewer")
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("GET /users")
    expect(row.locator(".state")).to_have_text("Denied")
    expect(row.locator("use[href='#s-paused']")).to_have_count(1)


def test_a_folded_table_labels_every_line(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "auditor", size=NARROW).go("/ledger")
    labels = page.evaluate(
        "[...document.querySelector('tbody tr').cells].map(c => getComputedStyle(c, '::before').content)"
    )
    assert labels == ['"No."', '"When"', '"Who"', '"What"', '"On what"', '"Outcome"', '"Why"']


def test_an_admin_adds_a_person_who_logs_in(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "admin")
    page = who.go("/users")
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Role").select_option("operator")
    page.get_by_label("First password").fill("short")
    page.get_by_label("The same again").fill("short")
    page.get_by_role("button", name="Add this person").click()
    expect(page.get_by_label("User name")).to_have_value("ana")
    expect(page.get_by_label("Role")).to_have_value("operator")
    expect(page.get_by_label("First password")).to_have_attribute("aria-invalid", "true")
    assert who.violations() == []
    page.get_by_label("First password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Add this person").click()
    expect(page.get_by_role("status").filter(has_text="ana may log in now")).to_be_visible()
    assert "ana operator" in visit(portal, "ana").go("/").inner_text(".whoami")


def test_disabling_somebody_is_confirmed_by_their_name(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "admin").go("/users/viewer")
    page.get_by_label("Type the user name to confirm").fill("viewer")
    page.get_by_role("button", name="Disable viewer").click()
    expect(page.locator(".verdict-line")).to_contain_text("viewer is disabled.")
    page.get_by_role("button", name="Let viewer log in again").click()
    expect(page.locator(".verdict-line")).to_contain_text("viewer may log in.")
