"""The one place where the halves meet: builds everything once from the settings. No logic of its own."""

import base64
import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from provisioning.roles import roles_template
from services.aws.deployment_calls import DeploymentCaller
from services.aws.deployment_reader import DeploymentReader
from services.aws.event_queue import EventQueue
from services.aws.events import EventReader
from services.aws.failover_calls import FailoverCaller
from services.aws.journal import S3Journal
from services.aws.probe import Prober
from services.aws.probe_secret import ProbeSecret
from services.aws.reader import CloudReader
from services.aws.scaling_calls import ScalingCaller
from services.aws.scaling_reader import ScalingReader
from services.aws.session import Sessions, Wire
from services.aws.stacks_writer import StackProvisioner
from services.bootstrap.deployments import desks, price_desk
from services.bootstrap.process import log_as_json, stop_on_signals
from services.catalogue import PackagedCatalogue, effective, render, specs
from services.domain.errors import HavenError
from services.domain.health import verdict
from services.domain.history import fingerprint
from services.domain.snapshot import Snapshot
from services.ports import Clock, Journal, Leases
from services.settings import Settings
from services.store import migrate as migrations
from services.store.clock import SystemClock
from services.store.engine import make_engine
from services.store.journal import FileJournal, Journals
from services.store.leases import SqlLeases
from services.store.secrets import Argon2Passwords, RandomTokens
from services.store.unit import SqlUnit
from services.usecases.access import Access
from services.usecases.carrying import Carrying
from services.usecases.carrying_out import KIND as CARRY
from services.usecases.carrying_out import CarryProcedure
from services.usecases.deployments import Deployments
from services.usecases.drifts import Drifts
from services.usecases.engine import Engine
from services.usecases.environment_checks import EnvironmentChecks
from services.usecases.environments import Environments
from services.usecases.failing_over import FailoverProcedure
from services.usecases.failover_history import FailoverHistory
from services.usecases.failovers import KIND as FAILOVER
from services.usecases.failovers import Failovers
from services.usecases.freezes import Freezes
from services.usecases.intake import Intake
from services.usecases.ledger import Ledger
from services.usecases.measuring import Measuring
from services.usecases.operations import Operations
from services.usecases.pauses import Pauses
from services.usecases.plan_tidying import PlanTidying
from services.usecases.pricing import Pricing
from services.usecases.procedure import Procedure
from services.usecases.provisioning import Provisioning
from services.usecases.recoveries import Recoveries
from services.usecases.replays import Replays
from services.usecases.scaling_change import ScalingProcedure
from services.usecases.scalings import KIND as SCALING
from services.usecases.scalings import Scalings
from services.usecases.snapshots import Snapshots
from services.usecases.stack_events import StackEventKeeping
from services.usecases.template_versions import TemplateVersions
from services.usecases.temporary import TemporaryEdits
from services.usecases.upgrades import Upgrades
from services.usecases.users import Users

__all__ = [
    "Haven",
    "Outside",
    "SystemClock",
    "build",
    "effective",
    "log_as_json",
    "migrate",
    "render",
    "roles_template",
    "specs",
    "stop_on_signals",
]
T = TypeVar("T")


class Outside(Protocol):
    """What every part through which Haven touches the world passes once, as it is built: a seam to time, count or cut
    off what goes out. It gives back the part, or something that can stand in its place."""

    def __call__(self, part: T, /) -> T: ...


@dataclass(frozen=True)
class Haven:
    """Everything the doors need, built."""

    settings: Settings
    clock: Clock
    access: Access
    users: Users
    environments: Environments
    environment_checks: EnvironmentChecks
    snapshots: Snapshots
    ledger: Ledger
    provisioning: Provisioning
    leases: Leases
    failovers: Failovers
    failover_history: FailoverHistory
    scalings: Scalings
    measuring: Measuring
    replays: Replays
    carrying: Carrying
    deployments: Deployments
    recoveries: Recoveries
    upgrades: Upgrades
    drifts: Drifts
    stack_events: StackEventKeeping
    template_versions: TemplateVersions
    plan_tidying: PlanTidying
    temporary_edits: TemporaryEdits
    operations: Operations
    pauses: Pauses
    freezes: Freezes
    engine: Engine
    intake: Intake
    holder: str
    """This process's own name for ever, for leases."""

    def ready(self) -> list[str]:
        """What keeps this process from serving, in words; empty when it can."""
        try:
            missing = migrations.missing(self.settings.resolved_database_url)
        except HavenError as problem:
            return [problem.message]
        return [f"The database is at revision {missing}; run `haven migrate`."] if missing else []

    def prune(self) -> None:
        """Forget what the settings no longer keep."""
        self.snapshots.prune()
        self.access.prune()
        self.measuring.prune()


def _as_it_is(part: T) -> T:
    return part


def build(settings: Settings, *, pause: Callable[[float], None] = time.sleep, outside: Outside = _as_it_is) -> Haven:
    """Build Haven. Nothing is contacted yet: an absent database or AWS shows when it is first asked."""
    clock = outside(SystemClock())
    sql = make_engine(settings.resolved_database_url)
    unit, leases = outside(SqlUnit(sql)), outside(SqlLeases(sql))
    sessions = outside(Sessions(_wire(settings), clock))
    reader = CloudReader(sessions, clock)
    tokens, passwords = RandomTokens(), Argon2Passwords()
    intake = Intake(unit, clock, EventReader(sessions, clock), outside(EventQueue(sessions, clock)))
    apart, stale_after = timedelta(seconds=settings.failover_apart), timedelta(seconds=settings.stale_after)
    begin_within = timedelta(seconds=settings.begin_within)
    failing_over = FailoverProcedure(
        unit,
        clock,
        reader,
        outside(FailoverCaller(sessions)),
        _prober(settings, sessions, clock),
        intake,
        stale_after=stale_after,
        apart=apart,
    )
    scaling_reader = ScalingReader(sessions, clock)
    scaling_caller = outside(ScalingCaller(sessions))
    changing = ScalingProcedure(unit, clock, reader, scaling_reader, scaling_caller, stale_after=stale_after)
    provisioner = outside(StackProvisioner(sessions, pause))
    carrying = Carrying(
        unit, clock, provisioner, specs, effective, _new_id, stale_after=stale_after, begin_within=begin_within
    )
    catalogue = PackagedCatalogue()
    made = desks(
        settings,
        unit,
        clock,
        DeploymentReader(sessions),
        outside(DeploymentCaller(sessions, pause, _watch)),
        reader,
        catalogue,
        carrying,
        _new_id,
    )
    procedures: Mapping[str, Procedure[Any]] = {
        FAILOVER: failing_over,
        SCALING: changing,
        CARRY: CarryProcedure(provisioner),
        **made.procedures,
    }
    scalings = Scalings(unit, clock, _new_id, stale_after=stale_after, begin_within=begin_within)
    # in a container host and pid repeat; a new process must never share an old one's fencing token
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    return Haven(
        settings=settings,
        clock=clock,
        access=Access(
            unit,
            clock,
            tokens,
            passwords,
            idle=timedelta(seconds=settings.session_idle),
            absolute=timedelta(seconds=settings.session_absolute),
            lockout_after=settings.lockout_after,
            lockout_for=timedelta(seconds=settings.lockout_for),
        ),
        users=Users(unit, clock, tokens, passwords),
        environments=Environments(unit, clock, catalogue.blueprints()),
        environment_checks=made.environment_checks,
        snapshots=Snapshots(
            unit,
            clock,
            reader,
            fingerprint=fingerprint,
            judge=_judge(stale_after),
            metrics_every=timedelta(seconds=settings.metrics_every),
            keep=timedelta(days=settings.keep_snapshots_days),
        ),
        ledger=Ledger(unit),
        provisioning=Provisioning(unit=unit, provisioner=provisioner, clock=clock, pause=pause),
        leases=leases,
        failovers=Failovers(
            unit,
            clock,
            _new_id,
            stale_after=stale_after,
            apart=apart,
            approval_for=timedelta(seconds=settings.approval_for),
            begin_within=begin_within,
        ),
        failover_history=FailoverHistory(unit, clock),
        scalings=scalings,
        measuring=Measuring(unit, clock, scaling_reader, every=timedelta(seconds=settings.metrics_every)),
        replays=Replays(unit, clock, catalogue),
        carrying=carrying,
        deployments=made.deployments,
        recoveries=made.recoveries,
        upgrades=made.upgrades,
        drifts=made.drifts,
        stack_events=made.stack_events,
        template_versions=made.template_versions,
        plan_tidying=made.plan_tidying,
        temporary_edits=TemporaryEdits(unit, clock, scalings),
        operations=Operations(
            unit,
            clock,
            lambda each: procedures[each.kind].steps(each),
            begin_within=begin_within,
            voids=made.voids,
        ),
        pauses=Pauses(unit, clock, _new_id),
        freezes=Freezes(unit, clock, _new_id),
        engine=Engine(
            unit,
            clock,
            leases,
            outside(_journal(settings, sessions, clock)),
            procedures,
            holder=holder,
            lease_for=timedelta(seconds=settings.lease),
            monotonic=_watch,
        ),
        intake=intake,
        holder=holder,
    )


def pricing(settings: Settings, text: str | None = None) -> Pricing:
    """The desk of list prices, over the packaged file or another one's text. It needs no database."""
    return price_desk(SystemClock(), Sessions(_wire(settings), SystemClock()), text)


def _wire(settings: Settings) -> Wire:
    return Wire(
        endpoint_url=settings.aws_endpoint_url,
        connect_timeout=settings.aws_connect_timeout,
        read_timeout=settings.aws_read_timeout,
        threads=settings.aws_threads,
    )


def _prober(settings: Settings, sessions: Sessions, clock: Clock) -> Prober:
    arn = settings.probe_secret_arn
    return Prober(clock, ProbeSecret(sessions, arn) if arn else None, ca_file=settings.rds_ca_file)


def _journal(settings: Settings, sessions: Sessions, clock: Clock) -> Journal:
    """The file, and the bucket where one is set."""
    file = FileJournal(settings.home / "journal", clock)
    bucket = settings.journal_bucket
    return Journals(file, S3Journal(sessions, bucket, settings.aws_region, clock)) if bucket else file


def _new_id() -> str:
    """Short enough to read out on the telephone, and never guessed or met twice."""
    return base64.b32encode(uuid.uuid4().bytes)[:12].decode().lower()


def _watch() -> float:
    """Seconds on a watch that also goes on while this process, or the machine, is held: a lease does not wait."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _judge(stale_after: timedelta) -> Callable[[Snapshot, datetime], tuple[str, str]]:
    """The verdict's word and sentence, as the history keeps them."""

    def judge(snapshot: Snapshot, now: datetime) -> tuple[str, str]:
        seen = verdict(snapshot, now, stale_after)
        return seen.status, seen.sentence

    return judge


def migrate(settings: Settings) -> None:
    """Bring the database to this version; two processes may do so at once."""
    migrations.upgrade(settings.resolved_database_url)
