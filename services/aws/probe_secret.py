"""The probe's login, from Secrets Manager: kept in memory for minutes, never shown, never logged."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.aws.errors import translated
from services.aws.session import Sessions
from services.domain.environment import Environment
from services.domain.errors import HavenError, Misconfigured

KEPT_SECONDS = 300.0
REFUSED_SECONDS = 60.0
"""How long a secret that could not be read is not asked for again."""
MALFORMED = "The probe's secret is not a JSON object with `username` and `password`."


@dataclass(frozen=True)
class Login:
    """A database user that may only connect."""

    username: str
    password: str = field(repr=False)
    database: str = "postgres"


class ProbeSecret:
    """Reads one secret, by ARN, with an environment's reader credentials, which need secretsmanager:GetSecretValue on
    it alone. `username` and `password` must be in it, `dbname` may be."""

    def __init__(self, sessions: Sessions, arn: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sessions = sessions
        self._arn = arn
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, Login | HavenError]] = {}

    def login(self, environment: Environment) -> Login:
        """The login, at most five minutes old. Raises Haven's errors, without the secret in their words."""
        key = (environment.reader_role_arn or "", environment.region)
        with self._lock:
            until, found = self._known.get(key, (0.0, None))
        if found is None or self._monotonic() >= until:
            found = self._read(environment)
            kept = KEPT_SECONDS if isinstance(found, Login) else REFUSED_SECONDS
            with self._lock:
                self._known[key] = (self._monotonic() + kept, found)
        if isinstance(found, Login):
            return found
        raise type(found)(found.message)

    def forget(self, environment: Environment) -> None:
        """Read it anew next time, but no sooner than a refused one: it was not accepted."""
        key = (environment.reader_role_arn or "", environment.region)
        with self._lock:
            until, found = self._known.get(key, (0.0, None))
            if found is not None:
                self._known[key] = (min(until, self._monotonic() + REFUSED_SECONDS), found)

    def _read(self, environment: Environment) -> Login | HavenError:
        try:
            with translated():
                client: Any = self._sessions.reader(environment).client("secretsmanager", attempts=1)
                text = client.get_secret_value(SecretId=self._arn).get("SecretString", "")
        except HavenError as problem:
            return problem
        return _login(text)


def _login(text: str) -> Login | HavenError:
    try:
        found = json.loads(text)
    except ValueError:
        return Misconfigured(MALFORMED)
    if not isinstance(found, dict):
        return Misconfigured(MALFORMED)
    username, password, database = found.get("username"), found.get("password"), found.get("dbname") or "postgres"
    if not (isinstance(username, str) and isinstance(password, str) and isinstance(database, str) and username):
        return Misconfigured(MALFORMED)
    return Login(username, password, database)
