"""Deploying stacks in order, against a provisioner that keeps its own time."""

from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from services.domain.access import SYSTEM, Actor, Role
from services.domain.environment import Environment
from services.domain.errors import NotAllowed, NotNow, OutcomeUnknown, Refused
from services.ports import Entry, StackOutcome, StackSpec
from services.usecases.provisioning import Progress, Provisioning

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PRODUCTION = Environment("production", "123456789012", "us-east-1", "multi-az", "production", True, 99.95, NOW)


def spec(name: str, *after: str) -> StackSpec:
    return StackSpec(name, name, (), (), after, None, False)


SPECS = (
    spec("network"),
    spec("data", "network"),
    spec("platform", "network"),
    spec("service-rbac", "data", "platform"),
)


class Cloud:
    """Each executed stack ends after two looks. `fails` and `refuses` name stacks; `existing` are there, unchanged."""

    def __init__(self, fails: str = "", refuses: str = "", existing: tuple[str, ...] = ()) -> None:
        self.fails, self.refuses = fails, refuses
        self.done = set(existing)
        self.unchanged = set(existing)
        self.status: dict[str, str] = {}
        self.looks: dict[str, int] = {}
        self.log: list[str] = []
        self.inputs: dict[str, set[str]] = {}

    def change_set(self, environment, stack, outputs):
        self.inputs[stack.name] = set(outputs)
        if stack.name == self.refuses:
            raise Refused("Parameter X must be a number")
        return None if stack.name in self.unchanged else f"arn:{stack.name}"

    def execute(self, environment, stack, change_set):
        assert change_set == f"arn:{stack.name}"
        self.log.append(stack.name)
        self.status.pop(stack.name, None)
        self.done.discard(stack.name)
        self.looks[stack.name] = 2

    def outcome(self, environment, name):
        if name in self.done:
            return StackOutcome(self.status.get(name, "CREATE_COMPLETE"), True, True, "", (("Id", name),))
        if name not in self.looks:
            return None
        self.looks[name] -= 1
        if self.looks[name] > 0:
            return StackOutcome("CREATE_IN_PROGRESS", False, False, "", ())
        if name == self.fails:
            return StackOutcome("ROLLBACK_COMPLETE", True, False, "Insufficient capacity", ())
        self.done.add(name)
        return self.outcome(environment, name)

    def secure(self, environment, stack):
        self.log.append(f"secure {stack.name}")


def desk(cloud: Cloud) -> tuple[Provisioning, list[Entry]]:
    entries: list[Entry] = []

    @contextmanager
    def unit():
        yield SimpleNamespace(ledger=SimpleNamespace(append=entries.append))

    clock = SimpleNamespace(now=lambda: NOW)
    return Provisioning(unit=unit, provisioner=cloud, clock=clock, pause=lambda _seconds: None), entries


def test_a_stack_waits_for_those_it_depends_on_and_gets_their_outputs():
    cloud = Cloud()
    provisioning, entries = desk(cloud)
    news: list[Progress] = []
    provisioning.deploy(SYSTEM, PRODUCTION, SPECS, news.append)
    executed = [line for line in cloud.log if not line.startswith("secure")]
    assert executed == ["network", "data", "platform", "service-rbac"]
    assert cloud.log.index("secure network") < cloud.log.index("data")
    assert cloud.inputs["service-rbac"] == {"network", "data", "platform"}
    assert [(p.stack, p.word) for p in news if p.stack == "network"] == [("network", "creating"), ("network", "done")]
    assert [e.action for e in entries] == ["start deployment", "finish deployment"]


def test_independent_stacks_run_side_by_side():
    cloud = Cloud()
    provisioning, _ = desk(cloud)
    provisioning.deploy(SYSTEM, PRODUCTION, SPECS, lambda _news: None)
    assert cloud.log.index("platform") < cloud.log.index("secure data")


def test_a_second_deployment_changes_nothing():
    cloud = Cloud(existing=tuple(s.name for s in SPECS))
    provisioning, entries = desk(cloud)
    news: list[Progress] = []
    provisioning.deploy(SYSTEM, PRODUCTION, SPECS, news.append)
    assert {p.word for p in news} == {"unchanged"}
    assert entries[-1].detail == {"changed": ""}


def test_what_is_missing_alone_is_made_and_what_is_there_stays_as_it_is():
    cloud = Cloud(existing=("network", "data"))
    cloud.unchanged = set()
    cloud.status = {"data": "UPDATE_ROLLBACK_COMPLETE"}
    provisioning, entries = desk(cloud)
    news: list[Progress] = []
    provisioning.deploy(SYSTEM, PRODUCTION, SPECS, news.append, missing_only=True)
    made = [line for line in cloud.log if not line.startswith("secure")]
    assert made == ["platform", "service-rbac"]
    assert cloud.inputs["service-rbac"] == {"network", "data", "platform"}
    assert {p.stack: p.detail for p in news if p.word == "there"} == {
        "network": "CREATE_COMPLETE",
        "data": "UPDATE_ROLLBACK_COMPLETE",
    }
    assert ("secure network" in cloud.log, "secure data" in cloud.log) == (True, False)
    assert entries[-1].detail == {"changed": "platform service-rbac"}


def test_a_creation_that_never_came_to_a_good_end_is_missing():
    cloud = Cloud(existing=("network",))
    cloud.unchanged, cloud.status = set(), {"network": "ROLLBACK_COMPLETE"}
    provisioning, _ = desk(cloud)
    provisioning.deploy(SYSTEM, PRODUCTION, SPECS[:1], lambda _news: None, missing_only=True)
    assert cloud.log == ["network", "secure network"]


def test_a_failed_stack_stops_what_depends_on_it_and_says_why():
    cloud = Cloud(fails="data")
    provisioning, entries = desk(cloud)
    with pytest.raises(Refused, match="data: ROLLBACK_COMPLETE: Insufficient capacity"):
        provisioning.deploy(SYSTEM, PRODUCTION, SPECS, lambda _news: None)
    assert "service-rbac" not in cloud.log
    assert "secure platform" in cloud.log  # what ran beside it is seen to its end
    assert (entries[-1].action, entries[-1].outcome) == ("finish deployment", "failed")


def test_a_refused_change_set_is_reported_in_aws_words():
    provisioning, _ = desk(Cloud(refuses="network"))
    with pytest.raises(Refused, match="network: Parameter X must be a number"):
        provisioning.deploy(SYSTEM, PRODUCTION, SPECS, lambda _news: None)


def test_a_deployment_left_on_its_way_is_waited_for_and_then_ours_is_made():
    cloud = Cloud()
    cloud.looks["network"] = 3
    provisioning, _ = desk(cloud)
    provisioning.deploy(SYSTEM, PRODUCTION, SPECS, lambda _news: None)
    assert cloud.log[0] == "network"
    assert "data" in cloud.log


@pytest.mark.parametrize("problem", [NotNow("Rate exceeded"), OutcomeUnknown("The answer was lost.")])
def test_an_answer_aws_owes_is_asked_for_again(problem):
    cloud = Stuttering(problem, times=5)
    provisioning, entries = desk(cloud)
    news: list[Progress] = []
    provisioning.deploy(SYSTEM, PRODUCTION, SPECS, news.append)
    assert cloud.done == {s.name for s in SPECS}
    assert [p.detail for p in news if p.word == "waiting"] == [problem.message] * 5
    assert entries[-1].outcome == "done"


def test_patience_ends():
    provisioning, entries = desk(Stuttering(NotNow("Rate exceeded"), times=10_000))
    with pytest.raises(NotNow):
        provisioning.deploy(SYSTEM, PRODUCTION, SPECS, lambda _news: None)
    assert entries[-1].outcome == "failed"


class Stuttering(Cloud):
    """Leaves the first looks without an answer."""

    def __init__(self, problem: Exception, times: int) -> None:
        super().__init__()
        self.problem, self.times = problem, times

    def outcome(self, environment, name):
        if self.times:
            self.times -= 1
            raise self.problem
        return super().outcome(environment, name)


def test_only_those_who_may_deploy_do():
    cloud = Cloud()
    provisioning, entries = desk(cloud)
    with pytest.raises(NotAllowed, match="operator, may not deploy"):
        provisioning.deploy(Actor("ops-1", Role.OPERATOR), PRODUCTION, SPECS, lambda _news: None)
    assert cloud.log == []
    assert entries == []
