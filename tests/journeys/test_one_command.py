"""What the README promises of `make run`, on one real run over HTTP. That a run ends in time is held where
a home is provisioned (`local_run.provisioned`) and, with Ctrl-C and a second run in a home, by `test_trouble_shows`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.local_run import findings_on, running, until

CALM = 150
"""Seconds after which no alarm rings any more that saw a service with its first task alone, while it was being made:
it needs minutes, and these pass no faster here."""


pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("home"))


def test_health_needs_no_login(run):
    browser = run.browser()
    browser.jar.clear()
    assert browser.get("/healthz")[0] == 200
    assert browser.get("/readyz")[0] == 200
    status, text = browser.get("/")
    assert status == 200
    assert 'name="password"' in text


def test_it_says_how_the_second_person_of_production_is_added(run):
    at = next(number for number, line in enumerate(run.lines) if "`production` is protected" in line)
    assert run.lines[at + 1].split()[-5:] == ["user", "add", "on-call", "--role", "operator"]


def test_the_fleet_shows_both_environments_with_their_verdicts(run):
    browser = run.browser()
    until(lambda: "Healthy" in browser.get("/")[1], CALM, "production is healthy")
    text = browser.get("/")[1]
    assert "/environments/production/topology" in text
    assert "/environments/legacy/topology" in text
    assert "Degraded" in text


def test_production_has_no_finding_and_legacy_has_many(run):
    browser = run.browser()
    production = "/environments/production/topology"
    until(lambda: findings_on(browser.get(production)[1]) == 0, CALM, "no finding on production")
    text = browser.get(production)[1]
    assert "us-east-1a" in text
    assert "us-east-1c" in text
    assert findings_on(browser.get("/environments/legacy/topology")[1]) >= 15


def test_aws_own_cli_sees_what_the_pages_show(run):
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    aws = Path(sys.executable).parent / "aws"

    def ask(*words: str):
        done = subprocess.run(
            [aws, "--endpoint-url", run.endpoint, "--output", "json", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    names = {stack["StackName"] for stack in ask("cloudformation", "describe-stacks")["Stacks"]}
    shapes = ("network", "data", "platform", "service-rbac", "service-audit", "service-identity-sync")
    assert names == {f"{env}-{stack}" for env in ("production", "legacy") for stack in shapes}
    tasks = ask("ecs", "list-tasks", "--cluster", "production")["taskArns"]
    assert len(tasks) >= 9
    page = run.browser().get("/environments/production/topology")[1]
    assert all(arn.rsplit("/", 1)[1] in page for arn in tasks)
    (database,) = ask("rds", "describe-db-instances", "--db-instance-identifier", "production-app")["DBInstances"]
    assert database["MultiAZ"] is True
    assert database["SecondaryAvailabilityZone"] in page
