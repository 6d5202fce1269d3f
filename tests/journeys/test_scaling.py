"""Scaling on a whole local run: load rises and the service follows, with the reason; a maximum too low is stopped by
its arithmetic; a target is changed, seen in AWS and taken back; somebody else edits it past Haven."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import WIDE, browser_type_launch_args  # noqa: F401
from tests.journeys.local_run import PASSWORD, LocalRun, home_of, running, until
from tests.journeys.test_failover import Person, aws, haven

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.environ.get("HAVEN_NO_BROWSER") == "1", reason="HAVEN_NO_BROWSER=1: THE JOURNEY WAS NOT RUN"),
]
SERVICE = "/environments/production/scaling/rbac"
RESOURCE = "service/production/rbac"
PATIENT = 40_000
SPEED = 40
"""Of a local run's sandbox: so many of AWS's seconds are one of its clock's."""
REASON = "Memory peaks are short, so aim higher"
MEMORY = '{"TargetValue": 65, "PredefinedMetricSpecification": {"PredefinedMetricType": "%s"}}'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    yield from running(home_of(tmp_path_factory), HAVEN_METRICS_EVERY="3")


@pytest.fixture
def person(run: LocalRun, browser: Browser) -> Iterator[Person]:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    made = Person(context.new_page(), run.base)
    made.trouble.watch(made.page)
    made.log_in("admin", PASSWORD)
    yield made
    context.close()


def policy(run: LocalRun, name: str) -> dict[str, Any]:
    """As AWS has it."""
    found = run.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=RESOURCE, PolicyNames=[name]
    )["ScalingPolicies"]
    return dict(found[0]["TargetTrackingScalingPolicyConfiguration"])


def let_the_minute_end(run: LocalRun) -> None:
    """AWS's clock goes on to its next full minute, in which alarms are judged and services scale."""
    run.control("clock", freeze=True)
    past = datetime.fromisoformat(run.control("status")["time"]).second
    run.control("clock", advance=(61 - past) * SPEED)
    run.control("clock", freeze=False)


def confirmed(page: Page, reason: str) -> None:
    """Ask for what is previewed, let pass what is only not known, and watch it to its end."""
    page.locator("#reason").fill(reason)
    for box in page.locator("[name=overrides]").all():
        box.check()
    if page.locator("#override_reason").count():
        page.locator("#override_reason").fill(reason)
    page.locator(".ask-form button[type=submit]").click()
    page.wait_for_url("**/operations/*")
    over = page.locator("#operation:not([hx-get])")
    expect(over).to_be_visible(timeout=PATIENT)
    expect(over).to_have_attribute("data-state", "succeeded")


def target_of(page: Page, name: str) -> Locator:
    """Where a policy's target is typed."""
    return page.locator("fieldset.policy", has_text=name).get_by_label("Target", exact=True)


def opened_on(page: Page, base: str, name: str, target: float) -> None:
    """Open the form once Haven has read that target: on an older reading it would conflict with its own change."""

    def look() -> bool:
        page.goto(f"{base}/change")
        return float(target_of(page, name).input_value()) == target

    until(look, 30, f"{name} is read at {target:g}")


def test_load_rises_it_scales_a_target_is_changed_and_taken_back_and_others_are_noticed(
    run: LocalRun, person: Person
) -> None:
    page, base = person.page, f"{run.base}{SERVICE}"
    before = run.client("ecs").describe_services(cluster="production", services=["rbac"])["services"][0]["desiredCount"]
    haven(run, "sandbox", "load", "rbac", "3x", "--for", "20m")
    let_the_minute_end(run)

    # A target is changed, while the load begins to be felt.
    page.goto(f"{base}/change")
    name = page.locator("fieldset.policy code", has_text="memory").inner_text()
    was = float(target_of(page, name).input_value())
    target_of(page, name).fill("75")
    page.get_by_role("button", name="Preview it").click()
    expect(page.locator("[aria-labelledby=diff]")).to_contain_text(f"Policy {name}: target")
    expect(page.locator("#replay")).to_contain_text("Simulated")
    expect(page.locator("#replay .compare")).to_contain_text("Task-hours")
    lines = page.locator(".cli", has_text="put-scaling-policy").inner_text()
    confirmed(page, REASON)
    expect(page.locator(".verdict")).to_contain_text("Done.")
    changed = page.url
    assert policy(run, name)["TargetValue"] == 75
    assert '"TargetValue": 75' in lines

    # The service has scaled out meanwhile, and says why.
    page.goto(base)
    expect(page.locator("main")).to_contain_text("above its target", timeout=PATIENT)
    expect(page.locator("main")).to_contain_text("Desired count set to", timeout=PATIENT)
    expect(page.locator("main")).to_contain_text("in state ALARM triggered policy")
    service = run.client("ecs").describe_services(cluster="production", services=["rbac"])["services"][0]
    assert service["desiredCount"] > before

    # A maximum below need is stopped, with its sum.
    opened_on(page, base, name, 75)

    def refused() -> str:
        page.goto(f"{base}/change")
        page.get_by_label("Max tasks").fill(str(before))
        page.get_by_role("button", name="Preview it").click()
        page.locator("#guards").wait_for()
        guard = page.locator('[data-guard-key="need"]:not(.is-healthy)')
        return guard.inner_text() if guard.count() else ""

    told = until(refused, 30, "the guard knows the need of now")
    assert "Not so: ceil(" in told
    assert f"≤ maximum {before}" in told
    expect(page.locator(".ask-form button[type=submit]")).to_be_disabled()

    # What was changed is taken back, by a change of its own.
    page.goto(changed)
    page.get_by_role("link", name="Its record, and the way back").click()
    page.get_by_role("link", name="Take it back…").click()
    expect(page.locator("[aria-labelledby=diff]")).to_contain_text(f"Policy {name}: target")
    confirmed(page, "The peaks were longer than thought")
    assert policy(run, name)["TargetValue"] == was

    # Somebody edits it outside while a form is open: nothing is written over it, and it shows as edited.
    opened_on(page, base, name, was)
    page.get_by_label("Max tasks").fill("11")
    metric = policy(run, name)["PredefinedMetricSpecification"]["PredefinedMetricType"]
    aws(run, "application-autoscaling", "put-scaling-policy", "--service-namespace", "ecs", "--resource-id", RESOURCE,
        "--scalable-dimension", "ecs:service:DesiredCount", "--policy-name", name, "--policy-type",
        "TargetTrackingScaling", "--target-tracking-scaling-policy-configuration", MEMORY % metric)  # fmt: skip
    client = run.browser()
    until(lambda: "edited live" in client.get(SERVICE)[1], 30, "the edit from outside shows as such")
    page.get_by_role("button", name="Preview it").click()
    expect(page.locator("[aria-labelledby=conflict]")).to_contain_text(f"Policy {name}: target")
    page.get_by_role("button", name="Open it again with my values").click()
    expect(page.get_by_label("Max tasks")).to_have_value("11")
    conflicts = [said for said in person.trouble.said if "409" not in said]
    assert conflicts == []
