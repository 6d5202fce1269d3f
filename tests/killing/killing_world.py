"""A world for killing in: a frozen sandbox with real stacks, processes of Haven that may die, and what they leave."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.aws.session import Sessions, Wire
from services.aws.stacks_writer import StackProvisioner
from services.domain.failover.episode import Episode
from services.domain.operation import Operation
from services.ports import TrailEntry
from services.store.clock import SystemClock
from services.store.engine import make_engine
from services.store.unit import SqlUnit
from tests import builders as b
from tests.integration.aws.deploying import ended, specs
from tests.killing.effects import Point
from tests.killing.moment import Moment
from tests.sandbox_server import Sandbox

CALL = "rds:RebootDBInstance"
APART = 4000.0
"""AWS's seconds between two failovers of the test, beyond every rule about repeats."""


class World:
    """The sandbox, its time, and the process that Haven's processes are forked from."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, self.home = sandbox, home
        self.moment = Moment(home / "moment", sandbox)
        self.moment.passes(0)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "HAVEN_"))}
        environment |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        environment |= {"RES_OPTIONS": "timeout:1 attempts:1"}  # the endpoint's name is in no DNS
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.killing.mortal_worker", sandbox.url, str(home / "moment")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self._living: set[int] = set()
        assert self._answer() == "ready"

    def deploy(self, name: str) -> None:
        """Network and data of an environment, after which it is later."""
        deploy(self.sandbox, name)
        self.moment.passes(0)

    def start(self, do: str, haven: "Left", **job: Any) -> int:
        """A process of Haven that does a job of `mortal_worker`; its id."""
        at: Point | None = job.pop("at", None)
        settings = {**haven.settings, **job.pop("settings", {})}
        settings |= {"aws_endpoint_url": self.sandbox.url, "home": str(haven.home)}
        self._say({"do": do, "settings": settings, "at": asdict(at) if at else None, **job})
        pid = int(self._answer())
        self._living.add(pid)
        return pid

    def end(self, pid: int) -> int:
        """Wait for it; its exit code, or the signal that killed it, negated."""
        self._say({"wait": pid})
        code = int(self._answer())
        self._living.discard(pid)
        return code

    def run(self, do: str, haven: "Left", **job: Any) -> int:
        """Start and wait."""
        return self.end(self.start(do, haven, **job))

    def calls(self) -> int:
        """How often a failover was asked for, as the sandbox counts it."""
        return int(self.sandbox.control("calls")["calls"].get(CALL, 0))

    def close(self) -> None:
        """End all that is left."""
        for pid in self._living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.close()
        self._nursery.wait(10)
        self._nursery.stdout.close()

    def _say(self, line: dict[str, Any]) -> None:
        assert self._nursery.stdin
        self._nursery.stdin.write(json.dumps(line) + "\n")
        self._nursery.stdin.flush()

    def _answer(self) -> str:
        assert self._nursery.stdout
        return self._nursery.stdout.readline().strip()


def deploy(sandbox: Sandbox, name: str) -> None:
    """Network and data of an environment, by the templates; what runs on them is left out, for it is not needed."""
    environment, outputs = b.environment(name), dict[str, dict[str, str]]()
    sessions = Sessions(Wire(endpoint_url=sandbox.url), SystemClock())
    provisioner = StackProvisioner(sessions, pause=lambda _: sandbox.advance(30))
    for spec in specs(environment)[:2]:
        change_set = provisioner.change_set(environment, spec, outputs)
        assert change_set is not None
        provisioner.execute(environment, spec, change_set)
        outcome = ended(provisioner, environment, spec.name, lambda: sandbox.advance(60))
        assert outcome.ok, outcome
        outputs[spec.name] = dict(outcome.outputs)
    sandbox.advance(1800)


@contextmanager
def as_somebody() -> Iterator[None]:
    """With keys, which the sandbox does not look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield


def inhabited(sandbox: Sandbox, home: Path) -> Iterator[World]:
    """A world around a sandbox, and its end."""
    made = World(sandbox, home)
    try:
        with as_somebody():
            yield made
    finally:
        made.close()
        sandbox.stop()


class Left:
    """What is left of a Haven when its processes are dead: its database, and its home with the journal. `lease` is how
    many seconds its processes hold one."""

    def __init__(self, home: Path, database: str, lease: float) -> None:
        self.home = home
        self.settings = {"database_url": database, "lease": lease, "tick": 0.4, "tick_busy": 0.2}
        self._engine = make_engine(database)
        self._unit = SqlUnit(self._engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def operations(self) -> list[Operation]:
        """Newest first."""
        with self._unit(readonly=True) as store:
            return list(store.operations.list(limit=200))

    def trail(self, id: str) -> list[TrailEntry]:
        with self._unit(readonly=True) as store:
            return list(store.operations.trail(id))

    def episodes(self, operation: Operation) -> list[Episode]:
        """The history since the operation was asked for."""
        with self._unit(readonly=True) as store:
            return list(store.episodes.list(since=operation.requested_at))

    def effects(self, log: str = "effects") -> list[tuple[str, int]]:
        """Those that came to their end, in order, each with which of its name it was."""
        seen, found = Counter[str](), []
        for name, *_ in self.log(log):
            seen[name] += 1
            found.append((name, seen[name]))
        return found

    def log(self, log: str) -> list[list[str]]:
        """The lines of `Life`."""
        return [line.split("\t") for line in (self.home / log).read_text().split("\n")[:-1]]

    def said(self, log: str) -> str:
        """What the process that counted into `log` said."""
        return (self.home / f"{log}.out").read_text()

    def writable(self) -> bool:
        """Whether nobody holds the one lock that a SQLite file has for writing; PostgreSQL has none."""
        database = self._engine.url.database if self._engine.dialect.name == "sqlite" else None
        if database is None:
            return True
        with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            connection.execute("ROLLBACK")
            return True

    def age_leases(self) -> None:
        """Let the leases run out. They go by the database's own clock, so instead of it they are moved."""
        with self._engine.begin() as connection:
            connection.execute(text("UPDATE leases SET expires = expires - 3600"))


@contextmanager
def settled(
    world: World, home: Path, url: str, lease: float = 10, environments: Sequence[str] = ("production",)
) -> Iterator[Left]:
    """A Haven on a new database."""
    made = Left(home, url, lease)
    try:
        assert world.run("found", made, environments=environments) == 0, made.said("effects")
        yield made
    finally:
        made.close()
