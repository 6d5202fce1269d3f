"""Whether a database's endpoint accepts connections, and who wants to know when that changes.

RDS's own API does not say it: what feels it are clients (aws-facts 1.1: reachable again before any event says so).
"""

from collections.abc import Callable
from typing import Any

from moto.rds.models import DBCluster, DBInstance, rds_backends

from sandbox.weather import outages
from sandbox.weather.placement import zones_down

ABSENT = ("creating", "deleting", "stopped")

changed: list[Callable[[str, str, str], None]] = []
"""Called with (account, region, ARN) after a database (an instance of its own, or a cluster's writer) was lost or came
back."""


def accepts(database: Any) -> bool:
    """Whether the endpoint of an instance, or the writer's endpoint of a cluster, accepts connections now."""
    if database.status in ABSENT or database.down_since is not None:
        return False
    if isinstance(database, DBCluster):
        writer = database.writer
        return writer is not None and accepts(writer)
    return (database.serving_zone or database.availability_zone) not in zones_down()


def reachable(account: str, region: str, identifier: str) -> bool:
    """The same by the identifier of an instance or else of a cluster; False if there is none."""
    backend = rds_backends[account][region]
    database = backend.databases.get(identifier) or backend.clusters.get(identifier)
    return database is not None and accepts(database)


def on_call(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Look after a call that stops or starts databases."""

    def handler(self: Any) -> Any:
        answer = original(self)
        for database in [*self.backend.databases.values(), *self.backend.clusters.values()]:
            sense(database)
        return answer

    return handler


def lost(database: Any) -> bool:
    """Whether clients miss it: it is meant to be there, and cannot be reached."""
    if isinstance(database, DBCluster) and (database.writer is None or database.writer.status == "creating"):
        return False  # a cluster without an instance serves nobody yet
    return database.status not in ("creating", "deleting") and not accepts(database)


def sense(database: Any) -> None:
    """Look whether it can be reached, and tell who wants to know if that changed."""
    if getattr(database, "db_cluster_identifier", None) and not isinstance(database, DBCluster):
        cluster = database.backend.clusters.get(database.db_cluster_identifier)
        if cluster is not None:
            sense(cluster)
        return
    before = database.missed
    database.missed = lost(database)
    if database.missed == before:
        return
    if database.missed:
        outages.begin(database.arn)
    else:
        outages.end(database.arn)
    for listener in changed:
        listener(database.account_id, database.region, database.arn)


def primaries(account: str, region: str) -> list[Any]:
    """The instances of their own and the clusters there are, without read replicas."""
    backend = rds_backends[account][region]
    alone = [d for d in backend.databases.values() if type(d) is DBInstance and not d.is_replica]
    return [*alone, *backend.clusters.values()]
