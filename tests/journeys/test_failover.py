"""A failover on a whole local run, as somebody on call asks for it at night: Chromium, keyboard, a second person; and
those that nobody asked Haven for, which must stand in the history by themselves."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WIDE, Trouble, browser_type_launch_args  # noqa: F401
from tests.browser.test_failovers import tab_to
from tests.journeys.local_run import PASSWORD, LocalRun, running, until

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.environ.get("HAVEN_NO_BROWSER") == "1", reason="HAVEN_NO_BROWSER=1: THE JOURNEY WAS NOT RUN"),
]
TOPOLOGY = "/environments/production/topology"
PREVIEW = "/environments/production/failovers/new?kind=rds-instance&target=production-app"
HISTORY = "/environments/production/failovers"
REASON = "us-east-1a is degraded; moving the primary away"
SECOND, SECONDS_PASSWORD = "on-call", "journey-password-2"
MOST_ACTIONS = 5
APART = 900
"""More of AWS's seconds than the local RDS wants between two failovers."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    for made in running(tmp_path_factory.mktemp("home")):  # whose endpoints answer, as the probe asks them
        haven(made, "user", "add", SECOND, "--role", "operator")
        yield made


def haven(run: LocalRun, *words: str) -> str:
    """The CLI, as the README says."""
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "HAVEN_"))}
    settings |= {
        "HAVEN_HOME": str(run.home),
        "HAVEN_DATABASE_URL": run.database_url,
        "HAVEN_NEW_PASSWORD": SECONDS_PASSWORD,
        "HAVEN_AWS_ENDPOINT_URL": run.endpoint,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    settings = {name: value for name, value in settings.items() if value}
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *words], env=settings, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def aws(run: LocalRun, *words: str) -> str:
    """AWS's own CLI, as somebody outside Haven uses it."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "outsider")
    settings = {**os.environ, **keys, "AWS_DEFAULT_REGION": "us-east-1"}
    command = [str(Path(sys.executable).parent / "aws"), "--endpoint-url", run.endpoint, *words]
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=True, timeout=60).stdout


@dataclass
class Person:
    """Somebody at a browser with a keyboard. `did` are their deliberate acts: what they activated, in words."""

    page: Page
    base: str
    trouble: Trouble = field(default_factory=Trouble)
    did: list[str] = field(default_factory=list)

    def log_in(self, name: str, password: str) -> None:
        """Not counted: whoever is called at night is logged in first."""
        self.page.goto(f"{self.base}/login")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def activate(self, selector: str, what: str) -> None:
        """Tab to it and press Enter: one act."""
        tab_to(self.page, selector, 150)
        self.page.keyboard.press("Enter")
        self.did.append(what)


@pytest.fixture
def people(run: LocalRun, browser: Browser) -> Iterator[tuple[Person, Person]]:
    """The one who asks and the one who approves, each in a browser of their own."""
    contexts = [browser.new_context(viewport=WIDE, reduced_motion="reduce") for _ in range(2)]
    made = []
    for context, (name, password) in zip(contexts, (("admin", PASSWORD), (SECOND, SECONDS_PASSWORD)), strict=True):
        context.set_default_timeout(20_000)
        person = Person(context.new_page(), run.base)
        person.trouble.watch(person.page)
        person.log_in(name, password)
        made.append(person)
    yield made[0], made[1]
    for context in contexts:
        context.close()


def row(page: Page, origin: str) -> str:
    """What the history says of the newest failover of an origin; empty while there is none."""
    found = page.locator(".episodes tbody tr", has_text=origin).all_inner_texts()
    return " ".join(found[0].split()) if found else ""


def seen(run: LocalRun, page: Page, origin: str, cause: str) -> None:
    """Wait for the history's row of that origin with its cause and its end. Its zones are not asked for: what AWS's API
    still says of them is judged by AWS's own minutes, which pass forty times as fast here."""

    def look() -> str:
        page.goto(f"{run.base}{HISTORY}")
        told = row(page, origin)
        return told if all(fact in told for fact in (cause, "Completed")) else ""

    until(look, 45, f"a failover {origin}, {cause}")


def let_time_pass(run: LocalRun) -> None:
    """AWS's clock alone goes on: RDS abandons a failover that follows another too soon."""
    haven(run, "sandbox", "advance", str(APART))
    haven(run, "sandbox", "thaw")


def test_from_topology_to_verified_result_and_what_others_do_stands_in_the_history(
    run: LocalRun, people: tuple[Person, Person]
) -> None:
    asks, approves = people
    client = run.browser()
    until(lambda: "All 15 checks pass" in client.get(PREVIEW)[1], 90, "production may be failed over")

    # Asked for, by keyboard.
    page = asks.page
    page.goto(f"{run.base}{TOPOLOGY}")
    asks.activate('svg.picture-wide a[id$="database-production-app"]', "open the database's panel")
    expect(page.locator("#panel")).to_be_focused()
    asks.activate("#fail-over", "Fail over…")
    expect(page.locator(".verdict")).to_contain_text("All 15 checks pass")
    before, after = (page.locator(".moves li").first.inner_text().split()[word] for word in (2, 4))
    tab_to(page, "#reason")
    page.keyboard.type(REASON)
    tab_to(page, "#typed_name")
    page.keyboard.type("production-app")
    asks.activate(".ask-form button[type=submit]", "ask for it")
    page.wait_for_url("**/operations/*")
    operation = page.url.rsplit("/", 1)[1]

    # Approved by another, by keyboard, from whatever page they had open.
    second = approves.page
    expect(second.locator(".banners")).to_contain_text("waits for a second person", timeout=10_000)
    approves.activate(".banners a", "open what waits")
    expect(second.locator("#decide")).to_be_visible()
    approves.activate("#approve button", "approve")

    # Watched to its end without touching anything, by both.
    for watching in (page, second):
        over = watching.locator("#operation:not([hx-get])")
        expect(over).to_be_visible(timeout=60_000)
        expect(over).to_have_attribute("data-state", "succeeded")
        expect(watching.locator(".verdict")).to_contain_text(f"Done. The database moved from {before} to {after}")
    results = page.locator("[aria-labelledby=result] tbody tr").all_inner_texts()
    assert len(results) >= 6
    assert [line for line in results if "Seen" not in line and "Measured" not in line] == []
    acts = [*asks.did, *approves.did]
    assert len(acts) <= MOST_ACTIONS, acts
    assert asks.trouble.said == approves.trouble.said == []

    # Its record is complete.
    page.get_by_role("link", name="In the history", exact=True).click()
    record = page.locator("main")
    for fact in (
        "production-app failed over.",
        "Asked for in Haven by admin.",
        REASON,
        before,
        after,
    ):
        expect(record).to_contain_text(fact)
    expect(record).to_contain_text("The user requested a failover of the DB instance.")
    expect(record).to_contain_text(f"{SECOND} approved it")
    expect(record).not_to_contain_text("how long writes were out is not known")
    phases = page.locator("[aria-labelledby=phases] tbody th").all_inner_texts()
    assert phases[0] == "Started"
    assert "Completed" in phases
    page.goto(f"{run.base}/ledger?target=production")
    entries = page.locator(".ledger tbody tr", has_text=operation).all_inner_texts()
    acted = " ".join(" ".join(entries).split())
    for entry in ("request failover", "approve failover", "start failover", "send failover", "finish failover"):
        assert entry in acted, (entry, acted)
    assert (REASON in acted, SECOND in acted) == (True, True)

    # What nobody asked Haven for.
    let_time_pass(run)
    aws(run, "rds", "reboot-db-instance", "--db-instance-identifier", "production-app", "--force-failover")
    cause = "The user requested a failover of the DB instance."
    seen(run, page, "Asked for outside Haven", cause)
    let_time_pass(run)
    haven(run, "sandbox", "failover", "production-app", "--cause", "host")
    cause = "The primary host of the RDS Multi-AZ instance is unhealthy."
    seen(run, page, "Automatic", cause)
    assert f"{before} {after}" in row(page, "Controlled, admin")


def test_on_legacy_it_is_refused_saying_why_and_what_would_mend_it(
    run: LocalRun, people: tuple[Person, Person]
) -> None:
    page = people[0].page
    client = run.browser()
    until(lambda: "legacy-app" in client.get("/environments/legacy/failovers")[1], 60, "legacy is read")
    page.goto(f"{run.base}/environments/legacy/failovers")
    page.get_by_role("link", name="Why not legacy-app").press("Enter")
    expect(page.locator(".verdict")).to_contain_text("It cannot be failed over. It is Single-AZ")
    expect(page.locator(".verdict")).to_contain_text("What would mend it: Turn on Multi-AZ")
    expect(page.locator(".ask-form form")).to_have_count(0)
    status, _ = client.post(
        "/environments/legacy/failovers/new",
        "/users/admin",
        kind="rds-instance",
        target="legacy-app",
        reason=REASON,
        typed_name="legacy-app",
        expected_zone="",
        expected_primary="legacy-app",
    )
    assert status in (409, 422)
    instance = run.client("rds").describe_db_instances(DBInstanceIdentifier="legacy-app")["DBInstances"][0]
    assert instance["DBInstanceStatus"] == "available"
