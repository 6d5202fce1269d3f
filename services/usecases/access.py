"""Logging in, staying logged in and logging out.

Nothing here tells which names exist: an unknown name, a disabled user and a wrong password cost the same work and get
the same words, and a lock falls on any name that is tried too often, and on any client address that tries too many
names. The attempt is charged before the password is looked at, so that guesses made side by side cannot outrun the
lock.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from services.domain.access import Actor, Role
from services.domain.errors import Invalid, NotAllowed, NotNow, OutcomeUnknown
from services.ports import Attempt, Clock, Credential, Entry, LoginSession, Passwords, Store, Tokens, UnitOfWork
from services.usecases.login_limit import Charge, ClientLimit
from services.usecases.session_memory import SessionMemory
from services.usecases.users import NAME, PASSWORD_MOST

WRONG = "That name and password do not fit together."
ANONYMOUS = "anonymous"
UNKNOWN = "unknown"
"""Stands in the ledger for a name that nobody has: people type passwords into the wrong field."""
TOUCH_EVERY = timedelta(minutes=1)


class Access:
    """Sessions: opened by a password, ended by logging out, by idleness, by age, or when the user is disabled.

    `idle` and `absolute` limit a session; `lockout_after` attempts in a row lock a name for `lockout_for`;
    `client_most` failures lock a client address until the present window of `lockout_for` is over;
    `outage_grace` is how long a session goes on for reading while the database is away.
    """

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        tokens: Tokens,
        passwords: Passwords,
        *,
        idle: timedelta,
        absolute: timedelta,
        lockout_after: int,
        lockout_for: timedelta,
        client_most: int = 50,
        outage_grace: timedelta = timedelta(minutes=2),
    ) -> None:
        self._unit, self._clock, self._tokens, self._passwords = unit, clock, tokens, passwords
        self._idle, self._absolute = idle, absolute
        self._lockout_after, self._lockout_for = lockout_after, lockout_for
        self._client_limit = ClientLimit(client_most, lockout_for)
        self._memory = SessionMemory(outage_grace)

    def log_in(self, name: str, password: str, client: str) -> str:
        """Open a session; its token. Raises Invalid for any wrong pair, NotAllowed while name or address is locked."""
        name, now = name.strip().lower(), self._clock.now()
        with self._unit() as store:
            charge = self._client_limit.charge(store.users, client, now)
            if charge and not charge.allowed:  # not written: the ledger holds when the address was locked
                raise _locked_client(charge)
            attempt = store.users.attempt(name, now, lock_after=self._lockout_after, lock_for=self._lockout_for)
            credential = store.users.get(name) if NAME.fullmatch(name) else None
        if not attempt.allowed:
            self._refused(attempt, charge, credential, client, "locked")
            raise _locked(attempt)
        usable = credential if credential and not credential.user.disabled else None
        hashed = usable.password_hash if usable else None
        if not self._passwords.verify(hashed, password[: PASSWORD_MOST + 1]) or usable is None:
            self._refused(attempt, charge, credential, client, _why(credential))
            if charge and charge.reached:
                raise _locked_client(charge)
            raise _locked(attempt) if attempt.locked_until else Invalid(WRONG, {"password": WRONG})
        return self._open(usable, charge, password, client)

    def authenticate(self, token: str, *, touch: bool = True) -> Actor | None:
        """Whose session this is, None when it is over. Pass `touch` False for what a page asks by itself (polling):
        it is no sign of a person, so it does not put off the idle limit.

        While the database is away, a session seen valid within the minute before (here, or by `remember`) goes on for
        `outage_grace`, as a viewer: nobody can act on memory. Two minutes cover a Multi-AZ failover (AWS says 60 to
        120 s); meanwhile no one can be disabled or logged out in the database anyway. Otherwise raises NotNow.
        """
        key, now = _hash(token), self._clock.now()
        try:
            with self._unit(readonly=True) as store:
                session = store.sessions.get(key)
                credential = store.users.get(session.user) if session else None
        except NotNow:
            remembered = self._memory.recall(key, now)
            if remembered is None or not self._holds(remembered, now):
                raise
            return Actor(remembered.user, Role.VIEWER)
        if session is None or credential is None or credential.user.disabled or not self._holds(session, now):
            self._memory.forget(key)
            return None
        if touch and now - session.seen_at >= min(TOUCH_EVERY, self._idle / 4):
            with suppress(NotNow, OutcomeUnknown), self._unit() as store:  # not worth failing a request for
                store.sessions.touch(key, now)
                session = replace(session, seen_at=now)
        self._memory.keep(session, now)
        return credential.user.actor

    def remember(self) -> None:
        """See which sessions are valid, so that this process can go on with those that other processes have served.
        Ended sessions and disabled users leave its memory. Raises NotNow while the database is away."""
        now = self._clock.now()
        self._memory.reading()
        try:
            with self._unit(readonly=True) as store:
                valid = store.sessions.recent(now - self._absolute, now - self._idle, self._memory.most)
        except NotNow:
            self._memory.away(now)
            raise
        self._memory.replace(valid, now)

    def log_out(self, token: str) -> None:
        """End the session, if it still is one."""
        key = _hash(token)
        try:
            with self._unit() as store:
                session = store.sessions.get(key)
                if session:
                    store.sessions.end(key)
                    self._record(store, session.user, "log out", "done", session.user, session.client)
        finally:
            self._memory.forget(key)  # last: what was read from the database before must not bring it back

    def denied(self, actor: Actor, what: str, client: str) -> None:
        """Put into the ledger that someone was refused an act; `what` names it, such as a path or a permission."""
        with self._unit() as store:
            self._record(store, actor.name, "denied", "denied", what[:256], client, role=actor.role.value)

    def prune(self) -> int:
        """Forget sessions past their limits and attempts past counting; how many rows."""
        now = self._clock.now()
        with self._unit() as store:
            attempts = store.users.forget_attempts(now - self._lockout_for)
            return attempts + store.sessions.prune(now - self._absolute, now - self._idle)

    def _holds(self, session: LoginSession, now: datetime) -> bool:
        return now - session.seen_at < self._idle and now - session.created_at < self._absolute

    def _refused(
        self, attempt: Attempt, charge: Charge | None, credential: Credential | None, client: str, why: str
    ) -> None:
        target = credential.user.name if credential else UNKNOWN
        with self._unit() as store:
            self._record(store, ANONYMOUS, "log in", "failed", target, client, why=why, in_a_row=str(attempt.failures))
            if attempt.allowed and attempt.locked_until:
                until = attempt.locked_until.isoformat(timespec="seconds")
                self._record(store, "system", "lock login", "done", target, client, until=until)
            if charge and charge.reached:
                until = charge.until.isoformat(timespec="seconds")
                self._record(store, "system", "lock client", "done", client[:256], client, until=until)

    def _open(self, credential: Credential, charge: Charge | None, password: str, client: str) -> str:
        user, now, token = credential.user, self._clock.now(), self._tokens.new()
        outdated = self._passwords.outdated(credential.password_hash)
        rehashed = self._passwords.hash(password) if outdated else None
        with self._unit() as store:
            current = store.users.get(user.name)
            if current is None or current.user.disabled or current.password_hash != credential.password_hash:
                raise Invalid(WRONG, {"password": WRONG})  # changed while the password was being checked
            self._client_limit.take_back(store.users, charge)
            store.users.succeeded(user.name, now)
            if rehashed:
                store.users.set_password(user.name, rehashed)
            store.sessions.add(LoginSession(_hash(token), user.name, now, now, client[:256]))
            self._record(store, user.name, "log in", "done", user.name, client, role=user.role.value)
        return token

    def _record(
        self, store: Store, actor: str, action: str, outcome: str, target: str, client: str, **detail: str
    ) -> None:
        at = self._clock.now()
        store.ledger.append(Entry(at, actor, action, outcome, target, detail=detail, client=client[:256]))


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _locked(attempt: Attempt) -> NotAllowed:
    until = f"{attempt.locked_until:%H:%M:%S}" if attempt.locked_until else "later"
    return NotAllowed(f"Too many failed logins for this name. It can be tried again after {until} UTC.")


def _locked_client(charge: Charge) -> NotAllowed:
    until = f"{charge.until:%H:%M:%S}"
    return NotAllowed(f"Too many failed logins from your address. Logging in from it is possible again at {until} UTC.")


def _why(credential: Credential | None) -> str:
    """Why a pair was refused, for the ledger alone."""
    if credential is None:
        return "no such user"
    return "disabled" if credential.user.disabled else "wrong password"
