"""Bring a database to this version's tables. Safe to call from several processes at once: one works, the rest wait."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection

from services.domain.errors import Misconfigured
from services.store.engine import make_engine
from services.store.errors import translated

SCRIPTS = Path(__file__).parents[2] / "migrations"
WAIT_SECONDS = 60
_TURNS: dict[str, tuple[tuple[str, ...], str]] = {
    # The engine's BEGIN IMMEDIATE is the lock; BUSY_SECONDS is how long others wait for it.
    "sqlite": ((), "PRAGMA foreign_key_check"),
    "postgresql": (
        (
            f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'",
            "SET LOCAL statement_timeout = 0",
            "SET LOCAL idle_in_transaction_session_timeout = 0",
            "SELECT pg_advisory_xact_lock(310333818190)",  # "HAVEN" in ASCII: one lock per database
        ),
        "",
    ),
}
"""How a migration takes its turn in the transaction, and what must find nothing at its end."""


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """A connection in one transaction that nobody else migrates in. Everything in it happens, or nothing does."""
    engine = make_engine(url, foreign_keys=False)
    _create_private(engine.url)
    prepare, check = _TURNS[engine.dialect.name]
    try:
        with translated(), engine.connect() as connection, connection.begin():
            for statement in prepare:
                connection.exec_driver_sql(statement)
            yield connection
            if check and (broken := connection.exec_driver_sql(check).all()):
                raise Misconfigured(f"The migration would break {len(broken)} references; nothing was changed.")
    finally:
        engine.dispose()


def upgrade(url: str, revision: str = "head") -> None:
    """Upgrade to a revision. Raises Misconfigured when the database is newer than this version of Haven."""
    with migrating(url) as connection:
        _run(command.upgrade, connection, revision)


def downgrade(url: str, revision: str) -> None:
    """Downgrade to a revision; `base` removes every table and what is in it."""
    with migrating(url) as connection:
        _run(command.downgrade, connection, revision)


def current(url: str) -> str | None:
    """The revision the database is at; None before the first migration."""
    engine = make_engine(url)
    try:
        with translated(), engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def missing(url: str) -> str:
    """The revision the database is at when it is not this version's (`none` before the first migration); else empty."""
    at = current(url)
    wanted = ScriptDirectory.from_config(_configuration()).get_current_head()
    return "" if at == wanted else at or "none"


def _create_private(url: URL) -> None:
    """Make a new SQLite file readable by its owner only (it will hold password hashes); its log files follow it."""
    if url.get_backend_name() == "sqlite" and url.database:
        with suppress(OSError):  # what cannot be made here is said when it cannot be opened
            Path(url.database).touch(mode=0o600, exist_ok=True)


def _run(act: Callable[[Config, str], None], connection: Connection, revision: str) -> None:
    configuration = _configuration()
    configuration.attributes["connection"] = connection
    try:
        act(configuration, revision)
    except CommandError as problem:
        raise Misconfigured(f"The database does not fit this version of Haven: {problem}") from problem


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return configuration
