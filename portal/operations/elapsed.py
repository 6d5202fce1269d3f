"""Elapsed against expected: how long writes have been out beside how long they usually are. Pure.

What is expected is the outage, so only the outage is compared with it. Where it is not measured, the clock counts from
the request to AWS, and says so.
"""

from dataclasses import dataclass
from datetime import datetime

from portal.operations.outage import outage
from services.domain.operation import Operation

WIDTH = 638
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True)
class Elapsed:
    """The bar. `measured` says that it is the outage, else the time since the request; `running` that it still counts,
    from `since`; `scale` is seconds over the whole width. `sent` is how long ago the request was, None when over."""

    since: datetime
    seconds: float
    measured: bool
    running: bool
    sent: datetime | None
    low: float
    usual: float
    high: float
    source: str
    scale: float
    ticks: tuple[tuple[float, str], ...]

    def x(self, seconds: float) -> float:
        """Where so many seconds are."""
        return round(min(1.0, seconds / self.scale) * WIDTH + 1, 1)

    @property
    def clock(self) -> str:
        """`00:19`."""
        return f"{int(self.seconds) // 60:02d}:{int(self.seconds) % 60:02d}"


def elapsed(operation: Operation, now: datetime) -> Elapsed | None:
    """The outage when it was measured, else from the request to the first sight of its end; None before the request."""
    sent = operation.sent_at
    if sent is None or not operation.irreversible:
        return None
    lost = outage(operation, now)
    if lost.since is not None and lost.seconds is not None:
        since, took, running = lost.since, lost.seconds, lost.going_on
    else:
        end = min((at for _, at in operation.seen if at >= sent), default=None) or operation.finished_at
        since, took, running = sent, max(0.0, ((end or now) - sent).total_seconds()), end is None
    names = ("expected_low", "expected_seconds", "expected_high")
    low, usual, high = (_number(operation.wants(name)) for name in names)
    scale = max(30.0, high * 1.25, took * 1.15)
    step = next((each for each in _STEPS if scale / each <= 6), _STEPS[-1])
    return Elapsed(
        since=since,
        seconds=took,
        measured=lost.since is not None,
        running=running,
        sent=sent if operation.live and not operation.seen else None,
        low=low,
        usual=usual,
        high=high,
        source=operation.wants("expected_source"),
        scale=scale,
        ticks=tuple((round(WIDTH * n * step / scale + 1, 1), _said(n * step)) for n in range(int(scale // step) + 1)),
    )


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0


def _said(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 180 else f"{seconds / 60:g} min"
