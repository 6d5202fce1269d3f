# ruff: noqa: ARG005 - readers in a table share one signature
"""ElastiCache nodes: the primary writes and reads, replicas follow."""

from collections.abc import Callable

from sandbox.weather import demand
from sandbox.weather.history import History
from sandbox.weather.load import Reader, Table, databases
from sandbox.weather.point import Point, gauge
from sandbox.weather.world import CacheNode

Key = tuple[str, str | None]


def _reader(value: Callable[[History, CacheNode, int, float], float | None], around: float = 0.03) -> Reader:
    def read(history: History, key: Key, minute: int) -> Point | None:
        node: CacheNode | None = history.thing("caches", key[0], minute)
        if node is None or node.status in ("creating", "deleting") or key[1] not in (None, node.node):
            return None
        found = value(history, node, minute, databases.ratio(history, node.id, minute))
        return None if found is None else gauge(found, around)

    return read


def _lookups(history: History, node: CacheNode, minute: int, busy: float) -> float:
    return 2400 * busy * (1 if node.primary else 0.25)


METRICS: Table = {
    "EngineCPUUtilization": ("Percent", _reader(lambda h, c, m, r: min(100.0, 2 + (16 if c.primary else 6) * r))),
    "CPUUtilization": ("Percent", _reader(lambda h, c, m, r: min(100.0, 4 + (12 if c.primary else 6) * r))),
    "DatabaseMemoryUsagePercentage": (
        "Percent",
        _reader(lambda h, c, m, r: min(99.0, 36 + 5 * r + 3 * demand.seed(c.id, m // 60)), 0.005),
    ),
    "CurrConnections": (
        "Count",
        _reader(lambda h, c, m, r: 3 + (4 if c.primary else 2) * databases.tasks(h, c.id, m), 0.0),
    ),
    "ReplicationLag": (
        "Seconds",
        _reader(lambda h, c, m, r: None if c.primary else 0.0004 + 0.0012 * r * demand.noise(c.id, m), 0.2),
    ),
    "CacheHits": ("Count", _reader(lambda h, c, m, r: round(0.94 * _lookups(h, c, m, r)), 0.0)),
    "CacheMisses": ("Count", _reader(lambda h, c, m, r: round(0.06 * _lookups(h, c, m, r)), 0.0)),
    "Evictions": ("Count", _reader(lambda h, c, m, r: 0.0, 0.0)),
    "IsMaster": ("Count", _reader(lambda h, c, m, r: float(c.primary), 0.0)),
    "MasterLinkHealthStatus": ("Count", _reader(lambda h, c, m, r: None if c.primary else 1.0, 0.0)),
}
