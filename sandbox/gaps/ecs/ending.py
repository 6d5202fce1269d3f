"""A task on its way down (aws-facts 3.3): DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED, and then forgotten."""

from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.exceptions import ELBClientError

from sandbox.clock import clock, transition
from sandbox.gaps import elbv2
from sandbox.gaps.ecs import scheduling
from sandbox.gaps.ecs.records import Task, find_task, service_of
from sandbox.weather.placement import zones_down

STOPPING, DEPROVISIONING = 5, 10  # seconds
REMEMBERED = 3600  # a stopped task stays visible for an hour


def crash(task: Task, container: str | None = None, exit_code: int = 1) -> None:
    """An essential container ends by itself: the first one, or the one named."""
    for shown in task.data["containers"]:
        if container in (None, shown["name"]):
            shown["exitCode"] = exit_code
            break
    stop(task, "EssentialContainerExited", "Essential container in task exited")


def stop(task: Task, code: str, reason: str) -> None:
    """Set a task on its way to STOPPED. The scheduler lets its targets drain first; whatever else stops it does not."""
    if task.desired_status == "STOPPED":
        return
    was_running = task.status == "RUNNING"
    now = clock.now()
    task.data.update(desiredStatus="STOPPED", stopCode=code, stoppedReason=reason, stoppingAt=now)
    drained = _deregister(task) if task.status in ("ACTIVATING", "RUNNING") else 0.0
    scheduling.note_failure(task, code, was_running)
    task.move("DEACTIVATING" if was_running else "DEPROVISIONING")
    wait = drained if code == "ServiceSchedulerInitiated" else 1.0
    if not was_running:
        wait = DEPROVISIONING
    clock.after(wait, "ecs.descend", account=task.account, region=task.region, task=task.task_arn)
    scheduling.wake_for(task)


def _deregister(task: Task) -> float:
    """Take the task out of its target groups; returns the longest deregistration delay in seconds."""
    service, longest = service_of(task), 0.0
    for group, _ in service.target_groups if service else ():
        found = elbv2.find_group(task.account, task.region, group)
        if service is None or found is None or task.ip not in found.targets:
            continue
        try:
            found.deregister([{"Id": task.ip}])
        except ELBClientError:  # somebody else took it out already
            continue
        service.note(f"deregistered {{n}} targets in (target-group {group})")
        service.note("has begun draining connections on {n} tasks.")
        longest = max(longest, float(found.attributes["deregistration_delay.timeout_seconds"]))
    return longest


@transition("ecs.descend")
def descend(account: str, region: str, task: str) -> None:
    """One step towards STOPPED."""
    found = find_task(account, region, task)
    if found is None:
        return
    following = {"DEACTIVATING": ("STOPPING", STOPPING), "STOPPING": ("DEPROVISIONING", DEPROVISIONING)}
    if found.status in following:
        status, seconds = following[found.status]
        found.move(status)
        if status == "STOPPING":
            scheduling.tell_stopped(found)
        else:
            _end_containers(found)
        clock.after(seconds, "ecs.descend", account=account, region=region, task=task)
    elif found.status == "DEPROVISIONING":
        _end_containers(found)
        _finish(found)


def _end_containers(task: Task) -> None:
    task.data.setdefault("executionStoppedAt", clock.now())
    for container in task.data["containers"]:
        if task.data.get("startedAt"):
            asked = task.data["stopCode"] in ("ServiceSchedulerInitiated", "UserInitiated")
            container.setdefault("exitCode", 0 if asked else 137)


def _finish(task: Task) -> None:
    task.move("STOPPED")
    task.data["stoppedAt"] = clock.now()
    task.data["connectivity"] = "DISCONNECTED" if task.zone in zones_down() else "CONNECTED"
    for attachment in task.data["attachments"]:
        attachment["status"] = "DELETED"
    ec2 = ec2_backends[task.account][task.region]
    eni = ec2.enis.pop(task.eni_id, None)
    if eni is not None:
        eni.subnet.del_subnet_ip(task.ip)
    clock.after(REMEMBERED, "ecs.forget", account=task.account, region=task.region, task=task.task_arn)
    scheduling.wake_for(task)


@transition("ecs.forget")
def forget(account: str, region: str, task: str) -> None:
    """A stopped task disappears."""
    ecs_backends[account][region].tasks.get(task.rsplit("/", 2)[1], {}).pop(task, None)
