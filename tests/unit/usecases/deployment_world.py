"""The deployment desk, its procedures and the engine over the small CloudFormation of `tests.fakes.stacks`, on the real
templates and blueprints: `legacy` as it was found, or a protected `production`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from services.catalogue import PackagedCatalogue, effective, specs
from services.domain.access import Role
from services.domain.environment import Environment
from services.domain.operation import Operation
from services.domain.snapshot import Snapshot
from services.ports import Journal, StackCaller, TemplateParameter, UnitOfWork
from services.usecases.carrying import Carrying
from services.usecases.deploying import DeployProcedure
from services.usecases.deployment_shapes import DeployRequest, PlanRequest, RecoverRequest, Reviewed
from services.usecases.deployments import Deployments
from services.usecases.engine import Engine
from services.usecases.operations import Operations
from services.usecases.planning_out import PlanProcedure
from services.usecases.recovering import RecoverProcedure
from tests import builders as b
from tests.fakes.clock import MovableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.leases import MemoryLeases
from tests.fakes.stacks import FakeStacks
from tests.fakes.store import MemoryUnit

ADMIN, BOB = b.actor(Role.ADMIN, "root.admin"), b.actor(Role.ADMIN, "bob.admin")
OPERATOR, VIEWER = b.actor(Role.OPERATOR, "ada"), b.actor(Role.VIEWER, "vic")
STALE_AFTER = timedelta(minutes=1)
REASON = "Two zones are not enough"


class ReadOnce(PackagedCatalogue):
    """The packaged catalogue, each text parsed once a process."""

    @staticmethod
    @lru_cache(maxsize=64)
    def _document(body: str) -> Mapping[str, Any]:
        return PackagedCatalogue().document(body)

    @staticmethod
    @lru_cache(maxsize=64)
    def _parameters(body: str) -> Sequence[TemplateParameter]:
        return PackagedCatalogue().parameters(body)

    def document(self, body: str) -> Mapping[str, Any]:
        return self._document(body)

    def parameters(self, body: str) -> Sequence[TemplateParameter]:
        return self._parameters(body)


class Cloud:
    """`services.ports.CloudReader` over the stacks; `unwell` is what the services show meanwhile."""

    def __init__(self, aws: FakeStacks, shape: Snapshot) -> None:
        self.aws, self.shape, self.reads = aws, shape, 0

    def read(self, environment: Environment, previous: Snapshot | None, *, metrics: bool) -> Snapshot:
        self.reads += 1
        return self.aws.snapshot(self.shape)


@dataclass
class Scene:
    """Everything of deployments. `deployed` false: nothing is there yet."""

    name: str = "legacy"
    deployed: bool = True
    unit: MemoryUnit = field(default_factory=MemoryUnit)
    clock: MovableClock = field(default_factory=MovableClock)

    def __post_init__(self) -> None:
        self.catalogue = ReadOnce()
        self.aws = FakeStacks(self.clock, self.catalogue)
        self.environment = b.environment(self.name)
        shape = b.legacy_snapshot() if self.name == "legacy" else b.snapshot(self.name)
        self.cloud = Cloud(self.aws, shape)
        self.journal, self.leases, self.count = MemoryJournal(self.clock), MemoryLeases(self.clock), 0
        carrying = Carrying(
            self.unit,
            self.clock,
            self.aws,  # type: ignore[arg-type]
            specs,
            effective,
            self._id,
            stale_after=STALE_AFTER,
            begin_within=timedelta(minutes=30),
        )
        self.desk = Deployments(
            self.unit,
            self.clock,
            self.aws,
            self.catalogue,
            carrying,
            self._id,
            stale_after=STALE_AFTER,
            approval_for=timedelta(hours=4),
            begin_within=timedelta(minutes=30),
        )
        self.procedures = self.made_of(self.unit, self.aws)
        self.operations = Operations(
            self.unit, self.clock, lambda each: self.procedures[each.kind].steps(each), voids={"deploy": self.desk.void}
        )
        self.engine = self.worker("worker", self.unit, self.journal, self.procedures)
        with self.unit() as store:
            store.environments.add(self.environment)
        if self.deployed:
            for spec in self.catalogue.specs(self.environment):
                self.aws.put(self.environment, spec)
        self.clock.move(minutes=1)
        self.snap()

    def made_of(self, unit: Any, caller: StackCaller) -> Mapping[str, Any]:
        """The procedures on a database and a CloudFormation."""
        return {
            "plan": PlanProcedure(unit, self.clock, self.catalogue, self.aws, caller),
            "deploy": DeployProcedure(unit, self.clock, self.catalogue, self.aws, caller, self.cloud),
            "recover": RecoverProcedure(unit, self.clock, self.aws, caller),
        }

    def worker(self, name: str, unit: UnitOfWork, journal: Journal, procedures: Mapping[str, Any]) -> Engine:
        return Engine(
            unit, self.clock, self.leases, journal, procedures,
            holder=name, lease_for=timedelta(seconds=10), monotonic=lambda: 0.0,
        )  # fmt: skip

    def _id(self) -> str:
        self.count += 1
        return f"id{self.count}"

    def snap(self) -> None:
        """The worker's tick."""
        with self.unit() as store:
            seen = self.aws.snapshot(self.cloud.shape)
            store.snapshots.put(seen, changed=True, verdict="healthy", summary="", token=1)
            for each in self.aws.stacks.values():
                store.stack_events.put(self.name, each.events)

    def unprotected(self) -> None:
        """The deletion protection of what holds data, and of the load balancer, was turned off before."""
        for name in ("data", "platform"):
            self.aws.touch(name, DeletionProtection="false")
        shape = self.cloud.shape
        self.cloud.shape = replace(
            shape,
            databases=tuple(replace(each, deletion_protection=False) for each in shape.databases),
            load_balancer=shape.load_balancer and replace(shape.load_balancer, deletion_protection=False),
        )
        self.snap()

    def run(self, id: str, times: int = 80, seconds: float = 5, engine: Engine | None = None) -> Operation:
        """Until it is over."""
        for _ in range(times):
            if not self.read(id).live:
                break
            (engine or self.engine).advance(id)
            self.clock.move(seconds=seconds)
            self.snap()
        return self.read(id)

    def read(self, id: str) -> Operation:
        with self.unit(readonly=True) as store:
            found = store.operations.get(id)
        assert found is not None
        return found

    def ask_plan(self, *stacks: str, values: Mapping[str, Mapping[str, str]] | None = None, **more: Any) -> Operation:
        request = PlanRequest(self.name, stacks=stacks, values=values or {}, **more)
        return self.desk.plan(ADMIN, request, client="127.0.0.1")

    def planned(self, *stacks: str, **more: Any) -> Reviewed:
        """A plan, worked out."""
        operation = self.run(self.ask_plan(*stacks, **more).id)
        return self.desk.review(VIEWER, operation.wants("plan"))

    def request(self, seen: Reviewed, **more: Any) -> DeployRequest:
        made = DeployRequest(seen.plan.id, seen.plan.fingerprint, REASON, "OPS-4471", tuple(seen.to_confirm))
        return replace(made, **more)

    def ask(self, seen: Reviewed, **more: Any) -> Operation:
        return self.desk.request(ADMIN, self.request(seen, **more), client="127.0.0.1")

    def deploy(self, *stacks: str, **more: Any) -> Operation:
        """Plan it, ask for it, and see it through."""
        operation = self.ask(self.planned(*stacks, **more))
        if operation.approve_before is not None:
            operation = self.operations.approve(BOB, operation.id, operation.version)
        return self.run(operation.id)

    def recover(self, stack: str, act: str, *skip: str) -> Operation:
        return self.desk.recover(ADMIN, RecoverRequest(self.name, stack, act, "It has to go on", skip))

    def ledger(self) -> list[tuple[str, str, str]]:
        with self.unit(readonly=True) as store:
            return [(e.actor, e.action, e.outcome) for e in reversed(store.ledger.read())]

    def stack(self, seen: Reviewed, name: str) -> Any:
        return next(each for each in seen.plan.stacks if each.name == name)

    def steps(self, id: str) -> list[str]:
        return [each["name"] for each in json.loads(self.read(id).wants("stacks"))]
