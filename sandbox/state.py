"""What the sandbox knows, kept in a directory so that a restart, even after SIGKILL, goes on where it was.

One pickle holds moto's backends, the clock's pending transitions and whatever other parts registered, as one graph of
objects, so that what was shared stays shared. It is written to a temporary file, synced and renamed; the generation
before it is kept, and used when the newest cannot be read. The directory belongs to its user alone: a pickle is code.
"""

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import moto

from sandbox import graph, wire
from sandbox.clock import LOCK, clock

log = logging.getLogger("sandbox.state")
NEWEST, OLDER = "state.bin", "state.1.bin"
SLOW = 0.5  # seconds a save may hold up requests without being noted
READS = ("Describe", "List", "Get", "Lookup", "Search", "Head", "Estimate", "Validate", "Preview", "Simulate")
LASTING = frozenset(
    {
        *("CreateChangeSet", "ExecuteChangeSet", "CreateStack", "UpdateStack", "DeleteStack", "CancelUpdateStack"),
        *("ContinueUpdateRollback", "RollbackStack", "SetStackPolicy", "UpdateTerminationProtection"),
        *("RebootDBInstance", "FailoverDBCluster", "TestFailover"),
    }
)
"""What AWS never forgets once it has answered: saved before the answer leaves, so that no SIGKILL takes it back."""
_extras: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {}
_changes = 0
_keeper: "Keeper | None" = None


def register(name: str, dump: Callable[[], Any], load: Callable[[Any], None]) -> None:
    """Keep more than moto's backends: `dump` gives a picklable value (objects of moto or of sandbox modules may be in
    it), `load` takes it back after a restart. Both run under the lock."""
    if name in _extras:
        raise ValueError(f"two parts keep their state as {name}")
    _extras[name] = (dump, load)


def touch() -> None:
    """Say that something worth keeping changed."""
    global _changes
    _changes += 1


def touched_by(call: wire.Call | None) -> None:
    """Say that a request was answered; reads do not count."""
    if call is None or not (call.operation or "").startswith(READS):
        touch()


def changes() -> int:
    """Grows with every request that may have changed something and every transition; equal means unchanged."""
    return _changes + clock.ran


def keep_in(directory: Path) -> "Keeper":
    """Who keeps this process's state there, what must last before it is answered."""
    global _keeper
    _keeper = Keeper(directory)
    return _keeper


def promised(call: wire.Call | None) -> None:
    """Save before the answer leaves, if it must last. Must not be called under the lock: others go on meanwhile."""
    if _keeper is not None and call is not None and call.operation in LASTING:
        _keeper.save_if_changed()


class Keeper:
    """Saves to and restores from a directory claimed for this process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._saved = -1
        self._saving = threading.Lock()

    def save_if_changed(self) -> None:
        """Save unless nothing happened since the last time; a full disk is logged, not raised. Those who come while a
        save runs share the next one."""
        seen = changes()
        with self._saving:
            if self._saved < seen:
                try:
                    self.save()
                except Exception:
                    log.exception("the state could not be saved")

    def save(self) -> None:
        """Write the state. Requests wait only while the objects are turned into bytes."""
        with LOCK:
            began = time.monotonic()
            seen = changes()
            body = graph.dump(_collect())
            held = time.monotonic() - began
        head = {"moto": moto.__version__, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        fresh = self._directory / "state.new"
        with fresh.open("wb") as out:
            os.chmod(fresh, 0o600)
            out.write(json.dumps(head).encode() + b"\n" + body)
            out.flush()
            os.fsync(out.fileno())
        if (self._directory / NEWEST).exists():
            os.replace(self._directory / NEWEST, self._directory / OLDER)
        os.replace(fresh, self._directory / NEWEST)
        self._saved = seen
        level = logging.WARNING if held > SLOW else logging.DEBUG
        log.log(level, "a save of %d bytes held up requests for %.3f s", len(body), held)

    def restore(self) -> bool:
        """Take up the newest state that can be read; False if there is none. A broken file is set aside."""
        for name in (NEWEST, OLDER):
            path = self._directory / name
            if not path.exists():
                continue
            try:
                _spread(graph.load(_read(path)))
            except Exception as problem:
                aside = path.with_name(f"{name}.broken-{time.time_ns()}")
                os.replace(path, aside)
                log.error("%s cannot be restored (%s); set aside as %s", path, problem, aside.name)
                continue
            self._saved = changes() if name == NEWEST else -1
            return True
        return False


def _read(path: Path) -> bytes:
    head_line, _, body = path.read_bytes().partition(b"\n")
    head = json.loads(head_line)
    if len(body) != head["size"] or hashlib.sha256(body).hexdigest() != head["sha256"]:
        raise ValueError("it is cut short or altered")
    if head["moto"] != moto.__version__:
        log.warning("the state was written with moto %s, this is %s", head["moto"], moto.__version__)
    return body


def _collect() -> dict[str, Any]:
    return {
        "backends": graph.backends(),
        "clock": {"time": clock.time(), "speed": clock.speed, "pending": clock.pending()},
        "extras": {name: dump() for name, (dump, _) in _extras.items()},
    }


def _spread(found: dict[str, Any]) -> None:
    with LOCK:
        graph.fill(found["backends"])
        for name, value in found["extras"].items():
            if name in _extras:
                _extras[name][1](value)
            else:
                log.warning("nothing in this sandbox keeps %s; dropped", name)
        clock.set_speed(found["clock"]["speed"])  # the waits were measured at that speed
        clock.resume(found["clock"]["time"], found["clock"]["pending"])
