"""The append-only ledger. Numbers have no gaps and follow the order of commits: the shape a hash chain needs.

`append` locks the ledger's head until the transaction ends, so append last: whoever comes next waits for the commit.
Triggers made by the migration refuse UPDATE, DELETE and TRUNCATE on the table itself.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from services.domain.errors import Misconfigured
from services.ports import Entry
from services.store.tables import ledger, ledger_head

LIMITS = {"actor": 64, "action": 64, "outcome": 32, "target": 256, "reason": 4000, "client": 256}
DETAIL_LIMIT = 16_000
"""In characters. Whoever appends has checked people's input long before; past this it is a bug."""


class SqlLedger:
    """`services.ports.Ledger` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entry: Entry) -> Entry:
        """Insert with the next number; the entry as stored."""
        entry = storable(entry)
        advance = update(ledger_head).where(ledger_head.c.id == 1).values(seq=ledger_head.c.seq + 1)
        seq = self._connection.scalar(advance.returning(ledger_head.c.seq))
        if seq is None:
            raise Misconfigured("The ledger has lost its head row: restore the database from a backup.")
        row = {name: getattr(entry, name) for name in ("at", *LIMITS)}
        self._connection.execute(ledger.insert().values(seq=seq, detail=canonical(entry.detail), **row))
        return replace(entry, seq=seq)

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
        """Newest first, older than `before`, made between two times; empty strings and None match everything."""
        query = select(ledger).order_by(ledger.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(ledger.c.seq < before)
        if since is not None:
            query = query.where(ledger.c.at >= since)
        if until is not None:
            query = query.where(ledger.c.at <= until)
        for column, wanted in ((ledger.c.actor, actor), (ledger.c.action, action), (ledger.c.target, target)):
            if wanted:
                query = query.where(column == plain(wanted))
        return [_entry(row) for row in self._connection.execute(query)]


def storable(entry: Entry) -> Entry:
    """The entry with text both databases can hold; raises ValueError when a field is too long."""
    texts: dict[str, Any] = {name: plain(getattr(entry, name)) for name in LIMITS}
    detail = {plain(key): plain(value) for key, value in entry.detail.items()}
    long = [name for name, text in texts.items() if len(text) > LIMITS[name]]
    if len(canonical(detail)) > DETAIL_LIMIT:
        long.append("detail")
    if long:
        raise ValueError(f"ledger entry {entry.action!r}: too long: {', '.join(long)}")
    return replace(entry, detail=detail, **texts)


def canonical(detail: dict[str, str]) -> str:
    """JSON that is the same bytes for the same content."""
    return json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain(text: str) -> str:
    """Without what a database cannot keep: NUL and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        at=row.at,
        actor=row.actor,
        action=row.action,
        outcome=row.outcome,
        target=row.target,
        reason=row.reason,
        detail=json.loads(row.detail),
        client=row.client,
        seq=row.seq,
    )
