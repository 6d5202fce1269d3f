"""Series as the `d` of SVG paths. What is not known is never drawn: a path stops at a gap and begins again after it.
Pure."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise

from services.domain.scaling.series import Series, stretches

Place = Callable[[float], float]
Points = Sequence[tuple[float, float]]


def line(of: Series, x: Place, y: Place) -> str:
    """Straight from point to point. A point that stands alone is as long as its place."""
    made = []
    for run in stretches(of):
        if len(run) == 1:
            minute, value = run[0]
            made.append(f"M{x(minute)} {y(value)}H{x(minute + of.step)}")
        else:
            made.append("M" + "L".join(f"{x(minute)} {y(value)}" for minute, value in run))
    return "".join(made)


def steps(of: Series, x: Place, y: Place) -> str:
    """Level over each place, straight up or down between two."""
    return "".join(_stepped(run, of.step, x, y) for run in stretches(of))


def area(of: Series, x: Place, y: Place) -> str:
    """What lies under the steps, down to zero; closed."""
    made = []
    for run in stretches(of):
        ends = run[-1][0] + of.step
        made.append(f"{_stepped(run, of.step, x, y)}V{y(0)}H{x(run[0][0])}Z" if ends else "")
    return "".join(made)


def above(of: Series, limit: float, x: Place, y: Place) -> str:
    """What a line encloses above a limit, cut where it crosses it; closed, one part each time."""
    return "".join("M" + "L".join(f"{x(m)} {y(v)}" for m, v in part) + "Z" for part in _parts_above(of, limit))


def gaps(of: Series, x: Place, *, late: int = 0) -> tuple[tuple[float, float], ...]:
    """(place, width) of what is not known, at least a unit wide. The last `late` minutes do not count: nobody may have
    told them yet."""
    found = []
    for empty, places in groupby(range(len(of.values)), key=lambda n: of.values[n] is None):
        numbers = list(places)
        first, last = of.start + numbers[0] * of.step, of.start + (numbers[-1] + 1) * of.step
        if empty and not (last == of.end and last - first <= late and numbers[0]):
            found.append((x(first), max(1.0, round(x(last) - x(first), 1))))
    return tuple(found)


def _stepped(run: Points, step: int, x: Place, y: Place) -> str:
    made, before = f"M{x(run[0][0])} {y(run[0][1])}", run[0][1]
    for minute, value in run[1:]:
        if value != before:
            made += f"H{x(minute)}V{y(value)}"
            before = value
    return f"{made}H{x(run[-1][0] + step)}"


def _parts_above(of: Series, limit: float) -> Iterator[list[tuple[float, float]]]:
    for run in stretches(of):
        part: list[tuple[float, float]] = []
        if run[0][1] > limit:
            part = [(run[0][0], limit), run[0]]
        for (m, v), (n, w) in pairwise(run):
            if (v > limit) is not (w > limit):
                part.append((m + (limit - v) / (w - v) * (n - m), limit))
                if w <= limit:
                    yield part
                    part = []
            if w > limit:
                part.append((n, w))
        if part:
            yield [*part, (run[-1][0], limit)]
