"""A metric over time. A minute without a point is a gap, None: it is never zero and never filled."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from itertools import groupby
from math import floor


class How(Enum):
    """How points become one coarser point."""

    MEAN = partial(lambda known: sum(known) / len(known))
    SUM = partial(sum)
    LEAST = partial(min)
    MOST = partial(max)


@dataclass(frozen=True)
class Series:
    """Values from minute `start` on, one for every `step` minutes; `start` is a multiple of `step`."""

    start: int
    values: tuple[float | None, ...] = ()
    step: int = 1

    def __post_init__(self) -> None:
        if self.step < 1 or self.start % self.step:
            raise ValueError("A series starts at a multiple of its step, which is a minute or more.")

    @property
    def end(self) -> int:
        """The minute after its last place."""
        return self.start + len(self.values) * self.step

    def at(self, minute: int) -> float | None:
        """The value of the place a minute lies in; None in a gap and outside."""
        place = (minute - self.start) // self.step
        return self.values[place] if 0 <= place < len(self.values) else None

    @property
    def points(self) -> tuple[tuple[int, float], ...]:
        """The known points with their minutes."""
        return tuple((self.start + i * self.step, v) for i, v in enumerate(self.values) if v is not None)

    @property
    def gaps(self) -> int:
        """How many places have no point."""
        return sum(value is None for value in self.values)

    @property
    def peak(self) -> tuple[int, float] | None:
        """The first minute of the greatest value, and that value; None when nothing is known."""
        return max(self.points, key=lambda point: (point[1], -point[0]), default=None)


def minute_of(at: datetime) -> int:
    """The minute an aware time lies in."""
    return floor(at.timestamp() // 60)


def time_of(minute: int) -> datetime:
    """The beginning of a minute, UTC."""
    return datetime.fromtimestamp(minute * 60, UTC)


def series(points: Iterable[tuple[datetime, float]], starts: datetime, ends: datetime, step: int = 1) -> Series:
    """The series from `starts` up to `ends` of points in any order; of two in one place the later one holds."""
    first, last = minute_of(starts) // step * step, minute_of(ends)
    kept: list[float | None] = [None] * max(0, -(-(last - first) // step))
    for at, value in sorted(points):
        place = (minute_of(at) - first) // step
        if 0 <= place < len(kept):
            kept[place] = value
    return Series(first, tuple(kept), step)


def coarser(fine: Series, step: int, how: How = How.MEAN) -> Series:
    """The series in steps of `step` minutes, a multiple of its own. A coarse place is a gap only when it is all gap."""
    if step % fine.step:
        raise ValueError(f"Steps of {step} minutes are no multiple of {fine.step}.")
    first = fine.start // step * step
    made = []
    for begins in range(first, fine.end, step):
        known = [v for v in map(fine.at, range(begins, begins + step, fine.step)) if v is not None]
        made.append(how.value(known) if known else None)
    return Series(first, tuple(made), step)


def percentile(of: Series, share: float) -> float | None:
    """The value below which `share` (0 to 100) percent of the known points lie, interpolated; None without points."""
    if not 0 <= share <= 100:
        raise ValueError("A percentile lies between 0 and 100.")
    known = sorted(value for value in of.values if value is not None)
    if not known:
        return None
    place = (len(known) - 1) * share / 100
    low = floor(place)
    high = min(low + 1, len(known) - 1)
    return known[low] + (known[high] - known[low]) * (place - low)


def joined(parts: Sequence[Series]) -> Series:
    """One series of several of the same step; where they overlap a later part's known points win."""
    if not parts:
        return Series(0)
    if len({part.step for part in parts}) > 1:
        raise ValueError("Only series of one step can be joined; make the finer ones coarser first.")
    step, first = parts[0].step, min(part.start for part in parts)
    kept: list[float | None] = [None] * ((max(part.end for part in parts) - first) // step)
    for part in parts:
        for minute, value in part.points:
            kept[(minute - first) // step] = value
    return Series(first, tuple(kept), step)


def combined(one: Series, other: Series, rule: Callable[[float, float], float]) -> Series:
    """`rule` of both values, place by place of `one`; a gap in either is a gap."""
    theirs: Iterable[float | None] = other.values
    if (one.start, one.step, len(one.values)) != (other.start, other.step, len(other.values)):
        theirs = map(other.at, range(one.start, one.end, one.step))
    pairs = zip(one.values, theirs, strict=True)
    made = tuple([None if a is None or b is None else rule(a, b) for a, b in pairs])
    return Series(one.start, made, one.step)


def stretches(of: Series) -> tuple[tuple[tuple[int, float], ...], ...]:
    """The runs of points without a gap between them, for drawing: a line never crosses a gap."""
    runs = groupby(enumerate(of.points), key=lambda each: each[1][0] - each[0] * of.step)
    return tuple(tuple(point for _, point in run) for _, run in runs)
