"""The AWS CLI lines that failovers stand for: what is sent, and what to look at."""

import shlex

from services.domain.operation import Target

_SOURCES = {
    Target.DATABASE_INSTANCE: ("rds", "db-instance"),
    Target.DATABASE_CLUSTER: ("rds", "db-cluster"),
    Target.CACHE: ("elasticache", "replication-group"),
}


def send(kind: Target, name: str, region: str, *, to_member: str = "", node_group: str = "") -> str:
    """What asks AWS for the failover. Raises KeyError for a kind that cannot be failed over."""
    if kind is Target.DATABASE_INSTANCE:
        return _line("rds", "reboot-db-instance", "--db-instance-identifier", name, "--force-failover", region=region)
    if kind is Target.DATABASE_CLUSTER:
        chosen = ("--target-db-instance-identifier", to_member) if to_member else ()
        return _line("rds", "failover-db-cluster", "--db-cluster-identifier", name, *chosen, region=region)
    service, _ = _SOURCES[kind]
    group = ("--replication-group-id", name, "--node-group-id", node_group)
    return _line(service, "test-failover", *group, region=region)


def events(kind: Target, name: str, region: str) -> str:
    """What shows AWS's events of the last hour."""
    service, source = _SOURCES[kind]
    which = ("--source-type", source, "--source-identifier", name)
    return _line(service, "describe-events", *which, "--duration", "60", region=region)


def state(kind: Target, name: str, region: str) -> str:
    """What shows its status and where its roles are."""
    if kind is Target.DATABASE_INSTANCE:
        query = "DBInstances[].[DBInstanceStatus,AvailabilityZone,SecondaryAvailabilityZone]"
        which = ("describe-db-instances", "--db-instance-identifier", name)
    elif kind is Target.DATABASE_CLUSTER:
        query = "DBClusters[].[Status,DBClusterMembers[].[DBInstanceIdentifier,IsClusterWriter]]"
        which = ("describe-db-clusters", "--db-cluster-identifier", name)
    else:
        query = "ReplicationGroups[].[Status,NodeGroups[].NodeGroupMembers[].[CacheClusterId,CurrentRole]]"
        which = ("describe-replication-groups", "--replication-group-id", name)
    return _line(_SOURCES[kind][0], *which, "--query", query, region=region)


def _line(*words: str, region: str) -> str:
    # <name> stands for what is not known yet, and is to be read, not run: quoted it would only puzzle.
    whole = ("aws", *words, "--region", region)
    return " ".join(word if word in ("<name>", "<region>") else shlex.quote(word) for word in whole)
