"""Tasks protected from scale-in and from deployments, for a while (UpdateTaskProtection, GetTaskProtection).

What protects a task says nothing of its health: an unhealthy one is replaced all the same.
"""

from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException

from sandbox.clock import clock, transition
from sandbox.gaps.ecs.records import Task, find_task
from sandbox.gaps.ecs.scheduling import wake_for

PROTECTED_AT_ONCE, SHOWN_AT_ONCE = 10, 100
USUAL, LONGEST = 120, 2880  # minutes


def protected(task: Task) -> bool:
    """Whether the task may not be stopped by scaling in or by a deployment now."""
    return task.protected_until is not None and task.protected_until > clock.now()


def update_task_protection(self: Any) -> ActionResult:
    """UpdateTaskProtection: ten tasks of services at most, one minute to two days."""
    given = self._get_params()
    asked = given.get("tasks") or []
    if not 1 <= len(asked) <= PROTECTED_AT_ONCE:
        raise InvalidParameterException(f"Specify between 1 and {PROTECTED_AT_ONCE} tasks.")
    minutes = int(given.get("expiresInMinutes") or USUAL)
    if not 1 <= minutes <= LONGEST:
        raise InvalidParameterException(f"expiresInMinutes must be between 1 and {LONGEST}.")
    found, failures = _sorted_out(self.ecs_backend, given, asked)
    for task in found:
        task.protected_until = clock.now() + timedelta(minutes=minutes) if given.get("protectionEnabled") else None
        if task.protected_until is not None:  # dates are the clock's own, whatever the speed
            wait = (minutes * 60 + 1) * clock.speed
            clock.after(wait, "ecs.unprotect", account=task.account, region=task.region, task=task.task_arn)
        wake_for(task)
    return ActionResult({"protectedTasks": [_shape(task) for task in found], "failures": failures})


def get_task_protection(self: Any) -> ActionResult:
    """GetTaskProtection: a hundred tasks at most; all of the cluster's services when none is named."""
    given = self._get_params()
    cluster = self.ecs_backend._get_cluster(given.get("cluster", "default"))
    asked = given.get("tasks") or []
    if len(asked) > SHOWN_AT_ONCE:
        raise InvalidParameterException(f"Specify at most {SHOWN_AT_ONCE} tasks.")
    if not asked:
        known = self.ecs_backend.tasks.get(cluster.name, {}).values()
        asked = [t.task_arn for t in known if isinstance(t, Task) and t.service_name and t.status == "RUNNING"]
    found, failures = _sorted_out(self.ecs_backend, given, asked)
    return ActionResult({"protectedTasks": [_shape(task) for task in found], "failures": failures})


def _sorted_out(backend: Any, given: dict[str, Any], asked: list[str]) -> tuple[list[Task], list[dict[str, str]]]:
    cluster = backend._get_cluster(given.get("cluster", "default"))
    known = {t.id: t for t in backend.tasks.get(cluster.name, {}).values() if isinstance(t, Task)}
    found, failures = [], []
    for one in asked:
        task = known.get(one.rsplit("/", 1)[-1])
        if task is None:
            prefix = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:task/{cluster.name}/"
            failures.append({"arn": one if one.startswith("arn:") else prefix + one, "reason": "MISSING"})
        elif not task.service_name or task.desired_status != "RUNNING" or task.status != "RUNNING":
            detail = "Only a running task of a service can be protected."
            failures.append({"arn": task.task_arn, "reason": "TASK_NOT_VALID", "detail": detail})
        else:
            found.append(task)
    return found, failures


def _shape(task: Task) -> dict[str, Any]:
    on = protected(task)
    until = {"expirationDate": task.protected_until} if on else {}
    return {"taskArn": task.task_arn, "protectionEnabled": on, **until}


@transition("ecs.unprotect")
def unprotect(account: str, region: str, task: str) -> None:
    """Protection ended: the scheduler may do what waited for it."""
    found = find_task(account, region, task)
    if found is not None and not protected(found):
        wake_for(found)
