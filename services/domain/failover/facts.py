"""What a failover in progress is judged by."""

from dataclasses import dataclass
from datetime import datetime

from services.domain.event import CloudEvent
from services.domain.snapshot import Snapshot


@dataclass(frozen=True)
class Probe:
    """One look at a database's or cache's endpoint from where Haven runs.

    `accepts` says whether it took a TCP connection, `writable` whether SQL said that it is no standby
    (`pg_is_in_recovery()`); None is not known: not reachable from here at all, or no probe credential configured.
    """

    at: datetime
    accepts: bool | None
    writable: bool | None
    words: str


@dataclass(frozen=True)
class FailoverFacts:
    """The world at one look. `events` are those of the target since `sent_at` (when the intent to act was saved), in
    order of time; empty before. `baseline` is the last snapshot before the act, to tell new trouble from old.

    `sent_at` is None as long as nothing was sent, also after a try that certainly did nothing. `target` is the name of
    the database, cluster or cache (empty means the only one of its kind), `node_group` a cache's shard. `to_zone` and
    `to_member` say where the role is to go, `baseline_zone` and `baseline_member` where it was; each may be unknown.
    """

    snapshot: Snapshot
    events: tuple[CloudEvent, ...]
    probe: Probe | None
    sent_at: datetime | None
    baseline_zone: str | None = None
    baseline_alarms: tuple[str, ...] = ()
    baseline_healthy: tuple[tuple[str, int], ...] = ()
    baseline_accepts: bool | None = None
    target: str = ""
    node_group: str = ""
    to_zone: str | None = None
    to_member: str = ""
    baseline_member: str = ""
