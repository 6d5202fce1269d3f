"""Snapshots: the newest of each environment in its own row, and the history of those in which something changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, select, update

from services.domain.snapshot import Snapshot
from services.ports import Kept
from services.store.body import decode, encode
from services.store.tables import snapshots_kept as kept
from services.store.tables import snapshots_newest as newest
from services.store.upsert import insert

_PLACE = (kept.c.number, kept.c.environment, kept.c.taken_at, kept.c.until, kept.c.verdict, kept.c.summary)


class SqlSnapshots:
    """`services.ports.Snapshots` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, environment: str) -> Snapshot | None:
        """The last one put."""
        body = self._connection.scalar(select(newest.c.body).where(newest.c.environment == environment))
        return None if body is None else decode(body)

    def put(self, snapshot: Snapshot, *, changed: bool, verdict: str, summary: str, token: int) -> bool:
        """The fencing check and the write are one statement, so no stalled holder can come in between."""
        body = encode(snapshot)
        number = self._replace(snapshot, body, token)
        if number is None:
            return False
        if not changed and self._stretch(snapshot, number):
            return True
        self._connection.execute(
            kept.insert().values(
                environment=snapshot.environment,
                number=number + 1,
                taken_at=snapshot.taken_at,
                until=snapshot.taken_at,
                verdict=verdict,
                summary=summary,
                body=body,
            )
        )
        numbered = update(newest).where(newest.c.environment == snapshot.environment)
        self._connection.execute(numbered.values(last_number=number + 1))
        return True

    def kept(self, environment: str, since: datetime, until: datetime, limit: int = 500) -> Sequence[Kept]:
        """Those that overlap the window, oldest first; beyond `limit` the oldest are left out."""
        overlapping = and_(kept.c.environment == environment, kept.c.taken_at <= until, kept.c.until >= since)
        query = select(*_PLACE).where(overlapping).order_by(kept.c.number.desc()).limit(limit)
        return [_kept(row) for row in self._connection.execute(query)][::-1]

    def at(self, environment: str, when: datetime) -> tuple[Kept, Snapshot] | None:
        """The last one taken at or before that time."""
        query = select(kept).where(kept.c.environment == environment, kept.c.taken_at <= when)
        row = self._connection.execute(query.order_by(kept.c.taken_at.desc(), kept.c.number.desc()).limit(1)).first()
        return (_kept(row), decode(row.body)) if row else None

    def number(self, environment: str, number: int) -> tuple[Kept, Snapshot] | None:
        """The one of that number."""
        query = select(kept).where(kept.c.environment == environment, kept.c.number == number)
        row = self._connection.execute(query).one_or_none()
        return (_kept(row), decode(row.body)) if row else None

    def prune(self, before: datetime) -> int:
        """Forget those that ended before then, but never an environment's last one; how many."""
        last = select(newest.c.last_number).where(newest.c.environment == kept.c.environment).scalar_subquery()
        return self._connection.execute(delete(kept).where(kept.c.until < before, kept.c.number < last)).rowcount

    def _replace(self, snapshot: Snapshot, body: bytes, token: int) -> int | None:
        """Put the newest in place; its last kept number, or None when the token has been overtaken."""
        values = {"taken_at": snapshot.taken_at, "token": token, "body": body}
        first = insert(self._connection, newest).values(environment=snapshot.environment, last_number=0, **values)
        put = first.on_conflict_do_update(
            index_elements=[newest.c.environment], set_=values, where=newest.c.token <= token
        )
        last: int | None = self._connection.scalar(put.returning(newest.c.last_number))
        return last

    def _stretch(self, snapshot: Snapshot, number: int) -> bool:
        """Say that the last kept one was still true; False when there is none yet."""
        last = and_(kept.c.environment == snapshot.environment, kept.c.number == number)
        return bool(self._connection.execute(update(kept).where(last).values(until=snapshot.taken_at)).rowcount)


def _kept(row: Row[*tuple[Any, ...]]) -> Kept:
    return Kept(row.number, row.environment, row.taken_at, row.until, row.verdict, row.summary)
