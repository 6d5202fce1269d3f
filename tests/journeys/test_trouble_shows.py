"""A second run in a home, ended by Ctrl-C; and what goes wrong in the stack shows on its page without a reload. A run
of its own: whoever asks for a healthy one would meet the alarms that such a test leaves behind, for a minute of metrics
ends after its trouble has."""

import re
import signal

import pytest

from tests.journeys.local_run import LocalRun, home_of, provisioned, stack_ids, until


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    made = LocalRun(home_of(tmp_path_factory), HAVEN_TICK="2")
    made.start()
    yield made
    made.ends_in_time(signal.SIGINT)


def test_a_second_run_takes_up_what_the_first_one_made(run, tmp_path_factory):
    assert stack_ids(run) == provisioned(tmp_path_factory)[1]
    assert not any("creating" in line for line in run.lines)


def test_a_task_stopped_from_outside_shows_without_a_reload(run):
    browser = run.browser()
    ecs = run.client("ecs")
    arn = ecs.list_tasks(cluster="production", serviceName="rbac")["taskArns"][0]
    task_id = arn.rsplit("/", 1)[1]
    until(lambda: task_id in browser.get("/environments/production/topology/live")[1], 10, "the task is on the page")
    ecs.stop_task(cluster="production", task=arn, reason="journey")
    new = until(
        lambda: set(ecs.list_tasks(cluster="production", serviceName="rbac")["taskArns"]) - {arn}, 30, "a replacement"
    )
    assert new
    until(lambda: f">{task_id[:4]}<" not in _live(browser) or "stopp" in _live(browser).lower(), 30, "it shows")


def _live(browser) -> str:
    return browser.get("/environments/production/topology/live")[1]


def test_a_lost_zone_shows_and_its_return_heals(run):
    """What was lost comes back by itself. That requests failed, and what rings for it, stands until those minutes are
    over, and these pass no faster here."""
    browser = run.browser()
    run.control("zone", zone="us-east-1b", state="fail")
    until(lambda: "in two of three zones" in _live(browser), 60, "the lost zone shows")
    run.control("zone", zone="us-east-1b", state="recover")
    until(lambda: not re.findall(r'id="f-(?!errors-|alarm-)[^"]+"', _live(browser)), 120, "only past errors are told")
