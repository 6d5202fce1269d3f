"""Bounded threads that carry their caller's context."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from services.aws.lanes import Caller, Lanes, run

WHO: ContextVar[str] = ContextVar("who", default="nobody")


def test_a_call_runs_in_its_callers_context() -> None:
    lanes = Lanes(2)

    async def work() -> str:
        WHO.set("snapshot")
        return await Caller(lanes, "here").ask("ecs", WHO.get)

    assert run(work) == "snapshot"
    assert WHO.get() == "nobody"
    lanes.close()


def test_one_api_gets_at_most_half_of_the_threads() -> None:
    lanes, release, two = Lanes(4), threading.Event(), threading.Event()
    lock, running = threading.Lock(), {"ecs": 0, "most": 0}

    def slow() -> None:
        with lock:
            running["ecs"] += 1
            running["most"] = max(running["most"], running["ecs"])
            if running["ecs"] == 2:
                two.set()
        assert release.wait(10)
        with lock:
            running["ecs"] -= 1

    async def work() -> str:
        caller = Caller(lanes, "here")
        stuck = asyncio.gather(*(caller.ask("ecs", slow) for _ in range(6)))
        answer = await caller.ask("rds", lambda: "free" if two.wait(10) else "late")
        release.set()
        await stuck
        return answer

    assert run(work) == "free"
    assert running == {"ecs": 0, "most": 2}
    lanes.close()


def test_it_can_be_run_where_an_event_loop_runs_already() -> None:
    async def inner() -> int:
        return 42

    async def outer() -> int:
        return run(inner)

    assert asyncio.run(outer()) == 42


def test_what_a_call_raises_is_raised_to_who_asked() -> None:
    lanes = Lanes(1)

    def fail() -> None:
        raise ValueError("no")

    async def work() -> None:
        await Caller(lanes, "here").ask("ecs", fail)

    with pytest.raises(ValueError, match="no"):
        run(work)
    lanes.close()


def test_a_lane_opens_again_when_the_call_given_up_on_ends() -> None:
    lanes, release, now = Lanes(2, patience=5), threading.Event(), 100.0
    call = lanes.start(release.wait, 10)
    lanes.give_up("here/rds", call, since=90.0)
    lanes.check("there/rds")  # another account or region is another lane
    lanes_now = Lanes(1, patience=5, monotonic=lambda: now)
    lanes_now.give_up("here/rds", call, since=97.0)
    lanes_now.check("here/rds")  # not without an answer for long enough
    lanes_now.give_up("here/ecs", call, since=90.0)
    with pytest.raises(Exception, match="An earlier call to ecs"):
        lanes_now.check("here/ecs")
    release.set()
    assert call.result(10) is True
    lanes.close()
    lanes_now.close()
