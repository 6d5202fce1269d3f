"""What endpoints there are, and whether each takes connections now: read from moto's backends, under the lock."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.elasticache.models import elasticache_backends
from moto.rds.models import DBInstanceClustered, rds_backends

from sandbox.gaps import elasticache
from sandbox.gaps.elasticache.groups import Group
from sandbox.gaps.rds.naming import reader_key, sql_port
from sandbox.gaps.rds.sensing import accepts


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: `speaks` is postgres or redis; `standby` is what pg_is_in_recovery() says there; `tls` is whether a
    cache is reached by TLS alone."""

    key: str
    speaks: str
    port: int
    accepts: bool
    version: str
    standby: bool = False
    tls: bool = True


def present() -> list[Endpoint]:
    """Every endpoint of which `key` and port are those that `addresses.address` is asked with."""
    found: list[Endpoint] = []
    for regions in list(rds_backends.values()):
        for backend in list(regions.values()):
            for database in list(backend.databases.values()):
                found.extend(_instance(database))
            for cluster in list(backend.clusters.values()):
                found.extend(_cluster(cluster))
    for regions in list(elasticache_backends.values()):
        for backend in list(regions.values()):
            for group in list(backend.replication_groups.values()):
                found.extend(_group(group))
    return found


def _instance(database: Any) -> Iterator[Endpoint]:
    if not (port := sql_port(database)):
        return
    up, standby = accepts(database), bool(getattr(database, "is_replica", False))
    if isinstance(database, DBInstanceClustered):
        standby = not database.is_cluster_writer
        up = up and (standby or accepts(database.cluster))
    yield Endpoint(database.db_instance_arn, "postgres", port, up, str(database.engine_version), standby)


def _cluster(cluster: Any) -> Iterator[Endpoint]:
    if not (port := sql_port(cluster)):
        return
    writes, version = accepts(cluster), str(cluster.engine_version)
    reads = any(accepts(member) for member in cluster.members if not member.is_cluster_writer)
    reads = reads and cluster.status not in ("creating", "deleting", "stopped")
    yield Endpoint(cluster.db_cluster_arn, "postgres", port, writes, version)
    # without a reader, the reader endpoint leads to the writer
    yield Endpoint(reader_key(cluster), "postgres", port, reads or writes, version, standby=reads)


def _group(group: Any) -> Iterator[Endpoint]:
    if not isinstance(group, Group):
        return
    primaries = [member["id"] for member in group.members if member["role"] == "primary"]
    up = any(elasticache.reachable(group.account, group.region, group.replication_group_id, node) for node in primaries)
    tls = bool(group.data["TransitEncryptionEnabled"]) and group.data.get("TransitEncryptionMode") != "preferred"
    yield Endpoint(group.arn, "redis", group.data["Port"], up, str(group.data["EngineVersion"]), tls=tls)
