"""The worker's ticks for deployments: what CloudFormation says is kept, and drift is looked for when it is time."""

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.domain.errors import HavenError
from services.domain.operation import Operation
from services.ports import Clock

log = structlog.get_logger("haven.worker")


class Keeping(Protocol):
    """The part of keeping stack events that the worker needs; both say how many events were new."""

    def keep(self, environment: str, /) -> int: ...
    def follow(self, environment: str, /) -> int: ...


class Looking(Protocol):
    """The part of drift that the worker needs."""

    def begin_due(self) -> Sequence[Operation]: ...


class StackEventTicks:
    """`environments` names those whose lease this worker holds, `running_in` those in which an operation runs: these
    are followed at each tick, and once more after the last one's end. `every` is between two looks at all stacks."""

    def __init__(
        self,
        keeping: Keeping,
        clock: Clock,
        environments: Callable[[], Sequence[str]],
        running_in: Callable[[], Collection[str]],
        submit: Callable[[Callable[[], None]], object],
        *,
        every: timedelta,
    ) -> None:
        self._keeping, self._clock = keeping, clock
        self._environments, self._running_in = environments, running_in
        self._submit, self._every = submit, every
        self._kept: dict[str, datetime] = {}
        self._ran: set[str] = set()
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def tick(self) -> None:
        """Start reading where it is time and nobody reads already."""
        now, running = self._clock.now(), self._running_in()
        for name in self._environments():
            kept = self._kept.get(name)
            ended = name in self._ran and name not in running
            if ended or kept is None or now - kept >= self._every:
                self._begin(name, lambda name=name, now=now: self._keep(name, now))  # type: ignore[misc]
            elif name in running:
                self._begin(name, lambda name=name: self._follow(name))  # type: ignore[misc]

    def _begin(self, name: str, job: Callable[[], int]) -> None:
        with self._lock:
            if name in self._busy:
                return
            self._busy.add(name)
        self._submit(lambda: self._read(name, job))

    def _keep(self, name: str, now: datetime) -> int:
        # Before it is tried: what does not answer is not asked again at once.
        self._kept[name] = now
        self._ran.discard(name)
        return self._keeping.keep(name)

    def _follow(self, name: str) -> int:
        self._ran.add(name)
        return self._keeping.follow(name)

    def _read(self, name: str, job: Callable[[], int]) -> None:
        try:
            if new := job():
                log.info("stack events kept", environment=name, count=new)
        except HavenError as problem:
            log.warning("stack events not read", environment=name, why=problem.message)
        except Exception:
            log.exception("keeping stack events failed", environment=name)
        finally:
            with self._lock:
                self._busy.discard(name)


def look_for_drift(drifts: Looking) -> None:
    """Begin what is due. What cannot be begun just now is at the next tick: when it was last looked is in the
    database."""
    try:
        for operation in drifts.begin_due():
            log.info("looking for drift", environment=operation.environment, operation=operation.id)
    except HavenError as problem:
        log.warning("drift not looked for", why=problem.message)
    except Exception:
        log.exception("looking for drift failed")
