"""A deployment of three stacks on a whole local run on PostgreSQL: at every step that it is seen at, something dies by
SIGKILL (worker, portal, Haven's own database, the sandbox). It goes on by itself, and AWS executes each change set
once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle

import pytest

from services.domain.operation import Operation
from services.store.engine import make_engine
from services.store.unit import SqlUnit
from tests.journeys.deploying_person import executions
from tests.journeys.local_run import LocalRun, home_of, running, until
from tests.journeys.test_failover import haven
from tests.postgres_server import PostgresServer, new_server

pytestmark = pytest.mark.timeout(600)
VALUES = ("network.FlowLogDays=180", "data.QueueMaxReceives=4", "platform.ApiLogDays=180")
STACKS = ("network", "data", "platform")


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresServer]:
    server = new_server()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, database: PostgresServer) -> Iterator[LocalRun]:
    yield from running(home_of(tmp_path_factory), database.new_database())


def killed(run: LocalRun, word: str) -> None:
    """All processes of a role at once. `haven run` starts them anew."""
    pids = until(lambda: run.children(word), 30, f"{word} is there")
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: set(run.children(word)) - set(pids), 30, f"{word} is back")


def restarted(database: PostgresServer) -> None:
    database.stop(kill=True)
    database.start()


def test_it_outlives_the_death_of_each_at_every_step(run: LocalRun, database: PostgresServer) -> None:
    before = {stack: executions(run, f"legacy-{stack}") for stack in STACKS}
    settings = [word for value in VALUES for word in ("--set", value)]
    stacks = [word for stack in STACKS for word in ("--stack", stack)]
    plan = haven(run, "deploy", "plan", "legacy", *stacks, *settings, "--wait").split()[1]
    asked = haven(run, "deploy", "run", plan, "--reason", "To see whether it survives")
    known = asked.split()[1]
    unit = SqlUnit(make_engine(run.database_url))
    deaths: Iterator[tuple[str, Callable[[], None]]] = cycle(
        [
            ("worker", lambda: killed(run, "services.worker")),
            ("sandbox", lambda: killed(run, "-m sandbox")),
            ("database", lambda: restarted(database)),
            ("portal", lambda: killed(run, "gunicorn")),
        ]
    )
    died: dict[str, str] = {}

    def now() -> Operation | None:
        with suppress(Exception), unit(readonly=True) as store:  # the database has just died
            return store.operations.get(known)
        return None

    def ended() -> Operation | None:
        operation = now()
        if operation is None:
            return None
        if operation.step and operation.step not in died:
            died[operation.step], kill = next(deaths)
            kill()
        return None if operation.live else operation

    operation = until(ended, 400, "the deployment is over")
    assert (operation.state, operation.because) == ("succeeded", operation.because), operation.because
    assert set(died.values()) == {"worker", "sandbox", "database", "portal"}
    assert died.keys() >= {f"execute {stack}" for stack in STACKS}, died
    assert {stack: executions(run, f"legacy-{stack}") - count for stack, count in before.items()} == dict.fromkeys(
        STACKS, 1
    )
    until(lambda: run.browser().get(f"/operations/{known}")[0] == 200, 30, "its page is there")
    assert "Done." in run.browser().get(f"/operations/{known}")[1]
