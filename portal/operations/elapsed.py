"""Elapsed against expected: how long it has taken, beside how long it usually takes. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.domain.operation import Operation

WIDTH = 640
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True)
class Elapsed:
    """The bar. `running` says that it still counts, from `since`; `scale` is seconds over the whole width."""

    since: datetime
    seconds: float
    running: bool
    low: float
    usual: float
    high: float
    source: str
    scale: float
    ticks: tuple[tuple[float, str], ...]

    def x(self, seconds: float) -> float:
        """Where so many seconds are."""
        return round(min(1.0, seconds / self.scale) * WIDTH, 1)

    @property
    def clock(self) -> str:
        """`00:19`."""
        whole = int(self.seconds)
        return f"{whole // 60:02d}:{whole % 60:02d}"


def elapsed(operation: Operation, now: datetime) -> Elapsed | None:
    """From the request to AWS to the first sight of its end; None before anything was sent."""
    since = operation.sent_at
    if since is None or not operation.irreversible:
        return None
    first = min((at for _, at in operation.seen if at >= since), default=None)
    end = first or operation.finished_at
    took = max(0.0, ((end or now) - since).total_seconds())
    low, usual, high = (
        _number(operation.wants(name)) for name in ("expected_low", "expected_seconds", "expected_high")
    )
    scale = max(60.0, high * 1.25, took * 1.15)
    step = next((each for each in _STEPS if scale / each <= 6), _STEPS[-1])
    ticks = tuple((round(WIDTH * n * step / scale, 1), _said(n * step)) for n in range(int(scale // step) + 1))
    return Elapsed(since, took, end is None, low, usual, high, operation.wants("expected_source"), scale, ticks)


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0


def _said(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 180 else f"{seconds / 60:g} min"
