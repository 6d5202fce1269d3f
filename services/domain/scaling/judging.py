"""Every guard of a change at once, on the facts gathered for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.domain.check import Check
from services.domain.failover.connections import pools, users_of
from services.domain.operation import Target
from services.domain.scaling import guards
from services.domain.scaling.guards import MOST_TASKS, Bounds, Room, Use
from services.domain.snapshot import FargateService, Snapshot


@dataclass(frozen=True)
class Facts:
    """What the guards are judged by. `before` and `after` are the bounds; `needs` metric → (newest reading, target);
    `peak` the most tasks needed in the last 14 days; `most` and `source` the database's connections, None where it is
    not known; `desired_once` the count asked for by the change."""

    service: str
    before: Bounds
    after: Bounds
    desired: int
    zones: int
    protected: bool
    needs: Mapping[str, tuple[float, float]]
    peak: int | None
    uses: tuple[Use, ...]
    most: int | None
    source: str
    rooms: tuple[Room, ...]
    quota: int | None = MOST_TASKS
    desired_once: int | None = None


def judged(facts: Facts) -> tuple[Check, ...]:
    """Every guard, in the order a person reads them."""
    once = None if facts.desired_once is None else (facts.desired, facts.desired_once)
    return (
        guards.ordered(facts.after),
        guards.never_none(facts.after),
        guards.every_zone(facts.after, facts.zones, facts.protected),
        guards.within_quota(facts.after, facts.quota),
        guards.small_step(facts.before, facts.after, once),
        guards.current_need(facts.after, facts.desired, facts.needs),
        guards.connections(facts.uses, facts.service, facts.most, facts.source),
        guards.without_a_zone(facts.after, facts.zones, facts.peak),
        guards.addresses(facts.after, facts.rooms),
    )


def uses_of(snapshot: Snapshot, endpoint: str | None, changed: str, after: Bounds) -> tuple[Use, ...]:
    """The services that use a database, by its endpoint, with `changed` at its new bounds. One that does not scale can
    hold as many tasks as are desired."""
    services = users_of(snapshot, Target.DATABASE_INSTANCE, endpoint)
    sizes = {pool.service: pool.size for pool in pools(snapshot, services)}
    return tuple(
        Use(s.name, after.max_capacity, after.maximum_percent, sizes[s.name])
        if s.name == changed
        else Use(s.name, max(s.desired, s.scaling.max_capacity if s.scaling else 0), s.maximum_percent, sizes[s.name])
        for s in services
    )


def rooms_of(snapshot: Snapshot, service: FargateService) -> tuple[Room, ...]:
    """The zones of a service's subnets with their free addresses; nothing when the network was not read."""
    mine = [s for s in (snapshot.network.subnets if snapshot.network else ()) if s.subnet_id in service.subnet_ids]
    zones = sorted({subnet.zone for subnet in mine})
    return tuple(
        Room(
            zone,
            sum(subnet.free_addresses for subnet in mine if subnet.zone == zone),
            sum(task.zone == zone and task.stopped_at is None for task in service.tasks),
        )
        for zone in zones
    )


__all__ = ["Facts", "judged", "rooms_of", "uses_of"]
