"""The page of components: what it promises is true in a browser."""

from itertools import combinations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Portal, Visiting

CONTRAST = """([selector, ground]) => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (color) => {
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((v) => {
      const s = v / 255; return s <= .03928 ? s / 12.92 : ((s + .055) / 1.055) ** 2.4;
    });
  };
  const light = (color) => { const [r, g, b] = rgb(color); return .2126 * r + .7152 * g + .0722 * b; };
  const element = document.querySelector(selector);
  const on = ground ? getComputedStyle(document.querySelector(ground)).backgroundColor
                    : getComputedStyle(element.closest('.swatch, .chip')).backgroundColor;
  const [a, b] = [light(getComputedStyle(element).color), light(on)].sort((x, y) => y - x);
  return (a + .05) / (b + .05);
}"""
STATES = ("down", "degraded", "unknown", "stale", "changing", "paused", "simulated", "healthy")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_legible_on_its_tint_the_card_and_the_page(portal: Portal, visit: Visiting, scheme: str) -> None:
    page = visit(portal, "viewer", color_scheme=scheme).go("/design")
    for state in STATES:
        for ground in ("", ".card", "body"):
            ratio = page.evaluate(CONTRAST, [f".swatch.is-{state} .state", ground])
            assert ratio >= 4.5, f"{state} on {ground or 'its tint'}: {ratio:.2f}"


def test_no_two_states_share_a_shape(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer").go("/design")
    shapes = {state: page.locator(f"#s-{state}").inner_html() for state in STATES}
    assert [(a, b) for a, b in combinations(STATES, 2) if shapes[a] == shapes[b]] == []


def test_an_id_is_copied(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer", permissions=["clipboard-read", "clipboard-write"]).go("/design")
    page.get_by_role("button", name="Copy endpoint").click()
    expect(page.locator(".facts [data-copy]").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "production-app.c1.us-east-1.rds.amazonaws.com"


def test_controls_are_large_enough_for_a_finger(portal: Portal, visit: Visiting) -> None:
    page = visit(portal, "viewer", has_touch=True, is_mobile=True).go("/design")
    heights = page.evaluate("[...document.querySelectorAll('main .btn, main .input')].map(e => e.offsetHeight)")
    assert min(heights) >= 44
