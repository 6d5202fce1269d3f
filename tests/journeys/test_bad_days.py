"""SIGKILL of every process of a local run on PostgreSQL: pages stay up and say what is stale, and all recovers. So does
a deployment of three stacks, at every step of which that it is seen at something dies; AWS executes each change set
once."""

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle

import pytest

from services.domain.operation import Operation
from services.store.engine import make_engine
from services.store.unit import SqlUnit
from tests.journeys.deploying_person import executions
from tests.journeys.local_run import LocalRun, home_of, running, until
from tests.journeys.test_failover import haven
from tests.postgres_server import PostgresServer, new_server

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

PAGE = "/environments/production/topology"
VALUES = ("network.FlowLogDays=180", "data.QueueMaxReceives=4", "platform.ApiLogDays=180")
STACKS = ("network", "data", "platform")


@pytest.fixture(scope="module")
def database():
    server = new_server()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def run(tmp_path_factory, database):
    yield from running(
        home_of(tmp_path_factory), database.new_database(), HAVEN_STALE_AFTER="20", HAVEN_AWS_READ_TIMEOUT="4"
    )


def is_fresh(browser) -> bool:
    """Whether the page is there and nothing on it is stale, unknown or remembered."""
    status, text = browser.get(PAGE)
    return status == 200 and 'class="verdict' in text and not is_marked(text)


def stays_fresh(browser) -> bool:
    """Whether every look of two seconds is fresh: each portal process by itself goes on believing in an outage of the
    database for up to a second, and a look may reach either."""
    pause = threading.Event()
    return all(is_fresh(browser) and not pause.wait(0.1) for _ in range(20))


def is_marked(text: str) -> bool:
    """Whether the page says that what it shows is old, remembered, or partly unread."""
    verdict = text.split('class="verdict', 1)[1].split(">", 1)[0] if 'class="verdict' in text else ""
    parts = re.search(r"Parts read</dt><dd>(\d+) <small>of (\d+)<", text)
    unread = parts is not None and parts.group(1) != parts.group(2)
    return unread or "is-stale" in verdict or "own database does not answer" in text


def kill(pids: list[int]) -> None:
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def warm(run) -> set[int]:
    """The portal's processes that have said that their memory is warm."""
    text = (run.home / "log" / "portal.log").read_text(errors="replace")  # lines of two processes may run together
    return {int(pid) for pid in re.findall(r'"recollection is warm", "level": "info", "pid": (\d+),', text)}


@contextmanager
def alone(pid: int, everyone: list[int]) -> Iterator[None]:
    """Stop the others for a moment, so that this process answers."""
    others = [each for each in everyone if each != pid]
    for each in others:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in others:
            os.kill(each, signal.SIGCONT)


def test_the_worker(run):
    browser = run.browser()
    until(lambda: is_fresh(browser), 60, "a fresh page")
    before = run.children("services.worker")
    kill(before)
    assert browser.get(PAGE)[0] == 200
    until(lambda: set(run.children("services.worker")) - set(before), 15, "a new worker")
    until(lambda: stays_fresh(browser), 60, "fresh again")


def test_a_gunicorn_worker(run):
    browser = run.browser()
    master, *workers = run.children("gunicorn")
    kill(workers[:1])
    for _ in range(10):
        assert browser.get(PAGE)[0] == 200
    until(lambda: len(run.children("gunicorn")) == 1 + len(workers), 15, "a new gunicorn worker")
    assert master in run.children("gunicorn")


def test_the_whole_portal(run):
    browser = run.browser()
    kill(run.children("gunicorn"))

    def is_back() -> bool:
        try:
            return browser.get(PAGE)[0] == 200
        except OSError:
            return False

    until(is_back, 20, "the portal is back, and the login still holds")


def test_the_sandbox(run):
    browser = run.browser()
    until(lambda: is_fresh(browser), 60, "a fresh page")
    before = {s["StackId"] for s in run.client("cloudformation").describe_stacks()["Stacks"]}
    pids = run.children("-m sandbox")
    os.kill(pids[0], signal.SIGSTOP)  # AWS hangs first, so that the gap is surely seen, and then dies
    seen = until(lambda: is_marked(text := browser.get(PAGE)[1]) and text, 90, "the page says what could not be read")
    assert "us-east-1a" in seen  # and still shows what it knew
    kill(pids)

    def stacks() -> set[str]:
        try:
            return {s["StackId"] for s in run.client("cloudformation").describe_stacks()["Stacks"]}
        except Exception:  # it is down, or half up
            return set()

    until(lambda: stacks() == before, 30, "the same stacks are back")
    until(lambda: stays_fresh(browser), 60, "fresh again")
    assert run.control("status")["speed"] == 40


def test_postgresql(run, database):
    browser = run.browser()
    until(lambda: is_fresh(browser), 60, "a fresh page")
    master, *served = run.children("gunicorn")
    kill(served)  # those that come instead have served nobody: they know of this session only by remembering

    def serving() -> list[int]:
        return sorted(set(run.children("gunicorn")) - {master, *served})

    until(lambda: len(serving()) == len(served) and set(serving()) <= warm(run), 30, "new processes, and warm")
    database.stop(kill=True)
    processes = serving()
    for process in processes:
        with alone(process, processes):
            status, text = browser.get(PAGE)
            assert (process, status) == (process, 200)
            assert is_marked(text)
            assert "us-east-1a" in text
            assert browser.get("/")[0] == 200
    assert browser.get("/readyz")[0] == 503
    assert browser.get("/healthz")[0] == 200
    database.start()
    until(lambda: browser.get("/readyz")[0] == 200, 30, "ready again")
    until(lambda: stays_fresh(browser), 60, "fresh again")


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


def test_a_deployment_outlives_the_death_of_each_at_every_step(run: LocalRun, database: PostgresServer) -> None:
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
