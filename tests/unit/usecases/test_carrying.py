"""Carrying live edits into a stack, and what a deployment keeps and overwrites."""

import itertools
import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services import bootstrap
from services.domain.access import Role
from services.domain.environment import Environment
from services.domain.errors import Conflict, Invalid, NotAllowed, NotFound, NotNow, Refused
from services.domain.operation import State, Target
from services.domain.snapshot import Scaling
from services.ports import Entry, StackOutcome, StackSpec
from services.usecases.carrying import Carrying, Prepared
from services.usecases.carrying_out import carried
from tests import builders as b
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit
from tests.unit.domain.scaling.edits import CPU, MEMORY, SAID, live, world

ADMIN, OPERATOR, VIEWER = b.actor(Role.ADMIN, "root.admin"), b.actor(Role.OPERATOR), b.actor(Role.VIEWER)
FED = {"ClusterName": "production", "VpcId": "vpc-1"}
DEPLOYED = {**SAID, "Environment": "production", "ImageRepository": "services/rbac", **FED}
EDITED = replace(live(max_capacity=20), policies=(replace(CPU, target=50.0), MEMORY))
REASON = "keep what the incident taught us"


class Cloud:
    """CloudFormation behind `ports.Provisioner`: stacks by name with their parameters, change sets only kept."""

    def __init__(self) -> None:
        self.stacks: dict[str, dict[str, str]] = {"service-rbac": dict(DEPLOYED)}
        self.made: list[StackSpec] = []
        self.refuses = ""
        self.unchanged = False

    def change_set(self, environment: Environment, spec: StackSpec, outputs: Mapping[str, Any]) -> str | None:
        if self.refuses:
            raise Refused(self.refuses)
        self.made.append(spec)
        return None if self.unchanged else f"arn:change-set/{len(self.made)}"

    def execute(self, environment: Environment, spec: StackSpec, change_set: str) -> None:
        raise AssertionError("Nothing is executed here.")

    def outcome(self, environment: Environment, stack: str) -> StackOutcome | None:
        found = self.stacks.get(stack)
        return None if found is None else StackOutcome("CREATE_COMPLETE", True, True, "", (), tuple(found.items()))

    def secure(self, environment: Environment, spec: StackSpec) -> None:
        raise AssertionError("Nothing is secured here.")


class Scene:
    """The desk over a production with rbac."""

    def __init__(self, scaling: Scaling | None = EDITED, said: dict[str, str] = DEPLOYED) -> None:
        self.unit, self.clock, self.cloud = MemoryUnit(), MovableClock(), Cloud()
        self.numbers = itertools.count(1)
        self.desk = Carrying(
            self.unit,
            self.clock,
            self.cloud,
            bootstrap.specs,
            bootstrap.effective,
            lambda: f"op-{next(self.numbers)}",
            stale_after=timedelta(seconds=60),
            begin_within=timedelta(minutes=30),
        )
        self.environment = b.environment()
        with self.unit() as store:
            store.environments.add(self.environment)
            store.snapshots.put(world(scaling, said)[0], changed=True, verdict="", summary="", token=1)

    def prepare(self) -> Prepared:
        return self.desk.prepare(VIEWER, "production", "rbac")

    @property
    def ledger(self) -> list[Entry]:
        with self.unit(readonly=True) as store:
            return list(store.ledger.read())


def test_edits_become_parameters_with_the_lines_that_carry_them() -> None:
    found = Scene().prepare()
    assert (found.stack, found.stack_name) == ("service-rbac", "production-service-rbac")
    assert found.before == {"MaxTasks": "12", "CpuTarget": "60"}
    assert found.after == {"MaxTasks": "20", "CpuTarget": "50"}
    assert (found.left, found.overwritten) == ((), ())
    assert found.deploy == (
        "haven stack deploy production --set service-rbac.MaxTasks=20 --set service-rbac.CpuTarget=50"
    )
    create, wait, describe, execute = (shlex.split(line) for line in found.commands)
    assert create[:4] == ["aws", "cloudformation", "create-change-set", "--stack-name"]
    assert "--use-previous-template" in create
    parameters = {each["ParameterKey"]: each for each in json.loads(create[create.index("--parameters") + 1])}
    assert parameters.keys() == DEPLOYED.keys()
    assert parameters["MaxTasks"] == {"ParameterKey": "MaxTasks", "ParameterValue": "20"}
    assert parameters["VpcId"] == {"ParameterKey": "VpcId", "UsePreviousValue": True}
    assert (wait[2], describe[2], execute[2]) == ("wait", "describe-change-set", "execute-change-set")
    assert all(line[-2:] == ["--region", "us-east-1"] for line in (create, wait, describe, execute))


def test_without_edits_there_is_nothing_to_deploy() -> None:
    found = Scene(live()).prepare()
    assert (found.after, found.commands, found.deploy) == ({}, (), "")


def test_a_value_the_template_does_not_take_is_left_with_its_words() -> None:
    found = Scene(replace(live(max_capacity=800), policies=(replace(CPU, target=95.0), MEMORY))).prepare()
    assert found.after == {}
    assert {each.edited.key: each.why for each in found.left} == {
        "maximum": "It must be from 1 to 500.",
        "policy/rbac-cpu/target": "It must be from 10 to 90.",
    }


def test_values_that_do_not_fit_together_are_left() -> None:
    found = Scene(replace(live(min_capacity=400, max_capacity=800))).prepare()
    assert found.after == {}
    assert {each.edited.key for each in found.left} == {"minimum", "maximum"}


def test_a_service_that_the_blueprint_does_not_know_is_carried_by_aws_alone() -> None:
    scene = Scene()
    snapshot, service = world(EDITED)
    other = replace(service, name="billing", service_name="billing")
    stacks = (replace(snapshot.stacks[0], name="service-billing", parameters=(*SAID.items(), ("ServiceName", "rbac"))),)
    with scene.unit() as store:
        taken = replace(snapshot, services=(other,), stacks=stacks)
        store.snapshots.put(taken, changed=True, verdict="", summary="", token=2)
    found = scene.desk.prepare(VIEWER, "production", "billing")
    assert found.after == {"MaxTasks": "20", "CpuTarget": "50"}
    assert found.deploy == ""
    assert found.commands


def test_what_cannot_be_prepared() -> None:
    scene = Scene()
    with pytest.raises(NotFound):
        scene.desk.prepare(VIEWER, "nowhere", "rbac")
    with pytest.raises(NotFound, match="no service nobody"):
        scene.desk.prepare(VIEWER, "production", "nobody")
    with scene.unit() as store:
        store.environments.add(b.environment("fresh"))
        store.snapshots.put(replace(world(EDITED)[0], stacks=()), changed=True, verdict="", summary="", token=2)
    with pytest.raises(NotNow):
        scene.desk.prepare(VIEWER, "fresh", "rbac")
    with pytest.raises(Conflict, match="no template to carry to"):
        scene.prepare()


def test_the_change_set_is_made_of_what_is_deployed_and_recorded() -> None:
    scene = Scene()
    scene.cloud.stacks["service-rbac"]["ImageTag"] = "2.0.0"  # deployed since: it stays
    made = scene.desk.create_change_set(ADMIN, "production", "rbac", f" {REASON} ", client="here")
    (spec,) = scene.cloud.made
    assert dict(spec.parameters) == {**DEPLOYED, "ImageTag": "2.0.0", "MaxTasks": "20", "CpuTarget": "50"}
    assert (spec.name, spec.template, spec.inputs) == ("service-rbac", "service", ())
    assert made.change_set == "arn:change-set/1"
    assert [shlex.split(line)[2] for line in made.look] == [
        "describe-change-set", "execute-change-set", "delete-change-set",
    ]  # fmt: skip
    (entry,) = scene.ledger
    assert (entry.actor, entry.action, entry.outcome, entry.target) == (
        "root.admin", "prepare change set", "done", "production",
    )  # fmt: skip
    assert (entry.reason, entry.client) == (REASON, "here")
    assert entry.detail == {
        "stack": "production-service-rbac",
        "parameters": "MaxTasks 12 → 20, CpuTarget 60 → 50",
        "change set": "arn:change-set/1",
    }


def test_only_those_who_may_deploy_have_it_made_and_say_why() -> None:
    scene = Scene()
    for actor in (VIEWER, OPERATOR):
        with pytest.raises(NotAllowed):
            scene.desk.create_change_set(actor, "production", "rbac", REASON)
    with pytest.raises(Invalid) as refused:
        scene.desk.create_change_set(ADMIN, "production", "rbac", "why")
    assert "reason" in refused.value.fields
    assert (scene.cloud.made, scene.ledger) == ([], [])


@pytest.mark.parametrize("case", ["nothing", "old", "changed", "refused", "unchanged"])
def test_what_keeps_it_from_being_made_is_in_the_ledger(case: str) -> None:
    scene = Scene(live() if case == "nothing" else EDITED)
    expected: type[Exception] = Conflict
    if case == "old":
        scene.clock.move(seconds=61)
        expected = NotNow
    elif case == "changed":
        scene.cloud.stacks["service-rbac"]["MaxTasks"] = "15"
    elif case == "refused":
        scene.cloud.refuses, expected = "Parameters: [X] do not exist in the template", Refused
    elif case == "unchanged":
        scene.cloud.unchanged = True
    with pytest.raises(expected) as problem:
        scene.desk.create_change_set(ADMIN, "production", "rbac", REASON)
    (entry,) = scene.ledger
    assert (entry.outcome, entry.detail["why"]) == ("failed", str(problem.value))


def test_a_deployment_keeps_the_scaling_that_is_deployed() -> None:
    scene = Scene(live())
    scene.cloud.stacks["service-rbac"] |= {"MaxTasks": "20", "ScaleInCooldown": "600", "Cpu": "1024"}
    planned = scene.desk.deployment(ADMIN, scene.environment, {})
    assert planned.kept == {"service-rbac": {"MaxTasks": ("20", "12"), "ScaleInCooldown": ("600", "300")}}
    rbac = {spec.name: dict(spec.parameters) for spec in planned.specs}["service-rbac"]
    assert (rbac["MaxTasks"], rbac["ScaleInCooldown"], rbac["Cpu"]) == ("20", "600", "512")
    assert planned.overwritten == ()
    reset = scene.desk.deployment(ADMIN, scene.environment, {}, reset_scaling=True)
    assert reset.kept == {}
    assert {spec.name: dict(spec.parameters) for spec in reset.specs}["service-rbac"]["MaxTasks"] == "12"


def test_a_value_set_wins_over_the_deployed_one_and_over_the_blueprints() -> None:
    scene = Scene(live())
    scene.cloud.stacks["service-rbac"] |= {"MaxTasks": "20", "CpuTarget": "55"}
    given = {"service-rbac": {"MaxTasks": "15"}, "data": {"CacheNodes": "2"}}
    planned = scene.desk.deployment(ADMIN, scene.environment, given)
    values = {spec.name: dict(spec.parameters) for spec in planned.specs}
    assert (values["service-rbac"]["MaxTasks"], values["service-rbac"]["CpuTarget"]) == ("15", "55")
    assert values["data"]["CacheNodes"] == "2"
    assert planned.kept == {"service-rbac": {"CpuTarget": ("55", "60")}}


def test_live_edits_that_a_deployment_would_overwrite_are_told() -> None:
    scene = Scene()
    assert scene.desk.deployment(ADMIN, scene.environment, {}).overwritten == ()
    planned = scene.desk.deployment(ADMIN, scene.environment, {"service-rbac": {"MinTasks": "4"}})
    assert [each.sentence for each in planned.overwritten] == [
        "rbac: Maximum is 20 live and becomes 12, as MinTasks changes."
    ]
    assert planned.read_at == b.NOW


def test_what_is_deployed_is_asked_of_aws_not_of_the_snapshot() -> None:
    scene = Scene()
    scene.cloud.stacks["service-rbac"]["MinTasks"] = "4"
    assert scene.desk.deployment(ADMIN, scene.environment, {"service-rbac": {"MinTasks": "4"}}).overwritten == ()


def test_the_first_deployment_of_an_environment_has_nothing_to_keep() -> None:
    scene = Scene()
    scene.cloud.stacks.clear()
    fresh = b.environment("fresh")
    planned = scene.desk.deployment(ADMIN, fresh, {})
    assert (planned.kept, planned.overwritten, planned.read_at) == ({}, (), None)
    assert [spec.name for spec in planned.specs] == [spec.name for spec in bootstrap.specs(fresh)]


def test_values_that_do_not_fit_are_refused_before_anything_is_done() -> None:
    scene = Scene()
    given = {"service-rbac": {"MaxTasks": "many", "Nonsense": "1"}, "service-nobody": {"MaxTasks": "5"}}
    with pytest.raises(Invalid) as refused:
        scene.desk.deployment(ADMIN, scene.environment, given)
    assert set(refused.value.fields) == {"service-rbac.MaxTasks", "service-rbac.Nonsense", "service-nobody"}
    with pytest.raises(NotAllowed):
        scene.desk.deployment(OPERATOR, scene.environment, {})


def test_a_request_is_an_operation_with_its_trail_and_the_ledgers_entry() -> None:
    scene = Scene()
    made = scene.desk.request(ADMIN, "production", "rbac", f" {REASON} ", " OPS-1 ", "here")
    assert (made.kind, made.target_kind, made.target, made.state) == (
        "carry", Target.SERVICE, "rbac", State.REQUESTED,
    )  # fmt: skip
    assert (made.reason, made.ticket, made.requested_by) == (REASON, "OPS-1", "root.admin")
    assert made.begin_before == b.NOW + timedelta(minutes=30)
    assert made.what == "change set for production-service-rbac"
    assert carried(made) == ({"MaxTasks": "12", "CpuTarget": "60"}, {"MaxTasks": "20", "CpuTarget": "50"})
    assert (made.wants("stack"), made.wants("stack_name")) == ("service-rbac", "production-service-rbac")
    assert (made.wants("region"), made.wants("read_at")) == ("us-east-1", b.NOW.isoformat())
    assert "create-change-set" in made.wants("commands")
    assert scene.cloud.made == []  # nothing is written to AWS by asking
    with scene.unit(readonly=True) as store:
        assert store.operations.get(made.id) == made
        assert [entry.sentence for entry in store.operations.trail(made.id)] == [
            f"root.admin asked for it: {REASON} (OPS-1)."
        ]
    (entry,) = scene.ledger
    assert (entry.action, entry.outcome, entry.reason, entry.client) == ("request carry", "done", REASON, "here")
    assert entry.detail == {
        "target": "rbac",
        "stack": "production-service-rbac",
        "parameters": "MaxTasks 12 → 20, CpuTarget 60 → 50",
        "ticket": "OPS-1",
        "operation": made.id,
    }


def test_a_request_takes_the_right_to_deploy_a_reason_and_a_ticket_that_is_one() -> None:
    scene = Scene()
    for actor in (VIEWER, OPERATOR):
        with pytest.raises(NotAllowed):
            scene.desk.request(actor, "production", "rbac", REASON)
    for typed, field in ((("why",), "reason"), ((REASON, "not a ticket"), "ticket")):
        with pytest.raises(Invalid) as refused:
            scene.desk.request(ADMIN, "production", "rbac", *typed)
        assert field in refused.value.fields
    with pytest.raises(NotFound):
        scene.desk.request(ADMIN, "production", "nobody", REASON)
    assert scene.ledger == []


@pytest.mark.parametrize("case", ["nothing", "old", "held"])
def test_a_refused_request_saves_nothing_but_the_ledgers_entry(case: str) -> None:
    scene = Scene(live() if case == "nothing" else EDITED)
    if case == "old":
        scene.clock.move(seconds=61)
    elif case == "held":
        with scene.unit() as store:
            store.operations.add(b.operation("op-0", kind="scaling", target_kind=Target.SERVICE, target="rbac"))
    with pytest.raises(NotNow if case == "old" else Conflict) as problem:
        scene.desk.request(ADMIN, "production", "rbac", REASON)
    (entry,) = scene.ledger
    assert (entry.action, entry.outcome, entry.detail["why"]) == ("request carry", "denied", problem.value.message)
    with scene.unit(readonly=True) as store:
        assert [each.id for each in store.operations.live()] == (["op-0"] if case == "held" else [])
