"""AWS's events and the failovers made of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.domain.environment import Environment
from services.domain.event import CloudEvent
from services.domain.failover.episode import Acknowledgement, Episode
from services.domain.snapshot import Snapshot


class Events(Protocol):
    """AWS's events, kept for ever, each once."""

    def add(self, events: Sequence[CloudEvent]) -> Sequence[CloudEvent]:
        """Keep those not kept yet, and return just these. A known one may gain the `event_id` it lacked."""
        ...

    def between(
        self, environment: str, since: datetime, until: datetime, *, subject: str = "", limit: int = 1000
    ) -> Sequence[CloudEvent]:
        """In order of time; beyond `limit` the oldest are left out."""
        ...

    def polled_until(self, environment: str, source: str) -> datetime | None:
        """Up to when a source has been polled without a gap."""
        ...

    def set_polled_until(self, environment: str, source: str, at: datetime) -> None: ...


class Episodes(Protocol):
    """Failovers as the history keeps them."""

    def put(self, episode: Episode) -> Episode:
        """Insert or replace by id; a new one gets the next number of its environment. An acknowledgement stays."""
        ...

    def get(self, id: str) -> Episode | None: ...
    def list(
        self,
        *,
        environment: str | None = None,
        target: str = "",
        origin: str = "",
        result: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 200,
    ) -> Sequence[Episode]:
        """Newest first, by when they started; empty or None matches everything."""
        ...

    def acknowledge(self, id: str, acknowledgement: Acknowledgement) -> Episode | None: ...


class EventReader(Protocol):
    """AWS's own event lists."""

    def events(
        self, environment: Environment, snapshot: Snapshot, source: str, since: datetime
    ) -> Sequence[CloudEvent]:
        """What `rds`, `elasticache` or `scaling` says of the snapshot's resources since a time (at most 14 days
        back), in order of time. Raises HavenError."""
        ...


class EventQueue(Protocol):
    """The SQS queue that EventBridge feeds, where an environment has one."""

    def receive(self, environment: Environment, snapshot: Snapshot) -> tuple[Sequence[CloudEvent], Sequence[str]]:
        """Up to 10 messages at once, without waiting: the events understood, and the handles of all messages, to be
        given to `done` once the events are kept. Nothing when there is no queue."""
        ...

    def done(self, environment: Environment, snapshot: Snapshot, handles: Sequence[str]) -> None: ...
