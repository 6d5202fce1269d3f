"""The worker's ticks for AWS's events: the queue often, the services' own lists now and then as the net below."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.domain.errors import HavenError
from services.ports import Clock

log = structlog.get_logger("haven.worker")


class Listening(Protocol):
    """The part of the intake that the worker needs; both say how many events were new."""

    def listen(self, environment: str, /) -> int: ...
    def poll(self, environment: str, /) -> int: ...


class EventTicks:
    """`environments` names those whose lease this worker holds; `every` is between two polls of one of them."""

    def __init__(
        self,
        intake: Listening,
        clock: Clock,
        environments: Callable[[], Sequence[str]],
        submit: Callable[[Callable[[], None]], object],
        *,
        every: timedelta,
    ) -> None:
        self._intake, self._clock, self._environments = intake, clock, environments
        self._submit, self._every = submit, every
        self._polled: dict[str, datetime] = {}
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def tick(self) -> None:
        """Start listening to each held environment that is not being listened to already."""
        for name in self._environments():
            with self._lock:
                if name in self._busy:
                    continue
                self._busy.add(name)
            self._submit(lambda name=name: self._hear(name))  # type: ignore[misc]

    def _hear(self, name: str) -> None:
        now = self._clock.now()
        polled = self._polled.get(name)
        try:
            heard = self._intake.listen(name)
            if polled is None or now - polled >= self._every:
                self._polled[name] = now
                heard += self._intake.poll(name)
            if heard:
                log.info("events kept", environment=name, count=heard)
        except HavenError as problem:
            log.warning("events not heard", environment=name, why=problem.message)
        except Exception:
            log.exception("listening failed", environment=name)
        finally:
            with self._lock:
                self._busy.discard(name)
