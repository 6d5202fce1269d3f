"""The machine of long operations: its table, and what it decides from what the world shows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.operation import (
    ALLOWED,
    ASTRAY,
    LIVE,
    TERMINAL,
    TRANSITIONS,
    Act,
    Decision,
    Finish,
    Operation,
    Sent,
    State,
    Step,
    Wait,
    decide,
    observe,
)
from tests import builders as b
from tests.builders.places import NOW

World = frozenset[str]
MINUTE = timedelta(minutes=1)


def step(name: str, **changes: object) -> Step[World]:
    made: Step[World] = Step(
        name, f"{name} is done", lambda world: name in world, 5 * MINUTE, until=f"the sign of {name}", otherwise="Look."
    )
    return replace(made, **changes)  # type: ignore[arg-type]


ACT, WATCH, EXTRA = step("act", acts=True), step("watch"), step("extra", optional=True)
STEPS = (ACT, WATCH, EXTRA)


def running(**changes: object) -> Operation:
    return b.operation(state=State.RUNNING, **changes)


def look(
    operation: Operation,
    world: Sequence[str] = (),
    after: timedelta = timedelta(0),
    steps: Sequence[Step[World]] = STEPS,
) -> tuple[Operation, Decision]:
    seen = observe(operation, steps, frozenset(world), NOW + after)
    return seen, decide(seen, steps, frozenset(world), NOW + after)


# -- the table


def test_every_state_is_reached_and_the_ends_are_ends() -> None:
    assert {State.AWAITING_APPROVAL, State.REQUESTED, *(t.target for t in TRANSITIONS)} == set(State)
    assert {State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED} == TERMINAL
    assert {State.AWAITING_APPROVAL, State.REQUESTED, State.RUNNING, State.STUCK} == LIVE
    assert len(ALLOWED) == len(TRANSITIONS)
    assert all(t.because.endswith(".") for t in TRANSITIONS)


@pytest.mark.parametrize(("source", "target"), list(product(State, State)))
def test_the_table_is_walked_and_nothing_beside_it(source: State, target: State) -> None:
    operation = b.operation(state=source)
    if (source, target) not in ALLOWED:
        with pytest.raises(ValueError, match=f"is {source} may not become {target}"):
            operation.move(target, NOW)
        return
    moved = operation.move(target, NOW)
    assert (moved.state, moved.because) == (target, ALLOWED[source, target])
    assert moved.finished_at == (NOW if target in TERMINAL else None)
    assert moved.live is (target in LIVE)
    assert operation.move(target, NOW, "Why.").because == "Why."


def test_from_every_live_state_an_end_can_be_reached() -> None:
    reach = set(TERMINAL)
    for _ in State:
        reach |= {t.source for t in TRANSITIONS if t.target in reach}
    assert reach == set(State)


def test_nothing_is_cancelled_once_something_may_have_been_sent() -> None:
    assert not running().irreversible
    assert running(sent=Sent.MAYBE).irreversible
    assert running(sent=Sent.YES).irreversible
    assert running(seen=(("act", NOW),)).irreversible


def test_notes_keep_their_first_value() -> None:
    noted = running().noted(zone="a", lost="1").noted(zone="b", back="2")
    assert noted.notes == (("zone", "a"), ("lost", "1"), ("back", "2"))
    assert (noted.note("zone"), noted.note("none")) == ("a", "")


def test_what_was_wanted_and_seen_is_found_by_name() -> None:
    operation = running(seen=(("act", NOW),))
    assert (operation.wants("expected_zone"), operation.wants("none")) == ("us-east-1a", "")
    assert (operation.seen_at("act"), operation.seen_at("watch")) == (NOW, None)


# -- observing and deciding


def test_at_first_it_acts() -> None:
    seen, decision = look(running())
    assert (seen.step, seen.step_since, seen.sent) == ("act", NOW, Sent.NO)
    assert decision == Act("act")


def test_after_a_try_that_did_nothing_it_waits_its_time() -> None:
    early = running(step="act", step_since=NOW, tries=1, not_before=NOW + MINUTE)
    assert look(early)[1] == Wait("act", early.begin_before)
    assert look(early, after=MINUTE)[1] == Act("act")


@pytest.mark.parametrize("sent", [Sent.MAYBE, Sent.YES])
def test_what_may_have_been_sent_is_watched(sent: Sent) -> None:
    assert look(running(step="act", step_since=NOW, sent=sent), after=MINUTE)[1] == Wait("act", NOW + 5 * MINUTE)


def test_without_the_time_a_step_began_it_is_waited_for_from_now() -> None:
    assert look(running(step="act", sent=Sent.YES), after=MINUTE)[1] == Wait("act", NOW + 6 * MINUTE)


def test_a_repeatable_step_whose_answer_was_lost_is_asked_again_in_time() -> None:
    steps = (replace(ACT, repeatable=True), WATCH)
    lost = running(step="act", step_since=NOW, sent=Sent.MAYBE)
    assert look(lost, steps=steps)[1] == Act("act")
    assert look(replace(lost, sent=Sent.YES), steps=steps)[1] == Wait("act", NOW + 5 * MINUTE)
    assert isinstance(look(lost, after=6 * MINUTE, steps=steps)[1], Finish)


def test_too_late_is_stuck_with_what_was_waited_for_and_what_to_do() -> None:
    sent = running(step="act", step_since=NOW, sent=Sent.YES)
    assert look(sent, after=5 * MINUTE)[1] == Wait("act", NOW + 5 * MINUTE)
    assert look(sent, after=5 * MINUTE + timedelta(seconds=1))[1] == Finish(
        State.STUCK, "Not seen within 5 min: the sign of act. Look."
    )
    lost = look(replace(sent, sent=Sent.MAYBE), after=6 * MINUTE)[1]
    assert isinstance(lost, Finish)
    assert "answer to the request was never had" in lost.because


def test_without_words_for_the_sign_the_step_s_own_sentence_is_said() -> None:
    steps = (replace(ACT, until="", otherwise="", give_up_after=timedelta(seconds=30)),)
    stuck = look(running(step="act", step_since=NOW, sent=Sent.YES), after=MINUTE, steps=steps)[1]
    assert stuck == Finish(State.STUCK, "Not seen within 30 s: act is done.")


def test_aws_s_refusal_ends_it_in_aws_s_words() -> None:
    refusing = (replace(ACT, refused_when=lambda world: "Abandoned." if "no" in world else ""), WATCH)
    sent = running(step="act", step_since=NOW, sent=Sent.YES)
    assert look(sent, ["no"], steps=refusing)[1] == Finish(State.FAILED, "Abandoned.")
    assert isinstance(look(sent, steps=refusing)[1], Wait)


def test_steps_come_true_in_order_and_stay_true() -> None:
    sent = running(step="act", step_since=NOW, sent=Sent.YES)
    assert look(sent, ["watch", "extra"])[0].seen == ()
    seen, decision = look(sent, ["act"], after=MINUTE)
    assert (seen.step, seen.step_since, seen.sent) == ("watch", NOW + MINUTE, Sent.YES)
    assert decision == Wait("watch", NOW + 6 * MINUTE)
    again, _ = look(seen, [], after=2 * MINUTE)
    assert again == seen
    done, decision = look(seen, ["watch", "extra"], after=3 * MINUTE)
    assert [name for name, _ in done.seen] == ["act", "watch", "extra"]
    assert decision == Finish(State.SUCCEEDED, "Every step was seen to be true in AWS.")


def test_an_optional_step_is_given_up_and_said_so() -> None:
    waiting = running(step="extra", step_since=NOW, sent=Sent.YES, seen=(("act", NOW), ("watch", NOW)))
    assert look(waiting, after=5 * MINUTE)[1] == Wait("extra", NOW + 5 * MINUTE)
    missed, decision = look(waiting, after=6 * MINUTE)
    assert missed.missed == ("extra",)
    assert decision == Finish(State.SUCCEEDED, "Done. Not seen in time, and not needed for that: extra is done.")


def test_an_optional_step_s_time_begins_when_it_is_its_turn() -> None:
    steps = (ACT, EXTRA, WATCH)
    sent = running(step="act", step_since=NOW, sent=Sent.YES)
    seen, _ = look(sent, ["act"], after=10 * MINUTE, steps=steps)
    assert (seen.step, seen.missed) == ("extra", ())
    later, decision = look(seen, after=20 * MINUTE, steps=steps)
    assert (later.step, later.missed) == ("watch", ("extra",))
    assert decision == Wait("watch", NOW + 25 * MINUTE)


def test_a_second_act_begins_unsent_once_the_first_is_over() -> None:
    steps = (ACT, step("again", acts=True))
    sent = running(step="act", step_since=NOW, sent=Sent.YES, sent_at=NOW, tries=2)
    seen, decision = look(sent, ["act"], steps=steps)
    assert (seen.step, seen.sent, seen.tries) == ("again", Sent.NO, 0)
    assert decision == Act("again")


@pytest.mark.parametrize(
    ("operation", "steps"),
    [
        (running(step="act", sent=Sent.MAYBE), (replace(ACT, name="renamed"), WATCH)),
        (running(step="act", sent=Sent.YES), (step("inserted"), ACT, WATCH)),
        (running(step="watch", sent=Sent.YES, seen=(("act", NOW),)), (step("renamed", acts=True), WATCH)),
        (running(step="watch", sent=Sent.YES, missed=("act",)), (step("renamed", acts=True), WATCH)),
    ],
)
def test_steps_that_changed_under_it_leave_it_stuck_and_nothing_is_sent(
    operation: Operation, steps: Sequence[Step[World]]
) -> None:
    assert look(operation, steps=steps) == (operation, Finish(State.STUCK, ASTRAY))


def test_as_long_as_nothing_was_sent_changed_steps_are_simply_taken() -> None:
    assert look(running(step="old"), steps=(ACT,))[1] == Act("act")


def test_what_is_known_of_the_very_first_step_is_not_forgotten() -> None:
    seen, decision = look(running(sent=Sent.MAYBE))
    assert (seen.step, seen.sent) == ("act", Sent.MAYBE)
    assert isinstance(decision, Wait)


# -- whatever happens

SPANS = st.integers(0, 400).map(lambda seconds: timedelta(seconds=seconds))
NAMES = ("act", "watch", "extra", "more")
LISTS = st.permutations(NAMES).flatmap(
    lambda names: st.builds(
        lambda acts, optional: [step(name, acts=name in acts, optional=name in optional) for name in names],
        st.sets(st.sampled_from(NAMES)),
        st.sets(st.sampled_from(NAMES)),
    )
)
OPERATIONS = st.builds(
    lambda at, sent, seen, missed: running(
        step=at, step_since=NOW, sent=sent, seen=tuple((name, NOW) for name in seen), missed=tuple(missed)
    ),
    st.sampled_from(["", "gone", *NAMES]),
    st.sampled_from(Sent),
    st.sets(st.sampled_from(["gone", *NAMES])),
    st.sets(st.sampled_from(NAMES), max_size=2),
)


@given(OPERATIONS, LISTS, st.sets(st.sampled_from(NAMES)), SPANS)
def test_what_may_have_been_sent_is_never_sent_again(
    operation: Operation, steps: list[Step[World]], world: set[str], after: timedelta
) -> None:
    raw = decide(operation, steps, frozenset(world), NOW + after)
    assert not isinstance(raw, Act) or operation.sent is Sent.NO
    seen, decision = look(operation, sorted(world), after, steps)
    if isinstance(decision, Act):
        assert seen.sent is Sent.NO
        assert operation.sent is Sent.NO or operation.step in {*dict(seen.seen), *seen.missed, *_watched(steps)}
        assert seen.step == decision.step


def _watched(steps: Sequence[Step[World]]) -> set[str]:
    return {each.name for each in steps if not each.acts}


@given(OPERATIONS, LISTS, st.sets(st.sampled_from(NAMES)), SPANS)
def test_looking_twice_at_the_same_world_sees_nothing_new(
    operation: Operation, steps: list[Step[World]], world: set[str], after: timedelta
) -> None:
    once = observe(operation, steps, frozenset(world), NOW + after)
    assert observe(once, steps, frozenset(world), NOW + after) == once
    assert dict(operation.seen).items() <= dict(once.seen).items()
    assert set(operation.missed) <= set(once.missed)


@given(
    st.lists(st.tuples(st.sets(st.sampled_from(["act", "watch", "extra"])), SPANS, st.sampled_from(Sent)), max_size=30)
)
def test_over_a_whole_life_it_is_sent_once_and_comes_to_an_end_of_the_table(
    looks: list[tuple[set[str], timedelta, Sent]],
) -> None:
    operation, now, calls = running(), NOW, 0
    for world, later, answer in looks:
        now += later
        operation = observe(operation, STEPS, frozenset(world), now)
        decision = decide(operation, STEPS, frozenset(world), now)
        if isinstance(decision, Finish):
            assert (State.RUNNING, decision.state) in ALLOWED
            break
        if isinstance(decision, Act):
            # The intent is saved before the call; NO is an answer that certainly did nothing.
            calls += answer is not Sent.NO
            operation = replace(operation, sent=answer, sent_at=now)
    assert calls <= 1
