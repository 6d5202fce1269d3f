"""People, and the count of login attempts by name."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, case, delete, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.access import Role, User
from services.domain.errors import Conflict, NotFound
from services.ports import Attempt, Credential
from services.store.tables import login_attempts, users
from services.store.types import Instant
from services.store.upsert import insert


class SqlUsers:
    """`services.ports.Users` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, user: User, password_hash: str) -> None:
        """Insert; raises Conflict if the name is taken."""
        row = {
            "name": user.name,
            "role": user.role.value,
            "disabled": user.disabled,
            "password_hash": password_hash,
            "created_at": user.created_at,
            "last_login_at": user.last_login_at,
        }
        try:
            self._connection.execute(users.insert().values(row))
        except IntegrityError as problem:
            raise Conflict(f"There already is a user {user.name}.") from problem

    def get(self, name: str) -> Credential | None:
        """The user of that name with hash and failures."""
        row = self._connection.execute(select(users).where(users.c.name == name)).one_or_none()
        if row is None:
            return None
        failures, locked_until = self._attempts(name).get(_key(name), (0, None))
        return Credential(_user(row, locked_until), row.password_hash, failures)

    def all(self) -> Sequence[User]:
        """Everyone, by name."""
        rows = self._connection.execute(select(users)).all()
        attempts = self._attempts(*(row.name for row in rows))
        found = [_user(row, attempts.get(_key(row.name), (0, None))[1]) for row in rows]
        return sorted(found, key=lambda user: user.name)  # here, for the database's own order follows its locale

    def set_role(self, name: str, role: Role) -> None:
        """Raises NotFound for an unknown name, as do the other setters."""
        self._set(name, role=role.value)

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Disable or enable."""
        self._set(name, disabled=disabled)

    def set_password(self, name: str, password_hash: str) -> None:
        """Keep a new hash; the count of failures stays."""
        self._set(name, password_hash=password_hash)

    def lock_admins(self) -> Sequence[str]:
        """The enabled admins, their rows locked (SQLite locks the whole database at BEGIN already)."""
        enabled = select(users.c.name).where(users.c.role == Role.ADMIN.value, ~users.c.disabled)
        return list(self._connection.scalars(enabled.order_by(users.c.name).with_for_update()))

    def attempt(self, name: str, at: datetime, *, lock_after: int, lock_for: timedelta) -> Attempt:
        """Count and, at `lock_after`, lock, in one statement: attempts made at once cannot be lost."""
        count = login_attempts.c
        failures = case((count.last_at <= at - lock_for, 1), else_=count.failures + 1)
        until = literal(at + lock_for, Instant)
        first = insert(self._connection, login_attempts).values(
            name_hash=_key(name), failures=1, last_at=at, locked_until=at + lock_for if lock_after <= 1 else None
        )
        charge = first.on_conflict_do_update(
            index_elements=[count.name_hash],
            set_={"failures": failures, "last_at": at, "locked_until": case((failures >= lock_after, until))},
            where=or_(count.locked_until.is_(None), count.locked_until <= at),
        ).returning(count.failures, count.locked_until)
        row = self._connection.execute(charge).one_or_none()
        if row is not None:
            return Attempt(True, row.failures, row.locked_until)
        refused = self._connection.execute(select(login_attempts).where(count.name_hash == _key(name))).one_or_none()
        if refused is None:  # forgiven by another transaction just now
            return self.attempt(name, at, lock_after=lock_after, lock_for=lock_for)
        return Attempt(False, refused.failures, refused.locked_until)

    def take_back(self, name: str) -> None:
        """One charge less, and no lock: it is set at the limit, which the count no longer reaches."""
        count = login_attempts.c
        charged = update(login_attempts).where(count.name_hash == _key(name), count.failures > 0)
        self._connection.execute(charged.values(failures=count.failures - 1, locked_until=None))

    def succeeded(self, name: str, at: datetime) -> None:
        """Clear failures and lock, remember the time."""
        self._set(name, last_login_at=at)
        self.unlock(name)

    def unlock(self, name: str) -> None:
        """Clear failures and lock."""
        self._connection.execute(delete(login_attempts).where(login_attempts.c.name_hash == _key(name)))

    def forget_attempts(self, before: datetime) -> int:
        """Forget counts whose last attempt was before then; how many."""
        return self._connection.execute(delete(login_attempts).where(login_attempts.c.last_at < before)).rowcount

    def _attempts(self, *names: str) -> dict[str, tuple[int, datetime | None]]:
        query = select(login_attempts).where(login_attempts.c.name_hash.in_([_key(name) for name in names]))
        return {row.name_hash: (row.failures, row.locked_until) for row in self._connection.execute(query)}

    def _set(self, name: str, **values: Any) -> None:
        if not self._connection.execute(update(users).where(users.c.name == name).values(values)).rowcount:
            raise NotFound(f"There is no user {name}.")


def _key(name: str) -> str:
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _user(row: Row[Any], locked_until: datetime | None) -> User:
    return User(row.name, Role(row.role), row.disabled, row.created_at, row.last_login_at, locked_until)
