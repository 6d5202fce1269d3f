"""What the ledger's page shows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.status import Status
from services.ports import Entry

PER_PAGE = 50
LONGEST = 128
"""Characters of a filter that are looked at."""

_MARKS = {"denied": Status.PAUSED, "failed": Status.DEGRADED, "unknown": Status.UNKNOWN}


@dataclass(frozen=True)
class Filter:
    """Which entries: exact words, empty for all; `before` is a sequence number, 0 for the newest."""

    actor: str = ""
    action: str = ""
    target: str = ""
    before: int = 0

    @property
    def query(self) -> dict[str, str]:
        """The filter as query parameters, without its place."""
        pairs = {"actor": self.actor, "action": self.action, "target": self.target}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class Row:
    """One entry as shown: `mark` is None for what went well, because healthy things stay plain."""

    entry: Entry
    mark: Status | None


def rows(entries: Sequence[Entry]) -> tuple[Row, ...]:
    """Entries as shown, in their order."""
    return tuple(Row(entry, _MARKS.get(entry.outcome)) for entry in entries)


def parse(actor: str, action: str, target: str, before: str) -> Filter:
    """A filter from query parameters; what cannot be a place means the newest."""
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0
    return Filter(actor.strip()[:LONGEST], action.strip()[:LONGEST], target.strip()[:LONGEST], number)
