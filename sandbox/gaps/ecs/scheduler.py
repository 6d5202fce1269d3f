"""The service scheduler: looks at a service and takes the next step to what it should be (aws-facts 3.2, 3.3, 3.5)."""

from collections import Counter
from copy import deepcopy
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends

from sandbox.clock import clock, transition
from sandbox.gaps import elbv2
from sandbox.gaps.ecs import lifecycle, releases, rules
from sandbox.gaps.ecs.ending import stop
from sandbox.gaps.ecs.protection import protected
from sandbox.gaps.ecs.records import Service, Task, begun, find_service, new_deployment, tasks_in
from sandbox.gaps.ecs.scheduling import count_failure, wake
from sandbox.gaps.ecs.seeing import shape_of
from sandbox.weather.placement import least, order_for, zones_down

REST = 5  # seconds a deployment is left in peace before it can be called completed
RETRY = 30  # seconds until placement is tried again when no zone stands
NO_CAPACITY = (
    "was unable to place a task. Reason: Capacity is unavailable at this time. "
    "Please try again later or in a different availability zone."
)
NO_INSTANCES = (
    "was unable to place a task because no container instance met all of its requirements. "
    "Reason: No Container Instances were found in your cluster."
)
BY_DEPLOYMENT = "Scaling activity initiated by (deployment {id})"
ROLLED_OUT = ("taskDefinition", "networkConfiguration", "platformVersion", "capacityProviderStrategy", "loadBalancers")


@transition("ecs.reconcile")
def reconcile(account: str, region: str, cluster: str, service: str) -> None:
    """One look at one service."""
    found = find_service(account, region, cluster, service)
    if found is None or found.status == "INACTIVE":
        return
    found.speak()
    if found.status == "DRAINING":
        _drain(found)
        return
    _forget_finished(found)
    releases.advance(found)
    if _breaker_trips(found):
        wake(found)
        return
    _step(found)
    _settle(found)


def begin_deployment(service: Service, reason: str | None = None) -> None:
    """Make what the service's data now says the primary deployment."""
    for deployment in service.deployments:
        deployment["status"] = "ACTIVE"
    deployment = new_deployment(service, reason)
    releases.begin(service, deployment)
    service.deployments.insert(0, deployment)
    service.steady, service.failures, service.not_before, service.rebalancing = False, 0, 0.0, []
    for hear in begun:
        hear(service)
    wake(service, 2)


def set_desired(service: Service, count: int) -> None:
    """Change the number of tasks wanted: no deployment starts."""
    if count != service.desired_count:
        service.data["desiredCount"] = count
        service.primary.update(desiredCount=count, updatedAt=clock.now())
        service.steady = False
        wake(service)


def _seen(service: Service) -> list[rules.Seen]:
    newest = service.primary["id"]
    return [
        rules.Seen(
            task.id,
            task.zone,
            task.data.get("startedBy") == newest,
            shape_of(service, task),
            age,
            protected(task),
        )
        for age, task in enumerate(service.tasks())
    ]


def _percent(service: Service) -> tuple[int, int]:
    configuration = service.data["deploymentConfiguration"]
    return int(configuration["minimumHealthyPercent"]), int(configuration["maximumPercent"])


def _forget_finished(service: Service) -> None:
    busy = {t.data.get("startedBy") for t in tasks_in(service) if t.status != "STOPPED"}
    service.deployments = [d for d in service.deployments if d["status"] == "PRIMARY" or d["id"] in busy]


def _breaker_trips(service: Service) -> bool:
    """Fail the primary deployment when too many of its tasks failed; roll back when asked and possible."""
    primary = service.primary
    breaker = service.data["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
    limit = rules.failure_threshold(service.desired_count)
    if not breaker.get("enable") or primary["rolloutState"] != "IN_PROGRESS" or primary["failedTasks"] < limit:
        return False
    reason = "ECS deployment circuit breaker: tasks failed to start."
    primary.update(rolloutState="FAILED", rolloutStateReason=reason, updatedAt=clock.now())
    service.tell(f"(deployment {primary['id']}) deployment failed: tasks failed to start.")
    last = service.completed
    if breaker.get("rollback") and last and last["deployment"]["id"] != primary["id"]:
        back = last["deployment"]["id"]
        why = f"ECS deployment circuit breaker: rolling back to deploymentId {back}."
        roll_back(service, why, triggered=True)
    else:
        releases.fail(service, reason)
    return True


def roll_back(service: Service, reason: str, *, triggered: bool = False) -> None:
    """Make the last deployment that completed the primary one again; there must be one."""
    last = service.completed
    if last is None:
        return
    service.deployments[0].update(status="ACTIVE", desiredCount=0)
    service.data.update(deepcopy(last["data"]))
    back = deepcopy(last["deployment"])
    back.update(
        status="PRIMARY",
        desiredCount=service.desired_count,
        failedTasks=0,
        rolloutState="IN_PROGRESS",
        rolloutStateReason=reason,
        updatedAt=clock.now(),
    )
    service.deployments = [back, *[d for d in service.deployments if d["id"] != back["id"]]]
    releases.roll_back(service, back["id"], reason, triggered=triggered)
    service.tell(f"rolling back to deployment {back['id']}.")
    service.steady, service.failures, service.not_before = False, 0, 0.0
    wake(service)


def _step(service: Service) -> None:
    seen = _seen(service)
    shapes = {one.id: one.shape for one in seen}
    service.rebalancing = [i for i in service.rebalancing if shapes.get(i) == rules.STARTING]
    least_percent, most_percent = _percent(service)
    decision = rules.decide(service.desired_count, least_percent, most_percent, seen, extra=len(service.rebalancing))
    if decision.start and service.primary["rolloutState"] != "FAILED":
        _start(service, decision.start, decision.replaced)
    for task in [t for t in service.tasks() if t.id in decision.stop]:
        _stop(service, task, shapes[task.id])


def _start(service: Service, count: int, replaced: int) -> None:
    if clock.time() < service.not_before:
        return
    started = place(service, count)
    if started:
        names = " ".join(f"(task {task.id})" for task in started)
        suffix = f" Amazon ECS replaced {replaced} tasks due to an unhealthy status." if replaced else ""
        service.tell(f"has started {len(started)} tasks: {names}.{suffix}")
    elif not service.unplaced:
        service.tell(NO_CAPACITY if service.fargate else NO_INSTANCES)
    service.unplaced = not started
    if not started and service.fargate:
        wake(service, RETRY)


def place(service: Service, count: int, zone: str | None = None) -> list[Task]:
    """Start tasks of the primary deployment, each in the standing zone with the fewest; none when no zone stands."""
    if not service.fargate:
        return []
    backend = ecs_backends[service.account][service.region]
    ec2 = ec2_backends[service.account][service.region]
    subnets = {s.availability_zone: s for s in (ec2.get_subnet(i) for i in reversed(service.subnets))}
    zones = [z for z in order_for(service.name, subnets) if z not in zones_down()]
    if not zones:
        return []
    definition = backend.describe_task_definition(service.data["taskDefinition"])
    sound = [t for t in service.tasks() if t.data["healthStatus"] != "UNHEALTHY"]
    mine = Counter(t.zone for t in sound if t.data.get("startedBy") == service.primary["id"])
    everyone = Counter(t.zone for t in sound)
    strategy = service.data.get("capacityProviderStrategy") or [{}]
    started = []
    for _ in range(count):
        chosen = zone or least(zones, mine, everyone)
        mine[chosen] += 1
        everyone[chosen] += 1
        started.append(
            lifecycle.start(
                backend,
                definition,
                subnets[chosen],
                service,
                cluster=service.cluster_name,
                group=f"service:{service.name}",
                startedBy=service.primary["id"],
                securityGroups=service.data["networkConfiguration"]["awsvpcConfiguration"].get("securityGroups"),
                enableExecuteCommand=service.data.get("enableExecuteCommand"),
                capacityProviderName=strategy[0].get("capacityProvider"),
                tags=_task_tags(service, definition),
            )
        )
    return started


def _task_tags(service: Service, definition: Any) -> list[dict[str, str]]:
    source = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}.get(service.data["propagateTags"], [])
    managed = []
    if service.data.get("enableECSManagedTags"):
        managed = [
            {"key": "aws:ecs:clusterName", "value": service.cluster_name},
            {"key": "aws:ecs:serviceName", "value": service.name},
        ]
    return [*source, *managed]


def _stop(service: Service, task: Task, shape: str) -> None:
    reason = BY_DEPLOYMENT.format(id=service.primary["id"])
    if shape == rules.UNHEALTHY:
        count_failure(service, task)
        groups = [group for group, _ in service.target_groups]
        bad = [g for g in groups if elbv2.state_of(task.account, task.region, g, task.ip) == "unhealthy"]
        reason = "Task failed container health checks"
        if bad:
            reason = f"Task failed ELB health checks in (target-group {bad[0]})"
    elif service.moving_from == task.zone:
        task.replaced_for_zones = True
        service.moving_from = None
    stop(task, "ServiceSchedulerInitiated", reason)


def _drain(service: Service) -> None:
    for task in service.tasks():
        stop(task, "ServiceSchedulerInitiated", BY_DEPLOYMENT.format(id=service.primary["id"]))
    if all(task.status == "STOPPED" for task in tasks_in(service)):
        service.status = "INACTIVE"


def _settle(service: Service) -> None:
    """When all is as wanted: say so once, and see to the zones."""
    seen = _seen(service)
    primary = service.primary
    others = [d for d in service.deployments[1:] if d["status"] == "ACTIVE"]
    whole = len(seen) == service.desired_count and all(s.newest and s.shape == rules.HEALTHY for s in seen)
    if not whole or others or primary["rolloutState"] == "FAILED":
        service.steady = service.steady and whole
        return
    if primary["rolloutState"] != "COMPLETED":
        if (clock.now() - primary["updatedAt"]).total_seconds() * clock.speed < REST:
            wake(service, REST)
            return
        reason = f"ECS deployment {primary['id']} completed."
        primary.update(rolloutState="COMPLETED", rolloutStateReason=reason, failedTasks=0, updatedAt=clock.now())
        kept = {key: service.data.get(key) for key in ROLLED_OUT}
        service.completed = deepcopy({"deployment": primary, "data": kept})
        releases.finish(service)
        service.tell(f"(deployment {primary['id']}) deployment completed.")
    service.failures = 0
    if not service.steady:
        service.steady = True
        service.tell("has reached a steady state.")
    _see_to_zones(service, seen)


def _see_to_zones(service: Service, seen: list[rules.Seen]) -> None:
    ec2 = ec2_backends[service.account][service.region]
    zones = sorted({ec2.get_subnet(i).availability_zone for i in service.subnets} - zones_down())
    if service.data["availabilityZoneRebalancing"] != "ENABLED" or not service.fargate:
        return
    counts = {**dict.fromkeys(zones, 0), **Counter(one.zone for one in seen)}
    target = rules.rebalance(zones, seen, _percent(service)[1])
    if target is None:
        if service.unbalanced:
            service.unbalanced = False
            service.tell(f"is AZ balanced with {rules.in_words(counts)}.")
        return
    if not service.unbalanced:
        service.tell(f"is not AZ balanced with {rules.in_words(counts)}. AZ Rebalancing in progress.")
    service.unbalanced = True
    service.moving_from = max(counts, key=lambda z: (counts[z], z))
    for task in place(service, 1, zone=target):
        service.rebalancing.append(task.id)
        service.tell(f"has started 1 tasks in {target} to AZ Rebalance: (task {task.id}).")
