"""A deployment through the engine: in order, each change set once, policies lifted and put back, failures told, and
what is refused on fresh facts."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.deployment.change_set import PropertyChange, ResourceChange
from services.domain.deployment.plan import PlanState
from services.domain.deployment.policy import LIFTED, same
from services.domain.errors import HavenError, Misconfigured, NotNow, OutcomeUnknown, Refused, Unsafe
from services.domain.operation import Operation, State
from services.usecases.deployment_shapes import Reviewed
from tests import builders as b
from tests.unit.usecases.deployment_world import ADMIN, BOB, Scene

MULTI_AZ = {"data": {"DatabaseMultiAz": "true"}}
BOTH = {**MULTI_AZ, "platform": {"ZonalShift": "true"}}


def replacing(scene: Scene) -> Reviewed:
    """A plan that replaces the database, with the policy lifted for it."""
    renamed = PropertyChange("/Properties/DBName", "DBName", "Properties", "a", "b", "Always", True, "")
    scene.aws.effects["data", "DatabaseStorage"] = ResourceChange(
        "Database", "legacy-app", "AWS::RDS::DBInstance", "Modify", "True", "ReplaceAndSnapshot", (renamed,)
    )
    return scene.planned("data", values={"data": {"DatabaseStorage": "60"}}, lift_policy=("data",))


def test_from_nothing_stack_by_stack() -> None:
    scene = Scene(deployed=False)
    ended = scene.run(scene.ask(scene.planned()).id, 300)
    assert ended.state is State.SUCCEEDED, ended.because
    assert all(each.status == "CREATE_COMPLETE" for each in scene.aws.stacks.values())
    assert len(scene.aws.executed) == len(set(scene.aws.executed)) == 6
    order = [call.removeprefix("execute ") for call in scene.aws.calls if call.startswith("execute")]
    assert order[0] == "network"
    assert set(order[1:3]) == {"data", "platform"}
    assert scene.aws.stacks["data"].policy


def test_a_second_stack_begins_when_the_first_has_ended() -> None:
    scene = Scene()
    ended = scene.run(scene.ask(scene.planned(values=BOTH)).id)
    assert ended.state is State.SUCCEEDED
    names = [name for name, _ in ended.seen]
    assert names.index("deployed data") < names.index("execute platform")
    assert names[-2:] == ["verified", "recorded"]


def test_the_environment_has_its_new_shape_when_it_was_deployed() -> None:
    scene = Scene()
    seen = scene.planned(blueprint="multi-az", whole_shape=True)
    assert seen.plan.what == "change to multi-az"
    ended = scene.run(scene.ask(seen).id, 300)
    assert ended.state is State.SUCCEEDED, ended.because
    with scene.unit(readonly=True) as store:
        environment = store.environments.get("legacy")
    assert environment is not None
    assert environment.blueprint == "multi-az"
    assert ("system", "change blueprint", "done") in scene.ledger()
    assert all(each.protected for each in scene.aws.stacks.values())


def test_a_part_of_a_shape_is_not_yet_the_shape() -> None:
    scene = Scene()
    for stacks, shape in ((("network",), "single-az"), (("data", "platform"), "single-az")):
        ended = scene.deploy(*stacks, blueprint="multi-az", whole_shape=True)
        assert ended.state is State.SUCCEEDED, ended.because
        with scene.unit(readonly=True) as store:
            environment = store.environments.get("legacy")
        assert environment is not None
        assert environment.blueprint == shape
    services = tuple(name for name in scene.aws.stacks if name.startswith("service-"))
    scene.deploy(*services, blueprint="multi-az", whole_shape=True)
    with scene.unit(readonly=True) as store:
        environment = store.environments.get("legacy")
    assert environment is not None
    assert environment.blueprint == "multi-az"


def test_a_failed_stack_is_told_and_the_rest_is_not_begun() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned(values=BOTH))
    scene.aws.failing["data"] = "Database: Insufficient capacity"
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    said = "legacy-data failed and is UPDATE_ROLLBACK_COMPLETE. Database: Insufficient capacity."
    assert ended.because == f"{said} Not begun: legacy-platform."
    assert len(scene.aws.executed) == 1


@pytest.mark.parametrize("fails", [False, True])
def test_a_lifted_policy_is_back_as_soon_as_the_stack_has_ended(fails: bool) -> None:
    scene = Scene()
    policy = scene.aws.stacks["data"].policy
    asked = scene.ask(replacing(scene))
    lifted = []
    if fails:
        scene.aws.failing["data"] = "Database: no"
    for _ in range(80):
        scene.run(asked.id, 1)
        lifted.append(same(scene.aws.stacks["data"].policy, LIFTED))
    assert any(lifted)
    assert same(scene.aws.stacks["data"].policy, policy)
    assert scene.read(asked.id).state is (State.FAILED if fails else State.SUCCEEDED)
    assert scene.aws.calls.count("set_policy data") == 2


@pytest.mark.parametrize("refusal", [Refused("AWS says no."), Misconfigured("The role may not.")])
def test_a_lifted_policy_is_back_when_the_execution_is_refused(refusal: HavenError) -> None:
    scene = Scene()
    policy = scene.aws.stacks["data"].policy
    asked = scene.ask(replacing(scene))
    scene.aws.answers = [None, refusal]
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    assert refusal.message in ended.because
    assert same(scene.aws.stacks["data"].policy, policy)


def test_a_lifted_policy_is_back_when_something_changed_before_the_execution() -> None:
    scene = Scene()
    policy = scene.aws.stacks["data"].policy
    asked = scene.ask(replacing(scene))
    while not same(scene.aws.stacks["data"].policy, LIFTED):
        scene.run(asked.id, 1)
    scene.aws.touch("data", CacheNodes="2")
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    assert "was changed since" in ended.because
    assert same(scene.aws.stacks["data"].policy, policy)
    assert scene.aws.executed == []


def test_without_lifting_it_what_the_policy_forbids_is_not_asked_for() -> None:
    scene = Scene()
    replacing(scene)
    seen = scene.planned("data", values={"data": {"DatabaseStorage": "60"}})
    (policy,) = [each for each in seen.checks if each.key == "policy"]
    assert "Database of legacy-data" in policy.fact
    assert not policy.overridable


def test_a_change_set_that_is_gone_fails_it_and_nothing_was_sent() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    scene.aws.sets.clear()
    ended = scene.run(asked.id)
    assert (ended.state, scene.aws.executed) == (State.FAILED, [])
    assert "is gone" in ended.because


def test_a_stack_changed_since_fails_it_and_nothing_was_sent() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    scene.aws.stacks["data"].updated_at = scene.clock.now()
    ended = scene.run(asked.id)
    assert (ended.state, scene.aws.executed) == (State.FAILED, [])
    assert ended.because.startswith("Refused on fresh facts; nothing was sent.")
    assert "legacy-data was changed since." in ended.because


def test_a_later_stack_changed_since_stops_it_half_way() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned(values=BOTH))
    while scene.read(asked.id).step != "deployed data":
        scene.run(asked.id, 1)
    scene.aws.touch("platform", ZonalShift="true")
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    assert "platform" in ended.because
    assert len(scene.aws.executed) == 1


@pytest.mark.parametrize("reaches", [True, False])
@pytest.mark.parametrize("trouble", [OutcomeUnknown("Lost."), NotNow("Throttled.")])
@pytest.mark.parametrize("at", range(3))
def test_a_lost_answer_does_not_make_a_second_execution(trouble: HavenError, reaches: bool, at: int) -> None:
    scene = Scene()
    asked = scene.ask(scene.planned(values=BOTH))
    scene.aws.answers, scene.aws.reaches = [*[None] * at, trouble], reaches
    ended = scene.run(asked.id, 120)
    assert ended.state is State.SUCCEEDED, ended.because
    assert len(scene.aws.executed) == len(set(scene.aws.executed)) == 2


def test_what_somebody_executed_by_hand_counts() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    asked = scene.ask(seen)
    change_set = scene.stack(seen, "data").change_set
    scene.aws.execute(scene.environment, "data", change_set.arn)
    ended = scene.run(asked.id)
    assert ended.state is State.SUCCEEDED, ended.because
    assert scene.aws.calls.count("execute data") == 1


def test_what_turns_out_riskier_at_its_turn_needs_a_review_of_its_own() -> None:
    scene = Scene()
    moved = PropertyChange("/Properties/GroupName", "GroupName", "Properties", "a", "b", "Always", True, "")
    scene.aws.effects["network", "NatPerZone"] = ResourceChange(
        "DatabaseSecurityGroup", "sg-1", "AWS::EC2::SecurityGroup", "Modify", "True", properties=(moved,)
    )
    scene.aws.effects["data", "DatabaseStorage"] = ResourceChange(
        "Database", "legacy-app", "AWS::RDS::DBInstance", "Modify", "True", "ReplaceAndDelete", (moved,)
    )
    seen = scene.planned(
        "network", "data", values={"network": {"NatPerZone": "true"}, "data": {"DatabaseStorage": "60"}}
    )
    assert scene.stack(seen, "data").unknown
    ended = scene.run(scene.ask(seen).id)
    assert ended.state is State.FAILED
    assert "needs a review of its own" in ended.because
    assert len(scene.aws.executed) == 1


def test_inputs_that_changed_meanwhile_stop_it() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    scene.aws.stacks["network"].outputs["DataSubnetIds"] = "others"
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    assert "DataSubnetIds (network.DataSubnetIds) was network-DataSubnetIds and is others" in ended.because


def test_a_pause_holds_it_between_stacks_and_never_in_between() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned(values=BOTH))
    while scene.read(asked.id).step != "deployed data":
        scene.run(asked.id, 1)
    with scene.unit() as store:
        store.pauses.add(b.pause(env="legacy", at=scene.clock.now(), until=scene.clock.now() + timedelta(minutes=3)))
    held = scene.run(asked.id, 10)
    assert (held.state, held.because.partition(" until")[0]) == (State.RUNNING, "Automation is paused")
    assert scene.run(asked.id).state is State.SUCCEEDED


def blueprint(scene: Scene) -> str:
    with scene.unit(readonly=True) as store:
        environment = store.environments.get("legacy")
    assert environment is not None
    return environment.blueprint


def stuck(scene: Scene, at: str) -> Operation:
    """The whole shape, until it is stuck at a step; `verified` for want of tasks, any other for AWS does not answer."""
    asked = scene.ask(scene.planned(blueprint="multi-az", whole_shape=True))
    if at == "verified":
        shape = scene.cloud.shape
        scene.cloud.shape = replace(shape, services=tuple(replace(each, running=0) for each in shape.services))
    while scene.read(asked.id).step != at:
        scene.run(asked.id, 1)
    if at != "verified":
        scene.aws.blind = NotNow("AWS does not answer.")
    scene.clock.move(hours=5)
    assert scene.run(asked.id, 3).state is State.STUCK
    return scene.read(asked.id)


def tended(scene: Scene, times: int = 3) -> None:
    """The worker's ticks."""
    for _ in range(times):
        for each in scene.engine.due():
            scene.engine.advance(each.id)
        scene.clock.move(seconds=5)
        scene.snap()


def test_what_a_person_marks_as_done_changes_the_shape_as_an_ordinary_end_does() -> None:
    scene = Scene()
    operation = stuck(scene, "verified")
    tended(scene)
    assert blueprint(scene) == "single-az"
    scene.operations.mark_done(ADMIN, operation.id, "The tasks run, I looked in ECS")
    tended(scene)
    assert blueprint(scene) == "multi-az"
    ended = scene.read(operation.id)
    assert (ended.state, ended.because) == (
        State.SUCCEEDED, "root.admin marked it as done: The tasks run, I looked in ECS",
    )  # fmt: skip
    (told,) = scene.desk.history(ADMIN, "legacy")
    assert told.result == f"deployed: {ended.because}"
    assert ended.seen_at("recorded")
    assert not ended.seen_at("verified")
    assert scene.engine.due() == []
    assert scene.ledger().count(("system", "change blueprint", "done")) == 1
    with scene.unit(readonly=True) as store:
        plan = store.plans.get(operation.wants("plan"))
    assert plan is not None
    assert plan.state is PlanState.OVER


@pytest.mark.parametrize(("last", "shape"), [("service-identity-sync", "multi-az"), ("data", "single-az")])
def test_a_stack_that_was_not_seen_deployed_is_judged_by_the_next_reading(last: str, shape: str) -> None:
    scene = Scene()
    operation = stuck(scene, f"deployed {last}")
    scene.operations.mark_done(ADMIN, operation.id, "It is all there, I looked")
    for each in scene.engine.due():
        scene.engine.advance(each.id)
    assert blueprint(scene) == "single-az", "AWS was not read since"
    scene.aws.blind = None
    for _ in range(5):
        scene.aws.standing(scene.environment, last)
    tended(scene)
    assert blueprint(scene) == shape
    assert scene.engine.due() == []


def test_a_worker_that_dies_in_between_leaves_it_to_the_next_one() -> None:
    scene = Scene()
    operation = stuck(scene, "verified")
    scene.operations.mark_done(ADMIN, operation.id, "The tasks run, I looked in ECS")
    procedure = scene.procedures["deploy"]
    assert procedure.close(scene.read(operation.id))  # and died before it could say so
    assert blueprint(scene) == "multi-az"
    assert not scene.read(operation.id).seen_at("recorded")
    tended(scene)
    assert scene.read(operation.id).seen_at("recorded")
    assert scene.ledger().count(("system", "change blueprint", "done")) == 1


def test_a_later_deployment_s_shape_is_not_taken_back() -> None:
    scene = Scene()
    operation = stuck(scene, "verified")
    scene.operations.mark_done(ADMIN, operation.id, "The tasks run, I looked in ECS")
    later = replace(operation, id="later", requested_at=scene.clock.now(), state=State.SUCCEEDED, version=0,
                    seen=(("recorded", scene.clock.now()),))  # fmt: skip
    with scene.unit() as store:
        store.operations.add(later)
    tended(scene)
    assert blueprint(scene) == "single-az"
    assert scene.engine.due() == []


def test_what_a_person_gives_up_changes_no_shape() -> None:
    scene = Scene()
    operation = stuck(scene, "verified")
    scene.operations.give_up(ADMIN, operation.id, "Nobody can say what runs")
    assert scene.engine.due() == []
    assert blueprint(scene) == "single-az"


def test_a_pause_holds_no_plan_and_every_deployment() -> None:
    scene = Scene()
    with scene.unit() as store:
        store.pauses.add(b.pause(env="legacy", at=scene.clock.now(), until=scene.clock.now() + timedelta(minutes=30)))
    planned = scene.run(scene.ask_plan("data", values=MULTI_AZ).id)
    assert planned.state is State.SUCCEEDED, planned.because
    assert scene.aws.executed == []
    with pytest.raises(Unsafe, match="Automation is not paused"):
        scene.ask(scene.desk.review(ADMIN, planned.wants("plan")))


def test_it_is_not_verified_while_a_service_lacks_tasks() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("service-rbac", values={"service-rbac": {"Cpu": "1024", "Memory": "2048"}}))
    whole = scene.cloud.shape
    scene.cloud.shape = replace(whole, services=tuple(replace(each, running=0) for each in whole.services))
    running = scene.run(asked.id, 20)
    assert (running.state, running.step) == (State.RUNNING, "verified")
    scene.cloud.shape = whole
    assert scene.run(asked.id).state is State.SUCCEEDED


def test_deleting_an_environment_takes_everything_away() -> None:
    scene = Scene("production")
    scene.unprotected()
    seen = scene.planned(delete=True)
    asked = scene.ask(seen)
    scene.operations.approve(BOB, asked.id, asked.version)
    ended = scene.run(asked.id, 200)
    assert ended.state is State.SUCCEEDED, ended.because
    assert scene.aws.stacks == {}


def test_a_deletion_that_fails_says_why_and_stops() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned(delete=True))
    scene.aws.failing["platform"] = "LoadBalancer: deletion protection is on"
    ended = scene.run(asked.id, 200)
    assert ended.state is State.FAILED
    assert (
        "legacy-platform could not be deleted (DELETE_FAILED): LoadBalancer: deletion protection is on" in ended.because
    )
    assert "network" in scene.aws.stacks


def test_the_steps_are_those_of_the_request_alone() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    names = [each.name for each in scene.procedures["deploy"].steps(asked)]
    assert names == ["execute data", "deployed data", "policy data", "protect data", "verified", "recorded"]
    assert json.loads(asked.wants("stacks"))[0]["stack_name"] == "legacy-data"


def test_the_lines_of_awss_cli_are_exact() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    arn = scene.stack(seen, "data").change_set.arn
    assert (
        f"aws cloudformation execute-change-set --change-set-name {arn} --no-disable-rollback --region us-east-1"
        in (seen.commands)
    )
    assert [line.split()[2] for line in seen.commands] == [
        "create-change-set", "wait", "describe-change-set", "execute-change-set", "wait", "set-stack-policy",
        "update-termination-protection",
    ]  # fmt: skip
    assert scene.ask(seen).wants("commands") == "\n".join(seen.commands)
    assert scene.desk.review(ADMIN, seen.plan.id).commands == seen.commands
