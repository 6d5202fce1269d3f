"""The worker's ticks for metrics, and what is measured of a snapshot."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from services.domain.errors import HavenError
from services.domain.snapshot import Snapshot

log = structlog.get_logger("haven.worker")


class Refreshing(Protocol):
    """The part of measuring that reads AWS; it says itself what is due."""

    def refresh(self, environment_name: str, /) -> None: ...


class Seeing(Protocol):
    """The part of measuring that takes in snapshots."""

    def saw(self, snapshot: Snapshot, /) -> None: ...


class Stored(Protocol):
    """What taking a snapshot gives back."""

    @property
    def snapshot(self) -> Snapshot: ...
    @property
    def stored(self) -> bool: ...


class Taking(Protocol):
    """Takes a snapshot under a lease's fencing token."""

    def take(self, environment_name: str, token: int, /) -> Stored: ...


class MetricTicks:
    """`environments` names those whose lease this worker holds; `submit` runs a job in the background."""

    def __init__(
        self,
        measuring: Refreshing,
        environments: Callable[[], Sequence[str]],
        submit: Callable[[Callable[[], None]], object],
    ) -> None:
        self._measuring, self._environments, self._submit = measuring, environments, submit
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def tick(self) -> None:
        """Start a refresh of each held environment that is not being refreshed already."""
        for name in self._environments():
            with self._lock:
                if name in self._busy:
                    continue
                self._busy.add(name)
            self._submit(lambda name=name: self._refresh(name))  # type: ignore[misc]

    def _refresh(self, name: str) -> None:
        try:
            self._measuring.refresh(name)
        except HavenError as problem:
            log.warning("metrics not refreshed", environment=name, why=problem.message)
        except Exception:
            log.exception("measuring failed", environment=name)
        finally:
            with self._lock:
                self._busy.discard(name)


class TakingAndMeasuring:
    """Takes snapshots, and has each measured that was stored. One that could not be measured is a snapshot still."""

    def __init__(self, snapshots: Taking, measuring: Seeing) -> None:
        self._snapshots, self._measuring = snapshots, measuring

    def take(self, environment_name: str, token: int, /) -> Stored:
        """As `Snapshots.take`."""
        taken = self._snapshots.take(environment_name, token)
        if taken.stored:
            try:
                self._measuring.saw(taken.snapshot)
            except HavenError as problem:
                log.warning("counts not kept", environment=environment_name, why=problem.message)
            except Exception:
                log.exception("measuring failed", environment=environment_name)
        return taken
