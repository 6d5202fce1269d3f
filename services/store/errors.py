"""The only reader of SQLAlchemy's and the drivers' errors: whatever leaves the store is sorted by who acts next."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from services.domain.errors import HavenError, Misconfigured, NotNow, OutcomeUnknown

BUSY = "Haven's own database is busy."
_UNMIGRATED = ("no such table", "no such column", "UndefinedTable", "UndefinedColumn")
_CONTENDED = ("SQLITE_BUSY", "SQLITE_LOCKED", "DeadlockDetected", "SerializationFailure", "LockNotAvailable")
_WRONG_FILE = {
    "SQLITE_CANTOPEN": "Haven's database file cannot be opened: check HAVEN_HOME or HAVEN_DATABASE_URL.",
    "SQLITE_READONLY": "Haven's database file, or its directory, cannot be written.",
    "SQLITE_CORRUPT": "Haven's database file is damaged: restore it from a backup.",
    "SQLITE_NOTADB": "Haven's database file is not an SQLite database.",
    "SQLITE_FULL": "The disk under Haven's database is full.",
}
_WRONG_LOGIN = ("password authentication failed", "no pg_hba.conf entry", "does not exist", "not permitted to log in")
_READ_ONLY = "25006"


class Away(NotNow):
    """The database cannot be reached."""

    def __init__(self) -> None:
        super().__init__("Haven's own database does not answer.")


@contextmanager
def translated(*, committing: bool = False, readonly: bool = False) -> Iterator[None]:
    """Raise Haven's errors instead of the database's. While `committing`, a lost connection means a lost answer."""
    try:
        yield
    except exc.DBAPIError as problem:
        if readonly and _refused_write(problem):
            raise RuntimeError("A read-only unit of work tried to write.") from problem
        understood = understand(problem, committing=committing)
        if understood is None:
            raise
        raise understood from problem
    except exc.TimeoutError as problem:  # every connection of the pool is taken
        raise NotNow(BUSY, retry_after=2.0) from problem


def understand(problem: exc.DBAPIError, *, committing: bool = False) -> HavenError | None:
    """What a database error means to Haven; None for a bug (a broken constraint nobody caught, wrong SQL)."""
    name, state = _name(problem), getattr(problem.orig, "sqlstate", None)
    if any(words in f"{name} {problem.orig}" for words in _UNMIGRATED):
        return Misconfigured("Haven's database is not at this version's tables: run `haven migrate`.")
    for start, message in _WRONG_FILE.items():
        if name.startswith(start):
            return Misconfigured(message)
    if state is None and "FATAL" in str(problem.orig) and any(w in str(problem.orig) for w in _WRONG_LOGIN):
        # The driver gives no SQLSTATE for a refused connection, only the server's words.
        return Misconfigured("Haven's database refuses the user, the password or the database name of its URL.")
    if state == _READ_ONLY:
        return NotNow("Haven's own database is failing over: the server it reached only reads.")
    if name.startswith(_CONTENDED):
        return NotNow(BUSY, retry_after=2.0)
    if committing and problem.connection_invalidated:
        return OutcomeUnknown("Haven's own database did not say whether the change was kept. Look before repeating it.")
    if name == "SQLITE_ERROR":  # wrong SQL, which SQLite's driver calls operational too
        return None
    if problem.connection_invalidated or isinstance(problem, exc.OperationalError | exc.InterfaceError):
        return Away()
    return None


def _name(problem: exc.DBAPIError) -> str:
    return getattr(problem.orig, "sqlite_errorname", None) or type(problem.orig).__name__


def _refused_write(problem: exc.DBAPIError) -> bool:
    return _name(problem).startswith("SQLITE_READONLY") or getattr(problem.orig, "sqlstate", None) == _READ_ONLY
