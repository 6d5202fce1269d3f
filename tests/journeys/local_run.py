"""A whole local run (`haven run`) on free ports with its own home, and a browser-like client for it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.sandbox_server import made_once

PASSWORD = "journey-password-1"
ENDS_WITHIN = 5
"""Seconds that the README promises."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Callable[[], Any], seconds: float, what: str, every: float = 0.1) -> Any:
    """The first true thing that `look` returns; fails when none comes in time."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        pause.wait(every)
    return seen


def findings_on(text: str) -> int:
    """How many findings the topology page shows or announces."""
    more = re.search(r"<b>(\d+) more findings?</b>", text)
    return text.count('class="finding is-') + int(more.group(1) if more else 0)


@dataclass
class Browser:
    """Keeps cookies, fills in the CSRF token, follows redirects."""

    base: str
    jar: CookieJar = field(default_factory=CookieJar)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        return self._send(urllib.request.Request(self.base + path, headers=headers or {}))

    def post(self, path: str, form_page: str, **fields: str) -> tuple[int, str]:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(form_page)[1])
        assert token, f"no CSRF token on {form_page}"
        body = urllib.parse.urlencode({"csrf_token": token.group(1), **fields}).encode()
        return self._send(urllib.request.Request(self.base + path, body, method="POST"))

    def log_in(self) -> None:
        status, text = self.post("/login", "/login", name="admin", password=PASSWORD)
        assert status == 200, (status, re.findall(r"<main.*?</main>", text, flags=re.DOTALL))
        assert "Log in" not in re.findall(r"<h1[^>]*>([^<]*)", text)

    def _send(self, request: urllib.request.Request) -> tuple[int, str]:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


class LocalRun:
    """One `haven run`."""

    def __init__(self, home: Path, database_url: str = "", **settings: str) -> None:
        self.home, self.port, self.sandbox_port = home, free_port(), free_port()
        self.database_url = database_url
        self._settings = {"HAVEN_DATABASE_URL": database_url, **settings}
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self.lines: list[str] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def start(self) -> float:
        """Start and wait until it says it is ready; returns the seconds that took."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "HAVEN_"))}
        environment |= {
            "HAVEN_HOME": str(self.home),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "HAVEN_ADMIN_PASSWORD": PASSWORD,
            "HAVEN_TICK": "3",
            "HAVEN_METRICS_EVERY": "60",  # as on AWS: to read fifteen days back takes more than all else
            "HAVEN_LEASE": "3",
            "HAVEN_SANDBOX_SPEED": "40",
            **{k: v for k, v in self._settings.items() if v},
        }
        started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "run"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        until(self._ready_or_dead, 120, "`haven run` is ready")
        assert self._process.poll() is None, "\n".join(self.lines)
        return time.monotonic() - started

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        with process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip())

    def _ready_or_dead(self) -> bool:
        assert self._process
        return any("Local AWS" in line for line in self.lines) or self._process.poll() is not None

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send the signal; returns the seconds until it ended."""
        assert self._process
        started = time.monotonic()
        self._process.send_signal(number)
        self._process.wait(30)
        took = time.monotonic() - started
        assert self._reader
        self._reader.join(10)
        self.lines.clear()
        return took

    def close(self) -> None:
        """End it as a person would, which ends all its processes."""
        if self._process and self._process.poll() is None:
            self.stop()
            assert self.children("") == []

    def ends_in_time(self, number: int) -> None:
        """By that signal, as fast as the README promises, all of its processes."""
        took = self.stop(number)
        assert took < ENDS_WITHIN, f"it took {took:.1f} s to end"
        assert self.children("") == []

    def children(self, word: str) -> list[int]:
        """Ids of this run's processes whose command line has the word, oldest first."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                home = str(self.home.absolute())
                ours = f"HAVEN_HOME={home}".encode() in (entry / "environ").read_bytes() or home in command
                dead = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
            except OSError:
                continue
            if ours and not dead and word in command and "services.cli run" not in command:
                found.append(int(entry.name))
        return sorted(found)

    def client(self, service: str) -> Any:
        """AWS as an outsider sees it."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="outsider",
            aws_secret_access_key="outsider",
        )

    def control(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.endpoint}/haven-sandbox/{path}",
            json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def browser(self) -> Browser:
        made = Browser(self.base)
        made.log_in()
        return made


def provisioned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A home in which a run has provisioned both environments and ended, and the ids of its stacks. Nobody is behind
    the endpoints there, for several may take it up at once."""

    def make(directory: Path) -> None:
        directory.mkdir()
        first = LocalRun(directory / "home", SANDBOX_ENDPOINTS="off")
        first.start()
        (directory / "stacks").write_text("\n".join(stack_ids(first)))
        first.ends_in_time(signal.SIGTERM)

    first = made_once(tmp_path_factory, "provisioned", make)
    return first / "home", (first / "stacks").read_text().split("\n")


def stack_ids(run: LocalRun) -> list[str]:
    """Of all stacks there are: another one of the same name would have another."""
    return sorted(each["StackId"] for each in run.client("cloudformation").describe_stacks()["Stacks"])


def home_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that home, which the next run takes up. What an empty one is like is seen by `test_one_command`."""
    home = tmp_path_factory.mktemp("home") / "taken-up"
    return Path(shutil.copytree(provisioned(tmp_path_factory)[0], home, ignore=shutil.ignore_patterns("log")))


def running(home: Path, database_url: str = "", **settings: str) -> Iterator[LocalRun]:
    """A started run, ended afterwards."""
    run = LocalRun(home, database_url, **settings)
    run.start()
    yield run
    run.close()
