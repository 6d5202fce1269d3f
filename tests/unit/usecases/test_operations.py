"""Steering operations: approving, cancelling, resolving, and reading them while the database is away."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.domain.access import Role
from services.domain.errors import Conflict, Invalid, NotAllowed, NotFound, NotNow
from services.domain.operation import Operation, Sent, State, Step
from services.usecases.operations import Operations, step_views
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

ADA, BOB = b.actor(Role.OPERATOR, "ada"), b.actor(Role.OPERATOR, "bob")
VIEWER = b.actor(Role.VIEWER, "vic")
WHY = "seen in the console"
STEPS: tuple[Step, ...] = (
    Step("one", "One is done", lambda _: False, timedelta(minutes=1), acts=True, until="one", otherwise="look"),
    Step("two", "Two is done", lambda _: False, timedelta(minutes=2)),
    Step("three", "Three is done", lambda _: False, timedelta(minutes=3), optional=True),
)


@dataclass
class Scene:
    unit: MemoryUnit = field(default_factory=MemoryUnit)
    clock: MovableClock = field(default_factory=MovableClock)

    def __post_init__(self) -> None:
        self.operations = Operations(self.unit, self.clock, lambda _: STEPS, begin_within=timedelta(minutes=30))
        with self.unit() as store:
            store.environments.add(b.environment())

    def add(self, **changes: object) -> Operation:
        made = b.operation(**changes)  # type: ignore[arg-type]
        with self.unit() as store:
            store.operations.add(made)
        return made

    def last_entry(self) -> tuple[str, str, str]:
        with self.unit(readonly=True) as store:
            entry = store.ledger.read(limit=1)[0]
        return entry.actor, entry.action, entry.reason


@pytest.fixture
def scene() -> Scene:
    return Scene()


def awaiting(scene: Scene) -> Operation:
    return scene.add(state=State.AWAITING_APPROVAL, approve_before=NOW + timedelta(hours=1))


def test_a_second_person_approves(scene: Scene) -> None:
    awaiting(scene)
    scene.clock.move(minutes=20)
    approved = scene.operations.approve(BOB, "op-1", 0)
    assert (approved.state, approved.approved_by) == (State.REQUESTED, "bob")
    assert approved.approved_at == NOW + timedelta(minutes=20)
    assert approved.begin_before == NOW + timedelta(minutes=50)
    assert scene.last_entry() == ("bob", "approve failover", "")
    assert scene.operations.view(VIEWER, "op-1").trail[-1].word == "approve"


def test_nobody_approves_their_own(scene: Scene) -> None:
    awaiting(scene)
    with pytest.raises(NotAllowed, match="somebody else"):
        scene.operations.approve(ADA, "op-1", 0)


def test_approving_takes_the_right(scene: Scene) -> None:
    awaiting(scene)
    with pytest.raises(NotAllowed):
        scene.operations.approve(VIEWER, "op-1", 0)


def test_what_changed_since_is_not_approved(scene: Scene) -> None:
    awaiting(scene)
    with pytest.raises(Conflict, match="changed"):
        scene.operations.approve(BOB, "op-1", 7)


def test_too_late_to_approve(scene: Scene) -> None:
    awaiting(scene)
    scene.clock.move(hours=2)
    with pytest.raises(Conflict, match="over"):
        scene.operations.approve(BOB, "op-1", 0)


def test_only_what_waits_is_approved_or_declined(scene: Scene) -> None:
    scene.add()
    with pytest.raises(Conflict, match="requested"):
        scene.operations.approve(BOB, "op-1", 0)
    with pytest.raises(Conflict, match="requested"):
        scene.operations.decline(BOB, "op-1", WHY)


def test_declining_says_why(scene: Scene) -> None:
    awaiting(scene)
    with pytest.raises(Invalid):
        scene.operations.decline(BOB, "op-1", "no")
    declined = scene.operations.decline(BOB, "op-1", "not during the release")
    assert declined.state is State.CANCELLED
    assert "not during the release" in declined.because
    assert scene.last_entry() == ("bob", "decline failover", "not during the release")


@pytest.mark.parametrize("state", [State.AWAITING_APPROVAL, State.REQUESTED, State.RUNNING])
def test_cancelling_before_anything_was_sent(scene: Scene, state: State) -> None:
    scene.add(state=state)
    assert scene.operations.cancel(ADA, "op-1").state is State.CANCELLED
    with pytest.raises(Conflict, match="over already"):
        scene.operations.cancel(ADA, "op-1")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": State.RUNNING, "sent": Sent.MAYBE, "sent_at": NOW}, "since 02:13:00 UTC"),
        ({"state": State.RUNNING, "seen": (("one", NOW),)}, "no longer"),
        ({"state": State.STUCK}, "resolve"),
    ],
)
def test_no_cancelling_after_that(scene: Scene, changes: dict, words: str) -> None:
    scene.add(**changes)
    with pytest.raises(Conflict, match=words):
        scene.operations.cancel(ADA, "op-1")


@pytest.mark.parametrize(
    ("act", "state"), [("mark_done", State.SUCCEEDED), ("give_up", State.FAILED), ("resume", State.RUNNING)]
)
def test_the_three_ways_out_of_stuck(scene: Scene, act: str, state: State) -> None:
    scene.add(state=State.STUCK, sent=Sent.MAYBE, step="one", step_since=NOW - timedelta(hours=1))
    resolve = getattr(scene.operations, act)
    with pytest.raises(Invalid):
        resolve(BOB, "op-1", "no")
    resolved = resolve(BOB, "op-1", WHY)
    assert (resolved.state, resolved.sent, resolved.step_since) == (state, Sent.MAYBE, NOW)
    assert WHY in resolved.because
    assert scene.last_entry()[2] == WHY
    with pytest.raises(Conflict, match="Only a stuck"):
        resolve(BOB, "op-1", WHY)


def test_unknown_ones(scene: Scene) -> None:
    for act in (
        lambda: scene.operations.view(VIEWER, "no-such"),
        lambda: scene.operations.cancel(ADA, "no-such"),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_view_has_everything_around_it(scene: Scene) -> None:
    scene.add(state=State.RUNNING, step="two", step_since=NOW, seen=(("one", NOW),))
    with scene.unit() as store:
        store.events.add([b.cloud_event(seconds=15), b.cloud_event("DB instance restarted", 25)])
        store.snapshots.put(b.snapshot(), changed=True, verdict="healthy", summary="", token=1)
    view = scene.operations.view(VIEWER, "op-1")
    assert [event.message for event in view.events] == [
        "DB instance restarted",
        "Multi-AZ instance failover started.",
    ]
    assert view.snapshot == b.snapshot()
    assert [(step.name, step.state) for step in view.steps] == [("one", "done"), ("two", "now"), ("three", "next")]
    assert view.steps[1].give_up_at == NOW + timedelta(minutes=2)
    assert not view.from_memory


def test_steps_of_one_that_is_over() -> None:
    over = b.operation(state=State.FAILED, step="two", step_since=NOW, seen=(("one", NOW),), missed=("three",))
    assert [step.state for step in step_views(over, STEPS)] == ["done", "not done", "missed"]


def test_lists(scene: Scene) -> None:
    scene.add()
    scene.add(id="op-2", state=State.SUCCEEDED, requested_at=NOW + timedelta(minutes=1))
    assert [each.id for each in scene.operations.recent(VIEWER)] == ["op-2", "op-1"]
    assert [each.id for each in scene.operations.recent(VIEWER, environment="legacy")] == []
    assert [each.id for each in scene.operations.live(VIEWER)] == ["op-1"]
    assert [each.id for each in scene.operations.live(VIEWER, "legacy")] == []


def test_pages_from_memory_while_the_database_is_away(scene: Scene) -> None:
    scene.add()
    scene.operations.view(VIEWER, "op-1")
    scene.operations.live(VIEWER)
    scene.unit.away = True
    assert scene.operations.view(VIEWER, "op-1").from_memory
    assert [each.id for each in scene.operations.live(VIEWER)] == ["op-1"]
    with pytest.raises(NotNow):
        scene.operations.view(VIEWER, "op-2")


def test_what_is_live_is_remembered_unasked(scene: Scene) -> None:
    scene.add()
    scene.operations.remember()
    scene.unit.away = True
    assert scene.operations.view(VIEWER, "op-1").from_memory
    assert [each.id for each in scene.operations.live(VIEWER)] == ["op-1"]


def test_memory_is_bounded(scene: Scene) -> None:
    for number in range(105):
        scene.add(id=f"op-{number}", state=State.SUCCEEDED)
        scene.operations.view(VIEWER, f"op-{number}")
    scene.unit.away = True
    assert scene.operations.view(VIEWER, "op-104").operation.id == "op-104"
    with pytest.raises(NotNow):
        scene.operations.view(VIEWER, "op-0")
