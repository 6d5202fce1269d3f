"""What happened around a failover: the first sign of trouble before it, and the alarms and stacks that belong to it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.domain.event import CloudEvent
from services.domain.failover.episode import Episode, Origin

BEFORE, AFTER = timedelta(minutes=5), timedelta(minutes=10)
_SCALING = "TargetTracking-"
"""Alarms of target tracking go off to scale, which is no sign of trouble."""


def with_surroundings(episode: Episode, events: Iterable[CloudEvent]) -> Episode:
    """The episode with when trouble was first seen, and the names of the alarms that went off and the stacks that
    changed from five minutes before it to ten after its end. AWS's own detection is not told by AWS; so
    `detected_at` is the first of our alarms before an automatic one, and None for one that somebody asked for."""
    ends = (episode.completed_at or episode.started_at) + AFTER
    near = sorted((e for e in events if episode.started_at - BEFORE <= e.at <= ends), key=lambda event: event.at)
    alarms = [event for event in near if _rings(event)]
    stacks = [event for event in near if event.source == "cloudformation" and event.source_type == "stack"]
    related = [*episode.related, *(f"alarm:{e.subject}" for e in alarms), *(f"stack:{e.subject}" for e in stacks)]
    seen = _first_sign(episode, alarms)
    return replace(episode, related=tuple(dict.fromkeys(related)), detected_at=episode.detected_at or seen)


def _first_sign(episode: Episode, alarms: Sequence[CloudEvent]) -> datetime | None:
    if episode.origin is not Origin.AUTOMATIC:
        return None
    return next((event.at for event in alarms if event.at < episode.started_at), None)


def _rings(event: CloudEvent) -> bool:
    return event.source == "cloudwatch" and "ALARM" in event.categories and not event.subject.startswith(_SCALING)
