"""A journal in memory."""

from services.domain.errors import NotNow
from services.domain.operation import Operation
from services.ports import Clock, JournalEntry


class MemoryJournal:
    """`services.ports.Journal`. `full` makes it refuse intents."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lines: list[JournalEntry] = []
        self.full = False

    def intend(self, operation: Operation) -> None:
        """Write it down."""
        if self.full:
            raise NotNow("The journal cannot be written.")
        self.lines.append(JournalEntry(self._clock.now(), operation))

    def outcome(self, operation: Operation, outcome: str) -> None:
        """Write down what became of it."""
        self.lines.append(JournalEntry(self._clock.now(), operation, outcome))

    def entries(self) -> list[JournalEntry]:
        """Everything."""
        return list(self.lines)
