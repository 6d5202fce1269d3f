"""The topology page as data: what the templates show, computed from facts alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.topology import cli, compact, drawing
from portal.topology.grid import collapsed
from portal.topology.shapes import Drawing
from portal.topology.timeline import Timeline
from services.domain.environment import Environment
from services.domain.findings import Group, grouped
from services.domain.health import Verdict, verdict
from services.domain.history import Change
from services.domain.snapshot import Gap, Part, Snapshot
from services.domain.status import Status, freshness
from services.domain.topology import Kind, Node, Topology, build

SHOWN_FIRST = 3
"""Findings on the strip; the rest is on the page, one link away."""


@dataclass(frozen=True)
class Panel:
    """One node opened."""

    node: Node
    groups: tuple[Group, ...]
    related: tuple[Node, ...]
    cli: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """What differs between two times. `before` is always the earlier."""

    before: datetime
    after: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Readout:
    """How complete and how old what is shown is."""

    read: int
    parts: int
    oldest: datetime | None
    oldest_part: str
    oldest_stale: bool
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class Page:
    """Everything the page shows. Without a snapshot there is no topology: it is the first reading that is awaited."""

    environment: Environment
    now: datetime
    verdict: Verdict
    readout: Readout
    groups: tuple[Group, ...]
    topology: Topology | None
    snapshot: Snapshot | None
    wide: Drawing | None
    narrow: Drawing | None
    panel: Panel | None
    empty: bool
    from_memory: bool
    past: datetime | None
    timeline: Timeline | None
    compared: Compared | None
    just: Compared | None
    """What changed to make the past snapshot that is shown."""
    stale_after: float
    asked_node: str = ""

    @property
    def first(self) -> tuple[Group, ...]:
        """What the strip shows."""
        return self.groups[: SHOWN_FIRST if len(self.groups) <= SHOWN_FIRST else SHOWN_FIRST - 1]

    @property
    def more(self) -> int:
        """How many further findings there are."""
        return sum(len(group.findings) for group in self.groups[len(self.first) :])

    @property
    def table(self) -> tuple[Node, ...]:
        """The picture's text equivalent: what it draws. Readings have a table of their own; tasks that the picture
        only counts are in their service's panel."""
        if self.topology is None:
            return ()
        left_out = {Kind.PART, Kind.TASK} if collapsed(self.topology) else {Kind.PART}
        return tuple(node for node in self.topology.nodes if node.kind not in left_out)


def make(
    environment: Environment,
    snapshot: Snapshot | None,
    *,
    now: datetime,
    stale_after: timedelta,
    node: str = "",
    from_memory: bool = False,
    past: datetime | None = None,
    seen_until: datetime | None = None,
    timeline: Timeline | None = None,
    compared: Compared | None = None,
    just: Compared | None = None,
) -> Page:
    """The page at `now`. A past snapshot is judged as of the time it was taken, plus as long as nobody had looked
    again (after `seen_until`) by the `past` time asked for: what nobody saw then is stale, not healthy."""
    seconds = stale_after.total_seconds()
    if snapshot is None:
        waiting = Verdict(
            Status.UNKNOWN, "Not read yet.", "The worker reads AWS for the first time; this takes seconds."
        )
        nothing = Readout(0, len(Part), None, "", False, ())
        return Page(
            environment, now, waiting, nothing, (), None, None, None, None, None, False, from_memory, past, timeline,
            compared, just, seconds, node,
        )  # fmt: skip
    judged_at = now
    if past is not None:
        judged_at = snapshot.taken_at + max(timedelta(0), past - (seen_until or past))
    said = verdict(snapshot, judged_at, stale_after)
    topology = build(snapshot, judged_at, stale_after)
    empty = said.status is Status.PAUSED and not snapshot.stacks and not snapshot.services
    return Page(
        environment=environment,
        now=now,
        verdict=said,
        readout=_readout(snapshot, topology, judged_at, stale_after),
        groups=() if empty else grouped(topology.findings),
        topology=topology,
        snapshot=snapshot,
        wide=None if empty else drawing.draw(topology, node),
        narrow=None if empty else compact.draw(topology, node),
        panel=_panel(topology, node, environment.region),
        empty=empty,
        from_memory=from_memory,
        past=past,
        timeline=timeline,
        compared=compared,
        just=just,
        stale_after=seconds,
        asked_node=node,
    )


def facts_of_token(snapshot: Snapshot | None, now: datetime, stale_after: timedelta) -> tuple[object, ...]:
    """What makes the fragment differ: a new snapshot, or the same one getting old."""
    if snapshot is None:
        return ("none",)
    fresh = tuple(freshness(snapshot, part, now, stale_after) for part in Part)
    return snapshot.taken_at.isoformat(), now - snapshot.taken_at > stale_after, *(word or "" for word in fresh)


def _readout(snapshot: Snapshot, topology: Topology, now: datetime, stale_after: timedelta) -> Readout:
    read = [part for part in Part if snapshot.reading(part).read_at is not None and not snapshot.reading(part).gap]
    oldest = topology.oldest
    stale = oldest is not None and freshness(snapshot, oldest[0], now, stale_after) is not None
    apart = len({snapshot.reading(part).read_at for part in Part}) > 1
    return Readout(
        len(read),
        len(Part),
        oldest[1] if oldest else None,
        oldest[0] if oldest and apart else "",
        stale,
        snapshot.gaps,
    )


def _panel(topology: Topology, node_id: str, region: str) -> Panel | None:
    node = topology.node(node_id)
    if node is None:
        return None
    related = tuple(found for other in node.related if (found := topology.node(other)) is not None)
    return Panel(node, grouped(node.findings), related, cli.lines(node, region))
