"""Operations and their trail. What two workers could do at once is one statement each: the index, the version and the
fencing token decide, never a read before a write."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from services.domain.errors import Conflict, NotFound
from services.domain.operation import Operation
from services.ports import TrailEntry
from services.store.document import Document, fitting
from services.store.ledger import canonical, plain
from services.store.tables import operation_trail as trail
from services.store.tables import operations
from services.store.upsert import insert

_FIXED = ("id", "kind", "environment", "target_kind", "target", "requested_at")
_DOCUMENT = Document(Operation, (*_FIXED, "state", "version"))


class SqlOperations:
    """`services.ports.Operations` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, operation: Operation) -> None:
        """Insert, unless the index of live targets (or the id) stands in the way."""
        row = {name: getattr(operation, name) for name in _FIXED} | {"target_kind": operation.target_kind.value}
        row |= {"version": operation.version, "token": 0, "last_number": 0, **_changing(operation)}
        # A failed INSERT would end PostgreSQL's transaction, and with it the view of what stood in the way.
        first = insert(self._connection, operations).values(fitting(operations, row)).on_conflict_do_nothing()
        if self._connection.scalar(first.returning(operations.c.id)) is not None:
            return
        if operation.live and (held := self.on(operation.environment, operation.target)) is not None:
            raise Conflict(in_the_way(held))
        if self.get(operation.id) is not None:
            raise Conflict(f"There already is an operation {operation.id}.")
        self.add(operation)  # what stood in the way has ended just now

    def get(self, id: str) -> Operation | None:
        """The operation of that id."""
        row = self._connection.execute(select(operations).where(operations.c.id == id)).one_or_none()
        return _operation(row) if row else None

    def save(self, operation: Operation, *, token: int | None = None) -> Operation:
        """One guarded UPDATE. What was asked for (kind, target, time) is as it was added, whatever this one says."""
        stored = operations.c
        values: dict[str, Any] = _changing(operation) | {"version": operation.version + 1}
        put = update(operations).where(stored.id == operation.id, stored.version == operation.version)
        if operation.live:
            put = put.where(stored.live)  # one that is over stays over: its target may have another by now
        if token is not None:
            put, values = put.where(stored.token <= token), values | {"token": token}
        if not self._connection.execute(put.values(fitting(operations, values))).rowcount:
            raise self._refusal(operation, token)
        return replace(operation, version=operation.version + 1)

    def live(self, environment: str | None = None) -> Sequence[Operation]:
        """Those that hold a target, oldest first."""
        query = select(operations).where(operations.c.live)
        if environment is not None:
            query = query.where(operations.c.environment == environment)
        found = query.order_by(operations.c.requested_at, operations.c.id)
        return [_operation(row) for row in self._connection.execute(found)]

    def on(self, environment: str, target: str) -> Operation | None:
        """The live operation on a target."""
        place = (operations.c.live, operations.c.environment == environment, operations.c.target == target)
        row = self._connection.execute(select(operations).where(*place)).one_or_none()
        return _operation(row) if row else None

    def list(
        self,
        *,
        environment: str | None = None,
        kind: str | None = None,
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Operation]:
        """Newest first, asked for before a time."""
        query = select(operations).order_by(operations.c.requested_at.desc(), operations.c.id.desc()).limit(limit)
        if environment is not None:
            query = query.where(operations.c.environment == environment)
        if kind is not None:
            query = query.where(operations.c.kind == kind)
        if before is not None:
            query = query.where(operations.c.requested_at < before)
        return [_operation(row) for row in self._connection.execute(query)]

    def record(self, entry: TrailEntry) -> TrailEntry:
        """Append with the operation's next number. Holds the operation's row until the transaction ends, so the numbers
        have no gaps; raises NotFound for an unknown operation."""
        counted = update(operations).where(operations.c.id == entry.operation_id)
        advance = counted.values(last_number=operations.c.last_number + 1).returning(operations.c.last_number)
        number = self._connection.scalar(advance)
        if number is None:
            raise NotFound(f"There is no operation {entry.operation_id}.")
        detail = {plain(key): plain(value) for key, value in entry.detail.items()}
        row = {name: getattr(entry, name) for name in ("operation_id", "at", "actor", "word", "sentence")}
        row = fitting(trail, row | {"number": number})
        self._connection.execute(trail.insert().values(detail=canonical(detail), **row))
        return TrailEntry(detail=detail, **row)

    def trail(self, operation_id: str) -> Sequence[TrailEntry]:
        """Oldest first."""
        query = select(trail).where(trail.c.operation_id == operation_id).order_by(trail.c.number)
        return [_entry(row) for row in self._connection.execute(query)]

    def _refusal(self, operation: Operation, token: int | None) -> Conflict | NotFound:
        """Why a save wrote nothing, in words."""
        query = select(operations).where(operations.c.id == operation.id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return NotFound(f"There is no operation {operation.id}.")
        return Conflict(refusal(operation, token, _operation(row), row.token))


def in_the_way(held: Operation) -> str:
    """What to say when a target has a live operation already."""
    return f"{held.target} is held by the {held.kind} {held.id} ({held.state}), which {held.requested_by} asked for."


def refusal(operation: Operation, token: int | None, stored: Operation, stored_token: int) -> str:
    """What to say when a save was refused; the overtaken worker first, for it must stop altogether."""
    if token is not None and token < stored_token:
        return f"Another worker has taken over operation {operation.id} (token {stored_token}, this one has {token})."
    if operation.version != stored.version:
        return (
            f"Operation {operation.id} has changed since it was read: "
            f"it is {stored.state}, at version {stored.version} and not {operation.version}."
        )
    return f"Operation {operation.id} is over: {stored.state}."


def _changing(operation: Operation) -> dict[str, Any]:
    return {"state": operation.state.value, "live": operation.live, "body": _DOCUMENT.write(operation)}


def _operation(row: Row[Any]) -> Operation:
    return _DOCUMENT.read(row.body, row._asdict())


def _entry(row: Row[Any]) -> TrailEntry:
    detail: dict[str, str] = json.loads(row.detail)
    return TrailEntry(row.operation_id, row.at, row.actor, row.word, row.sentence, detail, row.number)
