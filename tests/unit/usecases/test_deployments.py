"""The deployment desk: the form, the review, asking with all its refusals, approving, and an approval that is void."""

from datetime import timedelta

import pytest

from services.domain.check import Answer
from services.domain.deployment.change_set import PropertyChange, ResourceChange
from services.domain.deployment.plan import PlanState
from services.domain.errors import Conflict, HavenError, Invalid, NotAllowed, NotFound, NotNow, Unsafe
from services.domain.operation import State, Target
from services.usecases.deployment_shapes import DeployRequest, PlanRequest, Reviewed
from tests import builders as b
from tests.unit.usecases.deployment_world import ADMIN, BOB, OPERATOR, VIEWER, Scene

MULTI_AZ = {"data": {"DatabaseMultiAz": "true"}}
STORAGE = {"data": {"DatabaseStorage": "200"}}


def dangerous(scene: Scene) -> Reviewed:
    """A plan that takes the second zone from the database."""
    off = PropertyChange(
        "/Properties/MultiAZ", "MultiAZ", "Properties", "true", "false", "Conditionally", True, "ParameterReference"
    )
    scene.aws.effects["data", "DatabaseMultiAz"] = ResourceChange(
        "Database", "production-app", "AWS::RDS::DBInstance", "Modify", "Conditional", properties=(off,)
    )
    return scene.planned("data", values={"data": {"DatabaseMultiAz": "false"}})


def test_a_change_of_one_value_is_planned_reviewed_and_deployed() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    assert seen.plan.state is PlanState.READY, seen.plan.because
    (stack,) = seen.plan.stacks
    assert [(each.name, each.before, each.after) for each in stack.parameters if each.changes] == [
        ("DatabaseMultiAz", "false", "true")
    ]
    asked = scene.ask(seen)
    assert asked.state is State.REQUESTED
    ended = scene.run(asked.id)
    assert ended.state is State.SUCCEEDED, ended.because
    assert scene.aws.stacks["data"].parameters["DatabaseMultiAz"] == "true"
    assert len(scene.aws.executed) == 1
    after = scene.desk.review(ADMIN, seen.plan.id)
    assert (after.plan.state, after.plan.because) == (PlanState.OVER, "It was deployed.")
    assert scene.desk.plans(VIEWER, "legacy") == []
    assert ("root.admin", "request deploy", "done") in scene.ledger()


def test_the_form_is_filled_in_with_what_is_deployed() -> None:
    scene = Scene()
    scene.aws.stacks["data"].parameters["DatabaseStorage"] = "77"
    scene.snap()
    form = scene.desk.form(VIEWER, "legacy", "multi-az")
    assert (form.blueprint, list(form.blueprints)) == ("multi-az", ["multi-az", "single-az"])
    assert [each.name for each in form.stacks[:3]] == ["network", "data", "platform"]
    data = next(each for each in form.stacks if each.name == "data")
    fields = {each.name: each for each in data.fields}
    assert (fields["DatabaseStorage"].deployed, fields["DatabaseStorage"].wanted) == ("77", "77")
    assert (fields["DatabaseMultiAz"].deployed, fields["DatabaseMultiAz"].shape) == ("false", "true")
    assert fields["DatabaseMultiAz"].allowed == ("true", "false")
    assert fields["DataSubnetIds"].fed_by == "network.DataSubnetIds"
    assert (data.status, form.read_at) == ("CREATE_COMPLETE", scene.clock.now())


def test_the_form_of_a_new_environment_starts_with_the_shape() -> None:
    form = Scene(deployed=False).desk.form(VIEWER, "legacy")
    fields = {each.name: each for stack in form.stacks for each in stack.fields if stack.name == "data"}
    assert (fields["DatabaseMultiAz"].deployed, fields["DatabaseMultiAz"].wanted) == (None, "false")


def test_the_form_knows_which_text_runs_since_the_last_plan() -> None:
    scene = Scene()
    scene.deploy("data", values=MULTI_AZ)
    form = scene.desk.form(VIEWER, "legacy")
    known = {each.name: each.deployed_version for each in form.stacks}
    assert known["data"] == scene.catalogue.version(scene.catalogue.body("data"))
    assert known["network"] == ""


@pytest.mark.parametrize(("environment", "blueprint", "error"), [("none", "", NotFound), ("legacy", "no", Invalid)])
def test_no_form_of_what_is_not_there(environment: str, blueprint: str, error: type[HavenError]) -> None:
    with pytest.raises(error):
        Scene().desk.form(VIEWER, environment, blueprint)


def test_the_review_tells_everything() -> None:
    scene = Scene("production")
    seen = dangerous(scene)
    assert seen.to_confirm == ("production-app",)
    assert {each.answer for each in seen.checks} == {Answer.PASS}
    assert {each.key for each in seen.checks} >= {"plan", "fresh", "operations", "stacks", "policy", "freeze", "pause"}
    assert seen.budget_seconds == pytest.approx(30 * 86400 * 0.0005)
    assert seen.commands
    assert seen.void_because == ""
    assert [(each.stack, each.typical) for each in seen.expected] == [("data", None)]


def test_a_high_risk_needs_the_resources_name_typed() -> None:
    scene = Scene("production")
    seen = dangerous(scene)
    with pytest.raises(Invalid) as refused:
        scene.ask(seen, confirmed=("production",))
    assert "production-app" in refused.value.fields["confirm"]
    assert scene.ask(seen).wants("confirmed") == "production-app"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": "short"}, "reason"),
        ({"ticket": "not a ticket"}, "ticket"),
        ({"overrides": frozenset({"freeze"}), "override_reason": ""}, "override_reason"),
    ],
)
def test_what_was_typed_is_checked(wrong: dict[str, object], field: str) -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    with pytest.raises(Invalid) as refused:
        scene.ask(seen, **wrong)
    assert set(refused.value.fields) == {field}


def test_asking_takes_the_right() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    with pytest.raises(NotAllowed):
        scene.desk.request(OPERATOR, scene.request(seen))
    with pytest.raises(NotFound):
        scene.desk.request(ADMIN, DeployRequest("none", "x", "for no reason at all"))


def test_another_plan_than_the_one_seen_is_not_deployed() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    with pytest.raises(Conflict, match="not the one that you saw"):
        scene.ask(seen, fingerprint="other")
    assert scene.ledger()[-1] == ("root.admin", "request deploy", "denied")


def test_a_plan_is_asked_for_once() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    scene.ask(seen)
    with pytest.raises(Conflict, match="not ready to be deployed: it is asked"):
        scene.ask(seen)


def test_a_withdrawn_request_leaves_the_plan_to_be_asked_for_again() -> None:
    scene = Scene("production")
    seen = scene.planned("data", values=STORAGE)
    asked = scene.ask(seen)
    scene.operations.decline(BOB, asked.id, "Not on a Friday")
    again = scene.desk.review(VIEWER, seen.plan.id)
    assert again.plan.state is PlanState.READY
    assert scene.ask(again).state is State.AWAITING_APPROVAL


def test_nothing_to_deploy_is_not_asked_for() -> None:
    scene = Scene()
    seen = scene.planned("data")
    with pytest.raises(Unsafe, match="Nothing would change"):
        scene.ask(seen)


def test_a_freeze_is_let_pass_with_a_reason_alone() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    now = scene.clock.now()
    with scene.unit() as store:
        store.freezes.add(b.freeze(env="legacy", starts=now - timedelta(hours=1), ends=now + timedelta(hours=9)))
    with pytest.raises(Unsafe, match="No change freeze is on"):
        scene.ask(seen)
    asked = scene.ask(seen, overrides=frozenset({"freeze"}), override_reason="The fix cannot wait")
    assert asked.overridden == ("freeze",)
    assert scene.run(asked.id).state is State.SUCCEEDED


def test_a_freeze_that_begins_after_it_was_asked_for_stops_it() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    now = scene.clock.now()
    with scene.unit() as store:
        store.freezes.add(b.freeze(env="legacy", starts=now - timedelta(minutes=1), ends=now + timedelta(hours=9)))
    ended = scene.run(asked.id)
    assert (ended.state, scene.aws.executed) == (State.FAILED, [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_another_operation_in_the_environment_is_in_the_way(when: str) -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    other = b.operation("failover-1", "legacy", target_kind=Target.DATABASE_INSTANCE, target="legacy-app")
    if when == "before":
        with scene.unit() as store:
            store.operations.add(other)
        with pytest.raises(Unsafe, match="No other operation runs"):
            scene.ask(seen)
        return
    asked = scene.ask(seen)
    with scene.unit() as store:
        store.operations.add(other)
    ended = scene.run(asked.id)
    assert (ended.state, scene.aws.executed) == (State.FAILED, [])


def test_a_plan_is_ready_once_what_worked_it_out_is_over() -> None:
    """Until then that operation holds the environment: nobody who reviews fast is refused for it."""
    scene = Scene()
    planning = scene.ask_plan("data", values=MULTI_AZ)
    plan = planning.wants("plan")

    def states() -> tuple[PlanState | None, PlanState]:
        with scene.unit(readonly=True) as store:
            stored = store.plans.get(plan)
        return stored.state if stored else None, scene.desk.review(VIEWER, plan).plan.state

    while states()[0] is not PlanState.READY:
        scene.run(planning.id, times=1)
    assert (scene.read(planning.id).live, states()) == (True, (PlanState.READY, PlanState.PREPARING))
    with pytest.raises(Conflict, match="not ready"):
        scene.ask(scene.desk.review(VIEWER, plan))
    assert not scene.run(planning.id).live
    assert states() == (PlanState.READY, PlanState.READY)


def test_looking_for_drift_is_in_nobodys_way() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    looking = b.operation("drift-1", "legacy", target_kind=Target.ENVIRONMENT, target="legacy (drift)", kind="drift")
    with scene.unit() as store:
        store.operations.add(looking)
    assert scene.run(scene.ask(seen).id).state is State.SUCCEEDED


def test_a_paused_environment_is_not_deployed_to() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    now = scene.clock.now()
    with scene.unit() as store:
        store.pauses.add(b.pause(env="legacy", at=now, until=now + timedelta(hours=1)))
    with pytest.raises(Unsafe, match="Automation is not paused"):
        scene.ask(seen)


def test_when_aws_cannot_be_seen_nothing_is_asked_for() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    scene.aws.blind = NotNow("AWS does not answer.")
    with pytest.raises(NotNow):
        scene.ask(seen)


def test_old_facts_are_told_as_such() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    scene.clock.move(minutes=5)
    fresh = {each.key: each.answer for each in scene.desk.review(VIEWER, seen.plan.id).checks}
    assert fresh["fresh"] is Answer.UNKNOWN


def test_before_the_next_reading_the_stacks_are_as_they_were_when_it_was_worked_out() -> None:
    scene = Scene()
    request = PlanRequest("legacy", stacks=("data",), values=MULTI_AZ)
    working = scene.desk.plan(ADMIN, request)
    while scene.read(working.id).live:
        scene.engine.advance(working.id)
        scene.clock.move(seconds=5)
    plan = working.wants("plan")
    fresh = {each.key: each for each in scene.desk.review(VIEWER, plan).checks}
    assert (fresh["fresh"].answer, fresh["stacks"].answer) == (Answer.PASS, Answer.PASS)
    assert "worked out" in fresh["stacks"].fact
    scene.clock.move(minutes=5)
    late = {each.key: each.answer for each in scene.desk.review(VIEWER, plan).checks}
    assert (late["fresh"], late["stacks"]) == (Answer.UNKNOWN, Answer.UNKNOWN)


def test_a_plan_is_void_when_its_stack_was_changed_since() -> None:
    scene = Scene()
    seen = scene.planned("data", values=MULTI_AZ)
    scene.aws.touch("data", CacheNodes="2")
    scene.snap()
    assert scene.desk.review(VIEWER, seen.plan.id).void_because == "legacy-data was changed since."
    with pytest.raises(Unsafe, match="was changed since"):
        scene.ask(seen)


def test_what_is_expected_comes_from_own_history() -> None:
    scene = Scene()
    scene.deploy("data", values=MULTI_AZ)
    seen = scene.planned("data", values={"data": {"DatabaseStorage": "60"}})
    (expected,) = seen.expected
    assert expected.count == 1
    assert expected.typical is not None
    assert timedelta() < expected.typical < timedelta(minutes=5)
    assert tuple(scene.desk.progress(VIEWER, scene.ask(seen).id).expected) == (expected,)


def test_a_deployment_is_followed_while_it_runs() -> None:
    scene = Scene()
    asked = scene.ask(scene.planned("data", values=MULTI_AZ))
    while scene.aws.stacks["data"].status != "UPDATE_IN_PROGRESS":
        scene.run(asked.id, 1)
    seen = scene.desk.progress(VIEWER, asked.id)
    assert seen.rollouts["data"].ended_at is None
    assert seen.recoveries == {"data": ("cancel",)}
    assert [each.status for each in seen.events] == ["UPDATE_IN_PROGRESS"]
    scene.run(asked.id)
    assert scene.desk.progress(VIEWER, asked.id).recoveries == {}
    with pytest.raises(NotFound):
        scene.desk.progress(VIEWER, "none")
