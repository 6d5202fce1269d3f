"""An AWS whose services scale by what is written to it, behind the ports, with the scaling desk and the engine over
it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.domain.access import Role
from services.domain.environment import Environment
from services.domain.errors import HavenError, OutcomeUnknown
from services.domain.operation import Operation
from services.domain.scaling import measured
from services.domain.scaling.acts import Call, Write
from services.domain.scaling.change import ScalingChange, ScalingState, after, state_of
from services.domain.scaling.measured import Measured
from services.domain.scaling.series import Series, minute_of
from services.domain.scaling.why import Activity
from services.domain.snapshot import FargateService, Metric, Snapshot
from services.ports import Receipt
from services.usecases.engine import Engine
from services.usecases.operations import Operations
from services.usecases.scaling_change import ScalingProcedure
from services.usecases.scalings import ScalingRequest, Scalings
from services.usecases.temporary import TemporaryEdits
from tests import builders as b
from tests.fakes.clock import MovableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.leases import MemoryLeases
from tests.fakes.store import MemoryUnit

ADMIN, BOB = b.actor(Role.ADMIN, "root.admin"), b.actor(Role.ADMIN, "bob.admin")
OPERATOR, VIEWER = b.actor(Role.OPERATOR, "ada"), b.actor(Role.VIEWER, "vic")
STALE_AFTER = timedelta(minutes=1)
ENV, SERVICE = "production", "rbac"


def shape() -> Snapshot:
    """The healthy production, whose services' stacks say how large their connection pools are."""
    whole = b.snapshot()
    stacks = tuple(
        replace(stack, parameters=(*stack.parameters, ("PoolSize", "10")))
        if stack.name.startswith("service-")
        else stack
        for stack in whole.stacks
    )
    return replace(whole, stacks=stacks)


@dataclass
class Aws:
    """The far side. `answers` are raised by the next writes, in turn (None is done); an unknown one is done all the
    same when `reaches`."""

    clock: MovableClock
    shape: Snapshot = field(default_factory=shape)
    written: list[str] = field(default_factory=list)
    answers: list[HavenError | None] = field(default_factory=list)
    reaches: bool = True
    denied: HavenError | None = None
    cpu: float = 40.0
    cpu_late: timedelta = timedelta(minutes=2)
    read_at: timedelta = timedelta()
    follows: bool = True

    def put(self, service: str = SERVICE, **changes: object) -> None:
        """Change a service from outside."""
        self._replace(service, lambda each: replace(each, **changes))  # type: ignore[arg-type]

    def scale(self, service: str = SERVICE, **changes: object) -> None:
        """Change a service's scaling from outside."""
        scaling = self.of(service).scaling
        assert scaling
        self.put(service, scaling=replace(scaling, **changes))  # type: ignore[arg-type]

    def of(self, service: str = SERVICE) -> FargateService:
        return next(each for each in self.shape.services if each.name == service)

    def max(self, service: str = SERVICE) -> int:
        scaling = self.of(service).scaling
        assert scaling
        return scaling.max_capacity

    # CloudReader
    def read(self, environment: Environment, previous: Snapshot | None, *, metrics: bool) -> Snapshot:
        now = self.clock.now()
        points = [
            Metric(SERVICE, name, self.cpu, "Percent", now - self.cpu_late) for name in (measured.CPU, measured.MEMORY)
        ]
        return replace(self.shape, taken_at=now, readings=b.readings(now - self.read_at), metrics=tuple(points))

    # ScalingReader
    def state(self, environment: Environment, service: FargateService) -> tuple[ScalingState | None, int]:
        here = self.of(service.name)
        return (state_of(here.scaling) if here.scaling else None), here.desired

    def activities(
        self, environment: Environment, snapshot: Snapshot, since: datetime
    ) -> Mapping[str, Sequence[Activity]]:
        return {}

    def metrics(
        self, environment: Environment, snapshot: Snapshot, since: datetime, until: datetime, step: int
    ) -> Sequence[Measured]:
        return []

    # ScalingCaller
    def ready(self, environment: Environment) -> None:
        if self.denied:
            raise self.denied

    def write(self, environment: Environment, service: FargateService, write: Write) -> Receipt:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None and not (isinstance(answer, OutcomeUnknown) and self.reaches):
            raise answer
        self.written.append(write.key)
        self._do(service.name, write)
        if answer is not None:
            raise answer
        return Receipt(f"request-{len(self.written)}")

    def _do(self, service: str, write: Write) -> None:
        here = self.of(service)
        assert here.scaling
        then = after(write.part, state_of(here.scaling))
        scaling = replace(then.scaling, steps=then.steps, labels=then.labels)
        desired = here.desired if write.part.desired_once is None else write.part.desired_once
        if write.call is Call.REGISTER:
            desired = min(max(desired, scaling.min_capacity), scaling.max_capacity)
        running = desired if self.follows else here.running
        self.put(service, scaling=scaling, desired=desired, running=running)

    def _replace(self, name: str, change: object) -> None:
        services = tuple(change(each) if each.name == name else each for each in self.shape.services)  # type: ignore[operator]
        self.shape = replace(self.shape, services=services)


@dataclass
class Scene:
    """Everything of a change of scaling over that AWS, with time moved by the test."""

    protected: bool = True
    unit: MemoryUnit = field(default_factory=MemoryUnit)
    clock: MovableClock = field(default_factory=MovableClock)

    def __post_init__(self) -> None:
        self.aws, self.journal, self.leases = Aws(self.clock), MemoryJournal(self.clock), MemoryLeases(self.clock)
        self.count = 0
        self.procedure = ScalingProcedure(self.unit, self.clock, self.aws, self.aws, self.aws, stale_after=STALE_AFTER)
        self.scalings = Scalings(
            self.unit, self.clock, self._id, stale_after=STALE_AFTER, begin_within=timedelta(minutes=30)
        )
        self.operations = Operations(self.unit, self.clock, self.procedure.steps)
        self.edits = TemporaryEdits(self.unit, self.clock, self.scalings)
        self.engine = Engine(
            self.unit,
            self.clock,
            self.leases,
            self.journal,
            {"scaling": self.procedure},
            holder="worker",
            lease_for=timedelta(seconds=10),
            monotonic=lambda: 0.0,
        )
        with self.unit() as store:
            store.environments.add(b.environment(protected=self.protected))
        self.snap()
        self.load(40.0, tasks=3)

    def _id(self) -> str:
        self.count += 1
        return f"op-{self.count}"

    def snap(self) -> None:
        """The worker's tick."""
        with self.unit() as store:
            seen = self.aws.read(b.environment(), None, metrics=True)
            store.snapshots.put(seen, changed=True, verdict="healthy", summary="", token=1)

    def load(self, cpu: float, tasks: int, minutes: int = 30) -> None:
        """What was measured in the last minutes."""
        end = minute_of(self.clock.now())
        points = {measured.CPU: cpu, measured.MEMORY: cpu, measured.TASKS: float(tasks)}
        with self.unit() as store:
            store.metrics.put(
                ENV, [Measured(SERVICE, n, Series(end - minutes, (v,) * minutes)) for n, v in points.items()]
            )

    def state(self) -> ScalingState:
        """As the form is opened on."""
        found = self.scalings.service(VIEWER, ENV, SERVICE).service.scaling
        assert found
        return state_of(found)

    def request(self, change: ScalingChange, **changes: object) -> ScalingRequest:
        made = ScalingRequest(ENV, SERVICE, change, self.state(), "More room for the sale", "OPS-4471")
        return replace(made, **changes)  # type: ignore[arg-type]

    def ask(self, change: ScalingChange, **changes: object) -> Operation:
        return self.scalings.request(ADMIN, self.request(change, **changes), client="127.0.0.1")

    def run(self, id: str, times: int = 1, seconds: float = 5) -> Operation:
        for _ in range(times):
            self.engine.advance(id)
            self.clock.move(seconds=seconds)
            self.snap()
        return self.operations.view(VIEWER, id).operation

    def make(self, change: ScalingChange, **changes: object) -> Operation:
        """Ask and see it through."""
        return self.run(self.ask(change, **changes).id, 12)

    def ledger(self) -> list[tuple[str, str, str]]:
        with self.unit(readonly=True) as store:
            return [(e.actor, e.action, e.outcome) for e in reversed(store.ledger.read())]
