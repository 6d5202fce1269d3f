"""The sandbox's time: delayed transitions as plain data, run in order by one thread under one lock.

A transition is named, and its arguments are plain values, so that what is still to come survives a restart with the
rest of the state. Delays are given in AWS's seconds and divided by `speed`; their order never changes. A frozen clock
moves only when told to (`advance`), so that tests need not wait.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

LOCK = threading.RLock()
"""Held by every request and every transition: moto's backends are plain dictionaries without locks."""

log = logging.getLogger("sandbox.clock")
Transition = Callable[..., None]
_transitions: dict[str, Transition] = {}


def transition(name: str) -> Callable[[Transition], Transition]:
    """Register a function under a name, so that it can be scheduled and survive a restart."""

    def register(function: Transition) -> Transition:
        if name in _transitions:
            raise ValueError(f"two transitions are named {name}")
        _transitions[name] = function
        return function

    return register


class Clock:
    """What happens later. All times are seconds since the epoch."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending: list[tuple[float, int, str, dict[str, Any]]] = []
        self._order = itertools.count()
        self._speed = 1.0
        self._frozen: float | None = None
        self._ahead = 0.0
        self._thread: threading.Thread | None = None
        self.ran = 0
        """How many transitions ran so far."""
        self.ran_one: list[Callable[[], object]] = []
        """Called after each transition, under the lock."""

    @property
    def speed(self) -> float:
        """How many of AWS's seconds pass in one real second."""
        return self._speed

    @property
    def frozen(self) -> bool:
        """Whether only `advance` moves the time."""
        return self._frozen is not None

    def time(self) -> float:
        """Now, in seconds since the epoch: the wall clock (ahead of it after an advance), or the frozen time."""
        return time.time() + self._ahead if self._frozen is None else self._frozen

    def now(self) -> datetime:
        """Now, as aware UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def after(self, seconds: float, name: str, /, **arguments: Any) -> None:
        """Run the named transition in `seconds` of AWS's time. `arguments` must be plain values."""
        if name not in _transitions:
            raise KeyError(f"no transition is named {name}")
        with self._changed:
            heapq.heappush(self._pending, (self.time() + seconds / self._speed, next(self._order), name, arguments))
            self._changed.notify()

    def cancel(self, name: str, /, **match: Any) -> int:
        """Forget pending transitions of that name whose arguments include `match`; returns how many."""
        with self._changed:
            keep = [p for p in self._pending if p[2] != name or any(p[3].get(k) != v for k, v in match.items())]
            dropped = len(self._pending) - len(keep)
            self._pending = keep
            heapq.heapify(self._pending)
            return dropped

    def set_speed(self, speed: float) -> None:
        """Change the factor; what is pending is rescaled, so its order stays."""
        if not 0.01 <= speed <= 10_000:
            raise ValueError("speed is between 0.01 and 10000")
        with self._changed:
            now = self.time()
            ratio = self._speed / speed
            self._pending = [(now + (due - now) * ratio, n, name, a) for due, n, name, a in self._pending]
            heapq.heapify(self._pending)
            self._speed = speed
            self._changed.notify()

    def freeze(self) -> None:
        """Stop the time; from now on only `advance` moves it."""
        with self._changed:
            self._frozen = self.time()
            self._changed.notify()

    def thaw(self) -> None:
        """Let the time flow again from where it is; it never goes back, so it may run ahead of the wall clock."""
        with self._changed:
            if self._frozen is not None:
                self._ahead, self._frozen = self._frozen - time.time(), None
                self._changed.notify()

    def advance(self, seconds: float) -> int:
        """Move a frozen clock forward by `seconds` (of AWS's time, whatever the speed), running all that falls due,
        what it schedules in turn included. Returns how many transitions ran."""
        if self._frozen is None:
            raise ValueError("only a frozen clock can be advanced")
        end = self._frozen + seconds / self._speed
        ran = 0
        while (due := self._pop(end)) is not None:
            self._frozen = max(self._frozen, due[0])
            self._run(due[2], due[3])
            ran += 1
        self._frozen = end
        return ran

    def pending(self) -> list[tuple[float, str, dict[str, Any]]]:
        """What is still to come as (seconds from now, name, arguments), soonest first."""
        with self._changed:
            now = self.time()
            return [(due - now, name, dict(a)) for due, _, name, a in sorted(self._pending)]

    def restore(self, pending: list[tuple[float, str, dict[str, Any]]]) -> None:
        """Take up again what `pending` gave before a restart."""
        with self._changed:
            for wait, name, arguments in pending:
                heapq.heappush(self._pending, (self.time() + max(0.0, wait), next(self._order), name, arguments))
            self._changed.notify()

    def resume(self, at: float, pending: list[tuple[float, str, dict[str, Any]]]) -> None:
        """Go on after a restart: what was pending, and the time, which never goes back."""
        with self._changed:
            if self._frozen is not None:
                self._frozen = max(self._frozen, at)
            else:
                self._ahead = max(0.0, at - time.time())
        self.restore([p for p in pending if p[1] in _transitions])
        for _, name, _ in pending:
            if name not in _transitions:
                log.warning("no transition is named %s any more; dropped", name)

    def start(self) -> None:
        """Run transitions as they fall due, in a daemon thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="sandbox-clock", daemon=True)
            self._thread.start()

    def _pop(self, until: float) -> tuple[float, int, str, dict[str, Any]] | None:
        with self._changed:
            return heapq.heappop(self._pending) if self._pending and self._pending[0][0] <= until else None

    def _loop(self) -> None:
        while True:
            with self._changed:
                while self._frozen is not None or not self._pending or self._pending[0][0] > self.time():
                    wait = self._pending[0][0] - self.time() if self._pending and self._frozen is None else None
                    self._changed.wait(wait)
            with LOCK:
                due = self._pop(self.time())
                if due is not None:
                    self._run(due[2], due[3])

    def _run(self, name: str, arguments: dict[str, Any]) -> None:
        with LOCK:
            try:
                self.ran += 1
                _transitions[name](**arguments)
            except Exception:  # one broken transition must not stop the sandbox's time
                log.exception("transition %s failed", name)
            for listener in self.ran_one:
                listener()


clock = Clock()
"""The one clock of this process."""
