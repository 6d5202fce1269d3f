"""A sandbox of one's own: `python -m sandbox` on a free port with a frozen clock, as pytest fixtures.

Use it with `from tests.sandbox_server import sandbox` (or `start_sandbox`) in a conftest. No test sleeps: time moves
with `sandbox.advance(seconds)`.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"


@cache
def _session() -> Any:
    """One for all clients: to parse the services' models anew takes longer than most tests."""
    return boto3.session.Session()


class Process(Protocol):
    """A sandbox's process, as `subprocess.Popen` is one."""

    @property
    def stdout(self) -> Any: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Nursery:
    """The process that sandboxes are forked from; see `tests.sandbox_nursery`."""

    def __init__(self, home: Path) -> None:
        self._home, self._number = home, 0
        command = [sys.executable, "-m", "tests.sandbox_nursery"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._answer() == "ready"

    def begin(self, *arguments: str) -> "Forked":
        """A sandbox with these arguments."""
        self._number += 1
        out = self._home / f"out{self._number}"
        os.mkfifo(out)
        return Forked(self, int(self._ask({"begin": arguments, "out": str(out)})), out)

    def end(self, pid: int) -> int:
        """How one ended that has."""
        return int(self._ask({"end": pid}))

    def close(self) -> None:
        """No more of them."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _ask(self, asked: dict[str, Any]) -> str:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


class Forked:
    """A process of the nursery's, with what `subprocess.Popen` offers."""

    def __init__(self, nursery: Nursery, pid: int, out: Path) -> None:
        self.pid, self._nursery, self._handle = pid, nursery, os.pidfd_open(pid)
        self._code: int | None = None
        self.stdout: IO[str] = out.open()

    def poll(self) -> int | None:
        """How it ended; None while it lives."""
        if self._code is None and select.select([self._handle], [], [], 0)[0]:
            self._ended()
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, once it has. Raises TimeoutExpired."""
        if self._code is None:
            if not select.select([self._handle], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("sandbox", timeout or 0.0)
            self._ended()
        assert self._code is not None
        return self._code

    def send_signal(self, sig: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """By SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """By SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _ended(self) -> None:
        self._code = self._nursery.end(self.pid)
        os.close(self._handle)


class Sandbox:
    """A running sandbox."""

    def __init__(self, process: Process, url: str) -> None:
        self.process, self.url = process, url
        self.client = cache(self._client)

    def _client(self, service: str, region: str = REGION, read_timeout: float = 60) -> Any:
        """A boto3 client of a service that never retries."""
        return _session().client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout, parameter_validation=True),
        )

    def control(self, path: str, method: str | None = None, **body: Any) -> Any:
        """Call the control API: GET without a body, POST with one; returns its JSON. `lasts` is sent as "for".

        Raises ControlRefused on any status but 200.
        """
        if "lasts" in body:
            body["for"] = body.pop("lasts")
        request = urllib.request.Request(
            f"{self.url}/haven-sandbox/{path}",
            method=method or ("POST" if body else "GET"),
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"} if body else {},
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except HTTPError as refused:
            with refused:
                raise ControlRefused(refused.code, json.load(refused)["error"]) from None

    def advance(self, seconds: float) -> None:
        """Move the frozen clock forward by AWS's seconds; everything that falls due has happened on return."""
        self.control("clock", advance=seconds)

    def stop(self) -> int:
        """End it as a person would (SIGTERM); returns its exit code."""
        self.process.terminate()
        return self.process.wait(10)

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        self.process.kill()
        self.process.wait(10)


class ControlRefused(Exception):
    """The control API said no: HTTP status and its words."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(f"{status}: {error}")
        self.status, self.error = status, error


def launch(*arguments: str, errors: bool = False) -> "subprocess.Popen[str]":
    """Start `python -m sandbox` with arguments, its output piped; its errors too if asked."""
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if errors else subprocess.DEVNULL,
        text=True,
    )


def ready(process: Process) -> Sandbox:
    """Wait for the line that says it serves."""
    line = process.stdout.readline()
    if " ready at " not in line:
        process.kill()
        raise RuntimeError(f"the sandbox did not start: {line!r}, exit code {process.wait(10)}")
    return Sandbox(process, line.split(" ready at ")[1].split()[0])


@pytest.fixture(scope="session")
def start_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sandbox]]:
    """A function that starts a sandbox on a free port with the given arguments; all are ended with the session."""
    started: list[Sandbox] = []
    nurseries: list[Nursery] = []

    def start(*arguments: str) -> Sandbox:
        if not nurseries:
            nurseries.append(Nursery(tmp_path_factory.mktemp("nursery")))
        started.append(ready(nurseries[0].begin("--port", "0", *arguments)))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()
        one.process.stdout.close()
    for nursery in nurseries:
        nursery.close()


Seeded = Callable[[str, Callable[[Sandbox], None]], Sandbox]


@pytest.fixture(scope="session")
def seeded_sandbox(start_sandbox: Callable[..., Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A function that starts a frozen sandbox in which something was done already: the first worker of a run that asks
    for it by that name does it, and its state is what every other one begins with. Nobody is behind the endpoints of
    what was there: addresses are one sandbox's alone."""
    frozen = ("--frozen", "--limits", "off")

    def seeded(name: str, do: Callable[[Sandbox], None]) -> Sandbox:
        def make(directory: Path) -> None:
            first = start_sandbox(*frozen, "--endpoints", "off", "--state", str(directory))
            do(first)
            assert first.stop() == 0

        return start_sandbox(*frozen, "--begin-as", str(made_once(tmp_path_factory, f"seed-{name}", make)))

    return seeded


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A directory that the first worker of a run makes, and all share. Whoever comes meanwhile waits for it."""
    mine = tmp_path_factory.getbasetemp()
    shared = mine.parent if os.environ.get("PYTEST_XDIST_WORKER") else mine
    directory = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            making = shared / f"{name}.making"
            make(making)
            making.rename(directory)
    return directory


@pytest.fixture(scope="module")
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Iterator[Sandbox]:
    """A frozen sandbox for the tests of one module, without request limits."""
    one = start_sandbox("--frozen", "--limits", "off")
    yield one
    one.stop()
