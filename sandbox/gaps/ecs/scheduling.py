"""What the scheduler is told between its looks: when to look, what failed, what stopped (aws-facts 3.2, 3.5)."""

from sandbox.clock import clock
from sandbox.gaps.ecs.records import Service, Task, service_of

LOOK = 1  # seconds from a change to the scheduler's next look
PATIENCE = 10  # seconds more before each further try when tasks keep failing
LONGEST_PATIENCE = 900


def wake(service: Service, seconds: float = LOOK) -> None:
    """Have the scheduler look at the service soon."""
    where = {"account": service.account, "region": service.region}
    clock.after(seconds, "ecs.reconcile", cluster=service.cluster_name, service=service.name, **where)


def wake_for(task: Task) -> None:
    """The same for the service a task belongs to, if any."""
    service = service_of(task)
    if service is not None:
        wake(service)


def note_failure(task: Task, code: str, was_running: bool) -> None:
    """Count a task that failed by itself against its deployment, and be slower to try again."""
    service = service_of(task)
    if service is None or code not in ("TaskFailedToStart", "EssentialContainerExited"):
        return
    count_failure(service, task)
    if code == "TaskFailedToStart" or not service.steady:
        service.failures += 1
        wait = min(LONGEST_PATIENCE, PATIENCE * service.failures)
        service.not_before = clock.time() + wait / clock.speed
        wake(service, wait + LOOK)


def count_failure(service: Service, task: Task) -> None:
    """One more failed task in the deployment that started it; a settled deployment does not count."""
    for deployment in service.deployments:
        if deployment["id"] == task.data.get("startedBy") and deployment["rolloutState"] == "IN_PROGRESS":
            deployment["failedTasks"] += 1
            deployment["updatedAt"] = clock.now()


def tell_stopped(task: Task) -> None:
    """The event for a task that the scheduler stopped; tasks that end by themselves have none."""
    service = service_of(task)
    if service is None or task.data["stopCode"] != "ServiceSchedulerInitiated":
        return
    where = f" in {task.zone} due to AZ rebalancing" if task.replaced_for_zones else ""
    service.note(f"has stopped {{n}} running tasks{where}", task.id)
    wake(service)
