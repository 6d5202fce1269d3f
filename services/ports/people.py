"""People: their passwords, login attempts and sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.domain.access import Role, User


class Passwords(Protocol):
    """Password hashing (argon2id)."""

    def hash(self, password: str) -> str:
        """The hash to keep."""
        ...

    def verify(self, hashed: str | None, password: str) -> bool:
        """Whether the password fits; spends the same time when `hashed` is None (no such user)."""
        ...

    def outdated(self, hashed: str) -> bool:
        """Whether the hash was made with older parameters and should be made anew."""
        ...


@dataclass(frozen=True)
class LoginSession:
    """A server-side session. Only the SHA-256 of its token is stored; `id` is that hash in hex."""

    id: str
    user: str
    created_at: datetime
    seen_at: datetime
    client: str


@dataclass(frozen=True)
class Credential:
    """What logging in needs to know of a user beyond `User`."""

    user: User
    password_hash: str
    failures: int


@dataclass(frozen=True)
class Attempt:
    """One login attempt as charged: whether it may go on, how many failed in a row with it, until when it is locked."""

    allowed: bool
    failures: int
    locked_until: datetime | None


class Users(Protocol):
    """People. Their login attempts are counted by name, whether or not such a user exists."""

    def add(self, user: User, password_hash: str) -> None:
        """Insert; raises Conflict if the name is taken."""
        ...

    def get(self, name: str) -> Credential | None: ...
    def all(self) -> Sequence[User]: ...
    def set_role(self, name: str, role: Role) -> None: ...
    def set_disabled(self, name: str, disabled: bool) -> None: ...
    def set_password(self, name: str, password_hash: str) -> None: ...
    def lock_admins(self) -> Sequence[str]:
        """The names of the enabled admins; nobody else can change them until this transaction ends."""
        ...

    def attempt(self, name: str, at: datetime, *, lock_after: int, lock_for: timedelta) -> Attempt:
        """Charge one login attempt to a name in one atomic step, before its password is looked at. The `lock_after`th
        in a row locks the name for `lock_for`; an attempt on a locked name is refused and not counted. A count whose
        last attempt is `lock_for` ago starts again. The name need not exist."""
        ...

    def take_back(self, name: str) -> None:
        """Undo one charge that turned out to be no failure, and the lock with it."""
        ...

    def succeeded(self, name: str, at: datetime) -> None:
        """Clear failures and lock, remember the time."""
        ...

    def unlock(self, name: str) -> None:
        """Clear failures and lock."""
        ...

    def forget_attempts(self, before: datetime) -> int:
        """Forget counts whose last attempt was before then; how many."""
        ...


class Sessions(Protocol):
    """Server-side login sessions."""

    def add(self, session: LoginSession) -> None: ...
    def get(self, id: str) -> LoginSession | None: ...
    def recent(self, created_after: datetime, seen_after: datetime, limit: int) -> Sequence[LoginSession]:
        """The sessions of enabled users that began and were seen after those times, seen last first."""
        ...

    def touch(self, id: str, at: datetime) -> None: ...
    def end(self, id: str) -> None: ...
    def end_all(self, user: str) -> int: ...
    def prune(self, created_before: datetime, seen_before: datetime) -> int: ...
