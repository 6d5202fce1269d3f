"""Child processes, with real ones: short Python programs that say when they are up."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from services.cli.children import Child, Family

FOREVER = "import signal; print('up', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
print(child.pid, flush=True)
child.wait()
"""


def child(tmp_path: Path, program: str, *arguments: str) -> Child:
    return Child("child", [sys.executable, "-c", program, *arguments], dict(os.environ), tmp_path / "child.log")


def until_up(log: Path, lines: int = 1) -> list[str]:
    while not log.exists() or len(log.read_text().splitlines()) < lines:
        os.sched_yield()
    return log.read_text().splitlines()


def running(pid: int) -> bool:
    """Whether the process lives; one that is dead but not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def family():
    made = Family(threading.Event(), grace=0.3)
    yield made
    made.end()


def test_a_dead_child_is_started_again_and_the_news_names_its_status(tmp_path, family):
    one = family.adopt(child(tmp_path, FOREVER))
    until_up(one.log)
    first = one.process.pid
    os.kill(first, signal.SIGKILL)
    one.process.wait(5)
    (news,) = family.tend()
    assert "ended with status -9; started again" in news
    assert one.process.pid != first
    until_up(one.log, lines=2)


def test_a_living_child_is_left_alone(tmp_path, family):
    one = family.adopt(child(tmp_path, FOREVER))
    until_up(one.log)
    pid = one.process.pid
    assert family.tend() == []
    assert one.process.pid == pid


def test_a_child_that_keeps_dying_is_held_back(tmp_path, family):
    one = family.adopt(child(tmp_path, "raise SystemExit(3)"))
    restarts = 0
    for _ in range(20):
        one.process.wait(5)
        restarts += len(family.tend())
    assert restarts == 2
    assert one.wait_before_restart() > 0


def test_the_end_comes_even_for_a_child_that_ignores_sigterm(tmp_path):
    family = Family(threading.Event(), grace=0.2)
    one = family.adopt(child(tmp_path, DEAF))
    until_up(one.log)
    family.end()
    assert one.process.returncode == -signal.SIGKILL


def test_what_a_child_started_ends_with_it(tmp_path):
    family = Family(threading.Event(), grace=0.3)
    one = family.adopt(child(tmp_path, PARENT, FOREVER))
    grandchild = next(int(line) for line in until_up(one.log, lines=2) if line.isdigit())
    family.end()
    while running(grandchild):  # the kernel needs a moment; the test's timeout is the limit
        os.sched_yield()
    assert not running(grandchild)


def test_nothing_is_restarted_once_the_end_began(tmp_path):
    family = Family(threading.Event(), grace=0.2)
    family.adopt(child(tmp_path, FOREVER))
    family.end()
    assert family.tend() == []


def test_many_signals_at_once_end_a_process_all_the_same(tmp_path):
    program = "from services.bootstrap import stop_on_signals; e = stop_on_signals(); print('up', flush=True); e.wait()"
    one = child(tmp_path, program)
    one.start()
    until_up(one.log)
    for _ in range(200):
        one.signal_group(signal.SIGTERM)
    one.process.wait(10)
    assert one.process.returncode in (0, -signal.SIGTERM)  # late ones find the interpreter already closing


def test_a_signal_that_another_thread_gets_ends_a_process_too(tmp_path):
    program = """
import signal, threading
from services.bootstrap import stop_on_signals
stop = stop_on_signals()
def end():
    threading.Event().wait(0.3)  # until the main thread has been waiting for a while
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    threading.Event().wait()
threading.Thread(target=end, daemon=True).start()
stop.wait()
"""
    one = child(tmp_path, program)
    one.start()
    assert one.process.wait(10) == 0
