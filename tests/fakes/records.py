"""Environments, snapshots and the ledger in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.domain.environment import Environment
from services.domain.errors import Conflict
from services.domain.snapshot import Snapshot
from services.ports import Entry, Kept
from tests.fakes.state import Newest, State


class MemoryEnvironments:
    """`services.ports.Environments`."""

    def __init__(self, state: State) -> None:
        self._rows = state.environments

    def add(self, environment: Environment) -> None:
        if environment.name in self._rows:
            raise Conflict(f"There already is an environment {environment.name}.")
        self._rows[environment.name] = environment

    def get(self, name: str) -> Environment | None:
        return self._rows.get(name)

    def all(self, *, archived: bool = False) -> Sequence[Environment]:
        return [each for _, each in sorted(self._rows.items()) if archived or not each.archived]

    def save(self, before: Environment, after: Environment) -> None:
        if before.name != after.name:
            raise ValueError(f"{before.name} cannot become {after.name}: a name is for ever")
        stored = self._rows.get(before.name)
        if stored is None:
            raise Conflict(f"There is no environment {before.name}.")
        if stored != before:
            differing = [name for name, value in vars(stored).items() if value != getattr(before, name)]
            what = ", ".join(name.replace("_", " ") for name in differing)
            raise Conflict(f"The environment {before.name} has changed since it was read: {what}.")
        self._rows[before.name] = after


class MemorySnapshots:
    """`services.ports.Snapshots`."""

    def __init__(self, state: State) -> None:
        self._newest, self._kept = state.newest, state.kept

    def newest(self, environment: str) -> Snapshot | None:
        row = self._newest.get(environment)
        return row.snapshot if row else None

    def put(self, snapshot: Snapshot, *, changed: bool, verdict: str, summary: str, token: int) -> bool:
        name, at = snapshot.environment, snapshot.taken_at
        row = self._newest.get(name, Newest(snapshot, token, 0))
        if token < row.token:
            return False
        number = row.last_number
        if changed or (name, number) not in self._kept:
            number += 1
            self._kept[name, number] = (Kept(number, name, at, at, verdict, summary), snapshot)
        else:
            was, body = self._kept[name, number]
            self._kept[name, number] = (replace(was, until=at), body)
        self._newest[name] = Newest(snapshot, token, number)
        return True

    def kept(self, environment: str, since: datetime, until: datetime, limit: int = 500) -> Sequence[Kept]:
        rows = [kept for kept, _ in self._of(environment) if kept.taken_at <= until and kept.until >= since]
        return rows[-limit:]

    def at(self, environment: str, when: datetime) -> tuple[Kept, Snapshot] | None:
        rows = [row for row in self._of(environment) if row[0].taken_at <= when]
        return max(rows, key=lambda row: (row[0].taken_at, row[0].number)) if rows else None

    def number(self, environment: str, number: int) -> tuple[Kept, Snapshot] | None:
        return self._kept.get((environment, number))

    def prune(self, before: datetime) -> int:
        last = {(name, row.last_number) for name, row in self._newest.items()}
        old = [key for key, (kept, _) in self._kept.items() if kept.until < before and key not in last]
        for key in old:
            del self._kept[key]
        return len(old)

    def _of(self, environment: str) -> list[tuple[Kept, Snapshot]]:
        return [row for key, row in sorted(self._kept.items()) if key[0] == environment]


class MemoryLedger:
    """`services.ports.Ledger`."""

    LIMITS = (("actor", 64), ("action", 64), ("outcome", 32), ("target", 256), ("reason", 4000), ("client", 256))

    def __init__(self, state: State) -> None:
        self._rows = state.ledger

    def append(self, entry: Entry) -> Entry:
        if any(len(getattr(entry, name)) > most for name, most in self.LIMITS) or len(str(entry.detail)) > 16_000:
            raise ValueError(f"ledger entry {entry.action!r}: too long")
        texts = {name: _plain(getattr(entry, name)) for name, _ in self.LIMITS}
        detail = {_plain(key): _plain(value) for key, value in entry.detail.items()}
        stored = Entry(at=entry.at, detail=detail, seq=len(self._rows) + 1, **texts)
        self._rows[stored.seq] = stored
        return stored

    def read(
        self,
        *,
        before: int | None = None,
        actor: str = "",
        action: str = "",
        target: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[Entry]:
        found = [
            entry
            for entry in reversed(self._rows.values())
            if (before is None or entry.seq < before)
            and actor in ("", entry.actor)
            and action in ("", entry.action)
            and target in ("", entry.target)
            and (since is None or entry.at >= since)
            and (until is None or entry.at <= until)
        ]
        return found[:limit]


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
