"""The engine: one write at most, whatever happens around it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.check import Answer
from services.domain.errors import Conflict, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.domain.operation import Sent, State
from services.ports import Store
from tests import builders as b
from tests.builders import NOW
from tests.unit.usecases.engine_world import Died, Mortal, MortalJournal, MortalSwitch, MortalUnit, Scene


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.ask()
    return made


def test_from_request_to_verified_end(scene: Scene) -> None:
    assert scene.run().state is State.RUNNING
    sent = scene.run()
    assert (sent.sent, sent.receipt, scene.world.calls) == (Sent.YES, "request-1", 1)
    assert sent.note("baseline") == "as it was"
    assert scene.run(3).sent is Sent.YES
    assert scene.world.calls == 1
    scene.world.settle()
    running = scene.run()
    assert [name for name, _ in running.seen] == ["switch", "settle"]
    ended = scene.run(40)
    assert (ended.state, ended.missed) == (State.SUCCEEDED, ("tidy",))
    assert "It is tidy" in ended.because
    assert scene.actions() == [
        ("start failover", "running"),
        ("send failover", "intended"),
        ("send failover", "sent"),
        ("finish failover", "succeeded"),
    ]
    assert [line.outcome for line in scene.journal.lines] == ["", "sent"]
    assert scene.words().count("measured") == 1  # however often it was looked at


def test_what_is_over_is_left_alone(scene: Scene) -> None:
    scene.world.settle()
    ended = replace(scene.read(), state=State.CANCELLED)
    with scene.unit() as store:
        store.operations.save(ended)
    assert scene.run(3).version == ended.version + 1
    scene.engine.advance("no-such")


def test_only_the_holder_of_the_lease_moves_it(scene: Scene) -> None:
    scene.leases.acquire("operation:op-1", "somebody else", timedelta(seconds=10))
    assert scene.run().state is State.REQUESTED


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        (State.AWAITING_APPROVAL, {"approve_before": NOW + timedelta(minutes=1)}),
        (State.REQUESTED, {"begin_before": NOW + timedelta(minutes=1)}),
    ],
)
def test_it_expires_instead_of_beginning_late(state: State, changes: dict) -> None:
    scene = Scene()
    scene.ask(state=state, **changes)
    scene.pass_time(61)
    assert scene.run().state is State.EXPIRED
    assert scene.world.calls == 0


def test_it_waits_for_approval() -> None:
    scene = Scene()
    scene.ask(state=State.AWAITING_APPROVAL, approve_before=NOW + timedelta(hours=1))
    assert scene.run(3).state is State.AWAITING_APPROVAL


def test_a_pause_holds_the_beginning_and_is_said_once(scene: Scene) -> None:
    with scene.unit() as store:
        store.pauses.add(b.pause(hours=0.01))
    held = scene.run(3)
    assert held.state is State.REQUESTED
    assert held.because.startswith("Automation is paused until")
    assert scene.words() == ["paused"]
    scene.pass_time(60)
    assert scene.run().state is State.RUNNING


def test_a_pause_holds_the_call_of_one_that_runs(scene: Scene) -> None:
    scene.run()
    with scene.unit() as store:
        store.pauses.add(b.pause(hours=0.01))
    held = scene.run(2)
    assert (held.sent, scene.world.calls) == (Sent.NO, 0)
    assert "paused" in held.because
    scene.pass_time(60)
    assert scene.run().sent is Sent.YES


def test_a_pause_holds_nothing_that_only_looks(scene: Scene) -> None:
    scene.switch.only_looks = True
    with scene.unit() as store:
        store.pauses.add(b.pause())
    assert scene.run().state is State.RUNNING
    scene.world.settle()
    scene.world.switched = scene.world.settled = True
    assert scene.run(40).state is State.SUCCEEDED
    assert "paused" not in scene.words()


def test_a_pause_does_not_hold_a_call_that_changes_nothing_that_runs(scene: Scene) -> None:
    scene.switch.harmless = True
    with scene.unit() as store:
        store.pauses.add(b.pause())
    assert scene.run(2).sent is Sent.YES
    assert scene.world.calls == 1
    assert "paused" not in scene.words()


def test_a_pause_does_not_stop_the_looking(scene: Scene) -> None:
    scene.run(2)
    with scene.unit() as store:
        store.pauses.add(b.pause())
    scene.world.settle()
    assert scene.run(40).state is State.SUCCEEDED


def test_a_check_that_fails_on_fresh_facts_refuses(scene: Scene) -> None:
    scene.run()
    scene.world.bad = Answer.FAIL
    refused = scene.run()
    assert (refused.state, scene.world.calls) == (State.FAILED, 0)
    assert "nothing was sent" in refused.because


def test_a_check_that_cannot_be_answered_just_now_makes_it_wait(scene: Scene) -> None:
    scene.run()
    scene.world.bad = Answer.UNKNOWN
    waits = scene.run()
    assert (waits.state, waits.tries, scene.world.calls) == (State.RUNNING, 1, 0)
    scene.world.bad = None
    scene.pass_time(10)
    assert scene.run().sent is Sent.YES


def test_a_check_that_is_never_answered_ends_it(scene: Scene) -> None:
    scene.run()
    scene.world.bad = Answer.UNKNOWN
    ended = scene.run(400)
    assert (ended.state, scene.world.calls) == (State.FAILED, 0)


def test_aws_refuses(scene: Scene) -> None:
    scene.world.answers = [Refused("InvalidDBInstanceState: not now")]
    refused = scene.run(2)
    assert (refused.state, refused.sent) == (State.FAILED, Sent.NO)
    assert "did nothing" in refused.because
    assert [line.outcome for line in scene.journal.lines] == ["", "refused"]


@pytest.mark.parametrize("problem", [Misconfigured("no right"), Refused("no")])
def test_what_may_not_be_called_is_found_before_the_intent(scene: Scene, problem: Exception) -> None:
    scene.world.denied = problem  # type: ignore[assignment]
    assert scene.run(2).state is State.FAILED
    assert scene.journal.lines == []


def test_credentials_that_cannot_be_had_now_are_tried_again(scene: Scene) -> None:
    scene.world.denied = NotNow("STS is away")
    assert scene.run(2).tries == 1
    scene.world.denied = None
    scene.pass_time(10)
    assert scene.run().sent is Sent.YES
    assert scene.actions()[-1] == ("send failover", "sent")


def test_a_throttle_is_tried_again_with_growing_pauses(scene: Scene) -> None:
    scene.world.answers = [NotNow("Throttled."), NotNow("Throttled.")]
    first = scene.run(2)
    assert (first.sent, first.tries, scene.world.calls) == (Sent.NO, 1, 0)
    assert scene.run(seconds=0).tries == 1 or first.not_before is not None
    scene.pass_time(4)
    second = scene.run()
    assert second.tries == 2
    scene.pass_time(8)
    assert scene.run().sent is Sent.YES
    assert scene.world.calls == 1
    assert [line.outcome for line in scene.journal.lines] == ["", "not sent", "", "not sent", "", "sent"]


def test_throttled_until_it_is_too_late(scene: Scene) -> None:
    scene.world.answers = [NotNow("Throttled.")] * 1000
    ended = scene.run(400)
    assert (ended.state, scene.world.calls) == (State.FAILED, 0)
    assert "in time" in ended.because


def test_a_lost_answer_is_watched_never_repeated(scene: Scene) -> None:
    scene.world.answers = [OutcomeUnknown("The answer was lost.")]
    lost = scene.run(2)
    assert (lost.sent, scene.world.calls) == (Sent.MAYBE, 1)
    assert "not sent again" in lost.because
    scene.run(5)
    assert scene.world.calls == 1
    scene.world.settle()
    assert scene.run(40).state is State.SUCCEEDED
    assert scene.world.calls == 1


def test_a_lost_answer_that_had_no_effect_is_stuck(scene: Scene) -> None:
    scene.world.answers = [OutcomeUnknown("The answer was lost.")]
    stuck = scene.run(200)
    assert (stuck.state, scene.world.calls) == (State.STUCK, 1)
    assert "never had" in stuck.because
    assert "Look by hand." in stuck.because
    assert scene.run(5).version == stuck.version


def test_aws_abandons_it(scene: Scene) -> None:
    scene.run(2)
    scene.world.abandoned = "Abandoning user requested failover."
    ended = scene.run(2)
    assert (ended.state, ended.because) == (State.FAILED, "Abandoning user requested failover.")


def test_blind_before_the_act_it_waits_and_says_so_once(scene: Scene) -> None:
    scene.run()
    scene.world.blind = NotNow("AWS could not be reached.")
    blind = scene.run(5)
    assert "Cannot see" in blind.because
    assert scene.words().count("trouble") == 1
    scene.world.blind = None
    assert scene.run().sent is Sent.YES
    assert scene.run().because == ""


def test_blind_until_it_is_too_late(scene: Scene) -> None:
    scene.run()
    scene.world.blind = NotNow("AWS could not be reached.")
    scene.pass_time(700)
    ended = scene.run()
    assert (ended.state, scene.world.calls) == (State.FAILED, 0)


def test_blind_after_the_act_it_is_stuck_in_the_end(scene: Scene) -> None:
    scene.run(3)
    scene.world.blind = NotNow("AWS could not be reached.")
    assert scene.run().state is State.RUNNING
    scene.pass_time(301)
    stuck = scene.run()
    assert stuck.state is State.STUCK
    assert "could not be looked at" in stuck.because


def test_a_journal_that_cannot_be_written_keeps_it_from_being_sent(scene: Scene) -> None:
    scene.journal.full = True
    held = scene.run(2)
    assert (held.sent, scene.world.calls, held.tries) == (Sent.NO, 0, 1)
    scene.journal.full = False
    scene.pass_time(10)
    assert scene.run().sent is Sent.YES


def test_a_worker_held_up_past_its_lease_sends_nothing(scene: Scene) -> None:
    scene.run()
    intend = scene.journal.intend

    def stall(operation: object) -> None:
        intend(operation)  # type: ignore[arg-type]
        scene.pass_time(11)

    scene.journal.intend = stall  # type: ignore[method-assign]
    held = scene.run()
    assert (scene.world.calls, held.sent) == (0, Sent.NO)
    assert scene.journal.lines[-1].outcome == "not sent"


def test_a_worker_held_up_while_another_went_on_can_do_nothing(scene: Scene) -> None:
    """It stalls between its intent and its call; the other watches only, and the journal tells it what became of it."""
    scene.run()
    intend, other = scene.journal.intend, scene.process()

    def stall(operation: object) -> None:
        scene.journal.intend = intend  # type: ignore[method-assign]
        intend(operation)  # type: ignore[arg-type]
        scene.pass_time(11)
        scene.run(engine=other)
        assert (scene.read().sent, scene.world.calls) == (Sent.MAYBE, 0)

    scene.journal.intend = stall  # type: ignore[method-assign]
    scene.engine.advance("op-1")
    assert scene.world.calls == 0
    after = scene.run(2, engine=other)
    assert (scene.world.calls, after.sent) == (1, Sent.YES)


def test_looking_that_outlasts_the_lease_loses_it(scene: Scene) -> None:
    scene.run()
    look, other = scene.switch.look, scene.process()

    def slow(*args: object) -> object:
        scene.switch.look = look  # type: ignore[method-assign]
        scene.pass_time(11)
        scene.leases.acquire("operation:op-1", "other", timedelta(seconds=10))
        return look(*args)  # type: ignore[arg-type]

    scene.switch.look = slow  # type: ignore[method-assign,assignment]
    assert scene.run().sent is Sent.NO
    assert scene.world.calls == 0
    scene.pass_time(20)
    assert scene.run(engine=other).sent is Sent.YES


def test_an_intent_whose_commit_is_unknown_is_not_sent(scene: Scene) -> None:
    scene.run()
    engine = scene.process(unit=_LosesCommits(scene))
    with pytest.raises(OutcomeUnknown):
        engine.advance("op-1")
    assert scene.world.calls == 0
    assert scene.read().sent is Sent.MAYBE
    # Another process finds in the journal that it never was sent, and may.
    scene.pass_time(20)
    assert scene.run(2).sent is Sent.YES
    assert scene.world.calls == 1


class _LosesCommits:
    """Commits, and loses the answer, of the transaction that saves the intent."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    @contextmanager
    def __call__(self, *, readonly: bool = False) -> Iterator[Store]:
        with self._scene.unit(readonly=readonly) as store:
            yield store
        if self._scene.read().sent is Sent.MAYBE:
            raise OutcomeUnknown("the answer to the commit was lost")


def test_cancelled_at_the_last_moment(scene: Scene) -> None:
    """A person cancels between the look and the intent: the version has moved on, and nothing is sent."""
    scene.run()
    guard = scene.switch.guard

    def cancel(*args: object) -> object:
        now = scene.clock.now()
        with scene.unit() as store:
            found = store.operations.get("op-1")
            assert found
            store.operations.save(found.move(State.CANCELLED, now))
        return guard(*args)  # type: ignore[arg-type]

    scene.switch.guard = cancel  # type: ignore[method-assign,assignment]
    assert scene.run().state is State.CANCELLED
    assert (scene.world.calls, scene.journal.lines) == (0, [])


def test_the_answer_is_found_in_the_journal_when_the_database_was_away(scene: Scene) -> None:
    scene.run()
    scene.world.on_call = lambda: setattr(scene.unit, "away", True)
    with pytest.raises(NotNow):
        scene.engine.advance("op-1")
    scene.unit.away = False
    assert (scene.read().sent, scene.read().receipt) == (Sent.MAYBE, "")
    scene.world.on_call = lambda: None
    scene.pass_time(20)
    found = scene.run()
    assert (found.sent, found.receipt, scene.world.calls) == (Sent.YES, "request-1", 1)
    assert "reconciled" in scene.words()


def test_a_database_restored_from_before_the_intent_does_not_send_again(scene: Scene) -> None:
    running = scene.run()
    scene.run()
    before = Scene(unit=type(scene.unit)(), clock=scene.clock, world=scene.world)
    before.watch = scene.watch
    before.journal.lines = scene.journal.lines
    with before.unit() as store:
        store.operations.add(replace(running, version=0))
    found = before.run()
    assert (found.sent, found.receipt) == (Sent.YES, "request-1")
    assert before.run(3).state is State.RUNNING
    assert scene.world.calls == 1


def test_a_database_restored_from_before_the_operation_gets_it_back_stuck(scene: Scene) -> None:
    scene.world.answers = [OutcomeUnknown("The answer was lost.")]
    scene.run(2)
    later = Scene(clock=scene.clock, world=scene.world)
    later.journal.lines = scene.journal.lines
    assert later.engine.recover() == 1
    assert later.read().state is State.STUCK
    assert "Only the journal" in later.read().because
    assert later.engine.recover() == 0
    assert later.engine.due() == []
    assert later.actions() == [("recover failover", "stuck")]


def test_what_the_journal_says_was_not_sent_is_not_recovered(scene: Scene) -> None:
    scene.world.answers = [Refused("no")]
    scene.run(2)
    later = Scene(clock=scene.clock, world=scene.world)
    later.journal.lines = scene.journal.lines
    assert later.engine.recover() == 0


def _points() -> list[tuple[int, bool]]:
    """Every effect of a whole operation, before and after; counted by running one that lives."""
    scene = Scene()
    scene.ask()
    life = Mortal(0, after=False)
    engine = scene.process(
        MortalUnit(scene.unit, life), MortalJournal(scene.journal, life), MortalSwitch(scene.world, life)
    )
    scene.run(2, engine)
    scene.world.settle()
    scene.run(40, engine)
    assert scene.read().state is State.SUCCEEDED
    return [(number, after) for number in range(1, life.count + 1) for after in (False, True)]


@pytest.mark.parametrize(("at", "after"), _points())
def test_death_at_every_effect(at: int, after: bool) -> None:
    """Die before and after each write and the call; another process ends it: one call, or stuck with none missing."""
    scene = Scene()
    scene.ask()
    life = Mortal(at, after)
    mortal = scene.process(
        MortalUnit(scene.unit, life), MortalJournal(scene.journal, life), MortalSwitch(scene.world, life)
    )
    with suppress(Died):
        for _ in range(60):
            scene.run(engine=mortal)
            scene.world.settle()
    assert life.dead
    scene.pass_time(15)
    heir = scene.process()
    for _ in range(400):
        ended = scene.run(engine=heir)
        scene.world.settle()
    assert scene.world.calls <= 1
    if ended.state is State.SUCCEEDED:
        assert scene.world.calls == 1
    else:
        assert (ended.state, scene.world.calls) == (State.STUCK, 0)
        assert "never had" in ended.because


def test_a_conflict_on_saving_is_no_error(scene: Scene) -> None:
    scene.run()

    def moved(*_: object) -> object:
        raise Conflict("somebody was first")

    scene.switch.guard = moved  # type: ignore[method-assign,assignment]
    assert scene.run().sent is Sent.NO
