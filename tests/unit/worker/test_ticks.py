"""The worker's ticks, with the test as the clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from services.domain.environment import Environment
from services.domain.errors import NotNow
from services.domain.snapshot import Snapshot
from services.ports import Lease
from services.worker.ticks import Ticks

START = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


class Leases:
    """One table of leases, shared by all workers of a test."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.rows, self.away = clock, {}, False

    def acquire(self, name: str, holder: str, ttl: timedelta) -> Lease | None:
        if self.away:
            raise NotNow("the database is away")
        held, token, until = self.rows.get(name, ("", 0, START))
        if held != holder and until > self.clock.at:
            return None
        token += held != holder
        self.rows[name] = (holder, token, self.clock.at + ttl)
        return Lease(name, holder, token)

    def release(self, lease: Lease) -> None:
        self.rows[lease.name] = ("", lease.token, START)


class Taken:
    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.raises: Exception | None = None

    def take(self, environment: str, token: int):
        self.calls.append((environment, token))
        if self.raises:
            raise self.raises
        return SimpleNamespace(snapshot=Snapshot(environment, START))


def environment(name: str) -> Environment:
    return Environment(name, "123456789012", "us-east-1", "multi-az", name, True, 99.95, START)


def now(job: Callable[[], None]) -> None:
    job()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def leases(clock: Clock) -> Leases:
    return Leases(clock)


def worker(
    holder: str, clock: Clock, leases: Leases, taken: Taken, submit=now, names=("production", "legacy"), busy=""
) -> Ticks:
    return Ticks(
        holder=holder,
        clock=clock,
        leases=leases,
        environments=lambda: [environment(name) for name in names],
        snapshots=taken,
        lease_for=timedelta(seconds=10),
        every=lambda last: timedelta(seconds=2 if last and last.environment == busy else 15),
        submit=submit,
    )


def test_takes_each_environment_once_per_interval(clock, leases):
    taken = Taken()
    ticks = worker("a", clock, leases, taken)
    ticks.renew()
    ticks.tick()
    ticks.tick()
    assert taken.calls == [("production", 1), ("legacy", 1)]
    clock.at += timedelta(seconds=14)
    ticks.tick()
    assert len(taken.calls) == 2
    clock.at += timedelta(seconds=1)
    ticks.tick()
    assert len(taken.calls) == 4


def test_does_nothing_before_it_holds_a_lease(clock, leases):
    taken = Taken()
    worker("a", clock, leases, taken).tick()
    assert taken.calls == []


def test_two_workers_never_take_the_same_environment(clock, leases):
    first, second = Taken(), Taken()
    a, b = worker("a", clock, leases, first), worker("b", clock, leases, second)
    for ticks in (a, b):
        ticks.renew()
    for ticks in (a, b):
        ticks.tick()
    assert len(first.calls) == 2
    assert second.calls == []


def test_another_takes_over_with_a_higher_token_when_the_lease_runs_out(clock, leases):
    first, second = Taken(), Taken()
    a, b = worker("a", clock, leases, first), worker("b", clock, leases, second)
    a.renew()
    clock.at += timedelta(seconds=11)
    b.renew()
    b.tick()
    assert second.calls == [("production", 2), ("legacy", 2)]
    a.renew()
    a.tick()
    assert first.calls == []


def test_released_leases_are_free_at_once(clock, leases):
    second = Taken()
    a, b = worker("a", clock, leases, Taken()), worker("b", clock, leases, second)
    a.renew()
    a.release()
    b.renew()
    b.tick()
    assert [name for name, _ in second.calls] == ["production", "legacy"]


def test_a_slow_environment_does_not_hold_up_another(clock, leases):
    waiting: list[Callable[[], None]] = []
    taken = Taken()
    ticks = worker("a", clock, leases, taken, submit=waiting.append)
    ticks.renew()
    ticks.tick()
    slow, quick = waiting
    quick()
    clock.at += timedelta(seconds=20)
    ticks.tick()
    assert len(waiting) == 3
    waiting[2]()
    assert [name for name, _ in taken.calls] == ["legacy", "legacy"]
    slow()
    ticks.tick()
    assert len(waiting) == 4


@pytest.mark.parametrize("problem", [NotNow("throttled"), ValueError("a bug")])
def test_a_failed_snapshot_is_tried_again_next_time(clock, leases, problem):
    taken = Taken()
    taken.raises = problem
    ticks = worker("a", clock, leases, taken, names=("production",))
    ticks.renew()
    ticks.tick()
    clock.at += timedelta(seconds=15)
    ticks.tick()
    assert len(taken.calls) == 2


def test_an_unreachable_database_leaves_the_held_leases_alone(clock, leases):
    taken = Taken()
    ticks = worker("a", clock, leases, taken, names=("production",))
    ticks.renew()
    leases.away = True
    ticks.renew()
    ticks.tick()
    assert taken.calls == [("production", 1)]


def test_what_is_seen_moving_is_looked_at_again_soon(clock, leases):
    taken = Taken()
    ticks = worker("a", clock, leases, taken, busy="legacy")
    ticks.renew()
    ticks.tick()
    clock.at += timedelta(seconds=2)
    ticks.tick()
    assert [name for name, _ in taken.calls] == ["production", "legacy", "legacy"]
    clock.at += timedelta(seconds=13)
    ticks.tick()
    assert [name for name, _ in taken.calls] == ["production", "legacy", "legacy", "production", "legacy"]
