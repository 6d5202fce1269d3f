"""The real portal over a Haven in memory, served on loopback, driven by Chromium.

Without Chromium these tests fail and say so; with HAVEN_NO_BROWSER=1 they are skipped, and say that too.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.unit.portal import house as houses
from tests.unit.portal.house import House

CHROMIUM = os.environ.get("HAVEN_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WIDE: ViewportSize = {"width": 1440, "height": 1000}
NARROW: ViewportSize = {"width": 390, "height": 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("dark", "light")
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe that look at colours."""
UNFOLD = "document.querySelectorAll('main details').forEach((each) => { each.open = true; })"
"""What opens everything that can be opened on a page."""
HURRY = """
const plain = window.setTimeout;
window.setTimeout = (act, after, ...more) => plain(act, after >= 2000 ? after / 4 : after, ...more);
"""
"""Pages ask every two to ten seconds; here four times as often, so that a test waits a quarter of that."""
FOUND = """
async (options) => {
    const clean = await axe.run(document, { ...options, selectors: false });
    if (!clean.violations.length) return [];
    const { violations } = await axe.run(document, options);
    return violations.flatMap(({ id, nodes }) => nodes.map((each) => `${id}: ${each.target} ${each.failureSummary}`));
}
"""
"""Where axe found something it is asked again where: telling elements apart takes it a third of its time."""
AT_REST = "document.getAnimations().forEach((each) => { if (each instanceof CSSTransition) each.finish(); })"
# Playwright's own list first, since only the last one given counts. Then the two pages that Chromium, headless or not,
# loads for its address bar with every window: half of what a window costs.
_WITHOUT = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    *("PreconnectToSearch", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
)
_PATIENT = 10_000
"""Milliseconds: two cores that do other things too may take long over a page."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, and skip it loudly where its operator chose to go without a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if os.environ.get("HAVEN_NO_BROWSER") == "1":
                item.add_marker(pytest.mark.skip(reason="HAVEN_NO_BROWSER=1: NOT RUN IN A BROWSER, AXE NOT RUN"))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, which asks nobody outside for anything."""
    if not Path(CHROMIUM).exists():
        pytest.fail(
            f"There is no Chromium at {CHROMIUM}. Install it (apt-get install chromium) or name it in HAVEN_CHROMIUM; "
            "to go without browser tests set HAVEN_NO_BROWSER=1.",
            pytrace=False,
        )
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    return {
        "executable_path": CHROMIUM,
        "args": [
            *("--no-sandbox", "--in-process-gpu", "--disable-component-update", "--disable-sync", *quiet),
            f"--disable-features={','.join(_WITHOUT)}",
        ],
    }


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    """What is expected may take as long as what is done."""
    expect.set_options(timeout=_PATIENT)


class _Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, *args: object) -> None:
        """Nothing."""


@dataclass
class Portal:
    """A served portal: its house to change things behind its back, its application, and its address."""

    house: House
    app: Flask
    url: str
    stop: Callable[[], None] = field(repr=False)


def _serve(house: House) -> Portal:
    app = houses.app(house)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return Portal(house, app, f"http://127.0.0.1:{server.server_port}", stop)


Serving = Callable[[House], Portal]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """`serving(house)` is that house on loopback until the end of the test."""
    served: list[Portal] = []

    def serve(house: House) -> Portal:
        served.append(_serve(house))
        return served[-1]

    yield serve
    for each in served:
        each.stop()


@pytest.fixture
def portal(tmp_path: Path, serving: Serving) -> Portal:
    """People of every role, production and legacy."""
    return serving(houses.house(tmp_path))


@pytest.fixture
def empty_portal(tmp_path: Path, serving: Serving) -> Portal:
    """People, but no environment yet."""
    made = houses.house(tmp_path, filled=False)
    made.add_people()
    return serving(made)


@dataclass
class Trouble:
    """What the browser complained about: console errors, violations of the policy, pages that crashed."""

    said: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        # A poll that was under way as its page was left; one that was refused, or met nobody, is told by the browser.
        left = message.text.startswith(("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort"))
        if message.type in ("error", "warning") and not left:
            self.said.append(f"{message.text} ({message.location.get('url', '')})")


@dataclass
class Visit:
    """Somebody at a browser."""

    page: Page
    trouble: Trouble
    portal: Portal

    def go(self, path: str) -> Page:
        """Open a path."""
        self.page.goto(f"{self.portal.url}{path}")
        return self.page

    def log_in(self, name: str) -> "Visit":
        """By the form, but past the browser, which is handed the cookie: `test_login` does it as a person does."""
        client = self.portal.app.test_client()
        assert houses.log_in(client, name) == HTTPStatus.SEE_OTHER
        cookie = client.get_cookie(self.portal.app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        self.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.portal.url}])
        return self

    def violations(self, rules: Sequence[str] = ()) -> list[str]:
        """What axe finds on the page as it is, by these rules or all: rule, element and what is wrong with it."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_axe())
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": list(rules)}
        return list(self.page.evaluate(FOUND, options))

    def sideways(self) -> int:
        """By how many pixels the page could be scrolled sideways; 0 is right."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def in_every_look(self) -> dict[str, list[str]]:
        """What is wrong with the page as it is, look by look: wide and narrow, light and dark. Empty is right.

        The page is not asked for again: what depends on its width or on the scheme follows both as they change. At one
        width the schemes differ in nothing but colours, so that the second is held against the rules about those.
        """
        found, before = {}, self.page.viewport_size or WIDE
        for size in (NARROW, WIDE):
            self.page.set_viewport_size(size)
            for scheme in SCHEMES:
                self.page.emulate_media(color_scheme=scheme)
                self.page.evaluate(AT_REST)
                beyond = self.sideways()
                rules = () if scheme == SCHEMES[0] else COLOURS
                wrong = [*self.violations(rules), *([f"{beyond} px beyond its side"] if beyond else [])]
                if wrong:
                    found[f"{scheme}-{size['width']}"] = wrong
        self.page.set_viewport_size(before)
        return found


@cache
def _axe() -> str:
    return AXE.read_text()


Visiting = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visiting]:
    """`visit(portal, "admin", size=..., color_scheme="dark")`; nobody is logged in without a name. What turns while it
    works stands still: without a graphics card each of its frames is painted by the processors that the tests need."""
    contexts: list[BrowserContext] = []

    def begin(portal: Portal, name: str = "", *, size: ViewportSize = WIDE, **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": size, "reduced_motion": "reduce", **options})
        context.set_default_timeout(_PATIENT)
        context.add_init_script(HURRY)
        contexts.append(context)
        page = context.new_page()
        trouble = Trouble()
        trouble.watch(page)
        made = Visit(page, trouble, portal)
        return made.log_in(name) if name else made

    yield begin
    for context in contexts:
        context.close()
