"""The picture of an operation: who leads in which zone now, by the request, AWS's events and the newest snapshot.

Pure. It claims no more than was seen: after the request the leader is only said to be replaced once AWS says that it
began, or writes were lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from portal.failovers import seats, zones
from portal.failovers.seats import words
from portal.failovers.zones import Picture, Seat
from services.domain.event import CloudEvent
from services.domain.failover.causes import What, understood
from services.domain.failover.stands import shard_of, stand, store_of
from services.domain.operation import Operation, Sent, State, Target
from services.domain.snapshot import Cache, DatabaseCluster, Snapshot
from services.domain.status import Status


class Scene(Enum):
    """How far the move is, as far as anybody has seen."""

    BEFORE = "nothing was sent"
    LOST = "it may have been sent, and nothing was seen of it"
    ASKED = "AWS has the request"
    GOING = "AWS began"
    ARRIVED = "the other one leads"


@dataclass(frozen=True)
class Member:
    """A place of the store. `key` tells members apart: an instance's two places share a name, so there it is the
    zone."""

    key: str
    zone: str
    name: str


@dataclass(frozen=True)
class Roles:
    """Who led before, who leads after, and who leads by AWS's API; empty where not known."""

    old: str
    new: str
    shown: str


def draw(operation: Operation, snapshot: Snapshot | None, events: Sequence[CloudEvent]) -> Picture | None:
    """The picture; None for an operation that moves nothing, or when nothing is known of its places."""
    members = _members(operation, snapshot)
    if not members:
        return None
    roles, now = _roles(operation, snapshot), scene(operation, snapshot, events)
    placed: dict[str, list[Seat]] = {}
    for member in members:
        placed.setdefault(member.zone, []).append(_seat(operation, member, roles, now))
    told = [f"{each.title} in {zone}: {each.lines[0]}" for zone, here in sorted(placed.items()) for each in here]
    return zones.draw(seats.lanes(snapshot, placed), f"{'; '.join(told)}.")


def scene(operation: Operation, snapshot: Snapshot | None, events: Sequence[CloudEvent]) -> Scene:
    """How far it is."""
    sent = operation.sent_at
    if not operation.irreversible or sent is None:
        return Scene.BEFORE
    said = {understood(event).what for event in events if event.at >= sent}
    roles = _roles(operation, snapshot)
    moved = bool(roles.shown) and roles.shown != roles.old
    if moved or operation.seen or operation.state is State.SUCCEEDED or What.COMPLETED in said:
        return Scene.ARRIVED
    if operation.state is State.FAILED:
        return Scene.BEFORE
    if said & {What.STARTED, What.RESTARTED, What.CALLED} or operation.note("writes_lost_at"):
        return Scene.GOING
    return Scene.ASKED if operation.sent is Sent.YES else Scene.LOST


def _seat(operation: Operation, member: Member, roles: Roles, now: Scene) -> Seat:
    said = words(operation.target_kind)
    lead, follow = said.lead, said.follow.capitalize()
    if now is Scene.ARRIVED:
        leader = roles.new if roles.new and roles.shown in (roles.old, "") else roles.shown or roles.new
        if member.key == leader:
            return Seat(lead, ("takes writes", member.name), leads=True)
        if member.key == roles.old and roles.shown == roles.old:
            lines = (f"the API still says {lead.lower()}", "often minutes late")
            return Seat(follow, lines, Status.STALE, old=True)
        return Seat(follow, ("ready to take over", member.name))
    if now is Scene.GOING and member.key == roles.old:
        third = f"API still says {lead.lower()}" if roles.shown == roles.old else member.name
        lines = (f"restarting as {said.follow}", third)
        return Seat(f"Was {lead.lower()}", lines, Status.CHANGING, old=True, leads=True)
    if now in (Scene.GOING, Scene.ASKED) and member.key == roles.new:
        line = "takes over next" if now is Scene.ASKED else _writes(operation)
        return Seat(f"Becomes {lead.lower()}", (line, member.name), Status.CHANGING)
    if member.key == (roles.shown or roles.old):
        if now is Scene.LOST:
            return Seat(lead, ("nothing seen of the request", member.name), Status.UNKNOWN, leads=True)
        line = "asked to step down" if now is Scene.ASKED else "takes writes"
        return Seat(lead, (line, member.name), leads=True)
    return Seat(follow, ("ready to take over", member.name))


def _writes(operation: Operation) -> str:
    return "takes writes again" if operation.note("writes_back_at") else "writes not yet accepted"


def _roles(operation: Operation, snapshot: Snapshot | None) -> Roles:
    shown = _shown(operation, snapshot)
    if operation.target_kind is Target.DATABASE_INSTANCE:
        old = operation.note("baseline_zone") or operation.wants("expected_zone")
        if shown == old and operation.seen_at("zone-swapped"):  # it looked again after the snapshot was taken
            shown = ""
        return Roles(old, operation.wants("to_zone"), shown)
    old = operation.note("baseline_primary") or operation.wants("expected_primary")
    moved = operation.irreversible and shown and shown != old
    return Roles(old, shown if moved else operation.wants("to_member"), shown)


def _shown(operation: Operation, snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return ""
    now = stand(snapshot, operation.target_kind, operation.target, operation.wants("node_group"))
    if now is None:
        return ""
    return (now.zone or "") if operation.target_kind is Target.DATABASE_INSTANCE else now.member


def _members(operation: Operation, snapshot: Snapshot | None) -> list[Member]:
    kind = operation.target_kind
    if kind not in (Target.DATABASE_INSTANCE, Target.DATABASE_CLUSTER, Target.CACHE):
        return []
    store = store_of(snapshot, kind, operation.target) if snapshot else None
    if kind is Target.DATABASE_INSTANCE:
        found = [_roles(operation, snapshot).old, operation.wants("to_zone")]
        found += [zone for name in ("zone", "secondary_zone") if (zone := getattr(store, name, None))]
        return [Member(zone, zone, operation.target) for zone in dict.fromkeys(found) if zone]
    if isinstance(store, DatabaseCluster):
        return [Member(m.identifier, m.zone or "zone not read", m.identifier) for m in store.members]
    if isinstance(store, Cache):
        nodes = shard_of(store, operation.wants("node_group"))
        return [Member(n.cluster_id, n.zone or "zone not read", n.cluster_id) for n in nodes]
    return []
