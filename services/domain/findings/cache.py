"""Findings about the cache: somewhere to fail over to, and encryption."""

from collections.abc import Iterator
from functools import partial

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.snapshot import Cache, Part, Snapshot
from services.domain.states import cache_node_state, cache_state
from services.domain.status import Status


def not_available(snapshot: Snapshot) -> Iterator[Finding]:
    """The group or a member does not serve, or is on its way somewhere."""
    for cache in snapshot.caches:
        group = cache_state(cache)
        if group.status is not Status.HEALTHY:
            down = group.status is Status.DOWN
            yield _found(
                cache,
                rule="cache-down" if down else "cache-changing",
                status=group.status,
                title=f"Cache {cache.identifier} is {group.word}",
                why=f"ElastiCache says “{group.word}” for the replication group.",
                mend="Read its events." if down else "Wait for “available”; the events say what is being done.",
            )
            continue  # its members share the reason
        for node in cache.nodes:
            state = cache_node_state(node, cache)
            if state.status is not Status.HEALTHY:
                yield Finding(
                    "cache-node",
                    state.status,
                    Subject.cache_node(node.cluster_id),
                    f"Cache node {node.cluster_id} is {state.word}",
                    f"ElastiCache says “{state.word}” for the {node.role or 'member'} in {node.zone or 'its zone'}.",
                    Requirement.CACHE,
                    "Wait while ElastiCache replaces it; if its zone is lost, it comes back with the zone.",
                    Part.CACHE,
                    weighs=Status.DEGRADED if state.status is Status.DOWN else None,
                )


def no_replica(snapshot: Snapshot) -> Iterator[Finding]:
    """Nowhere to fail over to, or nobody who would do it."""
    for cache in snapshot.caches:
        found = partial(_found, cache)
        zones = {node.zone for node in cache.nodes if node.zone}
        if len(cache.nodes) == 1:
            yield found(
                rule="cache-single-node",
                title=f"Cache {cache.identifier} is a single node",
                why=f"It lives in {cache.nodes[0].zone or 'one zone'} alone; its loss empties the cache.",
                mend="Add a replica in another zone (NumCacheClusters: 2 or more).",
            )
        elif len(cache.nodes) > 1 and len(zones) == 1 and all(node.zone for node in cache.nodes):
            yield found(
                rule="cache-one-zone",
                title=f"Every node of cache {cache.identifier} is in one zone",
                why=f"Primary and replicas are all in {next(iter(zones))}; losing it takes them together.",
                mend="Move a replica to another zone.",
            )
        if cache.automatic_failover not in ("enabled", "enabling"):
            yield found(
                rule="cache-no-failover",
                title=f"Cache {cache.identifier} does not fail over by itself",
                why=f"Automatic failover is {cache.automatic_failover}; a lost primary stays lost until a person acts.",
                mend="Turn AutomaticFailoverEnabled on; it needs a replica.",
            )
        if cache.multi_az != "enabled":
            yield found(
                rule="cache-single-zone",
                title=f"Cache {cache.identifier} is not Multi-AZ",
                why=f"Multi-AZ is {cache.multi_az}; a replica need not be in another zone.",
                mend="Turn MultiAZEnabled on.",
            )


def not_encrypted(snapshot: Snapshot) -> Iterator[Finding]:
    """In transit and at rest."""
    for cache in snapshot.caches:
        if not cache.transit_encryption:
            yield _found(
                cache,
                rule="cache-no-tls",
                title=f"Cache {cache.identifier} speaks without TLS",
                why="Encryption in transit is off; what services store travels in the clear.",
                mend="Turn TransitEncryptionEnabled on (mode preferred first, then required).",
            )
        if not cache.at_rest_encryption:
            yield _found(
                cache,
                rule="cache-unencrypted",
                title=f"Cache {cache.identifier} is not encrypted at rest",
                why="Encryption at rest is off; its backups are readable.",
                mend="Create it anew with AtRestEncryptionEnabled; it cannot be turned on in place.",
            )


def _found(
    cache: Cache, *, rule: str, title: str, why: str, mend: str, status: Status = Status.DEGRADED
) -> Finding:  # fmt: skip
    subject = Subject.cache(cache.identifier)
    return Finding(rule, status, subject, title, why, Requirement.CACHE, mend, Part.CACHE)


RULES = (
    Rule(not_available, (Part.CACHE,)),
    Rule(no_replica, (Part.CACHE,)),
    Rule(not_encrypted, (Part.CACHE,)),
)
