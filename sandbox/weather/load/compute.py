"""ECS services: how busy their tasks are."""

from sandbox.weather import demand
from sandbox.weather.history import History
from sandbox.weather.load import Table
from sandbox.weather.point import Point, gauge
from sandbox.weather.world import Service

Key = tuple[str, str]


def requests(history: History, key: Key, minute: int) -> float:
    """Requests that reach a service in a minute."""
    return demand.peak("/".join(key)) * demand.share(*key, minute) * 60


def strain(history: History, key: Key, minute: int) -> float | None:
    """The load on each task as a share of what its service is sized for; None if it has no task to measure.

    1 means the busiest hour carried by the service's usual number of tasks.
    """
    service: Service | None = history.thing("services", key, minute)
    if service is None or not service.count:
        return None
    usual = history.first["services", key][1].floor
    return demand.share(*key, minute) * usual / service.count


def processor(history: History, key: Key, minute: int) -> float | None:
    """CPU in percent of what the tasks reserve: about 52 in the busiest hour of an ordinary day."""
    strained = strain(history, key, minute)
    return None if strained is None else min(100.0, 6 + 45 * strained)


def _cpu(history: History, key: Key, minute: int) -> Point | None:
    value = processor(history, key, minute)
    return None if value is None else gauge(value, 0.07, _tasks(history, key, minute))


def _memory(history: History, key: Key, minute: int) -> Point | None:
    strained = strain(history, key, minute)
    if strained is None:
        return None
    base = 32 + 8 * demand.seed(*key, "memory")
    return gauge(min(99.0, base + 14 * strained), 0.03, _tasks(history, key, minute))


def _tasks(history: History, key: Key, minute: int) -> int:
    service: Service = history.thing("services", key, minute)
    return service.count


METRICS: Table = {"CPUUtilization": ("Percent", _cpu), "MemoryUtilization": ("Percent", _memory)}
