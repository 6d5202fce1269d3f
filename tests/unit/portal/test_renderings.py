"""Renderings that many viewers share."""

import threading

import pytest

from portal.live import Renderings


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def counting(calls: list[str], text: str = "html"):
    def render() -> str:
        calls.append(text)
        return text

    return render


def test_one_rendering_serves_all_who_ask_within_moments(time):
    renderings, calls = Renderings(monotonic=time), []
    assert [renderings.once(("/a", "v1"), counting(calls)) for _ in range(5)] == ["html"] * 5
    assert calls == ["html"]


def test_another_version_or_path_is_rendered(time):
    renderings, calls = Renderings(monotonic=time), []
    for key in (("/a", "v1"), ("/a", "v2"), ("/b", "v1")):
        renderings.once(key, counting(calls))
    assert len(calls) == 3


def test_it_is_made_anew_after_its_time(time):
    renderings, calls = Renderings(keep=2.0, monotonic=time), []
    renderings.once(("/a", "v1"), counting(calls))
    time.now = 2.0
    renderings.once(("/a", "v1"), counting(calls))
    assert len(calls) == 2


def test_only_the_newest_are_kept(time):
    renderings, calls = Renderings(most=2, monotonic=time), []
    for version in ("v1", "v2", "v3", "v1"):
        renderings.once(("/a", version), counting(calls, version))
    assert calls == ["v1", "v2", "v3", "v1"]


def test_a_failed_rendering_is_tried_again(time):
    renderings, calls = Renderings(monotonic=time), []

    def broken() -> str:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        renderings.once(("/a", "v1"), broken)
    assert renderings.once(("/a", "v1"), counting(calls)) == "html"


def test_threads_that_ask_at_once_wait_for_one_rendering(time):
    renderings, calls, begun, go = Renderings(monotonic=time), [], threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert go.wait(10)
        return counting(calls)()

    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(renderings.once(("/a", "v1"), slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert answers == ["html"] * 8
    assert calls == ["html"]
