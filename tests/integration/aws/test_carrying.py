"""Live edits made past Haven, carried into the stack through CloudFormation, over HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services import bootstrap
from services.cli import haven
from services.domain.access import SYSTEM, Role
from services.domain.operation import Operation, State
from services.domain.scaling.edited import Edited, edited_live
from services.domain.snapshot import FargateService, Snapshot
from services.settings import Settings
from services.store.clock import SystemClock
from services.usecases.carrying import Carrying
from tests import builders as b
from tests.fakes.store import MemoryUnit
from tests.integration.aws.conftest import Cloud, SandboxClock
from tests.integration.aws.deploying import ended

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]  # the first one deploys both environments
RESOURCE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/production/audit",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def audit(snapshot: Snapshot) -> FargateService:
    return next(service for service in snapshot.services if service.name == "audit")


@dataclass
class Hands:
    """Somebody with AWS's own tools."""

    cloud: Cloud

    def bounds(self, low: int, high: int) -> None:
        client = self.cloud.sandbox.client("application-autoscaling")
        client.register_scalable_target(**RESOURCE, MinCapacity=low, MaxCapacity=high)

    def target(self, value: float) -> None:
        client = self.cloud.sandbox.client("application-autoscaling")
        found = client.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=RESOURCE["ResourceId"])
        policy = next(p for p in found["ScalingPolicies"] if p["PolicyName"] == "audit-cpu")
        config = policy["TargetTrackingScalingPolicyConfiguration"] | {"TargetValue": value}
        client.put_scaling_policy(
            **RESOURCE,
            PolicyName="audit-cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=config,
        )

    def edits(self) -> tuple[Edited, ...]:
        snapshot = self.cloud.read()
        return edited_live(snapshot, audit(snapshot))


@pytest.fixture
def hands(cloud: Cloud) -> Iterator[Hands]:
    """Whatever they did is put right again, in the stack too."""
    made = Hands(cloud)
    yield made
    planned = next(s for s in bootstrap.specs(cloud.production) if s.name == "service-audit")
    known: dict[str, dict[str, str]] = {}
    for name in ("network", "data", "platform"):
        outcome = cloud.provisioner.outcome(cloud.production, name)
        assert outcome is not None
        known[name] = dict(outcome.outputs)
    change_set = cloud.provisioner.change_set(cloud.production, planned, known)
    if change_set is not None:
        cloud.provisioner.execute(cloud.production, planned, change_set)
        ended(cloud.provisioner, cloud.production, planned.name, lambda: cloud.advance(30))
    made.target(60.0)
    made.bounds(3, 9)


def test_what_was_deployed_is_not_edited(hands: Hands) -> None:
    snapshot = hands.cloud.read()
    for service in snapshot.services:
        assert edited_live(snapshot, service) == ()


def test_an_edit_is_told_carried_executed_and_no_edit_any_more(hands: Hands) -> None:
    cloud = hands.cloud
    hands.bounds(3, 15)
    hands.target(45.0)
    assert {(each.parameter, each.template, each.live) for each in hands.edits()} == {
        ("MaxTasks", "9", "15"),
        ("CpuTarget", "60", "45"),
    }
    unit = MemoryUnit()
    with unit() as store:
        store.environments.add(cloud.production)
        store.snapshots.put(cloud.read(), changed=True, verdict="", summary="", token=1)
    desk = Carrying(
        unit,
        SandboxClock(cloud.sandbox),
        cloud.provisioner,
        bootstrap.specs,
        bootstrap.effective,
        lambda: "op-1",
        stale_after=timedelta(minutes=5),
        begin_within=timedelta(minutes=30),
    )
    made = desk.create_change_set(b.actor(Role.ADMIN), "production", "audit", "what the load test taught us")
    client: Any = cloud.sandbox.client("cloudformation")
    shown = client.describe_change_set(ChangeSetName=made.change_set)
    assert {change["ResourceChange"]["LogicalResourceId"] for change in shown["Changes"]} >= {
        "ScalableTarget", "CpuScaling",
    }  # fmt: skip
    assert shown["ExecutionStatus"] == "AVAILABLE"
    client.execute_change_set(ChangeSetName=made.change_set)
    outcome = ended(cloud.provisioner, cloud.production, "service-audit", lambda: cloud.advance(30))
    assert outcome.ok
    parameters = dict(outcome.parameters)
    assert (parameters["MaxTasks"], parameters["CpuTarget"], parameters["MinTasks"]) == ("15", "45", "3")
    assert hands.edits() == ()
    assert audit(cloud.read()).scaling.max_capacity == 15  # type: ignore[union-attr]
    # the next plain deployment keeps it
    planned = desk.deployment(b.actor(Role.ADMIN), cloud.production, {})
    assert planned.kept == {"service-audit": {"MaxTasks": ("15", "9"), "CpuTarget": ("45", "60")}}


def test_a_worker_has_the_change_set_made_and_nothing_is_executed(hands: Hands, tmp_path: Path) -> None:
    cloud, clock, admin = hands.cloud, SandboxClock(hands.cloud.sandbox), b.actor(Role.ADMIN)

    def outside(part: Any) -> Any:
        return clock if isinstance(part, SystemClock) else part

    settings = Settings(home=tmp_path, aws_endpoint_url=cloud.sandbox.url, aws_read_timeout=30)
    bootstrap.migrate(settings)
    built = bootstrap.build(settings, pause=lambda _: cloud.advance(30), outside=outside)
    built.environments.register(SYSTEM, b.environment("production", created_at=clock.now()))

    def look() -> None:
        lease = built.leases.acquire("snapshots:production", built.holder, timedelta(seconds=60))
        assert lease is not None
        built.snapshots.take("production", lease.token)
        built.leases.release(lease)

    def carried_out() -> Operation:
        look()
        asked = built.carrying.request(admin, "production", "audit", "what the load test taught us")
        for _ in range(10):
            built.engine.advance(asked.id)
            found = built.operations.view(admin, asked.id).operation
            if not found.live:
                return found
        raise AssertionError(f"It does not come to an end: {found}")

    hands.bounds(3, 15)
    done = carried_out()
    assert (done.state, done.because) == (State.SUCCEEDED, "Every step was seen to be true in AWS.")
    client: Any = cloud.sandbox.client("cloudformation")
    shown = client.describe_change_set(ChangeSetName=done.receipt)
    assert (shown["Status"], shown["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert {change["ResourceChange"]["LogicalResourceId"] for change in shown["Changes"]} >= {"ScalableTarget"}
    outcome = cloud.provisioner.outcome(cloud.production, "service-audit")
    assert outcome is not None
    assert dict(outcome.parameters)["MaxTasks"] == "9"  # nothing is executed
    # asked for again it is the same one: its name comes from its content
    assert carried_out().receipt == done.receipt
    look()
    late = built.carrying.request(admin, "production", "audit", "what the load test taught us")
    client.execute_change_set(ChangeSetName=done.receipt)
    assert ended(cloud.provisioner, cloud.production, "service-audit", lambda: cloud.advance(30)).ok
    for _ in range(4):
        built.engine.advance(late.id)
    refused = built.operations.view(admin, late.id).operation
    assert refused.state is State.FAILED
    assert "MaxTasks was 9 and is 15" in refused.because


# Only what makes no change set: the sandbox's clock stands still while the command waits for one.
@pytest.fixture
def run(hands: Hands, sqlite_database: str, tmp_path: Path) -> Callable[..., Result]:
    """`haven`, on a database of its own that knows the sandbox's production as it is now."""
    env = {
        "HAVEN_DATABASE_URL": sqlite_database,
        "HAVEN_HOME": str(tmp_path / "var"),
        "HAVEN_AWS_ENDPOINT_URL": hands.cloud.sandbox.url,
    }

    def run(*words: str) -> Result:
        return CliRunner().invoke(haven, words, env=env)

    assert run("environment", "add", "production", "--account", "123456789012").exit_code == 0
    return run


def test_haven_stack_deploy_warns_of_what_it_would_overwrite(
    hands: Hands, run: Callable[..., Result], sqlite_database: str, tmp_path: Path
) -> None:
    hands.bounds(3, 15)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAVEN_DATABASE_URL", sqlite_database)
        patch.setenv("HAVEN_HOME", str(tmp_path / "var"))
        built = bootstrap.build(Settings())
    taken = replace(hands.cloud.read(), environment="production")
    with built.carrying._unit() as store:
        store.snapshots.put(taken, changed=True, verdict="", summary="", token=1)
    refused = run("stack", "deploy", "production", "--set", "service-audit.MinTasks=4")
    assert refused.exit_code == 1
    assert "audit: Maximum is 15 live and becomes 9, as MinTasks changes." in refused.output
    assert "say --yes" in refused.output
    shown = run("stack", "carry", "production", "audit")
    assert "MaxTasks: 9 -> 15" in shown.output
    assert "haven stack deploy production --set service-audit.MaxTasks=15" in shown.output
    assert "aws cloudformation create-change-set" in shown.output
