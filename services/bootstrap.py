"""The one place where the halves meet: builds everything once from the settings. No logic of its own."""

import base64
import logging
import os
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog

from provisioning import blueprint as blueprints
from provisioning.template import template
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
from services.domain.environment import Environment
from services.domain.errors import HavenError, Invalid
from services.domain.health import verdict
from services.domain.history import fingerprint
from services.domain.snapshot import Snapshot
from services.ports import Clock, Journal, Leases, StackSpec
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
from services.usecases.engine import Engine
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
from services.usecases.procedure import Procedure
from services.usecases.provisioning import Provisioning
from services.usecases.replays import Replays
from services.usecases.scaling_change import ScalingProcedure
from services.usecases.scalings import KIND as SCALING
from services.usecases.scalings import Scalings
from services.usecases.snapshots import Snapshots
from services.usecases.temporary import TemporaryEdits
from services.usecases.users import Users

__all__ = ["Haven", "Outside", "SystemClock", "build", "log_as_json", "migrate", "render", "specs", "stop_on_signals"]
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
    carrying = CarryProcedure(provisioner)
    procedures: Mapping[str, Procedure[Any]] = {FAILOVER: failing_over, SCALING: changing, CARRY: carrying}
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
        environments=Environments(unit, clock),
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
        replays=Replays(unit, clock),
        carrying=Carrying(
            unit, clock, provisioner, specs, effective, _new_id, stale_after=stale_after, begin_within=begin_within
        ),
        temporary_edits=TemporaryEdits(unit, clock, scalings),
        operations=Operations(unit, clock, lambda each: procedures[each.kind].steps(each), begin_within=begin_within),
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


def render(blueprint: str, environment: str) -> str:
    """What a blueprint would deploy, as YAML, in order."""
    return blueprints.render(_load(blueprint), environment)


def specs(environment: Environment, overrides: Mapping[str, Mapping[str, str]] | None = None) -> tuple[StackSpec, ...]:
    """The stacks of an environment's blueprint, in deployment order. Raises Invalid, with `<stack>.<parameter>` as
    fields, for overrides that do not fit."""
    try:
        planned = _load(environment.blueprint).stacks(environment.name, overrides or {})
    except blueprints.BlueprintError as problem:
        raise Invalid(str(problem), problem.fields) from problem
    return tuple(
        StackSpec(s.name, s.template, s.parameters, s.inputs, s.after, s.policy, s.termination_protection)
        for s in planned
    )


def effective(spec: StackSpec) -> Mapping[str, str]:
    """The values of a stack's parameters, its template's defaults filled in."""
    return template(spec.template).effective(dict(spec.parameters))


def _load(name: str) -> blueprints.Blueprint:
    try:
        return blueprints.load(name)
    except blueprints.BlueprintError as problem:
        raise Invalid(str(problem)) from problem


def log_as_json(process: str) -> None:
    """Log one JSON object a line to standard error, with the process's name."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM or SIGINT sets, however often and to whichever thread they come.

    Python's own handlers run only in the main thread, which does not wake while it waits for a lock if the system gave
    the signal to another thread (as it does right after SIGCONT). So a thread reads them from the wake-up pipe.
    """
    stopping, (heard, wake) = threading.Event(), os.pipe()
    os.set_blocking(wake, False)
    asked = (signal.SIGTERM, signal.SIGINT)
    for number in asked:
        signal.signal(number, lambda _got, _frame: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def watch() -> None:
        while os.read(heard, 1)[0] not in asked:
            continue
        stopping.set()

    threading.Thread(target=watch, name="stop-on-signals", daemon=True).start()
    return stopping
