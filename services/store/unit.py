"""Transactions. Errors of the database leave here as Haven's own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from services import ports
from services.store.activities import SqlActivities
from services.store.drifts import SqlDrifts
from services.store.edits import SqlEdits
from services.store.engine import READONLY
from services.store.environments import SqlEnvironments
from services.store.episodes import SqlEpisodes
from services.store.errors import Away, translated
from services.store.events import SqlEvents
from services.store.freezes import SqlFreezes
from services.store.ledger import SqlLedger
from services.store.metrics import SqlMetrics
from services.store.operations import SqlOperations
from services.store.pauses import SqlPauses
from services.store.plans import SqlPlans
from services.store.sessions import SqlSessions
from services.store.snapshots import SqlSnapshots
from services.store.stack_events import SqlStackEvents
from services.store.templates import SqlTemplates
from services.store.users import SqlUsers

PAUSE = 1.0
"""Seconds at most during which a database found away is not tried again: an attempt may hold a thread for three."""
PAUSE_LEAST = 0.1
PAUSE_FACTOR = 10
"""An attempt that was refused at once may be repeated soon: the pause is this many times as long as it took."""


@contextmanager
def transaction(engine: Engine, *, readonly: bool = False) -> Iterator[Connection]:
    """A connection in a transaction that commits at the end and rolls back when anything raises."""
    with translated():
        connection = engine.connect()
    with connection:
        if readonly:
            connection = connection.execution_options(postgresql_readonly=True, **{READONLY: True})
        with translated():
            began = connection.begin()
        try:
            with translated(readonly=readonly):
                yield connection
        except BaseException:
            with suppress(DBAPIError):  # the connection is gone, and the transaction with it
                began.rollback()
            raise
        with translated(committing=not readonly):
            began.commit()


class SqlStore:
    """`services.ports.Store` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.users: ports.Users = SqlUsers(connection)
        self.sessions: ports.Sessions = SqlSessions(connection)
        self.environments: ports.Environments = SqlEnvironments(connection)
        self.snapshots: ports.Snapshots = SqlSnapshots(connection)
        self.ledger: ports.Ledger = SqlLedger(connection)
        self.operations: ports.Operations = SqlOperations(connection)
        self.pauses: ports.Pauses = SqlPauses(connection)
        self.freezes: ports.Freezes = SqlFreezes(connection)
        self.events: ports.Events = SqlEvents(connection)
        self.episodes: ports.Episodes = SqlEpisodes(connection)
        self.metrics: ports.Metrics = SqlMetrics(connection)
        self.activities: ports.Activities = SqlActivities(connection)
        self.edits: ports.Edits = SqlEdits(connection)
        self.plans: ports.Plans = SqlPlans(connection)
        self.stack_events: ports.StackEvents = SqlStackEvents(connection)
        self.templates: ports.Templates = SqlTemplates(connection)
        self.drifts: ports.Drifts = SqlDrifts(connection)


class SqlUnit:
    """`services.ports.UnitOfWork` on an engine; safe to share between threads.

    While the database is away, most calls fail at once instead of each waiting for a connection, so that threads
    stay free for the pages that can be shown from memory.
    """

    def __init__(self, engine: Engine, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._monotonic = engine, monotonic
        self._away_until = 0.0

    @contextmanager
    def __call__(self, *, readonly: bool = False) -> Iterator[ports.Store]:
        """One transaction."""
        began = self._monotonic()
        if began < self._away_until:
            raise Away
        try:
            with transaction(self._engine, readonly=readonly) as connection:
                yield SqlStore(connection)
        except Away:
            now = self._monotonic()
            self._away_until = now + min(PAUSE, max(PAUSE_LEAST, PAUSE_FACTOR * (now - began)))
            raise
