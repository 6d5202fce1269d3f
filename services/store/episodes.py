"""Failovers as the history keeps them, numbered within their environment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from services.domain.failover.episode import Acknowledgement, Episode
from services.store.document import Document, fitting
from services.store.tables import episodes
from services.store.upsert import insert

_FIXED = ("id", "environment")
_CHANGING = ("target", "started_at", "origin", "result")
_DOCUMENT = Document(Episode, (*_FIXED, *_CHANGING, "number", "acknowledged"))


class SqlEpisodes:
    """`services.ports.Episodes` in SQL. The acknowledgement has columns that `put` never changes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, episode: Episode) -> Episode:
        """Replace, or insert with the next number. Of two at once, the later one waits for the other at the index and
        finds its number taken: then it asks again."""
        while (put := self._replace(episode) or self._insert(episode)) is None:
            pass
        return put

    def get(self, id: str) -> Episode | None:
        """The one of that id."""
        row = self._connection.execute(select(episodes).where(episodes.c.id == id)).one_or_none()
        return _episode(row) if row else None

    def list(
        self,
        *,
        environment: str | None = None,
        target: str = "",
        origin: str = "",
        result: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 200,
    ) -> Sequence[Episode]:
        """Newest first, by when they started, both ends included; empty or None matches everything."""
        wanted = {"environment": environment, "target": target, "origin": origin, "result": result}
        query = select(episodes).where(*(episodes.c[name] == value for name, value in wanted.items() if value))
        if since is not None:
            query = query.where(episodes.c.started_at >= since)
        if until is not None:
            query = query.where(episodes.c.started_at <= until)
        order = (episodes.c.started_at.desc(), episodes.c.number.desc(), episodes.c.id.desc())
        return [_episode(row) for row in self._connection.execute(query.order_by(*order).limit(limit))]

    def acknowledge(self, id: str, acknowledgement: Acknowledgement) -> Episode | None:
        """The episode as it is after: the first acknowledgement stays, so look whose it is."""
        nobody = update(episodes).where(episodes.c.id == id, episodes.c.acknowledged_at.is_(None))
        self._connection.execute(nobody.values(fitting(episodes, _acknowledged(acknowledgement))))
        return self.get(id)

    def _replace(self, episode: Episode) -> Episode | None:
        known = update(episodes).where(episodes.c.id == episode.id)
        row = self._connection.execute(known.values(_changing(episode)).returning(episodes)).one_or_none()
        return _episode(row) if row else None

    def _insert(self, episode: Episode) -> Episode | None:
        highest = select(func.coalesce(func.max(episodes.c.number), 0) + 1)
        following = highest.where(episodes.c.environment == episode.environment).scalar_subquery()
        row = {name: getattr(episode, name) for name in _FIXED} | _changing(episode)
        row |= _acknowledged(episode.acknowledged)
        first = insert(self._connection, episodes).values(number=following, **fitting(episodes, row))
        put = first.on_conflict_do_nothing().returning(episodes.c.number)
        number: int | None = self._connection.scalar(put)
        return None if number is None else replace(episode, number=number)


def _changing(episode: Episode) -> dict[str, Any]:
    row = {name: getattr(episode, name) for name in _CHANGING}
    row |= {"origin": episode.origin.value, "result": episode.result.value, "body": _DOCUMENT.write(episode)}
    return fitting(episodes, row)


def _acknowledged(by: Acknowledgement | None) -> dict[str, Any]:
    if by is None:
        return {"acknowledged_by": "", "acknowledged_at": None, "acknowledged_comment": ""}
    return {"acknowledged_by": by.by, "acknowledged_at": by.at, "acknowledged_comment": by.comment}


def _episode(row: Row[Any]) -> Episode:
    by = None
    if row.acknowledged_at is not None:
        by = Acknowledgement(row.acknowledged_by, row.acknowledged_at, row.acknowledged_comment)
    return _DOCUMENT.read(row.body, {**row._mapping, "acknowledged": by})
