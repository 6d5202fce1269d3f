"""A worker killed around the writes of a plan and of a deployment: its heir ends it, and AWS executes each change set
exactly once.

The effects are all gone through in memory by `tests/unit/usecases/test_deploying_dying.py`; here are those that matter,
with real processes on real databases and AWS's own answers.
"""

import signal
from itertools import cycle
from typing import Any

import pytest

from services.domain.operation import State
from tests.killing.effects import Point
from tests.killing.killing_world import Left, World

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

STACK = "production-network"
# The first answer is that CloudFormation still works it out; asked again it has it.
PLANNED = [
    Point("Keeping.intend", 1, True),
    Point("DeploymentCaller.prepare", 1, False),
    Point("DeploymentCaller.prepare", 2, True),
    Point("_changed", 1, False),
    Point("_changed", 1, True),
]
DEPLOYED = [
    Point("Keeping.intend", 1, False),
    Point("Keeping.intend", 1, True),
    Point("FileJournal.intend", 1, True),
    Point("DeploymentCaller.execute", 1, False),
    Point("DeploymentCaller.execute", 1, True),
    Point("FileJournal.outcome", 1, True),
    Point("Sending._send", 1, True),
    Point("record", 1, False),
    Point("record", 1, True),
]
DAYS = cycle(["30", "60", "180", "365"])


def days(world: World) -> str:
    """How long the flow logs are kept, as the stack says it."""
    (stack,) = world.sandbox.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return next(each["ParameterValue"] for each in stack["Parameters"] if each["ParameterKey"] == "FlowLogDays")


def begun(world: World) -> int:
    """How many updates of the stack AWS ever began."""
    client: Any = world.sandbox.client("cloudformation")
    pages = client.get_paginator("describe_stack_events").paginate(StackName=STACK)
    return sum(
        event["ResourceStatus"] == "UPDATE_IN_PROGRESS" and event["PhysicalResourceId"] == event["StackId"]
        for page in pages
        for event in page["StackEvents"]
    )


def open_sets(world: World) -> int:
    """How many change sets wait to be executed."""
    found = world.sandbox.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    return sum(each["ExecutionStatus"] == "AVAILABLE" for each in found)


@pytest.mark.parametrize("point", PLANNED, ids=str)
def test_killed_while_planning(world: World, haven: Left, point: Point) -> None:
    before, wanted = begun(world), _other(world)
    died = world.run("ask_plan live_deploy", haven, wants=wanted, at=point, log=f"plan {point}")
    assert died == -signal.SIGKILL, haven.said(f"plan {point}")
    haven.age_leases()
    assert world.run("live_deploy", haven, log=f"after plan {point}") == 0, haven.said(f"after plan {point}")
    operation = haven.operations()[0]
    assert (operation.kind, operation.state) == ("plan", State.SUCCEEDED), operation.because
    assert (begun(world), open_sets(world)) == (before, 1)
    for each in world.sandbox.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]:
        world.sandbox.client("cloudformation").delete_change_set(ChangeSetName=each["ChangeSetId"])


@pytest.mark.parametrize("point", DEPLOYED, ids=str)
def test_killed_while_deploying(world: World, haven: Left, point: Point) -> None:
    before, wanted = begun(world), _other(world)
    died = world.run("ask_deploy live_deploy", haven, wants=wanted, at=point, log=f"death {point}")
    assert died == -signal.SIGKILL, haven.said(f"death {point}")
    haven.age_leases()
    assert world.run("live_deploy", haven, log=f"after {point}") == 0, haven.said(f"after {point}")
    operation = haven.operations()[0]
    assert (operation.kind, operation.state) == ("deploy", State.SUCCEEDED), operation.because
    assert (days(world), begun(world)) == (wanted, before + 1)


def _other(world: World) -> str:
    now = days(world)
    return next(each for each in DAYS if each != now)
