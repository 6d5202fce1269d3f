"""One environment of the fleet, from its newest snapshot. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.fleet.picture import Picture, picture, unread
from portal.fleet.search import ALL, Found
from services.domain.environment import Environment
from services.domain.findings import Group, findings, grouped
from services.domain.health import verdict
from services.domain.snapshot import Failover, Part, Snapshot, Stack
from services.domain.states import service_state
from services.domain.status import Status, freshness
from services.usecases.snapshots import Current

_SHOWN_FINDINGS = 3
_SHAPES = {"multi-az": "Multi-AZ", "single-az": "single-AZ"}


class Standing(StrEnum):
    """Which group of the page an environment stands in, in the order of the page."""

    NEEDS = "needs"
    CHANGING = "changing"
    STEADY = "steady"


@dataclass(frozen=True)
class Row:
    """One environment on the page. `read_at` is None before its first reading, `events.read_at` before AWS's events
    were."""

    environment: Environment
    shape: str
    status: Status
    word: str
    sentence: str
    why: str
    picture: Picture
    more: int
    found: tuple[Group, ...]
    deployment: Stack | None
    events: "Events"
    serving: tuple[int, int]
    read_at: datetime | None
    memory: bool
    loading: bool
    group: Standing
    hits: Found = ALL

    @property
    def deployed_at(self) -> datetime | None:
        """When the last deployment began."""
        return deployed_at(self.deployment) if self.deployment else None


@dataclass(frozen=True)
class Events:
    """What AWS's events tell: the newest failover, None without one. `old` when they could not be read lately."""

    failover: Failover | None = None
    read_at: datetime | None = None
    old: bool = False


def row(seen: Current, now: datetime, stale_after: timedelta, hits: Found = ALL) -> Row:
    """One environment's row at `now`."""
    environment, snapshot = seen.environment, seen.snapshot
    if snapshot is None:
        return _without(seen, now, stale_after)
    told = verdict(snapshot, now, stale_after)
    groups = grouped(findings(snapshot))
    return Row(
        environment=environment,
        shape=_shape(environment),
        status=told.status,
        word=_word(told.status),
        sentence=told.sentence,
        why=told.why,
        picture=picture(snapshot, now, stale_after),
        more=max(0, len(groups) - _SHOWN_FINDINGS),
        found=groups[:_SHOWN_FINDINGS],
        deployment=_last_deployment(snapshot),
        events=_events(snapshot, now, stale_after),
        serving=_serving(snapshot),
        read_at=snapshot.taken_at,
        memory=seen.from_memory,
        loading=False,
        group=_group(told.status),
        hits=hits,
    )


def _without(seen: Current, now: datetime, stale_after: timedelta) -> Row:
    """An environment nothing is known of: on its first reading, or one whose readings do not come."""
    waiting = now - seen.environment.created_at <= stale_after
    if waiting:
        sentence, why = "The first reading is on its way.", "It was just added; nothing was read from AWS yet."
    else:
        sentence = "Nothing was ever read from AWS."
        why = "No reading came since it was added. Is the worker running, and may it reach AWS?"
    return Row(
        environment=seen.environment,
        shape=_shape(seen.environment),
        status=Status.CHANGING if waiting else Status.UNKNOWN,
        word="Reading" if waiting else "Unknown",
        sentence=sentence,
        why=why,
        picture=unread("Nothing was read yet"),
        more=0,
        found=(),
        deployment=None,
        events=Events(),
        serving=(0, 0),
        read_at=None,
        memory=seen.from_memory,
        loading=waiting,
        group=Standing.CHANGING if waiting else Standing.NEEDS,
    )


def _shape(environment: Environment) -> str:
    shape = _SHAPES.get(environment.blueprint, environment.blueprint)
    return f"{shape}, {'protected' if environment.protected else 'not protected'}"


def _word(status: Status) -> str:
    return status.value.capitalize()


def _group(status: Status) -> Standing:
    if status is Status.HEALTHY:
        return Standing.STEADY
    return Standing.CHANGING if status is Status.CHANGING else Standing.NEEDS


def _serving(snapshot: Snapshot) -> tuple[int, int]:
    """How many services are healthy (or changing with enough tasks), of how many."""
    good = (Status.HEALTHY, Status.CHANGING)
    return sum(service_state(service).status in good for service in snapshot.services), len(snapshot.services)


def _events(snapshot: Snapshot, now: datetime, stale_after: timedelta) -> Events:
    """The newest failover, as last read."""
    reading = snapshot.reading(Part.EVENTS)
    old = reading.gap is not None or freshness(snapshot, Part.EVENTS, now, stale_after) is not None
    return Events(max(snapshot.failovers, key=lambda each: each.at, default=None), reading.read_at, old)


def _last_deployment(snapshot: Snapshot) -> Stack | None:
    """The stack whose creation or update began last, as CloudFormation says."""
    return max(snapshot.stacks, key=deployed_at, default=None)


def deployed_at(stack: Stack) -> datetime:
    """When CloudFormation last began to create or update a stack."""
    return stack.updated_at or stack.created_at
