"""Operations as people see and steer them: reading, approving, cancelling, resolving."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.access import Actor
from services.domain.event import CloudEvent
from services.domain.operation import Operation
from services.domain.snapshot import Snapshot
from services.ports import TrailEntry


@dataclass(frozen=True)
class StepView:
    """A step as the live page shows it. `state` is `done`, `missed`, `now`, `next` or `not done`; `acts` marks the one
    after which nothing can be taken back; `since` is when it became current, `at` when it was seen; `give_up_at` how
    long at most it is waited for."""

    name: str
    sentence: str
    state: str
    acts: bool
    until: str
    otherwise: str
    since: datetime | None
    at: datetime | None
    give_up_at: datetime | None


@dataclass(frozen=True)
class OperationView:
    """All that the live page shows. `events` are AWS's since it was asked for, newest first; `snapshot` is the newest
    of the environment; `from_memory` says that Haven's own database is away and this is what was seen last."""

    operation: Operation
    trail: Sequence[TrailEntry]
    steps: Sequence[StepView]
    events: Sequence[CloudEvent]
    snapshot: Snapshot | None
    from_memory: bool = False


class Operations:
    """The desk for operations. Whoever may see environments may read; whoever may ask for a kind may cancel and resolve
    it; approving takes the same right and another person than the requester."""

    def view(self, actor: Actor, id: str) -> OperationView:
        """One operation with everything around it. Raises NotFound; NotNow when the database is away and this process
        has not seen it yet."""
        raise NotImplementedError

    def recent(
        self, actor: Actor, *, environment: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> Sequence[Operation]:
        """Newest first."""
        raise NotImplementedError

    def live(self, actor: Actor, environment: str | None = None) -> Sequence[Operation]:
        """Those that are not over, oldest first; empty from memory when the database is away and none was seen."""
        raise NotImplementedError

    def approve(self, actor: Actor, id: str, version: int, *, client: str = "") -> Operation:
        """Approve what was seen at `version`. Raises NotAllowed for the requester, Conflict when it has changed since or
        is no longer waiting."""
        raise NotImplementedError

    def decline(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        """Turn down a request that waits for approval."""
        raise NotImplementedError

    def cancel(self, actor: Actor, id: str, *, client: str = "") -> Operation:
        """Withdraw it; Conflict, saying since when, once something irreversible may have been sent."""
        raise NotImplementedError

    def resume(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        """Have a stuck one watched on. What may have been sent is never sent again."""
        raise NotImplementedError

    def mark_done(self, actor: Actor, id: str, evidence: str, *, client: str = "") -> Operation:
        """End a stuck one as succeeded, with what the person saw."""
        raise NotImplementedError

    def give_up(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        """End a stuck one as failed."""
        raise NotImplementedError
