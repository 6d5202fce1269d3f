"""The journal on a real disk: what is in it survives torn lines, other processes, and a full disk."""

import fcntl
import json
import os
import resource
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.domain.errors import NotNow
from services.domain.operation import Operation
from services.ports import JournalEntry
from services.store.journal import FileJournal, Journals
from tests.fakes.clock import MovableClock
from tests.unit.aws.operations import of_database

NOW = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
OPERATION = of_database()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
def journal(tmp_path: Path, clock: MovableClock) -> FileJournal:
    return FileJournal(tmp_path / "journal", clock)


def files(journal: FileJournal) -> list[Path]:
    return sorted(journal._directory.iterdir())


def test_an_intent_and_its_outcome_are_read_as_they_were_written(journal: FileJournal, clock: MovableClock) -> None:
    assert list(journal.entries()) == []
    journal.intend(OPERATION)
    sent = replace(OPERATION, receipt="req-1", version=4)
    journal.outcome(sent, "sent")
    assert list(journal.entries()) == [JournalEntry(NOW, OPERATION), JournalEntry(NOW, sent, "sent")]


def test_only_this_user_may_read_it(journal: FileJournal) -> None:
    journal.intend(OPERATION)
    (path,) = files(journal)
    assert path.name == "journal-2026-11.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_each_month_has_its_own_file(journal: FileJournal, clock: MovableClock) -> None:
    journal.intend(OPERATION)
    clock.move(seconds=2)
    journal.outcome(OPERATION, "unknown")
    assert [path.name for path in files(journal)] == ["journal-2026-11.jsonl", "journal-2026-12.jsonl"]
    assert [entry.outcome for entry in journal.entries()] == ["", "unknown"]


@pytest.mark.parametrize("kept", [0, 1, 9, 200, -2, -1])
def test_a_torn_last_line_is_passed_over_and_does_not_spoil_the_next(journal: FileJournal, kept: int) -> None:
    journal.intend(OPERATION)
    (path,) = files(journal)
    whole = path.read_bytes()
    journal.outcome(OPERATION, "sent")
    second = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + second[:kept])
    assert [entry.outcome for entry in journal.entries()] == [""]
    journal.outcome(OPERATION, "unknown")
    told = [entry.outcome for entry in journal.entries()]
    assert told in ([["", "unknown"], ["", "sent", "unknown"]][kept == -1 :])  # only its end of line was missing


def test_a_line_that_was_changed_is_passed_over(journal: FileJournal) -> None:
    journal.intend(OPERATION)
    journal.intend(replace(OPERATION, id="op-2"))
    (path,) = files(journal)
    path.write_bytes(path.read_bytes().replace(b"production-app", b"production-axx", 1) + b"garbage\n\n\xff\xfe 1\n")
    assert [entry.operation.id for entry in journal.entries()] == ["op-2"]


def test_threads_do_not_mix_their_lines(journal: FileJournal) -> None:
    wide = [replace(OPERATION, id=f"op-{number}", reason="r" * 20_000) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(journal.intend, wide))
    assert sorted(entry.operation.id for entry in journal.entries()) == sorted(each.id for each in wide)


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from services.store.clock import SystemClock
from services.store.journal import FileJournal
from tests.unit.aws.operations import of_database
journal = FileJournal(Path(sys.argv[1]), SystemClock())
for number in range(50):
    journal.intend(replace(of_database(), id=f"{sys.argv[2]}-{number}", reason="r" * 5000))
"""


def test_processes_do_not_mix_their_lines(journal: FileJournal, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "journal")]
    writers = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("a", "b", "c")]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert {entry.operation.id for entry in journal.entries()} == {f"{w}-{n}" for w in "abc" for n in range(50)}


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: writing more fails like a full disk, in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_intent_that_finds_no_room_is_not_now_and_leaves_nothing(journal: FileJournal) -> None:
    journal.intend(OPERATION)
    (path,) = files(journal)
    before = path.read_bytes()
    with room_for(len(before) + 100):
        with pytest.raises(NotNow, match="cannot be written"):
            journal.intend(OPERATION)
        journal.outcome(OPERATION, "sent")  # never raises
    assert path.read_bytes() == before


def test_a_directory_that_cannot_be_made_is_not_now(tmp_path: Path, clock: MovableClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotNow):
        FileJournal(tmp_path / "file" / "journal", clock).intend(OPERATION)


def test_a_field_that_a_later_haven_added_is_passed_over(journal: FileJournal) -> None:
    journal.intend(OPERATION)
    (path,) = files(journal)
    body = path.read_bytes().partition(b" ")[2]
    entry = json.loads(body)
    entry["operation"]["invented"] = 1
    del entry["operation"]["notes"]
    later = json.dumps(entry).encode()
    path.write_bytes(b"%08x %s\n" % (zlib.crc32(later), later))
    assert [each.operation for each in journal.entries()] == [OPERATION]


class Elsewhere:
    """Another journal, which may be away."""

    def __init__(self) -> None:
        self.away = False
        self.written: list[JournalEntry] = []

    def intend(self, operation: Operation) -> None:
        if self.away:
            raise NotNow("S3 is away.")
        self.written.append(JournalEntry(NOW, operation))

    def outcome(self, operation: Operation, outcome: str) -> None:
        if not self.away:
            self.written.append(JournalEntry(NOW, operation, outcome))

    def entries(self) -> list[JournalEntry]:
        if self.away:
            raise NotNow("S3 is away.")
        return self.written


def test_an_intent_must_be_in_all_of_them_and_an_outcome_wherever_it_can(journal: FileJournal) -> None:
    other = Elsewhere()
    both = Journals(journal, other)
    both.intend(OPERATION)
    both.outcome(OPERATION, "sent")
    assert [entry.outcome for entry in both.entries()] == ["", "sent"]  # each once, though both hold it
    assert len(other.written) == 2

    other.away = True
    again = replace(OPERATION, id="op-2")
    with pytest.raises(NotNow, match="S3 is away"):
        both.intend(again)
    both.outcome(OPERATION, "unknown")
    told = [(entry.operation.id, entry.outcome) for entry in both.entries()]
    assert told == [("op-1", ""), ("op-1", "sent"), ("op-2", ""), ("op-2", "not sent"), ("op-1", "unknown")]


def test_journals_that_cannot_be_read_at_all_say_so(clock: MovableClock) -> None:
    other = Elsewhere()
    other.away = True
    with pytest.raises(NotNow):
        Journals(other).entries()


def test_a_lock_that_is_never_let_go_does_not_hold_a_failover_for_ever(tmp_path: Path, clock: MovableClock) -> None:
    journal = FileJournal(tmp_path, clock, patience=0.05)
    journal.intend(OPERATION)
    (path,) = files(journal)
    holder = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(NotNow, match="another process holds it"):
            journal.intend(OPERATION)
    finally:
        os.close(holder)
    journal.intend(OPERATION)
    assert len(journal.entries()) == 2
