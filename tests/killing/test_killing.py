"""A worker killed before and after every outside effect of a failover: whatever dies, AWS is asked once at most.

Real processes on a real database, killed by SIGKILL; an heir finds what they left. Run these alone with
`.venv/bin/pytest tests/killing/test_killing.py`.
"""

import os
import signal

import pytest

from services.domain.failover.episode import Origin, Result
from services.domain.operation import Operation, Sent, State
from tests.journeys.local_run import until
from tests.killing.effects import Point
from tests.killing.killing_world import APART, Left, World

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]  # the first one may deploy

BEGIN = ("SqlLeases.acquire", "Keeping.move", "SqlLeases.release")
INTEND = ("SqlLeases.acquire", "Keeping.observed", "SqlLeases.acquire", "Keeping.intend", "FileJournal.intend")
SEND = ("FailoverCaller.fail_over", "FileJournal.outcome", "Sending._send", "SqlLeases.release")
HEAR = ("SqlLeases.acquire", "EventQueue.receive", "Intake._keep", "EventQueue.done", "EventQueue.receive")
POLL = ("Intake._keep", "Intake._keep", "Intake._poll")
END = ("Keeping.observed", "Keeping.move", "SqlLeases.release")


def numbered() -> list[tuple[str, int]]:
    """Every effect of a failover in order, each with which of its name it is."""
    names = (*BEGIN, *INTEND, *SEND, *HEAR, *POLL, *END)
    return [(name, names[: at + 1].count(name)) for at, name in enumerate(names)]


POINTS = [Point(name, nth, after) for name, nth in numbered() for after in (False, True)]
EVERYWHERE = [pytest.param("sqlite", point, id=f"sqlite-{point}") for point in POINTS] + [
    pytest.param("postgres", point, id=f"postgres-{point}", marks=pytest.mark.postgres)
    for point in (POINTS[0], *POINTS[1::2])
]
"""On SQLite before and after each effect. From the end of one to the beginning of the next nothing outside changes, so
on PostgreSQL it is before the first and after each."""
INTENDED, CALLED = (Point("Keeping.intend", 1, True), Point("FailoverCaller.fail_over", 1, True))
"""From the first on an heir can no longer know that nothing was sent; from the second on something was."""


def test_these_are_all_the_effects(world: World, haven: Left) -> None:
    world.moment.passes(APART)
    calls = world.calls()
    assert world.run("ask live", haven, environments=["production"], log="rehearsal") == 0
    assert haven.effects("rehearsal") == numbered()
    assert_done_once(haven, haven.operations()[0])
    assert world.calls() == calls + 1


@pytest.mark.parametrize(("haven", "point"), EVERYWHERE, indirect=["haven"])
def test_killed(world: World, haven: Left, point: Point) -> None:
    world.moment.passes(APART)
    calls = world.calls()
    died = world.run("ask live", haven, environments=["production"], at=point, log=f"death {point}")
    assert died == -signal.SIGKILL
    haven.age_leases()
    assert world.run("live", haven, log=f"after death {point}") == 0
    operation = haven.operations()[0]
    if POINTS.index(INTENDED) <= POINTS.index(point) < POINTS.index(CALLED):
        assert world.calls() == calls
        assert_unaccounted(haven, operation)
    else:
        assert world.calls() == calls + 1
        assert_done_once(haven, operation)


def assert_done_once(haven: Left, operation: Operation) -> None:
    """It succeeded, and record and history know of one failover that was asked for in Haven."""
    assert (operation.state, operation.missed) == (State.SUCCEEDED, ())
    words = [line.word for line in haven.trail(operation.id)]
    assert (words.count("intent"), words.count("seen")) == (1, len(operation.seen))
    episode, *more = haven.episodes(operation)
    assert not more
    assert (episode.result, episode.origin, episode.operation_id) == (Result.COMPLETED, Origin.HAVEN, operation.id)


def assert_unaccounted(haven: Left, operation: Operation) -> None:
    """It is stuck, and says that nobody knows whether AWS has the request, and what to do."""
    assert (operation.state, operation.sent) == (State.STUCK, Sent.MAYBE)
    assert "AWS's answer to the request was never had. Read what AWS says: aws rds" in operation.because
    assert haven.episodes(operation) == []


def test_killed_while_the_request_is_under_way(world: World, haven: Left) -> None:
    world.moment.passes(APART)
    calls = world.calls()
    world.sandbox.control("trouble", service="rds", operation="RebootDBInstance", kind="latency", delay=1)
    pid = world.start("ask live", haven, environments=["production"])
    until(lambda: world.calls() > calls, 120, "the request has arrived")
    os.kill(pid, signal.SIGKILL)
    assert world.end(pid) == -signal.SIGKILL
    world.sandbox.control("trouble", method="DELETE")
    rds = world.sandbox.client("rds")
    until(lambda: rds.describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] != "available", 60, "it is done")
    haven.age_leases()
    assert world.run("live", haven) == 0
    assert_done_once(haven, haven.operations()[0])
    assert world.calls() == calls + 1
