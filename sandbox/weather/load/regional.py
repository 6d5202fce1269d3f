"""Queues and HTTP APIs: what is not in any zone."""

from sandbox.weather.history import History
from sandbox.weather.load import Table, databases, traffic
from sandbox.weather.point import Point, counted, gauge, latency
from sandbox.weather.world import Api, Queue, World

EVENTS = 0.05  # messages each request leaves behind
OLDEST = 14 * 1440  # minutes a message can be old


def _sent(history: History, name: str, minute: int) -> Point | None:
    queue: Queue | None = history.thing("queues", name, minute)
    if queue is None:
        return None
    if queue.dead:
        return gauge(0)
    return counted(round(1800 * EVENTS * databases.ratio(history, name, minute)))


def _visible(history: History, name: str, minute: int) -> Point | None:
    queue: Queue | None = history.thing("queues", name, minute)
    return None if queue is None else gauge(queue.visible)


def _age(history: History, name: str, minute: int) -> Point | None:
    queue: Queue | None = history.thing("queues", name, minute)
    if queue is None:
        return None
    minutes = 0
    while queue is not None and queue.visible and minutes < OLDEST:
        minutes += 1
        queue = history.thing("queues", name, minute - minutes)
    return gauge(60 * minutes)


def _none(history: History, name: str, minute: int) -> Point | None:
    return None if history.thing("queues", name, minute) is None else gauge(0)


def _groups(history: History, api: str, minute: int) -> tuple[str, ...]:
    now: World | None = history.at(minute) or history.latest
    known: Api | None = history.thing("apis", api, minute)
    if now is None or known is None:
        return ()
    return tuple(g for s in now.of_environment(known.name) for g in s.groups)


def _count(history: History, api: str, minute: int) -> Point | None:
    groups = _groups(history, api, minute)
    asked = round(sum(traffic.group_requests(history, g, minute) for g in groups))
    return counted(asked) if groups else None


def _server_errors(history: History, api: str, minute: int) -> Point | None:
    groups = _groups(history, api, minute)
    failed = sum(traffic.failures(history, g, minute) + traffic.refused(history, g, minute) for g in groups)
    return _of_all(history, api, minute, failed)


def _client_errors(history: History, api: str, minute: int) -> Point | None:
    asked = _count(history, api, minute)
    return None if asked is None else _of_all(history, api, minute, asked.total * 0.003)


def _of_all(history: History, api: str, minute: int, errors: float) -> Point | None:
    """An error metric has a sample of 0 or 1 for each request."""
    asked = _count(history, api, minute)
    if asked is None or not asked.total:
        return None
    errors = round(errors)
    return Point(asked.total, errors, 0, 1 if errors else 0)


def _time(history: History, api: str, minute: int, extra: float) -> Point | None:
    groups = _groups(history, api, minute)
    times = [t for g in groups if (t := traffic.answer_time(history, g, minute)) is not None]
    asked = _count(history, api, minute)
    if asked is None or not asked.total or not times:
        return None
    return latency(1000 * sum(times) / len(times) + extra, asked.total)


QUEUE: Table = {
    "NumberOfMessagesSent": ("Count", _sent),
    "NumberOfMessagesReceived": ("Count", _sent),
    "NumberOfMessagesDeleted": ("Count", _sent),
    "ApproximateNumberOfMessagesVisible": ("Count", _visible),
    "ApproximateNumberOfMessagesNotVisible": ("Count", _none),
    "ApproximateNumberOfMessagesDelayed": ("Count", _none),
    "ApproximateAgeOfOldestMessage": ("Seconds", _age),
}
API: Table = {
    "Count": ("Count", _count),
    "4xx": ("Count", _client_errors),
    "5xx": ("Count", _server_errors),
    "Latency": ("Milliseconds", lambda h, a, m: _time(h, a, m, 6.0)),
    "IntegrationLatency": ("Milliseconds", lambda h, a, m: _time(h, a, m, 3.0)),
}
