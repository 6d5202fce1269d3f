"""The second place for the intent of an irreversible call: a file per month, one line per write, forced to disk.

Several processes and threads may write: each takes the file's lock, mends what a crash left behind and appends one
line. A line carries its own checksum, so one that was torn is passed over when read, and never spoils the next.
"""

import errno
import fcntl
import logging
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from pydantic import TypeAdapter

from services.domain.errors import HavenError, NotNow
from services.domain.operation import Operation
from services.ports import Clock, Journal, JournalEntry

log = logging.getLogger(__name__)
_ENTRY = TypeAdapter(JournalEntry)


def encode(entry: JournalEntry) -> bytes:
    """An entry as one line of JSON, without the line's end."""
    return _ENTRY.dump_json(entry)


def decode(line: bytes) -> JournalEntry:
    """The entry of a line; raises ValueError. Fields added later read as their defaults."""
    return _ENTRY.validate_json(line)


class FileJournal:
    """`ports.Journal` in `<directory>/journal-2026-11.jsonl`, for this user's eyes alone. The directory is made when it
    is first needed, and must be on a disk of this machine: locks on network disks are not to be trusted. `patience` is
    how many seconds another writer is waited for."""

    def __init__(self, directory: Path, clock: Clock, patience: float = 5.0) -> None:
        self._directory = directory
        self._clock = clock
        self._patience = patience

    def intend(self, operation: Operation) -> None:
        """As `ports.Journal.intend`."""
        try:
            self._append(JournalEntry(self._clock.now(), operation))
        except OSError as problem:
            raise NotNow(f"Haven's journal in {self._directory} cannot be written: {problem.strerror}.") from problem

    def outcome(self, operation: Operation, outcome: str) -> None:
        """As `ports.Journal.outcome`; what cannot be written is logged."""
        try:
            self._append(JournalEntry(self._clock.now(), operation, outcome))
        except Exception:
            log.exception("The journal does not hold that operation %s was %s", operation.id, outcome)

    def entries(self) -> Sequence[JournalEntry]:
        """As `ports.Journal.entries`. Raises NotNow when a file is there and cannot be read."""
        try:
            return tuple(entry for path in sorted(self._directory.glob("journal-*.jsonl")) for entry in _read(path))
        except OSError as problem:
            raise NotNow(f"Haven's journal in {self._directory} cannot be read: {problem.strerror}.") from problem

    def _append(self, entry: JournalEntry) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._directory / f"journal-{entry.at.astimezone(UTC):%Y-%m}.jsonl"
        with _locked(path, self._patience) as file:
            before = os.fstat(file).st_size
            line = b"" if _whole(file, before) else b"\n"  # ends what a crash tore
            try:
                _write(file, line + _checked(encode(entry)))
                os.fsync(file)
            except OSError:
                os.ftruncate(file, before)
                raise
            if before == 0:  # a new file's name is on disk only with its directory
                _sync(self._directory)
                _sync(self._directory.parent)


def _checked(body: bytes) -> bytes:
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _read(path: Path) -> Iterator[JournalEntry]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and (entry := _entry(line)) is not None:
                yield entry
            elif line.strip():
                log.warning("Line %d of %s is broken and passed over", number, path)


def _entry(line: bytes) -> JournalEntry | None:
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    try:
        return decode(body) if line.endswith(b"\n") and int(checksum, 16) == zlib.crc32(body) else None
    except ValueError:
        return None


@contextmanager
def _locked(path: Path, patience: float) -> Iterator[int]:
    """The file, open for appending and reading, while nobody else has it so."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(file, patience)
        yield file
    finally:
        os.close(file)  # and with it the lock


def _lock(file: int, patience: float) -> None:
    """Take the lock, or raise after a while: whoever holds it may be stopped in the middle."""
    until = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OSError(errno.EBUSY, "another process holds it") from None
            time.sleep(0.01)


def _whole(file: int, size: int) -> bool:
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"


def _write(file: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[os.write(file, left) :]


def _sync(directory: Path) -> None:
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


class Journals:
    """Several journals as one: an intent must be in all of them, an outcome goes wherever it can."""

    def __init__(self, first: Journal, *others: Journal) -> None:
        self._all = (first, *others)

    def intend(self, operation: Operation) -> None:
        """As `ports.Journal.intend`. Where a later journal fails, those before it are told that nothing was sent."""
        for number, journal in enumerate(self._all):
            try:
                journal.intend(operation)
            except HavenError:
                for before in self._all[:number]:
                    before.outcome(operation, "not sent")
                raise

    def outcome(self, operation: Operation, outcome: str) -> None:
        """As `ports.Journal.outcome`."""
        for journal in self._all:
            journal.outcome(operation, outcome)

    def entries(self) -> Sequence[JournalEntry]:
        """What any of them holds, each once, oldest first. One that cannot be read is passed over as long as another
        can: raises NotNow only when none can."""
        found: dict[tuple[str, int, str], JournalEntry] = {}
        problems: list[HavenError] = []
        for journal in self._all:
            try:
                some = journal.entries()
            except HavenError as problem:
                log.warning("A journal cannot be read: %s", problem.message)
                problems.append(problem)
                continue
            for entry in some:
                found.setdefault((entry.operation.id, entry.operation.version, entry.outcome), entry)
        if len(problems) == len(self._all):
            raise problems[0]
        return tuple(sorted(found.values(), key=lambda entry: entry.at))
