"""Keys, theme, picker and skip link."""

from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Portal, Visiting


def test_a_walk_by_keyboard_begins_with_the_skip_link_and_follows_the_page(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "admin").go("/")
    walked = []
    for _ in range(9):
        page.keyboard.press("Tab")
        walked.append(page.evaluate("document.activeElement.innerText.trim()"))
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert ring != "0px", walked[-1]
    assert walked[0] == "Skip to content"
    areas = ["Fleet", "Topology", "Scaling", "Failovers", "Deployments", "Operations"]
    assert walked[1:9] == ["Haven", "All environments", *areas]


def test_the_skip_link_goes_to_the_content(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_g_and_a_letter_go_there(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "admin").go("/")
    for key, path in (("a", "/ledger"), ("d", "/deployments"), ("u", "/users"), ("f", "/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"{portal.url}{path}")


def test_letters_typed_into_a_field_go_nowhere(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "admin").go("/ledger")
    page.get_by_label("Who").press_sequentially("gu?/")
    expect(page.get_by_label("Who")).to_have_value("gu?/")
    assert page.url.endswith("/ledger")
    expect(page.locator("#keys")).to_be_hidden()


def test_the_list_of_keys_opens_closes_and_can_switch_letters_off(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "admin")
    page = who.go("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert who.violations() == []
    page.get_by_role("button", name="Letter keys are on").click()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.reload()
    page.get_by_role("button", name="? keys").click()
    expect(page.get_by_role("button", name="Letter keys are off")).to_be_visible()


def test_the_theme_is_chosen_and_remembered(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer", color_scheme="light").go("/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark


def test_the_picker_opens_by_key_and_escape_returns_to_it(portal: Portal, visit: Visiting) -> None:
    who = visit(portal, "viewer", size=NARROW)
    page = who.go("/")
    page.locator(".envpick > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".envpick li")).to_have_count(3)
    assert (who.violations(), who.sideways()) == ([], 0)
    page.keyboard.press("Escape")
    expect(page.locator(".envpick ul")).to_be_hidden()
    expect(page.locator(".envpick > summary")).to_be_focused()


def test_what_needs_a_script_is_hidden_without_one(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer", java_script_enabled=False).go("/design")
    expect(page.locator("[data-theme-toggle]")).to_be_hidden()
    expect(page.locator("[data-copy]").first).to_be_hidden()
    expect(page.locator("[data-keys-open]")).to_be_hidden()


def test_print_is_light_and_without_controls(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "auditor", color_scheme="dark").go("/ledger")
    page.emulate_media(media="print")
    for control in (".nav", ".filter", ".pager", ".topbar-end form"):
        expect(page.locator(control)).to_be_hidden()
    expect(page.get_by_text("Page of")).to_be_visible()
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(17, 24, 26)"
