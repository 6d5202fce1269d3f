"""The outside effects of a process of Haven, counted one by one; at a chosen one it sends itself a signal.

An effect is a writing transaction of any use case, a lease taken or given back, a line of the journal, the call to AWS,
or messages taken from the queue. `Life.outside` is for `bootstrap.build`: nothing is put in place of the real parts,
they are only counted as they are used.
"""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from services.aws.deployment_calls import DeploymentCaller
from services.aws.event_queue import EventQueue
from services.aws.failover_calls import FailoverCaller
from services.aws.scaling_calls import ScalingCaller
from services.ports import Lease, Store
from services.store.journal import FileJournal
from services.store.leases import SqlLeases
from services.store.unit import SqlUnit

EFFECTS: dict[type, tuple[str, ...]] = {
    SqlLeases: ("acquire", "release"),
    FileJournal: ("intend", "outcome"),
    FailoverCaller: ("fail_over",),
    ScalingCaller: ("write",),
    DeploymentCaller: ("prepare", "discard", "execute", "set_policy", "protect", "delete"),
    EventQueue: ("receive", "done"),
}


@dataclass(frozen=True)
class Point:
    """Right before or right after the nth effect of a name. Right before a transaction is right before its commit, with
    all of it written and none of it kept."""

    effect: str
    nth: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.effect} {self.nth}"


def goes_on(log: Path) -> Path:
    """The file that a process held up needs to find on waking in order to go on; `log` is that of its `Life`."""
    return log.with_suffix(".goes-on")


class Life:
    """Counts the effects into the file `log`, a line each once it is done: its name, when it began and ended by the
    machine's watch, and the lease it got or gave back. At `at` the process signals itself. It begins once `armed`."""

    armed = False

    def __init__(self, log: Path, at: Point | None = None, number: int = signal.SIGKILL) -> None:
        self._goes_on = goes_on(log)
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._at, self._number = at, number
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def outside(self, part: Any) -> Any:
        """The part, counted if it has effects."""
        if isinstance(part, SqlUnit):
            return _Unit(part, self)
        names = EFFECTS.get(type(part))
        return _Counted(part, names, self) if names else part

    @contextmanager
    def effect(self, name: str) -> Iterator[list[str]]:
        """One effect; what is put into the list is written behind it. Nothing after it runs in a process it kills."""
        if not self.armed:
            yield []
            return
        with self._lock:
            self._counts[name] += 1
            nth = self._counts[name]
        self._reach(Point(name, nth, after=False))
        about, began = list[str](), time.monotonic()
        yield about
        line = "\t".join([name, f"{began:.6f}", f"{time.monotonic():.6f}", *about])
        os.write(self._log, f"{line}\n".encode())
        self._reach(Point(name, nth, after=True))

    def _reach(self, point: Point) -> None:
        if point == self._at:
            self._signal()
            while self._number == signal.SIGSTOP and not self._goes_on.exists():
                threading.Event().wait(0.02)  # woken for its other threads alone
                self._signal()

    def _signal(self) -> None:
        # To this thread, which then does not run on for the moment that another one takes to get it.
        signal.pthread_kill(threading.get_ident(), self._number)


class _Counted:
    """A part whose named methods are effects."""

    def __init__(self, part: Any, names: tuple[str, ...], life: Life) -> None:
        self._part, self._names, self._life = part, names, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return self._counted(name, found) if name in self._names else found

    def _counted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            with self._life.effect(f"{type(self._part).__name__}.{name}") as about:
                answer = method(*arguments, **named)
                about += [each.name for each in (answer, *arguments) if isinstance(each, Lease)]
                return answer

        return counted


class _Unit:
    """Units of work whose commits are effects, named by who writes."""

    def __init__(self, unit: SqlUnit, life: Life) -> None:
        self._unit, self._life = unit, life

    def __call__(self, *, readonly: bool = False) -> Any:
        if readonly:
            return self._unit(readonly=True)
        caller = sys._getframe(1)
        if caller.f_code.co_qualname == "Keeping.save" and caller.f_back is not None:
            caller = caller.f_back
        return _Transaction(self._unit(), self._life, caller.f_code.co_qualname)


class _Transaction:
    def __init__(self, real: Any, life: Life, name: str) -> None:
        self._real, self._life, self._name = real, life, name

    def __enter__(self) -> Store:
        entered: Store = self._real.__enter__()
        return entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is not None:  # rolled back: no effect
            back: bool | None = self._real.__exit__(kind, error, trace)
            return back
        with self._life.effect(self._name):
            done: bool | None = self._real.__exit__(None, None, None)
            return done
