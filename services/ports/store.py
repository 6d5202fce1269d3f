"""Transactions and leases."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from services.ports.deploying import Drifts, Plans, StackEvents, Templates
from services.ports.events import Episodes, Events
from services.ports.ledger import Ledger
from services.ports.operations import Freezes, Operations, Pauses
from services.ports.people import Sessions, Users
from services.ports.scaling import Activities, Edits, Metrics
from services.ports.snapshots import Environments, Snapshots


class Store(Protocol):
    """One transaction's view of the database."""

    users: Users
    sessions: Sessions
    environments: Environments
    snapshots: Snapshots
    ledger: Ledger
    operations: Operations
    pauses: Pauses
    freezes: Freezes
    events: Events
    episodes: Episodes
    metrics: Metrics
    activities: Activities
    edits: Edits
    plans: Plans
    stack_events: StackEvents
    templates: Templates
    drifts: Drifts


class UnitOfWork(Protocol):
    """Opens transactions. `with unit() as store:` commits at the end and rolls back when anything raises. No AWS call
    is made inside one. An unreachable database raises NotNow: nothing was done. A commit whose answer was lost raises
    OutcomeUnknown. With `readonly` the database refuses writes, and the reader never waits for a writer."""

    def __call__(self, *, readonly: bool = False) -> AbstractContextManager[Store]: ...


@dataclass(frozen=True)
class Lease:
    """Permission to do one job until it runs out. Every write made under it carries `token` (fencing)."""

    name: str
    holder: str
    token: int


class Leases(Protocol):
    """Leases by the database's own clock; each call is its own short transaction."""

    def acquire(self, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Take or renew; None while another holds it. A new holder gets a higher token than any before."""
        ...

    def release(self, lease: Lease) -> None: ...
