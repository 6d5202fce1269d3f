"""The minute: at the end of each minute of the sandbox's clock the world is recorded and alarms are evaluated."""

import logging
from collections.abc import Callable

from sandbox.clock import clock, transition
from sandbox.weather import history, world

log = logging.getLogger("sandbox.weather.minutes")
Callback = Callable[[str, str], None]
_callbacks: list[Callback] = []
NAME = "weather.minute"


def each(callback: Callback) -> Callback:
    """Call `callback(account, region)` under the lock once a minute, for each place in use. Usable as a decorator."""
    _callbacks.append(callback)
    return callback


def schedule() -> None:
    """Plan the end of the running minute. Minutes are the clock's own, whatever the speed, so a change of speed plans
    anew."""
    clock.cancel(NAME)
    now = clock.time()
    clock.after((60 - now % 60) * clock.speed, NAME)


@transition(NAME)
def pass_minute() -> None:
    """The end of a minute."""
    clock.ran -= 1  # a minute that passes is no change by itself: nothing to save, nothing to read anew
    schedule()
    for account, region in world.places():
        history.of(account, region, ended=True)
        for callback in _callbacks:
            try:
                callback(account, region)
            except Exception:
                log.exception("%s failed in %s %s", callback, account, region)
