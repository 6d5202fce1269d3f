"""Scaling activities, each once by AWS's id, kept for ever."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from services.domain.scaling.why import Activity
from services.store.document import Document, fitting
from services.store.scaling_tables import scaling_activities as activities
from services.store.upsert import insert

_DOCUMENT = Document(Activity, ("id", "at"))


class SqlActivities:
    """`services.ports.Activities` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, environment: str, service: str, activities: Sequence[Activity]) -> int:
        """Insert what is new, replace what has gone on since; how many were new."""
        given = {each.id: each for each in activities}
        rows = [_row(environment, service, each) for _, each in sorted(given.items())]
        new = self._insert(rows)
        self._replace([row for row in rows if row["id"] not in new])
        return len(new)

    def between(
        self, environment: str, service: str, since: datetime, until: datetime, *, limit: int = 500
    ) -> Sequence[Activity]:
        """Newest first, both ends included; beyond `limit` the oldest are left out."""
        place = (activities.c.environment == environment, activities.c.service == service)
        query = select(activities).where(*place, activities.c.at >= since, activities.c.at <= until)
        newest = query.order_by(activities.c.at.desc(), activities.c.id.desc()).limit(limit)
        return [_activity(row) for row in self._connection.execute(newest)]

    def newest_at(self, environment: str) -> datetime | None:
        """When the newest one began."""
        query = select(func.max(activities.c.at)).where(activities.c.environment == environment)
        newest: datetime | None = self._connection.scalar(query)
        return newest

    def _insert(self, rows: Sequence[dict[str, Any]]) -> frozenset[str]:
        """The ids that were new. In the order of ids, so that two who insert the same at once wait, not deadlock."""
        if not rows:
            return frozenset()
        put = insert(self._connection, activities).on_conflict_do_nothing().returning(activities.c.id)
        return frozenset(self._connection.scalars(put, rows))

    def _replace(self, rows: Sequence[dict[str, Any]]) -> None:
        """Only where something has changed: most are read twice and stay as they are."""
        if not rows:
            return
        known = update(activities).where(
            activities.c.environment == bindparam("its_environment"),
            activities.c.service == bindparam("its_service"),
            activities.c.id == bindparam("its_id"),
            activities.c.body != bindparam("its_body"),
        )
        put = known.values(at=bindparam("its_at"), body=bindparam("its_body"))
        self._connection.execute(put, [{f"its_{name}": value for name, value in row.items()} for row in rows])


def _row(environment: str, service: str, activity: Activity) -> dict[str, Any]:
    row = {"environment": environment, "service": service, "id": activity.id, "at": activity.at}
    return fitting(activities, row | {"body": _DOCUMENT.write(activity)})


def _activity(row: Row[Any]) -> Activity:
    return _DOCUMENT.read(row.body, row._asdict())
