"""AWS's events, each once, by the key that is the same whichever way an event came."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from services.domain.event import Came, CloudEvent
from services.store.document import fitting
from services.store.tables import event_polls, events
from services.store.upsert import insert

_TEXTS = ("environment", "source", "source_type", "subject", "message", "event_id")


class SqlEvents:
    """`services.ports.Events` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, events: Sequence[CloudEvent]) -> Sequence[CloudEvent]:
        """Insert what is new, some hundred in one statement; the new ones, in the order given."""
        given = each_once(events)
        new = self._insert(given)
        self._name({key: event for key, event in given.items() if key not in new and event.event_id})
        return [event for key, event in given.items() if key in new]

    def between(
        self, environment: str, since: datetime, until: datetime, *, subject: str = "", limit: int = 1000
    ) -> Sequence[CloudEvent]:
        """In order of time, both ends included; beyond `limit` the oldest are left out."""
        query = select(events).where(events.c.environment == environment, events.c.at >= since, events.c.at <= until)
        if subject:
            query = query.where(events.c.subject == subject)
        newest = query.order_by(events.c.at.desc(), events.c.key.desc()).limit(limit)
        return [_event(row) for row in self._connection.execute(newest)][::-1]

    def polled_until(self, environment: str, source: str) -> datetime | None:
        """Up to when a source has been polled without a gap."""
        place = (event_polls.c.environment == environment, event_polls.c.source == source)
        until: datetime | None = self._connection.scalar(select(event_polls.c.until).where(*place))
        return until

    def set_polled_until(self, environment: str, source: str, at: datetime) -> None:
        """The last word counts: going back only means looking at the same events once more."""
        first = insert(self._connection, event_polls).values(environment=environment, source=source, until=at)
        put = first.on_conflict_do_update(
            index_elements=[event_polls.c.environment, event_polls.c.source], set_={"until": at}
        )
        self._connection.execute(put)

    def _insert(self, given: dict[str, CloudEvent]) -> frozenset[str]:
        """The keys that were new. In the order of keys, so that two who insert the same at once wait and do not
        deadlock."""
        if not given:
            return frozenset()
        rows = [_row(key, event) for key, event in sorted(given.items())]
        put = insert(self._connection, events).on_conflict_do_nothing().returning(events.c.key)
        return frozenset(self._connection.scalars(put, rows))

    def _name(self, known: dict[str, CloudEvent]) -> None:
        """Let those that were kept without an event id gain it."""
        if known:
            nameless = update(events).where(events.c.key == bindparam("known"), events.c.event_id == "")
            ids = [{"known": key, "id": event.event_id} for key, event in sorted(known.items())]
            self._connection.execute(nameless.values(event_id=bindparam("id")), ids)


def each_once(events: Sequence[CloudEvent]) -> dict[str, CloudEvent]:
    """By key; of those that are the same the first counts, with the event id that any of them has."""
    found: dict[str, CloudEvent] = {}
    for event in events:
        first = found.setdefault(event.key, event)
        found[event.key] = replace(first, event_id=first.event_id or event.event_id)
    return found


def _row(key: str, event: CloudEvent) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(event, name) for name in _TEXTS}
    row |= {"key": key, "at": event.at, "came": event.came.value, "received_at": event.received_at}
    return fitting(events, row | {"categories": json.dumps(event.categories)})


def _event(row: Row[Any]) -> CloudEvent:
    texts = {name: getattr(row, name) for name in _TEXTS}
    categories = tuple(json.loads(row.categories))
    return CloudEvent(at=row.at, categories=categories, came=Came(row.came), received_at=row.received_at, **texts)
