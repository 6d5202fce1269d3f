"""CloudFormation, ECS and Application Auto Scaling answers as Haven's shapes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.aws import applicationautoscaling, ecs, stacks
from services.aws.resources import OwnService
from services.domain.snapshot import (
    Deployment,
    FargateService,
    FargateTask,
    ScalingPolicy,
    ScheduledAction,
    ServiceEvent,
    Stack,
    StackResource,
)
from tests.builders.places import environment
from tests.unit.aws.stubs import WHEN, answering, arn

SERVICE = arn("ecs", "service/production/rbac")
CLUSTER = arn("ecs", "cluster/production")
DEFINITION = arn("ecs", "task-definition/production-rbac:3")
GROUP = arn("elasticloadbalancing", "targetgroup/production-rbac/73e2")
OWN = OwnService("rbac", SERVICE, None)


def stack(name: str, *, tag: str | None = None, status: str = "CREATE_COMPLETE") -> dict[str, Any]:
    tags = [{"Key": "haven:environment", "Value": tag}] if tag else []
    found = {"StackName": name, "StackId": f"id-of-{name}", "CreationTime": WHEN, "StackStatus": status}
    return {**found, "Tags": tags}


def test_an_environments_stacks_are_found_by_prefix_tag_and_known_name() -> None:
    answer = {
        "Stacks": [
            stack("production-service-rbac", tag="production"),
            stack("production-network"),
            stack("production-eu-network", tag="production-eu"),  # another environment whose prefix begins with ours
            stack("production-eu-data"),  # likewise, untagged: its name is none that we make
            stack("production-special", tag="production"),
            stack("production-data", status="DELETE_COMPLETE"),
            stack("legacy-network"),
        ]
    }
    with answering("cloudformation", ("describe_stacks", {}, answer)) as client:
        found = stacks.list_stacks(client, environment("production"))
    assert [each.name for each in found] == ["network", "service-rbac", "special"]


def test_a_stack_with_everything_cloudformation_says_of_it() -> None:
    answer = {
        **stack("production-data"),
        "LastUpdatedTime": WHEN + timedelta(hours=1),
        "StackStatus": "UPDATE_ROLLBACK_COMPLETE",
        "StackStatusReason": "because",
        "EnableTerminationProtection": True,
        "Parameters": [{"ParameterKey": "MultiAz", "ParameterValue": "true"}],
        "Outputs": [{"OutputKey": "Queue", "OutputValue": "events"}],
    }
    with answering("cloudformation", ("describe_stacks", {}, {"Stacks": [answer]})) as client:
        (found,) = stacks.list_stacks(client, environment("production"))
    assert found == Stack(
        name="data",
        stack_name="production-data",
        stack_id="id-of-production-data",
        status="UPDATE_ROLLBACK_COMPLETE",
        status_reason="because",
        created_at=WHEN,
        updated_at=WHEN + timedelta(hours=1),
        termination_protection=True,
        parameters=(("MultiAz", "true"),),
        outputs=(("Queue", "events"),),
    )


def test_resources_are_followed_over_pages_and_may_not_exist_yet() -> None:
    def summary(name: str, **more: str) -> dict[str, Any]:
        always = {"ResourceType": "AWS::SQS::Queue", "LastUpdatedTimestamp": WHEN}
        return {"LogicalResourceId": name, **always, "ResourceStatus": "CREATE_COMPLETE", **more}

    first = {"StackResourceSummaries": [summary("A", PhysicalResourceId="url-a")], "NextToken": "more"}
    second = {"StackResourceSummaries": [summary("B", ResourceStatus="CREATE_IN_PROGRESS")]}
    asked = {"StackName": "id-of-x-data"}
    with answering(
        "cloudformation",
        ("list_stack_resources", asked, first),
        ("list_stack_resources", {**asked, "NextToken": "more"}, second),
    ) as client:
        found = stacks.list_resources(client, stacks.to_stack(stack("x-data"), "data"))  # type: ignore[arg-type]
    assert found == (
        StackResource("A", "url-a", "AWS::SQS::Queue", "CREATE_COMPLETE"),
        StackResource("B", "", "AWS::SQS::Queue", "CREATE_IN_PROGRESS"),
    )


def test_resources_are_listed_again_only_when_they_can_have_changed() -> None:
    before = stacks.to_stack(stack("x-data"), "data")  # type: ignore[arg-type]
    assert stacks.unchanged(before, before)
    assert not stacks.unchanged(before, None)
    assert not stacks.unchanged(replace(before, updated_at=WHEN), before)
    assert not stacks.unchanged(replace(before, status="UPDATE_COMPLETE"), before)
    assert not stacks.unchanged(replace(before, stack_id="another of that name"), before)
    busy = replace(before, status="UPDATE_IN_PROGRESS")
    assert not stacks.unchanged(busy, busy)


def test_a_service_with_all_that_ecs_says_of_it() -> None:
    found = {
        "serviceArn": SERVICE,
        "serviceName": "rbac",
        "clusterArn": CLUSTER,
        "status": "ACTIVE",
        "desiredCount": 3,
        "runningCount": 2,
        "pendingCount": 1,
        "taskDefinition": DEFINITION,
        "launchType": "FARGATE",
        "availabilityZoneRebalancing": "ENABLED",
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 8080}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s1", "s2"]}},
        "deploymentConfiguration": {
            "minimumHealthyPercent": 100,
            "maximumPercent": 150,
            "deploymentCircuitBreaker": {"enable": True, "rollback": False},
        },
        "deployments": [
            {
                "id": "ecs-svc/1",
                "status": "PRIMARY",
                "rolloutState": "IN_PROGRESS",
                "rolloutStateReason": "ECS deployment ecs-svc/1 in progress.",
                "taskDefinition": DEFINITION,
                "desiredCount": 3,
                "runningCount": 2,
                "pendingCount": 1,
                "failedTasks": 4,
                "createdAt": WHEN,
                "updatedAt": WHEN,
            }
        ],
        "events": [{"id": "e1", "createdAt": WHEN, "message": "(service rbac) has reached a steady state."}],
    }
    gone = {**found, "serviceArn": f"{SERVICE}-gone", "status": "INACTIVE"}
    own = [OWN, OwnService("gone", f"{SERVICE}-gone", None)]
    asked = {"cluster": "production", "services": [SERVICE, f"{SERVICE}-gone"]}
    with answering("ecs", ("describe_services", asked, {"services": [found, gone], "failures": []})) as client:
        (facts,) = ecs.describe_services(client, own)
    assert facts.target_group == GROUP
    deployment = Deployment(
        "ecs-svc/1",
        "PRIMARY",
        "IN_PROGRESS",
        "ECS deployment ecs-svc/1 in progress.",
        DEFINITION,
        desired=3,
        running=2,
        pending=1,
        failed=4,
        created_at=WHEN,
        updated_at=WHEN,
    )
    assert facts.service == FargateService(
        name="rbac",
        service_name="rbac",
        arn=SERVICE,
        cluster="production",
        status="ACTIVE",
        desired=3,
        running=2,
        pending=1,
        task_definition=DEFINITION,
        launch_type="FARGATE",
        subnet_ids=("s1", "s2"),
        zone_rebalancing=True,
        circuit_breaker=True,
        circuit_breaker_rollback=False,
        minimum_healthy_percent=100,
        maximum_percent=150,
        deployments=(deployment,),
        events=(ServiceEvent("e1", WHEN, "(service rbac) has reached a steady state."),),
    )


def a_task(name: str, **more: Any) -> dict[str, Any]:
    always = {"clusterArn": CLUSTER, "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "group": "service:rbac"}
    return {"taskArn": arn("ecs", f"task/production/{name}"), "taskDefinitionArn": DEFINITION, **always, **more}


def test_tasks_are_grouped_by_service_the_oldest_first_and_stopped_ones_last() -> None:
    details = [
        {"name": "subnetId", "value": "s1"},
        {"name": "networkInterfaceId", "value": "eni-1"},
        {"name": "privateIPv4Address", "value": "10.0.1.9"},
    ]
    attached = {"type": "ElasticNetworkInterface", "details": details}
    ended = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited"}
    tasks = [
        a_task("new", createdAt=WHEN, lastStatus="PROVISIONING"),
        a_task("old", createdAt=WHEN - timedelta(hours=1), startedAt=WHEN, healthStatus="HEALTHY",
               availabilityZone="us-east-1a", attachments=[attached]),
        a_task("dead", createdAt=WHEN - timedelta(hours=2), stoppedAt=WHEN, stoppedReason="Exit 1", **ended),
        a_task("by-hand", group="family:debug"),
    ]  # fmt: skip
    arns = [task["taskArn"] for task in tasks]
    asked = {"cluster": "production", "tasks": arns}
    with answering("ecs", ("describe_tasks", asked, {"tasks": tasks, "failures": []})) as client:
        groups = ecs.group_tasks(ecs.describe_tasks(client, "production", arns))
    old, new, dead = groups.pop(("production", "rbac"))
    assert not groups  # a task started by hand belongs to no service
    assert old == FargateTask(
        arn=arns[1],
        task_id="old",
        zone="us-east-1a",
        last_status="RUNNING",
        desired_status="RUNNING",
        health="HEALTHY",
        ip="10.0.1.9",
        eni="eni-1",
        subnet_id="s1",
        task_definition=DEFINITION,
        created_at=WHEN - timedelta(hours=1),
        started_at=WHEN,
    )
    assert (new.task_id, new.zone, new.ip, new.health, new.started_at) == ("new", None, None, "UNKNOWN", None)
    assert (dead.stop_code, dead.stopped_reason, dead.stopped_at) == ("EssentialContainerExited", "Exit 1", WHEN)


def test_stopped_tasks_fill_the_last_call_and_make_no_more() -> None:
    running, stopped = tuple(f"r{n}" for n in range(130)), tuple(f"s{n}" for n in range(100))
    assert [len(batch) for batch in ecs.to_describe(running, stopped)] == [100, 100]
    assert ecs.to_describe((), ()) == []
    assert ecs.to_describe((), stopped) == [stopped]


def test_only_the_newest_stopped_tasks_are_kept() -> None:
    ended = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED"}
    many = [a_task(f"t{n:03}", createdAt=WHEN + timedelta(seconds=n), **ended) for n in range(30)]
    (kept,) = ecs.group_tasks(many).values()  # type: ignore[arg-type]
    assert [kept[0].task_id, kept[-1].task_id, len(kept)] == ["t010", "t029", ecs.STOPPED_KEPT]


def test_scaling_joins_targets_policies_and_schedules_of_the_service() -> None:
    of = {"ServiceNamespace": "ecs", "ResourceId": "service/production/rbac", "CreationTime": WHEN}
    of |= {"ScalableDimension": "ecs:service:DesiredCount"}
    suspended = {"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": False}
    target = {**of, "MinCapacity": 3, "MaxCapacity": 12, "RoleARN": arn("iam", "r"), "SuspendedState": suspended}
    tracking = {
        "TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "ScaleOutCooldown": 60,
        "DisableScaleIn": True,
    }
    cpu = {
        **of,
        "PolicyARN": "p1",
        "PolicyName": "rbac-cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
        "Alarms": [{"AlarmName": "Low", "AlarmARN": "l"}, {"AlarmName": "High", "AlarmARN": "h"}],
    }
    step = {**of, "PolicyARN": "p2", "PolicyName": "rbac-step", "PolicyType": "StepScaling"}
    foreign = {**step, "ResourceId": "service/legacy/rbac"}
    action = {
        **of,
        "ScheduledActionName": "morning",
        "ScheduledActionARN": "s",
        "Schedule": "cron(0 7 * * ? *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": 6},
    }
    asked = {"ServiceNamespace": "ecs"}
    ids = ["service/production/rbac"]
    with answering(
        "application-autoscaling",
        ("describe_scalable_targets", {**asked, "ResourceIds": ids}, {"ScalableTargets": [target]}),
        ("describe_scaling_policies", asked, {"ScalingPolicies": [step, foreign], "NextToken": "more"}),
        ("describe_scaling_policies", {**asked, "NextToken": "more"}, {"ScalingPolicies": [cpu]}),
        ("describe_scheduled_actions", asked, {"ScheduledActions": [action]}),
    ) as client:
        found = applicationautoscaling.join(
            applicationautoscaling.list_targets(client, ids),
            applicationautoscaling.list_policies(client),
            applicationautoscaling.list_scheduled(client),
        )
    scaling = found.pop("service/production/rbac")
    assert not found
    assert (scaling.min_capacity, scaling.max_capacity) == (3, 12)
    assert (scaling.scale_in_suspended, scaling.scale_out_suspended, scaling.scheduled_suspended) == (
        True,
        False,
        False,
    )
    assert scaling.policies == (
        ScalingPolicy(
            name="rbac-cpu",
            arn="p1",
            type="TargetTrackingScaling",
            metric="ECSServiceAverageCPUUtilization",
            target=60.0,
            scale_out_cooldown=60,
            scale_in_cooldown=None,
            scale_in_disabled=True,
            alarms=("High", "Low"),
        ),
        ScalingPolicy("rbac-step", "p2", "StepScaling", None, None, None, None, scale_in_disabled=False),
    )
    assert scaling.scheduled == (ScheduledAction("morning", "cron(0 7 * * ? *)", "Europe/Berlin", 6, None),)
