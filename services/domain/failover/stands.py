"""Where a database's or cache's leading role stands in a snapshot."""

from dataclasses import dataclass
from datetime import datetime

from services.domain.operation import Target
from services.domain.snapshot import Cache, CacheNode, Database, DatabaseCluster, Part, Snapshot

PARTS = {
    Target.DATABASE_INSTANCE: Part.DATABASE,
    Target.DATABASE_CLUSTER: Part.DATABASE,
    Target.CACHE: Part.CACHE,
}
Store = Database | DatabaseCluster | Cache


@dataclass(frozen=True)
class Stand:
    """Who leads, and where. `member` is empty and `zone` None where AWS does not say."""

    status: str
    member: str
    zone: str | None
    read_at: datetime | None


def store_of(snapshot: Snapshot, kind: Target, name: str) -> Store | None:
    """The thing itself. Without a name, the only one of its kind."""
    every: dict[Target, tuple[Store, ...]] = {
        Target.DATABASE_INSTANCE: snapshot.databases,
        Target.DATABASE_CLUSTER: snapshot.clusters,
        Target.CACHE: snapshot.caches,
    }
    found = [store for store in every[kind] if name in ("", store.identifier)]
    return found[0] if len(found) == 1 else None


def shard_of(cache: Cache, node_group: str) -> tuple[CacheNode, ...]:
    """The members of a node group; of all of them without one."""
    return tuple(node for node in cache.nodes if node_group in ("", node.node_group))


def stand(snapshot: Snapshot, kind: Target, name: str, node_group: str = "") -> Stand | None:
    """Where the role stands; None when there is no such thing in the snapshot."""
    store = store_of(snapshot, kind, name)
    if store is None:
        return None
    read_at = snapshot.reading(PARTS[kind]).read_at
    if isinstance(store, Database):
        return Stand(store.status, store.identifier, store.zone, read_at)
    if isinstance(store, DatabaseCluster):
        writer = store.writer
        return Stand(store.status, writer.identifier if writer else "", writer.zone if writer else None, read_at)
    leads = [node for node in shard_of(store, node_group) if node.role == "primary"]
    # Two primaries are two shards, or a moment between the old and the new one: nobody leads for certain.
    lead = leads[0] if len(leads) == 1 else None
    return Stand(store.status, lead.cluster_id if lead else "", lead.zone if lead else None, read_at)
