"""Users and sessions in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.domain.access import Role, User
from services.domain.errors import Conflict, NotFound
from services.ports import Attempt, Credential, LoginSession
from tests.fakes.state import Count, State


class MemoryUsers:
    """`services.ports.Users`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, user: User, password_hash: str) -> None:
        if user.name in self._state.users:
            raise Conflict(f"There already is a user {user.name}.")
        self._state.users[user.name] = (replace(user, locked_until=None), password_hash)

    def get(self, name: str) -> Credential | None:
        if name not in self._state.users:
            return None
        user, hashed = self._state.users[name]
        count = self._state.attempts.get(name)
        locked_until, failures = (count.locked_until, count.failures) if count else (None, 0)
        return Credential(replace(user, locked_until=locked_until), hashed, failures)

    def all(self) -> Sequence[User]:
        return [credential.user for name in sorted(self._state.users) if (credential := self.get(name))]

    def set_role(self, name: str, role: Role) -> None:
        self._set(name, role=role)

    def set_disabled(self, name: str, disabled: bool) -> None:
        self._set(name, disabled=disabled)

    def set_password(self, name: str, password_hash: str) -> None:
        self._set(name)
        self._state.users[name] = (self._state.users[name][0], password_hash)

    def lock_admins(self) -> Sequence[str]:
        return [user.name for user in self.all() if user.role is Role.ADMIN and not user.disabled]

    def attempt(self, name: str, at: datetime, *, lock_after: int, lock_for: timedelta) -> Attempt:
        count = self._state.attempts.get(name)
        if count and count.locked_until and count.locked_until > at:
            return Attempt(False, count.failures, count.locked_until)
        failures = 1 if count is None or count.last_at <= at - lock_for else count.failures + 1
        locked_until = at + lock_for if failures >= lock_after else None
        self._state.attempts[name] = Count(failures, at, locked_until)
        return Attempt(True, failures, locked_until)

    def take_back(self, name: str) -> None:
        count = self._state.attempts.get(name)
        if count and count.failures > 0:
            self._state.attempts[name] = Count(count.failures - 1, count.last_at, None)

    def succeeded(self, name: str, at: datetime) -> None:
        self._set(name, last_login_at=at)
        self.unlock(name)

    def unlock(self, name: str) -> None:
        self._state.attempts.pop(name, None)

    def forget_attempts(self, before: datetime) -> int:
        old = [name for name, count in self._state.attempts.items() if count.last_at < before]
        for name in old:
            del self._state.attempts[name]
        return len(old)

    def _set(self, name: str, **changes: Any) -> None:
        if name not in self._state.users:
            raise NotFound(f"There is no user {name}.")
        user, hashed = self._state.users[name]
        self._state.users[name] = (replace(user, **changes), hashed)


class MemorySessions:
    """`services.ports.Sessions`."""

    def __init__(self, state: State) -> None:
        self._rows = state.sessions
        self._users = state.users

    def add(self, session: LoginSession) -> None:
        self._rows[session.id] = session

    def get(self, id: str) -> LoginSession | None:
        return self._rows.get(id)

    def recent(self, created_after: datetime, seen_after: datetime, limit: int) -> Sequence[LoginSession]:
        found = [
            session
            for session in self._rows.values()
            if session.created_at > created_after
            and session.seen_at > seen_after
            and not self._users[session.user][0].disabled
        ]
        return sorted(found, key=lambda s: (-s.seen_at.timestamp(), s.id))[:limit]

    def touch(self, id: str, at: datetime) -> None:
        if id in self._rows and self._rows[id].seen_at < at:
            self._rows[id] = replace(self._rows[id], seen_at=at)

    def end(self, id: str) -> None:
        self._rows.pop(id, None)

    def end_all(self, user: str) -> int:
        return self._end([session for session in self._rows.values() if session.user == user])

    def prune(self, created_before: datetime, seen_before: datetime) -> int:
        rows = self._rows.values()
        return self._end([s for s in rows if s.created_at < created_before or s.seen_at < seen_before])

    def _end(self, sessions: list[LoginSession]) -> int:
        for session in sessions:
            del self._rows[session.id]
        return len(sessions)
