"""An AWS with one database that fails over when asked, told by RDS's own events, behind the ports."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.domain.access import Role
from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.event import Came, CloudEvent
from services.domain.failover.facts import Probe
from services.domain.operation import Operation, Target
from services.domain.snapshot import Snapshot
from services.ports import Receipt
from services.usecases.engine import Engine
from services.usecases.failing_over import FailoverProcedure
from services.usecases.failover_history import FailoverHistory
from services.usecases.failovers import FailoverRequest, Failovers
from services.usecases.intake import Intake
from services.usecases.operations import Operations
from tests import builders as b
from tests.builders import ZONES
from tests.fakes.clock import MovableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.leases import MemoryLeases
from tests.fakes.store import MemoryUnit

ADA, BOB = b.actor(Role.OPERATOR, "ada"), b.actor(Role.OPERATOR, "bob")
ADMIN, VIEWER = b.actor(Role.ADMIN, "root.admin"), b.actor(Role.VIEWER, "vic")
STALE_AFTER, APART = timedelta(minutes=1), timedelta(minutes=30)
SCRIPT = (
    (10, "Multi-AZ instance failover started."),
    (25, "DB instance restarted"),
    (45, "Multi-AZ instance failover completed"),
    (45, "The user requested a failover of the DB instance."),
)


def shape() -> Snapshot:
    """The healthy production, whose services' stacks say how large their connection pools are."""
    whole = b.snapshot()
    sized = [replace(stack, parameters=(*stack.parameters, ("PoolSize", "10"))) for stack in whole.stacks]
    pools = tuple(
        more if more.name.startswith("service") else one for more, one in zip(sized, whole.stacks, strict=True)
    )
    return replace(whole, stacks=pools)


@dataclass
class Aws:
    """The far side. `asked_at` is when a failover began; `script` what RDS says of it, seconds after."""

    clock: MovableClock
    shape: Snapshot = field(default_factory=shape)
    asked_at: datetime | None = None
    calls: int = 0
    refuses: HavenError | None = None
    script: Sequence[tuple[int, str]] = SCRIPT
    mute: bool = False
    status: str = ""
    queued: list[CloudEvent] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    lists_fail: HavenError | None = None
    no_route: bool = False

    # CloudReader
    def read(self, environment: Environment, previous: Snapshot | None, *, metrics: bool) -> Snapshot:
        now = self.clock.now()
        since = (now - self.asked_at).total_seconds() if self.asked_at else None
        database = self.shape.databases[0]
        if since is not None and since < 80:
            database = replace(database, status="rebooting")
        if since is not None and since >= 120:
            database = replace(database, zone=database.secondary_zone, secondary_zone=database.zone)
        if self.status:
            database = replace(database, status=self.status)
        seen = replace(self.shape, taken_at=now, databases=(database,), readings=b.readings(now))
        return replace(seen, databases=(replace(database, latest_restorable=now - timedelta(minutes=4)),))

    # FailoverCaller
    def ready(self, environment: Environment) -> None:
        return

    def fail_over(self, environment: Environment, operation: Operation) -> Receipt:
        if self.refuses:
            raise self.refuses
        self.calls += 1
        self.asked_at = self.clock.now()
        return Receipt(f"request-{self.calls}")

    # EventReader
    def events(
        self, environment: Environment, snapshot: Snapshot, source: str, since: datetime
    ) -> Sequence[CloudEvent]:
        if self.lists_fail:
            raise self.lists_fail
        return [event for event in self.said() if source == "rds" and event.at >= since and not self.mute]

    def said(self) -> list[CloudEvent]:
        if self.asked_at is None:
            return []
        made = [
            replace(b.cloud_event(words), at=self.asked_at + timedelta(seconds=after), received_at=self.clock.now())
            for after, words in self.script
        ]
        return [event for event in made if event.at <= self.clock.now()]

    # EventQueue
    def receive(self, environment: Environment, snapshot: Snapshot) -> tuple[Sequence[CloudEvent], Sequence[str]]:
        batch, self.queued = self.queued[:10], self.queued[10:]
        return [replace(event, came=Came.QUEUE) for event in batch], [event.message for event in batch]

    def done(self, environment: Environment, snapshot: Snapshot, handles: Sequence[str]) -> None:
        self.taken += handles

    # Prober
    def probe(self, environment: Environment, host: str, port: int, engine: str) -> Probe:
        now = self.clock.now()
        if self.no_route:
            return Probe(now, None, None, "There is no route.")
        out = self.asked_at is not None and 10 <= (now - self.asked_at).total_seconds() < 30
        return Probe(now, not out, None, "refused" if out else "accepted")


@dataclass
class Scene:
    """Everything of a failover over that AWS, with time moved by the test."""

    protected: bool = False
    unit: MemoryUnit = field(default_factory=MemoryUnit)
    clock: MovableClock = field(default_factory=MovableClock)

    def __post_init__(self) -> None:
        self.aws, self.journal, self.leases = Aws(self.clock), MemoryJournal(self.clock), MemoryLeases(self.clock)
        self.count = 0
        self.intake = Intake(self.unit, self.clock, self.aws, self.aws)
        self.procedure = FailoverProcedure(
            self.unit, self.clock, self.aws, self.aws, self.aws, self.intake, stale_after=STALE_AFTER, apart=APART
        )
        self.failovers = Failovers(
            self.unit,
            self.clock,
            self._id,
            stale_after=STALE_AFTER,
            apart=APART,
            approval_for=timedelta(hours=1),
            begin_within=timedelta(minutes=30),
        )
        self.operations = Operations(self.unit, self.clock, self.procedure.steps)
        self.history = FailoverHistory(self.unit, self.clock)
        self.engine = Engine(
            self.unit,
            self.clock,
            self.leases,
            self.journal,
            {"failover": self.procedure},
            holder="worker",
            lease_for=timedelta(seconds=10),
            monotonic=lambda: 0.0,
        )
        with self.unit() as store:
            store.environments.add(b.environment(protected=self.protected))
        self.snap()

    def _id(self) -> str:
        self.count += 1
        return f"op-{self.count}"

    def snap(self) -> None:
        """The worker's tick."""
        with self.unit() as store:
            seen = self.aws.read(b.environment(), None, metrics=True)
            store.snapshots.put(seen, changed=True, verdict="healthy", summary="", token=1)

    def request(self, **changes: object) -> FailoverRequest:
        made = FailoverRequest(
            environment="production",
            kind=Target.DATABASE_INSTANCE,
            target="production-app",
            expected_zone=ZONES[0],
            expected_primary="production-app",
            typed_name="production-app",
            reason="us-east-1a is degraded",
            ticket="OPS-4471",
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def run(self, id: str = "op-1", times: int = 1, seconds: float = 5) -> Operation:
        for _ in range(times):
            self.engine.advance(id)
            self.clock.move(seconds=seconds)
            self.snap()
        return self.operations.view(VIEWER, id).operation

    def ledger(self) -> list[tuple[str, str, str]]:
        with self.unit(readonly=True) as store:
            return [(e.actor, e.action, e.outcome) for e in reversed(store.ledger.read())]
