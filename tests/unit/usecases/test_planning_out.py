"""Working a plan out: what each change set says, what cannot be known yet, what AWS refuses, and asking again."""

from dataclasses import replace

import pytest

from services.domain.deployment.change_set import PropertyChange, ResourceChange
from services.domain.deployment.deletion import OUTSIDE
from services.domain.deployment.plan import Deed, PlanState
from services.domain.deployment.risk import Level
from services.domain.errors import (
    Conflict,
    HavenError,
    Invalid,
    Misconfigured,
    NotAllowed,
    NotNow,
    OutcomeUnknown,
    Refused,
    Unsafe,
)
from services.domain.operation import State
from services.domain.snapshot import StackResource
from services.usecases.deployment_shapes import PlanRequest, Reviewed
from services.usecases.planning_one import one_worked_out
from tests import builders as b
from tests.unit.usecases.deployment_world import ADMIN, OPERATOR, Scene

MULTI_AZ = {"data": {"DatabaseMultiAz": "true"}}
WRONG = [
    (PlanRequest("legacy", values={"data": {"DatabaseStorage": "1"}}), "data.DatabaseStorage"),
    (PlanRequest("legacy", values={"data": {"Nonsense": "1"}}), "data.Nonsense"),
    (PlanRequest("legacy", values={"data": {"DataSubnetIds": "x"}}), "data.DataSubnetIds"),
    (PlanRequest("legacy", stacks=("network",), values={"data": {"CacheNodes": "3"}}), "data.CacheNodes"),
    (PlanRequest("legacy", stacks=("nothing",)), "stacks"),
    (PlanRequest("legacy", blueprint="nothing"), "blueprint"),
    (PlanRequest("legacy", lift_policy=("network",)), "lift_policy"),
    (PlanRequest("legacy", versions={"data": "abc"}), "data.version"),
    (PlanRequest("legacy", what="x" * 121), "what"),
    (PlanRequest("legacy", delete=True, stacks=("network",)), "stacks"),
    (PlanRequest("legacy", delete=True, retain={"data": ("Database",)}), "data.retain"),
]


def test_today_s_values_stay_where_nothing_is_said() -> None:
    scene = Scene()
    scene.aws.stacks["data"].parameters["DatabaseStorage"] = "77"
    scene.snap()
    (stack,) = scene.planned("data", values=MULTI_AZ).plan.stacks
    values = {each.name: (each.before, each.after) for each in stack.parameters}
    assert values["DatabaseStorage"] == ("77", "77")
    assert values["DatabaseMultiAz"] == ("false", "true")
    assert values["DataSubnetIds"] == ("network-DataSubnetIds", "network-DataSubnetIds")


def test_what_does_not_change_says_so_and_needs_no_change_set() -> None:
    scene = Scene()
    seen = scene.planned(values=MULTI_AZ)
    assert [each.name for each in seen.plan.changed] == ["data"]
    assert all(each.unchanged for each in seen.plan.stacks if each.name != "data")


def test_a_new_environment_is_known_only_as_far_as_its_first_stack() -> None:
    scene = Scene(deployed=False)
    seen = scene.planned()
    assert scene.stack(seen, "network").change_set.creates
    others = [each for each in seen.plan.stacks if each.name != "network"]
    assert all(each.change_set is None and "network" in each.unknown for each in others)
    assert scene.stack(seen, "platform").unknown.startswith("legacy-network is not deployed yet: it gives ")


def test_what_a_change_may_move_is_known_only_after_it() -> None:
    scene = Scene()
    moved = PropertyChange("/Properties/GroupName", "GroupName", "Properties", "a", "b", "Always", True, "")
    scene.aws.effects["network", "NatPerZone"] = ResourceChange(
        "ServiceSecurityGroup", "sg-1", "AWS::EC2::SecurityGroup", "Modify", "True", properties=(moved,)
    )
    seen = scene.planned(values={"network": {"NatPerZone": "true"}, "data": {"CacheNodes": "2"}})
    why = "ServiceSecurityGroupId may change, as ServiceSecurityGroup is replaced."
    assert scene.stack(seen, "service-rbac").unknown == f"legacy-network has to be deployed first: {why}"
    assert scene.stack(seen, "data").change_set is not None


def test_a_shape_as_a_whole_keeps_what_runs_and_live_scaling() -> None:
    scene = Scene("production")
    scene.aws.stacks["service-rbac"].parameters |= {"MaxTasks": "17", "ImageTag": "9.9.9"}
    scene.aws.stacks["data"].parameters["DatabaseStorage"] = "333"
    scene.snap()
    seen = scene.planned(whole_shape=True)
    service = {each.name: each.after for each in scene.stack(seen, "service-rbac").parameters}
    assert (service["MaxTasks"], service["ImageTag"]) == ("17", "9.9.9")
    data = {each.name: each.after for each in scene.stack(seen, "data").parameters}
    assert data["DatabaseStorage"] != "333"
    reset = scene.planned(whole_shape=True, reset_scaling=True)
    assert {each.name: each.after for each in scene.stack(reset, "service-rbac").parameters}["MaxTasks"] != "17"


@pytest.mark.parametrize(("request_", "field"), WRONG, ids=[each[1] for each in WRONG])
def test_bad_wishes_are_refused_by_field(request_: PlanRequest, field: str) -> None:
    scene = Scene()
    with pytest.raises(Invalid) as refused:
        scene.desk.plan(ADMIN, request_)
    assert field in refused.value.fields
    assert scene.operations.live(ADMIN) == []


def test_planning_takes_the_right_to_deploy_and_a_free_environment() -> None:
    scene = Scene()
    with pytest.raises(NotAllowed):
        scene.desk.plan(OPERATOR, PlanRequest("legacy"))
    scene.ask_plan("data", values=MULTI_AZ)
    with pytest.raises(Conflict):
        scene.ask_plan("data", values=MULTI_AZ)
    assert scene.ledger() == [("root.admin", "request plan", "done"), ("root.admin", "request plan", "denied")]


def test_an_unread_environment_is_not_planned() -> None:
    scene = Scene()
    with scene.unit() as store:
        store.environments.add(b.environment("unread"))
    with pytest.raises(NotNow):
        scene.desk.plan(ADMIN, PlanRequest("unread"))


@pytest.mark.parametrize("refusal", [Refused("AWS says no."), Misconfigured("The role may not.")])
def test_what_aws_refuses_fails_the_plan_with_its_words(refusal: HavenError) -> None:
    scene = Scene()
    scene.aws.answers = [refusal]
    seen = scene.planned("data", values=MULTI_AZ)
    assert (seen.plan.state, seen.plan.because) == (PlanState.FAILED, refusal.message)
    assert seen.operation is not None
    assert seen.operation.state is State.FAILED


@pytest.mark.parametrize("reaches", [True, False])
@pytest.mark.parametrize("trouble", [OutcomeUnknown("Lost."), NotNow("Throttled.")])
def test_what_got_lost_is_asked_for_again_and_found(trouble: HavenError, reaches: bool) -> None:
    scene = Scene()
    scene.aws.answers, scene.aws.reaches = [trouble], reaches
    seen = scene.planned("data", "platform", values={**MULTI_AZ, "platform": {"ZonalShift": "true"}})
    assert seen.plan.state is PlanState.READY
    assert len(scene.aws.sets) == 2


def test_values_changed_since_the_form_was_filled_in_are_not_taken_back() -> None:
    scene = Scene()
    asked = scene.ask_plan("data", values=MULTI_AZ)
    scene.aws.touch("data", DatabaseStorage="80")
    ended = scene.run(asked.id)
    assert ended.state is State.FAILED
    assert "DatabaseStorage was 50 and is 80" in ended.because


def test_a_stack_at_work_is_not_planned_on() -> None:
    scene = Scene()
    scene.aws.stacks["data"].status = "UPDATE_IN_PROGRESS"
    assert "is being changed (UPDATE_IN_PROGRESS)" in scene.planned("data", values=MULTI_AZ).plan.because


def test_a_plan_nobody_works_out_in_time_has_failed() -> None:
    scene = Scene()
    asked = scene.ask_plan("data", values=MULTI_AZ)
    scene.clock.move(hours=1)
    scene.run(asked.id, 2)
    seen = scene.desk.review(ADMIN, asked.wants("plan"))
    assert seen.plan.state is PlanState.FAILED
    assert scene.desk.plans(ADMIN, "legacy") == []


def test_the_running_text_is_kept_and_can_be_deployed_again() -> None:
    scene = Scene()
    old = scene.aws.stacks["data"].body.replace("Description:", "# an older one\nDescription:", 1)
    scene.aws.stacks["data"].body = old
    seen = scene.planned("data")
    assert scene.stack(seen, "data").deployed == scene.catalogue.version(old)
    assert scene.run(scene.ask(seen).id).state is State.SUCCEEDED
    back = scene.planned("data", versions={"data": scene.catalogue.version(old)})
    assert scene.run(scene.ask(back).id).state is State.SUCCEEDED
    assert scene.aws.stacks["data"].body == old


def test_a_deletion_says_what_it_leaves_and_goes_backwards() -> None:
    scene = Scene()
    seen = scene.planned(delete=True)
    assert seen.plan.what == "deletion of legacy"
    assert [each.name for each in seen.plan.stacks][-1] == "network"
    assert all(each.deed is Deed.DELETE for each in seen.plan.stacks)
    data = scene.stack(seen, "data")
    assert "Database" in data.kept
    assert data.removed
    assert scene.aws.calls == []


def stopped(seen: Reviewed) -> list[tuple[str, str]]:
    return [(each.stack, each.logical_id) for each in seen.risks if each.level is Level.STOPPED]


def test_a_deletion_is_stopped_by_what_the_deployed_values_protect() -> None:
    scene = Scene()
    assert stopped(scene.planned(delete=True)) == []
    for name in ("data", "platform"):
        scene.aws.touch(name, DeletionProtection="true")
    scene.snap()
    seen = scene.planned(delete=True)
    assert stopped(seen) == [("data", "Database"), ("platform", "LoadBalancer")]
    assert "DeletionProtection is on, by the deployed parameter DeletionProtection." in seen.risks[0].because
    with pytest.raises(Unsafe):
        scene.ask(seen)
    for name in ("data", "platform"):
        assert scene.deploy(name, values={name: {"DeletionProtection": "false"}}).state is State.SUCCEEDED
    assert stopped(scene.planned(delete=True)) == [], "it was turned off in a deployment before"


def test_a_deletion_is_stopped_by_what_aws_shows_as_protected_whatever_was_deployed() -> None:
    scene = Scene()
    seen = scene.planned(delete=True)
    shape = b.legacy_snapshot(databases=(b.database("legacy", deletion_protection=True),))
    found = scene.aws.snapshot(shape)
    there = (StackResource("Database", "legacy-app", "AWS::RDS::DBInstance", "CREATE_COMPLETE"),)
    stacks = tuple(replace(each, resources=there if each.name == "data" else ()) for each in found.stacks)
    with scene.unit() as store:
        shown = replace(found, stacks=stacks)
        store.snapshots.put(shown, changed=True, verdict="healthy", summary="", token=1)
    made = one_worked_out(
        scene.environment, seen.plan, scene.stack(seen, "data"), scene.unit, scene.clock, scene.catalogue,
        scene.aws, scene.aws,
    )  # fmt: skip
    (change,) = made.removing
    (switch,) = change.properties
    assert (switch.name, switch.before, switch.source) == ("DeletionProtection", "true", OUTSIDE)


def test_what_a_stack_has_is_told_by_its_values_while_nobody_has_listed_it() -> None:
    scene = Scene()
    network = scene.stack(scene.planned(delete=True), "network")
    assert "NatGatewayA" in network.removed
    assert "NatGatewayB" not in network.removed
