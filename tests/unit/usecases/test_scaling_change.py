"""A change of scaling through the engine: writes one by one, each seen, and what is said when it stops half-way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.errors import Conflict, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.domain.operation import Sent, State
from services.domain.scaling.change import ScalingChange
from services.domain.snapshot import ScheduledAction
from tests import builders as b
from tests.unit.usecases.scaling_world import ADMIN, ENV, SERVICE, VIEWER, Scene

MAX = ScalingChange(max_capacity=14)
CPU = b.policy(target=55.0)
WHOLE = ScalingChange(policies=(CPU,), scheduled=(ScheduledAction("night", "cron(0 22 * * ? *)", None, 3, None),))
WHOLE = replace(WHOLE, max_capacity=14)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_from_request_to_verified_end(scene: Scene) -> None:
    asked = scene.ask(MAX)
    assert asked.state is State.REQUESTED
    ended = scene.run(asked.id, 8)
    assert (ended.state, scene.aws.max(), scene.aws.written) == (State.SUCCEEDED, 14, ["RegisterScalableTarget"])
    assert [name for name, _ in ended.seen] == ["RegisterScalableTarget", "read back", "count"]
    assert ended.note("read_back").startswith("minimum 3, maximum 14, desired 3; production-rbac-cpu 60")
    assert (ended.note("baseline_desired"), ended.note("baseline_running")) == ("3", "3")
    assert scene.ledger() == [
        ("root.admin", "request scaling", "done"),
        ("system", "start scaling", "running"),
        ("system", "send scaling", "intended"),
        ("system", "send scaling", "sent"),
        ("system", "finish scaling", "succeeded"),
    ]


def test_each_write_is_seen_before_the_next_is_sent(scene: Scene) -> None:
    asked = scene.ask(WHOLE)
    ended = scene.run(asked.id, 10)
    assert ended.state is State.SUCCEEDED
    assert scene.aws.written == [
        "PutScalingPolicy/production-rbac-cpu",
        "PutScheduledAction/night",
        "RegisterScalableTarget",
    ]
    assert [name for name, _ in ended.seen][:3] == scene.aws.written
    sent = [line.operation.step for line in scene.journal.lines if not line.outcome]
    assert sent == scene.aws.written


def test_what_is_so_already_is_not_sent(scene: Scene) -> None:
    asked = scene.ask(WHOLE)
    scene.run(asked.id)
    scene.engine.advance(asked.id)  # the first write
    scene.aws.scale(max_capacity=14)
    assert scene.run(asked.id, 10).state is State.SUCCEEDED
    assert "RegisterScalableTarget" not in scene.aws.written


def test_denied_half_way_it_says_what_was_done_and_what_was_not(scene: Scene) -> None:
    scene.aws.answers = [None, Misconfigured("Haven may not call PutScheduledAction.")]
    ended = scene.make(WHOLE)
    assert (ended.state, ended.sent) == (State.FAILED, Sent.NO)
    assert ended.because == (
        "Stopped half-way: Haven may not call PutScheduledAction. "
        "Done before: Policy production-rbac-cpu is as asked. "
        "Not done: Scheduled action night is as asked; Registered as asked: maximum 14."
    )
    record = scene.scalings.change(VIEWER, ended.id)
    assert record.cannot_revert == ""
    back, _ = scene.scalings.reverting(VIEWER, ended.id)
    assert [policy.target for policy in back.policies] == [60.0]
    assert (back.max_capacity, back.scheduled, back.removed_scheduled) == (None, (), ())


def test_a_role_lost_half_way_is_told_the_same(scene: Scene) -> None:
    asked = scene.ask(WHOLE)
    scene.run(asked.id, 2)
    scene.aws.denied = Misconfigured("Haven may not take on its role.")
    ended = scene.run(asked.id, 2)
    assert ended.because.startswith("Stopped half-way: Haven may not take on its role. Done before: Policy")


def test_refused_at_once_nothing_was_done(scene: Scene) -> None:
    scene.aws.answers = [Refused("AWS keeps fifty policies.")]
    ended = scene.make(WHOLE)
    assert (ended.state, ended.because) == (
        State.FAILED,
        "AWS refused it, and did nothing: AWS keeps fifty policies.",
    )
    assert scene.scalings.change(VIEWER, ended.id).cannot_revert == "It did nothing: it is failed."


def test_what_may_wait_is_tried_again(scene: Scene) -> None:
    scene.aws.answers = [NotNow("Another update is going on."), None]
    assert scene.make(MAX).state is State.SUCCEEDED
    assert scene.aws.written == ["RegisterScalableTarget"]


@pytest.mark.parametrize("reaches", [True, False])
def test_a_lost_answer_is_looked_after_and_a_harmless_write_sent_again(scene: Scene, reaches: bool) -> None:
    scene.aws.reaches, scene.aws.answers = reaches, [OutcomeUnknown("The answer was lost.")]
    asked = scene.ask(MAX)
    unsure = scene.run(asked.id, 2)
    assert (unsure.sent, unsure.tries) == (Sent.MAYBE, 1)
    assert "sent again unless AWS shows it" in unsure.because
    with pytest.raises(Conflict, match="no longer be cancelled"):
        scene.operations.cancel(ADMIN, asked.id)
    assert scene.run(asked.id, 8).state is State.SUCCEEDED
    assert (scene.aws.max(), len(scene.aws.written)) == (14, 1)


def test_an_uncertain_write_stays_uncertain_while_it_may_not_be_sent(scene: Scene) -> None:
    scene.aws.reaches = False
    scene.aws.answers = [OutcomeUnknown("The answer was lost."), NotNow("Throttled."), Refused("No more policies.")]
    asked = scene.ask(MAX)
    scene.run(asked.id, 4)
    assert scene.run(asked.id).sent is Sent.MAYBE
    ended = scene.run(asked.id, 10)
    assert ended.state is State.FAILED
    assert "An earlier try of the next may have been done: look in AWS." in ended.because


def test_an_uncertain_write_that_never_shows_is_stuck(scene: Scene) -> None:
    scene.aws.reaches = False
    scene.aws.answers = [OutcomeUnknown("The answer was lost.")] * 50
    asked = scene.ask(MAX)
    stuck = scene.run(asked.id, 40)
    assert stuck.state is State.STUCK
    scene.clock.move(hours=2)
    scene.snap()
    scene.aws.answers = []
    scene.operations.resume(ADMIN, asked.id, "The network is back")
    assert scene.run(asked.id, 5).state is State.SUCCEEDED  # begun in time, however long it took


def test_a_count_is_set_at_most_once(scene: Scene) -> None:
    scene.aws.reaches, scene.aws.answers = False, [OutcomeUnknown("The answer was lost.")]
    asked = scene.ask(ScalingChange(desired_once=5))
    unsure = scene.run(asked.id, 3)
    assert unsure.because.endswith("It is not sent again, only watched.")
    assert scene.run(asked.id, 60).state is State.STUCK
    assert scene.aws.written == []


def test_a_count_that_moved_on_was_set(scene: Scene) -> None:
    asked = scene.ask(ScalingChange(desired_once=5))
    scene.run(asked.id)
    scene.engine.advance(asked.id)
    scene.aws.put(desired=7, running=7)
    assert scene.run(asked.id, 4).state is State.SUCCEEDED
    assert scene.aws.of().desired == 7


def test_tasks_that_do_not_come_are_missed_and_not_needed(scene: Scene) -> None:
    scene.aws.follows = False
    asked = scene.ask(ScalingChange(min_capacity=4))
    assert scene.run(asked.id, 10).state is State.RUNNING
    ended = scene.run(asked.id, 60)
    assert (ended.state, ended.missed) == (State.SUCCEEDED, ("count",))


def test_changed_between_request_and_write_nothing_is_sent(scene: Scene) -> None:
    asked = scene.ask(MAX)
    scene.aws.scale(max_capacity=13)
    ended = scene.run(asked.id, 3)
    assert (ended.state, scene.aws.written, scene.aws.max()) == (State.FAILED, [], 13)
    assert "nothing was sent" in ended.because
    assert "Maximum was 12 and is 13" in ended.because


def test_another_label_is_a_change_too(scene: Scene) -> None:
    asked = scene.ask(MAX)
    scene.aws.scale(labels=(("production-rbac-cpu", "app/x"),))
    assert "a resource label is another" in scene.run(asked.id, 3).because


def test_changed_between_two_writes_it_goes_on(scene: Scene) -> None:
    asked = scene.ask(WHOLE)
    scene.run(asked.id, 2)
    scene.aws.scale(min_capacity=4)
    assert scene.run(asked.id, 10).state is State.SUCCEEDED


def test_guards_are_asked_once_more_before_the_first_write(scene: Scene) -> None:
    asked = scene.ask(ScalingChange(max_capacity=7))
    scene.aws.cpu = 99.0
    scene.aws.put(desired=12, running=12)
    ended = scene.run(asked.id, 3)
    assert (ended.state, scene.aws.written) == (State.FAILED, [])
    assert "The maximum carries the load of now" in ended.because


def test_what_is_not_known_just_now_makes_it_wait(scene: Scene) -> None:
    asked = scene.ask(MAX)
    scene.aws.read_at = timedelta(minutes=5)
    assert scene.run(asked.id, 3).state is State.RUNNING
    assert scene.aws.written == []
    scene.aws.read_at = timedelta()
    assert scene.run(asked.id, 10).state is State.SUCCEEDED


def test_a_service_that_is_gone_is_said(scene: Scene) -> None:
    asked = scene.ask(MAX)
    scene.aws.put(name="other")
    assert "was not found on AWS" in scene.run(asked.id, 3).because


def test_one_that_scales_no_more_is_said(scene: Scene) -> None:
    asked = scene.ask(MAX)
    scene.aws.put(scaling=None)
    assert "no longer registered" in scene.run(asked.id, 3).because


def test_gone_between_two_writes_it_stops(scene: Scene) -> None:
    asked = scene.ask(WHOLE)
    scene.run(asked.id, 2)
    scene.aws.put(name="other")
    scene.snap()
    ended = scene.run(asked.id, 60)
    assert (ended.state, len(scene.aws.written)) == (State.STUCK, 1)
    assert "Policy production-rbac-cpu is as asked" in ended.because or "AWS shows it" in ended.because


def test_an_end_that_has_come_before_it_began_is_refused(scene: Scene) -> None:
    asked = scene.ask(ScalingChange(max_capacity=14, until=scene.clock.now() + timedelta(minutes=10)))
    scene.clock.move(minutes=15)
    scene.snap()
    scene.load(40.0, 3)
    assert "Its end has come before it began" in scene.run(asked.id, 3).because


def test_a_pause_holds_it_between_two_writes(scene: Scene) -> None:
    asked = scene.ask(WHOLE)
    scene.run(asked.id, 2)
    with scene.unit() as store:
        store.pauses.add(b.pause(at=scene.clock.now(), until=scene.clock.now() + timedelta(minutes=1)))
    assert "paused" in scene.run(asked.id, 3).because
    assert len(scene.aws.written) == 1
    scene.clock.move(minutes=1)
    assert scene.run(asked.id, 10).state is State.SUCCEEDED


def test_it_is_cancelled_before_the_first_write_and_not_after(scene: Scene) -> None:
    first = scene.ask(WHOLE)
    assert scene.operations.cancel(ADMIN, first.id).state is State.CANCELLED
    second = scene.ask(WHOLE)
    scene.run(second.id, 2)
    with pytest.raises(Conflict, match="no longer be cancelled"):
        scene.operations.cancel(ADMIN, second.id)
    assert scene.scalings.changes(VIEWER, ENV, SERVICE)[1].cannot_revert == "It did nothing: it is cancelled."
