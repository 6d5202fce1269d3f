"""The only APScheduler: when each tick runs. Jobs live in code and memory; the database's leases keep workers apart."""

import os
import socket
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as SchedulerThreads
from apscheduler.schedulers.background import BackgroundScheduler

from services.bootstrap import Haven, stop_on_signals
from services.domain.access import SYSTEM
from services.domain.errors import HavenError
from services.domain.motion import moving
from services.worker.ticks import Ticks

log = structlog.get_logger("haven.worker")


def run(haven: Haven) -> None:
    """Work until SIGTERM or SIGINT."""
    stop = stop_on_signals()
    settings = haven.settings
    ticks = Ticks(
        # in a container host and pid repeat; a new process must never share an old one's fencing token
        holder=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
        clock=haven.clock,
        leases=haven.leases,
        environments=lambda: haven.environments.all(SYSTEM),
        snapshots=haven.snapshots,
        lease_for=timedelta(seconds=settings.lease),
        every=lambda last: timedelta(seconds=settings.tick_busy if last and moving(last) else settings.tick),
        submit=_in_background,
    )
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": SchedulerThreads(4)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30},
    )
    look_every = min(1.0, settings.tick_busy / 2, settings.tick / 2)
    scheduler.add_job(ticks.renew, "interval", seconds=max(0.5, settings.lease / 4), id="renew leases")
    scheduler.add_job(ticks.tick, "interval", seconds=look_every, id="take snapshots")
    scheduler.add_job(lambda: _prune(haven), "interval", hours=1, id="prune")
    ticks.renew()
    scheduler.start()
    log.info("worker started", tick=settings.tick)
    stop.wait()
    scheduler.shutdown(wait=False)
    ticks.release()
    log.info("worker stopped")


def _in_background(job: Callable[[], None]) -> None:
    """A daemon thread for each snapshot: there are never more than environments, and none holds up the end. A snapshot
    cut short is harmless: AWS is only read, and the database's transaction happens or does not."""
    threading.Thread(target=job, name="snapshot", daemon=True).start()


def _prune(haven: Haven) -> None:
    try:
        haven.prune()
    except HavenError as problem:
        log.warning("nothing pruned", why=problem.message)
