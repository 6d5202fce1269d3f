"""What the worker does, one tick at a time. Time is passed in, so that a test can be the clock.

Each environment has a lease. The worker that holds it takes that environment's snapshots, and every write it makes
carries the lease's fencing token: a worker that stalled past its lease can do nothing on waking.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.snapshot import Snapshot
from services.ports import Clock, Lease, Leases

log = structlog.get_logger("haven.worker")


class Seen(Protocol):
    """What taking a snapshot gives back."""

    @property
    def snapshot(self) -> Snapshot: ...


class Taking(Protocol):
    """The part of the snapshots use case that the worker needs."""

    def take(self, environment_name: str, token: int, /) -> Seen: ...


class Ticks:
    """Leases held, and when each environment is due."""

    def __init__(
        self,
        *,
        holder: str,
        clock: Clock,
        leases: Leases,
        environments: Callable[[], Sequence[Environment]],
        snapshots: Taking,
        lease_for: timedelta,
        every: Callable[[Snapshot | None], timedelta],
        submit: Callable[[Callable[[], None]], object],
    ) -> None:
        self._holder, self._clock, self._leases = holder, clock, leases
        self._environments, self._snapshots = environments, snapshots
        self._lease_for, self._every, self._submit = lease_for, every, submit
        self._held: dict[str, Lease] = {}
        self._due: dict[str, datetime] = {}
        self._busy: set[str] = set()
        self._started: dict[str, datetime] = {}

    def renew(self) -> None:
        """Take or renew the lease of every environment; what another worker holds is left to it."""
        try:
            names = [environment.name for environment in self._environments()]
            held = {name: lease for name in names if (lease := self._acquire(name))}
        except HavenError as problem:
            log.warning("leases not renewed", why=problem.message)
            return
        for name in held.keys() - self._held.keys():
            log.info("lease taken", environment=name, token=held[name].token)
        for name in self._held.keys() - held.keys():
            log.warning("lease lost", environment=name)
        self._held = held

    def tick(self) -> None:
        """Start a snapshot of each held environment that is due and not already being read."""
        now = self._clock.now()
        for name, lease in list(self._held.items()):
            if name in self._busy or self._due.get(name, now) > now:
                continue
            self._busy.add(name)
            self._started[name] = now
            self._submit(lambda name=name, token=lease.token: self._take(name, token))  # type: ignore[misc]

    def held(self) -> Sequence[str]:
        """The environments whose lease this worker holds."""
        return list(self._held)

    def release(self) -> None:
        """Give every lease back, so that another worker need not wait for them to run out."""
        for lease in self._held.values():
            try:
                self._leases.release(lease)
            except HavenError as problem:
                log.warning("lease not given back", environment=lease.name, why=problem.message)
        self._held = {}

    def _acquire(self, name: str) -> Lease | None:
        return self._leases.acquire(f"snapshots:{name}", self._holder, self._lease_for)

    def _take(self, name: str, token: int) -> None:
        seen: Snapshot | None = None
        try:
            seen = self._snapshots.take(name, token).snapshot
        except HavenError as problem:
            log.warning("snapshot not taken", environment=name, why=problem.message)
        except Exception:
            log.exception("snapshot failed", environment=name)
        finally:
            # by what was just seen: what began to move is looked at again soon
            self._due[name] = self._started[name] + self._every(seen)
            self._busy.discard(name)
