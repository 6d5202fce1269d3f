"""Findings about what watches and provisions: alarms and stacks, and things a finished stack should have made."""

from collections.abc import Iterator

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.findings.elastic import is_at_max
from services.domain.snapshot import Part, Snapshot, Stack
from services.domain.states import stack_state
from services.domain.status import Status


def firing(snapshot: Snapshot) -> Iterator[Finding]:
    """Alarms that fire. A target tracking alarm is not trouble: the high one announces a scale-out, the low one only
    says that there is room. Where nothing can be added, a finding of its own says so (`elastic`)."""
    in_vain = set(_unheard(snapshot))
    for alarm in snapshot.alarms:
        if alarm.state != "ALARM":
            continue
        if not alarm.scaling:
            yield _alarm(
                alarm.name,
                "alarm-firing",
                Status.DEGRADED,
                f"Alarm {alarm.name} fires",
                alarm.reason or alarm.description or "CloudWatch gives no reason.",
                "Answer the alarm; its metric and reason say where to look.",
            )
        elif "AlarmLow" not in alarm.name and alarm.name not in in_vain:
            yield _alarm(
                alarm.name,
                "scaling-out",
                Status.CHANGING,
                f"{alarm.metric or 'A metric'} is above its scaling target",
                f"{alarm.name} fires, so Application Auto Scaling adds tasks. {alarm.reason or ''}".rstrip(),
                "Wait for the new tasks; if it stays, look at the maximum.",
            )


def _unheard(snapshot: Snapshot) -> Iterator[str]:
    """The alarms on which nothing is added: the service is at its maximum, or scaling out is suspended."""
    for service in snapshot.services:
        if service.scaling is not None and (is_at_max(service) or service.scaling.scale_out_suspended):
            for policy in service.scaling.policies:
                yield from policy.alarms


def muted(snapshot: Snapshot) -> Iterator[Finding]:
    """Alarms that would tell nobody."""
    for alarm in snapshot.alarms:
        if not alarm.actions_enabled:
            yield _alarm(
                alarm.name,
                "alarm-muted",
                Status.DEGRADED,
                f"Alarm {alarm.name} is muted",
                "Its actions are disabled: it may fire and tell nobody.",
                "Enable its actions.",
            )


def stacks(snapshot: Snapshot) -> Iterator[Finding]:
    """Stacks that failed, rolled back, are on their way, or hold data without protection."""
    for stack in snapshot.stacks:
        state = stack_state(stack)
        if state.status is not Status.HEALTHY:
            moving = state.status is Status.CHANGING
            yield _stack(
                stack,
                "stack-changing" if moving else "stack-failed",
                state.status,
                f"Stack {stack.name} {'is changing' if moving else 'is not as asked'}",
                f"CloudFormation says {stack.status}{': ' + stack.status_reason if stack.status_reason else '.'}",
                "Wait for it to finish." if moving else "Read the first failed event, mend its cause and deploy again.",
            )
        if stack.name == "data" and not stack.termination_protection:
            yield _stack(
                stack,
                "stack-unprotected",
                Status.DEGRADED,
                "Stack data can be deleted",
                "Termination protection is off on the stack that holds the data.",
                "Turn termination protection on.",
            )


def missing(snapshot: Snapshot) -> Iterator[Finding]:
    """What a finished stack should have made and AWS does not have: taken away outside CloudFormation."""
    done = {stack.name for stack in snapshot.stacks if stack_state(stack).status is Status.HEALTHY}
    expected = (
        ("platform", Part.GATEWAY, snapshot.gateway, "API Gateway", Requirement.GATEWAY),
        ("platform", Part.LOAD_BALANCER, snapshot.load_balancer, "load balancer", Requirement.BALANCING),
        ("data", Part.DATABASE, (*snapshot.databases, *snapshot.clusters), "database", Requirement.DATABASE),
        ("data", Part.CACHE, snapshot.caches, "cache", Requirement.CACHE),
        ("data", Part.QUEUES, snapshot.queues, "queue", Requirement.EVENTS),
    )
    for stack, part, thing, name, requirement in expected:
        if stack in done and not thing and snapshot.reading(part).read_at is not None:
            yield Finding(
                "missing",
                Status.DOWN,
                Subject.part(part),
                f"There is no {name}",
                f"Stack {stack} is complete, but AWS has no {name} of this environment.",
                requirement,
                f"Deploy {stack} again, or find out who removed it.",
                part,
            )


def _alarm(name: str, rule: str, status: Status, title: str, why: str, mend: str) -> Finding:
    return Finding(rule, status, Subject.ALARMS, title, why, Requirement.WATCH, mend, Part.ALARMS, name)


def _stack(stack: Stack, rule: str, status: Status, title: str, why: str, mend: str) -> Finding:
    return Finding(rule, status, Subject.STACKS, title, why, Requirement.PROVISIONING, mend, Part.STACKS, stack.name)


RULES = (
    Rule(missing, (Part.STACKS,)),
    Rule(firing, (Part.ALARMS,)),
    Rule(stacks, (Part.STACKS,)),
    Rule(muted, (Part.ALARMS,)),
)
