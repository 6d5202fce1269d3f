"""A sandbox of one's own: `python -m sandbox` on a free port with a frozen clock, as pytest fixtures.

Use it with `from tests.sandbox_server import sandbox` (or `start_sandbox`) in a conftest. No test sleeps: time moves
with `sandbox.advance(seconds)`.
"""

import fcntl
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
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


class Sandbox:
    """A running sandbox."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
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


def ready(process: "subprocess.Popen[str]") -> Sandbox:
    """Wait for the line that says it serves."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if " ready at " not in line:
        process.kill()
        raise RuntimeError(f"the sandbox did not start: {line!r}, exit code {process.wait(10)}")
    return Sandbox(process, line.split(" ready at ")[1].split()[0])


@pytest.fixture(scope="session")
def start_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """A function that starts a sandbox on a free port with the given arguments; all are ended with the session."""
    started: list[Sandbox] = []

    def start(*arguments: str) -> Sandbox:
        started.append(ready(launch("--port", "0", *arguments)))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()
        assert one.process.stdout is not None
        one.process.stdout.close()


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
