"""When data stores could not be reached, by their ARN: seconds of the clock, for metrics of past minutes.

Kept apart from the recorded minutes: an outage of seconds lies between two of them.
"""

from sandbox import state
from sandbox.clock import clock

KEPT = 500
_down: dict[str, float] = {}
_past: list[tuple[str, float, float]] = []


def begin(arn: str) -> None:
    """It cannot be reached from now on."""
    _down.setdefault(arn, clock.time())


def end(arn: str) -> None:
    """It can be reached again, or is gone."""
    if arn in _down:
        _past.append((arn, _down.pop(arn), clock.time()))
        del _past[:-KEPT]


def share(arn: str, minute: int) -> float:
    """The share (0..1) of a minute (since the epoch) in which it could not be reached."""
    opens, closes = minute * 60.0, minute * 60.0 + 60
    spans = [(began, ended) for name, began, ended in _past if name == arn]
    if arn in _down:
        spans.append((_down[arn], closes if clock.time() >= closes else clock.time()))
    lost = sum(max(0.0, min(ended, closes) - max(began, opens)) for began, ended in spans)
    return min(1.0, lost / 60)


def _load(kept: tuple[dict[str, float], list[tuple[str, float, float]]]) -> None:
    _down.clear()
    _down.update(kept[0])
    _past[:] = kept[1]


state.register("outages", lambda: (dict(_down), list(_past)), _load)
