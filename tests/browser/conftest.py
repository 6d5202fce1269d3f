"""The real portal over a Haven in memory, served on loopback, driven by Chromium.

Without Chromium these tests fail and say so; with HAVEN_NO_BROWSER=1 they are skipped, and say that too.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.unit.portal import house as houses
from tests.unit.portal.house import PASSWORD, House

CHROMIUM = os.environ.get("HAVEN_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WIDE: ViewportSize = {"width": 1440, "height": 1000}
NARROW: ViewportSize = {"width": 390, "height": 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("dark", "light")
UNFOLD = "document.querySelectorAll('main details').forEach((each) => { each.open = true; })"
"""What opens everything that can be opened on a page."""
HURRY = """
const plain = window.setTimeout;
window.setTimeout = (act, after, ...more) => plain(act, after >= 2000 ? after / 4 : after, ...more);
"""
"""Pages ask every two to ten seconds; here four times as often, so that a test waits a quarter of that."""
AT_REST = "document.getAnimations().forEach((each) => { if (each instanceof CSSTransition) each.finish(); })"
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
        "args": ["--no-sandbox", *quiet, "--disable-component-update", "--disable-sync"],
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
    """A served portal: its house to change things behind its back, and its address."""

    house: House
    url: str
    stop: Callable[[], None] = field(repr=False)


def _serve(house: House) -> Portal:
    server = make_server("127.0.0.1", 0, houses.app(house), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return Portal(house, f"http://127.0.0.1:{server.server_port}", stop)


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
        if message.type in ("error", "warning"):
            self.said.append(f"{message.text} ({message.location.get('url', '')})")


@dataclass
class Visit:
    """Somebody at a browser."""

    page: Page
    trouble: Trouble
    url: str

    def go(self, path: str) -> Page:
        """Open a path."""
        self.page.goto(f"{self.url}{path}")
        return self.page

    def log_in(self, name: str) -> "Visit":
        """By the form's own requests, without drawing its page: `test_login` does it as a person does."""
        form = self.page.request.get(f"{self.url}/login").text()
        token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        answer = self.page.request.post(
            f"{self.url}/login",
            form={"name": name, "password": PASSWORD, "csrf_token": token},
            headers={"Referer": f"{self.url}/login"},
            max_redirects=0,
        )
        assert answer.status == 303, answer.text()
        return self

    def violations(self) -> list[str]:
        """What axe finds on the page as it is: rule, element and what is wrong with it."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_axe())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def sideways(self) -> int:
        """By how many pixels the page could be scrolled sideways; 0 is right."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def in_every_look(self) -> dict[str, list[str]]:
        """What is wrong with the page as it is, look by look: wide and narrow, light and dark. Empty is right.

        The page is not asked for again: what depends on its width or on the scheme follows both as they change.
        """
        found, before = {}, self.page.viewport_size or WIDE
        for size in (NARROW, WIDE):
            self.page.set_viewport_size(size)
            for scheme in SCHEMES:
                self.page.emulate_media(color_scheme=scheme)
                self.page.evaluate(AT_REST)
                beyond = self.sideways()
                wrong = [*self.violations(), *([f"{beyond} px beyond its side"] if beyond else [])]
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
    """`visit(portal, "admin", width=..., scheme="dark")`; nobody is logged in without a name."""
    contexts: list[BrowserContext] = []

    def begin(portal: Portal, name: str = "", *, size: ViewportSize = WIDE, **options: Any) -> Visit:
        context = browser.new_context(viewport=size, **options)
        context.set_default_timeout(_PATIENT)
        context.add_init_script(HURRY)
        contexts.append(context)
        page = context.new_page()
        trouble = Trouble()
        trouble.watch(page)
        made = Visit(page, trouble, portal.url)
        return made.log_in(name) if name else made

    yield begin
    for context in contexts:
        context.close()
