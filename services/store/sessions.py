"""Server-side login sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from services.ports import LoginSession
from services.store.tables import sessions, users


class SqlSessions:
    """`services.ports.Sessions` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: LoginSession) -> None:
        """Insert."""
        row = {
            "id": session.id,
            "user": session.user,
            "created_at": session.created_at,
            "seen_at": session.seen_at,
            "client": session.client,
        }
        self._connection.execute(sessions.insert().values(row))

    def get(self, id: str) -> LoginSession | None:
        """The session whose token hashes to `id`."""
        row = self._connection.execute(select(sessions).where(sessions.c.id == id)).one_or_none()
        return _session(row) if row else None

    def recent(self, created_after: datetime, seen_after: datetime, limit: int) -> Sequence[LoginSession]:
        """The sessions of enabled users that began and were seen after those times, seen last first."""
        query = (
            select(sessions)
            .join(users, users.c.name == sessions.c.user)
            .where(~users.c.disabled, sessions.c.created_at > created_after, sessions.c.seen_at > seen_after)
            .order_by(sessions.c.seen_at.desc(), sessions.c.id)
            .limit(limit)
        )
        return [_session(row) for row in self._connection.execute(query)]

    def touch(self, id: str, at: datetime) -> None:
        """Move `seen_at` forward, never back: two requests may arrive out of order."""
        self._connection.execute(
            update(sessions).where(sessions.c.id == id, sessions.c.seen_at < at).values(seen_at=at)
        )

    def end(self, id: str) -> None:
        """Delete it, if it is there."""
        self._connection.execute(delete(sessions).where(sessions.c.id == id))

    def end_all(self, user: str) -> int:
        """Delete every session of a user; how many."""
        return self._connection.execute(delete(sessions).where(sessions.c.user == user)).rowcount

    def prune(self, created_before: datetime, seen_before: datetime) -> int:
        """Delete sessions past the absolute or the idle limit; how many."""
        past = or_(sessions.c.created_at < created_before, sessions.c.seen_at < seen_before)
        return self._connection.execute(delete(sessions).where(past)).rowcount


def _session(row: Row[Any]) -> LoginSession:
    return LoginSession(row.id, row.user, row.created_at, row.seen_at, row.client)
