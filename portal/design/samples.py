"""Invented data for the page of components: nothing here is a fact about any environment."""

from dataclasses import dataclass

from portal.fleet.picture import Cell, Picture, Row
from services.domain.status import Status

MEANINGS = {
    Status.DOWN: "does not do its work",
    Status.DEGRADED: "works, with less than it should have",
    Status.UNKNOWN: "could not be read; the reason is beside it",
    Status.STALE: "was read, too long ago; the age is beside it",
    Status.CHANGING: "moving, started on purpose or by AWS",
    Status.PAUSED: "held or waiting for a person",
    Status.SIMULATED: "did not happen: what-if, replay, preview",
    Status.HEALTHY: "all that must be true was read, and is",
}
"""The status vocabulary, worst first."""

PICTURE = Picture(
    ("us-east-1a", "us-east-1b", "us-east-1c"),
    (
        Row("entrance"),
        Row("rbac", (Cell.ON, Cell.BAD, Cell.ON)),
        Row("audit", (Cell.ON, Cell.ON, Cell.CHANGING)),
        Row("identity-sync", (Cell.ON, Cell.WARN, Cell.UNKNOWN)),
        Row("database", (Cell.LEAD, Cell.ON, Cell.NONE)),
        Row("cache", (Cell.NONE, Cell.ON, Cell.LEAD)),
        Row("queues"),
    ),
    "A sample: rbac down in us-east-1b, audit changing in us-east-1c",
)


@dataclass(frozen=True)
class Point:
    """A minute of the sample chart; `value` is None where nothing was read."""

    minute: int
    value: float | None


POINTS = tuple(
    Point(minute, None if minute in range(24, 29) else 40 + 22 * ((minute * 7) % 13) / 13 + minute / 3)
    for minute in range(60)
)
TARGET = 60.0


@dataclass(frozen=True)
class Chart:
    """Paths in a box of 600 by 140: lines between gaps, the gaps themselves, and the target's height."""

    lines: tuple[str, ...]
    gaps: tuple[tuple[float, float], ...]
    target: float


def chart(points: tuple[Point, ...] = POINTS, target: float = TARGET) -> Chart:
    """A line chart whose gaps are holes, never zero and never joined."""
    step = 600 / (len(points) - 1)
    lines: list[list[str]] = [[]]
    gaps: list[tuple[float, float]] = []
    for index, point in enumerate(points):
        x = index * step
        if point.value is None:
            if lines[-1]:
                lines.append([])
                gaps.append((round(x - step, 1), 0.0))
            gaps[-1] = (gaps[-1][0], round(x + step - gaps[-1][0], 1))
            continue
        lines[-1].append(f"{'L' if lines[-1] else 'M'}{x:.1f} {_height(point.value):.1f}")
    return Chart(tuple("".join(line) for line in lines if line), tuple(gaps), round(_height(target), 1))


def _height(percent: float) -> float:
    return 140 - 1.4 * percent
