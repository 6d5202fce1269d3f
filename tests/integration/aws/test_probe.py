"""Probing real endpoints: a listening socket, a closed port, a real PostgreSQL in all its moods."""

import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.aws.probe import Prober, meaning
from services.aws.probe_secret import Login, ProbeSecret
from services.aws.session import Sessions, Wire
from tests.builders.places import environment
from tests.postgres_server import PostgresServer, new_server
from tests.sandbox_server import Sandbox
from tests.unit.aws.stubs import WHEN
from tests.unit.aws.world import Clock

PRODUCTION = environment("production")
NAME = "production-app.c.us-east-1.rds.amazonaws.com"


def found_at(address: str) -> Any:
    return lambda _host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


LOOPBACK = found_at("127.0.0.1")


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("engine", ["postgres", "redis"])
def test_a_listening_endpoint_takes_connections_and_nothing_is_said_of_writes(listening: int, engine: str) -> None:
    probe = Prober(Clock(), resolve=LOOPBACK).probe(PRODUCTION, NAME, listening, engine)
    assert (probe.at, probe.accepts, probe.writable) == (WHEN, True, None)
    assert probe.words == f"{NAME} takes connections."


def test_a_closed_port_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    probe = Prober(Clock(), resolve=LOOPBACK).probe(PRODUCTION, NAME, port, "postgres")
    assert (probe.accepts, probe.writable) == (False, None)
    assert probe.words == f"{NAME} refuses connections."


def test_an_endpoint_that_does_not_answer_in_time_takes_no_connections(listening: int) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = []
        for _ in range(3):  # fills the queue, so that the next SYN has no answer
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(("127.0.0.1", port))
        try:
            probe = Prober(Clock(), resolve=LOOPBACK).probe(PRODUCTION, NAME, port, "redis")
        finally:
            for each in waiting:
                each.close()
    assert probe.accepts is False
    assert "within 2 s" in probe.words


def unknown(*_: Any, **__: Any) -> list[Any]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_name_without_address_is_not_known_rather_than_down() -> None:
    probe = Prober(Clock(), resolve=unknown).probe(PRODUCTION, NAME, 5432, "postgres")
    assert (probe.accepts, probe.writable) == (None, None)
    assert "cannot be reached from where Haven runs" in probe.words


def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    let_go = threading.Event()

    def hangs(*_: Any, **__: Any) -> list[Any]:
        let_go.wait(30)
        return []

    probe = Prober(Clock(), resolve=hangs, patience=0.05).probe(PRODUCTION, NAME, 5432, "postgres")
    let_go.set()
    assert probe.accepts is None


def test_whatever_goes_wrong_a_probe_only_tells() -> None:
    odd: Any
    for odd in (lambda *_, **__: [("nonsense",)], found_at("no address")):
        probe = Prober(Clock(), resolve=odd).probe(PRODUCTION, NAME, 5432, "postgres")
        assert probe.accepts is not True
        assert probe.words


@pytest.fixture(scope="module")
def secret_of(sandbox: Sandbox) -> Any:
    """Makes a secret in the sandbox; its ARN."""

    def make(name: str, text: str) -> str:
        return str(sandbox.client("secretsmanager").create_secret(Name=name, SecretString=text)["ARN"])

    return make


@pytest.fixture
def sessions(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Sessions(Wire(endpoint_url=sandbox.url), Clock())


@pytest.fixture(scope="module")
def login(secret_of: Any) -> str:
    return str(secret_of("probe", json.dumps({"username": "postgres", "password": "s3cret-words"})))


@pytest.mark.sandbox
@pytest.mark.postgres
def test_a_primary_says_by_sql_that_it_takes_writes(postgres: PostgresServer, sessions: Sessions, login: str) -> None:
    prober = Prober(Clock(), ProbeSecret(sessions, login), resolve=LOOPBACK, tls=False)
    probe = prober.probe(PRODUCTION, NAME, postgres.port, "postgres")
    assert (probe.accepts, probe.writable) == (True, True)
    assert "it takes writes" in probe.words
    assert prober.probe(PRODUCTION, NAME, postgres.port, "redis").writable is None


@pytest.mark.sandbox
@pytest.mark.postgres
def test_a_server_without_tls_is_not_asked(
    postgres: PostgresServer, sessions: Sessions, login: str, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("")
    for ca_file in (None, tmp_path / "ca.pem"):
        prober = Prober(Clock(), ProbeSecret(sessions, login), ca_file=ca_file, resolve=LOOPBACK)
        probe = prober.probe(PRODUCTION, NAME, postgres.port, "postgres")
        assert (probe.accepts, probe.writable) == (True, None)
        assert "s3cret" not in probe.words


@pytest.mark.sandbox
@pytest.mark.postgres
def test_a_standby_says_that_it_is_one_and_a_stopped_server_refuses(sessions: Sessions, login: str) -> None:
    prober = Prober(Clock(), ProbeSecret(sessions, login), resolve=LOOPBACK, tls=False)
    server = new_server()
    try:
        with (server.directory / "data" / "postgresql.conf").open("a") as file:
            file.write("max_connections = 100\n")  # a standby has no fewer than its primary had
        (server.directory / "data" / "standby.signal").touch()
        server._spawn()  # `start` waits for a primary
        until = time.monotonic() + 30
        while "standby" not in (probe := prober.probe(PRODUCTION, NAME, server.port, "postgres")).words:
            assert probe.writable is not True
            assert time.monotonic() < until, probe
        assert (probe.accepts, probe.writable) == (True, False)
    finally:
        server.stop()
    assert prober.probe(PRODUCTION, NAME, server.port, "postgres").accepts is False


def test_a_server_that_hangs_up_or_says_nothing_takes_no_writes(listening: int) -> None:
    class Known:
        def login(self, _: Any) -> Any:
            return Login("probe", "s3cret-words")

        def forget(self, _: Any) -> None:
            raise AssertionError("its login was never judged")

    secret: Any = Known()
    silent = Prober(Clock(), secret, resolve=LOOPBACK, tls=False).probe(PRODUCTION, NAME, listening, "postgres")
    assert (silent.accepts, silent.writable) == (True, False)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(2):
                server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        port = server.getsockname()[1]
        gone = Prober(Clock(), secret, resolve=LOOPBACK, tls=False).probe(PRODUCTION, NAME, port, "postgres")
        thread.join(10)
    assert (gone.accepts, gone.writable) == (True, False)


@pytest.mark.sandbox
@pytest.mark.parametrize("text", ["not json", "[]", '{"username": "probe"}', '{"username": "", "password": "x"}'])
def test_a_secret_of_another_form_is_said_to_be_one(
    sessions: Sessions, secret_of: Any, listening: int, text: str
) -> None:
    arn = secret_of(f"odd-{zlib.crc32(text.encode())}", text)
    probe = Prober(Clock(), ProbeSecret(sessions, arn), resolve=LOOPBACK).probe(PRODUCTION, NAME, listening, "postgres")
    assert (probe.accepts, probe.writable) == (True, None)
    assert "not asked by SQL" in probe.words
    assert "`username` and `password`" in probe.words


@pytest.mark.sandbox
def test_the_secret_is_kept_for_five_minutes_and_a_refused_one_for_one(
    sandbox: Sandbox, sessions: Sessions, secret_of: Any
) -> None:
    now = [1000.0]
    arn = secret_of("rotated", json.dumps({"username": "probe", "password": "old", "dbname": "app"}))
    secret = ProbeSecret(sessions, arn, monotonic=lambda: now[0])

    def password() -> str:
        return secret.login(PRODUCTION).password

    assert password() == "old"
    assert "old" not in repr(secret.login(PRODUCTION))
    sandbox.client("secretsmanager").put_secret_value(
        SecretId=arn, SecretString=json.dumps({"username": "probe", "password": "new"})
    )
    now[0] += 299
    assert password() == "old"
    now[0] += 2
    assert password() == "new"
    assert secret.login(PRODUCTION).database == "postgres"

    gone = ProbeSecret(sessions, f"{arn}-gone", monotonic=lambda: now[0])
    for _ in range(2):
        with pytest.raises(Exception, match="find"):
            gone.login(PRODUCTION)


@pytest.mark.parametrize(
    ("said", "writable"),
    [
        ("FATAL:  the database system is starting up", False),
        ("FATAL:  the database system is shutting down", False),
        ("FATAL:  the database system is in recovery mode", False),
        ("FATAL:  the database system is not yet accepting connections", False),
        ("server closed the connection unexpectedly", False),
        ('FATAL:  password authentication failed for user "probe"', None),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "probe", database "postgres"', None),
        ("SSL error: certificate verify failed", None),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", None),
        ("consuming input failed: SSL error: unexpected eof while reading", False),
        ("consuming input failed: SSL SYSCALL error: EOF detected", False),
    ],
)
def test_what_a_failed_login_says_of_writes(said: str, writable: bool | None) -> None:
    found, words = meaning(psycopg.OperationalError(said))
    assert found is writable
    assert "probe" not in words.replace("the probe's", "")
    assert "10.0.0.1" not in words
