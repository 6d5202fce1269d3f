"""Irreversible calls, where their intent is written down, and looking at what they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.domain.environment import Environment
from services.domain.failover.facts import Probe
from services.domain.operation import Operation


@dataclass(frozen=True)
class Receipt:
    """AWS's acceptance of a write: its request id."""

    request_id: str


class FailoverCaller(Protocol):
    """The irreversible calls. Each sends one request and never repeats it. Raises Refused (AWS certainly did nothing;
    Conflict for a wrong state), NotNow (throttled or never sent: certainly nothing), Misconfigured (denied),
    OutcomeUnknown (the answer was lost)."""

    def ready(self, environment: Environment) -> None:
        """Have credentials for the next minutes, without acting. Raises Misconfigured or NotNow."""
        ...

    def fail_over(self, environment: Environment, operation: Operation) -> Receipt:
        """RebootDBInstance with ForceFailover, FailoverDBCluster or TestFailover, by the operation's target kind.
        `wanted` may hold `to_member` (cluster) and `node_group` (cache)."""
        ...


class Prober(Protocol):
    """Looks at an endpoint from where Haven runs."""

    def probe(self, environment: Environment, host: str, port: int, engine: str) -> Probe:
        """One look, in at most a few seconds; never raises. `engine` is `postgres` or `redis`."""
        ...


@dataclass(frozen=True)
class JournalEntry:
    """A line of the journal: the operation as it was then. `outcome` is empty for an intent."""

    at: datetime
    operation: Operation
    outcome: str = ""


class Journal(Protocol):
    """The second place where the intent of an irreversible call is written down before it is sent: a file, and S3 when
    configured. Haven's database may be the very thing that is failing over, or be restored from before."""

    def intend(self, operation: Operation) -> None:
        """Write, and force to disk, that this operation's step is about to be sent. Raises NotNow when it cannot be
        written: then it must not be sent."""
        ...

    def outcome(self, operation: Operation, outcome: str) -> None:
        """What became of it: `sent` (with the receipt), `not sent`, `refused`, `unknown`. Never raises."""
        ...

    def entries(self) -> Sequence[JournalEntry]:
        """Everything in it, oldest first; a broken last line is passed over."""
        ...
