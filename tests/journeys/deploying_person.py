"""Somebody who deploys: what a person does on the pages of plans and deployments, and the stacks as AWS has them."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.journeys.local_run import Browser, LocalRun, findings_on, until

PATIENT = 60_000
"""Milliseconds in which CloudFormation has worked a plan out, with both cores busy."""
LONG = 240_000
"""Milliseconds of the longest deployment, most of which are a database's."""
STORES = ("AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup", "AWS::SQS::Queue", "AWS::KMS::Key")


def topology(environment: str) -> str:
    return f"/environments/{environment}/topology"


def deployments(environment: str) -> str:
    return f"/environments/{environment}/deployments"


def worked_out(page: Page) -> None:
    """Wait on a plan's page until CloudFormation has worked it out."""
    expect(page.get_by_role("heading", name="What is at stake")).to_be_visible(timeout=PATIENT)


def planned(run: LocalRun, page: Page, environment: str, what: str, values: dict[str, str]) -> None:
    """Fill in the form with these values, `<stack>.<parameter>`, for their stacks alone, and wait for the plan."""
    page.goto(f"{run.base}{deployments(environment)}/new")
    wanted = {name.partition(".")[0] for name in values}
    for box in page.locator("[name=stacks]").all():
        box.set_checked(box.get_attribute("value") in wanted)
    for name, value in values.items():
        field = page.locator(f"[id='{name}']")
        field.evaluate(
            "each => { for (let d = each.closest('details'); d; d = d.parentElement.closest('details')) d.open = true }"
        )
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_label("What it is").fill(what)
    page.get_by_role("button", name="Work the plan out").click()
    worked_out(page)


def asked(page: Page, reason: str) -> str:
    """Ask for the deployment as the page wants it: a reason, and every name of what is at high risk. Its operation."""
    page.locator("#reason").fill(reason)
    for field in page.locator("[data-name]").all():
        field.fill(field.get_attribute("data-name") or "")
    for box in page.locator("[name=overrides]").all():
        box.check()
    if page.locator("#override_reason").count():
        page.locator("#override_reason").fill(reason)
    page.locator("form[data-deploy] button[type=submit]").click()
    page.wait_for_load_state()
    assert "/operations/" in page.url, page.locator(".refused, .wrong").all_inner_texts()
    return page.url.rsplit("/", 1)[1]


def over(page: Page) -> str:
    """Watch the live page until it is over; the operation's state."""
    ended = page.locator("#operation:not([hx-get])")
    expect(ended).to_be_visible(timeout=LONG)
    return ended.get_attribute("data-state") or ""


def risk(page: Page, words: str) -> Locator:
    """The risk that says so."""
    return page.locator(".risks .risk", has_text=re.compile(words))


def findings(run: LocalRun, page: Page, environment: str) -> int:
    """How many the topology page shows to this person now."""
    page.goto(f"{run.base}{topology(environment)}")
    return findings_on(page.content())


def fewer(client: Browser, environment: str, than: int) -> int:
    """Wait until the topology shows fewer findings, without drawing it each time; how many."""

    def look() -> int | None:
        found = findings_on(client.get(topology(environment))[1])
        return found + 1 if found < than else None

    return int(until(look, 120, f"fewer than {than} findings of {environment}", 0.5)) - 1


def stores(run: LocalRun, environment: str) -> set[tuple[str, str, str]]:
    """What holds data: logical id, physical id, and when it was made where AWS says so."""
    client: Any = run.client("cloudformation")
    pages = client.get_paginator("list_stack_resources").paginate(StackName=f"{environment}-data")
    database = run.client("rds").describe_db_instances(DBInstanceIdentifier=f"{environment}-app")["DBInstances"][0]
    born = {"Database": str(database["InstanceCreateTime"])}
    return {
        (each["LogicalResourceId"], each["PhysicalResourceId"], born.get(each["LogicalResourceId"], ""))
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] in STORES
    }


def executions(run: LocalRun, stack: str) -> int:
    """How often an update of a stack was begun since it was made."""
    pages = run.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    return sum(
        event["ResourceStatus"] == "UPDATE_IN_PROGRESS" and event["PhysicalResourceId"] == event["StackId"]
        for page in pages
        for event in page["StackEvents"]
    )
