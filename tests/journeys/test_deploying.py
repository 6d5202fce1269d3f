"""Deployments of `legacy` on a whole local run: one that fails and is put back, saying why; a pipeline's, with a plan
file; and one by AWS's own CLI past Haven, which stands in the history as such."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import WIDE, browser_type_launch_args  # noqa: F401
from tests.journeys.deploying_person import asked, deployments, over, planned, stores
from tests.journeys.local_run import PASSWORD, LocalRun, home_of, running, until
from tests.journeys.test_failover import Person, aws, haven

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("HAVEN_NO_BROWSER") == "1", reason="HAVEN_NO_BROWSER=1: THE JOURNEY WAS NOT RUN"),
]
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
        home_of(tmp_path_factory), HAVEN_SANDBOX_SPEED="120", HAVEN_TICK_BUSY="4", HAVEN_EVENTS_EVERY="10"
    )


@pytest.fixture
def person(run: LocalRun, browser: Browser) -> Iterator[Person]:
    context = browser.new_context(viewport=WIDE)
    context.set_default_timeout(30_000)
    made = Person(context.new_page(), run.base)
    made.trouble.watch(made.page)
    made.log_in("admin", PASSWORD)
    yield made
    context.close()


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
