"""The state of each thing by its own AWS status, before any judgement about redundancy (that is `findings`)."""

from services.domain.snapshot import (
    Cache,
    CacheNode,
    ClusterMember,
    Database,
    DatabaseCluster,
    FargateService,
    FargateTask,
    LoadBalancer,
    NatGateway,
    Stack,
    Target,
    VpcLink,
    Zone,
)
from services.domain.status import State, Status

HEALTHY, CHANGING, DEGRADED, DOWN = Status.HEALTHY, Status.CHANGING, Status.DEGRADED, Status.DOWN

_STARTING = {"PROVISIONING", "PENDING", "ACTIVATING"}
_STOPPING = {"DEACTIVATING", "STOPPING", "DEPROVISIONING"}
_GONE = {"STOPPED", "DELETED"}

# RDS's statuses in which the instance serves as usual (aws-facts 1.6), and those in which it does not and is not
# on its way either. Every other one is a movement.
_DATABASE_SERVES = ("available", "backing-up", "storage-optimization", "configuring-")
_DATABASE_DOWN = (
    "failed",
    "inaccessible-",
    "incompatible-",
    "insufficient-capacity",
    "restore-error",
    "stopped",
    "storage-full",
)
_CACHE_DOWN = ("create-failed", "incompatible-", "restore-failed")
_LINK = {"AVAILABLE": HEALTHY, "PENDING": CHANGING, "DELETING": CHANGING, "INACTIVE": DEGRADED, "FAILED": DOWN}
_BALANCER = {"active": HEALTHY, "provisioning": CHANGING, "active_impaired": DEGRADED, "failed": DOWN}
_NAT = {"available": HEALTHY, "pending": CHANGING, "deleting": CHANGING, "failed": DOWN, "deleted": DOWN}
_ZONE = {"available": HEALTHY, "information": HEALTHY, "constrained": DEGRADED, "impaired": DEGRADED}


def _looked_up(table: dict[str, Status], word: str) -> State:
    """A status AWS may add later is unknown to Haven and never taken for healthy."""
    return State(table.get(word, Status.UNKNOWN), word.lower().replace("_", " "))


def present(service: FargateService) -> tuple[FargateTask, ...]:
    """The tasks that exist: stopped ones stay in ECS's answers for an hour and are history."""
    return tuple(task for task in service.tasks if task.last_status not in _GONE)


def target_of(service: FargateService, task: FargateTask) -> Target | None:
    """The target the load balancer knows this task by (Fargate targets are addresses)."""
    group = service.target_group
    if group is None or task.ip is None:
        return None
    return next((target for target in group.targets if target.ip == task.ip), None)


def task_state(service: FargateService, task: FargateTask, *, targets_read: bool = True) -> State:
    """A task by ECS's status, then its own health check, then the load balancer's, which decides about traffic."""
    if task.last_status in _STARTING:
        return State(CHANGING, "starting")
    if task.last_status in _STOPPING or task.desired_status == "STOPPED":
        return State(CHANGING, "stopping")
    if task.last_status != "RUNNING":
        return State(Status.UNKNOWN, task.last_status.lower())
    if task.health == "UNHEALTHY":
        return State(DOWN, "unhealthy")
    if not targets_read:
        return State(Status.UNKNOWN, "target not read")
    if service.target_group is None:
        return State(HEALTHY, "running") if task.health == "HEALTHY" else State(Status.UNKNOWN, "no health check")
    return _target_state(target_of(service, task))


def _target_state(target: Target | None) -> State:
    if target is None or target.state == "initial":
        return State(CHANGING, "joining")
    if target.state == "healthy":
        return State(HEALTHY, "healthy")
    if target.state == "draining":
        return State(CHANGING, "draining")
    if target.state.startswith("unhealthy"):
        return State(DOWN, "unhealthy")
    if target.state == "unused":
        return State(DOWN, "gets no traffic")
    return State(Status.UNKNOWN, "not checked")


def healthy_tasks(service: FargateService, *, targets_read: bool = True) -> tuple[FargateTask, ...]:
    """The tasks that do their work now."""
    return tuple(t for t in present(service) if task_state(service, t, targets_read=targets_read).status is HEALTHY)


def service_state(service: FargateService, *, tasks_read: bool = True, targets_read: bool = True) -> State:
    """A service by how many of its tasks do their work. Without targets or tasks read, by ECS's own counts."""
    if service.status != "ACTIVE":
        return State(CHANGING if service.status == "DRAINING" else DOWN, service.status.lower())
    if service.desired == 0:
        return State(Status.PAUSED, "scaled to zero")
    if not tasks_read or not targets_read:
        # ECS's own count of running tasks is still a fact, but says nothing about their health.
        return State(DOWN, "no task runs") if service.running == 0 else State(Status.UNKNOWN, "health not read")
    serving = len(healthy_tasks(service))
    moving = any(task_state(service, task).status is CHANGING for task in present(service)) or service.pending > 0
    if serving == 0:
        return State(CHANGING, "starting") if moving and _first_start(service) else State(DOWN, "no healthy task")
    word = f"{serving} of {service.desired} healthy"
    if serving < service.desired:
        return State(CHANGING if moving and not _has_down_task(service) else DEGRADED, word)
    if any(d.rollout == "IN_PROGRESS" for d in service.deployments) or moving:
        return State(CHANGING, word)
    return State(HEALTHY, word)


def _has_down_task(service: FargateService) -> bool:
    return any(task_state(service, task).status is DOWN for task in present(service))


def _first_start(service: FargateService) -> bool:
    """Whether the service never ran before: its only deployment is still on its way and nothing has failed."""
    return len(service.deployments) == 1 and all(
        d.rollout == "IN_PROGRESS" and d.failed == 0 for d in service.deployments
    )


def database_state(database: Database) -> State:
    """The instance by RDS's status."""
    return _database_word(database.status)


def cluster_state(cluster: DatabaseCluster) -> State:
    """A DB cluster by RDS's status; nobody who takes writes is down, whatever RDS calls it."""
    state = _database_word(cluster.status)
    return State(DOWN, "no writer") if state.status is HEALTHY and cluster.writer is None else state


def cluster_member_state(member: ClusterMember, cluster: DatabaseCluster) -> State:
    """A member by its own status, or the cluster's where it is not known."""
    return _database_word(member.status or cluster.status)


def _database_word(status: str) -> State:
    if status.startswith(_DATABASE_SERVES):
        return State(HEALTHY, status)
    if status.startswith(_DATABASE_DOWN):
        return State(DOWN, status)
    return State(CHANGING, status)


def standby_state(database: Database) -> State | None:
    """The standby of a Multi-AZ instance; None when there is none and none is being made."""
    if database.multi_az and database.secondary_zone:
        return State(HEALTHY, "takes over; not readable")
    if database.multi_az or dict(database.pending).get("MultiAZ", "").lower() == "true":
        return State(CHANGING, "being made")
    return None


def cache_state(cache: Cache) -> State:
    """The replication group by ElastiCache's status."""
    return _cache_word(cache.status)


def cache_node_state(node: CacheNode, cache: Cache) -> State:
    """A member by its own status, or the group's where ElastiCache gives none."""
    return _cache_word(node.status or cache.status)


def _cache_word(status: str) -> State:
    if status in ("available", "snapshotting"):
        return State(HEALTHY, status)
    return State(DOWN if status.startswith(_CACHE_DOWN) else CHANGING, status)


def link_state(link: VpcLink) -> State:
    """A VPC link: INACTIVE (unused for 60 days) fails the first calls, so it is degraded."""
    return _looked_up(_LINK, link.status)


def balancer_state(balancer: LoadBalancer) -> State:
    """The load balancer itself, not its targets."""
    return _looked_up(_BALANCER, balancer.state)


def nat_state(nat: NatGateway) -> State:
    """A NAT gateway."""
    return _looked_up(_NAT, nat.state)


def zone_state(zone: Zone) -> State:
    """An Availability Zone as EC2 calls it; "unavailable" is down."""
    return State(DOWN, "unavailable") if zone.state == "unavailable" else _looked_up(_ZONE, zone.state)


def stack_state(stack: Stack) -> State:
    """A stack by CloudFormation's status. Rolled back is degraded: it runs, but is not what was asked for."""
    word = stack.status.lower().replace("_", " ")
    if stack.status.endswith("_IN_PROGRESS"):
        return State(CHANGING, word)
    if stack.status.endswith("_FAILED") or "ROLLBACK" in stack.status:
        return State(DEGRADED, word)
    return State(HEALTHY, word)
