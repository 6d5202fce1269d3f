"""Services feel the outage of the database they rely on: targets, tasks and metrics; a short one is over before."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.clock import clock
from sandbox.gaps import rds
from sandbox.gaps.ecs import find_service
from sandbox.gaps.reliance import databases_of
from sandbox.weather import minutes, outages
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground

pytestmark = pytest.mark.long

CHECKS = {"HealthCheckIntervalSeconds": 10, "UnhealthyThresholdCount": 2, "HealthyThresholdCount": 3}


@pytest.fixture
def ground() -> Ground:
    made = fresh_ground()
    made.aws("rds").create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=list(made.subnets.values())
    )
    return made


def database(ground: Ground, *, multi_az: bool = True, environment: str | None = None, name: str = "app") -> None:
    ground.aws("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=50,
        MultiAZ=multi_az,
        DBSubnetGroupName="data",
        MasterUsername="haven",
        MasterUserPassword="not-a-secret-1",
        Tags=[{"Key": "haven:environment", "Value": environment}] if environment else [],
    )


def service(ground: Ground, environment: str | None = None, **more: Any) -> str:
    group = ground.target_group(**{**CHECKS, **more})
    ground.definition()
    ground.service(
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
        healthCheckGracePeriodSeconds=60,
        tags=[{"key": "haven:environment", "value": environment}] if environment else [],
    )
    clock.advance(600)
    assert states(ground, group) == ["healthy"] * 3
    return group


def states(ground: Ground, group: str) -> list[str]:
    found = ground.aws("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [one["TargetHealth"]["State"] for one in found]


def tasks(ground: Ground) -> set[str]:
    return set(ground.aws("ecs").list_tasks(cluster="main")["taskArns"])


def running(ground: Ground) -> int:
    found = ground.aws("ecs").describe_services(cluster="main", services=["web"])["services"][0]
    return int(found["runningCount"])


def test_a_forced_failover_is_over_before_the_threshold_and_nobody_is_replaced(ground: Ground) -> None:
    database(ground)
    group = service(ground)
    before = tasks(ground)
    ground.aws("rds").reboot_db_instance(DBInstanceIdentifier="app", ForceFailover=True)
    seen = set()
    for _ in range(120):
        clock.advance(2)
        seen |= set(states(ground, group))
    assert seen == {"healthy"}
    assert tasks(ground) == before


def test_a_longer_outage_makes_targets_unhealthy_as_their_checks_say_and_ends_so(ground: Ground) -> None:
    database(ground, multi_az=False)
    group = service(ground)
    rds.fail_over(ground.account, REGION, "app", "host")
    clock.advance(19)
    assert states(ground, group) == ["healthy"] * 3
    clock.advance(1)
    health = ground.aws("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [one["TargetHealth"] for one in health] == [
        {
            "State": "unhealthy",
            "Reason": "Target.ResponseCodeMismatch",
            "Description": "Health checks failed with these codes: [503]",
        }
    ] * 3
    told = ground.aws("ecs").describe_services(cluster="main", services=["web"])["services"][0]["events"]
    assert any("is unhealthy in" in e["message"] and "with these codes: [503])" in e["message"] for e in told)
    clock.advance(1200)
    assert set(states(ground, group)) == {"healthy"}
    assert len(tasks(ground)) == running(ground) == 3


def test_in_a_long_outage_tasks_are_replaced_one_by_one_and_never_all_gone(ground: Ground) -> None:
    database(ground, multi_az=False)
    group = service(ground)
    rds.fail_over(ground.account, REGION, "app", "host")
    counts, seen = [], tasks(ground)
    for _ in range(140):
        clock.advance(2)
        counts.append(running(ground))
        seen |= tasks(ground)
    assert min(counts) >= 3
    assert max(counts) == 6  # beside each unhealthy task one that replaces it, as maximumPercent allows
    assert 6 < len(seen) <= 12
    clock.advance(900)
    assert (states(ground, group), len(tasks(ground))) == (["healthy"] * 3, 3)


def test_two_short_outages_do_not_add_up(ground: Ground) -> None:
    database(ground)
    group = service(ground)
    client = ground.aws("rds")
    client.reboot_db_instance(DBInstanceIdentifier="app")
    clock.advance(30)
    client.reboot_db_instance(DBInstanceIdentifier="app")
    seen = set()
    for _ in range(30):
        clock.advance(2)
        seen |= set(states(ground, group))
    assert seen == {"healthy"}


def test_the_tag_says_to_which_environment_a_database_belongs_and_without_it_the_vpc(ground: Ground) -> None:
    database(ground, multi_az=False, environment="legacy")
    database(ground, multi_az=False, name="plain")
    group = service(ground, environment="production")
    found = find_service(ground.account, REGION, "main", "web")
    assert found is not None
    assert databases_of(found) == [f"arn:aws:rds:{REGION}:{ground.account}:db:plain"]
    rds.fail_over(ground.account, REGION, "app", "host")
    clock.advance(60)
    assert set(states(ground, group)) == {"healthy"}
    rds.fail_over(ground.account, REGION, "plain", "host")
    clock.advance(60)
    assert "unhealthy" in states(ground, group)


def test_a_task_started_during_the_outage_does_not_become_healthy(ground: Ground) -> None:
    database(ground, multi_az=False)
    group = service(ground, UnhealthyThresholdCount=10)
    rds.fail_over(ground.account, REGION, "app", "host")
    ground.aws("ecs").update_service(cluster="main", service="web", desiredCount=4)
    clock.advance(70)
    assert sorted(states(ground, group)) == ["healthy"] * 3 + ["initial"]
    clock.advance(900)
    assert set(states(ground, group)) == {"healthy"}


def test_a_database_deleted_on_purpose_is_no_outage(ground: Ground) -> None:
    database(ground)
    group = service(ground)
    ground.aws("rds").delete_db_instance(DBInstanceIdentifier="app", SkipFinalSnapshot=True)
    clock.advance(120)
    assert set(states(ground, group)) == {"healthy"}


def sums(ground: Ground, namespace: str, name: str, statistic: str, **dimensions: str) -> list[float]:
    end = clock.now().replace(second=0, microsecond=0)
    found = ground.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()],
        StartTime=end - timedelta(minutes=10),
        EndTime=end,
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return [point[statistic] for point in sorted(found, key=lambda p: p["Timestamp"])]


def test_errors_and_connections_follow_the_outage(ground: Ground) -> None:
    minutes.schedule()
    database(ground, multi_az=False, name="main-app")
    group = service(ground)
    balancer = ground.aws("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    front = {"LoadBalancer": balancer.rpartition("loadbalancer/")[2], "TargetGroup": group.rpartition(":")[2]}
    clock.advance(900)
    assert sums(ground, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", **front) == []
    rds.fail_over(ground.account, REGION, "main-app", "host")
    clock.advance(360)
    errors = sums(ground, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", **front)
    requests = sums(ground, "AWS/ApplicationELB", "RequestCount", "Sum", **front)
    assert max(errors) > 0.8 * min(requests)
    connections = sums(ground, "AWS/RDS", "DatabaseConnections", "Minimum", DBInstanceIdentifier="main-app")
    assert connections[0] == 29
    assert 0 in connections
    assert len(connections) < 10
    arn = f"arn:aws:rds:{REGION}:{ground.account}:db:main-app"
    began = int(clock.time() // 60) - 3
    assert outages.share(arn, began) == 1
