"""SIGKILL of every process of a local run on PostgreSQL: pages stay up and say what is stale, and all recovers."""

import os
import re
import signal
import threading

import pytest

from tests.journeys.local_run import running, until
from tests.postgres_server import new_server

PAGE = "/environments/production/topology"


@pytest.fixture(scope="module")
def database():
    server = new_server()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def run(tmp_path_factory, database):
    yield from running(tmp_path_factory.mktemp("home"), database.new_database())


def is_fresh(browser) -> bool:
    """Whether the page is there and nothing on it is stale, unknown or remembered."""
    status, text = browser.get(PAGE)
    return status == 200 and 'class="verdict' in text and not is_marked(text)


def stays_fresh(browser) -> bool:
    """Whether every look of two seconds is fresh: each portal process by itself goes on believing in an outage of the
    database for up to one, and a look may reach either."""
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
    database.stop(kill=True)
    status, text = browser.get(PAGE)
    assert status == 200
    until(lambda: is_marked(browser.get(PAGE)[1]), 30, "the page says that it is remembered or stale")
    assert browser.get("/readyz")[0] == 503
    assert browser.get("/healthz")[0] == 200
    database.start()
    until(lambda: browser.get("/readyz")[0] == 200, 30, "ready again")
    until(lambda: stays_fresh(browser), 60, "fresh again")
    assert text
