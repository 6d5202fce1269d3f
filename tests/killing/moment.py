"""The sandbox's frozen time, as the clock of every process of a test: one number in a file that all of them map."""

import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path

from tests.sandbox_server import Sandbox

_NUMBER = struct.Struct("d")


class Moment:
    """`services.ports.Clock` at the time of the sandbox. Whoever lets time pass tells all others by the file."""

    def __init__(self, path: Path, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        if not path.exists():
            path.write_bytes(bytes(_NUMBER.size))
        with path.open("r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), _NUMBER.size)

    def now(self) -> datetime:
        """The time that was last told."""
        return datetime.fromtimestamp(_NUMBER.unpack(self._mapped[:])[0], UTC)

    def passes(self, seconds: float) -> None:
        """Let the sandbox live through AWS's seconds, and then Haven."""
        told = self._sandbox.control("clock", advance=seconds)
        self._mapped[:] = _NUMBER.pack(datetime.fromisoformat(told["time"]).timestamp())
