"""The small picture of an environment: zones are columns, tiers are rows, what spans the zones is a bar. Pure.

A cell says what it stands for by fill and by shape, and the sentence beside it says the same in words.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.domain.snapshot import Cache, Database, FargateService, Part, Snapshot
from services.domain.states import (
    balancer_state,
    cache_node_state,
    database_state,
    present,
    standby_state,
    task_state,
)
from services.domain.status import Status, freshness, worst
from services.domain.wording import listed

_ROWS = 6
"""Rows of services drawn; an environment with more has its services together in one row."""
_ZONES = 4


class Cell(StrEnum):
    """What stands in one zone of one tier."""

    ON = "on"
    LEAD = "lead"
    WARN = "warn"
    BAD = "bad"
    CHANGING = "chg"
    UNKNOWN = "unk"
    NONE = "none"


_OF_STATUS = {
    Status.DOWN: Cell.BAD,
    Status.DEGRADED: Cell.WARN,
    Status.UNKNOWN: Cell.UNKNOWN,
    Status.STALE: Cell.UNKNOWN,
    Status.CHANGING: Cell.CHANGING,
}


@dataclass(frozen=True)
class Row:
    """One tier: a cell for each zone, or a bar for what is regional (`cells` empty)."""

    name: str
    cells: tuple[Cell, ...] = ()
    bar: Cell = Cell.ON


@dataclass(frozen=True)
class Picture:
    """`zones` are the columns' names; `words` is the text equivalent, one sentence."""

    zones: tuple[str, ...]
    rows: tuple[Row, ...]
    words: str


def unread(words: str = "Nothing could be read") -> Picture:
    """The picture of an environment of which nothing is known."""
    blank = (Cell.UNKNOWN,) * 3
    rows = [Row("entrance", bar=Cell.UNKNOWN), *(Row("tier", blank) for _ in range(5)), Row("events", bar=Cell.UNKNOWN)]
    return Picture(("", "", ""), tuple(rows), words)


def picture(snapshot: Snapshot, now: datetime, stale_after: timedelta) -> Picture:
    """The picture at `now`; what was never read, or too long ago, is hatched and never shown as it was."""
    zones = _zones(snapshot)
    if not zones:
        return unread("No zone is known yet")
    fresh = _Fresh(snapshot, now, stale_after)
    rows = (
        Row("entrance", bar=_entrance(snapshot, fresh)),
        *_services(snapshot, zones, fresh),
        *(Row(f"database {d.identifier}", _database(d, zones, fresh)) for d in snapshot.databases),
        *(Row(f"cache {c.identifier}", _cache(c, zones, fresh)) for c in snapshot.caches),
        Row("queues", bar=_queues(snapshot, fresh)),
    )
    return Picture(zones, rows, _words(zones, rows))


class _Fresh:
    """How old each part is, asked for many times."""

    def __init__(self, snapshot: Snapshot, now: datetime, stale_after: timedelta) -> None:
        self._known = {part: freshness(snapshot, part, now, stale_after) for part in Part}

    def cell(self, status: Status, *parts: Part, lead: bool = False) -> Cell:
        """The cell of a state that needed these parts."""
        if any(self._known[part] for part in parts):
            return Cell.UNKNOWN
        return _OF_STATUS.get(status, Cell.LEAD if lead else Cell.ON)


def _zones(snapshot: Snapshot) -> tuple[str, ...]:
    """The zones the environment has subnets in; before they are read, those in which something stands."""
    used = {subnet.zone for subnet in snapshot.network.subnets} if snapshot.network else set()
    used = used or {task.zone for service in snapshot.services for task in service.tasks if task.zone}
    used = used or {zone.name for zone in snapshot.zones}
    return tuple(sorted(used)[:_ZONES])


def _entrance(snapshot: Snapshot, fresh: _Fresh) -> Cell:
    if snapshot.load_balancer is None:
        return _empty(fresh, Part.LOAD_BALANCER)
    return fresh.cell(balancer_state(snapshot.load_balancer).status, Part.LOAD_BALANCER)


def _queues(snapshot: Snapshot, fresh: _Fresh) -> Cell:
    dead = any(queue.dead_letter_of and queue.visible for queue in snapshot.queues)
    return (
        fresh.cell(Status.DEGRADED if dead else Status.HEALTHY, Part.QUEUES)
        if snapshot.queues
        else _empty(fresh, Part.QUEUES)
    )


def _services(snapshot: Snapshot, zones: tuple[str, ...], fresh: _Fresh) -> Iterator[Row]:
    if len(snapshot.services) <= _ROWS:
        for service in snapshot.services:
            yield Row(service.name, tuple(_tasks([service], zone, fresh) for zone in zones))
        return
    name = f"{len(snapshot.services)} services"
    yield Row(name, tuple(_tasks(snapshot.services, zone, fresh) for zone in zones))


def _tasks(services: Iterable[FargateService], zone: str, fresh: _Fresh) -> Cell:
    """The worst of the tasks that stand in the zone; nothing there is an empty place."""
    found = [task_state(s, task).status for s in services for task in present(s) if task.zone == zone]
    return fresh.cell(worst(found), Part.TASKS, Part.TARGETS) if found else _empty(fresh, Part.TASKS)


def _empty(fresh: _Fresh, part: Part) -> Cell:
    """An empty place is only known to be empty while the part is fresh."""
    return Cell.NONE if fresh.cell(Status.HEALTHY, part) is Cell.ON else Cell.UNKNOWN


def _database(database: Database, zones: tuple[str, ...], fresh: _Fresh) -> tuple[Cell, ...]:
    standby = standby_state(database)

    def cell(zone: str) -> Cell:
        if zone == database.zone:
            return fresh.cell(database_state(database).status, Part.DATABASE, lead=True)
        if standby and zone == database.secondary_zone:
            return fresh.cell(standby.status, Part.DATABASE)
        return _empty(fresh, Part.DATABASE)

    return tuple(cell(zone) for zone in zones)


def _cache(cache: Cache, zones: tuple[str, ...], fresh: _Fresh) -> tuple[Cell, ...]:
    def cell(zone: str) -> Cell:
        nodes = [node for node in cache.nodes if node.zone == zone]
        if not nodes:
            return _empty(fresh, Part.CACHE)
        status = worst(cache_node_state(node, cache).status for node in nodes)
        return fresh.cell(status, Part.CACHE, lead=any(node.role == "primary" for node in nodes))

    return tuple(cell(zone) for zone in zones)


_SAID = {Cell.BAD: "down", Cell.WARN: "degraded", Cell.CHANGING: "changing", Cell.UNKNOWN: "not known"}


def _words(zones: tuple[str, ...], rows: tuple[Row, ...]) -> str:
    """One sentence: what is not as it should be and where, else over how many zones everything runs."""
    said = [f"{row.name} {_SAID[row.bar]}" for row in rows if not row.cells and row.bar in _SAID]
    for row in rows:
        for word in dict.fromkeys(_SAID[cell] for cell in row.cells if cell in _SAID):
            where = [zone for zone, cell in zip(zones, row.cells, strict=True) if _SAID.get(cell) == word]
            said.append(f"{row.name} {word} in {listed(where)}")
    used = [zone for i, zone in enumerate(zones) if any(row.cells and row.cells[i] is not Cell.NONE for row in rows)]
    if said:
        return f"Zones {listed(zones)}: {listed(said, limit=5)}"
    return f"Everything runs in {used[0]} alone" if len(used) == 1 else f"All tiers run over {listed(used)}"
