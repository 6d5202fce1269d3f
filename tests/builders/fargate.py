"""Fargate services with their tasks, targets and scaling."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.domain.snapshot import (
    Deployment,
    FargateService,
    FargateTask,
    Scaling,
    ScalingPolicy,
    ServiceEvent,
    Target,
    TargetGroup,
)
from tests.builders.places import NOW, SERVICES, ZONES, arn


def task(service: str = "rbac", zone: str | None = ZONES[0], number: int = 1, **changes: Any) -> FargateTask:
    """A running, healthy task; `number` tells tasks of a service apart (id, address)."""
    env = "production"
    task_id = f"{SERVICES.index(service) if service in SERVICES else 9}{number:031x}"
    third = 16 + (ZONES.index(zone) if zone in ZONES else 0)
    made = FargateTask(
        arn=arn("ecs", f"task/{env}/{task_id}"),
        task_id=task_id,
        zone=zone,
        last_status="RUNNING",
        desired_status="RUNNING",
        health="HEALTHY",
        ip=f"10.0.{third}.{10 + number}",
        eni=f"eni-{service}-{number}",
        subnet_id=f"subnet-compute-{zone[-1]}" if zone else None,
        task_definition=arn("ecs", f"task-definition/{env}-{service}:3"),
        created_at=NOW - timedelta(hours=6, seconds=40),
        started_at=NOW - timedelta(hours=6),
    )
    return replace(made, **changes)


def target(of: FargateTask, **changes: Any) -> Target:
    """The healthy target that belongs to a task."""
    return replace(Target(of.ip or "10.0.16.99", 8080, of.zone, "healthy"), **changes)


def policy(metric: str = "ECSServiceAverageCPUUtilization", service: str = "rbac", **changes: Any) -> ScalingPolicy:
    """A target tracking policy at 60 %."""
    kind = "cpu" if "CPU" in metric else "memory"
    made = ScalingPolicy(
        name=f"production-{service}-{kind}",
        arn=arn("autoscaling", f"scalingPolicy:1:resource/ecs/service/production/{service}:policyName/{kind}"),
        type="TargetTrackingScaling",
        metric=metric,
        target=60.0,
        scale_out_cooldown=60,
        scale_in_cooldown=300,
        scale_in_disabled=False,
        alarms=(f"TargetTracking-{service}-{kind}-AlarmHigh", f"TargetTracking-{service}-{kind}-AlarmLow"),
    )
    return replace(made, **changes)


def scaling(service: str = "rbac", env: str = "production", **changes: Any) -> Scaling:
    """Three to twelve tasks, target tracking on CPU and memory, nothing suspended."""
    made = Scaling(
        resource_id=f"service/{env}/{service}",
        min_capacity=3,
        max_capacity=12,
        scale_in_suspended=False,
        scale_out_suspended=False,
        scheduled_suspended=False,
        policies=(
            policy("ECSServiceAverageCPUUtilization", service),
            policy("ECSServiceAverageMemoryUtilization", service),
        ),
    )
    return replace(made, **changes)


def deployment(service: str = "rbac", count: int = 3, **changes: Any) -> Deployment:
    """A completed primary deployment."""
    made = Deployment(
        deployment_id=f"ecs-svc/{service}-1",
        status="PRIMARY",
        rollout="COMPLETED",
        reason=f"ECS deployment ecs-svc/{service}-1 completed.",
        task_definition=arn("ecs", f"task-definition/production-{service}:3"),
        desired=count,
        running=count,
        pending=0,
        failed=0,
        created_at=NOW - timedelta(hours=7),
        updated_at=NOW - timedelta(hours=6),
    )
    return replace(made, **changes)


def service(
    name: str = "rbac", zones: tuple[str, ...] = ZONES, env: str = "production", **changes: Any
) -> FargateService:
    """A steady service with one healthy, registered task per entry of `zones`."""
    tasks = tuple(task(name, zone, number) for number, zone in enumerate(zones, start=1))
    group = TargetGroup(
        arn=arn("elasticloadbalancing", f"targetgroup/{env}-{name}/73e2d6bc24d8a067"),
        name=f"{env}-{name}",
        health_path="/health",
        targets=tuple(target(each) for each in tasks),
    )
    made = FargateService(
        name=name,
        service_name=name,
        arn=arn("ecs", f"service/{env}/{name}"),
        cluster=env,
        status="ACTIVE",
        desired=len(tasks),
        running=len(tasks),
        pending=0,
        task_definition=arn("ecs", f"task-definition/{env}-{name}:3"),
        launch_type="FARGATE",
        subnet_ids=tuple(f"subnet-compute-{zone[-1]}" for zone in ZONES),
        zone_rebalancing=True,
        circuit_breaker=True,
        circuit_breaker_rollback=True,
        minimum_healthy_percent=100,
        maximum_percent=200,
        deployments=(deployment(name, len(tasks)),),
        events=(ServiceEvent("e1", NOW - timedelta(hours=6), f"(service {name}) has reached a steady state."),),
        tasks=tasks,
        target_group=group,
        scaling=scaling(name, env),
    )
    return replace(made, **changes)
