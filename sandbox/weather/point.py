"""One minute of one metric, as CloudWatch keeps it, and how minutes are summed up into periods."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True)
class Point:
    """A set of samples: how many, their sum, lowest and highest. `spread` is the sigma of a log-normal distribution
    behind them, for percentiles; 0 means a gauge, of which only the minutes' averages are known."""

    count: float
    total: float
    low: float
    high: float
    spread: float = 0.0

    @property
    def average(self) -> float:
        """The mean sample."""
        return self.total / self.count


def gauge(value: float, around: float = 0.0, count: float = 1) -> Point:
    """A value, reported `count` times and differing by `around` (a share) between reporters."""
    return Point(count, value * count, value * (1 - around), value * (1 + around))


def latency(mean: float, count: float, spread: float = 0.55) -> Point:
    """`count` durations with a long tail."""
    middle = mean / math.exp(spread**2 / 2)
    return Point(count, mean * count, middle * math.exp(-2.3 * spread), middle * math.exp(3 * spread), spread)


def counted(number: float) -> Point:
    """Events, one sample each."""
    return Point(number, number, 1, 1) if number else Point(1, 0, 0, 0)


def statistic(points: Sequence[Point], name: str) -> float:
    """Average, Sum, Minimum, Maximum, SampleCount or a percentile (p0..p100) over the points of a period.

    Raises ValueError for any other name.
    """
    if name == "Average":
        return sum(p.total for p in points) / sum(p.count for p in points)
    if name == "Sum":
        return sum(p.total for p in points)
    if name == "Minimum":
        return min(p.low for p in points)
    if name == "Maximum":
        return max(p.high for p in points)
    if name == "SampleCount":
        return sum(p.count for p in points)
    return percentile(points, share_of(name))


def share_of(name: str) -> float:
    """The share a percentile's name stands for: p99.9 is 0.999. Raises ValueError for anything else."""
    try:
        share = float(name[1:]) / 100
    except ValueError:
        raise ValueError(name) from None
    if name[:1] not in ("p", "P") or not 0 <= share <= 1:
        raise ValueError(name)
    return share


def percentile(points: Sequence[Point], share: float) -> float:
    """The value under which that share of the samples lies, weighted by how many each minute had."""
    if any(p.spread for p in points):
        at = NormalDist().inv_cdf(min(0.9999, max(0.0001, share)))
        count = sum(p.count for p in points)
        return sum(p.average * math.exp(at * p.spread - p.spread**2 / 2) * p.count for p in points) / count
    ordered = sorted((p.average, p.count) for p in points)
    left = share * sum(count for _, count in ordered)
    for value, count in ordered:
        left -= count
        if left <= 1e-9:
            return value
    return ordered[-1][0]
