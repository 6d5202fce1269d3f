"""From nothing to single-AZ, to Multi-AZ in one reviewed step, and back to nothing: the whole of Haven on a sandbox of
its own, by plans alone."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services import bootstrap
from services.bootstrap import Haven
from services.domain.access import SYSTEM
from services.domain.deployment.plan import PlanState
from services.domain.operation import Operation, State
from services.settings import Settings
from services.store.clock import SystemClock
from services.usecases.deployment_shapes import DeployRequest, PlanRequest, Reviewed
from tests.builders import environment
from tests.integration.aws.conftest import SandboxClock
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.long, pytest.mark.sandbox, pytest.mark.timeout(600)]
STORES = {"AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup", "AWS::SQS::Queue", "AWS::KMS::Key"}


class Ground:
    """A Haven on a sandbox."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, clock = sandbox, SandboxClock(sandbox)
        settings = Settings(aws_endpoint_url=sandbox.url, home=home, database_url=f"sqlite:///{home / 'haven.db'}")

        def outside(part: Any) -> Any:
            return clock if isinstance(part, SystemClock) else part

        self.haven: Haven = bootstrap.build(settings, pause=sandbox.advance, outside=outside)
        bootstrap.migrate(settings)
        self.haven.environments.register(SYSTEM, environment("legacy", created_at=clock.now()))

    def snap(self) -> None:
        lease = self.haven.leases.acquire("snapshots:legacy", self.haven.holder, timedelta(seconds=60))
        assert lease is not None
        self.haven.snapshots.take("legacy", lease.token)
        self.haven.leases.release(lease)

    def run(self, operation: Operation) -> Operation:
        for _ in range(400):
            self.haven.engine.advance(operation.id)
            now = self.haven.operations.view(SYSTEM, operation.id).operation
            if not now.live or now.state is State.STUCK:
                return now
            self.sandbox.advance(45)
        raise AssertionError(f"it does not come to an end: {now}")

    def planned(self, request: PlanRequest) -> Reviewed:
        self.snap()
        operation = self.run(self.haven.deployments.plan(SYSTEM, request))
        self.snap()
        seen = self.haven.deployments.review(SYSTEM, operation.wants("plan"))
        assert seen.plan.state is PlanState.READY, seen.plan.because
        return seen

    def deployed(self, seen: Reviewed) -> Operation:
        request = DeployRequest(
            seen.plan.id, seen.plan.fingerprint, "From one zone to three", confirmed=seen.to_confirm
        )
        ended = self.run(self.haven.deployments.request(SYSTEM, request))
        assert ended.state is State.SUCCEEDED, ended.because
        return ended


@pytest.fixture(scope="module")
def ground(start_sandbox: Callable[..., Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    sandbox = start_sandbox("--frozen", "--limits", "off")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield Ground(sandbox, tmp_path_factory.mktemp("home"))
    sandbox.stop()


def stores(ground: Ground) -> set[tuple[str, str]]:
    """Logical and physical ids of what holds data."""
    pages = ground.sandbox.client("cloudformation").list_stack_resources(StackName="legacy-data")
    return {
        (each["LogicalResourceId"], each["PhysicalResourceId"])
        for each in pages["StackResourceSummaries"]
        if each["ResourceType"] in STORES
    }


def test_from_nothing_to_multi_az_and_back_to_nothing(ground: Ground) -> None:
    seen = ground.planned(PlanRequest("legacy"))
    assert [each.name for each in seen.plan.stacks if each.change_set] == ["network"]
    ground.deployed(seen)
    before = stores(ground)
    assert len(before) >= 4

    upgrade = ground.planned(PlanRequest("legacy", blueprint="multi-az", whole_shape=True))
    changed = {each.name: each for each in upgrade.plan.changed}
    assert {"network", "data", "platform", "service-rbac"} <= changed.keys()
    assert [each.name for each in upgrade.plan.stacks if each.unknown] == []
    assert not [each for each in upgrade.risks if each.level.name == "STOPPED"]
    ground.deployed(upgrade)
    assert stores(ground) == before
    assert ground.haven.environments.get(SYSTEM, "legacy").blueprint == "multi-az"
    history = ground.haven.deployments.history(SYSTEM, "legacy")
    assert [each.what for each in history if each.operation] == ["change to multi-az", "deployment of legacy"]
    assert [each.what for each in history if each.rollout] == []

    stopped = [
        each for each in ground.planned(PlanRequest("legacy", delete=True)).risks if each.level.name == "STOPPED"
    ]
    assert {(each.stack, each.logical_id) for each in stopped} == {("data", "Database"), ("platform", "LoadBalancer")}
    assert all("on, by the deployed parameter DeletionProtection" in each.because for each in stopped)
    unprotected = {"DeletionProtection": "false"}
    open_ones = PlanRequest(
        "legacy", stacks=("data", "platform"), values={"data": unprotected, "platform": unprotected}
    )
    ground.deployed(ground.planned(open_ones))
    removal = ground.planned(PlanRequest("legacy", delete=True))
    assert not [each for each in removal.risks if each.level.name == "STOPPED"]
    assert "Database" in next(each for each in removal.plan.stacks if each.name == "data").kept
    ground.deployed(removal)
    stacks = ground.sandbox.client("cloudformation").describe_stacks()["Stacks"]
    assert [each["StackName"] for each in stacks] == []
