"""DB clusters: a writer and its readers, each in a zone."""

from collections.abc import Iterator

from services.domain.finding import Subject
from services.domain.snapshot import ClusterMember, DatabaseCluster, Part
from services.domain.states import cluster_member_state, cluster_state
from services.domain.topology.eye import Eye, present_only, switch
from services.domain.topology.model import Cell, Detail, Edge, Flow, Kind, Node, Row
from services.domain.wording import counted, listed


def cluster_row(eye: Eye, cluster: DatabaseCluster, zones: tuple[str, ...]) -> Row:
    """The members of a DB cluster in their zones. The cluster itself stands where it takes writes."""
    nodes = [_member(eye, cluster, member) for member in cluster.members]
    cells = tuple(Cell(zone, tuple(n for n in nodes if n.zone == zone), "no member") for zone in zones)
    elsewhere = tuple(node for node in nodes if node.zone not in zones)
    writer = cluster.writer
    ends = ((cluster.endpoint, "Endpoint"), (cluster.reader_endpoint, "Reader endpoint"))
    details = (
        *eye.details(
            Part.DATABASE,
            ("Writer", f"{writer.identifier}, {writer.zone or 'zone not known'}" if writer else "none"),
            ("Readers", counted(sum(not member.writer for member in cluster.members), "reader")),
            ("RDS says", cluster.status),
            ("Engine", f"{cluster.engine} {cluster.engine_version}, {cluster.instance_class or 'class not known'}"),
            (
                "Restorable to",
                f"{cluster.latest_restorable:%Y-%m-%d %H:%M:%S}" if cluster.latest_restorable else "nothing",
            ),
            ("Backups kept", counted(cluster.backup_retention_days, "day")),
            ("Protected", f"deletion {switch(cluster.deletion_protection)}, encryption {switch(cluster.encrypted)}"),
            ("Waiting changes", listed([f"{name}: {value}" for name, value in cluster.pending]) or "none"),
            ("Maintenance", listed(cluster.maintenance) or "none pending"),
        ),
        *(
            eye.detail(Part.DATABASE, name, f"{address}:{cluster.port}" if address else None, code=True)
            for address, name in ends
        ),
    )
    node = eye.node(
        Subject.database_cluster(cluster.identifier), Kind.DATABASE_CLUSTER, cluster.identifier,
        cluster_state(cluster), Part.DATABASE, zone=writer.zone if writer else None, note=cluster.status,
        details=details, related=tuple(Subject.database_member(member.identifier) for member in cluster.members),
        aws=(("DB cluster", cluster.identifier), ("ARN", cluster.arn)),
        keys=(("database_cluster", cluster.identifier),),
    )  # fmt: skip
    engine = "PostgreSQL" if cluster.engine == "postgres" else cluster.engine
    return Row(node, cells, elsewhere, engine, f"DB cluster {cluster.engine_version}")


def replication(cluster: DatabaseCluster) -> Iterator[Edge]:
    """From the writer to each reader. A Multi-AZ DB cluster commits once one of its readers has the change (aws-facts
    1.8); Aurora's members share their storage, so that nothing flows between them."""
    writer = cluster.writer
    if writer is None or cluster.engine.startswith("aurora"):
        return
    for member in cluster.members:
        if not member.writer:
            source, target = Subject.database_member(writer.identifier), Subject.database_member(member.identifier)
            yield Edge(source, target, Flow.SEMISYNC, label="semi")


def _member(eye: Eye, cluster: DatabaseCluster, member: ClusterMember) -> Node:
    connections = eye.metric(member.identifier, "DatabaseConnections")
    cpu = eye.metric(member.identifier, "CPUUtilization")
    lag = None if member.writer else eye.metric(member.identifier, "ReplicaLag")
    note = f"{connections.value:.0f} connections" if connections else member.status or cluster.status
    if lag:
        note = f"lag {lag.value:.1f} s"
    details: tuple[Detail | None, ...] = (
        *eye.details(
            Part.DATABASE,
            ("Role", "writer" if member.writer else "reader, may take over"),
            ("Zone", member.zone),
            ("RDS says", member.status),
        ),
        eye.measured("Replica lag", f"{lag.value:.2f} s" if lag else "", lag),
        eye.measured("Connections", f"{connections.value:.0f}" if connections else "", connections),
        eye.measured("CPU", f"{cpu.value:.0f} %" if cpu else "", cpu),
    )
    return eye.node(
        Subject.database_member(member.identifier), Kind.DATABASE_MEMBER, "Writer" if member.writer else "Reader",
        cluster_member_state(member, cluster), Part.DATABASE, zone=member.zone, note=note,
        corner=member.identifier.removeprefix(f"{cluster.identifier}-"), details=present_only(details),
        related=(Subject.database_cluster(cluster.identifier),), aws=(("DB instance", member.identifier),),
        keys=(("database_cluster", cluster.identifier), ("member", member.identifier)),
    )  # fmt: skip
