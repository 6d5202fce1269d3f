"""What of an environment can be failed over, read off a snapshot, and why the rest cannot."""

from collections.abc import Iterator
from datetime import timedelta

from services.domain.failover.stands import shard_of
from services.domain.failover.target import Candidate, FailoverTarget
from services.domain.operation import Target
from services.domain.snapshot import Cache, CacheNode, Database, DatabaseCluster, Part, Reading, Snapshot

UNREAD_FOR = timedelta(minutes=1)
"""A part that could not be read for this long says nothing about now. One failed reading in between is no matter."""

STANDBY = (
    "Turn on Multi-AZ: DatabaseMultiAz true in the data stack (blueprint multi-az). No downtime, about 20 minutes."
)
REPLICA = "Add a replica in another zone: CacheNodes 2 or more in the data stack (blueprint multi-az)."
AUTOMATIC = "Turn AutomaticFailoverEnabled on (the data stack does when CacheNodes is 2 or more)."
NO_CHOICE = ("mysql",)
"""Engines of Multi-AZ DB clusters for which AWS takes no target (aws-facts 1.8)."""


def targets(snapshot: Snapshot) -> tuple[FailoverTarget, ...]:
    """Every database, DB cluster and node group of a cache, in this order. Those that cannot be failed over say why."""
    members = {member.identifier for cluster in snapshot.clusters for member in cluster.members}
    alone = [database for database in snapshot.databases if database.identifier not in members]
    database, cache = snapshot.reading(Part.DATABASE), snapshot.reading(Part.CACHE)
    return (
        *(_instance(found, database, _unread(snapshot, database)) for found in alone),
        *(_cluster(found, database, _unread(snapshot, database)) for found in snapshot.clusters),
        *(one for found in snapshot.caches for one in _cache(found, cache, _unread(snapshot, cache))),
    )


def destination(target: FailoverTarget, to_member: str = "") -> Candidate | None:
    """Where it goes: the member asked for, or without one the likeliest; None when that is nowhere."""
    if not target.possible:
        return None
    return next((each for each in target.candidates if to_member in ("", each.member)), None)


def _unread(snapshot: Snapshot, reading: Reading) -> str:
    if reading.read_at is None:
        return "It is not known: it never was read."
    if reading.gap and snapshot.taken_at - reading.read_at > UNREAD_FOR:
        return f"It is not known how it stands: not read since {reading.read_at:%H:%M:%S} UTC. {reading.gap.why}"
    return ""


_READ = "Haven asks again by itself; if AWS denies it, give Haven's reader role the right to make the call."


def _instance(database: Database, reading: Reading, unread: str) -> FailoverTarget:
    why, mend = (unread, _READ) if unread else ("", "")
    if not unread and not database.multi_az:
        coming = dict(database.pending).get("MultiAZ", "").lower() == "true"
        why = "It has no standby yet: one is being made." if coming else _no_standby(database)
        mend = (
            "Wait until “Finished applying modification to convert to a Multi-AZ DB instance”." if coming else STANDBY
        )
    return FailoverTarget(
        kind=Target.DATABASE_INSTANCE,
        name=database.identifier,
        status=database.status,
        primary=database.identifier,
        zone=database.zone,
        # The standby's zone may be unknown for a while; that it has one is not.
        candidates=(Candidate("", database.secondary_zone),) if database.multi_az else (),
        why_not=why,
        mend=mend,
        read_at=reading.read_at,
    )


def _no_standby(database: Database) -> str:
    where = f"; all of it is in {database.zone}" if database.zone else ""
    return f"It is Single-AZ: there is no standby to fail over to{where}."


def _cluster(cluster: DatabaseCluster, reading: Reading, unread: str) -> FailoverTarget:
    writer = cluster.writer
    readers = [member for member in cluster.members if not member.writer]
    why, mend = (unread, _READ) if unread else ("", "")
    if not unread and not readers:
        why, mend = "It has no reader that could take over.", "Add readers in other zones."
    elif not unread and writer is None:
        why, mend = "It is not known which member is the writer.", "Wait: during a failover nobody is for a moment."
    # Fittest first: available, in another zone than the writer, by name.
    here = writer.zone if writer else None
    readers.sort(key=lambda m: (m.status not in (None, "available"), m.zone == here, m.identifier))
    return FailoverTarget(
        kind=Target.DATABASE_CLUSTER,
        name=cluster.identifier,
        status=cluster.status,
        primary=writer.identifier if writer else "",
        zone=here,
        candidates=tuple(Candidate(member.identifier, member.zone) for member in readers),
        chooses=cluster.engine not in NO_CHOICE,
        why_not=why,
        mend=mend,
        read_at=reading.read_at,
    )


def _cache(cache: Cache, reading: Reading, unread: str) -> Iterator[FailoverTarget]:
    groups = sorted({node.node_group for node in cache.nodes})
    for group in groups or [""]:
        nodes = shard_of(cache, group) if groups else ()
        primary = next((node for node in nodes if node.role == "primary"), None)
        why, mend = (unread, _READ) if unread else _cache_cannot(cache, nodes)
        yield FailoverTarget(
            kind=Target.CACHE,
            name=cache.identifier,
            status=cache.status,
            primary=primary.cluster_id if primary else "",
            zone=primary.zone if primary else None,
            candidates=tuple(Candidate(node.cluster_id, node.zone) for node in _heirs(nodes, primary)),
            node_group=group,
            why_not=why,
            mend=mend,
            read_at=reading.read_at,
        )


def _heirs(nodes: tuple[CacheNode, ...], primary: CacheNode | None) -> list[CacheNode]:
    """Who may take over. ElastiCache takes the replica with the least lag; another zone is put first here. With cluster
    mode the API tells no roles: then it may be any member."""
    here = primary.zone if primary else None
    heirs = [node for node in nodes if node is not primary and node.role in ("replica", None)]
    return sorted(heirs, key=lambda n: (n.status not in (None, "available"), n.zone == here, n.cluster_id))


def _cache_cannot(cache: Cache, nodes: tuple[CacheNode, ...]) -> tuple[str, str]:
    if not nodes:
        return "It is not known which members it has.", _READ
    if len(nodes) == 1:
        where = f" in {nodes[0].zone}" if nodes[0].zone else ""
        return f"It is a single node{where}: there is no replica to fail over to.", REPLICA
    if cache.automatic_failover != "enabled":
        state = cache.automatic_failover
        return f"Automatic failover is {state}, and AWS tests failovers only while it is enabled.", AUTOMATIC
    return "", ""
