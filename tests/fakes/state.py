"""The rows of the database in memory."""

from dataclasses import dataclass, field
from datetime import datetime

from services.domain.access import User
from services.domain.deployment.drift import Accepted, DriftReport
from services.domain.deployment.event import StackEvent
from services.domain.deployment.plan import Plan
from services.domain.environment import Environment
from services.domain.event import CloudEvent
from services.domain.failover.episode import Episode
from services.domain.freeze import Freeze
from services.domain.operation import Operation
from services.domain.pause import Pause
from services.domain.scaling.temporary import Edit
from services.domain.scaling.why import Activity
from services.domain.snapshot import Snapshot
from services.ports import Entry, Kept, LoginSession, RunningTemplate, TrailEntry


@dataclass(frozen=True)
class Newest:
    """The newest snapshot of an environment."""

    snapshot: Snapshot
    token: int
    last_number: int


@dataclass(frozen=True)
class Count:
    """Login attempts of a name."""

    failures: int
    last_at: datetime
    locked_until: datetime | None


@dataclass(frozen=True)
class Held:
    """An operation with the highest fencing token seen."""

    operation: Operation
    token: int


@dataclass
class State:
    """Every table. Rows are frozen, so a copy of the dictionaries is a copy of the database."""

    users: dict[str, tuple[User, str]] = field(default_factory=dict)
    attempts: dict[str, Count] = field(default_factory=dict)
    sessions: dict[str, LoginSession] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    newest: dict[str, Newest] = field(default_factory=dict)
    kept: dict[tuple[str, int], tuple[Kept, Snapshot]] = field(default_factory=dict)
    ledger: dict[int, Entry] = field(default_factory=dict)
    operations: dict[str, Held] = field(default_factory=dict)
    trail: dict[tuple[str, int], TrailEntry] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    freezes: dict[str, Freeze] = field(default_factory=dict)
    events: dict[str, CloudEvent] = field(default_factory=dict)
    polls: dict[tuple[str, str], datetime] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    points: dict[tuple[str, str, str, int, int], float] = field(default_factory=dict)
    reads: dict[tuple[str, int, str], int] = field(default_factory=dict)
    activities: dict[tuple[str, str, str], Activity] = field(default_factory=dict)
    edits: dict[str, Edit] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    stack_events: dict[tuple[str, str, str], StackEvent] = field(default_factory=dict)
    templates: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)
    running_templates: dict[tuple[str, str], RunningTemplate] = field(default_factory=dict)
    drifts: dict[tuple[str, str, datetime], DriftReport] = field(default_factory=dict)
    accepted: dict[tuple[str, str, str, str], Accepted] = field(default_factory=dict)

    def copy(self) -> "State":
        """Another one with the same rows."""
        return State(**{name: dict(rows) for name, rows in vars(self).items()})
