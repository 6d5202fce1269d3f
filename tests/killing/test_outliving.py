"""Workers as they are, on a real database, while one is held up, the database dies, or several share the work: every
failover is asked for once."""

import os
import signal
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from services.domain.operation import Operation, Sent, State
from services.usecases.engine import UNCERTAIN
from tests.journeys.local_run import until
from tests.killing.effects import Point, goes_on
from tests.killing.killing_world import APART, Left, World, settled
from tests.postgres_server import PostgresServer

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]
LEASE = 1.0
BEFORE_THE_CALL = Point("FailoverCaller.fail_over", 1, after=False)


@pytest.fixture
def haven(database: str, world: World, tmp_path: Path) -> Iterator[Left]:
    """A Haven whose leases run out soon."""
    world.moment.passes(APART)
    with settled(world, tmp_path, database, LEASE) as made:
        yield made


@contextmanager
def worker(world: World, haven: Left, log: str, at: Point | None = None) -> Iterator[int]:
    """A worker, stopped at a point by SIGSTOP if one is given."""
    pid = world.start("work", haven, log=log, at=at, signal=int(signal.SIGSTOP))
    try:
        yield pid
    finally:
        go_on(haven, log, pid)
        os.kill(pid, signal.SIGTERM)
        assert world.end(pid) == 0, haven.said(log)


def go_on(haven: Left, log: str, pid: int) -> None:
    """Wake a worker that was held up."""
    goes_on(haven.home / log).touch()
    os.kill(pid, signal.SIGCONT)


def stopped(haven: Left, pid: int) -> bool:
    """Whether it is held up. One that is in the middle of writing to a SQLite file in another thread lets nobody else
    write, so it is woken to finish that first."""
    if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        return False
    if haven.writable():
        return True
    os.kill(pid, signal.SIGCONT)
    return False


def only(haven: Left) -> Operation:
    (found,) = haven.operations()
    return found


def over(world: World, haven: Left) -> list[Operation]:
    """All operations, once none is live; time passes while this waits, but slowly while there is something to be sent,
    for what was looked at a minute ago is no longer known."""

    def ended() -> list[Operation]:
        found = haven.operations()
        left = [each for each in found if each.live and each.state is not State.STUCK]
        world.moment.passes(1 if any(each.sent is Sent.NO for each in left) else 20)
        return [] if left else found

    return list(until(ended, 180, "all operations are over"))


@pytest.mark.parametrize(
    ("point", "other_sends"),
    [
        (Point("SqlLeases.acquire", 3, after=True), True),
        (Point("FileJournal.intend", 1, after=True), False),
        (BEFORE_THE_CALL, False),
    ],
    ids=str,
)
def test_held_up_past_its_lease_while_another_goes_on(
    world: World, haven: Left, point: Point, other_sends: bool
) -> None:
    calls = world.calls()
    assert world.run("ask", haven, environments=["production"]) == 0
    with worker(world, haven, "sleeper", point) as sleeper:
        until(lambda: stopped(haven, sleeper), 120, "the first worker stops")
        world.moment.passes(2)
        with worker(world, haven, "other"):
            if other_sends:
                until(lambda: only(haven).sent is Sent.YES, 120, "the other sends it")
            else:
                until(lambda: only(haven).because == UNCERTAIN, 120, "the other only watches")
                assert world.calls() == calls
            go_on(haven, "sleeper", sleeper)
            (operation,) = over(world, haven)
    assert (operation.state, operation.sent) == (State.SUCCEEDED, Sent.YES)
    assert world.calls() == calls + 1


def test_held_up_until_the_other_gave_up(world: World, haven: Left) -> None:
    """It is stuck and says that the answer was never had; then the request goes out after all, and a person who has it
    watched on sees it through."""
    calls = world.calls()
    assert world.run("ask", haven, environments=["production"]) == 0
    with worker(world, haven, "sleeper", BEFORE_THE_CALL) as sleeper:
        until(lambda: stopped(haven, sleeper), 120, "the first worker stops")
        with worker(world, haven, "other"):
            (stuck,) = over(world, haven)
            assert stuck.state is State.STUCK, stuck
            assert "AWS's answer to the request was never had" in stuck.because
            assert world.calls() == calls
            go_on(haven, "sleeper", sleeper)
            until(lambda: "FileJournal.outcome" in dict(haven.effects("sleeper")), 120, "the request was sent")
            assert only(haven).version == stuck.version
            assert world.run("resume", haven) == 0
            (operation,) = over(world, haven)
    assert (operation.state, operation.sent) == (State.SUCCEEDED, Sent.YES)
    assert "reconciled" in [line.word for line in haven.trail(operation.id)]
    assert world.calls() == calls + 1


@pytest.mark.postgres
@pytest.mark.parametrize("while_asking", [False, True], ids=["while it is watched", "while AWS is asked"])
def test_haven_s_own_database_dies(
    world: World, mortal_postgres: PostgresServer, tmp_path: Path, while_asking: bool
) -> None:
    world.moment.passes(APART)
    calls = world.calls()
    with settled(world, tmp_path, mortal_postgres.new_database(), LEASE) as haven:
        assert world.run("ask", haven, environments=["production"]) == 0
        with worker(world, haven, "worker", BEFORE_THE_CALL if while_asking else None) as pid:
            if while_asking:
                until(lambda: stopped(haven, pid), 120, "it is about to ask")
            else:
                until(lambda: only(haven).sent is Sent.YES, 120, "it has asked")
            mortal_postgres.stop(kill=True)
            go_on(haven, "worker", pid)
            until(lambda: "operations not looked at" in haven.said("worker"), 120, "the worker misses the database")
            until(lambda: world.calls() == calls + 1, 120, "AWS was asked")
            world.moment.passes(90)
            mortal_postgres.start()
            (operation,) = over(world, haven)
        assert (operation.state, operation.sent) == (State.SUCCEEDED, Sent.YES)
        assert ("reconciled" in [line.word for line in haven.trail(operation.id)]) is while_asking
    assert world.calls() == calls + 1


@pytest.mark.postgres
def test_two_workers_share_several_operations(world: World, postgres_database: str, tmp_path: Path) -> None:
    names = ["production", "second", "third"]
    for name in names[1:]:
        world.deploy(name)
    world.moment.passes(APART)
    calls = world.calls()
    with settled(world, tmp_path, postgres_database, environments=names) as haven:
        assert world.run("ask", haven, environments=names) == 0
        with worker(world, haven, "one"), worker(world, haven, "two"):
            ended = over(world, haven)
        assert {each.because for each in ended if each.state is State.FAILED} == set()
        assert [each.state for each in ended] == [State.SUCCEEDED] * len(names)
        assert world.calls() == calls + len(names)
        assert_one_at_a_time(haven, [each.id for each in ended])


def assert_one_at_a_time(haven: Left, ids: list[str]) -> None:
    """Both workers had leases of the operations, and never the same at the same time."""
    held = defaultdict[str, list[tuple[float, float, str]]](list)
    for log in ("one", "two"):
        since: dict[str, float] = {}
        for name, began, ended, *lease in haven.log(log):
            if name == "SqlLeases.acquire" and lease:
                since.setdefault(lease[0], float(ended))
            elif name == "SqlLeases.release" and lease[0] in since:
                held[lease[0]].append((since.pop(lease[0]), float(began), log))
    of_operations = {each: sorted(held[f"operation:{each}"]) for each in ids}
    assert {log for spans in of_operations.values() for _, _, log in spans} == {"one", "two"}
    for spans in of_operations.values():
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
