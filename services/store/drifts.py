"""Drift reports, and the differences that people said are meant."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select

from services.domain.deployment.drift import Accepted, DriftReport
from services.store.deployment_tables import accepted_drift as accepted
from services.store.deployment_tables import drift_reports as reports
from services.store.document import fitting
from services.store.packed import Packed
from services.store.upsert import insert

_REPORT: Packed[DriftReport] = Packed(DriftReport)
_FIELDS = ("environment", "stack", "logical_id", "path", "actual", "by", "at", "reason")


class SqlDrifts:
    """`services.ports.Drifts` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, report: DriftReport) -> None:
        """Insert, or put in place of the one of the same stack and moment."""
        place = {"environment": report.environment, "stack": report.stack, "at": report.at}
        values = fitting(reports, {"status": report.status, "body": _REPORT.write(report)})
        first = insert(self._connection, reports).values(**fitting(reports, place), **values)
        self._connection.execute(first.on_conflict_do_update(index_elements=list(reports.primary_key), set_=values))

    def newest(self, environment: str) -> Sequence[DriftReport]:
        """The newest of every stack, by stack."""
        mine = reports.c.environment == environment
        last = select(reports.c.stack, func.max(reports.c.at).label("at")).where(mine).group_by(reports.c.stack)
        each = last.subquery()
        same = and_(reports.c.stack == each.c.stack, reports.c.at == each.c.at)
        found = self._connection.scalars(select(reports.c.body).join(each, same).where(mine))
        return sorted((_REPORT.read(body) for body in found), key=lambda report: report.stack)

    def of(self, environment: str, stack: str, limit: int = 50) -> Sequence[DriftReport]:
        """Newest first."""
        query = select(reports.c.body).where(reports.c.environment == environment, reports.c.stack == stack)
        found = self._connection.scalars(query.order_by(reports.c.at.desc()).limit(limit))
        return [_REPORT.read(body) for body in found]

    def accept(self, accepted: Accepted) -> None:
        """Insert, or put in place of an earlier one of the same place."""
        self._accept(asdict(accepted) | {"key": _key(*_place(accepted))})

    def take_back(self, environment: str, stack: str, logical_id: str, path: str) -> bool:
        """Whether there was one."""
        mine = accepted.c.key == _key(environment, stack, logical_id, path)
        return bool(self._connection.execute(delete(accepted).where(mine)).rowcount)

    def accepted(self, environment: str) -> Sequence[Accepted]:
        """By place. Sorted here, for databases sort text each in their own way."""
        query = select(*(accepted.c[name] for name in _FIELDS)).where(accepted.c.environment == environment)
        return sorted((_accepted(row) for row in self._connection.execute(query)), key=_place)

    def _accept(self, row: dict[str, Any]) -> None:
        values = fitting(accepted, row)
        put = insert(self._connection, accepted).values(values)
        self._connection.execute(put.on_conflict_do_update(index_elements=[accepted.c.key], set_=values))


def _place(accepted: Accepted) -> tuple[str, str, str, str]:
    return accepted.environment, accepted.stack, accepted.logical_id, accepted.path


def _key(*place: str) -> str:
    return hashlib.sha256("\n".join(place).encode("utf-8", "replace")).hexdigest()[:32]


def _accepted(row: Row[Any]) -> Accepted:
    return Accepted(**row._mapping)
