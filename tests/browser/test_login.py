"""The login page in a browser."""

from playwright.sync_api import expect

from tests.browser.conftest import Portal, Visiting
from tests.unit.portal.house import PASSWORD


def test_by_keyboard_alone(portal: Portal, visit: Visiting) -> None:
    page = visit(portal).go("/users")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/users")
    expect(page.get_by_role("heading", name="People")).to_be_visible()


def test_a_wrong_password_is_announced_and_the_field_for_the_next_try_has_the_focus(
    portal: Portal, visit: Visiting
) -> None:
    who = visit(portal)
    page = who.go("/login")
    page.get_by_label("User name").fill("viewer")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    expect(page.get_by_label("User name")).to_have_value("viewer")
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_be_focused()
    assert who.violations() == []


def test_the_lock_says_until_when(portal: Portal, visit: Visiting) -> None:
    page = visit(portal).go("/login")
    for _ in range(portal.house.settings.lockout_after):
        page.get_by_label("User name").fill("viewer")
        page.get_by_label("Password").fill("wrong wrong wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("It can be tried again after")


def test_logging_out_ends_it(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_contain_text("You are logged out.")
    page.goto(f"{portal.url}/")
    assert page.url.endswith("/login")


def test_it_works_without_a_script(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, java_script_enabled=False).go("/login")
    page.get_by_label("User name").fill("viewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    assert "production" in page.inner_text("main")
