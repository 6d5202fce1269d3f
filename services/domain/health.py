"""The verdict on an environment: its state in one word, then why, consistent with its findings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.finding import Finding
from services.domain.findings import Group, findings, grouped
from services.domain.snapshot import Part, Snapshot
from services.domain.states import healthy_tasks, present
from services.domain.status import State, Status, worst
from services.domain.wording import capital, counted, listed

__all__ = ["State", "Status", "Verdict", "carried_by", "stopped_by", "verdict", "worst"]


_OF_ONE_ZONE = {"database-single-zone", "one-task", "few-zones", "targets-one-zone"}
"""Rules that say that something stands in one zone: then the verdict says what losing the zone would stop."""


@dataclass(frozen=True)
class Verdict:
    """`status` is the one word, `sentence` what it means here, `why` the reasons behind it."""

    status: Status
    sentence: str
    why: str


def verdict(snapshot: Snapshot, now: datetime, stale_after: timedelta) -> Verdict:
    """The verdict at `now`: the worst of all findings, or stale when nothing at all was read since `stale_after`.

    A stale verdict never hides that the last thing seen was an outage: down outranks everything.
    """
    found = findings(snapshot)
    seen = _of_findings(snapshot, found)
    if now - snapshot.taken_at <= stale_after:
        return seen
    since = f"Nothing was read from AWS since {snapshot.taken_at:%H:%M:%S}"
    if seen.status is Status.DOWN:
        return Verdict(Status.DOWN, seen.sentence, f"{since}; this is the last that was seen. {seen.why}")
    return Verdict(Status.STALE, f"{since}; it was {seen.status} then.", f"Then: {seen.sentence} {seen.why}".rstrip())


def _of_findings(snapshot: Snapshot, found: Sequence[Finding]) -> Verdict:
    if _nothing_deployed(snapshot):
        return Verdict(
            Status.PAUSED,
            "Nothing is deployed yet.",
            "CloudFormation has no stack of this environment; deploy its blueprint to fill it.",
        )
    if not found:
        return Verdict(Status.HEALTHY, _sound(snapshot), "Everything that must be true was read, and is.")
    status = found[0].weight
    groups = [group for group in grouped(found) if group.first.weight is status]
    single = _single_points(snapshot) if groups[0].rule in _OF_ONE_ZONE else ""
    first, rest = (single, groups) if single else (f"{_with_more(groups[0])}.", groups[1:])
    lines = [] if single else [groups[0].first.why]
    if rest:
        titles = [_with_more(group) for group in rest]
        lines.append(f"{'Also: ' if lines else ''}{listed(titles, limit=3)}.")
    return Verdict(status, first, " ".join(lines))


def _single_points(snapshot: Snapshot) -> str:
    """Which zone's loss stops what; empty when no zone's would."""
    sole = carried_by(snapshot)
    if sole:
        return f"One zone carries everything; losing {sole[0]} stops it."
    told = [f"losing {zone} stops {listed(names)}" for zone, names in stopped_by(snapshot)]
    return f"{capital('; '.join(told))}." if told else ""


def _with_more(group: Group) -> str:
    count = len(group.findings)
    if group.rule == "gap" and count > 1:
        return f"{capital(listed([finding.part for finding in group.findings], limit=4))} were not read"
    return group.first.title if count == 1 else f"{group.first.title} (and {count - 1} more like it)"


def _nothing_deployed(snapshot: Snapshot) -> bool:
    """The stacks were read and there is none, and nothing else of the environment was found either."""
    read = snapshot.reading(Part.STACKS)
    things = (snapshot.stacks, snapshot.services, snapshot.databases, snapshot.load_balancer, snapshot.network)
    return read.read_at is not None and read.gap is None and not any(things)


def carried_by(snapshot: Snapshot) -> tuple[str, ...]:
    """The zone that alone carries everything: every service's tasks and every database. Empty when there is none, or
    when it is not known."""
    zones: set[str | None] = set()
    for service in snapshot.services:
        zones.update(task.zone for task in present(service))
    for database in snapshot.databases:
        zones.update((database.zone, database.secondary_zone if database.multi_az else database.zone))
    known = [zone for zone in zones if zone]
    return tuple(known) if len(zones) == 1 and snapshot.services and snapshot.databases else ()


def stopped_by(snapshot: Snapshot) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """By zone, what its loss would stop: services with every task in it, databases without a standby elsewhere."""
    found: dict[str, list[str]] = {}
    for service in snapshot.services:
        zones = {task.zone for task in present(service)}
        if len(zones) == 1 and (zone := next(iter(zones))):
            found.setdefault(zone, []).append(service.name)
    for database in snapshot.databases:
        if database.zone and not (database.multi_az and database.secondary_zone):
            name = "the database" if len(snapshot.databases) == 1 else database.identifier
            found.setdefault(database.zone, []).append(name)
    return tuple((zone, tuple(names)) for zone, names in sorted(found.items()))


def _sound(snapshot: Snapshot) -> str:
    """What is healthy, in numbers."""
    tasks = sum(len(healthy_tasks(service)) for service in snapshot.services)
    zones = {task.zone for service in snapshot.services for task in present(service) if task.zone}
    of = f"of {counted(len(snapshot.services), 'service')} over {counted(len(zones), 'zone')}"
    sentence = f"{counted(tasks, 'healthy task')} {of}"
    standby = [database.secondary_zone for database in snapshot.databases if database.secondary_zone]
    return f"{sentence}; the database has its standby in {listed(standby)}." if standby else f"{sentence}."
