"""Template texts by the hash that is their version, kept for ever; and which of them each stack runs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, select

from services.ports import RunningTemplate
from services.store.deployment_tables import running_templates, templates
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

    def runs(self, running: RunningTemplate) -> None:
        """Keep what a stack runs, in place of what it ran before."""
        row = fitting(running_templates, asdict(running))
        put = insert(self._connection, running_templates).values(row)
        keys = ("environment", "stack")
        changed = {name: value for name, value in row.items() if name not in keys}
        self._connection.execute(put.on_conflict_do_update(index_elements=keys, set_=changed))

    def running(self, environment: str = "") -> Sequence[RunningTemplate]:
        """What was last seen of every stack, by environment and stack."""
        query = select(running_templates)
        if environment:
            query = query.where(running_templates.c.environment == environment)
        rows = self._connection.execute(query)
        found = [RunningTemplate(**row) for row in rows.mappings()]
        # Sorted here: the databases do not agree on the order of texts.
        return sorted(found, key=lambda each: (each.environment, each.stack))
