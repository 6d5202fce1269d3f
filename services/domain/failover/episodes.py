"""Failovers for the history: AWS's events joined with Haven's operations, and with where the roles stood."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.environment import Environment
from services.domain.event import CloudEvent
from services.domain.failover.causes import What
from services.domain.failover.drafts import LONGEST, Draft, drafts
from services.domain.failover.episode import Episode, Origin, Phase, Result
from services.domain.failover.merging import each_once, episode_id, merge
from services.domain.failover.stands import PARTS
from services.domain.operation import Operation, Sent, Target
from services.domain.snapshot import Snapshot

SENT_BEFORE, SENT_AFTER = timedelta(minutes=2), timedelta(minutes=1)
"""An operation's request goes out 2 to 17 s before AWS begins. The rest is for slow answers, and for two clocks."""
UNSEEN_START = timedelta(minutes=10)
"""The same where the start was lost, and only the end was seen."""
NOT_YET = timedelta(seconds=30)
"""So long after its start the API still shows the zones of before."""
BY_NOW = timedelta(minutes=10)
"""So long after its completion it shows the new ones (aws-facts 1.1: up to nine minutes)."""
PLACE_KEPT = timedelta(days=1)
"""A place seen this long ago says nothing about a failover now."""


@dataclass(frozen=True)
class Place:
    """Where a role stood when it was read: `zone` and `member` of the one that leads, `other` the standby's zone."""

    kind: Target
    target: str
    at: datetime
    zone: str | None
    member: str = ""
    other: str | None = None


def episodes(
    environment: Environment,
    events: Iterable[CloudEvent],
    operations: Iterable[Operation],
    snapshot: Snapshot | None,
    now: datetime,
    places: Sequence[Place] = (),
) -> tuple[Episode, ...]:
    """Every failover the events tell of, oldest first; see `merge` for joining them with those kept already.

    Events may come in any order and more than once. `operations` are those of this environment that may have asked.
    Zones come from `places` (of older snapshots, by `places_of`), from the newest `snapshot`, and from what the
    operations noted; they stay None until they are certain, for AWS shows them late.
    """
    seen = sorted([*places, *(places_of(snapshot) if snapshot else ())], key=lambda place: place.at)
    own = [each for each in events if each.environment == environment.name]
    found = [(draft, _plain(environment, draft, now)) for draft in drafts(own)]
    askers = _askers([draft for draft, _ in found], environment, operations)
    made = []
    for number, (draft, episode) in enumerate(found):
        asked = _asked(draft, episode, askers.get(number))
        others = [other for other, _ in found if other.key == draft.key and not other.abandoned]
        made.append(asked if draft.abandoned else _placed(asked, draft, _own_places(draft, others, seen, now)))
    return tuple(made)


def places_of(snapshot: Snapshot) -> tuple[Place, ...]:
    """Where every database, cluster and cache of one shard stood, each when it was read."""
    database, cache = (snapshot.reading(PARTS[kind]).read_at for kind in (Target.DATABASE_INSTANCE, Target.CACHE))
    found = []
    if database is not None:
        found += [
            Place(Target.DATABASE_INSTANCE, d.identifier, database, d.zone, d.identifier, d.secondary_zone)
            for d in snapshot.databases
        ]
        found += [
            Place(Target.DATABASE_CLUSTER, c.identifier, database, c.writer.zone, c.writer.identifier)
            for c in snapshot.clusters
            if c.writer
        ]
    if cache is not None:
        for group in snapshot.caches:
            leads = [node for node in group.nodes if node.role == "primary"]
            found += [Place(Target.CACHE, group.identifier, cache, n.zone, n.cluster_id) for n in leads[:1]]
    return tuple(found)


def _plain(environment: Environment, draft: Draft, now: datetime) -> Episode:
    """What the events alone say."""
    kind, target, shard = draft.key
    names = [said for _, said in draft.heard]
    cause, meaning = _cause(draft)
    start = draft.started_at if draft.started else None
    # Of a cache, the minute from the call to the event is no outage: clients lose seconds.
    seconds = (draft.completed_at - start).total_seconds() if start and draft.completed_at else None
    measured = None if kind is Target.CACHE else seconds
    return Episode(
        id=episode_id(environment.name, kind, target, shard, draft.started_at, abandoned=draft.abandoned),
        environment=environment.name,
        target_kind=kind,
        target=target,
        started_at=draft.started_at,
        result=_result(draft, now),
        origin=_origin(draft),
        cause=cause,
        meaning=meaning,
        from_member=next((said.from_member for said in names if said.from_member), ""),
        to_member=next((said.to_member for said in names if said.to_member and said.what is not What.TAKEN_BACK), ""),
        completed_at=draft.completed_at,
        phases=each_once([Phase(said.what.value, event.at, event.message.strip()) for event, said in draft.heard]),
        outage_seconds=measured,
        outage_source="events" if measured is not None else "",
    )


def _result(draft: Draft, now: datetime) -> Result:
    if draft.ended is What.COMPLETED:
        return Result.COMPLETED
    if draft.abandoned:
        return Result.ABANDONED
    if draft.ended is not None:
        return Result.FAILED
    return Result.UNFINISHED if draft.lost or now - draft.started_at > LONGEST else Result.RUNNING


def _cause(draft: Draft) -> tuple[str, str]:
    """AWS's sentence for why, and ours: the reason where there is one, else what says most of whose it was."""
    if draft.reason:
        event, said = draft.reason
        return event.message.strip(), said.meaning
    told = [(event, said) for event, said in draft.heard if said.origin is not None]
    if told:
        return told[0][0].message.strip(), told[0][1].meaning
    if draft.key[0] is Target.CACHE and draft.ended is What.COMPLETED:
        return "", "ElastiCache replaced the primary by itself: nobody called for a test. It gives no reason."
    return "", "AWS has not said why yet."


def _origin(draft: Draft) -> Origin:
    said = draft.reason[1].origin if draft.reason else None
    said = said or next((said.origin for _, said in draft.heard if said.origin), None)
    if said is None and draft.key[0] is Target.CACHE and draft.ended is What.COMPLETED:
        return Origin.AUTOMATIC  # ElastiCache gives no reasons, but it tells of every call
    return said or Origin.UNKNOWN


def _askers(found: Sequence[Draft], environment: Environment, operations: Iterable[Operation]) -> dict[int, Operation]:
    """Which operation asked for which failover: the nearest, and each for one only."""
    pairs = []
    for operation in operations:
        sent_at = operation.sent_at
        if sent_at is None or operation.sent is Sent.NO or operation.environment != environment.name:
            continue
        for number, draft in enumerate(found):
            kind, target, shard = draft.key
            same = (kind, target) == (operation.target_kind, operation.target)
            before = draft.started_at - sent_at
            late = SENT_BEFORE if draft.started or draft.abandoned else UNSEEN_START
            if same and operation.wants("node_group") in ("", shard) and -SENT_AFTER <= before <= late:
                pairs.append((abs(before), number, operation.id, operation))
    taken: dict[int, Operation] = {}
    for _, number, _, operation in sorted(pairs, key=lambda pair: pair[:3]):
        if number not in taken and all(operation.id != other.id for other in taken.values()):
            taken[number] = operation
    return taken


def _asked(draft: Draft, episode: Episode, operation: Operation | None) -> Episode:
    if operation is None:
        return episode
    if draft.reason and draft.reason[1].origin is Origin.AUTOMATIC:
        # AWS says that it was its own doing: ours came at the same time, and is only related.
        return replace(episode, related=(f"operation:{operation.id}",))
    lost, back = operation.note("writes_lost_at"), operation.note("writes_back_at")
    probed = (datetime.fromisoformat(back) - datetime.fromisoformat(lost)).total_seconds() if lost and back else None
    return replace(
        episode,
        origin=Origin.HAVEN,
        operation_id=operation.id,
        who=operation.requested_by,
        reason=operation.reason,
        from_zone=operation.note("baseline_zone") or operation.wants("expected_zone") or None,
        from_member=episode.from_member or operation.note("baseline_primary") or operation.wants("expected_primary"),
        outage_seconds=episode.outage_seconds if probed is None else probed,
        outage_source=episode.outage_source if probed is None else "probe",
    )


def _own_places(draft: Draft, others: Sequence[Draft], places: Sequence[Place], now: datetime) -> list[Place]:
    """The target's places that tell of this failover alone: after the one before it showed, before the next began."""
    own = [place for place in places if (place.kind, place.target) == draft.key[:2]]
    earlier = [other for other in others if other.started_at < draft.started_at]
    since = max([draft.started_at - PLACE_KEPT, *(_shown(other, own) for other in earlier)])
    until = min([now, *(other.started_at for other in others if other.started_at > draft.started_at)])
    return [place for place in own if since <= place.at <= until]


def _shown(draft: Draft, places: Sequence[Place]) -> datetime:
    """From when on the API shows where a failover went: at once, but for an instance when another zone than before it
    was seen, or when it must have come."""
    end = draft.completed_at or draft.started_at
    if draft.key[0] is not Target.DATABASE_INSTANCE:
        return end
    before = [place.zone for place in places if place.at <= draft.started_at]
    seen = [p.at for p in places if before and p.at > draft.started_at and p.zone not in (None, before[-1])]
    return min([end + BY_NOW, *(max(at, end) for at in seen)])


def _placed(episode: Episode, draft: Draft, places: Sequence[Place]) -> Episode:
    """With its zones, as far as they are certain. Members' roles change at once, an instance's zones late and without
    an event: there only another zone, or time, makes certain."""
    instance = episode.target_kind is Target.DATABASE_INSTANCE
    begun, ended = episode.started_at, episode.completed_at
    still = begun + (NOT_YET if instance and draft.started else timedelta(0) if draft.started else -SENT_AFTER)
    # The zones of before may still be shown a while after, and are gone by only when nothing older is known.
    before = [p for p in places if p.at <= min(begun, still)] or [p for p in places if p.at <= still]
    here = episode.from_zone or (before[-1].zone if before else None)
    there, member = None, episode.from_member
    if before:
        there = before[-1].other if ended else None
        member = member or (before[-1].member if not instance else "")
    after = [place for place in places if ended is not None and place.at >= ended]
    moved = [p for p in after if not instance or (here and p.zone != here) or (ended and p.at - ended >= BY_NOW)]
    if moved:
        here, there = here or moved[0].other, moved[0].zone or there
    return replace(episode, from_zone=here, to_zone=there, from_member=member)


__all__ = ["Place", "episodes", "merge", "places_of"]
