"""Which services and which members of a store stand in which zone: a failover's picture, before and during it. Pure."""

from dataclasses import dataclass

from portal.failovers.zones import Crew, Lane, Seat
from services.domain.failover.target import Candidate, FailoverTarget
from services.domain.operation import Target
from services.domain.snapshot import FargateService, Snapshot
from services.domain.status import Status

MOST_CREWS = 6
"""Services drawn one by one; of more, the rest is one line."""


def lanes(snapshot: Snapshot | None, seats: dict[str, list[Seat]]) -> tuple[Lane, ...]:
    """Every zone the environment has something in, and every zone that holds a seat, in order of name."""
    names = sorted(_used(snapshot) | set(seats))
    return tuple(Lane(zone, crews(snapshot, zone), tuple(seats.get(zone, ()))) for zone in names)


def _used(snapshot: Snapshot | None) -> set[str]:
    """Where subnets or tasks are. A region has more zones than an environment uses; the others would only be noise."""
    if snapshot is None:
        return set()
    found = {subnet.zone for subnet in snapshot.network.subnets} if snapshot.network else set()
    return found | {task.zone for service in snapshot.services for task in service.tasks if task.zone}


def crews(snapshot: Snapshot | None, zone: str) -> tuple[Crew, ...]:
    """The services of a zone, with how many of their targets there are healthy at the load balancer."""
    if snapshot is None:
        return ()
    found = [crew for service in snapshot.services if (crew := _crew(service, zone))]
    if len(found) <= MOST_CREWS:
        return tuple(found)
    rest = found[MOST_CREWS - 1 :]
    worst = min(rest, key=lambda crew: crew.status.rank)
    more = Crew(f"{len(rest)} more,", sum(crew.tasks for crew in rest), worst.status, worst.word)
    return (*found[: MOST_CREWS - 1], more)


def _crew(service: FargateService, zone: str) -> Crew | None:
    tasks = [task for task in service.tasks if task.zone == zone and task.last_status == "RUNNING"]
    if not tasks:
        return None
    if service.target_group is None:
        return Crew(service.name, len(tasks), Status.HEALTHY, "running")
    here = {task.ip for task in tasks}
    states = [target.state for target in service.target_group.targets if target.ip in here]
    failing = sum(state not in ("healthy", "initial", "draining") for state in states)
    if failing:
        return Crew(service.name, len(tasks), Status.DEGRADED, f"{failing} failing")
    if any(state == "initial" for state in states):
        return Crew(service.name, len(tasks), Status.CHANGING, "starting")
    return Crew(service.name, len(tasks), Status.HEALTHY, "healthy")


def planned(target: FailoverTarget, to: Candidate | None) -> dict[str, list[Seat]]:
    """What would become of each member, by zone."""
    found: dict[str, list[Seat]] = {}
    what = words(target.kind)
    if target.zone:
        moves = to is not None
        lead = Seat(
            f"{what.lead} now",
            (f"becomes {what.follow}" if moves else "stays here", target.primary),
            leads=True,
        )
        found.setdefault(target.zone, []).append(lead)
    for candidate in target.candidates:
        if not candidate.zone:
            continue
        chosen = to is not None and candidate == to
        seat = Seat(
            f"{what.follow.capitalize()} now",
            (f"becomes {what.lead.lower()}" if chosen else f"stays {what.follow}", candidate.member or target.name),
            Status.CHANGING if chosen else Status.HEALTHY,
        )
        found.setdefault(candidate.zone, []).append(seat)
    return found


@dataclass(frozen=True)
class Words:
    """What a kind of store calls its leader, the others, and itself."""

    lead: str
    follow: str
    thing: str


_WORDS = {
    Target.DATABASE_INSTANCE: Words("Primary", "standby", "database"),
    Target.DATABASE_CLUSTER: Words("Writer", "reader", "database"),
    Target.CACHE: Words("Primary", "replica", "cache"),
}


def words(kind: Target) -> Words:
    """The words of a kind."""
    return _WORDS.get(kind, Words("Primary", "standby", "target"))
