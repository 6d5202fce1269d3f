"""The worker's ticks for operations: each live one is advanced in a thread of its own, by whichever worker is first."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from services.domain.errors import HavenError
from services.domain.operation import Operation, State

log = structlog.get_logger("haven.worker")
MOST_AT_ONCE = 8


class Advancing(Protocol):
    """The part of the engine that the worker needs."""

    def due(self) -> Sequence[Operation]: ...
    def advance(self, id: str, /) -> None: ...
    def recover(self) -> int: ...


class OperationTicks:
    """Which operations are being advanced here. `submit` runs a job in the background."""

    def __init__(self, engine: Advancing, submit: Callable[[Callable[[], None]], object]) -> None:
        self._engine, self._submit = engine, submit
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._recovered = False
        self.running_in: frozenset[str] = frozenset()
        """Environments in which an operation runs, so that they are looked at more often."""

    def tick(self) -> None:
        """Start advancing what is due and not being advanced already."""
        try:
            if not self._recovered:
                self._take_up_the_lost()
            due = self._engine.due()
        except HavenError as problem:
            log.warning("operations not looked at", why=problem.message)
            return
        self.running_in = frozenset(each.environment for each in due if each.state is State.RUNNING)
        for operation in due:
            if self._claim(operation.id):
                self._submit(lambda which=operation.id: self._advance(which))  # type: ignore[misc]

    def _take_up_the_lost(self) -> None:
        if found := self._engine.recover():
            log.error("operations found only in the journal", count=found)
        self._recovered = True

    def _claim(self, id: str) -> bool:
        with self._lock:
            # Two threads of one process share its lease, so an operation is never in two of them.
            if id in self._busy or len(self._busy) >= MOST_AT_ONCE:
                return False
            self._busy.add(id)
            return True

    def _advance(self, id: str) -> None:
        try:
            self._engine.advance(id)
        except HavenError as problem:
            log.warning("operation not advanced", operation=id, why=problem.message)
        except Exception:
            log.exception("operation failed to advance", operation=id)
        finally:
            with self._lock:
                self._busy.discard(id)
