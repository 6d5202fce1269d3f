"""The services with their tasks by zone."""

from datetime import datetime

from services.domain.finding import Subject
from services.domain.snapshot import FargateService, FargateTask, Part, ScalingPolicy
from services.domain.states import healthy_tasks, present, service_state, target_of, task_state
from services.domain.status import State, Status
from services.domain.topology.eye import Eye, present_only, switch
from services.domain.topology.model import Cell, Detail, Kind, Node, Row
from services.domain.wording import counted, listed

SHOWN_EVENTS = 3

_POLICIES = {
    "ECSServiceAverageCPUUtilization": "Scales on CPU",
    "ECSServiceAverageMemoryUtilization": "Scales on memory",
    "ALBRequestCountPerTarget": "Scales on requests",
}


def service_row(eye: Eye, service: FargateService, zones: tuple[str, ...]) -> Row:
    """A service, its tasks in their zones, and those that have no zone yet."""
    tasks = [_task(eye, service, task) for task in sorted(present(service), key=lambda task: task.task_id)]
    allowed = _allowed(eye, service)
    cells = tuple(
        Cell(zone, tuple(task for task in tasks if task.zone == zone), _empty(zone, allowed)) for zone in zones
    )
    return Row(_service(eye, service), cells, tuple(task for task in tasks if task.zone not in zones), service.name)


def _allowed(eye: Eye, service: FargateService) -> set[str] | None:
    network = eye.snapshot.network
    if network is None:
        return None
    return {subnet.zone for subnet in network.subnets if subnet.subnet_id in service.subnet_ids}


def _empty(zone: str, allowed: set[str] | None) -> str:
    """What an empty place says: a zone without a subnet of the service can never hold a task of it."""
    if allowed is None:
        return "no task"
    return "no task" if zone in allowed else "no task; no subnet"


def _service(eye: Eye, service: FargateService) -> Node:
    state = service_state(service, tasks_read=eye.was_read(Part.TASKS), targets_read=eye.was_read(Part.TARGETS))
    scaling = service.scaling
    bounds = f"{scaling.min_capacity} to {scaling.max_capacity}" if scaling else ""
    if not eye.was_read(Part.SCALING):
        bounds = "scaling not read"
    cpu, memory = eye.metric(service.name, "CPUUtilization"), eye.metric(service.name, "MemoryUtilization")
    per_target = eye.metric(service.name, "RequestCountPerTarget")
    answer = eye.metric(service.name, "TargetResponseTime")
    newest = next((d for d in service.deployments if d.status == "PRIMARY"), None)
    healthy = len(healthy_tasks(service, targets_read=eye.was_read(Part.TARGETS)))
    details: tuple[Detail | None, ...] = (
        eye.detail(
            Part.SERVICES, "Tasks", f"{service.running} running of {service.desired}, {service.pending} pending"
        ),
        eye.detail(Part.TARGETS, "Healthy", f"{healthy} of {counted(service.desired, 'task')}"),
        eye.detail(
            Part.SCALING,
            "Bounds",
            f"{bounds} tasks" if scaling and bounds[0].isdigit() else bounds or "no scalable target",
        ),
        *_policies(eye, service),
        eye.measured("CPU, memory", _load(cpu, memory), cpu, memory),
        eye.measured("Requests per target", f"{per_target.value / 60:.1f}/s" if per_target else "", per_target),
        eye.measured("Answers in", f"{answer.value * 1000:.0f} ms" if answer else "", answer),
        eye.detail(Part.SERVICES, "Revision", service.task_definition.rpartition("/")[2], code=True),
        eye.detail(Part.SERVICES, "Deployment", _rollout(newest.rollout, newest.updated_at) if newest else None),
        eye.detail(Part.SERVICES, "Circuit breaker", _breaker(service)),
        eye.detail(Part.SERVICES, "Zone rebalancing", switch(service.zone_rebalancing)),
        *(
            Detail(f"{event.at:%H:%M:%S}", event.message, event.at)
            for event in sorted(service.events, key=lambda event: event.at, reverse=True)[:SHOWN_EVENTS]
        ),
    )
    note = bounds or "no scaling"
    return eye.node(
        Subject.service(service.name), Kind.SERVICE, service.name, state, Part.SERVICES,
        note=f"{note}, cpu {cpu.value:.0f} %" if cpu else note, corner=_healthy_word(service, state, healthy),
        details=present_only(details),
        related=(*(Subject.task(task.task_id) for task in present(service)), Subject.BALANCER),
        aws=(("ARN", service.arn), *((("Target group", service.target_group.arn),) if service.target_group else ())),
        keys=(
            ("cluster", service.cluster),
            ("service", service.service_name),
            ("targets", service.target_group.arn if service.target_group else ""),
        ),
    )  # fmt: skip


def _healthy_word(service: FargateService, state: State, healthy: int) -> str:
    known = state.status not in (Status.UNKNOWN, Status.PAUSED)
    return f"{healthy} of {service.desired} healthy" if known else state.word


def _load(cpu: object, memory: object) -> str:
    values = [getattr(metric, "value", None) for metric in (cpu, memory)]
    return ", ".join(f"{value:.0f} %" for value in values if value is not None)


def _rollout(word: str, at: datetime | None) -> str:
    return f"{word.lower().replace('_', ' ')}{f' since {at:%d %b %H:%M}' if at else ''}"


def _breaker(service: FargateService) -> str:
    return "off" if not service.circuit_breaker else f"on, rollback {switch(service.circuit_breaker_rollback)}"


def _policies(eye: Eye, service: FargateService) -> list[Detail]:
    if service.scaling is None:
        return []
    return [
        eye.detail(Part.SCALING, _POLICIES.get(policy.metric or "", policy.name), _policy(policy))
        for policy in service.scaling.policies
    ]


def _policy(policy: ScalingPolicy) -> str:
    if policy.target is None:
        return policy.type
    cool = f"waits {policy.scale_out_cooldown} s after out, {policy.scale_in_cooldown} s after in"
    return f"target {policy.target:g}, {cool}{', never in' if policy.scale_in_disabled else ''}"


def _task(eye: Eye, service: FargateService, task: FargateTask) -> Node:
    """A task is as old as the older of its two sources: ECS says that it runs, the load balancer that it serves."""
    state = task_state(service, task, targets_read=eye.was_read(Part.TARGETS))
    target = target_of(service, task)
    details = (
        *eye.details(
            Part.TASKS,
            ("Service", service.name),
            ("Zone", task.zone),
            ("ECS says", f"{task.last_status}, wanted {task.desired_status}"),
            ("Health check", task.health),
            ("Started", f"{task.started_at:%Y-%m-%d %H:%M:%S}" if task.started_at else None),
            ("Address", task.ip),
        ),
        eye.detail(
            Part.TARGETS,
            "Load balancer says",
            listed([part for part in (target.state, target.reason or "", target.description or "") if part])
            if target
            else "not registered",
        ),
        eye.detail(Part.TASKS, "Revision", task.task_definition.rpartition("/")[2], code=True),
    )
    return eye.node(
        Subject.task(task.task_id), Kind.TASK, task.task_id[:4], state, Part.TASKS, zone=task.zone,
        note=_up(eye.now, task.started_at), details=details, related=(Subject.service(service.name),),
        aws=(("Task", task.task_id), ("ARN", task.arn), ("Network interface", task.eni or "not known")),
        keys=(("cluster", service.cluster), ("task", task.task_id), ("service", service.name)),
    )  # fmt: skip


def _up(now: datetime, started: datetime | None) -> str:
    """How long a task has run, in its largest unit."""
    if started is None:
        return ""
    seconds = max(0, int((now - started).total_seconds()))
    minutes = seconds // 60
    if not minutes:
        return f"up {seconds} s"
    if minutes < 60:
        return f"up {minutes} min"
    return f"up {minutes // 60} h" if minutes < 48 * 60 else f"up {minutes // 1440} d"
