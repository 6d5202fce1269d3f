"""Haven whole, built as in production, changes scaling in the sandbox: asked for, written, shown by AWS, taken back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services import bootstrap
from services.bootstrap import Haven
from services.domain.access import SYSTEM, Role
from services.domain.check import Answer
from services.domain.errors import Conflict, Unsafe
from services.domain.operation import Operation, State
from services.domain.scaling.change import ScalingChange, ScalingState, Suspended, state_of
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.scaling.temporary import EditState
from services.domain.snapshot import ScalingPolicy, ScheduledAction
from services.settings import Settings
from services.store.clock import SystemClock
from services.usecases.scalings import ScalingPreview, ScalingRequest
from tests import builders as b
from tests.integration.aws.conftest import Cloud, SandboxClock

pytestmark = [
    pytest.mark.long,
    pytest.mark.sandbox,
    pytest.mark.timeout(400),  # the first one deploys both environments
]

ADMIN = b.actor(Role.ADMIN, "root.admin")
ENV, SERVICE, RESOURCE = "production", "rbac", "service/production/rbac"
WHO: dict[str, Any] = {
    "ServiceNamespace": "ecs",
    "ResourceId": RESOURCE,
    "ScalableDimension": "ecs:service:DesiredCount",
}
SCALES = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
WHY = "More room for the sale"


class Run:
    """Haven against the sandbox, at the sandbox's time."""

    def __init__(self, haven: Haven, cloud: Cloud) -> None:
        self.haven, self.cloud = haven, cloud
        self.aws = cloud.sandbox.client("application-autoscaling")
        self.ecs = cloud.sandbox.client("ecs")

    def look(self) -> None:
        """A fresh picture, kept as the worker keeps one."""
        lease = self.haven.leases.acquire(f"snapshots:{ENV}", self.haven.holder, timedelta(seconds=60))
        assert lease is not None
        self.haven.snapshots.take(ENV, lease.token)
        self.haven.leases.release(lease)

    def state(self) -> ScalingState:
        """As a form is opened on."""
        self.look()
        scaling = self.haven.scalings.service(ADMIN, ENV, SERVICE).service.scaling
        assert scaling is not None
        return state_of(scaling)

    def preview(self, change: ScalingChange) -> ScalingPreview:
        self.look()
        return self.haven.scalings.preview(ADMIN, ENV, SERVICE, change)

    def ask(self, change: ScalingChange, opened: ScalingState | None = None, **more: Any) -> Operation:
        """Asked for by an admin, who lets pass what may be let pass."""
        opened = opened or self.state()
        passed = tuple(check.key for check in self.haven.scalings.preview(ADMIN, ENV, SERVICE, change).overridable)
        made = ScalingRequest(
            ENV, SERVICE, change, opened, WHY, overrides=passed, override_reason="A test of the sandbox", **more
        )
        return self.haven.scalings.request(ADMIN, made)

    def carried_out(self, id: str) -> Operation:
        """Advanced as the worker does until it is over."""
        for _ in range(200):
            self.haven.engine.advance(id)
            found = self.haven.operations.view(ADMIN, id).operation
            if not found.live or found.state is State.STUCK:
                return found
            self.cloud.advance(5)
            self.look()
        raise AssertionError(f"{id} does not come to an end: {found}")

    def make(self, change: ScalingChange, **more: Any) -> Operation:
        return self.carried_out(self.ask(change, **more).id)

    def bounds(self) -> tuple[int, int]:
        (target,) = self.aws.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[RESOURCE])[
            "ScalableTargets"
        ]
        return target["MinCapacity"], target["MaxCapacity"]

    def policies(self) -> dict[str, Any]:
        found = self.aws.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=RESOURCE)["ScalingPolicies"]
        return {policy["PolicyName"]: policy for policy in found}

    def tracking(self) -> ScalingPolicy:
        return next(policy for policy in self.state().scaling.policies if "CPU" in (policy.metric or ""))


@pytest.fixture(scope="module")
def run(deployed: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Run:
    clock = SandboxClock(deployed.sandbox)

    def outside(part: Any) -> Any:
        return clock if isinstance(part, SystemClock) else part

    home: Path = tmp_path_factory.mktemp("haven")
    settings = Settings(home=home, aws_endpoint_url=deployed.sandbox.url, aws_read_timeout=30)
    bootstrap.migrate(settings)
    haven = bootstrap.build(settings, outside=outside)
    haven.environments.register(SYSTEM, b.environment(ENV, created_at=clock.now()))
    made = Run(haven, deployed)
    made.look()
    haven.measuring.refresh(ENV)
    return made


@pytest.fixture(autouse=True)
def _as_it_was(run: Run) -> Iterator[None]:
    """What a test changes it puts right."""
    before = run.bounds(), run.policies()
    yield
    run.cloud.sandbox.control("trouble", method="DELETE")
    for operation in run.haven.operations.live(ADMIN, ENV):
        if operation.irreversible:
            run.carried_out(operation.id)
        else:
            run.haven.operations.cancel(ADMIN, operation.id)
    (low, high), policies = before
    run.aws.register_scalable_target(**WHO, MinCapacity=low, MaxCapacity=high, SuspendedState=SCALES)
    for name in run.policies().keys() - policies.keys():
        run.aws.delete_scaling_policy(**WHO, PolicyName=name)
    for name, policy in policies.items():
        config = policy["TargetTrackingScalingPolicyConfiguration"]
        run.aws.put_scaling_policy(
            **WHO,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=config,
        )


def test_asked_for_done_shown_by_aws_and_taken_back(run: Run) -> None:
    (low, high), calls = run.bounds(), run.cloud.sandbox.control("calls")["calls"]
    ended = run.make(ScalingChange(max_capacity=high + 1))
    assert ended.state is State.SUCCEEDED, ended.because
    assert run.bounds() == (low, high + 1)
    assert ended.note("read_back").startswith(f"minimum {low}, maximum {high + 1}")
    sent = run.cloud.sandbox.control("calls")["calls"]
    asked = "application-autoscaling:RegisterScalableTarget"
    assert sent.get(asked, 0) - calls.get(asked, 0) == 1
    record = run.haven.scalings.change(ADMIN, ended.id)
    assert [(row.key, row.before, row.after) for row in record.rows] == [("maximum", str(high), str(high + 1))]
    assert record.cannot_revert == ""
    change, state = run.haven.scalings.reverting(ADMIN, ended.id)
    back = run.carried_out(run.ask(change, state, reverts=ended.id).id)
    assert (back.state, run.bounds()) == (State.SUCCEEDED, (low, high))
    assert run.haven.scalings.change(ADMIN, ended.id).cannot_revert.startswith("There is nothing to take back")


def test_every_kind_of_write_is_taken_by_aws_and_read_back(run: Run) -> None:
    """Scaling in rests from the start: at a quiet hour the policies would take the one more task away at once."""
    run.aws.register_scalable_target(**WHO, SuspendedState={**SCALES, "DynamicScalingInSuspended": True})
    low, high = run.bounds()
    cpu = replace(run.tracking(), target=55.0, scale_in_cooldown=240)
    steps = StepPolicy("rbac-burst", Adjustment.CHANGE, (Step(2, 0.0, 15.0), Step(4, 15.0)), 120)
    night = ScheduledAction("rbac-night", "cron(0 22 * * ? *)", "Europe/Berlin", low, high)
    change = ScalingChange(
        max_capacity=high + 1,
        suspended=Suspended(scale_in=True, scale_out=False, scheduled=True),
        policies=(cpu,),
        steps=(steps,),
        scheduled=(night,),
        desired_once=low + 1,
    )
    ended = run.make(change)
    assert ended.state is State.SUCCEEDED, (ended.because, ended.step)
    config = run.policies()[cpu.name]["TargetTrackingScalingPolicyConfiguration"]
    assert (config["TargetValue"], config["ScaleInCooldown"]) == (55.0, 240)
    assert run.policies()["rbac-burst"]["PolicyType"] == "StepScaling"
    (service,) = run.ecs.describe_services(cluster=ENV, services=[SERVICE])["services"]
    assert service["desiredCount"] == low + 1
    back, state = run.haven.scalings.reverting(ADMIN, ended.id)
    assert back.removed_policies == ("rbac-burst",)
    assert back.removed_scheduled == ("rbac-night",)
    taken = run.carried_out(run.ask(back, state).id)
    assert taken.state is State.SUCCEEDED, (taken.because, taken.step)
    assert "rbac-burst" not in run.policies()
    assert run.policies()[cpu.name]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] != 55.0
    assert run.bounds() == (low, high)


def test_denied_half_way_it_says_what_was_done_and_what_was_not(run: Run) -> None:
    low, high = run.bounds()
    cpu = replace(run.tracking(), target=51.0)
    asked = run.ask(ScalingChange(policies=(cpu,), max_capacity=high + 1))
    operation = "RegisterScalableTarget"
    run.cloud.sandbox.control("trouble", service="application-autoscaling", operation=operation, kind="deny", rate=1)
    ended = run.carried_out(asked.id)
    assert ended.state is State.FAILED
    assert ended.because.startswith("Stopped half-way: Haven may not call RegisterScalableTarget")
    assert f"Done before: Policy {cpu.name} is as asked." in ended.because
    assert f"Not done: Registered as asked: maximum {high + 1}." in ended.because
    assert run.bounds() == (low, high)
    assert run.policies()[cpu.name]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 51.0
    run.cloud.sandbox.control("trouble", method="DELETE")
    run.look()
    back, _ = run.haven.scalings.reverting(ADMIN, ended.id)
    assert [policy.name for policy in back.policies] == [cpu.name]
    assert back.max_capacity is None


def test_a_policy_put_from_outside_meanwhile_conflicts(run: Run) -> None:
    opened, cpu = run.state(), run.tracking()
    config = run.policies()[cpu.name]["TargetTrackingScalingPolicyConfiguration"]
    asked = run.ask(ScalingChange(policies=(replace(cpu, target=52.0),)), opened)
    run.aws.put_scaling_policy(
        **WHO,
        PolicyName=cpu.name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={**config, "TargetValue": 71.0},
    )
    with_it = run.carried_out(asked.id)  # the worker finds it, just before it would write
    assert with_it.state is State.FAILED
    assert "and is 71" in with_it.because
    assert run.policies()[cpu.name]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 71.0
    run.look()
    shown = run.haven.scalings.preview(ADMIN, ENV, SERVICE, ScalingChange(policies=(cpu,), max_capacity=14), opened)
    assert [row.after for row in shown.conflicts] == ["71"]
    with pytest.raises(Conflict, match="changed since the form was opened"):
        run.ask(ScalingChange(policies=(replace(cpu, target=52.0),)), opened)


def test_guards_judge_on_what_was_read(run: Run) -> None:
    low, high = run.bounds()
    preview = run.preview(ScalingChange(max_capacity=4000))
    by_key = {check.key: check for check in preview.checks}
    assert by_key["fresh"].answer is Answer.PASS
    assert by_key["connections"].answer is Answer.FAIL
    assert "(production-app, db." in by_key["connections"].fact
    assert by_key["quota"].answer is Answer.FAIL
    assert by_key["need"].answer is Answer.PASS
    assert by_key["addresses"].answer is Answer.PASS  # a /20 a zone
    with pytest.raises(Unsafe, match="hold every connection"):
        run.ask(ScalingChange(max_capacity=4000))
    assert run.bounds() == (low, high)


def test_a_temporary_edit_is_taken_back_after_its_end(run: Run) -> None:
    low, high = run.bounds()
    until = SandboxClock(run.cloud.sandbox).now() + timedelta(hours=1)
    made = run.make(ScalingChange(max_capacity=high + 2, until=until))
    assert (made.state, run.bounds()) == (State.SUCCEEDED, (low, high + 2))
    (edit,) = run.haven.scalings.service(ADMIN, ENV, SERVICE).edits
    assert (edit.id, edit.state) == (made.id, EditState.WAITING)
    assert run.haven.temporary_edits.tick() == 0
    run.cloud.advance(3600)
    run.look()
    assert run.haven.temporary_edits.tick() == 1
    (going,) = run.haven.temporary_edits.live(ADMIN, ENV)
    assert run.carried_out(going.revert).state is State.SUCCEEDED
    assert run.bounds() == (low, high)
    run.haven.temporary_edits.tick()
    assert run.haven.temporary_edits.live(ADMIN, ENV) == []
    asked = run.haven.operations.view(ADMIN, going.revert).operation
    assert (asked.requested_by, asked.wants("reverts")) == ("system", made.id)
