"""What a failed zone does to the tasks in it, and its recovery."""

from moto.ecs.models import ecs_backends

from sandbox.clock import clock, transition
from sandbox.gaps.ecs import lifecycle, scheduling
from sandbox.gaps.ecs.records import STARTING, Service, Task
from sandbox.weather.placement import zones_down

GIVEN_UP = 60  # seconds until the scheduler gives up the tasks of a zone


@transition("ecs.lose")
def lose(account: str, region: str, zone: str) -> None:
    """The scheduler gives up the tasks of a zone that is still down."""
    if zone not in zones_down():
        return
    for tasks in list(ecs_backends[account][region].tasks.values()):
        for task in [t for t in tasks.values() if isinstance(t, Task) and t.zone == zone]:
            if task.desired_status == "RUNNING":
                task.data["healthStatus"] = "UNHEALTHY"
                for container in task.data["containers"]:
                    container["healthStatus"] = "UNHEALTHY"
                scheduling.wake_for(task)


def zone_changed(zone: str, failed: bool) -> None:
    """Tasks of a failed zone lose their connection at once and are given up a minute later; those still there when it
    recovers go on."""
    for account, regions in list(ecs_backends.items()):
        for region, backend in list(regions.items()):
            here = [t for tasks in backend.tasks.values() for t in tasks.values() if isinstance(t, Task)]
            for task in [t for t in here if t.zone == zone and t.desired_status == "RUNNING"]:
                _reconnect(task, not failed)
            if failed:
                clock.after(GIVEN_UP, "ecs.lose", account=account, region=region, zone=zone)
            for service in list(backend.services.values()):
                if isinstance(service, Service):
                    scheduling.wake(service)


def _reconnect(task: Task, connected: bool) -> None:
    task.data["connectivity"] = "CONNECTED" if connected else "DISCONNECTED"
    task.data["connectivityAt"] = clock.now()
    if not connected:
        return
    if task.status in STARTING:
        lifecycle.next_step(task, lifecycle.PROVISIONING)
    for shown in (task.data, *task.data["containers"]):
        shown["healthStatus"] = "UNKNOWN"
    if task.status == "RUNNING" and lifecycle.has_health_check(task):
        clock.after(lifecycle.HEALTH_CHECK, "ecs.examine", account=task.account, region=task.region, task=task.task_arn)
