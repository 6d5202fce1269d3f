"""The database in memory. Trusted only because tests/parity runs the same suite against it, SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services import ports
from services.domain.errors import NotNow
from tests.fakes.deploying import MemoryDrifts, MemoryPlans, MemoryStackEvents, MemoryTemplates
from tests.fakes.history import MemoryEpisodes, MemoryEvents
from tests.fakes.operations import MemoryFreezes, MemoryOperations, MemoryPauses
from tests.fakes.people import MemorySessions, MemoryUsers
from tests.fakes.records import MemoryEnvironments, MemoryLedger, MemorySnapshots
from tests.fakes.scaling import MemoryActivities, MemoryEdits, MemoryMetrics
from tests.fakes.state import State


class MemoryStore:
    """`services.ports.Store`."""

    def __init__(self, state: State) -> None:
        self.users: ports.Users = MemoryUsers(state)
        self.sessions: ports.Sessions = MemorySessions(state)
        self.environments: ports.Environments = MemoryEnvironments(state)
        self.snapshots: ports.Snapshots = MemorySnapshots(state)
        self.ledger: ports.Ledger = MemoryLedger(state)
        self.operations: ports.Operations = MemoryOperations(state)
        self.pauses: ports.Pauses = MemoryPauses(state)
        self.freezes: ports.Freezes = MemoryFreezes(state)
        self.events: ports.Events = MemoryEvents(state)
        self.episodes: ports.Episodes = MemoryEpisodes(state)
        self.metrics: ports.Metrics = MemoryMetrics(state)
        self.activities: ports.Activities = MemoryActivities(state)
        self.edits: ports.Edits = MemoryEdits(state)
        self.plans: ports.Plans = MemoryPlans(state)
        self.stack_events: ports.StackEvents = MemoryStackEvents(state)
        self.templates: ports.Templates = MemoryTemplates(state)
        self.drifts: ports.Drifts = MemoryDrifts(state)


class MemoryUnit:
    """`services.ports.UnitOfWork`. `away` makes it unreachable; `writes` counts committed transactions that wrote."""

    def __init__(self) -> None:
        self.away = False
        self.writes = 0
        self._state = State()
        self._lock = threading.Lock()

    @property
    def inside(self) -> bool:
        """Whether a transaction is open just now."""
        return self._lock.locked()

    @contextmanager
    def __call__(self, *, readonly: bool = False) -> Iterator[ports.Store]:
        """One transaction, after the one before it."""
        if self.away:
            raise NotNow("Haven's own database does not answer.")
        with self._lock:
            draft = self._state.copy()
            yield MemoryStore(draft)
            if draft == self._state:
                return
            if readonly:
                raise RuntimeError("A read-only unit of work tried to write.")
            self._state = draft
            self.writes += 1
