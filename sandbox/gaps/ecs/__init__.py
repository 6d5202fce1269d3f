"""Mends moto's ecs: services that really run Fargate tasks, over the zones, over time.

Facts: aws-facts 3 (limits, fields, spread, event strings), 13.2 ("create_service: desired 3 -> running 0, no tasks, no
events"); moto.md 2 ("list_tasks for a service: empty", "run_task FARGATE: all tasks in subnets[0]").
Remove when moto places, runs, replaces and rolls out a service's tasks by itself.

Parts: `rules` decides (pure), `records` remembers, `scheduler` looks at services, `lifecycle` moves tasks, `scheduling`
is what tasks tell the scheduler, `services`, `tasks` and `definitions` answer the calls.
"""

from typing import Any

from moto.ecs.responses import EC2ContainerServiceResponse

from sandbox.gaps import elbv2
from sandbox.gaps.ecs import definitions, outage, scheduler, services, tasks
from sandbox.gaps.ecs.records import Service, find_service
from sandbox.gaps.ecs.scheduler import set_desired
from sandbox.gaps.ecs.tasks import crash_task
from sandbox.weather.placement import on_zone_change

HANDLERS: tuple[Any, ...] = (
    services.create_service,
    services.update_service,
    services.delete_service,
    services.describe_services,
    services.list_services,
    tasks.run_task,
    tasks.stop_task,
    tasks.describe_tasks,
    tasks.list_tasks,
    definitions.describe_clusters,
    definitions.list_clusters,
)
WRAPPERS: tuple[Any, ...] = (
    definitions.register_task_definition,
    definitions.create_cluster,
    definitions.delete_cluster,
)


def mend() -> None:
    """Patch moto once."""
    response = EC2ContainerServiceResponse
    if response.create_service is services.create_service:
        return
    for handler in HANDLERS:
        setattr(response, handler.__name__, handler)
    for wrapper in WRAPPERS:
        setattr(response, wrapper.__name__, wrapper(getattr(response, wrapper.__name__)))
    elbv2.health_changed.append(scheduler.health_changed)
    on_zone_change(outage.zone_changed)


__all__ = ["Service", "crash_task", "find_service", "mend", "set_desired"]
