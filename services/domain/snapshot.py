"""Everything read from AWS about one environment at one time, in Haven's own shapes.

A snapshot is made of parts that are read independently. A part that could not be read keeps its last known facts
together with the time they were read, and a `Gap` that says why: it is never shown as zero and never as healthy.
All times are aware UTC; shares are percentages from 0 to 100; sizes are GiB unless a name says otherwise.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Part(StrEnum):
    """A set of facts that is read, and can fail, together."""

    STACKS = "stacks"
    ZONES = "zones"
    NETWORK = "network"
    GATEWAY = "gateway"
    LOAD_BALANCER = "load balancer"
    TARGETS = "targets"
    SERVICES = "services"
    TASKS = "tasks"
    SCALING = "scaling"
    DATABASE = "database"
    CACHE = "cache"
    QUEUES = "queues"
    ALARMS = "alarms"
    METRICS = "metrics"
    EVENTS = "events"


@dataclass(frozen=True)
class Gap:
    """What could not be read and why. `code` is AWS's own error code, `why` a sentence, `since` the first failure."""

    part: Part
    code: str
    why: str
    since: datetime


@dataclass(frozen=True)
class Reading:
    """How one part was last read. `read_at` is the last success, None if it never was read."""

    part: Part
    read_at: datetime | None
    gap: Gap | None = None


@dataclass(frozen=True)
class Calls:
    """What one snapshot cost: number of HTTP requests sent to AWS, wall seconds, requests answered with a throttle."""

    count: int = 0
    seconds: float = 0.0
    throttled: int = 0
    failed: int = 0
    by_operation: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack of the environment. `name` is Haven's (`service-rbac`), `stack_name` is AWS's."""

    name: str
    stack_name: str
    stack_id: str
    status: str
    status_reason: str | None
    created_at: datetime
    updated_at: datetime | None
    termination_protection: bool
    parameters: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    resources: tuple["StackResource", ...] = ()


@dataclass(frozen=True)
class StackResource:
    """One resource of a stack: logical id, physical id, type and status as CloudFormation says them."""

    logical_id: str
    physical_id: str
    type: str
    status: str


@dataclass(frozen=True)
class Zone:
    """An Availability Zone: `name` (us-east-1a) and the account-independent `zone_id` (use1-az4); `state` is AWS's."""

    name: str
    zone_id: str
    state: str = "available"


@dataclass(frozen=True)
class Subnet:
    """A subnet of the environment's VPC. `tier` is public, compute or data (from its Tier tag), else None."""

    subnet_id: str
    zone: str
    cidr: str
    tier: str | None
    free_addresses: int


@dataclass(frozen=True)
class NatGateway:
    """A NAT gateway; `state` is AWS's (available, pending, failed, deleting, deleted)."""

    nat_gateway_id: str
    zone: str
    state: str
    public_ip: str | None = None


@dataclass(frozen=True)
class Network:
    """The environment's VPC with its subnets and NAT gateways."""

    vpc_id: str
    cidr: str
    subnets: tuple[Subnet, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()


@dataclass(frozen=True)
class VpcLink:
    """An API Gateway VPC link v2; `status` is AWS's (AVAILABLE, PENDING, INACTIVE, FAILED, DELETING)."""

    vpc_link_id: str
    name: str
    status: str
    subnet_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gateway:
    """The HTTP API in front."""

    api_id: str
    name: str
    endpoint: str
    links: tuple[VpcLink, ...] = ()


@dataclass(frozen=True)
class LoadBalancer:
    """The internal ALB. `state` is AWS's (active, provisioning, active_impaired, failed)."""

    arn: str
    name: str
    dns_name: str
    scheme: str
    state: str
    zones: tuple[str, ...]
    deletion_protection: bool | None = None
    zonal_shift_enabled: bool | None = None
    access_logs: bool | None = None
    listeners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """One registered target: `state`, `reason`, `description` are AWS's (healthy, initial, unhealthy, draining...)."""

    ip: str
    port: int
    zone: str | None
    state: str
    reason: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class TargetGroup:
    """A service's target group with its targets."""

    arn: str
    name: str
    health_path: str | None
    targets: tuple[Target, ...] = ()


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
    """A service's scalable target with its policies and scheduled actions."""

    resource_id: str
    min_capacity: int
    max_capacity: int
    scale_in_suspended: bool
    scale_out_suspended: bool
    scheduled_suspended: bool
    policies: tuple[ScalingPolicy, ...] = ()
    scheduled: tuple[ScheduledAction, ...] = ()


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


@dataclass(frozen=True)
class Database:
    """An RDS for PostgreSQL instance. `status` is AWS's; `secondary_zone` holds the standby and is None without one."""

    identifier: str
    arn: str
    resource_id: str
    engine: str
    engine_version: str
    instance_class: str
    status: str
    multi_az: bool
    zone: str | None
    secondary_zone: str | None
    endpoint: str | None
    port: int | None
    storage_type: str | None
    allocated_storage: int
    encrypted: bool
    deletion_protection: bool
    backup_retention_days: int
    latest_restorable: datetime | None
    performance_insights: bool
    publicly_accessible: bool
    parameter_group: str | None
    pending: tuple[tuple[str, str], ...] = ()
    maintenance: tuple[str, ...] = ()
    subnet_zones: tuple[str, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True)
class CacheNode:
    """A member of a replication group; `role` is primary or replica."""

    cluster_id: str
    node_group: str
    zone: str | None
    role: str | None
    status: str | None = None


@dataclass(frozen=True)
class Cache:
    """An ElastiCache replication group. `automatic_failover` and `multi_az` are AWS's words (enabled, disabled...)."""

    identifier: str
    arn: str
    engine: str
    engine_version: str | None
    node_type: str
    status: str
    automatic_failover: str
    multi_az: str
    transit_encryption: bool
    at_rest_encryption: bool
    endpoint: str | None
    port: int | None
    snapshot_retention_days: int
    nodes: tuple[CacheNode, ...] = ()


@dataclass(frozen=True)
class Queue:
    """An SQS queue. `dead_letter` is the ARN it redrives to; `dead_letter_of` names the queue this one serves."""

    name: str
    url: str
    arn: str
    visible: int
    in_flight: int
    delayed: int
    encrypted: bool
    dead_letter: str | None = None
    max_receives: int | None = None
    dead_letter_of: str | None = None


@dataclass(frozen=True)
class Alarm:
    """A CloudWatch alarm: `state` OK, ALARM or INSUFFICIENT_DATA; `scaling` marks those of target tracking."""

    name: str
    arn: str
    state: str
    reason: str | None
    since: datetime | None
    description: str | None
    metric: str | None
    threshold: float | None
    actions_enabled: bool
    scaling: bool = False


@dataclass(frozen=True)
class Metric:
    """The newest point of one metric. `subject` is what it is about: a service's name, a database's identifier,
    a zone's name, or `environment`; `name` is AWS's metric name; `at` is the point's minute."""

    subject: str
    name: str
    value: float
    unit: str
    at: datetime


@dataclass(frozen=True)
class Failover:
    """A failover that AWS says is completed. `subject` is the database's or the cache's identifier, `source` `rds` or
    `elasticache`, `message` AWS's own words."""

    subject: str
    at: datetime
    message: str
    source: str


@dataclass(frozen=True)
class Snapshot:
    """One environment at one time. `failovers` are those of the last 14 days, newest first, 20 at most."""

    environment: str
    taken_at: datetime
    readings: tuple[Reading, ...] = ()
    stacks: tuple[Stack, ...] = ()
    zones: tuple[Zone, ...] = ()
    network: Network | None = None
    gateway: Gateway | None = None
    load_balancer: LoadBalancer | None = None
    services: tuple[FargateService, ...] = ()
    databases: tuple[Database, ...] = ()
    caches: tuple[Cache, ...] = ()
    queues: tuple[Queue, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    metrics: tuple[Metric, ...] = ()
    failovers: tuple[Failover, ...] = ()
    calls: Calls = field(default_factory=Calls)

    def reading(self, part: Part) -> Reading:
        """How a part was last read; a part never asked for reads as never read."""
        return next((r for r in self.readings if r.part is part), Reading(part, None))

    def asked(self, part: Part) -> bool:
        """Whether whoever took this snapshot knew of the part: a kept one may be older than the part."""
        return any(r.part is part for r in self.readings)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Every part that could not be read this time."""
        return tuple(r.gap for r in self.readings if r.gap)

    def metric(self, subject: str, name: str) -> Metric | None:
        """The newest point of a metric, or None when AWS had none."""
        return next((m for m in self.metrics if m.subject == subject and m.name == name), None)
