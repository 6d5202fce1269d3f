"""What the sandbox's scaling decides (aws-facts 4.2): where it goes beyond what the parity tests compare."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.gaps.applicationautoscaling.deciding import (
    AT_DESIRED,
    AT_MAX,
    FLAPPING,
    Limits,
    Memory,
    Stepper,
    Tracker,
    Verdict,
    bounded,
    decide,
)

LIMITS = Limits(2, 20)
HOT = Tracker("cpu", 50, True, False, 100, ("cpu-high", "cpu-low"))
COLD = replace(HOT, high=False, low=True, reading=10)
ONE_MORE = Stepper("steps", "mine", 5, "ChangeInCapacity", ((0, None, 1),))
TWO_LESS = replace(ONE_MORE, breach=-5, steps=((None, 0, -2),))


def test_the_largest_wish_for_more_wins_over_any_for_less() -> None:
    assert decide(LIMITS, Memory(4), 4, 0, [HOT], [ONE_MORE])[1] == Verdict(8, "cpu", "cpu-high")
    assert decide(LIMITS, Memory(4), 4, 0, [COLD], [ONE_MORE])[1] == Verdict(5, "steps", "mine")
    assert decide(LIMITS, Memory(9), 9, 0, [HOT], [replace(ONE_MORE, steps=((0, None, 30),))])[1] == Verdict(
        20, "steps", "mine"
    )


def test_the_larger_of_two_wishes_for_less_wins() -> None:
    assert decide(LIMITS, Memory(10), 10, 0, [COLD], [TWO_LESS])[1] == Verdict(8, "steps", "mine")
    assert decide(LIMITS, Memory(10), 10, 0, [replace(COLD, reading=47)], [TWO_LESS])[1] == Verdict(
        10, "cpu", "cpu-low", FLAPPING
    )


def test_steps_scale_in_though_no_tracking_agrees() -> None:
    assert decide(LIMITS, Memory(10), 10, 0, [replace(COLD, low=False)], [TWO_LESS])[1] == Verdict(8, "steps", "mine")


def test_an_alarm_that_names_no_low_one_is_never_told() -> None:
    unable = replace(COLD, name="memory", low=None, reading=48, alarms=("memory-high", ""))
    verdict = decide(LIMITS, Memory(10), 10, 0, [COLD, unable], [])[1]
    assert verdict == Verdict(10, "cpu", "cpu-low", FLAPPING)


def test_a_count_changed_by_hand_ends_what_was_being_launched() -> None:
    memory, _ = decide(LIMITS, Memory(4), 4, 0, [HOT], [])
    assert (memory.count, memory.out_base) == (8, 4)
    assert decide(LIMITS, memory, 8, 60, [HOT], [])[1] == Verdict(8, "cpu", "cpu-high")
    assert decide(LIMITS, memory, 6, 60, [HOT], [])[1] == Verdict(12, "cpu", "cpu-high")


def test_bounds_end_a_cooldown_of_growth_and_leave_that_of_shrinking() -> None:
    assert bounded(Memory(4, 300, 2, 600, AT_MAX), 6) == Memory(6, 0, 6, 600, AT_MAX)


def test_the_same_code_is_told_anew_after_a_quiet_minute() -> None:
    tight = Limits(2, 4)
    memory, first = decide(tight, Memory(4), 4, 0, [HOT], [])
    memory, second = decide(tight, memory, 4, 60, [HOT], [])
    memory, quiet = decide(tight, memory, 4, 120, [replace(HOT, high=False)], [])
    _, third = decide(tight, memory, 4, 180, [HOT], [])
    assert [each and (each.code, each.again) for each in (first, second, quiet, third)] == [
        (AT_MAX, False),
        (AT_MAX, True),
        None,
        (AT_MAX, False),
    ]


@pytest.mark.parametrize(
    ("kind", "by", "least", "wanted"),
    [
        ("ExactCapacity", 7, 1, 7),
        ("ChangeInCapacity", -20, 1, 0),
        ("PercentChangeInCapacity", 10, 1, 6),
        ("PercentChangeInCapacity", 10, 3, 8),
        ("PercentChangeInCapacity", -50, 1, 3),
        ("PercentChangeInCapacity", 0, 3, 5),
    ],
)
def test_adjustments(kind: str, by: int, least: int, wanted: int) -> None:
    assert Stepper("s", "a", 1, kind, ((None, None, by),), least=least).count(5) == wanted


def test_a_count_that_a_step_asks_for_already_is_said_but_not_while_cooling() -> None:
    same = Stepper("s", "a", 1, "ExactCapacity", ((0, None, 5),))
    assert decide(LIMITS, Memory(5), 5, 0, [], [same])[1] == Verdict(5, "s", "a", AT_DESIRED)
    assert decide(LIMITS, Memory(5, out_until=60), 5, 0, [], [same])[1] == Verdict(5, "s", "a")
    assert decide(LIMITS, Memory(5), 5, 0, [], [replace(same, breach=-1)])[1] is None
    assert decide(Limits(6, 9), Memory(5), 5, 0, [], [same])[1] == Verdict(6, "s", "a")
    assert decide(Limits(2, 4), Memory(5), 5, 0, [], [same])[1] == Verdict(4, "s", "a")


TRACKERS = st.lists(
    st.builds(
        Tracker,
        st.sampled_from(["a", "b"]),
        st.floats(5, 100),
        st.booleans(),
        st.sampled_from([None, True, False]),
        st.floats(0, 300),
        st.just(("high", "low")),
        st.sampled_from([0, 60, 300]),
        st.sampled_from([0, 60, 300]),
    ),
    max_size=3,
)
LIMIT = st.builds(
    lambda low, more, out, in_, deploying: Limits(low, low + more, out, in_, deploying),
    st.integers(0, 8), st.integers(0, 12), st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(LIMIT, st.integers(0, 20), st.lists(TRACKERS, max_size=12))
def test_it_never_leaves_the_bounds_nor_acts_against_what_is_switched_off(
    limits: Limits, count: int, minutes: list[list[Tracker]]
) -> None:
    memory = Memory(count)
    for minute, trackers in enumerate(minutes):
        before = count
        memory, verdict = decide(limits, memory, before, minute * 60, trackers, [])
        count = verdict.count if verdict else before
        assert count == before or limits.least <= count <= limits.most
        assert not (count > before and limits.out_off)
        assert not (count < before and (limits.in_off or limits.deploying))
        assert verdict is None or (verdict.code is None or count == before)
        assert memory.count == count
