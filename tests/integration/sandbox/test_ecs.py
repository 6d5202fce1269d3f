"""ECS in the sandbox against aws-facts 3: tasks over zones and time, rollouts, replacements, exact words."""

import pickle
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.gaps.ecs import crash_task, find_service
from sandbox.weather import zones
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    return fresh_ground()


def service_of(ground: Ground, name: str = "web") -> dict[str, Any]:
    found: dict[str, Any] = ground.aws("ecs").describe_services(cluster="main", services=[name])["services"][0]
    return found


def tasks_of(ground: Ground, status: str = "RUNNING") -> list[dict[str, Any]]:
    ecs = ground.aws("ecs")
    arns = ecs.list_tasks(cluster="main", serviceName="web", desiredStatus=status)["taskArns"]
    return list(ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]) if arns else []


def spread_of(ground: Ground) -> dict[str, int]:
    return dict(Counter(task["availabilityZone"] for task in tasks_of(ground)))


def messages(ground: Ground) -> list[str]:
    """Oldest first, without the service's name."""
    return [e["message"].removeprefix("(service web) ") for e in reversed(service_of(ground)["events"])]


def balanced(ground: Ground, **more: Any) -> str:
    """A steady service of three tasks behind a target group; returns the group's ARN."""
    group = ground.target_group()
    ground.definition()
    entry = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
    ground.service(loadBalancers=[entry], **more)
    clock.advance(120)
    return group


def test_a_task_passes_through_all_states_and_ends_up_running(ground: Ground) -> None:
    ground.definition(healthCheck={"command": ["CMD-SHELL", "curl -f http://localhost:8080/health"], "interval": 10})
    ground.service(count=1)
    seen = []
    for _ in range(60):
        clock.advance(1)
        seen += [(task["lastStatus"], task["healthStatus"]) for task in tasks_of(ground)]
    assert list(dict.fromkeys(seen)) == [
        ("PROVISIONING", "UNKNOWN"),
        ("PENDING", "UNKNOWN"),
        ("ACTIVATING", "UNKNOWN"),
        ("RUNNING", "UNKNOWN"),
        ("RUNNING", "HEALTHY"),
    ]


def test_a_service_spreads_its_tasks_and_reaches_a_steady_state(ground: Ground) -> None:
    group = balanced(ground)
    service = service_of(ground)
    assert (service["runningCount"], service["pendingCount"], service["desiredCount"]) == (3, 0, 3)
    assert spread_of(ground) == {"us-east-1a": 1, "us-east-1b": 1, "us-east-1c": 1}
    [deployment] = service["deployments"]
    assert deployment["status"] == "PRIMARY"
    assert deployment["rolloutState"] == "COMPLETED"
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."
    assert {task["startedBy"] for task in tasks_of(ground)} == {deployment["id"]}
    told = messages(ground)
    assert told[0].startswith("has started 3 tasks: (task ")
    assert told[1:] == [
        f"registered 3 targets in (target-group {group})",
        f"(deployment {deployment['id']}) deployment completed.",
        "has reached a steady state.",
    ]


def test_a_task_has_an_interface_with_an_address_inside_its_subnet(ground: Ground) -> None:
    ground.definition()
    ground.service(count=1)
    clock.advance(60)
    [task] = tasks_of(ground)
    [attachment] = task["attachments"]
    details = {d["name"]: d["value"] for d in attachment["details"]}
    ids = [details["networkInterfaceId"]]
    [eni] = ground.aws("ec2").describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    assert attachment["status"] == "ATTACHED"
    assert details["subnetId"] == ground.subnets[task["availabilityZone"]] == eni["SubnetId"]
    assert details["privateIPv4Address"] == eni["PrivateIpAddress"]
    third = list(ground.subnets).index(task["availabilityZone"])
    assert eni["PrivateIpAddress"].startswith(f"10.0.{third}.")
    assert task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] == eni["PrivateIpAddress"]
    assert (task["launchType"], task["platformVersion"], task["cpu"], task["memory"]) == (
        "FARGATE",
        "1.4.0",
        "256",
        "512",
    )


def test_targets_go_from_initial_to_healthy_and_when_stopped_drain_and_vanish(ground: Ground) -> None:
    group = ground.target_group()
    ground.definition()
    entry = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
    ground.service(count=1, loadBalancers=[entry])
    elb, seen = ground.aws("elbv2"), []
    for _ in range(120):
        clock.advance(1)
        rows = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        seen += [(row["TargetHealth"]["State"], row["TargetHealth"].get("Reason")) for row in rows]
    assert list(dict.fromkeys(seen)) == [
        ("initial", "Elb.RegistrationInProgress"),
        ("initial", "Elb.InitialHealthChecking"),
        ("healthy", None),
    ]
    ground.aws("ecs").update_service(cluster="main", service="web", desiredCount=0)
    clock.advance(5)
    [row] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert row["TargetHealth"] == {
        "State": "draining",
        "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    }
    clock.advance(40)
    assert elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"] == []


def test_a_new_task_definition_rolls_out_without_falling_below_the_minimum(ground: Ground) -> None:
    balanced(ground)
    old = {task["taskArn"] for task in tasks_of(ground)}
    second = ground.definition()
    ground.aws("ecs").update_service(cluster="main", service="web", taskDefinition=second)
    running, states = [], []
    for _ in range(200):
        clock.advance(1)
        service = service_of(ground)
        running.append(service["runningCount"])
        states.append(tuple((d["status"], d["rolloutState"]) for d in service["deployments"]))
    assert min(running) == 3
    assert max(running) <= 6
    assert (("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")) in states
    assert states[-1] == (("PRIMARY", "COMPLETED"),)
    new = tasks_of(ground)
    assert {task["taskDefinitionArn"] for task in new} == {second}
    assert not old & {task["taskArn"] for task in new}
    assert spread_of(ground) == {"us-east-1a": 1, "us-east-1b": 1, "us-east-1c": 1}
    told = messages(ground)
    assert "has begun draining connections on 3 tasks." in told
    assert any(m.startswith("has stopped 3 running tasks: (task ") for m in told)
    assert told[-1] == "has reached a steady state."


def test_changing_the_count_starts_no_deployment_and_leaves_from_the_fullest_zone(ground: Ground) -> None:
    balanced(ground)
    before = service_of(ground)["deployments"][0]["id"]
    ecs = ground.aws("ecs")
    ecs.update_service(cluster="main", service="web", desiredCount=5)
    clock.advance(100)
    assert sorted(spread_of(ground).values()) == [1, 2, 2]
    ecs.update_service(cluster="main", service="web", desiredCount=3)
    clock.advance(100)
    assert sorted(spread_of(ground).values()) == [1, 1, 1]
    assert [d["id"] for d in service_of(ground)["deployments"]] == [before]


def test_tasks_that_cannot_start_trip_the_breaker_which_rolls_back(ground: Ground) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    balanced(ground, deploymentConfiguration=breaker)
    good = service_of(ground)["deployments"][0]["id"]
    broken = ground.definition(image="app:missing")
    ground.aws("ecs").update_service(cluster="main", service="web", taskDefinition=broken)
    clock.advance(3)
    bad = service_of(ground)["deployments"][0]["id"]
    reasons = set()
    for _ in range(150):
        clock.advance(2)
        service = service_of(ground)
        reasons |= {d["rolloutStateReason"] for d in service["deployments"]}
    assert "ECS deployment circuit breaker: tasks failed to start." in reasons
    assert f"ECS deployment circuit breaker: rolling back to deploymentId {good}." in reasons
    assert service["taskDefinition"].endswith("web:1")
    assert [(d["id"], d["rolloutState"]) for d in service["deployments"]] == [(good, "COMPLETED")]
    assert service["runningCount"] == 3
    told = messages(ground)
    failed = told.index(f"(deployment {bad}) deployment failed: tasks failed to start.")
    assert told[failed + 1] == f"rolling back to deployment {good}."
    stopped = tasks_of(ground, "STOPPED")
    assert {t["stopCode"] for t in stopped} == {"TaskFailedToStart"}
    assert all(t["stoppedReason"].startswith("CannotPullContainerError: ") for t in stopped)


def test_without_rollback_the_deployment_stays_failed(ground: Ground) -> None:
    ground.definition(command=["sh", "-c", "exit 3"])
    ground.service(count=2, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    clock.advance(600)
    [deployment] = service_of(ground)["deployments"]
    assert deployment["rolloutState"] == "FAILED"
    assert deployment["failedTasks"] >= 3
    assert tasks_of(ground) == []
    assert tasks_of(ground, "STOPPED")[0]["containers"][0]["exitCode"] == 3


def test_a_stopped_task_is_replaced_and_stays_visible_for_an_hour(ground: Ground) -> None:
    balanced(ground)
    ecs = ground.aws("ecs")
    victim = tasks_of(ground)[0]["taskArn"]
    ecs.stop_task(cluster="main", task=victim, reason="game day")
    clock.advance(120)
    assert spread_of(ground) == {"us-east-1a": 1, "us-east-1b": 1, "us-east-1c": 1}
    [stopped] = ecs.describe_tasks(cluster="main", tasks=[victim])["tasks"]
    assert (stopped["lastStatus"], stopped["stopCode"], stopped["stoppedReason"]) == (
        "STOPPED",
        "UserInitiated",
        "game day",
    )
    assert any(m.startswith("has started 1 tasks: (task ") for m in messages(ground))
    clock.advance(3700)
    assert ecs.describe_tasks(cluster="main", tasks=[victim])["failures"][0]["reason"] == "MISSING"


def test_a_crashed_task_says_why_and_is_replaced(ground: Ground) -> None:
    balanced(ground)
    victim = tasks_of(ground)[0]["taskArn"]
    crash_task("main", victim, account=ground.account, region=REGION)
    clock.advance(120)
    [stopped] = tasks_of(ground, "STOPPED")
    assert stopped["taskArn"] == victim
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["stoppedReason"] == "Essential container in task exited"
    assert stopped["containers"][0]["exitCode"] == 1
    assert service_of(ground)["runningCount"] == 3
    with pytest.raises(LookupError):
        crash_task("main", victim, account=ground.account, region=REGION)


def test_a_failed_zone_loses_its_tasks_and_gets_one_back_when_it_recovers(ground: Ground) -> None:
    group = balanced(ground)
    [lost] = [t["taskArn"].rsplit("/", 1)[1] for t in tasks_of(ground) if t["availabilityZone"] == "us-east-1b"]
    zones.fail("us-east-1b")
    try:
        clock.advance(400)
        assert sorted(spread_of(ground).items()) in (
            [("us-east-1a", 1), ("us-east-1c", 2)],
            [("us-east-1a", 2), ("us-east-1c", 1)],
        )
        assert service_of(ground)["runningCount"] == 3
        [stopped] = tasks_of(ground, "STOPPED")
        assert stopped["stopCode"] == "ServiceSchedulerInitiated"
        assert stopped["stoppedReason"] == f"Task failed ELB health checks in (target-group {group})"
    finally:
        zones.recover("us-east-1b")
    clock.advance(400)
    assert spread_of(ground) == {"us-east-1a": 1, "us-east-1b": 1, "us-east-1c": 1}
    told = messages(ground)
    where = f"(task {lost}) (port 8080) is unhealthy in (target-group {group})"
    assert f"{where} due to (reason Request timed out)." in told
    assert any(m.endswith("Amazon ECS replaced 1 tasks due to an unhealthy status.") for m in told)
    full = next(zone for zone in ("us-east-1a", "us-east-1c") if f"2 tasks in {zone}" in " ".join(told))
    other = "us-east-1c" if full == "us-east-1a" else "us-east-1a"
    counts = f"2 tasks in {full}, 1 tasks in {other}, 0 tasks in us-east-1b"
    assert f"is not AZ balanced with {counts}. AZ Rebalancing in progress." in told
    assert any(m.startswith("has started 1 tasks in us-east-1b to AZ Rebalance: (task ") for m in told)
    assert any(m.startswith(f"has stopped 1 running tasks in {full} due to AZ rebalancing: (task ") for m in told)
    assert "is AZ balanced with 1 tasks in us-east-1a, 1 tasks in us-east-1b, 1 tasks in us-east-1c." in told


def test_without_rebalancing_the_spread_stays_as_the_outage_left_it(ground: Ground) -> None:
    balanced(ground, availabilityZoneRebalancing="DISABLED")
    zones.fail("us-east-1b")
    clock.advance(400)
    zones.recover("us-east-1b")
    clock.advance(400)
    assert sorted(spread_of(ground).values()) == [1, 2]


def test_with_no_zone_standing_nothing_is_placed_and_the_service_says_so(ground: Ground) -> None:
    for zone in ground.subnets:
        zones.fail(zone)
    try:
        ground.definition()
        ground.service(count=2)
        clock.advance(90)
        assert tasks_of(ground) == []
        assert messages(ground) == [
            "was unable to place a task. Reason: Capacity is unavailable at this time. "
            "Please try again later or in a different availability zone."
        ]
    finally:
        for zone in ground.subnets:
            zones.recover(zone)
    clock.advance(90)
    assert len(tasks_of(ground)) == 2


def test_what_create_was_given_is_echoed_by_describe_and_update(ground: Ground) -> None:
    group = ground.target_group()
    ground.definition()
    entry = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
    given: dict[str, Any] = {
        "availabilityZoneRebalancing": "DISABLED",
        "healthCheckGracePeriodSeconds": 90,
        "enableExecuteCommand": True,
        "propagateTags": "SERVICE",
        "platformVersion": "1.4.0",
        "enableECSManagedTags": True,
    }
    configuration = {
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "maximumPercent": 150,
        "minimumHealthyPercent": 50,
    }
    tags = [{"key": "haven:environment", "value": "production"}]
    ground.service(loadBalancers=[entry], deploymentConfiguration=configuration, tags=tags, **given)
    service = service_of(ground)
    assert {key: service[key] for key in given} == given
    assert service["loadBalancers"] == [entry]
    assert configuration.items() <= service["deploymentConfiguration"].items()
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["subnets"] == list(ground.subnets.values())
    assert "tags" not in service
    clock.advance(5)
    task = ground.aws("ecs").list_tasks(cluster="main")["taskArns"][0]
    [shown] = ground.aws("ecs").describe_tasks(cluster="main", tasks=[task], include=["TAGS"])["tasks"]
    assert tags[0] in shown["tags"]
    changed = ground.aws("ecs").update_service(
        cluster="main", service="web", availabilityZoneRebalancing="ENABLED", healthCheckGracePeriodSeconds=30
    )["service"]
    assert changed["availabilityZoneRebalancing"] == "ENABLED"
    assert changed["healthCheckGracePeriodSeconds"] == 30
    assert changed["deploymentConfiguration"] == service["deploymentConfiguration"]
    assert len(changed["deployments"]) == 1


def test_a_service_whose_group_has_no_load_balancer_is_refused(ground: Ground) -> None:
    ground.definition()
    group = ground.aws("elbv2").create_target_group(
        Name="alone", Protocol="HTTP", Port=8080, VpcId=ground.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    entry = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
    with pytest.raises(ClientError) as refusal:
        ground.service(loadBalancers=[entry])
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterException"
    assert refusal.value.response["Error"]["Message"] == (
        f"The target group with targetGroupArn {group} does not have an associated load balancer."
    )


def test_limits_of_the_describe_and_list_calls(ground: Ground) -> None:
    ecs = ground.aws("ecs")
    ground.definition()
    for number in range(12):
        ground.service(name=f"s{number:02}", count=0)
    for call, arguments in (
        (ecs.describe_services, {"services": [f"s{n:02}" for n in range(11)]}),
        (ecs.describe_tasks, {"tasks": [f"{n:032x}" for n in range(101)]}),
    ):
        with pytest.raises(ClientError) as refusal:
            call(cluster="main", **arguments)
        assert refusal.value.response["Error"]["Code"] == "InvalidParameterException"
    first = ecs.list_services(cluster="main")
    assert len(first["serviceArns"]) == 10
    second = ecs.list_services(cluster="main", nextToken=first["nextToken"])
    assert len(second["serviceArns"]) == 2
    assert "nextToken" not in second
    missing = ecs.describe_services(cluster="main", services=["s00", "nobody"])
    assert [s["serviceName"] for s in missing["services"]] == ["s00"]
    assert [f["reason"] for f in missing["failures"]] == ["MISSING"]


def test_tasks_are_listed_by_service_family_starter_and_status_in_pages(ground: Ground) -> None:
    balanced(ground)
    ecs = ground.aws("ecs")
    ground.definition("job")
    network = {"awsvpcConfiguration": {"subnets": list(ground.subnets.values())}}
    run = ecs.run_task(
        cluster="main",
        taskDefinition="job",
        count=2,
        launchType="FARGATE",
        startedBy="me",
        networkConfiguration=network,
    )
    assert len({task["availabilityZone"] for task in run["tasks"]}) == 2
    deployment = service_of(ground)["deployments"][0]["id"]
    assert len(ecs.list_tasks(cluster="main")["taskArns"]) == 5
    assert len(ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]) == 3
    assert len(ecs.list_tasks(cluster="main", family="job")["taskArns"]) == 2
    assert len(ecs.list_tasks(cluster="main", startedBy="me")["taskArns"]) == 2
    assert len(ecs.list_tasks(cluster="main", startedBy=deployment)["taskArns"]) == 3
    assert ecs.list_tasks(cluster="main", desiredStatus="STOPPED")["taskArns"] == []
    pages = ecs.get_paginator("list_tasks").paginate(cluster="main", PaginationConfig={"PageSize": 2})
    assert [len(page["taskArns"]) for page in pages] == [2, 2, 1]


def test_a_deleted_service_drains_before_it_is_inactive(ground: Ground) -> None:
    balanced(ground)
    ecs = ground.aws("ecs")
    with pytest.raises(ClientError, match="The service cannot be stopped while it is scaled above 0"):
        ecs.delete_service(cluster="main", service="web")
    with pytest.raises(ClientError, match="cannot be deleted while Services are active"):
        ecs.delete_cluster(cluster="main")
    ecs.delete_service(cluster="main", service="web", force=True)
    clock.advance(5)
    assert service_of(ground)["status"] == "DRAINING"
    clock.advance(120)
    assert service_of(ground)["status"] == "INACTIVE"
    assert ecs.list_services(cluster="main")["serviceArns"] == []
    left = ground.aws("ec2").describe_network_interfaces()["NetworkInterfaces"]
    assert [eni for eni in left if "attachment" in eni["Description"]] == []
    assert ecs.delete_cluster(cluster="main")["cluster"]["status"] == "INACTIVE"
    assert ecs.list_clusters()["clusterArns"] == []


def test_clusters_echo_their_settings_and_count_what_runs(ground: Ground) -> None:
    ecs = ground.aws("ecs")
    wanted = [{"name": "containerInsights", "value": "enhanced"}]
    ecs.create_cluster(clusterName="main", settings=wanted, tags=[{"key": "a", "value": "b"}])
    balanced(ground)
    [plain] = ecs.describe_clusters(clusters=["main"])["clusters"]
    [full] = ecs.describe_clusters(clusters=["main"], include=["SETTINGS", "TAGS"])["clusters"]
    assert (plain["runningTasksCount"], plain["pendingTasksCount"], plain["activeServicesCount"]) == (3, 0, 1)
    assert plain["settings"] == []
    assert full["settings"] == wanted
    assert full["tags"] == [{"key": "a", "value": "b"}]


def test_a_fargate_definition_is_echoed_whole_and_its_size_checked(ground: Ground) -> None:
    ecs = ground.aws("ecs")
    container: dict[str, Any] = {
        "name": "app",
        "image": "app:1",
        "portMappings": [{"containerPort": 8080, "name": "http", "appProtocol": "http"}],
        "readonlyRootFilesystem": True,
        "secrets": [{"name": "PASSWORD", "valueFrom": "arn:aws:secretsmanager:us-east-1:1:secret:x"}],
        "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 10, "retries": 3, "timeout": 5},
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/haven"}},
        "stopTimeout": 30,
    }
    given: dict[str, Any] = {
        "family": "full",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "taskRoleArn": "arn:aws:iam::1:role/task",
        "executionRoleArn": "arn:aws:iam::1:role/execution",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    }
    ecs.register_task_definition(**given, containerDefinitions=[container])
    shown = ecs.describe_task_definition(taskDefinition="full")["taskDefinition"]
    assert {key: shown[key] for key in given} == given
    ports = container.pop("portMappings")
    assert container.items() <= shown["containerDefinitions"][0].items()
    assert ports[0].items() <= shown["containerDefinitions"][0]["portMappings"][0].items()
    assert shown["status"] == "ACTIVE"
    with pytest.raises(ClientError, match="No Fargate configuration exists for given values: 256 CPU, 4096 memory"):
        ecs.register_task_definition(**{**given, "cpu": "256", "memory": "4096"}, containerDefinitions=[container])


def test_what_is_remembered_is_plain_enough_to_keep_across_a_restart(ground: Ground) -> None:
    balanced(ground)
    service = find_service(ground.account, REGION, "main", "web")
    assert service is not None
    again = pickle.loads(pickle.dumps(service))  # noqa: S301 - our own bytes
    assert again.shape() == service.shape()
