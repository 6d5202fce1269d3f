"""Metrics, scaling activities and temporary edits in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import isfinite

from services.domain.errors import Conflict, NotFound
from services.domain.scaling.measured import Measured
from services.domain.scaling.series import Series
from services.domain.scaling.temporary import Edit, EditState
from services.domain.scaling.why import Activity
from tests.fakes.state import State

PLACES = 60


class MemoryMetrics:
    """`services.ports.Metrics`, point by point."""

    def __init__(self, state: State) -> None:
        self._points, self._reads = state.points, state.reads

    def put(self, environment: str, measured: Sequence[Measured]) -> None:
        for each in measured:
            for minute, value in each.series.points:
                if isfinite(value):
                    self._points[environment, each.subject, each.name, each.series.step, minute] = value

    def read(
        self, environment: str, subject: str, names: Sequence[str], since: int, until: int, step: int
    ) -> Mapping[str, Series]:
        first = since // step * step
        return {
            name: Series(
                first,
                tuple(self._points.get((environment, subject, name, step, at)) for at in range(first, until, step)),
                step,
            )
            for name in names
        }

    def read_until(self, environment: str, step: int) -> int | None:
        return self._reads.get((environment, step, "until"))

    def set_read_until(self, environment: str, step: int, minute: int) -> None:
        self._reads[environment, step, "until"] = minute

    def read_since(self, environment: str, step: int) -> int | None:
        return self._reads.get((environment, step, "since"))

    def set_read_since(self, environment: str, step: int, minute: int) -> None:
        self._reads[environment, step, "since"] = minute

    def prune(self, before: Mapping[int, int]) -> int:
        gone = set()
        for environment, subject, name, step, minute in list(self._points):
            block = minute // (step * PLACES) * step * PLACES
            if step in before and block + step * PLACES <= before[step]:
                gone.add((environment, subject, name, step, block))
                del self._points[environment, subject, name, step, minute]
        return len(gone)


class MemoryActivities:
    """`services.ports.Activities`."""

    def __init__(self, state: State) -> None:
        self._rows = state.activities

    def put(self, environment: str, service: str, activities: Sequence[Activity]) -> int:
        before = len(self._rows)
        self._rows.update({(environment, service, each.id): each for each in activities})
        return len(self._rows) - before

    def between(
        self, environment: str, service: str, since: datetime, until: datetime, *, limit: int = 500
    ) -> Sequence[Activity]:
        found = [each for key, each in self._rows.items() if key[:2] == (environment, service)]
        wanted = [each for each in found if since <= each.at <= until]
        return sorted(wanted, key=lambda each: (each.at, each.id), reverse=True)[:limit]

    def newest_at(self, environment: str) -> datetime | None:
        return max((each.at for key, each in self._rows.items() if key[0] == environment), default=None)


class MemoryEdits:
    """`services.ports.Edits`."""

    def __init__(self, state: State) -> None:
        self._rows = state.edits

    def add(self, edit: Edit) -> None:
        if edit.id in self._rows:
            raise Conflict(f"There already is a temporary edit {edit.id}.")
        self._rows[edit.id] = edit

    def get(self, id: str) -> Edit | None:
        return self._rows.get(id)

    def save(self, edit: Edit) -> Edit:
        stored = self._rows.get(edit.id)
        if stored is None:
            raise NotFound(f"There is no temporary edit {edit.id}.")
        if stored.version != edit.version:
            raise Conflict(
                f"The temporary edit {edit.id} has changed since it was read: "
                f"it is {stored.state}, at version {stored.version} and not {edit.version}."
            )
        put = replace(edit, environment=stored.environment, service=stored.service, version=edit.version + 1)
        self._rows[edit.id] = put
        return put

    def list(
        self, *, environment: str | None = None, service: str = "", states: Sequence[EditState] = (), limit: int = 100
    ) -> Sequence[Edit]:
        found = [
            each
            for each in self._rows.values()
            if environment in (None, each.environment) and service in ("", each.service)
            if not states or each.state in states
        ]
        return sorted(found, key=lambda each: (each.until, each.id))[:limit]
