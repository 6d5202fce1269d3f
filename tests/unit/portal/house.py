"""A whole Haven over a database in memory: the real use cases, no AWS, no cryptography, no file but the cookie key."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from portal.app import create_app
from services.bootstrap import Haven
from services.bootstrap.deployments import desks
from services.catalogue import PackagedCatalogue, effective, specs
from services.domain.access import SYSTEM, Role
from services.domain.environment import Environment
from services.domain.failover.steps import steps_for
from services.domain.history import fingerprint
from services.domain.operation import Operation, Step
from services.domain.scaling.steps import steps_for as steps_for_scaling
from services.domain.snapshot import Snapshot
from services.ports import CloudReader, Provisioner, StackCaller, StackReader
from services.settings import Settings
from services.usecases.access import Access
from services.usecases.carrying import Carrying
from services.usecases.carrying_out import KIND as CARRY
from services.usecases.carrying_out import STEPS as CARRY_STEPS
from services.usecases.environments import Environments
from services.usecases.failover_history import FailoverHistory
from services.usecases.failovers import Failovers
from services.usecases.freezes import Freezes
from services.usecases.ledger import Ledger
from services.usecases.operations import Operations
from services.usecases.pauses import Pauses
from services.usecases.replays import Replays
from services.usecases.scaling_documents import read_change
from services.usecases.scalings import KIND as SCALING
from services.usecases.scalings import Scalings
from services.usecases.snapshots import Snapshots
from services.usecases.temporary import TemporaryEdits
from services.usecases.users import Users
from tests import builders
from tests.fakes.clock import MovableClock
from tests.fakes.reader import ScriptedReader
from tests.fakes.secrets import CountingTokens, PlainPasswords
from tests.fakes.stack_looks import LookedStacks
from tests.fakes.store import MemoryUnit

PASSWORD = "correct horse battery"


@dataclass
class House:
    """What `services.bootstrap.Haven` is to the portal, with handles for tests. `problems` is what `ready` answers."""

    settings: Settings
    unit: MemoryUnit = field(default_factory=MemoryUnit)
    clock: MovableClock = field(default_factory=MovableClock)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        tokens, passwords = CountingTokens(), PlainPasswords()
        self.access = Access(
            self.unit,
            self.clock,
            tokens,
            passwords,
            idle=timedelta(seconds=self.settings.session_idle),
            absolute=timedelta(seconds=self.settings.session_absolute),
            lockout_after=self.settings.lockout_after,
            lockout_for=timedelta(seconds=self.settings.lockout_for),
        )
        self.users = Users(self.unit, self.clock, tokens, passwords)
        self.environments = Environments(self.unit, self.clock, PackagedCatalogue().blueprints())
        self.snapshots = Snapshots(
            self.unit,
            self.clock,
            ScriptedReader(builders.snapshot()),
            fingerprint=fingerprint,
            judge=lambda *_: ("healthy", "as built"),
        )
        self.ledger = Ledger(self.unit)
        half_hour, numbers = timedelta(minutes=30), itertools.count(1)
        self.failovers = Failovers(
            self.unit,
            self.clock,
            lambda: f"id-{next(numbers)}",
            stale_after=timedelta(seconds=self.settings.stale_after),
            apart=half_hour,
            approval_for=2 * half_hour,
            begin_within=half_hour,
        )
        self.failover_history = FailoverHistory(self.unit, self.clock)
        self.scalings = Scalings(
            self.unit,
            self.clock,
            lambda: f"id-{next(numbers)}",
            stale_after=timedelta(seconds=self.settings.stale_after),
            begin_within=half_hour,
        )
        self.replays = Replays(self.unit, self.clock, PackagedCatalogue())
        self.carrying = Carrying(
            self.unit,
            self.clock,
            cast(Provisioner, None),  # the pages look; a worker makes change sets
            specs,
            effective,
            lambda: f"id-{next(numbers)}",
            stale_after=timedelta(seconds=self.settings.stale_after),
            begin_within=half_hour,
        )
        self.stack_looks = LookedStacks()
        of_stacks = desks(
            self.settings,
            self.unit,
            self.clock,
            cast(StackReader, self.stack_looks),  # what a test needs of AWS beside looks it brings itself
            cast(StackCaller, None),
            cast(CloudReader, None),
            PackagedCatalogue(),
            self.carrying,
            lambda: f"id-{next(numbers)}",
        )
        self.deployments, self.recoveries = of_stacks.deployments, of_stacks.recoveries
        self.upgrades, self.drifts = of_stacks.upgrades, of_stacks.drifts
        self.template_versions, self.environment_checks = of_stacks.template_versions, of_stacks.environment_checks
        self._procedures = of_stacks.procedures
        self.operations = Operations(self.unit, self.clock, self._steps, voids=of_stacks.voids)
        self.temporary_edits = TemporaryEdits(self.unit, self.clock, self.scalings)
        self.pauses = Pauses(self.unit, self.clock, lambda: f"id-{next(numbers)}")
        self.freezes = Freezes(self.unit, self.clock, lambda: f"id-{next(numbers)}")

    def ready(self) -> list[str]:
        """What keeps this process from serving."""
        return list(self.problems)

    def add_people(self, roles: Iterable[Role] = Role) -> None:
        """One person of each role, named after it, all with PASSWORD. `admin-2` keeps admin from being the last."""
        for role in roles:
            self.users.add(SYSTEM, role.value, role, PASSWORD)
        self.users.add(SYSTEM, "admin-2", Role.ADMIN, PASSWORD)

    def add_environment(self, snapshot: Snapshot | None, environment: Environment) -> None:
        """An environment, with its newest snapshot unless there is none yet."""
        with self.unit() as store:
            store.environments.add(environment)
        if snapshot:
            self.put(snapshot)

    def put(self, snapshot: Snapshot, *, changed: bool = True) -> None:
        """The newest snapshot of its environment."""
        with self.unit() as store:
            store.snapshots.put(snapshot, changed=changed, verdict="healthy", summary="", token=1)

    def _steps(self, operation: Operation) -> Sequence[Step[Any]]:
        """As the procedure of its kind gives them."""
        if operation.kind in self._procedures:
            return self._procedures[operation.kind].steps(operation)
        if operation.kind == SCALING:
            return steps_for_scaling(read_change(operation.wants("change")))
        return CARRY_STEPS if operation.kind == CARRY else steps_for(operation.target_kind)

    @property
    def actions(self) -> list[tuple[str, str, str]]:
        """The ledger, oldest first: actor, action, target."""
        with self.unit(readonly=True) as store:
            return [(e.actor, e.action, e.target) for e in reversed(store.ledger.read(limit=500))]


def house(home: Path, *, filled: bool = True, **settings: object) -> House:
    """A house; when `filled` with one person of each role, and production (healthy) and legacy (as found)."""
    values = {"cookie_secure": False, "home": home, "_env_file": None} | settings
    made = House(Settings(**values))  # type: ignore[arg-type]
    if filled:
        made.add_people()
        made.add_environment(builders.snapshot(), builders.environment("production"))
        legacy = builders.environment("legacy", blueprint="single-az", protected=False)
        made.add_environment(builders.legacy_snapshot(), legacy)
    return made


class _Compiled(BytecodeCache):
    """Templates as Python has compiled them, once for all the applications of a process."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Where it is known under this name and this text."""
        if code := self._known.get(f"{bucket.key}:{bucket.checksum}"):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember it."""
        self._known[f"{bucket.key}:{bucket.checksum}"] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def app(made: House) -> Flask:
    """The real application over a house."""
    built = create_app(cast(Haven, made))
    built.testing = False
    built.jinja_env.bytecode_cache = _COMPILED
    return built


def log_in(client: FlaskClient, name: str = "admin", password: str = PASSWORD, **more: str) -> int:
    """Log in through the form, CSRF token and all; the answer's status."""
    form = {"name": name, "password": password, "csrf_token": token(client, "/login"), **more}
    return client.post("/login", data=form).status_code


def token(client: FlaskClient, page: str) -> str:
    """The CSRF token of the forms on a page."""
    text = client.get(page).get_data(as_text=True)
    return text.partition('name="csrf_token" value="')[2].partition('"')[0]
