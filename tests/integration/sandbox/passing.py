"""Minutes that pass for one account alone: what other tests left behind in this process stays as it is."""

from typing import Any

from sandbox.clock import clock
from sandbox.weather import history, minutes
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


def steady_ground(count: int, **service: Any) -> Ground:
    """A service of `count` tasks that runs steadily, five seconds into a minute."""
    ground = fresh_ground()
    ground.definition()
    ground.service(count=count, **service)
    clock.advance(600 * clock.speed)
    clock.advance((65 - clock.time() % 60) * clock.speed)
    return ground


def pass_minutes(ground: Ground, number: int = 1) -> None:
    """Let minutes end as `weather.minutes` does: the world is recorded, alarms are judged, and what hears them acts.

    Each time it is five seconds past a minute afterwards.
    """
    for _ in range(number):
        clock.advance((65 - clock.time() % 60) * clock.speed)
        history.of(ground.account, REGION, ended=True)
        for callback in minutes._callbacks:
            callback(ground.account, REGION)
