"""Change freezes. They are never deleted: what was frozen when, by whom and why, stays readable."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.errors import Conflict
from services.domain.freeze import Freeze
from services.store.document import fitting
from services.store.tables import freezes


class SqlFreezes:
    """`services.ports.Freezes` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, freeze: Freeze) -> None:
        """Insert; raises Conflict if the id is taken."""
        try:
            self._connection.execute(freezes.insert().values(fitting(freezes, asdict(freeze))))
        except IntegrityError as problem:
            raise Conflict(f"There already is a change freeze {freeze.id}.") from problem

    def remove(self, id: str, by: str, at: datetime) -> Freeze | None:
        """Take one back before it is over, in one statement: of two people, one has removed it."""
        held = update(freezes).where(freezes.c.id == id, freezes.c.removed_at.is_(None), freezes.c.ends > at)
        removed = held.values(removed_at=at, removed_by=by).returning(freezes)
        row = self._connection.execute(removed).one_or_none()
        return _freeze(row) if row else None

    def current(self, now: datetime) -> Sequence[Freeze]:
        """Those that hold something, earliest begun first."""
        return self._some(freezes.c.starts <= now, freezes.c.ends > now)

    def upcoming(self, now: datetime) -> Sequence[Freeze]:
        """Those that have not begun, soonest first."""
        return self._some(freezes.c.starts > now)

    def _some(self, *when: ColumnElement[bool]) -> Sequence[Freeze]:
        query = select(freezes).where(freezes.c.removed_at.is_(None), *when).order_by(freezes.c.starts, freezes.c.id)
        return [_freeze(row) for row in self._connection.execute(query)]


def _freeze(row: Row[Any]) -> Freeze:
    return Freeze(**row._mapping)
