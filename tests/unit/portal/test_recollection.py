"""The rounds that keep a portal process's memory fresh."""

import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from portal.recollection import Recollection
from services.domain.errors import NotNow


class Rounds:
    """Something to remember, that fails on request and says when it was asked `enough` times."""

    def __init__(self, enough: int = 1) -> None:
        self.asked = 0
        self.problem: Exception | None = None
        self.done = threading.Event()
        self._enough = enough

    def __call__(self) -> None:
        self.asked += 1
        if self.asked >= self._enough:
            self.done.set()
        if self.problem:
            raise self.problem


@pytest.fixture
def ended() -> Iterator[list[Recollection]]:
    """Those a test starts; no round follows the test."""
    started: list[Recollection] = []
    yield started
    for each in started:
        each.end()


def test_it_asks_at_once_and_again_and_again(ended: list[Recollection]) -> None:
    rounds = Rounds(enough=3)
    ended.append(Recollection([rounds], every=0.01))
    ended[0].start()
    assert rounds.done.wait(10)


def test_its_thread_holds_no_process_up(ended: list[Recollection]) -> None:
    ended.append(Recollection([Rounds()], every=3600))
    ended[0].start()
    running = [thread for thread in threading.enumerate() if thread.name == "recollection"]
    assert running
    assert all(thread.daemon for thread in running)
    ended[0].end()
    for thread in running:
        thread.join(10)
    assert not any(thread.is_alive() for thread in running)


def test_an_absent_database_is_passed_over_in_silence(ended: list[Recollection]) -> None:
    rounds, other = Rounds(), Rounds()
    rounds.problem = NotNow("away")
    with capture_logs() as lines:
        assert not Recollection([rounds, other]).round()
    assert (lines, other.asked) == ([], 1)


def test_it_says_once_that_it_is_warm() -> None:
    recollection = Recollection([Rounds()])
    with capture_logs() as lines:
        assert recollection.round()
        assert recollection.round()
    assert [line["event"] for line in lines] == ["recollection is warm"]


def test_any_other_error_is_logged_once_until_a_round_succeeds() -> None:
    rounds = Rounds()
    recollection = Recollection([rounds])
    with capture_logs() as lines:
        for problem in (ValueError("a bug"), ValueError("again"), None, ValueError("a bug")):
            rounds.problem = problem
            recollection.round()
    assert [line["event"] for line in lines] == [
        "recollection failed",
        "recollection is warm",
        "recollection failed",
    ]
