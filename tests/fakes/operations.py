"""Operations, their trail, pauses and change freezes in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.domain.errors import Conflict, NotFound
from services.domain.freeze import Freeze
from services.domain.operation import Operation
from services.domain.pause import Pause
from services.ports import TrailEntry
from tests.fakes.state import Held, State


class MemoryOperations:
    """`services.ports.Operations`."""

    def __init__(self, state: State) -> None:
        self._rows, self._trail = state.operations, state.trail

    def add(self, operation: Operation) -> None:
        if operation.live and (held := self.on(operation.environment, operation.target)):
            raise Conflict(
                f"{held.target} is held by the {held.kind} {held.id} ({held.state}), "
                f"which {held.requested_by} asked for."
            )
        if operation.id in self._rows:
            raise Conflict(f"There already is an operation {operation.id}.")
        self._rows[operation.id] = Held(operation, 0)

    def get(self, id: str) -> Operation | None:
        return self._rows[id].operation if id in self._rows else None

    def save(self, operation: Operation, *, token: int | None = None) -> Operation:
        if operation.id not in self._rows:
            raise NotFound(f"There is no operation {operation.id}.")
        held = self._rows[operation.id]
        stored = held.operation
        if token is not None and token < held.token:
            raise Conflict(
                f"Another worker has taken over operation {stored.id} (token {held.token}, this one has {token})."
            )
        if operation.version != stored.version:
            raise Conflict(
                f"Operation {stored.id} has changed since it was read: it is {stored.state}, "
                f"at version {stored.version} and not {operation.version}."
            )
        if operation.live and not stored.live:
            raise Conflict(f"Operation {stored.id} is over: {stored.state}.")
        saved = replace(operation, version=operation.version + 1)
        self._rows[operation.id] = Held(saved, held.token if token is None else token)
        return saved

    def live(self, environment: str | None = None) -> Sequence[Operation]:
        found = [one for one in self._all() if one.live and environment in (None, one.environment)]
        return sorted(found, key=_age)

    def on(self, environment: str, target: str) -> Operation | None:
        return next((one for one in self.live(environment) if one.target == target), None)

    def list(
        self,
        *,
        environment: str | None = None,
        kind: str | None = None,
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Operation]:
        found = [
            one
            for one in self._all()
            if environment in (None, one.environment)
            and kind in (None, one.kind)
            and (before is None or one.requested_at < before)
        ]
        return sorted(found, key=_age, reverse=True)[:limit]

    def record(self, entry: TrailEntry) -> TrailEntry:
        if entry.operation_id not in self._rows:
            raise NotFound(f"There is no operation {entry.operation_id}.")
        stored = replace(entry, detail=dict(entry.detail), number=len(self.trail(entry.operation_id)) + 1)
        self._trail[entry.operation_id, stored.number] = stored
        return stored

    def trail(self, operation_id: str) -> Sequence[TrailEntry]:
        return [entry for (owner, _), entry in self._trail.items() if owner == operation_id]

    def _all(self) -> Sequence[Operation]:
        return [held.operation for held in self._rows.values()]


class MemoryPauses:
    """`services.ports.Pauses`."""

    def __init__(self, state: State) -> None:
        self._rows = state.pauses

    def add(self, pause: Pause) -> None:
        if pause.id in self._rows:
            raise Conflict(f"There already is a pause {pause.id}.")
        self._rows[pause.id] = pause

    def lift(self, id: str, by: str, at: datetime) -> Pause | None:
        pause = self._rows.get(id)
        if pause is None or pause.lifted_at is not None or pause.until <= at:
            return None
        self._rows[id] = replace(pause, lifted_at=at, lifted_by=by)
        return self._rows[id]

    def current(self, now: datetime) -> Sequence[Pause]:
        holding = [each for each in self._rows.values() if each.holds(each.environment, now)]
        return sorted(holding, key=lambda pause: (pause.at, pause.id))


class MemoryFreezes:
    """`services.ports.Freezes`."""

    def __init__(self, state: State) -> None:
        self._rows = state.freezes

    def add(self, freeze: Freeze) -> None:
        if freeze.id in self._rows:
            raise Conflict(f"There already is a change freeze {freeze.id}.")
        self._rows[freeze.id] = freeze

    def remove(self, id: str, by: str, at: datetime) -> Freeze | None:
        freeze = self._rows.get(id)
        if freeze is None or freeze.removed_at is not None or freeze.ends <= at:
            return None
        self._rows[id] = replace(freeze, removed_at=at, removed_by=by)
        return self._rows[id]

    def current(self, now: datetime) -> Sequence[Freeze]:
        return [each for each in self._in_turn() if each.holds(each.environment, now)]

    def upcoming(self, now: datetime) -> Sequence[Freeze]:
        return [each for each in self._in_turn() if each.removed_at is None and now < each.starts]

    def _in_turn(self) -> Sequence[Freeze]:
        return sorted(self._rows.values(), key=lambda freeze: (freeze.starts, freeze.id))


def _age(operation: Operation) -> tuple[datetime, str]:
    return operation.requested_at, operation.id
