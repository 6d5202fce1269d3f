# ruff: noqa: ARG005 - readers in a table share one signature
"""RDS instances: what the services of their environment make them do."""

from collections.abc import Callable

from sandbox.weather import demand, outages
from sandbox.weather.history import History
from sandbox.weather.load import Reader, Table, compute
from sandbox.weather.point import Point, gauge
from sandbox.weather.world import Database, Service

AWAY = {"creating", "starting", "stopped", "stopping", "failed", "deleting", "inaccessible"}
POOL = 8  # connections each task keeps open
GIB = 1024**3


def ratio(history: History, name: str, minute: int) -> float:
    """How much the services of a resource's environment are asked, as a share of their usual peak; the plain day if
    it belongs to none."""
    now = history.at(minute) or history.latest
    mine = [] if now is None else now.of_environment(name)
    if not mine:
        return demand.share(name, name, minute)
    asked = sum(compute.requests(history, (s.cluster, s.name), minute) for s in mine)
    return asked / sum(demand.peak(f"{s.cluster}/{s.name}") * 60 for s in mine)


def tasks(history: History, name: str, minute: int) -> int:
    """Tasks running in a resource's environment."""
    now = history.at(minute) or history.latest
    mine = [] if now is None else now.of_environment(name)
    then: list[Service | None] = [history.thing("services", (s.cluster, s.name), minute) for s in mine]
    return sum(s.count for s in then if s is not None)


def _reader(value: Callable[[History, Database, int, float], float | None], around: float = 0.04) -> Reader:
    def read(history: History, name: str, minute: int) -> Point | None:
        database: Database | None = history.thing("databases", name, minute)
        if database is None or database.status in AWAY:
            return None
        away = outages.share(database.arn, minute)
        if away == 1:
            return None  # a host that is down for the whole minute reports nothing
        found = value(history, database, minute, ratio(history, name, minute))
        return None if found is None else gauge(max(0.0, found), around)

    return read


def _free_space(history: History, database: Database, minute: int, busy: float) -> float:
    grown = (minute % 43_200) / 43_200  # log and temporary files come and go over a month
    return database.storage * GIB * (0.78 - 0.05 * grown - 0.02 * demand.seed(database.id, "storage"))


_full = _reader(lambda h, d, m, r: round(5 + POOL * tasks(h, d.id, m)), 0.0)


def _connections(history: History, name: str, minute: int) -> Point | None:
    """An outage cuts all of them; they come back with the service."""
    whole = _full(history, name, minute)
    database: Database | None = history.thing("databases", name, minute)
    away = outages.share(database.arn, minute) if database is not None else 0.0
    if whole is None or not away:
        return whole
    return Point(1, round(whole.total * (1 - away)), 0, whole.high)


METRICS: Table = {
    "CPUUtilization": ("Percent", _reader(lambda h, d, m, r: min(100.0, 7 + 26 * r))),
    "DatabaseConnections": ("Count", _connections),
    "FreeableMemory": ("Bytes", _reader(lambda h, d, m, r: d.memory * (0.48 - 0.08 * min(r, 3.0)) * GIB, 0.01)),
    "FreeStorageSpace": ("Bytes", _reader(_free_space, 0.0)),
    "ReadLatency": ("Seconds", _reader(lambda h, d, m, r: 0.0006 + 0.0003 * r, 0.3)),
    "WriteLatency": ("Seconds", _reader(lambda h, d, m, r: (0.0022 if d.multi_az else 0.0013) + 0.0006 * r, 0.3)),
    "ReadIOPS": ("Count/Second", _reader(lambda h, d, m, r: 18 + 110 * r, 0.2)),
    "WriteIOPS": ("Count/Second", _reader(lambda h, d, m, r: 26 + 190 * r, 0.2)),
    "DiskQueueDepth": ("Count", _reader(lambda h, d, m, r: 0.05 + 0.4 * r, 0.3)),
    "ReplicaLag": ("Seconds", _reader(lambda h, d, m, r: 0.02 + 0.05 * r if d.follows else None, 0.3)),
    "SwapUsage": ("Bytes", _reader(lambda h, d, m, r: 0.0, 0.0)),
}
