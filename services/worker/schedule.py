"""The only APScheduler: when each tick runs. Jobs live in code and memory; the database's leases keep workers apart."""

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as SchedulerThreads
from apscheduler.schedulers.background import BackgroundScheduler

from services.bootstrap import Haven, stop_on_signals
from services.domain.access import SYSTEM
from services.domain.errors import HavenError
from services.domain.motion import moving
from services.domain.snapshot import Snapshot
from services.worker.deployments import KeepingWithTexts, StackEventTicks, look_for_drift, restore_policies, tidy_plans
from services.worker.listening import EventTicks
from services.worker.measuring import MetricTicks, TakingAndMeasuring
from services.worker.operations import OperationTicks
from services.worker.temporary import end_edits
from services.worker.ticks import Ticks

log = structlog.get_logger("haven.worker")
TIDY_EVERY = 300
"""Seconds between two looks at what abandoned plans left on AWS; nobody waits for it."""


def run(haven: Haven) -> None:
    """Work until SIGTERM or SIGINT."""
    stop = stop_on_signals()
    settings = haven.settings
    operations = OperationTicks(haven.engine, _in_background)
    ticks = Ticks(
        holder=haven.holder,
        clock=haven.clock,
        leases=haven.leases,
        environments=lambda: haven.environments.all(SYSTEM),
        snapshots=TakingAndMeasuring(haven.snapshots, haven.measuring),
        lease_for=timedelta(seconds=settings.lease),
        every=lambda last: timedelta(seconds=settings.tick_busy if _busy(last, operations) else settings.tick),
        submit=_in_background,
    )
    events = EventTicks(
        haven.intake, haven.clock, ticks.held, _in_background, every=timedelta(seconds=settings.events_every)
    )
    metrics = MetricTicks(haven.measuring, ticks.held, _in_background)
    stack_events = StackEventTicks(
        KeepingWithTexts(haven.stack_events, haven.template_versions),
        haven.clock,
        ticks.held,
        lambda: operations.running_in,
        _in_background,
        every=timedelta(seconds=settings.events_every),
    )
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": SchedulerThreads(4)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30},
    )
    look_every = min(1.0, settings.tick_busy / 2, settings.tick / 2)
    scheduler.add_job(ticks.renew, "interval", seconds=max(0.5, settings.lease / 4), id="renew leases")
    scheduler.add_job(ticks.tick, "interval", seconds=look_every, id="take snapshots")
    scheduler.add_job(operations.tick, "interval", seconds=look_every, id="advance operations")
    scheduler.add_job(events.tick, "interval", seconds=settings.tick_busy, id="hear events")
    scheduler.add_job(metrics.tick, "interval", seconds=settings.tick_busy, id="read metrics")
    scheduler.add_job(stack_events.tick, "interval", seconds=settings.tick_busy, id="keep stack events")
    # what is due is in the database: looking often only means that nobody waits long for a turn
    drift_look = min(300.0, settings.drift_every / 4)
    scheduler.add_job(lambda: look_for_drift(haven.drifts), "interval", seconds=drift_look, id="look for drift")
    scheduler.add_job(lambda: restore_policies(haven.recoveries), "interval", seconds=60, id="restore policies")
    tidying = haven.plan_tidying
    scheduler.add_job(lambda: tidy_plans(tidying, ticks.held()), "interval", seconds=TIDY_EVERY, id="tidy plans")
    edits_every = max(1.0, settings.tick_busy)
    scheduler.add_job(lambda: end_edits(haven.temporary_edits), "interval", seconds=edits_every, id="end edits")
    scheduler.add_job(lambda: _prune(haven), "interval", hours=1, id="prune")
    ticks.renew()
    scheduler.start()
    log.info("worker started", tick=settings.tick)
    stop.wait()
    scheduler.shutdown(wait=False)
    ticks.release()
    log.info("worker stopped")


def _busy(last: Snapshot | None, operations: OperationTicks) -> bool:
    """Whether it is worth looking more often: something moves, or an operation runs there."""
    return last is not None and (moving(last) or last.environment in operations.running_in)


def _in_background(job: Callable[[], None]) -> None:
    """A daemon thread for each snapshot, operation and environment listened to: never more than there are of these, and
    none holds up the end. A job cut short is harmless: reading changes nothing, the database's transaction happens or
    does not, and an operation is made to be cut short anywhere."""
    threading.Thread(target=job, name="job", daemon=True).start()


def _prune(haven: Haven) -> None:
    try:
        haven.prune()
    except HavenError as problem:
        log.warning("nothing pruned", why=problem.message)
