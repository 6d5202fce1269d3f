"""Deployments of `legacy` on a whole local run, in the browser. It is taken to Multi-AZ by the guided path, watched on
the topology; then a dangerous change of it is ranked and stopped. One fails and is put back, saying why; a pipeline
deploys with a plan file; and AWS's own CLI past Haven, which stands in the history as such."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import WIDE, browser_type_launch_args  # noqa: F401
from tests.journeys.deploying_person import (
    asked,
    deployments,
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
from tests.journeys.test_failover import Person, aws, haven

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("HAVEN_NO_BROWSER") == "1", reason="HAVEN_NO_BROWSER=1: THE JOURNEY WAS NOT RUN"),
]
STAGES = 5
REASON = "One zone must not take us down"
LEGACY = deployments("legacy")
OUTSIDE = '<span class="tag">outside Haven</span>'
PLAN_FILE = """\
environment: legacy
stacks: [network]
values:
  network:
    FlowLogDays: 180
what: flow logs for half a year
reason: Auditors want half a year of flow logs
ticket: OPS-4471
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    yield from running(
        home_of(tmp_path_factory), HAVEN_SANDBOX_SPEED="120", HAVEN_TICK_BUSY="3", HAVEN_EVENTS_EVERY="10"
    )


@pytest.fixture
def person(run: LocalRun, browser: Browser) -> Iterator[Person]:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
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


def test_one_fails_a_pipeline_deploys_and_somebody_goes_past_haven(
    run: LocalRun, person: Person, tmp_path: Path
) -> None:
    page = person.page
    client = run.browser()
    until(lambda: "legacy-data" in client.get(f"{LEGACY}/new")[1], 60, "legacy is read")
    held = stores(run, "legacy")

    # One that fails is put back by CloudFormation, and says why.
    haven(run, "sandbox", "fail", "AWS::RDS::DBInstance", "Insufficient capacity")
    planned(run, page, "legacy", "more room", {"data.DatabaseStorage": "80"})
    asked(page, "The tables grow")
    assert over(page) == "failed"
    expect(page.locator("main")).to_contain_text("Insufficient capacity")
    expect(page.locator("main")).to_contain_text("put back")
    haven(run, "sandbox", "calm")
    assert stores(run, "legacy") == held

    # The same for a pipeline, with a plan file.
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN_FILE)
    said = haven(run, "deploy", "plan", "--file", str(file), "--wait")
    plan = said.split()[1]
    assert "FlowLogDays" in said
    done = haven(run, "deploy", "run", plan, "--file", str(file), "--wait")
    assert "succeeded" in done
    assert "flow logs for half a year" in haven(run, "deploy", "history", "legacy")

    # And one past Haven, by AWS's CLI, which shows in the history as such.
    values = [
        f"ParameterKey={each['ParameterKey']},UsePreviousValue=true"
        if each["ParameterKey"] != "FlowLogDays"
        else "ParameterKey=FlowLogDays,ParameterValue=90"
        for each in run.client("cloudformation").describe_stacks(StackName="legacy-network")["Stacks"][0]["Parameters"]
    ]
    aws(run, "cloudformation", "update-stack", "--stack-name", "legacy-network", "--use-previous-template",
        "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "--parameters", *values)  # fmt: skip

    until(lambda: OUTSIDE in client.get(LEGACY)[1], 90, "the update from outside stands in the history", 0.5)
    page.goto(f"{run.base}{LEGACY}")
    expect(page.locator("tr", has_text="outside Haven").first).to_contain_text("network")
    assert person.trouble.said == []
