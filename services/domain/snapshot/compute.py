"""The services on Fargate, their tasks and how they scale."""

from dataclasses import dataclass
from datetime import datetime

from services.domain.scaling.step import StepPolicy
from services.domain.snapshot.entrance import TargetGroup


@dataclass(frozen=True)
class FargateTask:
    """One task. `last_status` and `health` are AWS's; `zone` is its Availability Zone."""

    arn: str
    task_id: str
    zone: str | None
    last_status: str
    desired_status: str
    health: str
    ip: str | None
    eni: str | None
    subnet_id: str | None
    task_definition: str
    created_at: datetime | None
    started_at: datetime | None
    stopped_at: datetime | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None


@dataclass(frozen=True)
class Deployment:
    """One deployment of a service: `status` PRIMARY, ACTIVE or INACTIVE; `rollout` is AWS's rolloutState."""

    deployment_id: str
    status: str
    rollout: str
    reason: str | None
    task_definition: str
    desired: int
    running: int
    pending: int
    failed: int
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class ServiceEvent:
    """One line of ECS's service events, in AWS's words."""

    event_id: str
    at: datetime
    message: str


@dataclass(frozen=True)
class ScalingPolicy:
    """A scaling policy. `metric` is the predefined metric's type (ECSServiceAverageCPUUtilization) or None."""

    name: str
    arn: str
    type: str
    metric: str | None
    target: float | None
    scale_out_cooldown: int | None
    scale_in_cooldown: int | None
    scale_in_disabled: bool
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScheduledAction:
    """A scheduled change of min and max capacity."""

    name: str
    schedule: str
    timezone: str | None
    min_capacity: int | None
    max_capacity: int | None


@dataclass(frozen=True)
class Scaling:
    """A service's scalable target with its policies and scheduled actions. `steps` are what its step policies are made
    of, `labels` by policy the resource label of those on requests per target."""

    resource_id: str
    min_capacity: int
    max_capacity: int
    scale_in_suspended: bool
    scale_out_suspended: bool
    scheduled_suspended: bool
    policies: tuple[ScalingPolicy, ...] = ()
    scheduled: tuple[ScheduledAction, ...] = ()
    steps: tuple[StepPolicy, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class FargateService:
    """One ECS service on Fargate with everything around it.

    `name` is Haven's (`rbac`), `service_name` and `cluster` are AWS's. `scaling` and `target_group` are None when the
    service has none; when their part was not read at all, the snapshot's readings say so.
    """

    name: str
    service_name: str
    arn: str
    cluster: str
    status: str
    desired: int
    running: int
    pending: int
    task_definition: str
    launch_type: str | None
    subnet_ids: tuple[str, ...]
    zone_rebalancing: bool
    circuit_breaker: bool
    circuit_breaker_rollback: bool
    minimum_healthy_percent: int
    maximum_percent: int
    deployments: tuple[Deployment, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    tasks: tuple[FargateTask, ...] = ()
    target_group: TargetGroup | None = None
    scaling: Scaling | None = None
