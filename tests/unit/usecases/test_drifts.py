"""The desk for drift: who may, what is shown, what is meant, and when the schedule looks by itself."""

from dataclasses import replace

import pytest

from services.domain.deployment.drift import ACCEPTED, DRIFT, EXPLAINED
from services.domain.environment import Environment
from services.domain.errors import Conflict, HavenError, Invalid, Misconfigured, NotAllowed, NotFound, NotNow
from services.domain.operation import State, Target
from services.usecases.drifts import StackDrift
from tests import builders as b
from tests.unit.usecases.drift_world import (
    ADMIN,
    CLASS,
    COUNT,
    EVERY,
    OPERATOR,
    SCALES,
    VIEWER,
    Scene,
    accepting,
    database,
    drifted,
)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def found(scene: Scene) -> Scene:
    """The class of the database was changed past its stack, and that was seen."""
    scene.cloud.found["data"] = [database(CLASS)]
    scene.looked()
    return scene


def stack(scene: Scene, name: str) -> StackDrift:
    return next(each for each in scene.desk.overview(VIEWER, "production").stacks if each.stack == name)


def test_before_any_look_every_stack_is_there_without_a_report(scene: Scene) -> None:
    overview = scene.desk.overview(VIEWER, "production")
    assert [each.stack for each in overview.stacks][:3] == ["network", "data", "platform"]
    assert {each.report for each in overview.stacks} == {None}
    assert (overview.looking, overview.last, overview.next_at) == (None, None, scene.clock.now())


def test_a_look_holds_its_own_place_and_one_is_under_way_at_a_time(scene: Scene) -> None:
    asked = scene.desk.request(OPERATOR, "production", client="10.0.0.1")
    assert (asked.kind, asked.target_kind, asked.what) == ("drift", Target.ENVIRONMENT, "look for drift in production")
    assert asked.target != "production"
    with pytest.raises(Conflict, match=asked.id):
        scene.desk.request(OPERATOR, "production")
    assert scene.desk.overview(VIEWER, "production").looking == asked
    entry = scene.ledger[-1]
    assert (entry.action, entry.actor, entry.client) == ("look for drift", OPERATOR.name, "10.0.0.1")


def test_a_viewer_may_see_and_not_look(scene: Scene) -> None:
    with pytest.raises(NotAllowed, match="look for drift"):
        scene.desk.request(VIEWER, "production")


def test_what_cannot_be_looked_at_is_said(scene: Scene) -> None:
    with scene.unit() as store:
        store.environments.add(b.environment("unread"))
        store.environments.add(b.environment("archived", archived=True))
        store.environments.add(b.environment("bare"))
        store.snapshots.put(b.snapshot("bare", stacks=()), changed=True, verdict="", summary="", token=1)
    refusals: list[tuple[str, type[HavenError]]] = [
        ("nowhere", NotFound),
        ("unread", NotNow),
        ("archived", Conflict),
        ("bare", Conflict),
    ]
    for name, refusal in refusals:
        with pytest.raises(refusal):
            scene.desk.request(OPERATOR, name)
    with pytest.raises(NotFound):
        scene.desk.overview(VIEWER, "nowhere")


def test_a_difference_is_accepted_with_a_reason_until_it_is_taken_back(found: Scene) -> None:
    found.desk.accept(ADMIN, accepting(), client="10.0.0.1")
    [seen] = stack(found, "data").judged
    assert seen.verdict == ACCEPTED
    assert seen.accepted
    assert (seen.accepted.by, seen.accepted.reason) == (ADMIN.name, "A larger class for the sale.")
    entry = found.ledger[-1]
    assert (entry.action, entry.reason) == ("accept drift", "A larger class for the sale.")
    assert entry.detail == {
        "stack": "data",
        "resource": "Database",
        "path": "/DBInstanceClass",
        "expected": "db.r6g.large",
        "actual": "db.r6g.xlarge",
    }
    found.desk.take_back(ADMIN, "production", "data", "Database", "/DBInstanceClass")
    assert [each.verdict for each in stack(found, "data").judged] == [DRIFT]
    assert found.ledger[-1].action == "take back accepted drift"
    with pytest.raises(NotFound, match="Nothing is accepted"):
        found.desk.take_back(ADMIN, "production", "data", "Database", "/DBInstanceClass")


def test_accepted_is_exactly_this_value(found: Scene) -> None:
    found.desk.accept(ADMIN, accepting())
    found.cloud.found["data"] = [database(replace(CLASS, actual="db.r6g.4xlarge"))]
    found.looked()
    [seen] = stack(found, "data").judged
    assert seen.verdict == DRIFT
    assert "it has changed since" in seen.why


@pytest.mark.parametrize(
    "changes", [{"actual": "db.m5.large"}, {"path": "/Engine"}, {"logical_id": "Cache"}, {"stack": "network"}]
)
def test_only_what_a_report_has_can_be_accepted(found: Scene, changes: dict[str, str]) -> None:
    with pytest.raises(NotFound, match="does not differ so any more"):
        found.desk.accept(ADMIN, replace(accepting(), **changes))


def test_accepting_needs_a_reason_and_the_right_to_deploy(found: Scene) -> None:
    with pytest.raises(Invalid) as unexplained:
        found.desk.accept(ADMIN, accepting(reason="why"))
    assert list(unexplained.value.fields) == ["reason"]
    with pytest.raises(Invalid, match="at most"):
        found.desk.accept(ADMIN, accepting(actual="x" * 70_000))
    for actor in (OPERATOR, VIEWER):
        with pytest.raises(NotAllowed):
            found.desk.accept(actor, accepting())
        with pytest.raises(NotAllowed):
            found.desk.take_back(actor, "production", "data", "Database", "/DBInstanceClass")


def test_what_scaling_moves_explains_itself_once_the_template_is_known(scene: Scene) -> None:
    scene.cloud.found["service-rbac"] = [drifted("service-rbac", "Service", "AWS::ECS::Service", COUNT)]
    scene.looked()
    assert [each.verdict for each in stack(scene, "service-rbac").judged] == [DRIFT]
    scene.cloud.templates["service-rbac"] = SCALES
    scene.looked()
    [seen] = stack(scene, "service-rbac").judged
    assert seen.verdict == EXPLAINED
    assert stack(scene, "service-rbac").drifted == []


def test_a_template_that_cannot_be_read_explains_nothing(scene: Scene) -> None:
    scene.cloud.found["service-rbac"] = [drifted("service-rbac", "Service", "AWS::ECS::Service", COUNT)]
    scene.cloud.templates["service-rbac"] = "[]"
    scene.looked()
    assert [each.verdict for each in stack(scene, "service-rbac").judged] == [DRIFT]


def test_live_edits_of_scaling_stand_beside_it(scene: Scene) -> None:
    snapshot = b.snapshot()
    rbac = next(each for each in snapshot.services if each.name == "rbac")
    said = {
        "Scaling": "true", "MinTasks": "3", "MaxTasks": "9", "CpuTarget": "60", "MemoryTarget": "60",
        "ScaleOutCooldown": "60", "ScaleInCooldown": "300", "BusySchedule": "", "BusyMinTasks": "0",
        "QuietSchedule": "", "ScheduleTimezone": "UTC", "EnvironmentName": "production",
    }  # fmt: skip
    stacks = tuple(
        replace(each, parameters=tuple(said.items())) if each.name == "service-rbac" else each
        for each in snapshot.stacks
    )
    with scene.unit() as store:
        changed = b.snapshot(stacks=stacks)
        store.snapshots.put(changed, changed=True, verdict="healthy", summary="", token=1)
    overview = scene.desk.overview(VIEWER, "production")
    assert rbac.scaling
    edits = dict(overview.scaling)["rbac"]
    assert ("maximum", "9", str(rbac.scaling.max_capacity)) in [(e.key, e.template, e.live) for e in edits]
    assert overview.read_at == changed.taken_at


def due(scene: Scene) -> list[str]:
    """What the schedule begins now, by environment."""
    return [each.environment for each in scene.desk.begin_due()]


def test_the_schedule_looks_at_first_and_then_every_so_often(scene: Scene) -> None:
    first = scene.desk.begin_due()
    assert [(each.environment, each.requested_by) for each in first] == [("production", "system")]
    assert due(scene) == [], "one is under way"
    done = scene.run(first[0].id)
    assert scene.desk.overview(VIEWER, "production").next_at == done.requested_at + EVERY
    assert due(scene) == []
    scene.clock.move(hours=23)
    assert due(scene) == []
    scene.clock.move(hours=1)
    assert due(scene) == ["production"]


def test_a_look_that_came_to_nothing_is_begun_again_sooner(scene: Scene) -> None:
    scene.cloud.refusals["network"] = [Misconfigured("The role may not.")]
    assert scene.looked().state is State.FAILED
    scene.clock.move(minutes=50)
    assert due(scene) == []
    scene.clock.move(minutes=10)
    assert due(scene) == ["production"]


@pytest.mark.parametrize(("kind", "begins"), [("deploy", []), ("recover", []), ("plan", ["production"])])
def test_what_is_being_deployed_is_left_for_the_next_time(scene: Scene, kind: str, begins: list[str]) -> None:
    with scene.unit() as store:
        running = b.operation(
            kind=kind, target_kind=Target.ENVIRONMENT, target="production", state=State.RUNNING, wanted=()
        )
        store.operations.add(running)
    assert due(scene) == begins


def test_the_schedule_passes_over_what_was_never_read_or_is_archived(scene: Scene) -> None:
    scene.clock.move(seconds=1)
    others: list[Environment] = [b.environment("unread"), b.environment("archived", archived=True)]
    with scene.unit() as store:
        for each in others:
            store.environments.add(each)
    assert due(scene) == ["production"]
    assert scene.desk.overview(VIEWER, "unread").next_at is None
    assert scene.desk.overview(VIEWER, "archived").next_at is None
