"""Environments, reading them from AWS, and their snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.domain.environment import Environment
from services.domain.snapshot import Snapshot


class CloudReader(Protocol):
    """Reads one environment from AWS."""

    def read(self, environment: Environment, previous: Snapshot | None, *, metrics: bool) -> Snapshot:
        """A snapshot of now. A part that fails keeps `previous`'s facts and their time, with a gap; never raises for
        AWS's errors. With `metrics` False the metrics and failovers of `previous` are carried over unread."""
        ...


class Environments(Protocol):
    """Environments."""

    def add(self, environment: Environment) -> None: ...
    def get(self, name: str) -> Environment | None: ...
    def all(self, *, archived: bool = False) -> Sequence[Environment]: ...
    def save(self, before: Environment, after: Environment) -> None:
        """Put `after` in place of `before`, of the same name. Raises Conflict when what is stored is not `before`."""
        ...


@dataclass(frozen=True)
class Kept:
    """A kept snapshot's place in history: its number, when it was first true, until when it was seen unchanged."""

    number: int
    environment: str
    taken_at: datetime
    until: datetime
    verdict: str
    summary: str


class Snapshots(Protocol):
    """Snapshots: the newest of each environment, and the history of those in which something changed."""

    def newest(self, environment: str) -> Snapshot | None: ...
    def put(self, snapshot: Snapshot, *, changed: bool, verdict: str, summary: str, token: int) -> bool:
        """Replace the newest; when `changed` also keep it in history, else stretch the last kept one to now. A write
        carrying a fencing token lower than one seen before changes nothing and returns False."""
        ...

    def kept(self, environment: str, since: datetime, until: datetime, limit: int = 500) -> Sequence[Kept]:
        """Kept snapshots that overlap the window, oldest first."""
        ...

    def at(self, environment: str, when: datetime) -> tuple[Kept, Snapshot] | None:
        """The kept snapshot that was true at that time (the last one taken at or before it)."""
        ...

    def number(self, environment: str, number: int) -> tuple[Kept, Snapshot] | None: ...
    def prune(self, before: datetime) -> int: ...
