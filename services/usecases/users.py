"""People: who may log in, and as what. Every change is in the ledger, in the transaction that makes it."""

import re
from collections.abc import Sequence

from services.domain.access import SYSTEM, Actor, Permission, Role, User
from services.domain.errors import Conflict, Invalid, NotFound, Unsafe
from services.ports import Clock, Credential, Entry, Passwords, Store, Tokens, UnitOfWork

NAME = re.compile(r"[a-z][a-z0-9._@+-]{1,62}[a-z0-9]")
RESERVED = frozenset({SYSTEM.name, "anonymous", "unknown"})
PASSWORD_LEAST, PASSWORD_MOST = 12, 256
FIRST_ADMIN = "admin"


def problems(name: str, password: str) -> dict[str, str]:
    """What is wrong with a new account, by field; empty when nothing is."""
    found: dict[str, str] = {}
    if not NAME.fullmatch(name):
        found["name"] = "3 to 64 lower-case letters, digits and . _ @ + -, starting with a letter."
    elif name in RESERVED:
        found["name"] = "Haven uses this name itself; choose another."
    return found | password_problems(name, password)


def password_problems(name: str, password: str) -> dict[str, str]:
    """What is wrong with a password for this user, by field; empty when nothing is."""
    if len(password) < PASSWORD_LEAST:
        return {"password": f"At least {PASSWORD_LEAST} characters."}
    if len(password) > PASSWORD_MOST:
        return {"password": f"At most {PASSWORD_MOST} characters."}
    if password.casefold() == name.casefold():
        return {"password": "Not the user's own name."}
    return {}


class Users:
    """Adding people, changing what they may do, and letting them in again."""

    def __init__(self, unit: UnitOfWork, clock: Clock, tokens: Tokens, passwords: Passwords) -> None:
        self._unit, self._clock, self._tokens, self._passwords = unit, clock, tokens, passwords

    def all(self, actor: Actor) -> Sequence[User]:
        """Everyone, by name."""
        actor.require(Permission.MANAGE_USERS)
        with self._unit(readonly=True) as store:
            return store.users.all()

    def add(self, actor: Actor, name: str, role: Role, password: str, *, client: str = "") -> User:
        """Add a person. Raises Invalid with what to mend, Conflict when the name is taken."""
        actor.require(Permission.MANAGE_USERS)
        _refuse(problems(name, password))
        hashed = self._passwords.hash(password)  # outside the transaction: it takes a while
        user = User(name, role, disabled=False, created_at=self._clock.now())
        with self._unit() as store:
            store.users.add(user, hashed)
            self._record(store, actor, "add user", name, client, role=role.value)
        return user

    def set_role(self, actor: Actor, name: str, role: Role, *, client: str = "") -> None:
        """Give a person another role and end their sessions. Raises Unsafe for the last enabled admin."""
        actor.require(Permission.MANAGE_USERS)
        with self._unit() as store:
            admins = store.users.lock_admins()
            was = _found(store, name).user.role
            if was is role:
                return
            _keep_an_admin(admins, name)
            store.users.set_role(name, role)
            ended = store.sessions.end_all(name)
            detail = {"before": was.value, "after": role.value, "sessions_ended": str(ended)}
            self._record(store, actor, "set role", name, client, **detail)

    def disable(self, actor: Actor, name: str, *, client: str = "") -> None:
        """Keep a person from logging in and end their sessions. Raises Unsafe for the last enabled admin."""
        actor.require(Permission.MANAGE_USERS)
        with self._unit() as store:
            admins = store.users.lock_admins()
            if _found(store, name).user.disabled:
                return
            _keep_an_admin(admins, name)
            store.users.set_disabled(name, disabled=True)
            ended = store.sessions.end_all(name)
            self._record(store, actor, "disable user", name, client, sessions_ended=str(ended))

    def enable(self, actor: Actor, name: str, *, client: str = "") -> None:
        """Let a disabled person log in again."""
        actor.require(Permission.MANAGE_USERS)
        with self._unit() as store:
            if not _found(store, name).user.disabled:
                return
            store.users.set_disabled(name, disabled=False)
            self._record(store, actor, "enable user", name, client)

    def reset_password(self, actor: Actor, name: str, password: str, *, client: str = "") -> None:
        """Set a password, lift a lock and end the person's sessions."""
        actor.require(Permission.MANAGE_USERS)
        _refuse(password_problems(name, password))
        hashed = self._passwords.hash(password)
        with self._unit() as store:
            _found(store, name)
            store.users.set_password(name, hashed)
            store.users.unlock(name)
            ended = store.sessions.end_all(name)
            self._record(store, actor, "reset password", name, client, sessions_ended=str(ended))

    def ensure_first_admin(self, password: str | None = None) -> str | None:
        """Make the account `admin` if there is nobody at all yet. Returns its password, generated unless one is given,
        or None when nothing was made. Two starts at once make one account."""
        with self._unit(readonly=True) as store:
            if store.users.all():
                return None
        chosen = password or self._tokens.new()
        try:
            self.add(SYSTEM, FIRST_ADMIN, Role.ADMIN, chosen)
        except Conflict:
            return None
        return chosen

    def _record(self, store: Store, actor: Actor, action: str, target: str, client: str, **detail: str) -> None:
        at = self._clock.now()
        store.ledger.append(Entry(at, actor.name, action, "done", target, detail=detail, client=client[:256]))


def _refuse(found: dict[str, str]) -> None:
    if found:
        raise Invalid(" ".join(f"{field.capitalize()}: {why}" for field, why in found.items()), found)


def _found(store: Store, name: str) -> Credential:
    credential = store.users.get(name) if NAME.fullmatch(name) else None
    if credential is None:
        raise NotFound("There is no such user.")
    return credential


def _keep_an_admin(admins: Sequence[str], name: str) -> None:
    if list(admins) == [name]:
        raise Unsafe(f"{name} is the last enabled admin: make another one first.")
