"""Findings about how services change: scaling bounds and policies, deployments, rebalancing."""

from collections.abc import Iterator
from functools import partial

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.findings.entrance import ZONES_REQUIRED
from services.domain.snapshot import FargateService, Part, Scaling, Snapshot
from services.domain.status import Status
from services.domain.wording import counted, listed

CPU, MEMORY = "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"
_WORDS = {CPU: "CPU", MEMORY: "memory", "ALBRequestCountPerTarget": "the number of requests per target"}
SCALED = (Part.SERVICES, Part.SCALING)


def deployments(snapshot: Snapshot) -> Iterator[Finding]:
    """A rollout that failed or is on its way, and services that would not stop or undo a bad one."""
    for service in snapshot.services:
        found = partial(_found, service, requirement=Requirement.SERVICES, part=Part.SERVICES)
        newest = next((d for d in service.deployments if d.status == "PRIMARY"), None)
        if newest is not None and newest.rollout == "FAILED":
            yield found(
                rule="rollout-failed",
                title=f"The last deployment of {service.name} failed",
                why=newest.reason or f"ECS says FAILED for {newest.deployment_id}.",
                mend="Read why its tasks stopped, then deploy a revision that starts.",
            )
        elif newest is not None and newest.rollout == "IN_PROGRESS":
            yield found(
                rule="rollout",
                status=Status.CHANGING,
                title=f"{service.name} is being deployed",
                why=f"{newest.running} of {newest.desired} new tasks run, {newest.failed} failed. {newest.reason or ''}"
                .rstrip(),
                mend="Wait; the circuit breaker rolls back a deployment whose tasks do not start."
                if service.circuit_breaker_rollback
                else "Watch it; nothing rolls it back by itself.",
            )  # fmt: skip
        if not service.circuit_breaker:
            yield found(
                rule="no-circuit-breaker",
                title=f"Nothing stops a bad deployment of {service.name}",
                why="The deployment circuit breaker is off: ECS keeps starting tasks that fail.",
                mend="Turn the deployment circuit breaker on, with rollback.",
            )
        elif not service.circuit_breaker_rollback:
            yield found(
                rule="no-rollback",
                title=f"A bad deployment of {service.name} is not rolled back",
                why="The circuit breaker stops a failing deployment but leaves it half done.",
                mend="Turn the circuit breaker's rollback on.",
            )
        if not service.zone_rebalancing:
            yield found(
                rule="no-rebalancing",
                title=f"{service.name} is not rebalanced over zones",
                why="Zone rebalancing is off: after a zone's trouble, an imbalance stays until the next deployment.",
                mend="Turn availabilityZoneRebalancing on.",
            )


def policies(snapshot: Snapshot) -> Iterator[Finding]:
    """No scaling at all, or not on CPU, or not on memory."""
    for service in snapshot.services:
        found = partial(_found, service, requirement=Requirement.SCALING, part=Part.SCALING)
        if service.scaling is None:
            yield found(
                rule="no-scaling",
                title=f"{service.name} does not scale",
                why=f"It has no scalable target: {counted(service.desired, 'task')} whatever the load.",
                mend="Register a scalable target with target tracking on CPU and memory.",
            )
            continue
        metrics = {policy.metric for policy in service.scaling.policies}
        for metric, word in ((CPU, "CPU"), (MEMORY, "memory")):
            if metric not in metrics:
                yield found(
                    rule=f"no-{word.lower()}-policy",
                    title=f"{service.name} does not scale on {word}",
                    why=f"No scaling policy follows {metric}.",
                    mend=f"Add target tracking on {word}.",
                )


def bounds(snapshot: Snapshot) -> Iterator[Finding]:
    """Minimum below the number of zones, no room between the bounds, or suspended."""
    for service in snapshot.services:
        if service.scaling is None:
            continue
        scaling = service.scaling
        found = partial(_found, service, requirement=Requirement.SCALING, part=Part.SCALING)
        if scaling.min_capacity < ZONES_REQUIRED:
            yield found(
                rule="min-below-zones",
                title=f"{service.name} may shrink to {scaling.min_capacity}",
                why=f"Its minimum of {scaling.min_capacity} is below three zones: at night a zone is left empty.",
                mend=f"Raise the minimum to {ZONES_REQUIRED}.",
            )
        if scaling.min_capacity >= scaling.max_capacity:
            yield found(
                rule="no-room",
                title=f"{service.name} has no room to scale",
                why=f"Minimum and maximum are both {scaling.max_capacity}: its policies can change nothing.",
                mend="Raise the maximum.",
            )
        yield from _suspended(service, scaling)


def at_max(snapshot: Snapshot) -> Iterator[Finding]:
    """As many tasks as allowed, while a policy asks for more. At the maximum and content is no trouble."""
    ringing = {alarm.name for alarm in snapshot.alarms if alarm.state == "ALARM"}
    for service in snapshot.services:
        if service.scaling is None or not is_at_max(service):
            continue
        above = [
            f"{_WORDS.get(policy.metric or '', policy.name)} is above its target of {policy.target:g}"
            for policy in service.scaling.policies
            if policy.target is not None and any("AlarmHigh" in name for name in ringing.intersection(policy.alarms))
        ]
        if above:
            yield _found(
                service,
                rule="at-max",
                title=f"{service.name} is at its maximum",
                why=f"{counted(service.desired, 'task')} wanted, {service.scaling.max_capacity} allowed, and "
                f"{listed(above)}: AWS would add tasks and may not.",
                requirement=Requirement.SCALING,
                mend="Raise the maximum, for a while if need be, after checking that the database can take the "
                "connections; or find out where the load comes from.",
                part=Part.SCALING,
            )


def is_at_max(service: FargateService) -> bool:
    """Whether scaling may add no task."""
    return service.scaling is not None and service.desired >= service.scaling.max_capacity


def _suspended(service: FargateService, scaling: Scaling) -> Iterator[Finding]:
    held = [
        word
        for word, off in (
            ("out", scaling.scale_out_suspended),
            ("in", scaling.scale_in_suspended),
            ("by schedule", scaling.scheduled_suspended),
        )
        if off
    ]
    if held:
        # Not growing costs availability; not shrinking or not following the clock only costs money until resumed.
        yield _found(
            service,
            rule="scaling-suspended",
            status=Status.DEGRADED if scaling.scale_out_suspended else Status.PAUSED,
            title=f"Scaling of {service.name} is suspended",
            why=f"It does not scale {listed(held)} until somebody resumes it.",
            requirement=Requirement.SCALING,
            mend="Resume scaling.",
            part=Part.SCALING,
        )


def _found(
    service: FargateService, *, rule: str, title: str, why: str, requirement: Requirement, mend: str, part: Part,
    status: Status = Status.DEGRADED,
) -> Finding:  # fmt: skip
    return Finding(rule, status, Subject.service(service.name), title, why, requirement, mend, part)


RULES = (
    Rule(policies, SCALED),
    Rule(at_max, (*SCALED, Part.ALARMS)),
    Rule(bounds, SCALED),
    Rule(deployments, (Part.SERVICES,)),
)
