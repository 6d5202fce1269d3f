"""Many at once: leases, fencing, login attempts and the last admin."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from services.domain.access import Role
from services.domain.errors import Unsafe
from services.store.leases import SqlLeases
from services.store.unit import SqlUnit
from services.usecases.users import Users
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.secrets import CountingTokens, PlainPasswords

ROOT = Path(__file__).parents[3]
QUARTER = timedelta(minutes=15)
CONTENDER = """
import sys
from datetime import timedelta
from sqlalchemy import text
from services.store.engine import make_engine
from services.store.leases import SqlLeases

url, me = sys.argv[1:]
engine = make_engine(url)
leases, got = SqlLeases(engine), 0
while got < 25:
    lease = leases.acquire("tally", me, timedelta(seconds=60))
    if lease is None:
        continue
    with engine.begin() as connection:
        n = connection.scalar(text("SELECT n FROM tally"))
    with engine.begin() as connection:  # a lost update, unless the lease keeps others out
        connection.execute(text("UPDATE tally SET n = :n"), {"n": n + 1})
    print(lease.token)
    leases.release(lease)
    got += 1
"""


def test_two_processes_hold_a_lease_in_turn(database: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE tally (n INTEGER)"))
        connection.execute(text("INSERT INTO tally VALUES (0)"))
    contenders = [
        subprocess.Popen([sys.executable, "-c", CONTENDER, database, name], cwd=ROOT, stdout=-1, stderr=-1)
        for name in ("one", "two")
    ]
    ends = [contender.communicate(timeout=90) for contender in contenders]
    assert [error.decode()[-2000:] for _, error in ends] == ["", ""]
    tokens = [int(line) for output, _ in ends for line in output.split()]
    assert sorted(tokens) == list(range(1, 51))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT n FROM tally")) == 50


def test_of_many_threads_one_takes_a_free_lease(engine: Engine) -> None:
    leases, together = SqlLeases(engine), threading.Barrier(8)

    def take(number: int) -> object:
        together.wait()
        return leases.acquire("work", f"holder-{number}", QUARTER)

    with ThreadPoolExecutor(8) as pool:
        taken = [lease for lease in pool.map(take, range(8)) if lease]
    assert len(taken) == 1


def test_a_stalled_worker_can_write_nothing_on_waking(engine: Engine, unit: SqlUnit) -> None:
    leases = SqlLeases(engine)
    with unit() as store:
        store.environments.add(b.environment())
    stalled = leases.acquire("snapshots:production", "a", timedelta(seconds=-1))
    taken = leases.acquire("snapshots:production", "b", QUARTER)
    assert stalled
    assert taken
    with unit() as store:
        after = b.snapshot(taken_at=NOW + timedelta(seconds=1))
        assert store.snapshots.put(after, changed=True, verdict="", summary="", token=taken.token)
    with unit() as store:
        late = b.snapshot(taken_at=NOW + timedelta(seconds=2))
        assert not store.snapshots.put(late, changed=True, verdict="", summary="", token=stalled.token)
        assert store.snapshots.newest("production") == after
        assert len(store.snapshots.kept("production", NOW, NOW + QUARTER)) == 1


def test_no_failed_login_is_lost(unit: SqlUnit) -> None:
    def fail(_: int) -> int:
        with unit() as store:
            return store.users.attempt("ada", NOW, lock_after=1000, lock_for=QUARTER).failures

    with ThreadPoolExecutor(8) as pool:
        counts = sorted(pool.map(fail, range(80)))
    assert counts == list(range(1, 81))


def test_guesses_side_by_side_cannot_outrun_the_lock(unit: SqlUnit) -> None:
    def fail(_: int) -> bool:
        with unit() as store:
            return store.users.attempt("ada", NOW, lock_after=5, lock_for=QUARTER).allowed

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(fail, range(80))) == 5


def test_two_admins_cannot_disable_each_other_at_once(database: str, engine_of: Callable[[str], Engine]) -> None:
    unit = SqlUnit(engine_of(database))
    users = Users(unit, MovableClock(), CountingTokens(), PlainPasswords())
    with unit() as store:
        for name in ("ada", "bob", "eve"):
            store.users.add(b.user(name, Role.ADMIN), "hash")
    together = threading.Barrier(3)

    def disable(name: str) -> bool:
        together.wait()
        try:
            users.disable(b.actor(Role.ADMIN), name)
        except Unsafe:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(disable, ("ada", "bob", "eve"))) == [False, True, True]
    with unit(readonly=True) as store:
        assert sum(not user.disabled for user in store.users.all()) == 1
