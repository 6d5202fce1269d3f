"""The worker's ticks for deployments: what CloudFormation says is kept, and so is what stacks run; drift is looked for
when it is time, a policy that was left lifted is put back, and what abandoned plans left is taken away."""

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.domain.errors import HavenError
from services.domain.operation import Operation
from services.ports import Clock
from services.usecases.plan_tidying import Tidied

log = structlog.get_logger("haven.worker")


class Keeping(Protocol):
    """The part of keeping stack events that the worker needs; both say how many events were new."""

    def keep(self, environment: str, /) -> int: ...
    def follow(self, environment: str, /) -> int: ...


class Texts(Protocol):
    """The part of templates that the worker needs."""

    def put_packaged(self) -> None: ...
    def keep(self, environment: str, /) -> int: ...


class Looking(Protocol):
    """The part of drift, or of recoveries, that the worker needs."""

    def begin_due(self) -> Sequence[Operation]: ...


class Tidying(Protocol):
    """The part of tidying up after plans that the worker needs."""

    def tidy(self, environment: str, /) -> Sequence[Tidied]: ...


class KeepingWithTexts:
    """`Keeping`, which also fetches the templates that run whenever it looks at all stacks. Texts that cannot be had
    are asked for again the next time: they never keep events from being kept."""

    def __init__(self, events: Keeping, texts: Texts) -> None:
        self._events, self._texts = events, texts
        self._packaged = False

    def keep(self, environment: str, /) -> int:
        """Events, then texts."""
        try:
            return self._events.keep(environment)
        finally:
            self._keep_texts(environment)

    def follow(self, environment: str, /) -> int:
        """Events alone."""
        return self._events.follow(environment)

    def _keep_texts(self, environment: str) -> None:
        try:
            if not self._packaged:
                self._texts.put_packaged()
                self._packaged = True
            if new := self._texts.keep(environment):
                log.info("templates kept", environment=environment, count=new)
        except HavenError as problem:
            log.warning("templates not read", environment=environment, why=problem.message)
        except Exception:
            log.exception("keeping templates failed", environment=environment)


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


def restore_policies(recoveries: Looking) -> None:
    """Begin to put back what a deployment left lifted; what is busy, or does not answer, is at the next tick."""
    try:
        for operation in recoveries.begin_due():
            log.warning("stack policy left lifted", environment=operation.environment, operation=operation.id)
    except HavenError as problem:
        log.warning("lifted policies not looked for", why=problem.message)
    except Exception:
        log.exception("looking for lifted policies failed")


def tidy_plans(tidying: Tidying, environments: Sequence[str]) -> None:
    """Tidy up in the environments whose lease this worker holds; one that fails keeps none of the others."""
    for name in environments:
        try:
            for each in tidying.tidy(name):
                if each.problem:
                    log.warning("plan not tidied up", environment=name, plan=each.plan.id, why=each.problem)
                elif each.deleted:
                    log.info("plan tidied up", environment=name, plan=each.plan.id, deleted=each.deleted)
        except HavenError as problem:
            log.warning("plans not tidied up", environment=name, why=problem.message)
        except Exception:
            log.exception("tidying up failed", environment=name)
