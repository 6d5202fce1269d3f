"""The points of one metric: those AWS publishes by itself and those that were put, minute by minute."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import MetricAggregatedDatum

from sandbox.clock import clock
from sandbox.weather import history, vended
from sandbox.weather.point import Point, statistic

DAY = 86_400
RETENTION = ((3600, 455 * DAY), (300, 63 * DAY), (0, 15 * DAY))
"""(period from, how long its points are kept), in seconds."""
PER_PERIOD = 12
"""Minutes looked at in a long period: enough for its shape, and a year's chart stays quick."""


@dataclass(frozen=True)
class Name:
    """What identifies a metric; dimensions are sorted by name."""

    namespace: str
    name: str
    dimensions: vended.Dimensions


def named(namespace: str, name: str, dimensions: Iterable[dict[str, str]]) -> Name:
    """A metric's identity from boto3's shapes."""
    return Name(namespace, name, tuple(sorted((d["Name"], d["Value"]) for d in dimensions)))


def epoch(moment: datetime | str | float) -> float:
    """Seconds since the epoch of whatever moto parsed a timestamp into; a naive time is UTC."""
    if isinstance(moment, int | float):
        return float(moment)
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class Series:
    """One metric of one account and region. Create it under the lock."""

    def __init__(self, backend: Any, name: Name, unit: str | None = None) -> None:
        self._history = history.of(backend.account_id, backend.region_name)
        self._vended = vended.find(name.namespace, name.name, name.dimensions)
        if self._vended is not None and unit not in (None, self._vended[1].unit):
            self._vended = None
        self._put: dict[int, list[Point]] = {}
        for datum in backend.metric_data:
            if datum.name != name.name or datum.namespace != name.namespace or unit not in (None, datum.unit):
                continue
            if tuple(sorted((d.name, d.value) for d in datum.dimensions)) == name.dimensions:
                self._put.setdefault(int(epoch(datum.timestamp) // 60), []).append(_point(datum))
        self.unit = self._vended[1].unit if self._vended else unit
        self._last = int(clock.time() // 60) - 1

    def minute(self, minute: int) -> list[Point]:
        """The points of a minute, counted since the epoch; none for a minute that is not over."""
        put = self._put.get(minute, [])
        if self._vended is None or minute > self._last:
            return put
        key, metric = self._vended
        point = metric.read(self._history, key, minute)
        return put if point is None else [*put, point]

    def between(self, start: float, end: float) -> list[Point]:
        """The points of [start, end); long periods are sampled, their counts and sums scaled up."""
        first, last = int(start // 60), int(-(-end // 60))
        step = max(1, (last - first) // PER_PERIOD)
        found = [p for m in range(first, last, step) for p in self.minute(m)]
        return found if step == 1 else [_scaled(p, step) for p in found]

    def statistics(self, start: float, end: float, period: int, wanted: str) -> list[tuple[int, float]]:
        """(start of the period, value) ascending, for the periods that begin in [start, end) and have data. Periods
        begin at multiples of their length. Raises ValueError for an unknown statistic."""
        kept = next(kept for at_least, kept in RETENTION if period >= at_least)
        start = max(start, clock.time() - kept)
        found = []
        for at in range(int(start // period) * period, int(-(-end // period) * period), period):
            if at < end and (points := self.between(at, at + max(period, 60))):
                found.append((at, statistic(points, wanted)))
        return found


def _point(datum: Any) -> Point:
    if isinstance(datum, MetricAggregatedDatum):
        return Point(datum.sample_count, datum.sum, datum.min, datum.max)
    return Point(1, datum.value, datum.value, datum.value)


def _scaled(point: Point, times: int) -> Point:
    return Point(point.count * times, point.total * times, point.low, point.high, point.spread)


def listed(backend: Any) -> list[Name]:
    """Every metric there is, each once."""
    known = history.of(backend.account_id, backend.region_name)
    names = [Name(*found) for found in vended.listed(known)]
    names += [
        Name(d.namespace, d.name, tuple(sorted((x.name, x.value) for x in d.dimensions))) for d in backend.metric_data
    ]
    return list(dict.fromkeys(names))
