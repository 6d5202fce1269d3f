"""The picture of a failover: zones as lanes, the services in them, and where each role of a store stands. Pure.

The wide picture has zones side by side, the narrow one (for a phone) one below the other. A ring marks the leader; it
has an id, so that it slides when a morph moves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.topology.shapes import Drawing, Pen, fit
from services.domain.status import Status

WIDE, NARROW, GAP = 640, 346, 8
_CREW, _SEAT = 26, 66


@dataclass(frozen=True)
class Crew:
    """A service's tasks in one zone, with a word for how they are."""

    name: str
    tasks: int
    status: Status
    word: str


@dataclass(frozen=True)
class Seat:
    """Where a role of the store stands. `title` is the role, `lines` at most two short sentences. `old` is dashed: the
    place the role leaves. `leads` draws the ring."""

    title: str
    lines: tuple[str, ...] = ()
    status: Status = Status.HEALTHY
    old: bool = False
    leads: bool = False


@dataclass(frozen=True)
class Lane:
    """One zone: its name, the services in it, the store's members in it; `empty` is written where there are none."""

    zone: str
    crews: tuple[Crew, ...] = ()
    seats: tuple[Seat, ...] = ()
    empty: str = "no instance"


@dataclass(frozen=True)
class Picture:
    """Both drawings, and the same in words for those who see neither. `ring` is the box of the leader in each."""

    wide: Drawing
    narrow: Drawing
    words: str
    ring: tuple[tuple[float, float, float, float], ...] = ()


def draw(lanes: Sequence[Lane], words: str) -> Picture:
    """The picture of some zones; at least one."""
    wide, ring_wide = _wide(lanes)
    narrow, ring_narrow = _narrow(lanes)
    return Picture(wide, narrow, words, (ring_wide, ring_narrow))


Ring = tuple[float, float, float, float]
_NONE: Ring = (0, 0, 0, 0)


def _wide(lanes: Sequence[Lane]) -> tuple[Drawing, Ring]:
    pen, ring = Pen(), _NONE
    width = (WIDE - GAP * (len(lanes) - 1)) / len(lanes)
    rows = max(len(lane.crews) for lane in lanes)
    seats = max(1, *(len(lane.seats) for lane in lanes))
    top = 36 + _CREW * rows + (40 if rows else 4)
    height = top + seats * (_SEAT + 8) + 8
    for index, lane in enumerate(lanes):
        x = index * (width + GAP)
        pen.rect("lane", x, 0, width, height, 9)
        pen.text(x + 14, 24, (lane.zone, "t13 b"))
        for row, crew in enumerate(lane.crews):
            _crew(pen, crew, x + 12, 36 + row * _CREW, width - 24)
        for row, seat in enumerate(lane.seats):
            box = (x + 12, top + row * (_SEAT + 8), width - 24, float(_SEAT))
            _seat(pen, seat, *box)
            ring = box if seat.leads else ring
        if not lane.seats:
            pen.rect("box-empty", x + 12, top, width - 24, _SEAT, 7)
            pen.text(x + width / 2, top + _SEAT / 2 + 4, fit(lane.empty, width - 32, 12), cls="q mid")
    _ask(pen, lanes, width, rows, top)
    return pen.done(WIDE, height), ring


def _ask(pen: Pen, lanes: Sequence[Lane], width: float, rows: int, top: float) -> None:
    """The line that gathers what the services ask, and leads to the leader."""
    busy = [i * (width + GAP) + width / 2 for i, lane in enumerate(lanes) if lane.crews]
    leads = [i * (width + GAP) + width / 2 for i, lane in enumerate(lanes) if any(seat.leads for seat in lane.seats)]
    if not busy or not leads:
        return
    bus = 36 + _CREW * rows + 14
    for middle in busy:
        pen.line("edge edge-thin", f"M{middle:g} {bus - 14:g}V{bus:g}")
    ends = busy + leads
    pen.line("edge edge-2", f"M{min(ends):g} {bus:g}H{max(ends):g}")
    pen.line("edge edge-2", f"M{leads[0]:g} {bus:g}V{top - 3:g}", "edge")


def _narrow(lanes: Sequence[Lane]) -> tuple[Drawing, Ring]:
    """One zone a band: what runs there as one line, then the store's members."""
    pen, ring, y = Pen(), _NONE, 0.0
    for lane in lanes:
        height = 34 + (20 if lane.crews else 0) + (len(lane.seats) * (_SEAT + 8) if lane.seats else 42)
        pen.rect("lane", 0, y, NARROW, height, 9)
        pen.text(12, y + 22, (lane.zone, "t13 b"))
        inner = y + 34
        if lane.crews:
            worst = min((crew.status for crew in lane.crews), key=lambda status: status.rank)
            troubled = [crew for crew in lane.crews if crew.status is not Status.HEALTHY]
            tasks = sum(crew.tasks for crew in lane.crews)
            names = ", ".join(f"{crew.name} {crew.word}" for crew in troubled) or "all healthy"
            pen.icon(worst, 12, inner - 1, 11)
            pen.text(29, inner + 8, fit(f"{tasks} tasks of {len(lane.crews)} services: {names}", NARROW - 44, 12))
            inner += 20
        for seat in lane.seats:
            box = (12.0, inner, NARROW - 24.0, float(_SEAT))
            _seat(pen, seat, *box)
            ring = box if seat.leads else ring
            inner += _SEAT + 8
        if not lane.seats:
            pen.rect("box-empty", 12, inner, NARROW - 24, 34, 7)
            pen.text(NARROW / 2, inner + 21, fit(lane.empty, NARROW - 40, 12), cls="q mid")
        y += height + GAP
    return pen.done(NARROW, y - GAP), ring


def _crew(pen: Pen, crew: Crew, x: float, y: float, width: float) -> None:
    pen.rect("box", x, y, width, 22, 5)
    pen.icon(crew.status, x + 8, y + 5.5, 11)
    pen.text(x + 25, y + 15.5, fit(f"{crew.name} {crew.tasks}", (width - 36) * 0.62, 12))
    pen.text(x + width - 8, y + 15.5, (fit(crew.word, (width - 36) * 0.42, 11), "t11"), cls="q end")


def _seat(pen: Pen, seat: Seat, x: float, y: float, width: float, height: float) -> None:
    plain = seat.status in (Status.HEALTHY, Status.PAUSED)
    if seat.old or seat.status is Status.STALE:
        box = "box-stale is-stale"
    else:
        box = "box" if plain else f"box-trouble is-{seat.status}"
    pen.rect(box, x, y, width, height, 7)
    pen.icon(seat.status, x + 12, y + 13, 12, tint=not plain and not seat.old and seat.status is not Status.STALE)
    pen.text(x + 31, y + 24, (fit(seat.title, width - 42, 13, bold=True), "t13 b"))
    for row, line in enumerate(seat.lines[:2]):
        pen.text(x + 12, y + 43 + row * 15, fit(line, width - 22, 12 if row == 0 else 11), cls="t11 q" if row else "")
