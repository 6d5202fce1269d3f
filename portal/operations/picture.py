"""The picture of an operation: who leads in which zone now, by the request, AWS's events and the newest snapshot. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.failovers import seats, zones
from portal.failovers.seats import Words, words
from portal.failovers.zones import Picture, Seat
from services.domain.event import CloudEvent
from services.domain.failover.causes import What, understood
from services.domain.failover.stands import shard_of, stand, store_of
from services.domain.operation import Operation, State, Target
from services.domain.snapshot import Cache, DatabaseCluster, Snapshot
from services.domain.status import Status


@dataclass(frozen=True)
class Member:
    """A place of the store. `key` tells members apart: an instance's two places have one name, so there it is the zone."""

    key: str
    zone: str
    name: str


def draw(operation: Operation, snapshot: Snapshot | None, events: Sequence[CloudEvent]) -> Picture | None:
    """The picture; None for an operation that moves nothing, or when nothing is known of its places."""
    members = _members(operation, snapshot)
    if not members:
        return None
    old, new = _old(operation), _new(operation, snapshot)
    shown, moved = _shown(operation, snapshot), _moved(operation, snapshot)
    arrived = moved or operation.state is State.SUCCEEDED or _completed(operation, events)
    going = operation.irreversible and not arrived and operation.state is not State.FAILED
    placed: dict[str, list[Seat]] = {}
    for member in members:
        seat = _seat(operation, member, old, new, arrived=arrived, going=going, shown=shown)
        placed.setdefault(member.zone, []).append(seat)
    told = [
        f"{seat.title} in {zone}: {seat.lines[0]}"
        for zone, seats_ in sorted(placed.items())
        for seat in seats_
        if seat.lines
    ]
    return zones.draw(seats.lanes(snapshot, placed), f"{'; '.join(told)}.")


def _seat(operation: Operation, member: Member, old: str, new: str, *, arrived: bool, going: bool, shown: str) -> Seat:
    said = words(operation.target_kind)
    if arrived:
        return _after(said, member, old, new, shown)
    if going and member.key == old:
        third = f"the API still says {said.lead.lower()}" if shown == old else member.name
        return Seat(
            f"Was {said.lead.lower()}", (f"restarting as {said.follow}", third), Status.CHANGING, old=True, leads=True
        )
    if going and member.key == new:
        back = operation.note("writes_back_at")
        return Seat(
            f"Becomes {said.lead.lower()}",
            ("takes writes again" if back else "writes not yet accepted", member.name),
            Status.CHANGING,
        )
    leads = member.key == (shown or old)
    return Seat(
        said.lead if leads else said.follow.capitalize(),
        ("takes writes" if leads else "ready to take over", member.name),
        leads=leads,
    )


def _after(said: Words, member: Member, old: str, new: str, shown: str) -> Seat:
    leader = new if new and shown in (old, "") else shown or new
    if member.key == leader:
        return Seat(said.lead, ("takes writes", member.name), leads=True)
    if member.key == old and shown == old:
        return Seat(
            said.follow.capitalize(),
            (f"the API still says {said.lead.lower()}", "often minutes late; not an outage"),
            Status.STALE,
            old=True,
        )
    return Seat(said.follow.capitalize(), ("in step again", member.name))


def _members(operation: Operation, snapshot: Snapshot | None) -> list[Member]:
    if operation.target_kind is Target.DATABASE_INSTANCE:
        store = store_of(snapshot, operation.target_kind, operation.target) if snapshot else None
        found = [_old(operation), operation.wants("to_zone")]
        found += [zone for zone in (getattr(store, "zone", None), getattr(store, "secondary_zone", None)) if zone]
        return [Member(zone, zone, operation.target) for zone in dict.fromkeys(found) if zone]
    if operation.target_kind not in (Target.DATABASE_CLUSTER, Target.CACHE) or snapshot is None:
        return []
    store = store_of(snapshot, operation.target_kind, operation.target)
    if isinstance(store, DatabaseCluster):
        return [Member(m.identifier, m.zone or "zone not read", m.identifier) for m in store.members]
    if isinstance(store, Cache):
        nodes = shard_of(store, operation.wants("node_group"))
        return [Member(n.cluster_id, n.zone or "zone not read", n.cluster_id) for n in nodes]
    return []


def _old(operation: Operation) -> str:
    if operation.target_kind is Target.DATABASE_INSTANCE:
        return operation.note("baseline_zone") or operation.wants("expected_zone")
    return operation.note("baseline_primary") or operation.wants("expected_primary")


def _new(operation: Operation, snapshot: Snapshot | None) -> str:
    if operation.target_kind is Target.DATABASE_INSTANCE:
        return operation.wants("to_zone")
    return _shown(operation, snapshot) if _moved(operation, snapshot) else operation.wants("to_member")


def _shown(operation: Operation, snapshot: Snapshot | None) -> str:
    """Who leads by AWS's API."""
    now = stand(snapshot, operation.target_kind, operation.target, operation.wants("node_group")) if snapshot else None
    if now is None:
        return ""
    return (now.zone or "") if operation.target_kind is Target.DATABASE_INSTANCE else now.member


def _moved(operation: Operation, snapshot: Snapshot | None) -> bool:
    shown = _shown(operation, snapshot)
    return operation.irreversible and bool(shown) and shown != _old(operation)


def _completed(operation: Operation, events: Sequence[CloudEvent]) -> bool:
    if any(name == "fail-over" for name, _ in operation.seen):
        return True
    sent = operation.sent_at
    return sent is not None and any(event.at >= sent and understood(event).what is What.COMPLETED for event in events)
