"""A replay as data and as a drawing: tasks over time under today's scaling and under the proposed one. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.domain.scaling.replay import Replay
from services.domain.scaling.series import Series, time_of
from services.usecases.replays import DAYS, Compared

WIDTH, HEIGHT = 760, 208
_LEFT, _RIGHT, _TOP, _BASE = 30, 756, 16, 180
MOST_PLACES = 1440
"""Steps drawn at most: more would be finer than a pixel."""


@dataclass(frozen=True)
class Figure:
    """One number of both sides, worded; `worse` when the proposed one is."""

    word: str
    was: str
    then: str
    worse: bool = False


@dataclass(frozen=True)
class Drawing:
    """What the SVG is made of. `levels` and `ticks` are (place, word); `gaps` (x, width)."""

    today: str
    proposed: str
    under: str
    levels: Sequence[tuple[float, str]]
    ticks: Sequence[tuple[float, str, str]]
    gaps: Sequence[tuple[float, float]]
    lost: float | None
    words: str


@dataclass(frozen=True)
class ReplayPage:
    """Everything a replay shows."""

    compared: Compared
    days: int
    figures: Sequence[Figure]
    drawing: Drawing | None
    table: Sequence[tuple[str, str, str]]

    @property
    def over(self) -> str:
        """Which days."""
        return "the last day" if self.days == 1 else f"the last {self.days} days"


def make(compared: Compared, days: int) -> ReplayPage:
    """The replay of so many days."""
    today, proposed = compared.today, compared.proposed
    figures = _figures(today, proposed, days) if today and proposed else ()
    drawing = _draw(compared, today, proposed, days) if today and proposed else None
    return ReplayPage(compared, days, tuple(figures), drawing, tuple(_table(today, proposed, days)))


def chosen(text: str) -> int:
    """One of DAYS; a day for anything else."""
    return next((days for days in DAYS if str(days) == text), DAYS[0])


def _figures(today: Replay, proposed: Replay, days: int) -> Iterator[Figure]:
    yield _figure("Over target", today.over_target, proposed.over_target, " min")
    yield _figure("At max", today.at_max, proposed.at_max, " min")
    yield Figure("Scale events", f"{len(today.events):,}", f"{len(proposed.events):,}")
    yield Figure("Task-hours", f"{today.task_hours:,.0f}", f"{proposed.task_hours:,.0f}")
    if today.price is not None and proposed.price is not None:
        word = "Price" if days == 1 else "Price a day"
        yield Figure(word, f"${today.price / days:,.2f}", f"${proposed.price / days:,.2f}")


def _figure(word: str, was: int, then: int, unit: str) -> Figure:
    return Figure(word, f"{was:,}", f"{then:,}{unit}", then > was)


def _draw(compared: Compared, today: Replay, proposed: Replay, days: int) -> Drawing:
    first, last = today.tasks.start, max(today.tasks.end, today.tasks.start + 1)
    top = max((v for v in (*today.tasks.values, *proposed.tasks.values) if v is not None), default=1.0)
    step = next(s for s in (1, 2, 4, 5, 10, 20, 50, 100, 250, 500, 1250) if s * 5 > top)
    high = step * (int(top) // step + 1)

    def x(minute: float) -> float:
        return round(_LEFT + (minute - first) / (last - first) * (_RIGHT - _LEFT), 1)

    def y(value: float) -> float:
        return round(_BASE - value / high * (_BASE - _TOP), 1)

    def line(of: Series) -> str:
        made = ""
        for minute, value in _coarse(of):
            made += f"H{x(minute)}V{y(value)}" if made else f"M{x(minute)} {y(value)}"
        return f"{made}H{x(last)}" if made else ""

    said = line(proposed.tasks)
    return Drawing(
        today=line(today.tasks),
        proposed=said,
        under=f"{said}V{_BASE}H{_LEFT}Z" if said else "",
        levels=[(y(value), str(value)) for value in range(0, high + 1, step)],
        ticks=list(_ticks(first, last, days, x)),
        gaps=[(x(a), max(1.0, round(x(b) - x(a), 1))) for a, b in _gaps(compared.recording.tasks)],
        lost=x(proposed.lost_at) if proposed.lost_at is not None else None,
        words=f"Tasks over {'a day' if days == 1 else f'{days} days'} as replayed: today's scaling {_range(today)}, "
        f"the proposed one {_range(proposed)}.",
    )


def _coarse(of: Series) -> Iterator[tuple[int, float]]:
    """Where it changes, at most MOST_PLACES of them: of a place the greatest value, so that no peak is lost."""
    wide = -(-len(of.values) // MOST_PLACES) or 1
    before: float | None = None
    for _, points in groupby(of.points, key=lambda point: (point[0] - of.start) // wide):
        part = list(points)
        value = max(v for _, v in part)
        if value != before:
            yield part[0][0], value
        before = value


def _gaps(of: Series) -> Iterator[tuple[int, int]]:
    for empty, places in groupby(range(len(of.values)), key=lambda n: of.values[n] is None):
        if empty:
            found = list(places)
            yield of.start + found[0] * of.step, of.start + (found[-1] + 1) * of.step


def _ticks(first: int, last: int, days: int, x: Callable[[float], float]) -> Iterator[tuple[float, str, str]]:
    every, shape = (360, "%H:%M") if days == 1 else (1440 if days == 7 else 2880, "%d %b")
    minute = -(-first // every) * every
    while minute <= last:
        place = x(minute)
        yield (
            place,
            time_of(minute).strftime(shape),
            "end" if place > _RIGHT - 20 else "" if place < _LEFT + 16 else "mid",
        )
        minute += every


def _range(of: Replay) -> str:
    known = [value for value in of.tasks.values if value is not None]
    return f"{min(known, default=0):g} to {max(known, default=0):g} tasks"


def _table(today: Replay | None, proposed: Replay | None, days: int) -> Iterator[tuple[str, str, str]]:
    if today is None or proposed is None:
        return
    every = 60 if days == 1 else 720
    for minute in range(today.tasks.start, today.tasks.end, every):
        was, then = today.tasks.at(minute), proposed.tasks.at(minute)
        shape = "%H:%M" if days == 1 else "%d %b %H:%M"
        yield time_of(minute).strftime(shape), _known(was), _known(then)


def _known(value: float | None) -> str:
    return "no data" if value is None else f"{value:g}"
