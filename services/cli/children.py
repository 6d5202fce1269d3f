"""Child processes under one parent: started in their own sessions, restarted when they die, ended together."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it with its output appended to its log."""
        self.starts = [*self.starts[-9:], time.monotonic()]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                list(self.command),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def ended(self) -> bool:
        """Whether it was started and is no longer running."""
        return self.process is not None and self.process.poll() is not None

    def wait_before_restart(self) -> float:
        """Seconds to hold back: none for a first death, up to 10 when it keeps dying."""
        recent = sum(1 for at in self.starts if time.monotonic() - at < 30)
        return 0.0 if recent <= 2 else min(10.0, 0.5 * 2 ** (recent - 2))

    def signal_group(self, number: int) -> None:
        """Send a signal to the whole process group, if it is still there."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


class Family:
    """All children of one run."""

    def __init__(self, stopping: threading.Event, grace: float = 3.0) -> None:
        self._children: list[Child] = []
        self._grace = grace
        self._next_try: dict[str, float] = {}
        self.stopping = stopping

    def adopt(self, child: Child) -> Child:
        """Start a child and keep it running from now on."""
        child.start()
        self._children.append(child)
        return child

    def tend(self) -> list[str]:
        """Restart what has died; returns a line for each restart."""
        news = []
        for child in self._children:
            if self.stopping.is_set() or not child.ended or child.process is None:
                continue
            now = time.monotonic()
            due = self._next_try.setdefault(child.name, now + child.wait_before_restart())
            if now < due:
                continue
            del self._next_try[child.name]
            # what the dead process had started must not outlive it and hold its port
            child.signal_group(signal.SIGKILL)
            news.append(f"{child.name} ended with status {child.process.returncode}; started again (log: {child.log})")
            child.start()
        return news

    def end(self) -> None:
        """End every child: politely at first, for certain after the grace time."""
        self.stopping.set()
        for child in self._children:
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + self._grace
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.signal_group(signal.SIGKILL)
                child.process.wait(1)
            child.signal_group(signal.SIGKILL)
