"""Host names of instances and clusters, or the addresses where they answer (`sandbox.endpoints`)."""

import zlib
from typing import Any

from sandbox.endpoints.addresses import address

POSTGRES = ("postgres", "aurora-postgresql")


def sql_port(database: Any) -> int | None:
    """The port of an instance or cluster that speaks PostgreSQL; None for the others, which have names alone."""
    return int(database.port) if database.engine in POSTGRES and database.port else None


def reader_key(cluster: Any) -> str:
    """What a cluster's reader endpoint is known by."""
    return f"{cluster.db_cluster_arn}#reader"


def of_instance(database: Any) -> str:
    """A host of its own for each account."""
    unique = f"c{zlib.crc32(f'{database.account_id}{database.region}'.encode()):08x}xyz"
    name = f"{database.db_instance_identifier}.{unique}.{database.region}.rds.amazonaws.com"
    return address(database.db_instance_arn, name, sql_port(database))


def of_writer(cluster: Any) -> str:
    """A cluster's endpoint."""
    return address(cluster.db_cluster_arn, _of_cluster(cluster, "cluster"), sql_port(cluster))


def of_readers(cluster: Any) -> str:
    """A cluster's reader endpoint."""
    return address(reader_key(cluster), _of_cluster(cluster, "cluster-ro"), sql_port(cluster))


def _of_cluster(cluster: Any, kind: str) -> str:
    name: str = cluster.db_cluster_identifier
    return f"{name}.{kind}-{cluster.url_identifier}.{cluster.region}.rds.amazonaws.com"
