"""Where data lives: databases, caches, queues."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Database:
    """An RDS for PostgreSQL instance. `status` is AWS's; `secondary_zone` holds the standby and is None without one.
    `max_connections` is what its parameter group sets as a number, once that is in force; else its class decides."""

    identifier: str
    arn: str
    resource_id: str
    engine: str
    engine_version: str
    instance_class: str
    status: str
    multi_az: bool
    zone: str | None
    secondary_zone: str | None
    endpoint: str | None
    port: int | None
    storage_type: str | None
    allocated_storage: int
    encrypted: bool
    deletion_protection: bool
    backup_retention_days: int
    latest_restorable: datetime | None
    performance_insights: bool
    publicly_accessible: bool
    parameter_group: str | None
    pending: tuple[tuple[str, str], ...] = ()
    maintenance: tuple[str, ...] = ()
    subnet_zones: tuple[str, ...] = ()
    created_at: datetime | None = None
    max_connections: int | None = None


@dataclass(frozen=True)
class ClusterMember:
    """An instance of a DB cluster; `writer` marks the one that takes writes."""

    identifier: str
    zone: str | None
    writer: bool
    status: str | None = None


@dataclass(frozen=True)
class DatabaseCluster:
    """An RDS Multi-AZ DB cluster: one writer and two readable standbys in three zones. `status` is AWS's."""

    identifier: str
    arn: str
    engine: str
    engine_version: str
    instance_class: str | None
    status: str
    multi_az: bool
    endpoint: str | None
    reader_endpoint: str | None
    port: int | None
    encrypted: bool
    deletion_protection: bool
    backup_retention_days: int
    latest_restorable: datetime | None
    members: tuple[ClusterMember, ...] = ()
    pending: tuple[tuple[str, str], ...] = ()
    maintenance: tuple[str, ...] = ()
    created_at: datetime | None = None

    @property
    def writer(self) -> ClusterMember | None:
        """The member that takes writes; None while nobody does, or nobody knows."""
        return next((member for member in self.members if member.writer), None)


@dataclass(frozen=True)
class CacheNode:
    """A member of a replication group; `role` is primary or replica."""

    cluster_id: str
    node_group: str
    zone: str | None
    role: str | None
    status: str | None = None


@dataclass(frozen=True)
class Cache:
    """An ElastiCache replication group. `automatic_failover` and `multi_az` are AWS's words (enabled, disabled...)."""

    identifier: str
    arn: str
    engine: str
    engine_version: str | None
    node_type: str
    status: str
    automatic_failover: str
    multi_az: str
    transit_encryption: bool
    at_rest_encryption: bool
    endpoint: str | None
    port: int | None
    snapshot_retention_days: int
    nodes: tuple[CacheNode, ...] = ()


@dataclass(frozen=True)
class Queue:
    """An SQS queue. `dead_letter` is the ARN it redrives to; `dead_letter_of` names the queue this one serves."""

    name: str
    url: str
    arn: str
    visible: int
    in_flight: int
    delayed: int
    encrypted: bool
    dead_letter: str | None = None
    max_receives: int | None = None
    dead_letter_of: str | None = None
