"""The fakes that stand in for AWS against AWS's answers as the sandbox gives them.

`tests.builders.snapshot()` is what nearly every test takes for a production environment, and the small AWS of
`tests/unit/aws/world.py` is what the reader's own tests run on: both are trusted only while they hold here.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest

from services.aws.sources import Sources
from services.domain.snapshot import Part, Snapshot
from services.ports import CloudReader
from tests import builders as b
from tests.fakes.reader import ScriptedReader
from tests.integration.aws.conftest import Cloud, cloud, deployed  # noqa: F401 - fixtures
from tests.unit.aws.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]  # the first one deploys both environments


@pytest.fixture(params=["builders", "sandbox"])
def reader(request: pytest.FixtureRequest) -> CloudReader:
    """The scripted reader with the builders' snapshot, and the real one in front of a sandbox."""
    if request.param == "builders":
        return ScriptedReader(b.snapshot())
    real: Cloud = request.getfixturevalue("cloud")
    return real.reader


@pytest.fixture
def production(reader: CloudReader) -> Snapshot:
    return reader.read(b.environment("production"), None, metrics=True)


def test_every_part_is_read_in_order_at_the_time_of_the_snapshot(production: Snapshot) -> None:
    assert [reading.part for reading in production.readings] == list(Part)
    assert {reading.read_at for reading in production.readings} == {production.taken_at}
    assert production.gaps == ()
    assert production.calls.count > 0


def test_names_are_those_of_the_environment(production: Snapshot) -> None:
    assert production.environment == "production"
    assert {stack.name for stack in production.stacks} == {
        "network",
        "data",
        "platform",
        *(f"service-{name}" for name in b.SERVICES),
    }
    assert {stack.stack_name for stack in production.stacks} == {f"production-{s.name}" for s in production.stacks}
    assert {service.name for service in production.services} == set(b.SERVICES)
    assert {service.cluster for service in production.services} == {"production"}
    assert [database.identifier for database in production.databases] == ["production-app"]
    assert [cache.identifier for cache in production.caches] == ["production-cache"]
    assert [queue.name for queue in production.queues] == ["production-events", "production-events-dlq"]


def test_zones_are_named_and_numbered(production: Snapshot) -> None:
    assert {zone.name for zone in production.zones} >= set(b.ZONES)
    assert all(re.fullmatch(r"use1-az\d", zone.zone_id) for zone in production.zones)
    assert production.network is not None
    assert {(subnet.tier, subnet.zone) for subnet in production.network.subnets} == {
        (tier, zone) for tier in b.TIERS for zone in b.ZONES
    }
    assert [nat.zone for nat in production.network.nat_gateways] == list(b.ZONES)


def test_arns_are_of_the_form_that_others_cut_up(production: Snapshot) -> None:
    account = rf"{b.REGION}:{b.ACCOUNT}"
    for service in production.services:
        assert re.fullmatch(rf"arn:aws:ecs:{account}:service/production/{service.service_name}", service.arn)
        assert service.target_group is not None
        group = rf"arn:aws:elasticloadbalancing:{account}:targetgroup/[^/]+/[0-9a-f]+"
        assert re.fullmatch(group, service.target_group.arn)
        assert service.scaling is not None
        assert service.scaling.resource_id == f"service/production/{service.service_name}"
        for task in service.tasks:
            assert re.fullmatch(rf"arn:aws:ecs:{account}:task/production/{task.task_id}", task.arn)
            assert re.fullmatch(r"[0-9a-f]{32}", task.task_id)
            assert re.search(r":task-definition/[^:]+:\d+$", task.task_definition)
    assert production.load_balancer is not None
    assert ":loadbalancer/app/production-alb/" in production.load_balancer.arn
    assert all(re.fullmatch(r"HTTPS?:\d+", listener) for listener in production.load_balancer.listeners)
    assert [queue.arn.rpartition(":")[2] for queue in production.queues] == [q.name for q in production.queues]


def test_states_are_in_aws_words(production: Snapshot) -> None:
    assert {stack.status for stack in production.stacks} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    assert production.gateway is not None
    assert {link.status for link in production.gateway.links} == {"AVAILABLE"}
    assert production.load_balancer is not None
    assert (production.load_balancer.state, production.load_balancer.scheme) == ("active", "internal")
    for service in production.services:
        assert (service.status, service.launch_type) == ("ACTIVE", "FARGATE")
        assert {d.rollout for d in service.deployments} == {"COMPLETED"}
        running = [task for task in service.tasks if task.desired_status == "RUNNING"]
        assert {task.last_status for task in running} == {"RUNNING"}
        assert {task.health for task in running} == {"HEALTHY"}
        assert service.target_group is not None
        healthy = {target.ip for target in service.target_group.targets if target.state == "healthy"}
        assert healthy == {task.ip for task in running}
        assert service.events[0].message.startswith(f"(service {service.service_name}) ")
    assert {database.status for database in production.databases} == {"available"}
    assert {alarm.state for alarm in production.alarms} <= {"OK", "INSUFFICIENT_DATA", "ALARM"}
    for cache in production.caches:
        assert (cache.status, cache.automatic_failover, cache.multi_az) == ("available", "enabled", "enabled")
        assert [node.role for node in cache.nodes].count("primary") == 1
        assert {node.role for node in cache.nodes} == {"primary", "replica"}


def test_scaling_is_on_cpu_and_memory_in_aws_words(production: Snapshot) -> None:
    for service in production.services:
        assert service.scaling is not None
        assert {policy.metric for policy in service.scaling.policies} == {
            "ECSServiceAverageCPUUtilization",
            "ECSServiceAverageMemoryUtilization",
        }
        assert {policy.type for policy in service.scaling.policies} == {"TargetTrackingScaling"}
        assert all(alarm.startswith("TargetTracking-") for p in service.scaling.policies for alarm in p.alarms)


def test_metrics_are_found_by_the_same_subjects_and_units(production: Snapshot) -> None:
    for subject, name in (
        ("rbac", "CPUUtilization"),
        ("rbac", "MemoryUtilization"),
        ("production-app", "CPUUtilization"),
    ):
        metric = production.metric(subject, name)
        assert metric is not None
        assert metric.unit == "Percent"
        assert 0 <= metric.value <= 100
        assert metric.at < production.taken_at


@pytest.fixture
def real(cloud: Cloud) -> Sources:  # noqa: F811 - the fixture
    return Sources(lambda: cloud.sessions.reader(cloud.production))


QUESTIONS: dict[str, Callable[[Snapshot], tuple[Any, ...]]] = {
    "zones": lambda _: (),
    "vpc_cidr": lambda s: (s.network and s.network.vpc_id,),
    "subnets": lambda s: (s.network and s.network.vpc_id,),
    "api": lambda s: (s.gateway and s.gateway.api_id,),
    "link": lambda s: (s.gateway and s.gateway.links[0].vpc_link_id,),
    "balancer": lambda s: (s.load_balancer and s.load_balancer.arn,),
    "balancer_attributes": lambda s: (s.load_balancer and s.load_balancer.arn,),
    "listeners": lambda s: (s.load_balancer and s.load_balancer.arn,),
    "target_groups": lambda s: (s.load_balancer and s.load_balancer.arn,),
    "targets": lambda s: (s.services[0].target_group and s.services[0].target_group.arn,),
    "running_tasks": lambda s: (s.services[0].cluster,),
    "tasks": lambda s: (s.services[0].cluster, [task.arn for task in s.services[0].tasks]),
    "scalable_targets": lambda s: ([f"service/{v.cluster}/{v.service_name}" for v in s.services],),
    "databases": lambda s: ([database.identifier for database in s.databases],),
    "maintenance": lambda s: ([database.identifier for database in s.databases],),
    "queue": lambda s: (s.queues[0].url,),
    "alarms": lambda s: ([alarm.name for alarm in s.alarms if not alarm.scaling],),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_small_aws_answers_in_the_real_ones_shapes(cloud: Cloud, real: Sources, question: str) -> None:  # noqa: F811
    arguments = QUESTIONS[question](cloud.read())
    theirs, ours = getattr(real, question)(*arguments), World().says[question]
    assert type(ours) is type(theirs)
    if isinstance(ours, tuple):
        assert {type(each) for each in ours} == {type(each) for each in theirs}
        if ours and isinstance(ours[0], dict):
            assert ours[0].keys() <= theirs[0].keys()
