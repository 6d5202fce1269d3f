"""The append-only ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """One ledger entry. `detail` holds only plain, non-secret values. `seq` is 0 until it is stored."""

    at: datetime
    actor: str
    action: str
    outcome: str
    target: str
    reason: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    client: str = ""
    seq: int = 0


class Ledger(Protocol):
    """The append-only ledger."""

    def append(self, entry: Entry) -> Entry: ...
    def read(
        self,
        *,
        before: int | None = None,
        actor: str = "",
        action: str = "",
        target: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[Entry]:
        """Newest first, older than `before` (a seq) and made between two times, both included; empty strings and None
        match everything."""
        ...
