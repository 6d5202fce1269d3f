"""AWS's events and the failover history in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.domain.event import CloudEvent
from services.domain.failover.episode import Acknowledgement, Episode
from tests.fakes.state import State


class MemoryEvents:
    """`services.ports.Events`."""

    def __init__(self, state: State) -> None:
        self._rows, self._polls = state.events, state.polls

    def add(self, events: Sequence[CloudEvent]) -> Sequence[CloudEvent]:
        new = []
        for event in events:
            known = self._rows.get(event.key)
            if known is None:
                new.append(event.key)
            self._rows[event.key] = (
                event if known is None else replace(known, event_id=known.event_id or event.event_id)
            )
        return [self._rows[key] for key in new]

    def between(
        self, environment: str, since: datetime, until: datetime, *, subject: str = "", limit: int = 1000
    ) -> Sequence[CloudEvent]:
        found = [
            event
            for event in self._rows.values()
            if event.environment == environment and since <= event.at <= until and subject in ("", event.subject)
        ]
        return sorted(found, key=lambda event: (event.at, event.key))[-limit:]

    def polled_until(self, environment: str, source: str) -> datetime | None:
        return self._polls.get((environment, source))

    def set_polled_until(self, environment: str, source: str, at: datetime) -> None:
        self._polls[environment, source] = at


class MemoryEpisodes:
    """`services.ports.Episodes`."""

    def __init__(self, state: State) -> None:
        self._rows = state.episodes

    def put(self, episode: Episode) -> Episode:
        known = self._rows.get(episode.id)
        if known is not None:
            stored = replace(
                episode, environment=known.environment, number=known.number, acknowledged=known.acknowledged
            )
        else:
            numbers = [each.number for each in self._rows.values() if each.environment == episode.environment]
            stored = replace(episode, number=max(numbers, default=0) + 1)
        self._rows[episode.id] = stored
        return stored

    def get(self, id: str) -> Episode | None:
        return self._rows.get(id)

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
        found = [
            each
            for each in self._rows.values()
            if (not environment or each.environment == environment)
            and target in ("", each.target)
            and origin in ("", each.origin)
            and result in ("", each.result)
            and (since is None or each.started_at >= since)
            and (until is None or each.started_at <= until)
        ]
        return sorted(found, key=lambda each: (each.started_at, each.number, each.id), reverse=True)[:limit]

    def acknowledge(self, id: str, acknowledgement: Acknowledgement) -> Episode | None:
        episode = self._rows.get(id)
        if episode is not None and episode.acknowledged is None:
            self._rows[id] = replace(episode, acknowledged=acknowledgement)
        return self._rows.get(id)
