"""One failover stays one in the history, however late, often or out of order its events come."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.domain.failover.causes import What
from services.domain.failover.drafts import LONGEST
from services.domain.failover.episode import Episode, Origin, Phase, Result
from services.domain.operation import Target


def episode_id(
    environment: str, kind: Target, target: str, shard: str, started_at: datetime, *, abandoned: bool
) -> str:
    """The same for the same failover found again from the same events."""
    at = started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    whole = (environment, kind.value, target, shard, at, "abandoned" if abandoned else "")
    return hashlib.sha256("\n".join(whole).encode()).hexdigest()[:20]


def merge(stored: Sequence[Episode], found: Sequence[Episode]) -> tuple[Episode, ...]:
    """The found ones as they are to be kept, oldest first.

    One that is stored already keeps its id, number and acknowledgement, what was measured and who asked, and gains
    what is new; each stored one is matched once, by an event both know, else by its time. Stored ones that were not
    found again are not returned: nothing about them has changed.
    """
    pairs = sorted(
        (
            (not _share(old, new), abs(old.started_at - new.started_at), new_number, old_number)
            for new_number, new in enumerate(found)
            for old_number, old in enumerate(stored)
            if _same(old, new)
        ),
    )
    matched: dict[int, int] = {}
    for _, _, new_number, old_number in pairs:
        if new_number not in matched and old_number not in matched.values():
            matched[new_number] = old_number
    made = [_joined(stored[matched[n]], new) if n in matched else new for n, new in enumerate(found)]
    return tuple(sorted(made, key=lambda episode: (episode.started_at, episode.id)))


def _same(old: Episode, new: Episode) -> bool:
    if (old.environment, old.target_kind, old.target) != (new.environment, new.target_kind, new.target):
        return False
    # What AWS abandoned comes right after another failover, and is none: its time says nothing, its words do.
    if (old.result is Result.ABANDONED) is not (new.result is Result.ABANDONED):
        return False
    if old.id == new.id or _share(old, new):
        return True
    if old.result is Result.ABANDONED or _shards_differ(old, new):
        return False
    return old.started_at <= _end(new) and new.started_at <= _end(old)


def _shards_differ(old: Episode, new: Episode) -> bool:
    """Two node groups of a cache may fail over at once; their members tell them apart."""
    members = (old.to_member, new.to_member)
    return old.target_kind is Target.CACHE and all(members) and members[0] != members[1]


def _share(old: Episode, new: Episode) -> bool:
    return not {_mark(phase) for phase in old.phases}.isdisjoint(_mark(phase) for phase in new.phases)


def each_once(phases: Sequence[Phase]) -> tuple[Phase, ...]:
    """In order of time, what two sources said in the same second only once; the reason after what it explains."""
    order = sorted(phases, key=lambda phase: (phase.at, phase.name == What.REASON.value, phase.name, phase.words))
    once: dict[tuple[str, str, str], Phase] = {}
    for phase in order:
        once.setdefault(_mark(phase), phase)
    return tuple(once.values())


def _mark(phase: Phase) -> tuple[str, str, str]:
    at = phase.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return phase.name, at, phase.words.rstrip(". ")


def _end(episode: Episode) -> datetime:
    """Until when it may have gone on: one without an end is held open as long as an end could still come."""
    if episode.completed_at or episode.result is Result.FAILED:
        return max([episode.completed_at or episode.started_at, *(phase.at for phase in _doing(episode))])
    return episode.started_at + LONGEST


def _doing(episode: Episode) -> list[Phase]:
    """Its phases, without the rebuilding that goes on for long afterwards."""
    limit = (episode.completed_at or episode.started_at) + timedelta(minutes=2)
    return [phase for phase in episode.phases if phase.at <= limit]


def _joined(old: Episode, new: Episode) -> Episode:
    ended = new if new.completed_at or old.completed_at is None else old
    measured = old if old.outage_source == "probe" or new.outage_seconds is None else new
    if new.outage_source == "probe":
        measured = new
    asked = new if new.operation_id or not old.operation_id else old
    told = new if new.cause or not old.cause else old
    began = old if old.origin is Origin.HAVEN and new.origin in (Origin.UNKNOWN, Origin.OUTSIDE) else new
    if began.origin is Origin.UNKNOWN:
        began = old
    return replace(
        new,
        id=old.id,
        number=old.number,
        acknowledged=old.acknowledged or new.acknowledged,
        started_at=min(old.started_at, new.started_at),
        completed_at=ended.completed_at,
        result=ended.result if ended.completed_at else _later(old.result, new.result),
        origin=began.origin,
        cause=told.cause,
        meaning=told.meaning,
        from_zone=new.from_zone or old.from_zone,
        to_zone=new.to_zone or old.to_zone,
        from_member=new.from_member or old.from_member,
        to_member=new.to_member or old.to_member,
        detected_at=min((at for at in (old.detected_at, new.detected_at) if at), default=None),
        phases=each_once((*new.phases, *old.phases)),
        outage_seconds=measured.outage_seconds,
        outage_source=measured.outage_source,
        operation_id=asked.operation_id,
        who=asked.who,
        reason=asked.reason,
        related=tuple(dict.fromkeys((*old.related, *new.related))),
    )


_KNOWING = (Result.RUNNING, Result.UNFINISHED, Result.COMPLETED, Result.FAILED, Result.ABANDONED)


def _later(old: Result, new: Result) -> Result:
    """Of two states without a completion, the one that knows more: an end seen once is not unseen."""
    return max(old, new, key=_KNOWING.index)
