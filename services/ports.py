"""What the use cases ask for from the outside, said in Haven's words. Implementations live in `aws` and `store`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from services.domain.access import Role, User
from services.domain.environment import Environment
from services.domain.snapshot import Snapshot


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The present as aware UTC."""
        ...


class Tokens(Protocol):
    """Unguessable strings."""

    def new(self) -> str:
        """A fresh URL-safe token of at least 256 bits."""
        ...


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


class CloudReader(Protocol):
    """Reads one environment from AWS."""

    def read(self, environment: Environment, previous: Snapshot | None, *, metrics: bool) -> Snapshot:
        """A snapshot of now. A part that fails keeps `previous`'s facts and their time, with a gap; never raises for
        AWS's errors. With `metrics` False the metrics and failovers of `previous` are carried over unread."""
        ...


@dataclass(frozen=True)
class Entry:
    """One ledger entry. `detail` holds only plain, non-secret values. `seq` is 0 until it is stored."""

    at: datetime
    actor: str
    action: str
    outcome: str
    target: str
    reason: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    client: str = ""
    seq: int = 0


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


class Environments(Protocol):
    """Environments."""

    def add(self, environment: Environment) -> None: ...
    def get(self, name: str) -> Environment | None: ...
    def all(self, *, archived: bool = False) -> Sequence[Environment]: ...


@dataclass(frozen=True)
class Kept:
    """A kept snapshot's place in history: its number, when it was first true, until when it was seen unchanged."""

    number: int
    environment: str
    taken_at: datetime
    until: datetime
    verdict: str
    summary: str


class Snapshots(Protocol):
    """Snapshots: the newest of each environment, and the history of those in which something changed."""

    def newest(self, environment: str) -> Snapshot | None: ...
    def put(self, snapshot: Snapshot, *, changed: bool, verdict: str, summary: str, token: int) -> bool:
        """Replace the newest; when `changed` also keep it in history, else stretch the last kept one to now. A write
        carrying a fencing token lower than one seen before changes nothing and returns False."""
        ...

    def kept(self, environment: str, since: datetime, until: datetime, limit: int = 500) -> Sequence[Kept]:
        """Kept snapshots that overlap the window, oldest first."""
        ...

    def at(self, environment: str, when: datetime) -> tuple[Kept, Snapshot] | None:
        """The kept snapshot that was true at that time (the last one taken at or before it)."""
        ...

    def number(self, environment: str, number: int) -> tuple[Kept, Snapshot] | None: ...
    def prune(self, before: datetime) -> int: ...


class Ledger(Protocol):
    """The append-only ledger."""

    def append(self, entry: Entry) -> Entry: ...
    def read(
        self, *, before: int | None = None, actor: str = "", action: str = "", target: str = "", limit: int = 100
    ) -> Sequence[Entry]:
        """Newest first, older than `before` (a seq); empty strings match everything."""
        ...


class Store(Protocol):
    """One transaction's view of the database."""

    users: Users
    sessions: Sessions
    environments: Environments
    snapshots: Snapshots
    ledger: Ledger


class UnitOfWork(Protocol):
    """Opens transactions. `with unit() as store:` commits at the end and rolls back when anything raises. No AWS call
    is made inside one. An unreachable database raises NotNow: nothing was done. A commit whose answer was lost raises
    OutcomeUnknown. With `readonly` the database refuses writes, and the reader never waits for a writer."""

    def __call__(self, *, readonly: bool = False) -> AbstractContextManager[Store]: ...


@dataclass(frozen=True)
class Lease:
    """Permission to do one job until it runs out. Every write made under it carries `token` (fencing)."""

    name: str
    holder: str
    token: int


class Leases(Protocol):
    """Leases by the database's own clock; each call is its own short transaction."""

    def acquire(self, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Take or renew; None while another holds it. A new holder gets a higher token than any before."""
        ...

    def release(self, lease: Lease) -> None: ...


@dataclass(frozen=True)
class StackSpec:
    """One stack to provision: `name` as in `network` or `service-rbac`; `parameters` are fixed values; `inputs` maps a
    parameter to (stack name, output) of a stack deployed before; `after` are the stacks it waits for."""

    name: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, tuple[str, str]], ...]
    after: tuple[str, ...]
    policy: str | None
    termination_protection: bool


@dataclass(frozen=True)
class StackOutcome:
    """How a stack stands now. `status` is CloudFormation's; `done` and `ok` sort it; `reason` is the first failure."""

    status: str
    done: bool
    ok: bool
    reason: str
    outputs: tuple[tuple[str, str], ...]


class Provisioner(Protocol):
    """Deploys stacks through change sets only."""

    def change_set(self, environment: Environment, spec: StackSpec, outputs: dict[str, dict[str, str]]) -> str | None:
        """Create a change set with a client token and wait until it is reviewed; its ARN, or None when there is nothing
        to change. Raises Refused with AWS's words when it cannot be created."""
        ...

    def execute(self, environment: Environment, spec: StackSpec, change_set: str) -> None: ...
    def outcome(self, environment: Environment, stack: str) -> StackOutcome | None: ...
    def secure(self, environment: Environment, spec: StackSpec) -> None:
        """Set the stack policy and termination protection of a deployed stack."""
        ...
