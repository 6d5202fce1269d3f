"""Temporary edits. They are never deleted: who changed what for how long stays readable."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, select, update

from services.domain.errors import Conflict, NotFound
from services.domain.scaling.temporary import Edit, EditState
from services.store.document import Document, fitting
from services.store.scaling_tables import temporary_edits as edits
from services.store.upsert import insert

_FIXED = ("id", "environment", "service")
_DOCUMENT = Document(Edit, (*_FIXED, "state", "until", "version"))


class SqlEdits:
    """`services.ports.Edits` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, edit: Edit) -> None:
        """Insert; raises Conflict if the id is taken."""
        row = {name: getattr(edit, name) for name in _FIXED} | _changing(edit) | {"version": edit.version}
        put = insert(self._connection, edits).values(fitting(edits, row)).on_conflict_do_nothing()
        if self._connection.scalar(put.returning(edits.c.id)) is None:
            raise Conflict(f"There already is a temporary edit {edit.id}.")

    def get(self, id: str) -> Edit | None:
        """The one of that id."""
        row = self._connection.execute(select(edits).where(edits.c.id == id)).one_or_none()
        return _edit(row) if row else None

    def save(self, edit: Edit) -> Edit:
        """One guarded UPDATE; whose edit it is stays as it was added. Raises Conflict, NotFound."""
        mine = update(edits).where(edits.c.id == edit.id, edits.c.version == edit.version)
        values = _changing(edit) | {"version": edit.version + 1}
        if not self._connection.execute(mine.values(fitting(edits, values))).rowcount:
            raise refusal(edit, self.get(edit.id))
        return replace(edit, version=edit.version + 1)

    def list(
        self, *, environment: str | None = None, service: str = "", states: Sequence[EditState] = (), limit: int = 100
    ) -> Sequence[Edit]:
        """Soonest end first; None and empty match everything."""
        query = select(edits).order_by(edits.c.until, edits.c.id).limit(limit)
        if environment is not None:
            query = query.where(edits.c.environment == environment)
        if service:
            query = query.where(edits.c.service == service)
        if states:
            query = query.where(edits.c.state.in_([state.value for state in states]))
        return [_edit(row) for row in self._connection.execute(query)]


def refusal(edit: Edit, stored: Edit | None) -> Conflict | NotFound:
    """Why a save wrote nothing, in words."""
    if stored is None:
        return NotFound(f"There is no temporary edit {edit.id}.")
    return Conflict(
        f"The temporary edit {edit.id} has changed since it was read: "
        f"it is {stored.state}, at version {stored.version} and not {edit.version}."
    )


def _changing(edit: Edit) -> dict[str, Any]:
    return {"state": edit.state.value, "until": edit.until, "body": _DOCUMENT.write(edit)}


def _edit(row: Row[Any]) -> Edit:
    return _DOCUMENT.read(row.body, row._asdict())
