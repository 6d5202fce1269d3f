"""Stack events, each once by AWS's id within its stack, kept for ever."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from services.domain.deployment.event import StackEvent
from services.store.deployment_tables import stack_events as events
from services.store.document import fitting
from services.store.upsert import insert

NEWEST = 20
"""Of how many events the ids are given to read on from: those of one moment may be listed in another order."""
_FIELDS = ("id", "at", "stack", "stack_id", "logical_id", "physical_id", "type", "status", "reason", "token")


class SqlStackEvents:
    """`services.ports.StackEvents` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, environment: str, events: Sequence[StackEvent]) -> int:
        """In the order of time, of stacks, and as given: the same for two who insert the same events at once, so that
        they wait for one another, and do not deadlock."""
        given = {key(environment, event): event for event in events}
        in_order = sorted(given.items(), key=lambda item: (item[1].at, item[1].stack_id))
        return self._insert([_row(environment, each, event) for each, event in in_order])

    def of(
        self, environment: str, stack: str = "", *, before: datetime | None = None, limit: int = 2000
    ) -> Sequence[StackEvent]:
        """The newest, oldest first; `before` excludes its own moment."""
        query = _newest(environment, stack).limit(limit)
        if before is not None:
            query = query.where(events.c.at < before)
        return [_event(row) for row in self._connection.execute(query)][::-1]

    def newest(self, environment: str, stack: str) -> frozenset[str]:
        """Ids of the newest few."""
        query = _newest(environment, stack).with_only_columns(events.c.id).limit(NEWEST)
        return frozenset(self._connection.scalars(query))

    def _insert(self, rows: Sequence[dict[str, Any]]) -> int:
        """How many were new."""
        if not rows:
            return 0
        put = insert(self._connection, events).on_conflict_do_nothing().returning(events.c.key)
        return len(self._connection.scalars(put, rows).all())


def key(environment: str, event: StackEvent) -> str:
    """What an event is once by: AWS's id says what happened to which resource when, but not in which stack."""
    place = "\n".join((environment, event.stack_id, event.id))
    return hashlib.sha256(place.encode("utf-8", "replace")).hexdigest()[:32]


def _newest(environment: str, stack: str) -> Select[Any]:
    query = select(*(events.c[name] for name in _FIELDS)).where(events.c.environment == environment)
    if stack:
        query = query.where(events.c.stack == stack)
    return query.order_by(events.c.at.desc(), events.c.number.desc())


def _row(environment: str, key: str, event: StackEvent) -> dict[str, Any]:
    row = {name: getattr(event, name) for name in _FIELDS}
    return fitting(events, row | {"environment": environment, "key": key})


def _event(row: Row[Any]) -> StackEvent:
    return StackEvent(**row._mapping)
