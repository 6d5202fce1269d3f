"""The picture as data."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from services.domain.snapshot import Part, Reading, Snapshot
from services.domain.status import State, Status
from services.domain.topology import Flow, Kind, Topology, build
from tests import builders as b
from tests.unit.domain.strategies import snapshots

STALE_AFTER = timedelta(seconds=60)


def pictured(snapshot: Snapshot, **later: float) -> Topology:
    return build(snapshot, b.NOW + timedelta(**later), STALE_AFTER)


def node(topology: Topology, node_id: str):
    found = topology.node(node_id)
    assert found is not None, node_id
    return found


def test_zones_are_columns_and_every_part_has_its_place():
    picture = pictured(b.snapshot())
    assert [lane.zone for lane in picture.lanes] == list(b.ZONES)
    assert [row.title for row in picture.services] == ["audit", "identity-sync", "rbac"]
    assert [(n.label, n.zone) for n in picture.databases[0].nodes[1:]] == [
        ("Primary", "us-east-1a"), ("Standby", "us-east-1b"),
    ]  # fmt: skip
    assert [cell.nodes[0].label for cell in picture.caches[0].cells] == ["Primary", "Replica", "Replica"]
    assert [queue.label for queue in picture.queues] == ["production-events", "production-events-dlq"]
    assert {n.kind for n in picture.nodes} == set(Kind) - {Kind.DATABASE_CLUSTER, Kind.DATABASE_MEMBER}
    assert all(n.status is Status.HEALTHY for n in picture.nodes)


def test_node_ids_are_unique_and_found():
    picture = pictured(b.snapshot())
    ids = [n.id for n in picture.nodes]
    assert len(ids) == len(set(ids))
    assert all(node(picture, node_id).id == node_id for node_id in ids)
    assert picture.node("task-none") is None


def test_every_fact_carries_the_time_it_was_read():
    picture = pictured(replace(b.snapshot(), readings=b.readings(failed={Part.CACHE: "Throttling"})))
    assert {d.at for d in node(picture, "cache-production-cache").details} == {b.NOW - timedelta(minutes=1)}
    assert {d.at for d in node(picture, "database-production-app").details if not d.measured} == {b.NOW}
    cpu = next(d for d in node(picture, "database-production-app").details if d.name == "CPU")
    assert (cpu.value, cpu.at, cpu.measured) == ("23 %", b.NOW - timedelta(minutes=1), True)


def test_findings_show_on_the_node_they_are_about():
    picture = pictured(b.legacy_snapshot())
    database = node(picture, "database-legacy-app")
    assert database.state == State(Status.DEGRADED, "no standby")
    assert {f.rule for f in database.findings} >= {"database-single-zone", "database-no-backups"}
    assert node(picture, "service-rbac").state == State(Status.DEGRADED, "one task")
    assert node(picture, "network").state.word == "shared NAT"


def test_old_facts_are_shown_as_old_and_unread_ones_as_unread():
    old = pictured(b.snapshot(), minutes=2)
    assert node(old, "database-production-app").state == State(Status.STALE, "stale")
    unread = replace(b.snapshot(), readings=tuple(r for r in b.readings() if r.part is not Part.DATABASE))
    assert node(pictured(unread), "database-production-app").state == State(Status.UNKNOWN, "not read")
    assert node(pictured(unread), "part-database").state == State(Status.UNKNOWN, "not read")


def test_a_gap_is_told_on_its_reading_while_fresh_facts_stay():
    read = b.readings(failed={Part.CACHE: "Throttling"})
    picture = pictured(replace(b.snapshot(), readings=read))
    assert node(picture, "part-cache").status is Status.UNKNOWN
    assert "Throttling" in [d.value for d in node(picture, "part-cache").details]
    assert node(picture, "cache-production-cache").status is Status.HEALTHY
    assert picture.oldest == (Part.CACHE, b.NOW - timedelta(minutes=1))


def test_nothing_read_has_no_oldest_fact_and_keeps_its_places():
    picture = pictured(Snapshot("new", b.NOW))
    assert picture.oldest is None
    assert picture.lanes == ()
    assert (picture.gateway.status, picture.balancer.status) == (Status.UNKNOWN, Status.UNKNOWN)
    assert picture.network.node.status is Status.UNKNOWN


def test_zones_of_the_region_are_the_lanes_while_nothing_stands_in_any():
    picture = pictured(replace(Snapshot("new", b.NOW, b.readings()), zones=b.snapshot().zones))
    assert [lane.zone for lane in picture.lanes] == list(b.ZONES)


def test_a_lane_knows_its_share_of_requests():
    metrics = tuple(b.metric(z, "RequestCount", v, unit="Count") for z, v in zip(b.ZONES, (600, 300, 300), strict=True))
    picture = pictured(replace(b.snapshot(), metrics=metrics))
    assert [(lane.share, lane.requests) for lane in picture.lanes] == [(50.0, 10.0), (25.0, 5.0), (25.0, 5.0)]
    weights = {e.target: e.weight for e in picture.edges if e.flow is Flow.REQUESTS}
    assert [weights[f"zone-{zone}"] for zone in b.ZONES] == [3, 2, 2]


def test_unknown_traffic_is_not_zero():
    lane = pictured(replace(b.snapshot(), metrics=())).lanes[0]
    assert (lane.share, lane.requests) == (None, None)
    assert (lane.healthy_targets, lane.targets, lane.has_balancer) == (3, 3, True)


def test_metrics_too_old_to_speak_of_now_are_left_out():
    old = b.metric("production-app", "DatabaseConnections", 5, at=b.NOW - timedelta(minutes=11))
    picture = pictured(replace(b.snapshot(), metrics=(old,)))
    assert "Connections" not in [d.name for d in node(picture, "database-production-app").details]


def test_replication_runs_from_primary_to_standby_and_replicas():
    edges = {(e.source, e.target): e.flow for e in pictured(b.snapshot()).edges}
    assert edges[("database-production-app", "standby-production-app")] is Flow.SYNC
    assert edges[("node-production-cache-001", "node-production-cache-003")] is Flow.ASYNC
    assert edges[("queue-production-events", "queue-production-events-dlq")] is Flow.REDRIVE


def test_a_task_without_a_zone_is_kept_beside_the_lanes():
    made = b.service("rbac")
    waiting = replace(made.tasks[2], zone=None, last_status="PROVISIONING", ip=None, started_at=None)
    picture = pictured(replace(b.snapshot(), services=(replace(made, tasks=(*made.tasks[:2], waiting)),)))
    assert [n.state.word for n in picture.services[0].elsewhere] == ["starting"]
    assert picture.services[0].elsewhere[0].note == ""


def test_empty_places_say_what_could_be_there():
    picture = pictured(b.legacy_snapshot())
    assert [cell.empty for cell in picture.network.cells[1:]] == ["no NAT; leaves through 1a"] * 2
    assert picture.databases[0].cells[2].empty == "no instance; subnet ready"
    assert picture.services[0].cells[1].empty == "no task"
    nowhere = replace(b.legacy_snapshot(), network=b.network(nat_zones=()))
    assert pictured(nowhere).network.cells[0].empty == "no NAT"
    narrow = replace(b.snapshot(), services=(b.service("rbac", b.ZONES[:1], subnet_ids=("subnet-compute-a",)),))
    assert [cell.empty for cell in pictured(narrow).services[0].cells[1:]] == ["no task; no subnet"] * 2
    blind = replace(narrow, network=None)
    assert pictured(blind).services[0].cells[0].empty == "no task"


@pytest.mark.parametrize(
    ("minutes", "words"), [(5, "up 5 min"), (59, "up 59 min"), (60, "up 1 h"), (2879, "up 47 h"), (2880, "up 2 d")]
)
def test_how_long_a_task_is_up(minutes: int, words: str):
    made = b.service("rbac")
    task = replace(made.tasks[0], started_at=b.NOW - timedelta(minutes=minutes))
    picture = pictured(replace(b.snapshot(), services=(replace(made, tasks=(task, *made.tasks[1:])),)))
    assert node(picture, f"task-{task.task_id}").note == words


def test_a_cells_counts_are_worst_first():
    made = b.service("rbac", (b.ZONES[0],) * 3)
    tasks = (replace(made.tasks[0], health="UNHEALTHY"), *made.tasks[1:])
    picture = pictured(replace(b.snapshot(), services=(replace(made, tasks=tasks),)))
    assert [(state.word, count) for state, count in picture.services[0].cells[0].counts] == [
        ("unhealthy", 1), ("healthy", 2),
    ]  # fmt: skip


def test_numbers_appear_where_aws_gave_them():
    metrics = (
        b.metric("environment", "Count", 6000, unit="Count"),
        b.metric("environment", "5xx", 60, unit="Count"),
        b.metric("environment", "Latency", 84, unit="Milliseconds"),
        b.metric("rbac", "CPUUtilization", 71),
        b.metric("rbac", "MemoryUtilization", 52),
        b.metric("rbac", "RequestCountPerTarget", 600, unit="Count"),
        b.metric("rbac", "TargetResponseTime", 0.05, unit="Seconds"),
        b.metric("production-app", "DatabaseConnections", 212, unit="Count"),
        b.metric("production-app", "FreeStorageSpace", 50 * 1024**3, unit="Bytes"),
        b.metric("production-app", "WriteLatency", 0.0021, unit="Seconds"),
        b.metric("production-cache-002", "ReplicationLag", 0.4, unit="Seconds"),
        b.metric("production-cache-001", "DatabaseMemoryUsagePercentage", 61),
        b.metric("production-cache-001", "EngineCPUUtilization", 12),
        b.metric("production-events", "ApproximateAgeOfOldestMessage", 2, unit="Seconds"),
    )
    picture = pictured(replace(b.snapshot(), metrics=metrics))
    assert picture.gateway.note.split("\u2003") == ["100 requests/s", "5xx 1.00 %", "84 ms on average"]
    assert node(picture, "service-rbac").note == "3 to 12, cpu 71 %"
    assert node(picture, "database-production-app").note == "212 connections"
    assert node(picture, "node-production-cache-002").note == "lag 0.4 s"
    assert node(picture, "node-production-cache-001").note == "memory 61 %"
    assert node(picture, "queue-production-events").note == "4 waiting, oldest 2 s"
    facts = {d.name: d.value for n in picture.nodes for d in n.details if d.measured}
    assert facts["CPU, memory"] == "71 %, 52 %"
    assert facts["Requests per target"] == "10.0/s"
    assert facts["Free storage"] == "50 of 100 GiB"


def test_a_service_whose_scaling_or_targets_were_not_read_does_not_pretend():
    read = tuple(Reading(p, None) if p in (Part.SCALING, Part.TARGETS) else Reading(p, b.NOW) for p in Part)
    rbac = node(pictured(replace(b.snapshot(), readings=read)), "service-rbac")
    assert rbac.note.startswith("scaling not read")
    assert rbac.status is Status.UNKNOWN


def test_policies_are_said_in_words():
    policies = (b.policy(scale_in_disabled=True), replace(b.policy("x"), type="StepScaling", metric=None, target=None))
    made = replace(b.service("rbac"), scaling=b.scaling(policies=policies))
    facts = {d.name: d.value for d in node(pictured(replace(b.snapshot(), services=(made,))), "service-rbac").details}
    assert facts["Scales on CPU"] == "target 60, waits 60 s after out, 300 s after in, never in"
    assert facts["production-rbac-memory"] == "StepScaling"


def test_a_standby_is_as_its_instance_is():
    picture = pictured(replace(b.snapshot(), databases=(b.database(status="rebooting"),)))
    assert node(picture, "standby-production-app").status is Status.CHANGING
    coming = pictured(replace(b.snapshot(), databases=(b.database(secondary_zone=None),)))
    assert [n.label for n in coming.databases[0].elsewhere] == ["Standby"]


def test_firing_alarms_are_named():
    alarms = pictured(replace(b.snapshot(), alarms=(b.alarm(state="ALARM"), b.alarm("x", scaling=True)))).alarms
    assert alarms.note == "1 of 1 alarm firing"
    assert alarms.status is Status.DEGRADED


@settings(max_examples=40, deadline=timedelta(seconds=5), suppress_health_check=list(HealthCheck))
@given(snapshots())
def test_arbitrary_snapshots_never_raise_and_no_unread_part_is_healthy(snapshot: Snapshot):
    picture = build(snapshot, snapshot.taken_at, STALE_AFTER)
    for each in picture.nodes:
        if each.read_at is None:
            assert each.status is Status.UNKNOWN
