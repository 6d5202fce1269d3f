"""How the scheduler sees a task: what its containers and its load balancers say of it, and from when on that counts."""

from moto.ecs.models import ecs_backends

from sandbox.clock import clock
from sandbox.gaps import elbv2
from sandbox.gaps.ecs import lifecycle, rules
from sandbox.gaps.ecs.records import STARTING, Service, Task
from sandbox.gaps.ecs.scheduling import wake


def shape_of(service: Service, task: Task) -> str:
    """Whether the scheduler takes a task that is meant to run for starting, healthy or unhealthy."""
    if task.data["healthStatus"] == "UNHEALTHY":
        return rules.UNHEALTHY
    if task.status in STARTING:
        return rules.STARTING
    states = {elbv2.state_of(task.account, task.region, group, task.ip) for group, _ in service.target_groups}
    if "unhealthy" in states and not _in_grace(service, task):
        return rules.UNHEALTHY
    if states - {"healthy", "unused"} or (
        task.data["healthStatus"] == "UNKNOWN" and lifecycle.has_health_check(task) and task.data.get("startedAt")
    ):
        return rules.STARTING
    return rules.HEALTHY


def _in_grace(service: Service, task: Task) -> bool:
    return _grace_left(service, task) > 0


def _grace_left(service: Service, task: Task) -> float:
    """Seconds for which what the load balancer says of a task does not count yet."""
    grace = float(service.data.get("healthCheckGracePeriodSeconds") or 0)
    started = task.data.get("startedAt")
    if started is None:
        return grace + 1
    return grace - (clock.now() - started).total_seconds() * clock.speed


def health_changed(account: str, region: str, group: str, target: str) -> None:
    """A target's state changed: say so when it is unhealthy, and have its service looked at."""
    for service in list(ecs_backends[account][region].services.values()):
        if not isinstance(service, Service):
            continue
        for port in [p for g, p in service.target_groups if g == group]:
            for task in [t for t in service.tasks() if t.ip == target]:
                entry = elbv2.find_group(account, region, group).targets[target]
                if entry["State"] == "unhealthy":
                    where = f"(task {task.id}) (port {port}) is unhealthy in (target-group {group})"
                    service.tell(f"{where} due to (reason {entry['Description']}).")
                    if (left := _grace_left(service, task)) > 0:
                        wake(service, left + 1)
                wake(service)
