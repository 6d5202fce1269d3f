"""A look at an endpoint from where Haven runs: does it take connections, and does SQL say that it is the primary.

It is the only witness that is not AWS, and usually the first to see that writes are back. It may also see nothing,
where Haven runs outside the network: that is not known, and never "down".
"""

import errno
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from services.aws.probe_secret import Login, ProbeSecret
from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.failover.facts import Probe
from services.ports import Clock

CONNECT_SECONDS = 2.0
SQL_CONNECT_SECONDS = 3
SQL_SECONDS = 2.0
QUESTION = b"SELECT pg_is_in_recovery()"
Resolve = Callable[..., list[Any]]

_NO_WAY_THERE = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL}
)
_NOT_SERVING = ("starting up", "shutting down", "recovery mode", "not yet accepting connections")
_BROKE_OFF = (
    "server closed the connection",
    "Connection reset",
    "EOF detected",
    "unexpected eof",
    "timeout expired",
    "connection timeout",
)


class Prober:
    """`ports.Prober` by TCP, and by SQL for `postgres` where there is a secret to log in with.

    `ca_file` is RDS's certificate authority; without it the connection is encrypted and the server not verified.
    `patience` is how many seconds a name may take to resolve.
    `tls` may be turned off for a test's own server alone.
    """

    def __init__(
        self,
        clock: Clock,
        secret: ProbeSecret | None = None,
        *,
        ca_file: Path | None = None,
        resolve: Resolve = socket.getaddrinfo,
        patience: float = 2.0,
        tls: bool = True,
    ) -> None:
        self._clock = clock
        self._secret = secret
        self._ca_file = ca_file
        self._resolve = resolve
        self._patience = patience
        self._tls = tls

    def probe(self, environment: Environment, host: str, port: int, engine: str) -> Probe:
        """As `ports.Prober.probe`; takes about 9 seconds at the very most, and usually milliseconds."""
        at = self._clock.now()
        try:
            address = self._address(host, port)
            if address is None:
                return Probe(
                    at, None, None, f"{host} cannot be reached from where Haven runs: its name has no address."
                )
            accepts, words = _connects(address, host, port)
            if not accepts or engine != "postgres" or self._secret is None:
                return Probe(at, accepts, None, words)
            writable, said = self._asked(environment, self._secret, address, host, port)
            return Probe(at, accepts, writable, f"{words} {said}")
        except Exception as error:  # a probe tells, it never fails
            return Probe(at, None, None, f"{host} could not be looked at ({type(error).__name__}).")

    def _address(self, host: str, port: int) -> str | None:
        """The name's address now. Resolvers have no timeout of their own to give, so it is asked on a thread."""
        answers: SimpleQueue[str | None] = SimpleQueue()

        def ask() -> None:
            try:
                found = self._resolve(host, port, type=socket.SOCK_STREAM)
                answers.put(str(found[0][4][0]) if found else None)
            except Exception:  # nobody else would hear of it
                answers.put(None)

        threading.Thread(target=ask, name="haven-resolve", daemon=True).start()
        try:
            return answers.get(timeout=self._patience)
        except Empty:
            return None

    def _asked(
        self, environment: Environment, secret: ProbeSecret, address: str, host: str, port: int
    ) -> tuple[bool | None, str]:
        try:
            login = secret.login(environment)
        except HavenError as problem:
            return None, f"It was not asked by SQL: {problem.message}"
        try:
            with closing(self._logged_in(login, address, host, port)) as connection:
                standby = _is_standby(connection)
        except TimeoutError:
            return False, "It gave no answer to SQL in time."
        except psycopg.Error as error:
            writable, words = meaning(error)
            if writable is None:
                secret.forget(environment)  # it may have been rotated
            return writable, words
        if standby:
            return False, "By SQL it says that it is a standby: it does not take writes."
        return True, "By SQL it says that it is the primary: it takes writes."

    def _logged_in(self, login: Login, address: str, host: str, port: int) -> "psycopg.Connection[Any]":
        verified = {"sslmode": "verify-full", "sslrootcert": str(self._ca_file)} if self._ca_file else {}
        return psycopg.connect(
            host=host,
            hostaddr=address,
            port=port,
            user=login.username,
            password=login.password,
            dbname=login.database,
            connect_timeout=SQL_CONNECT_SECONDS,
            application_name="haven-probe",
            options="-c statement_timeout=2000",
            autocommit=True,
            **({"sslmode": "require", **verified} if self._tls else {"sslmode": "disable"}),  # type: ignore[arg-type]
        )


def _connects(address: str, host: str, port: int) -> tuple[bool | None, str]:
    try:
        with socket.create_connection((address, port), timeout=CONNECT_SECONDS):
            return True, f"{host} takes connections."
    except TimeoutError:
        return False, f"{host} did not take a connection within {CONNECT_SECONDS:g} s."
    except ConnectionRefusedError:
        return False, f"{host} refuses connections."
    except OSError as error:
        if error.errno in _NO_WAY_THERE:
            return None, f"{host} cannot be reached from where Haven runs: there is no way to its address."
        return False, f"{host} broke off the connection."


def _is_standby(connection: "psycopg.Connection[Any]") -> bool:
    """libpq asked directly, for waiting with a limit: a server that is gone says nothing at all."""
    pg, until = connection.pgconn, time.monotonic() + SQL_SECONDS
    pg.send_query(QUESTION)
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([pg.socket], [], [], left)[0]:
            raise TimeoutError
        pg.consume_input()
        if not pg.is_busy():
            break
    result = pg.get_result()
    if result is None or result.status != ExecStatus.TUPLES_OK:
        raise psycopg.OperationalError("the question was refused")
    return result.get_value(0, 0) == b"t"


def meaning(error: psycopg.Error) -> tuple[bool | None, str]:
    """What a failed SQL probe says of writes, without the driver's own text: it names users and addresses."""
    text = str(error)
    if isinstance(error, psycopg.errors.ConnectionTimeout) or any(words in text for words in _BROKE_OFF):
        return False, "It broke off while being asked by SQL."
    if any(words in text for words in _NOT_SERVING):
        return False, "It is starting or stopping, and does not serve SQL yet."
    if "password authentication failed" in text or "no pg_hba.conf entry" in text:
        return None, "It was not asked by SQL: the probe's login was not accepted."
    if "certificate" in text:
        return None, "It was not asked by SQL: its certificate could not be verified."
    return None, f"It could not be asked by SQL ({type(error).__name__})."
