"""The guided path: its stages in order by what is deployed, walked to the end; what is kept, priced, not its turn."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.domain.deployment.plan import PlanState
from services.domain.errors import Conflict, NotAllowed, NotFound, NotNow
from services.domain.operation import State
from services.domain.snapshot import Snapshot
from services.usecases.upgrades import UpgradePath, Upgrades, UpgradeStep
from tests import builders as b
from tests.unit.usecases.deployment_world import ADMIN, OPERATOR, VIEWER, Scene

NAMES = ["network", "standby", "capacity", "platform", "services"]


class Walk:
    """A scene with the desk of the path."""

    def __init__(self, name: str = "legacy") -> None:
        self.scene = Scene(name)
        self.desk = Upgrades(self.scene.unit, self.scene.clock, self.scene.desk, self.scene.catalogue)

    def path(self) -> UpgradePath:
        return self.desk.path(VIEWER, self.scene.name)

    def states(self) -> list[str]:
        return [step.state for step in self.path().steps]

    def step(self, name: str) -> UpgradeStep:
        return next(each for each in self.path().steps if each.name == name)

    def plan(self, name: str) -> str:
        """The plan of a stage, worked out."""
        operation = self.scene.run(self.desk.plan(ADMIN, self.scene.name, name).id)
        assert operation.state is State.SUCCEEDED, operation.because
        return operation.wants("plan")

    def go(self, name: str) -> None:
        """A stage, deployed."""
        asked = self.scene.ask(self.scene.desk.review(VIEWER, self.plan(name)))
        ended = self.scene.run(asked.id)
        assert ended.state is State.SUCCEEDED, ended.because
        self.scene.clock.move(hours=20)
        self.scene.snap()

    def shape(self, change: Callable[[Snapshot], Snapshot]) -> None:
        """What the services show from now on."""
        self.scene.cloud.shape = change(self.scene.cloud.shape)
        self.scene.snap()

    def set(self, stack: str, **values: str) -> None:
        """Values deployed by somebody else."""
        self.scene.aws.stacks[stack].parameters.update(values)
        self.scene.snap()


def test_the_stages_come_in_order_and_the_first_is_next() -> None:
    path = Walk().path()
    assert [(step.name, step.state) for step in path.steps] == [
        ("network", "next"), ("standby", "later"), ("capacity", "later"), ("platform", "later"), ("services", "later"),
    ]  # fmt: skip
    assert path.now is path.steps[0]
    assert path.done == 0
    assert path.absent == []


def test_the_standby_comes_alone_before_the_class_of_the_database() -> None:
    walk = Walk()
    standby, capacity = walk.step("standby"), walk.step("capacity")
    assert standby.changes == {
        "data": {
            "DatabaseMultiAz": ("false", "true"),
            "DeletionProtection": ("false", "true"),
            "CacheNodes": ("1", "3"),
        }
    }
    assert capacity.changes["data"]["DatabaseClass"] == ("db.t4g.medium", "db.r6g.large")
    assert not standby.changes["data"].keys() & capacity.changes["data"].keys()
    assert "Nothing stops" in standby.risk
    assert "fails over once" in capacity.risk


def test_the_storage_is_kept_and_the_reason_said() -> None:
    walk = Walk()
    assert "DatabaseStorage" not in walk.step("capacity").changes["data"]
    kept = {each.parameter: each for each in walk.step("capacity").kept}
    assert (kept["DatabaseStorage"].now, kept["DatabaseStorage"].blueprint) == ("50", "100")
    assert "never shrink" in kept["DatabaseStorage"].why


def test_each_finding_stands_at_the_stage_that_mends_it_and_at_no_other() -> None:
    path = Walk().path()
    rules = {step.name: {each.rule for each in step.findings} for step in path.steps}
    assert rules["network"] == {"nat-shared"}
    assert {"database-single-zone", "cache-single-node", "database-deletable"} <= rules["standby"]
    assert rules["capacity"] == {"database-no-backups"}
    assert {"balancer-deletable", "balancer-no-shift"} <= rules["platform"]
    assert {"one-task", "no-scaling", "no-circuit-breaker", "no-rebalancing"} <= rules["services"]
    ids = [each.id for step in path.steps for each in step.findings]
    assert len(ids) == len(set(ids))
    assert len(ids) + len(path.left) == path.findings


def test_a_finding_that_no_stage_mends_is_left() -> None:
    walk = Walk()
    walk.shape(lambda seen: replace(seen, alarms=(b.alarm(state="ALARM"),)))
    assert "alarm-firing" in {each.rule for each in walk.path().left}


def test_the_price_of_each_stage_stands_there_before_it_is_planned() -> None:
    path = Walk().path()
    for step in path.steps:
        assert step.estimate is not None
        assert not step.exact
        assert {line.stack for line in step.estimate.lines} <= set(step.stacks)
    capacity = path.steps[2].estimate
    assert capacity is not None
    database = next(line for line in capacity.lines if line.logical_id == "Database")
    # The standby is there by then, so both sides pay for it.
    assert (database.before or 0) > 2 * 50 * 0.115
    assert all("0.23 USD" in side for side in database.arithmetic.split("before:"))
    assert path.redundancy_usd is not None
    assert path.redundancy_now_usd is not None
    assert path.redundancy_usd > path.redundancy_now_usd
    assert path.budget_minutes == pytest.approx(21.6, abs=1.0)


def test_the_way_is_walked_to_its_end_and_the_environment_takes_the_name() -> None:
    walk = Walk()
    for done, name in enumerate(NAMES):
        assert walk.states() == ["done"] * done + ["next"] + ["later"] * (4 - done)
        walk.go(name)
    path = walk.path()
    assert [step.state for step in path.steps] == ["done"] * 5
    assert path.now is None
    assert path.environment.blueprint == "multi-az"
    assert all(step.done_by is not None and step.done_by.who == ADMIN.name for step in path.steps)
    assert path.steps[1].changes["data"]["DatabaseMultiAz"] == ("false", "true")
    assert dict(walk.scene.aws.stacks["data"].parameters)["DatabaseStorage"] == "50"
    assert walk.scene.aws.stacks["data"].protected
    assert len(path.trend) == 6


def test_only_the_stage_whose_turn_it_is_is_planned() -> None:
    walk = Walk()
    with pytest.raises(Conflict, match=r"“room and backups for the data” comes after “A way out for every zone”\."):
        walk.desk.plan(ADMIN, "legacy", "capacity")
    with pytest.raises(NotFound):
        walk.desk.plan(ADMIN, "legacy", "nonsense")
    walk.go("network")
    with pytest.raises(Conflict, match="done already"):
        walk.desk.plan(ADMIN, "legacy", "network")


def test_a_plan_of_the_stage_is_found_again_with_its_own_price() -> None:
    walk = Walk()
    plan = walk.plan("network")
    step = walk.step("network")
    assert step.state == "next"
    assert step.plan is not None
    assert (step.plan.plan.id, step.plan.plan.state) == (plan, PlanState.READY)
    assert step.plan.plan.what == "multi-az 1 of 5: a way out for every zone"
    assert step.exact
    assert walk.step("standby").plan is None


def test_a_stage_runs_once_its_deployment_was_asked_for() -> None:
    walk = Walk()
    asked = walk.scene.ask(walk.scene.desk.review(VIEWER, walk.plan("network")))
    assert walk.states() == ["running", *["later"] * 4]
    walk.scene.engine.advance(asked.id)
    assert walk.states()[0] == "running"
    with pytest.raises(Conflict, match="being deployed"):
        walk.desk.plan(ADMIN, "legacy", "network")


def test_what_was_deployed_otherwise_counts_too() -> None:
    walk = Walk()
    walk.set("network", NatPerZone="true", EndpointPerZone="true")
    path = walk.path()
    assert [step.state for step in path.steps][:2] == ["done", "next"]
    assert path.steps[0].done_by is None
    assert path.steps[0].changes == {}
    assert path.steps[0].findings == []


def test_services_go_one_by_one_when_together_they_ask_too_much() -> None:
    walk = Walk()
    walk.set("service-rbac", PoolSize="100")
    path = walk.path()
    assert [step.name for step in path.steps][4:] == ["service-rbac", "service-audit", "service-identity-sync"]
    assert "One by one" in path.steps[4].risk
    assert {each.subject for each in path.steps[4].findings} == {"service-rbac"}


def test_production_has_nothing_left_to_do() -> None:
    path = Walk("production").path()
    assert {step.state for step in path.steps} == {"done"}
    assert path.now is None
    assert all(step.estimate is None for step in path.steps)


def test_a_failed_deployment_of_the_stage_is_told() -> None:
    walk = Walk()
    walk.scene.aws.failing["network"] = "NatGateway3: the limit is reached"
    asked = walk.scene.ask(walk.scene.desk.review(VIEWER, walk.plan("network")))
    assert walk.scene.run(asked.id).state is State.FAILED
    step = walk.step("network")
    assert step.state == "next"
    assert step.failed is not None
    assert "limit is reached" in step.failed.result


def test_who_may_and_what_is_not_there() -> None:
    walk = Walk()
    with pytest.raises(NotAllowed):
        walk.desk.plan(OPERATOR, "legacy", "network")
    with pytest.raises(NotFound):
        walk.desk.path(VIEWER, "nowhere")
    with walk.scene.unit() as store:
        store.environments.add(b.environment("unread"))
    with pytest.raises(NotNow):
        walk.desk.path(VIEWER, "unread")
