"""The database engine, built once per process (after a fork), the same promises on SQLite and PostgreSQL.

SQLite: write-ahead log, foreign keys on, real transactions. Python's driver would begin one only before the first
write; here `BEGIN IMMEDIATE` takes the write lock first, so a transaction that read never fails on its later write.
PostgreSQL: dead connections are noticed before use, and no dead server holds a thread for minutes.
"""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from services.domain.errors import Misconfigured

READONLY = "haven_readonly"
"""Execution option: this connection's transactions only read."""
BUSY_SECONDS = 5
CONNECT_SECONDS = 3

_POSTGRESQL = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "haven",
    # A server that vanished without a word (an Availability Zone lost) is noticed within about ten seconds.
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def make_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """An engine for a SQLAlchemy URL; connects to nothing yet. Raises Misconfigured for a URL Haven cannot use.

    `foreign_keys` False is for migrations only, which rebuild SQLite's tables.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
        _prepare_sqlite(engine, foreign_keys=foreign_keys)
        return engine
    engine = create_engine(
        parsed, connect_args=_POSTGRESQL, pool_pre_ping=True, pool_size=8, max_overflow=8, pool_timeout=5
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend, driver = parsed.get_backend_name(), parsed.get_driver_name()
    except (ArgumentError, NoSuchModuleError):  # never repeat the URL: it may hold a password
        raise Misconfigured("HAVEN_DATABASE_URL is not a database URL.") from None
    if (backend, driver) not in {("sqlite", "pysqlite"), ("postgresql", "psycopg")}:
        raise Misconfigured("HAVEN_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise Misconfigured("HAVEN_DATABASE_URL names an in-memory SQLite: web and worker would not share it.")
    return parsed


def _prepare_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    def connected(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `began` below does
        for pragma in ("journal_mode = WAL", f"foreign_keys = {int(foreign_keys)}", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")

    def began(connection: Connection) -> None:
        readonly = bool(connection.get_execution_options().get(READONLY))
        connection.exec_driver_sql(f"PRAGMA query_only = {int(readonly)}")
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", began)


def _prepare_postgresql(connection: Any, _: ConnectionPoolEntry) -> None:
    # Set here and not in the URL's options, which connection poolers in between refuse.
    was, connection.autocommit = connection.autocommit, True
    connection.execute("SET TIME ZONE 'UTC'")
    connection.execute("SET statement_timeout = '15s'")
    connection.execute("SET lock_timeout = '5s'")
    connection.execute("SET idle_in_transaction_session_timeout = '30s'")
    connection.autocommit = was
