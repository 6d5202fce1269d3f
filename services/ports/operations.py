"""Operations, their trail, the pause switch, and change freezes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.domain.freeze import Freeze
from services.domain.operation import Operation
from services.domain.pause import Pause


@dataclass(frozen=True)
class TrailEntry:
    """One thing that happened to an operation. `word` sorts it (`asked`, `approved`, `step`, `intent`, `sent`, `lost`,
    `seen`, `measured`, `paused`, `trouble`, `state`, ...); `sentence` is for people; `number` is 0 until stored."""

    operation_id: str
    at: datetime
    actor: str
    word: str
    sentence: str
    detail: dict[str, str] = field(default_factory=dict)
    number: int = 0


class Operations(Protocol):
    """Operations, one live one per target, each with an append-only trail."""

    def add(self, operation: Operation) -> None:
        """Insert. Raises Conflict, naming the operation in the way, when the target has a live one already."""
        ...

    def get(self, id: str) -> Operation | None: ...
    def save(self, operation: Operation, *, token: int | None = None) -> Operation:
        """Put it in place of the stored one and return it with its new version. Raises Conflict when the stored version
        is not the one this was made from, or when a higher fencing token has been seen: then nothing was written.
        People's acts (approve, cancel, resolve) carry no token; they rely on the version alone."""
        ...

    def live(self, environment: str | None = None) -> Sequence[Operation]:
        """Those that hold a target, oldest first."""
        ...

    def on(self, environment: str, target: str) -> Operation | None:
        """The live operation on a target."""
        ...

    def list(
        self,
        *,
        environment: str | None = None,
        kind: str | None = None,
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Operation]:
        """Newest first, asked for before a time."""
        ...

    def record(self, entry: TrailEntry) -> TrailEntry: ...
    def trail(self, operation_id: str) -> Sequence[TrailEntry]:
        """Oldest first."""
        ...


class Pauses(Protocol):
    """The pause switch's settings, past ones included."""

    def add(self, pause: Pause) -> None: ...
    def lift(self, id: str, by: str, at: datetime) -> Pause | None:
        """End one before its time; None when there is no such pause, or it is over already."""
        ...

    def current(self, now: datetime) -> Sequence[Pause]:
        """Those that hold something at a time."""
        ...


class Freezes(Protocol):
    """Change freezes, past and removed ones included."""

    def add(self, freeze: Freeze) -> None:
        """Insert. Raises Conflict when the id is taken."""
        ...

    def remove(self, id: str, by: str, at: datetime) -> Freeze | None:
        """Take one back, begun or not; None when there is no such freeze, or it is over or removed already."""
        ...

    def current(self, now: datetime) -> Sequence[Freeze]:
        """Those that hold something at a time, earliest begun first."""
        ...

    def upcoming(self, now: datetime) -> Sequence[Freeze]:
        """Those that have not begun at a time, soonest first."""
        ...
