"""A world with one thing that can be switched over once, and an engine over it that can die at every effect."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from services.domain.check import Answer, Check
from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.operation import Operation, Sent, Step
from services.ports import Receipt, Store
from services.usecases.engine import Engine
from services.usecases.procedure import Look
from tests import builders as b
from tests.fakes.clock import MovableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.leases import MemoryLeases
from tests.fakes.store import MemoryUnit


class Died(BaseException):
    """The process is gone: nothing of it runs any more, not even an `except Exception`."""


@dataclass
class World:
    """What AWS would be: `calls` counts the requests that reached it; it takes one look for the switch to show."""

    calls: int = 0
    switched: bool = False
    settled: bool = False
    abandoned: str = ""
    blind: HavenError | None = None
    answers: list[BaseException] = field(default_factory=list)
    on_call: Callable[[], None] = lambda: None
    bad: Answer | None = None
    denied: HavenError | None = None

    def settle(self) -> None:
        """The switch takes effect, if one was asked for."""
        self.switched = self.settled = self.calls > 0 and not self.abandoned


@dataclass(frozen=True)
class Seen:
    """Facts of a look."""

    switched: bool
    settled: bool
    abandoned: str


class Switch:
    """`services.usecases.procedure.Procedure` over the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.only_looks = self.harmless = False

    def steps(self, operation: Operation) -> tuple[Step[Seen], ...]:
        return (
            Step(
                "switch",
                "It is switched over",
                lambda seen: seen.switched,
                timedelta(minutes=5),
                acts=not self.only_looks,
                harmless=self.harmless,
                refused_when=lambda seen: seen.abandoned,
                otherwise="Look by hand.",
            ),
            Step("settle", "It has settled", lambda seen: seen.settled, timedelta(minutes=10)),
            Step("tidy", "It is tidy", lambda _: False, timedelta(minutes=1), optional=True),
        )

    def look(self, environment: Environment, operation: Operation) -> Look[Seen]:
        if self.world.blind:
            raise self.world.blind
        seen = Seen(self.world.switched, self.world.settled, self.world.abandoned)
        return Look(seen, {"looked": "yes"} if operation.sent is Sent.YES else {})

    def guard(self, environment: Environment, operation: Operation, facts: Seen) -> list[Check]:
        return [b.check("sound", self.world.bad or Answer.PASS)]

    def baseline(self, operation: Operation, facts: Seen) -> dict[str, str]:
        return {"baseline": "as it was"}

    def ready(self, environment: Environment) -> None:
        if self.world.denied:
            raise self.world.denied

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        self.world.on_call()
        answer = self.world.answers.pop(0) if self.world.answers else None
        if not isinstance(answer, HavenError) or type(answer).__name__ == "OutcomeUnknown":
            self.world.calls += 1
        if answer is not None:
            raise answer
        return Receipt("request-1")


@dataclass
class Scene:
    """An engine over the world. `process` makes another one on the same database, journal and world."""

    unit: MemoryUnit = field(default_factory=MemoryUnit)
    clock: MovableClock = field(default_factory=MovableClock)
    world: World = field(default_factory=World)
    watch: float = 0.0
    processes: int = 0

    def __post_init__(self) -> None:
        self.journal = MemoryJournal(self.clock)
        self.leases = MemoryLeases(self.clock)
        self.switch = Switch(self.world)
        with self.unit() as store:
            store.environments.add(b.environment())
        self.engine = self.process()

    def process(self, unit: object = None, journal: object = None, switch: Switch | None = None) -> Engine:
        self.processes += 1
        return Engine(
            unit or self.unit,  # type: ignore[arg-type]
            self.clock,
            self.leases,
            journal or self.journal,  # type: ignore[arg-type]
            {"failover": switch or self.switch},
            holder=f"worker-{self.processes}",
            lease_for=timedelta(seconds=10),
            monotonic=lambda: self.watch,
        )

    def ask(self, **changes: object) -> None:
        with self.unit() as store:
            store.operations.add(b.operation(**changes))  # type: ignore[arg-type]

    def read(self) -> Operation:
        with self.unit(readonly=True) as store:
            found = store.operations.get("op-1")
        assert found is not None
        return found

    def words(self) -> list[str]:
        with self.unit(readonly=True) as store:
            return [entry.word for entry in store.operations.trail("op-1")]

    def actions(self) -> list[tuple[str, str]]:
        with self.unit(readonly=True) as store:
            return [(entry.action, entry.outcome) for entry in reversed(store.ledger.read())]

    def run(self, times: int = 1, engine: Engine | None = None, seconds: float = 2) -> Operation:
        for _ in range(times):
            (engine or self.engine).advance("op-1")
            self.pass_time(seconds)
        return self.read()

    def pass_time(self, seconds: float) -> None:
        self.clock.move(seconds=seconds)
        self.watch += seconds


class Mortal:
    """Counts the outside effects of a process and dies before or after the chosen one. After that it does nothing."""

    def __init__(self, at: int, after: bool) -> None:
        self.at, self.after, self.count, self.dead = at, after, 0, False

    @contextmanager
    def effect(self) -> Iterator[None]:
        if self.dead:
            raise Died
        self.count += 1
        mine = self.count == self.at
        if mine and not self.after:
            self.dead = True
            raise Died
        yield
        if mine:
            self.dead = True
            raise Died


class MortalUnit:
    """Every writing transaction is an effect."""

    def __init__(self, unit: MemoryUnit, life: Mortal) -> None:
        self._unit, self._life = unit, life

    @contextmanager
    def __call__(self, *, readonly: bool = False) -> Iterator[Store]:
        if self._life.dead:
            raise Died
        if readonly:
            with self._unit(readonly=True) as store:
                yield store
            return
        with self._life.effect(), self._unit() as store:
            yield store


class MortalJournal:
    """Every line is an effect."""

    def __init__(self, journal: MemoryJournal, life: Mortal) -> None:
        self._journal, self._life = journal, life

    def intend(self, operation: Operation) -> None:
        with self._life.effect():
            self._journal.intend(operation)

    def outcome(self, operation: Operation, outcome: str) -> None:
        with self._life.effect():
            self._journal.outcome(operation, outcome)

    def entries(self) -> list:
        return self._journal.entries()


class MortalSwitch(Switch):
    """The call is an effect."""

    def __init__(self, world: World, life: Mortal) -> None:
        super().__init__(world)
        self._life = life

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        with self._life.effect():
            return super().act(environment, operation)
