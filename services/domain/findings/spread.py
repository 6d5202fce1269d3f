"""Findings about where tasks run: how many, in how many zones, and whether they serve."""

from collections import Counter
from collections.abc import Iterator

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.findings.entrance import ZONES_REQUIRED
from services.domain.snapshot import FargateService, FargateTask, Part, Snapshot
from services.domain.states import healthy_tasks, present, target_of, task_state
from services.domain.status import Status
from services.domain.wording import counted, listed, spelled

HERE = (Part.SERVICES, Part.TASKS)


def serving(snapshot: Snapshot) -> Iterator[Finding]:
    """A service without a healthy task, and one with fewer running tasks than it wants."""
    for service in snapshot.services:
        if service.desired == 0 or service.status != "ACTIVE":
            continue
        if not healthy_tasks(service):
            yield _found(
                service,
                "service-down",
                f"{service.name} has no healthy task",
                f"{service.desired} wanted, {service.running} running, none healthy: its requests fail.",
                "Read its stopped tasks' reasons and its events; roll the last deployment back if it was one.",
                Status.DOWN,
                Part.TASKS,
            )
        elif service.running < service.desired:
            moving = service.pending > 0 or any(d.rollout == "IN_PROGRESS" for d in service.deployments)
            yield _found(
                service,
                "service-short",
                f"{service.name} runs {service.running} of {counted(service.desired, 'task')}",
                f"{service.pending} starting; until then the others carry its load.",
                "Wait for ECS to start them." if moving else "Read its events: ECS says why it cannot place a task.",
                Status.CHANGING if moving else Status.DEGRADED,
            )


def redundancy(snapshot: Snapshot) -> Iterator[Finding]:
    """One task, too few zones, or zones carrying unlike numbers of tasks."""
    for service in snapshot.services:
        if service.desired == 1:
            only = present(service)
            where = f" in {only[0].zone}" if len(only) == 1 and only[0].zone else ""
            yield _found(
                service,
                "one-task",
                f"{service.name} runs one task",
                f"One task{where} carries all of its requests; if it or its zone is lost, the service stops.",
                "Run a task in each of three zones (minimum capacity 3).",
            )
            continue
        yield from _over_zones(snapshot, service)


def _over_zones(snapshot: Snapshot, service: FargateService) -> Iterator[Finding]:
    """ECS balances running tasks, so tasks that are starting or stopping do not count against it."""
    running = [t for t in present(service) if t.last_status == "RUNNING" and t.desired_status == "RUNNING" and t.zone]
    zones = Counter(str(task.zone) for task in running)
    wanted = min(ZONES_REQUIRED, service.desired)
    if not running:
        return
    if len(zones) < wanted:
        yield _found(
            service,
            "few-zones",
            f"{service.name} runs in {spelled(len(zones))} of {spelled(wanted)} zones",
            f"Its {counted(len(running), 'running task')} are in {listed(sorted(zones))}"
            f"{'; losing that zone stops it' if len(zones) == 1 else ''}.",
            "Give it subnets in three zones and turn zone rebalancing on.",
            part=Part.TASKS,
        )
        return
    # A zone of the service's subnets without any task counts as zero.
    places = {s.zone for s in snapshot.network.subnets if s.subnet_id in service.subnet_ids} if snapshot.network else ()
    counts = {zone: zones.get(zone, 0) for zone in {*zones, *places}}
    if max(counts.values()) - min(counts.values()) > 1:
        share = listed([f"{count} in {zone}" for zone, count in sorted(counts.items())])
        yield _found(
            service,
            "unbalanced",
            f"{service.name} is unbalanced over its zones",
            f"It runs {share}; losing the fullest zone takes more than its share.",
            "Turn zone rebalancing on, or force a new deployment.",
            part=Part.TASKS,
        )


def subnets(snapshot: Snapshot) -> Iterator[Finding]:
    """Services that may only run in too few zones."""
    zone_of = {subnet.subnet_id: subnet.zone for subnet in snapshot.network.subnets} if snapshot.network else {}
    for service in snapshot.services:
        zones = {zone_of.get(subnet_id) for subnet_id in service.subnet_ids}
        # A subnet that is not in the network read is unknown: no accusation on half the facts.
        if zones and None not in zones and len(zones) < ZONES_REQUIRED:
            yield _found(
                service,
                "service-subnets",
                f"{service.name} may run in {spelled(len(zones))} of three zones",
                f"Its subnets are in {listed(sorted(str(zone) for zone in zones))} only.",
                "Add compute subnets of the missing zones to the service.",
            )


def tasks(snapshot: Snapshot) -> Iterator[Finding]:
    """Each task that does not get or does not survive its health checks. The service's other tasks carry on, so one
    task down only degrades the environment; the service without any is another finding."""
    for service in snapshot.services:
        for task in present(service):
            state = task_state(service, task)
            if state.status is Status.DOWN:
                yield Finding(
                    "task-unhealthy",
                    Status.DOWN,
                    Subject.task(task.task_id),
                    f"{service.name} task {task.task_id[:4]} {_verb(state.word)}",
                    f"{_reason(service, task)} In {task.zone or 'an unknown zone'}; it gets no traffic.",
                    Requirement.BALANCING,
                    "ECS replaces it after repeated failures; its logs say why it fails.",
                    Part.TARGETS,
                    weighs=Status.DEGRADED,
                )


def _verb(word: str) -> str:
    return word if word.startswith("gets") else f"is {word}"


def _reason(service: FargateService, task: FargateTask) -> str:
    target = target_of(service, task)
    if target is not None and target.state != "healthy" and (target.description or target.reason):
        return f"{(target.description or target.reason or '').rstrip('.')}."
    return "Its own health check fails." if task.health == "UNHEALTHY" else "Its target is not healthy."


def targets(snapshot: Snapshot) -> Iterator[Finding]:
    """Healthy targets in one zone only, and unhealthy targets that belong to no task."""
    for service in snapshot.services:
        group = service.target_group
        if group is None:
            continue
        zones = {target.zone for target in group.targets if target.state == "healthy"}
        if len(group.targets) > 1 and service.desired > 1 and len(zones) == 1 and None not in zones:
            yield _found(
                service,
                "targets-one-zone",
                f"{service.name} gets traffic in one zone only",
                f"Every healthy target of {group.name} is in {next(iter(zones))}.",
                "Mend the targets of the other zones; losing this one stops the service.",
                part=Part.TARGETS,
            )
        known = {task.ip for task in present(service)}
        strange = [t for t in group.targets if t.state.startswith("unhealthy") and t.ip not in known]
        if strange:
            yield _found(
                service,
                "targets-unhealthy",
                f"{counted(len(strange), 'unhealthy target')} of {service.name} without a task",
                f"{listed([t.ip for t in strange])}: {strange[0].description or strange[0].reason or 'no reason'}.",
                "Deregister it if no task stands behind it.",
                part=Part.TARGETS,
            )


def _found(
    service: FargateService, rule: str, title: str, why: str, mend: str, status: Status = Status.DEGRADED,
    part: Part = Part.SERVICES,
) -> Finding:  # fmt: skip
    return Finding(rule, status, Subject.service(service.name), title, why, Requirement.SERVICES, mend, part)


RULES = (
    Rule(serving, (*HERE, Part.TARGETS)),
    Rule(tasks, (*HERE, Part.TARGETS)),
    Rule(redundancy, HERE),
    Rule(targets, (*HERE, Part.TARGETS)),
    Rule(subnets, (Part.SERVICES, Part.NETWORK)),
)
