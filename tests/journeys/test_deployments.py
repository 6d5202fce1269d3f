"""`legacy` taken to Multi-AZ by the guided path on a whole local run, in the browser and watched on the topology; then
a dangerous change of it, which is ranked and stopped."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import WIDE, browser_type_launch_args  # noqa: F401
from tests.journeys.deploying_person import (
    asked,
    fewer,
    findings,
    over,
    planned,
    risk,
    stores,
    topology,
    worked_out,
)
from tests.journeys.local_run import PASSWORD, LocalRun, findings_on, home_of, running, until
from tests.journeys.test_failover import Person

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("HAVEN_NO_BROWSER") == "1", reason="HAVEN_NO_BROWSER=1: THE JOURNEY WAS NOT RUN"),
]
STAGES = 5
REASON = "One zone must not take us down"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    yield from running(home_of(tmp_path_factory), HAVEN_SANDBOX_SPEED="120", HAVEN_TICK_BUSY="4")


@pytest.fixture
def person(run: LocalRun, browser: Browser) -> Iterator[Person]:
    context = browser.new_context(viewport=WIDE)
    context.set_default_timeout(30_000)
    made = Person(context.new_page(), run.base)
    made.trouble.watch(made.page)
    made.log_in("admin", PASSWORD)
    yield made
    context.close()


def test_from_single_az_to_multi_az_without_fear(run: LocalRun, person: Person) -> None:
    page = person.page
    client = run.browser()
    until(lambda: findings_on(client.get(topology("legacy"))[1]) >= 15, 60, "legacy is read", 0.5)
    held = stores(run, "legacy")

    # The guided path, stage by stage, watched on the topology.
    found = [findings(run, page, "legacy")]
    for stage in range(1, STAGES + 1):
        page.goto(f"{run.base}/environments/legacy/topology")
        page.get_by_role("link", name="The way to Multi-AZ").first.click()
        page.get_by_role("button", name="Plan this stage").click()
        worked_out(page)
        expect(page.locator(".risk.is-stopped, .risk.is-down", has_text="Stopped")).to_have_count(0)
        asked(page, f"{REASON}, stage {stage}")
        assert over(page) == "succeeded", page.locator(".verdict").inner_text()
        found.append(fewer(client, "legacy", found[-1]))
    fewer(client, "legacy", 1)
    assert findings(run, page, "legacy") == 0, found
    assert stores(run, "legacy") == held
    page.goto(f"{run.base}/environments/legacy/upgrade")
    expect(page.locator(".way .passed")).to_have_count(STAGES)
    page.goto(f"{run.base}/")
    expect(page.locator("main")).to_contain_text("All 2 environments are healthy")

    # A dangerous change is ranked, and stopped.
    planned(run, page, "legacy", "a smaller life", {
        "data.DatabaseName": "renamed", "data.DatabaseMultiAz": "false", "platform.LoadBalancerZones": "2",
    })  # fmt: skip
    grave = page.locator(".risks .risk")
    expect(grave.first).to_contain_text("data loss")
    expect(risk(page, "redundancy loss").first).to_be_visible()
    expect(page.locator("form[data-deploy] button[type=submit]")).to_be_disabled()
    assert stores(run, "legacy") == held
    assert person.trouble.said == []
