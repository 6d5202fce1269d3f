"""Which availability zones are down, and since when. Services react through `on_change`."""

import logging
from collections.abc import Callable

from sandbox import state
from sandbox.clock import LOCK, clock

log = logging.getLogger("sandbox.weather.zones")
Callback = Callable[[str, bool], None]
_callbacks: list[Callback] = []
_down: dict[str, float] = {}
_past: list[tuple[str, float, float]] = []
KEPT = 200


def on_change(callback: Callback) -> Callback:
    """Call `callback(zone, failed)` under the lock whenever a zone fails or recovers. Usable as a decorator."""
    _callbacks.append(callback)
    return callback


def failed() -> frozenset[str]:
    """The zones that are down now."""
    return frozenset(_down)


def since() -> dict[str, float]:
    """The zones that are down, each with when it failed, in seconds since the epoch."""
    return dict(_down)


def outages() -> list[tuple[str, float, float | None]]:
    """Every outage as (zone, from, until), oldest first; until is None while it lasts."""
    return [*_past, *((zone, began, None) for zone, began in sorted(_down.items(), key=lambda d: d[1]))]


def fail(zone: str) -> bool:
    """Take a zone down; False if it was down already."""
    with LOCK:
        if zone in _down:
            return False
        _down[zone] = clock.time()
        _tell(zone, failed=True)
        return True


def recover(zone: str) -> bool:
    """Bring a zone back; False if it was not down."""
    with LOCK:
        if zone not in _down:
            return False
        _past.append((zone, _down.pop(zone), clock.time()))
        del _past[:-KEPT]
        _tell(zone, failed=False)
        return True


def _tell(zone: str, *, failed: bool) -> None:
    state.touch()
    for callback in _callbacks:
        try:
            callback(zone, failed)
        except Exception:  # one service's mistake must not keep the others from noticing
            log.exception("%s did not take the change of %s", callback, zone)


def _load(kept: tuple[dict[str, float], list[tuple[str, float, float]]]) -> None:
    _down.clear()
    _down.update(kept[0])
    _past[:] = kept[1]


state.register("zones", lambda: (dict(_down), list(_past)), _load)
