"""DB clusters in the picture, in its drawings, and in the history of a snapshot."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.topology import cli, compact, drawing
from portal.topology.failing_over import leads
from services.domain.history import changes
from services.domain.operation import Target
from services.domain.snapshot import ClusterMember, DatabaseCluster, Snapshot
from services.domain.states import cluster_state
from services.domain.status import State, Status
from services.domain.topology import Flow, Kind, Topology, build
from tests import builders as b

NAMES = tuple(f"production-main-instance-{number}" for number in (1, 2, 3))


def cluster(**changed: object) -> DatabaseCluster:
    """A healthy Multi-AZ DB cluster that writes in us-east-1b."""
    made = DatabaseCluster(
        identifier="production-main", arn=b.arn("rds", "cluster:production-main"), engine="postgres",
        engine_version="16.9", instance_class="db.m6gd.large", status="available", multi_az=True,
        endpoint="main.example", reader_endpoint="main-ro.example", port=5432, encrypted=True,
        deletion_protection=True, backup_retention_days=7, latest_restorable=b.NOW,
        members=tuple(
            ClusterMember(NAMES[n], b.ZONES[n], writer=n == 1, status="available") for n in (1, 0, 2)
        ),
    )  # fmt: skip
    return replace(made, **changed)


def moved() -> DatabaseCluster:
    """The same after a failover to us-east-1c."""
    members = [replace(member, writer=member.identifier == NAMES[2]) for member in cluster().members]
    return cluster(members=tuple(sorted(members, key=lambda member: (not member.writer, member.identifier))))


def snapshot(*clusters: DatabaseCluster, **changed: object) -> Snapshot:
    return b.snapshot(clusters=clusters or (cluster(),), **changed)


def pictured(seen: Snapshot) -> Topology:
    return build(seen, b.NOW, timedelta(seconds=60))


def test_writer_and_readers_stand_in_their_zones_in_the_database_tier():
    rows = pictured(snapshot()).databases
    assert [row.node.kind for row in rows] == [Kind.DATABASE, Kind.DATABASE_CLUSTER]
    assert [[node.label for node in cell.nodes] for cell in rows[1].cells] == [["Reader"], ["Writer"], ["Reader"]]
    assert (rows[1].node.label, rows[1].node.zone) == ("production-main", "us-east-1b")
    assert (rows[1].title, rows[1].subtitle) == ("PostgreSQL", "DB cluster 16.9")


def test_its_facts_say_who_writes_and_how_far_readers_are_behind():
    lag = b.metric(NAMES[0], "ReplicaLag", 0.25)
    picture = pictured(snapshot(metrics=(lag,)))
    whole = picture.node("dbcluster-production-main")
    assert whole is not None
    assert {"Writer": f"{NAMES[1]}, us-east-1b", "Readers": "2 readers", "Endpoint": "main.example:5432"}.items() <= {
        detail.name: detail.value for detail in whole.details
    }.items()
    reader = picture.node(f"dbmember-{NAMES[0]}")
    assert reader is not None
    assert ("Replica lag", "0.25 s") in [(detail.name, detail.value) for detail in reader.details]
    assert reader.note == "lag 0.2 s"


def test_commits_wait_for_one_reader_so_replication_is_semisynchronous():
    flows = {(e.source, e.target) for e in pictured(snapshot()).edges if e.flow is Flow.SEMISYNC}
    writer = f"dbmember-{NAMES[1]}"
    assert flows == {(writer, f"dbmember-{NAMES[0]}"), (writer, f"dbmember-{NAMES[2]}")}
    aurora = pictured(snapshot(cluster(engine="aurora-postgresql")))
    assert not [edge for edge in aurora.edges if edge.flow is Flow.SEMISYNC]


def test_a_member_whose_zone_is_not_known_stands_elsewhere():
    members = (*cluster().members[:2], ClusterMember(NAMES[2], None, writer=False))
    row = pictured(snapshot(cluster(members=members))).databases[1]
    assert [node.id for node in row.elsewhere] == [f"dbmember-{NAMES[2]}"]


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, State(Status.HEALTHY, "available")),
        ({"status": "failing-over"}, State(Status.CHANGING, "failing-over")),
        ({"status": "inaccessible-encryption-credentials"}, State(Status.DOWN, "inaccessible-encryption-credentials")),
        ({"members": ()}, State(Status.DOWN, "no writer")),
    ],
)
def test_its_state_is_rds_s_and_without_a_writer_it_is_down(changed: dict[str, object], state: State):
    assert cluster_state(cluster(**changed)) == state


def test_its_panel_leads_to_its_failover_and_to_the_command_line():
    picture = pictured(snapshot())
    for node_id in ("dbcluster-production-main", f"dbmember-{NAMES[0]}"):
        node = picture.node(node_id)
        assert node is not None
        found = leads(node)
        assert found is not None
        assert (found.kind, found.name) == (Target.DATABASE_CLUSTER, "production-main")
    whole = picture.node("dbcluster-production-main")
    assert whole is not None
    assert cli.lines(whole, "us-east-1") == (
        "aws rds describe-db-clusters --db-cluster-identifier production-main --region us-east-1",
    )


@pytest.mark.parametrize("draw", [drawing.draw, compact.draw])
@pytest.mark.parametrize("databases", [True, False])
def test_both_drawings_show_every_member(draw, databases: bool):
    seen = snapshot() if databases else snapshot(databases=())
    drawn = str(draw(pictured(seen)))
    assert all(f"dbmember-{name}" in drawn for name in NAMES)
    assert "dbcluster-production-main" in drawn


def test_a_writer_that_moves_is_a_change_of_the_history():
    told = [change.what for change in changes(snapshot(), snapshot(moved()))]
    assert any("production-main" in what and "us-east-1c" in what for what in told), told
    assert changes(snapshot(), snapshot()) == ()
