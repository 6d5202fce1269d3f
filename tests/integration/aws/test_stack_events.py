"""Stack events kept from CloudFormation over HTTP: of a stack that somebody makes, changes and deletes with AWS's own
tools."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from services.aws.deployment_reader import DeploymentReader
from services.aws.session import Sessions, Wire
from services.aws.stacks import list_stacks
from services.domain.deployment.event import StackEvent, rollouts
from services.domain.snapshot import Stack
from services.usecases.stack_events import StackEventKeeping, settled
from tests import builders as b
from tests.fakes.store import MemoryUnit
from tests.integration.aws.conftest import SandboxClock, WallClock
from tests.sandbox_server import Sandbox

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(120)]
HERE = b.environment("aside")
STACK = "aside-platform"


def template(seconds: int) -> str:
    """A stack of one queue, whose messages are hidden for so long once received."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": STACK, "VisibilityTimeout": seconds}}
    return json.dumps({"Resources": {"Queue": queue}})


@dataclass
class Scene:
    """A sandbox, somebody's own client to it, and Haven keeping what it hears."""

    sandbox: Sandbox
    client: "CloudFormationClient"
    unit: MemoryUnit
    keeping: StackEventKeeping

    def snap(self) -> tuple[Stack, ...]:
        """The stacks that are there, taken into a snapshot."""
        stacks = list_stacks(self.client, HERE)
        with self.unit() as store:
            snapshot = b.snapshot(HERE.name, stacks=stacks)
            store.snapshots.put(snapshot, changed=True, verdict="healthy", summary="", token=1)
        return stacks

    def kept(self) -> list[StackEvent]:
        with self.unit(readonly=True) as store:
            return list(store.stack_events.of(HERE.name, "platform"))


@pytest.fixture
def scene(start_sandbox: Callable[..., Sandbox], monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    sandbox, unit = start_sandbox("--frozen", "--limits", "off"), MemoryUnit()
    reader = DeploymentReader(Sessions(Wire(endpoint_url=sandbox.url), WallClock()))
    with unit() as store:
        store.environments.add(HERE)
    keeping = StackEventKeeping(unit, SandboxClock(sandbox), reader)
    return Scene(sandbox, sandbox.client("cloudformation"), unit, keeping)


def test_what_somebody_does_with_aws_own_tools_is_kept_to_its_end(scene: Scene) -> None:
    scene.client.create_stack(StackName=STACK, TemplateBody=template(30))
    scene.sandbox.advance(600)
    (stack,) = scene.snap()
    assert scene.keeping.keep(HERE.name) == len(scene.kept()) > 2
    assert settled(stack, scene.kept())
    assert scene.keeping.keep(HERE.name) == 0

    scene.client.update_stack(StackName=STACK, TemplateBody=template(60), ClientRequestToken="by-hand")
    (stack,) = scene.snap()
    assert not settled(stack, scene.kept())
    assert scene.keeping.follow(HERE.name) > 0
    scene.sandbox.advance(600)
    (stack,) = scene.snap()
    scene.keeping.follow(HERE.name)
    assert settled(stack, scene.kept())
    made, changed = rollouts(scene.kept())
    assert (made.status, changed.status) == ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert (changed.token, changed.ours) == ("by-hand", False)
    assert changed.ended_at is not None

    scene.client.delete_stack(StackName=STACK)
    scene.sandbox.advance(600)
    assert scene.snap() == ()
    assert scene.keeping.follow(HERE.name) > 0
    assert [each.status for each in rollouts(scene.kept())][2:] == ["DELETE_COMPLETE"]
    assert {each.stack for each in scene.kept()} == {"platform"}
    assert scene.keeping.keep(HERE.name) == 0
