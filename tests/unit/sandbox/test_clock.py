"""The sandbox's clock: order, speed, freezing, restarts."""

from typing import Any

import pytest

from sandbox.clock import Clock, transition

RAN: list[str] = []


@transition("test.note")
def _note(text: str) -> None:
    RAN.append(text)


@transition("test.chain")
def _chain(clock: Any, text: str) -> None:
    RAN.append(text)
    clock.after(10, "test.note", text=f"{text}, then")


@transition("test.broken")
def _broken() -> None:
    raise RuntimeError("broken")


@pytest.fixture
def clock() -> Clock:
    RAN.clear()
    one = Clock()
    one.freeze()
    return one


def test_runs_what_falls_due_in_order(clock: Clock) -> None:
    clock.after(20, "test.note", text="second")
    clock.after(10, "test.note", text="first")
    clock.after(30, "test.note", text="not yet")
    assert clock.advance(25) == 2
    assert RAN == ["first", "second"]


def test_runs_what_a_transition_schedules_if_it_falls_due_too(clock: Clock) -> None:
    clock.after(10, "test.chain", clock=clock, text="one")
    clock.advance(20)
    assert RAN == ["one", "one, then"]


def test_a_delay_is_in_aws_seconds_and_so_is_an_advance(clock: Clock) -> None:
    clock.set_speed(10)
    before = clock.time()
    clock.after(60, "test.note", text="done")
    assert clock.advance(59) == 0
    assert clock.advance(1) == 1
    assert clock.time() - before == pytest.approx(6, abs=1e-3)


def test_a_change_of_speed_keeps_the_order_and_rescales_the_waits(clock: Clock) -> None:
    clock.after(100, "test.note", text="b")
    clock.after(50, "test.note", text="a")
    clock.set_speed(100)
    assert [round(wait, 3) for wait, _, _ in clock.pending()] == [0.5, 1.0]


def test_a_broken_transition_does_not_stop_the_time(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    clock.after(1, "test.broken")
    clock.after(2, "test.note", text="after it")
    clock.advance(5)
    assert RAN == ["after it"]
    assert "transition test.broken failed" in caplog.text


def test_cancel_forgets_matching_transitions_only(clock: Clock) -> None:
    clock.after(1, "test.note", text="a")
    clock.after(1, "test.note", text="b")
    assert clock.cancel("test.note", text="a") == 1
    clock.advance(2)
    assert RAN == ["b"]


def test_an_argument_may_be_called_name(clock: Clock) -> None:
    @transition("test.named")
    def _named(name: str) -> None:
        RAN.append(name)

    clock.after(1, "test.named", name="x")
    clock.advance(1)
    assert RAN == ["x"]


def test_what_is_pending_survives_a_restart(clock: Clock) -> None:
    clock.after(30, "test.note", text="kept")
    other = Clock()
    other.freeze()
    other.resume(clock.time(), clock.pending())
    other.advance(31)
    assert RAN == ["kept"]


def test_a_transition_nobody_knows_any_more_is_dropped(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    clock.resume(clock.time(), [(1.0, "test.forgotten", {})])
    assert clock.pending() == []
    assert "test.forgotten" in caplog.text


def test_time_never_goes_back(clock: Clock) -> None:
    clock.advance(3600)
    then = clock.time()
    clock.thaw()
    assert clock.time() >= then
    restarted = Clock()
    restarted.resume(then, [])
    assert restarted.time() >= then


@pytest.mark.parametrize("speed", [0, 0.001, 10_001, -1])
def test_refuses_a_senseless_speed(clock: Clock, speed: float) -> None:
    with pytest.raises(ValueError, match="speed is between"):
        clock.set_speed(speed)


def test_only_a_frozen_clock_is_advanced() -> None:
    with pytest.raises(ValueError, match="only a frozen clock"):
        Clock().advance(1)


def test_an_unknown_transition_is_refused_when_it_is_scheduled(clock: Clock) -> None:
    with pytest.raises(KeyError, match=r"test\.unknown"):
        clock.after(1, "test.unknown")
