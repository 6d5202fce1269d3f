"""Snapshots of what Haven deployed, over HTTP."""

from collections import Counter
from dataclasses import replace

import pytest

from services.aws.reader import CloudReader
from services.aws.session import Sessions, Wire
from services.domain.snapshot import Part, Snapshot
from tests.builders import SERVICES, ZONES
from tests.integration.aws.conftest import Cloud, SandboxClock

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]  # the first one deploys both environments


@pytest.fixture
def snapshot(cloud: Cloud) -> Snapshot:
    return cloud.read()


def test_production_is_read_without_a_gap(snapshot: Snapshot) -> None:
    assert snapshot.gaps == ()
    assert {reading.read_at for reading in snapshot.readings} == {snapshot.taken_at}
    assert [stack.name for stack in snapshot.stacks] == [
        "data",
        "network",
        "platform",
        *(f"service-{name}" for name in sorted(SERVICES)),
    ]
    assert all(stack.termination_protection and stack.resources for stack in snapshot.stacks)


def test_its_network_spans_three_zones_in_every_tier(snapshot: Snapshot) -> None:
    assert snapshot.network is not None
    tiers = Counter((subnet.tier, subnet.zone) for subnet in snapshot.network.subnets)
    assert tiers == Counter({(tier, zone): 1 for tier in ("public", "compute", "data") for zone in ZONES})
    assert [(nat.zone, nat.state) for nat in snapshot.network.nat_gateways] == [(zone, "available") for zone in ZONES]
    assert {zone.name: zone.state for zone in snapshot.zones}.items() >= dict.fromkeys(ZONES, "available").items()


def test_its_way_in_is_read_from_api_to_targets(snapshot: Snapshot) -> None:
    assert snapshot.gateway is not None
    assert snapshot.gateway.name == "production-api"
    assert [link.status for link in snapshot.gateway.links] == ["AVAILABLE"]
    balancer = snapshot.load_balancer
    assert balancer is not None
    assert (balancer.name, balancer.scheme, balancer.state, balancer.zones) == (
        "production-alb",
        "internal",
        "active",
        ZONES,
    )
    assert (balancer.deletion_protection, balancer.zonal_shift_enabled, balancer.access_logs) == (True, True, True)


def test_its_services_have_healthy_tasks_in_every_zone(snapshot: Snapshot) -> None:
    assert [service.name for service in snapshot.services] == sorted(SERVICES)
    for service in snapshot.services:
        assert service.desired == service.running >= 3
        running = [task for task in service.tasks if task.desired_status == "RUNNING"]
        assert {task.zone for task in running} == set(ZONES)
        assert service.target_group is not None
        healthy = {t.ip for t in service.target_group.targets if t.state == "healthy"}
        assert healthy == {task.ip for task in running}
        assert service.zone_rebalancing
        assert service.circuit_breaker_rollback
        assert service.scaling is not None
        assert {policy.metric for policy in service.scaling.policies} == {
            "ECSServiceAverageCPUUtilization",
            "ECSServiceAverageMemoryUtilization",
        }


def test_its_data_stores_are_multi_az(snapshot: Snapshot) -> None:
    (database,) = snapshot.databases
    assert (database.status, database.multi_az) == ("available", True)
    assert database.zone != database.secondary_zone
    assert {database.zone, database.secondary_zone} <= set(ZONES)
    assert database.subnet_zones == ZONES
    (cache,) = snapshot.caches
    assert (cache.status, cache.automatic_failover, cache.multi_az) == ("available", "enabled", "enabled")
    assert Counter(node.role for node in cache.nodes)["primary"] == 1
    assert len({node.zone for node in cache.nodes}) == len(cache.nodes) >= 2
    assert cache.engine_version
    assert [(queue.name, queue.dead_letter_of) for queue in snapshot.queues] == [
        ("production-events", None),
        ("production-events-dlq", "production-events"),
    ]


def test_its_alarms_are_those_of_the_stacks_and_of_target_tracking(snapshot: Snapshot) -> None:
    own = {r.physical_id for s in snapshot.stacks for r in s.resources if r.type == "AWS::CloudWatch::Alarm"}
    assert own
    assert {alarm.name for alarm in snapshot.alarms if not alarm.scaling} == own
    tracked = {name for s in snapshot.services if s.scaling for p in s.scaling.policies for name in p.alarms}
    assert {alarm.name for alarm in snapshot.alarms if alarm.scaling} == tracked


def test_its_metrics_are_of_the_newest_minutes(snapshot: Snapshot) -> None:
    subjects = {(metric.subject, metric.name) for metric in snapshot.metrics}
    assert subjects >= {(name, kind) for name in SERVICES for kind in ("CPUUtilization", "MemoryUtilization")}
    assert subjects >= {("environment", "Count"), ("production-app", "DatabaseConnections")}
    assert subjects >= {(zone, "RequestCount") for zone in ZONES}
    ages = [(snapshot.taken_at - metric.at).total_seconds() for metric in snapshot.metrics]
    assert min(ages) >= 60
    assert max(ages) <= 6 * 60


def test_legacy_is_read_as_it_is(cloud: Cloud) -> None:
    snapshot = cloud.read(of=cloud.legacy)
    assert snapshot.gaps == ()
    assert [database.multi_az for database in snapshot.databases] == [False]
    assert snapshot.network is not None
    assert len(snapshot.network.nat_gateways) == 1
    assert {service.cluster for service in snapshot.services} == {"legacy"}


def test_an_environment_that_is_not_deployed_is_empty(cloud: Cloud) -> None:
    snapshot = cloud.read(of=replace(cloud.production, name="nowhere", stack_prefix="nowhere"))
    assert snapshot.gaps == ()
    assert (snapshot.stacks, snapshot.services, snapshot.network) == ((), (), None)


def test_a_snapshot_makes_no_more_calls_than_it_needs(cloud: Cloud) -> None:
    first = cloud.read()
    second = cloud.read(first)
    stacks = len(first.stacks)
    assert dict(first.calls.by_operation)["cloudformation.ListStackResources"] == stacks
    assert "cloudformation.ListStackResources" not in dict(second.calls.by_operation)
    assert second.calls.count == first.calls.count - stacks == 33
    assert second.stacks == first.stacks


def test_a_throttled_api_is_a_gap_that_is_counted_and_the_rest_is_fresh(cloud: Cloud) -> None:
    first = cloud.read()
    cloud.advance(60)
    cloud.sandbox.control("trouble", service="rds", kind="throttle", rate=1, lasts=600)
    second = cloud.read(first)
    assert [(gap.part, gap.code) for gap in second.gaps] == [
        (Part.DATABASE, "ThrottlingException"),
        (Part.EVENTS, "ThrottlingException"),
    ]
    assert second.databases == first.databases
    assert second.reading(Part.DATABASE).read_at == first.taken_at
    assert second.calls.throttled == 9  # three calls, three tries each
    assert second.reading(Part.CACHE).read_at == second.taken_at
    cloud.sandbox.control("trouble", method="DELETE")
    assert cloud.read(second).gaps == ()


@pytest.mark.parametrize(
    ("service", "part"), [("ecs", Part.SERVICES), ("sqs", Part.QUEUES), ("elasticache", Part.CACHE)]
)
def test_a_right_that_is_missing_is_a_gap_that_says_so(cloud: Cloud, service: str, part: Part) -> None:
    first = cloud.read()
    cloud.sandbox.control("trouble", service=service, kind="deny", rate=1, lasts=600)
    gap = cloud.read(first).reading(part).gap
    assert gap is not None
    assert gap.code.startswith("AccessDenied")
    assert gap.why.startswith("Haven may not call ")


def test_an_api_that_fails_inside_is_a_gap(cloud: Cloud) -> None:
    first = cloud.read()
    cloud.sandbox.control("trouble", service="elasticloadbalancing", kind="error", rate=1, lasts=600)
    second = cloud.read(first)
    assert {gap.part for gap in second.gaps} == {Part.LOAD_BALANCER, Part.TARGETS}
    assert second.load_balancer == first.load_balancer
    assert [s.target_group for s in second.services] == [s.target_group for s in first.services]


def test_an_endpoint_that_is_down_is_a_gap_in_every_part(cloud: Cloud) -> None:
    first = cloud.read()
    clock = SandboxClock(cloud.sandbox)
    nobody = CloudReader(Sessions(Wire(endpoint_url="http://127.0.0.1:9", connect_timeout=0.5), clock), clock)
    second = nobody.read(cloud.production, first, metrics=True)
    nobody.close()
    assert {gap.part for gap in second.gaps} == set(Part)
    assert {gap.code for gap in second.gaps} == {"Unreachable"}
    assert second.services == first.services


def test_a_task_that_crashes_is_seen_and_kept_for_a_while(cloud: Cloud) -> None:
    first = cloud.read()
    victim = next(task for task in first.services[0].tasks if task.desired_status == "RUNNING")
    cloud.sandbox.control("task", cluster="production", task=victim.task_id, act="crash")
    cloud.advance(60)
    stopped = {task.task_id: task for task in cloud.read(first).services[0].tasks if task.desired_status == "STOPPED"}
    assert stopped[victim.task_id].stop_code == "EssentialContainerExited"
    cloud.advance(600)
    healed = cloud.read().services[0]
    assert healed.running == healed.desired


def test_a_role_is_assumed_for_reading(cloud: Cloud) -> None:
    role = f"arn:aws:iam::{cloud.production.account}:role/production-haven-reader"
    assumed = replace(cloud.production, reader_role_arn=role, external_id="haven-production")
    snapshot = cloud.read(of=assumed)
    assert snapshot.gaps == ()
    assert dict(snapshot.calls.by_operation)["sts.AssumeRole"] == 1
    assert "sts.AssumeRole" not in dict(cloud.read(of=assumed).calls.by_operation)


def test_a_refused_role_is_a_gap_in_every_part(cloud: Cloud) -> None:
    cloud.sandbox.control("trouble", service="sts", kind="deny", rate=1, lasts=600)
    role = f"arn:aws:iam::{cloud.production.account}:role/not-yours"
    snapshot = cloud.read(of=replace(cloud.production, reader_role_arn=role))
    assert {gap.part for gap in snapshot.gaps} == set(Part)
    assert {gap.code for gap in snapshot.gaps} == {"AccessDenied"}
    assert all("take on this environment's role" in gap.why for gap in snapshot.gaps)


def test_maintenance_that_waits_for_a_database_is_read_with_it(cloud: Cloud) -> None:
    words = "New Operating System update is available"
    order = {"name": "production-app", "action": "system-update"}
    cloud.sandbox.control("maintenance", **order, description=words)
    try:
        assert cloud.read().databases[0].maintenance == (f"system-update: {words}",)
    finally:
        cloud.sandbox.control("maintenance", **order, act="remove")
    assert cloud.read().databases[0].maintenance == ()
