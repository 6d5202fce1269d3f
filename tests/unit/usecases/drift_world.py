"""production's stacks as CloudFormation would compare them, the desk for drift over them, and an engine that looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import yaml

from services.domain.access import Role
from services.domain.deployment.drift import Difference, DriftedResource, DriftReport
from services.domain.environment import Environment
from services.domain.errors import HavenError, Refused
from services.domain.operation import Operation
from services.ports import Catalogue, Entry, StackCaller, StackReader, StackStanding
from services.usecases.drifting import DriftProcedure
from services.usecases.drifts import AcceptRequest, Drifts
from services.usecases.engine import Engine
from services.usecases.operations import Operations
from tests import builders as b
from tests.fakes.clock import MovableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.leases import MemoryLeases
from tests.fakes.stack_looks import standing
from tests.fakes.store import MemoryUnit

VIEWER, OPERATOR, ADMIN = (b.actor(role) for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN))
EVERY = timedelta(days=1)
CLASS = Difference("/DBInstanceClass", "db.r6g.large", "db.r6g.xlarge", "NOT_EQUAL")
COUNT = Difference("/DesiredCount", "3", "7", "NOT_EQUAL")
SCALES = """
Resources:
  Service: {Type: AWS::ECS::Service, Properties: {DesiredCount: 3}}
  Target: {Type: AWS::ApplicationAutoScaling::ScalableTarget, Properties: {MinCapacity: 3}}
"""


def drifted(stack: str, logical: str, type: str, *differences: Difference, status: str = "MODIFIED") -> DriftedResource:
    """A resource that is not as its stack says."""
    return DriftedResource(stack, logical, f"{logical.lower()}-1", type, status, differences)


def database(*differences: Difference) -> DriftedResource:
    """The database of the stack `data`."""
    return drifted("data", "Database", "AWS::RDS::DBInstance", *differences)


@dataclass
class Cloud:
    """Detections as CloudFormation runs them: one takes `looks` looks. `found` are drifted resources by stack;
    `refusals` are raised by the next begins of a stack, in turn, and `lost` says why its detection found nothing."""

    clock: MovableClock
    found: dict[str, list[DriftedResource]] = field(default_factory=dict)
    refusals: dict[str, list[HavenError]] = field(default_factory=dict)
    lost: dict[str, HavenError] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    looks: int = 1
    left: dict[str, int] = field(default_factory=dict)

    def start_drift(self, environment: Environment, stack: str) -> str:
        if waiting := self.refusals.get(stack):
            raise waiting.pop(0)
        self.begun.append(stack)
        detection = f"{stack}-{len(self.begun)}"
        self.left[detection] = self.looks
        return detection

    def drift(self, environment: Environment, stack: str, detection: str) -> DriftReport | None:
        if stack in self.lost:
            raise self.lost[stack]
        self.left[detection] -= 1
        if self.left[detection] > 0:
            return None
        found = tuple(self.found.get(stack, ()))
        word = "DRIFTED" if any(each.status != "IN_SYNC" for each in found) else "IN_SYNC"
        name = environment.stack_name(stack)
        return DriftReport(environment.name, stack, f"arn:{name}", self.clock.now(), word, found)

    def standing(self, environment: Environment, stack: str) -> StackStanding | None:
        status = self.status.get(stack, "UPDATE_COMPLETE")
        return standing(environment.stack_name(stack), status=status) if status else None

    def template(self, environment: Environment, stack: str) -> str | None:
        return self.templates.get(stack)


class Documents:
    """The part of the catalogue that drift needs."""

    def version(self, body: str) -> str:
        return f"v{len(body)}"

    def document(self, body: str) -> Mapping[str, Any]:
        found = yaml.safe_load(body)
        if not isinstance(found, dict):
            raise Refused("This is no template.")
        return found


class Scene:
    """`run` advances what is live until nothing is."""

    def __init__(self) -> None:
        self.unit, self.clock = MemoryUnit(), MovableClock()
        self.cloud = Cloud(self.clock)
        numbers = iter(range(1, 1000))
        documents = cast(Catalogue, Documents())
        reader, caller = cast(StackReader, self.cloud), cast(StackCaller, self.cloud)
        self.desk = Drifts(self.unit, self.clock, lambda: f"look-{next(numbers)}", every=EVERY, catalogue=documents)
        self.procedure = DriftProcedure(self.unit, self.clock, reader, caller, documents)
        self.operations = Operations(self.unit, self.clock, self.procedure.steps)
        self.leases, self.journal = MemoryLeases(self.clock), MemoryJournal(self.clock)
        self.engine = self.process()
        with self.unit() as store:
            store.environments.add(b.environment())
            store.snapshots.put(b.snapshot(), changed=True, verdict="healthy", summary="", token=1)

    def process(self) -> Engine:
        """A worker's engine; another one has nothing of the first but the database."""
        return Engine(
            self.unit,
            self.clock,
            self.leases,
            self.journal,
            {"drift": self.procedure},
            holder="worker",
            lease_for=timedelta(seconds=10),
            monotonic=lambda: 0.0,
        )

    def run(self, id: str, times: int = 40, seconds: float = 2) -> Operation:
        """Until it is over, or `times` moves were made."""
        for _ in range(times):
            self.engine.advance(id)
            self.clock.move(seconds=seconds)
            if not self.read(id).live:
                break
        return self.read(id)

    def looked(self) -> Operation:
        """A look from beginning to end."""
        return self.run(self.desk.request(OPERATOR, "production").id)

    def read(self, id: str) -> Operation:
        with self.unit(readonly=True) as store:
            found = store.operations.get(id)
        assert found
        return found

    @property
    def ledger(self) -> Sequence[Entry]:
        """Oldest first."""
        with self.unit(readonly=True) as store:
            return list(reversed(store.ledger.read(limit=200)))


def accepting(difference: Difference = CLASS, **changes: str) -> AcceptRequest:
    """That the class of the database is meant."""
    given = {"path": difference.path, "actual": difference.actual, "reason": "A larger class for the sale."}
    return AcceptRequest(**{"environment": "production", "stack": "data", "logical_id": "Database", **given, **changes})
