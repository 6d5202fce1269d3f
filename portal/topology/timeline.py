"""The strip of kept snapshots under the picture: bands of verdicts, holes where nobody read, a mark for each change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.topology.shapes import fit, width_of
from services.domain.status import Status
from services.ports import Kept

WIDTH = 994
_LEAST = 3
_SHORTEST = timedelta(hours=1)
_STEPS = tuple(timedelta(minutes=minutes) for minutes in (10, 15, 30, 60, 120, 240))
_LABEL, _ENOUGH, _LEAST_LABEL = 240, 110, 64
_WORDS = {status.value: status for status in Status}


@dataclass(frozen=True)
class Band:
    """A stretch of one verdict; `hole` is a stretch nobody looked at."""

    x: float
    w: float
    status: Status
    hole: bool = False


@dataclass(frozen=True)
class Stop:
    """A kept snapshot one can go to."""

    kept: Kept
    x: float
    status: Status
    current: bool


@dataclass(frozen=True)
class Label:
    """What a mark is about, printed over it; `end` means the words stand before the mark."""

    x: float
    text: str
    end: bool


@dataclass(frozen=True)
class Timeline:
    """The strip from `since` to `until` with its neighbours of the present view."""

    since: datetime
    until: datetime
    bands: tuple[Band, ...]
    stops: tuple[Stop, ...]
    labels: tuple[Label, ...]
    ticks: tuple[tuple[float, str], ...]
    before: Kept | None
    after: Kept | None
    current: Kept | None

    @property
    def position(self) -> int:
        """The present view's index among the stops, the newest when it is none of them."""
        return next((index for index, stop in enumerate(self.stops) if stop.current), len(self.stops) - 1)

    @property
    def words(self) -> str:
        """The strip in words."""
        counts: dict[str, int] = {}
        for stop in self.stops:
            counts[stop.status] = counts.get(stop.status, 0) + 1
        holes = sum(band.hole for band in self.bands)
        told = ", ".join(f"{number} {word}" for word, number in counts.items()) or "nothing kept"
        return f"{told}{f', {holes} not looked at' if holes else ''}"


def window(now: datetime, when: datetime | None) -> tuple[datetime, datetime]:
    """The day up to now; around a past time, half a day to each side but not beyond now."""
    if when is None or now - when < timedelta(hours=12):
        return now - timedelta(days=1), now
    return when - timedelta(hours=12), when + timedelta(hours=12)


def make(kept: Sequence[Kept], since: datetime, until: datetime, shown: int | None, hole_after: timedelta) -> Timeline:
    """`shown` is the number of the snapshot on the page, None for the present; reads further apart than `hole_after`
    leave a hole. An environment that is younger than the window gets a strip that begins with it."""
    if kept and kept[0].taken_at > since:
        since = max(since, min(kept[0].taken_at, until - _SHORTEST))
    span = max(1.0, (until - since).total_seconds())

    def x(at: datetime) -> float:
        return round(min(1.0, max(0.0, (at - since).total_seconds() / span)) * WIDTH, 1)

    bands: list[Band] = []
    stops: list[Stop] = []
    for index, each in enumerate(kept):
        status = _WORDS.get(each.verdict, Status.UNKNOWN)
        following = kept[index + 1].taken_at if index + 1 < len(kept) else until
        seen_until = each.until if following - each.until > hole_after else following
        bands.append(Band(x(each.taken_at), max(_LEAST, x(seen_until) - x(each.taken_at)), status))
        if seen_until < following:
            bands.append(Band(x(seen_until), max(_LEAST, x(following) - x(seen_until)), Status.UNKNOWN, hole=True))
        current = each.number == shown if shown is not None else index == len(kept) - 1
        stops.append(Stop(each, x(each.taken_at), status, current))
    position = next((index for index, stop in enumerate(stops) if stop.current), None)
    return Timeline(
        since,
        until,
        tuple(bands),
        tuple(stops),
        tuple(_labels(stops)),
        tuple(_ticks(since, until, x)),
        kept[position - 1] if position else None,
        kept[position + 1] if position is not None and position + 1 < len(kept) else None,
        kept[position] if position is not None else None,
    )


def _about(stop: Stop) -> str:
    """A kept state in a few words: its word, and what was worst in it."""
    return (
        stop.kept.summary.rstrip(".") if stop.status is not Status.HEALTHY and stop.kept.summary else str(stop.status)
    )


def _labels(stops: Sequence[Stop]) -> list[Label]:
    """As many marks as there is room for say what they are about, the worst first and of those the newest. Where the
    verdict stayed the same, it was said before."""
    taken: list[tuple[float, float]] = []
    labels = []
    first = [
        stop for stop, was in zip(stops, (None, *stops), strict=False) if was is None or _about(stop) != _about(was)
    ]
    for stop in sorted(first, key=lambda each: (each.status.rank, -each.x)):
        after = min((left for left, _ in taken if left >= stop.x), default=float(WIDTH)) - stop.x - 8
        before = stop.x - max((right for _, right in taken if right <= stop.x), default=0.0) - 8
        if any(left - 8 < stop.x < right + 8 for left, right in taken):
            continue
        end = after < _ENOUGH and after < before
        room = min(_LABEL, before if end else after)
        text = fit(_about(stop), room, 11)
        if not text or (text.endswith("…") and room < _LEAST_LABEL):
            continue
        wide = width_of(text, 11)
        taken.append((stop.x - wide, stop.x) if end else (stop.x, stop.x + wide))
        labels.append(Label(stop.x, text, end))
    return labels


def _ticks(since: datetime, until: datetime, x: Callable[[datetime], float]) -> list[tuple[float, str]]:
    step = next((each for each in _STEPS if (until - since) / each <= 8), _STEPS[-1])
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    at = day + step * ((since - day) // step + 1)
    ticks = []
    while at < until:
        if 20 < x(at) < WIDTH - 60:
            ticks.append((x(at), f"{at:%H:%M}"))
        at += step
    return ticks
