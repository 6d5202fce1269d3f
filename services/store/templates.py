"""Template texts by the hash that is their version, kept for ever."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from services.store.deployment_tables import templates
from services.store.document import fitting
from services.store.packed import pack, unpack
from services.store.upsert import insert


class SqlTemplates:
    """`services.ports.Templates` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, version: str, name: str, body: str, at: datetime) -> None:
        """Keep it; one that is known stays as it is."""
        row = {"version": version, "name": name, "first_seen": at, "body": pack(body)}
        put = insert(self._connection, templates).values(fitting(templates, row)).on_conflict_do_nothing()
        self._connection.execute(put)

    def get(self, version: str) -> str | None:
        """The text."""
        body = self._connection.scalar(select(templates.c.body).where(templates.c.version == version))
        return None if body is None else unpack(body)

    def all(self, name: str = "") -> Sequence[tuple[str, str, datetime]]:
        """(version, name, first seen), newest first; the texts stay where they are."""
        query = select(templates.c.version, templates.c.name, templates.c.first_seen)
        if name:
            query = query.where(templates.c.name == name)
        newest = query.order_by(templates.c.first_seen.desc(), templates.c.version)
        return [(row.version, row.name, row.first_seen) for row in self._connection.execute(newest)]
