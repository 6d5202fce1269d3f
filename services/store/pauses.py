"""The pause switch. Settings are never removed: who held what, and why, stays readable."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.errors import Conflict
from services.domain.pause import Pause
from services.store.document import fitting
from services.store.tables import pauses


class SqlPauses:
    """`services.ports.Pauses` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, pause: Pause) -> None:
        """Insert; raises Conflict if the id is taken."""
        try:
            self._connection.execute(pauses.insert().values(fitting(pauses, asdict(pause))))
        except IntegrityError as problem:
            raise Conflict(f"There already is a pause {pause.id}.") from problem

    def lift(self, id: str, by: str, at: datetime) -> Pause | None:
        """End one before its time, in one statement: of two people, one has lifted it."""
        held = update(pauses).where(pauses.c.id == id, pauses.c.lifted_at.is_(None), pauses.c.until > at)
        lifted = held.values(lifted_at=at, lifted_by=by).returning(pauses)
        row = self._connection.execute(lifted).one_or_none()
        return _pause(row) if row else None

    def current(self, now: datetime) -> Sequence[Pause]:
        """Those that hold something, oldest first."""
        holding = (pauses.c.lifted_at.is_(None), pauses.c.at <= now, pauses.c.until > now)
        query = select(pauses).where(*holding).order_by(pauses.c.at, pauses.c.id)
        return [_pause(row) for row in self._connection.execute(query)]


def _pause(row: Row[Any]) -> Pause:
    return Pause(**row._mapping)
