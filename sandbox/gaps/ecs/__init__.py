"""Mends moto's ecs: services that really run Fargate tasks, over the zones, over time.

Facts: aws-facts 3 (limits, fields, spread, event strings), 13.2 ("create_service: desired 3 -> running 0, no tasks, no
events"); moto.md 2 ("list_tasks for a service: empty", "run_task FARGATE: all tasks in subnets[0]"), 13.1
(service deployments and revisions, task protection).
Remove when moto places, runs, replaces and rolls out a service's tasks by itself.

Parts: `rules` decides (pure), `records` remembers, `scheduler` looks at services and `seeing` at tasks, `lifecycle`
moves tasks, `scheduling` is what tasks tell the scheduler, `releases` is what the newer deployment API remembers;
`services`, `tasks`, `definitions`, `deployments` and `protection` answer the calls.
"""

from typing import Any

from moto.ecs.responses import EC2ContainerServiceResponse

from sandbox.gaps import elbv2
from sandbox.gaps.ecs import definitions, deployments, outage, protection, seeing, services, tasks
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
    deployments.list_service_deployments,
    deployments.describe_service_deployments,
    deployments.describe_service_revisions,
    deployments.stop_service_deployment,
    protection.update_task_protection,
    protection.get_task_protection,
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
    elbv2.health_changed.append(seeing.health_changed)
    on_zone_change(outage.zone_changed)


__all__ = ["Service", "crash_task", "find_service", "mend", "set_desired"]
