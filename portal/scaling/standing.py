"""How a service's scaling stands: one verdict, the worst reason first. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.failovers.preview import Said
from portal.words import moment
from services.domain.scaling.temporary import EditState
from services.domain.scaling.why import Kind
from services.domain.snapshot import FargateService, Part, Scaling, Snapshot
from services.domain.states import healthy_tasks, service_state
from services.domain.status import Status, freshness
from services.domain.wording import counted, listed
from services.usecases.scalings import ServiceScaling
from services.usecases.temporary import WARN_BEFORE


@dataclass(frozen=True)
class Fresh:
    """What is old or unread of what the page shows; None for what is fresh."""

    services: Status | None
    scaling: Status | None
    metrics: Status | None


def freshness_of(snapshot: Snapshot, now: datetime, stale_after: timedelta) -> Fresh:
    """Of a snapshot."""
    services, scaling, metrics = (
        freshness(snapshot, part, now, stale_after) for part in (Part.SERVICES, Part.SCALING, Part.METRICS)
    )
    return Fresh(services, scaling, metrics)


def standing(seen: ServiceScaling, fresh: Fresh, now: datetime) -> Said:
    """The verdict: state and counts, then why."""
    found = sorted(_reasons(seen, fresh, now), key=lambda reason: reason[0].rank)
    status = found[0][0] if found else Status.HEALTHY
    why = " ".join(reason for _, reason in found[:3]) or _steady(seen, now)
    return Said(status, f"{_word(seen, status)}.", counts(seen.service), why)


def _word(seen: ServiceScaling, status: Status) -> str:
    if status is Status.PAUSED and seen.service.scaling is None:
        return "Not scaled"
    return "Steady" if status is Status.HEALTHY else status.value.capitalize()


def counts(service: FargateService) -> str:
    """How many run, how many do their work, and how much room there is."""
    healthy, running = len(healthy_tasks(service)), service.running
    tasks = counted(running, "task") if running == service.desired else f"{running} of {service.desired} desired tasks"
    run = "runs" if tasks == "1 task" else "run"
    well = "all healthy" if healthy >= running > 1 else "healthy" if healthy == running == 1 else f"{healthy} healthy"
    said = f"{tasks} {run}, {well}" if running else f"No task of {service.desired} desired runs"
    if service.scaling is None:
        return f"{said}."
    room = service.scaling.max_capacity - service.desired
    return f"{said}; there is room for {room} more." if room > 0 else f"{said}; there is no room for more."


def _reasons(seen: ServiceScaling, fresh: Fresh, now: datetime) -> Iterator[tuple[Status, str]]:
    service, scaling = seen.service, seen.service.scaling
    if old := fresh.services or fresh.scaling:
        what = "was read too long ago" if old is Status.STALE else "could not be read"
        yield old, f"What stands here {what}."
    own = service_state(service)
    if own.status in (Status.DOWN, Status.DEGRADED, Status.UNKNOWN):
        yield own.status, f"ECS: {own.word}; scaling does not mend tasks that fail."
    if seen.at_max is not None and scaling is not None:
        yield Status.DEGRADED, f"More is asked for, and it is at its maximum of {scaling.max_capacity}."
    yield from _edits(seen, now)
    yield from _moving(service)
    if scaling is None:
        yield Status.PAUSED, "Nothing scales it: no scalable target is registered."
    else:
        yield from _hindered(seen, scaling)
        yield from _asked(seen)


def _asked(seen: ServiceScaling) -> Iterator[tuple[Status, str]]:
    """Alarms that ask for more tasks, where there is room: AWS adds them when the cooldown is over."""
    if seen.at_max is None:
        for line in seen.lines:
            if line.kind is Kind.ALARM and " is ALARM" in line.theirs and "AlarmLow" not in line.theirs:
                yield Status.CHANGING, line.ours


def _edits(seen: ServiceScaling, now: datetime) -> Iterator[tuple[Status, str]]:
    for edit in seen.edits:
        if edit.state is EditState.HELD:
            yield Status.DEGRADED, f"A temporary edit by {edit.by} could not be taken back: a person must decide."
        elif edit.state is EditState.WAITING and edit.until - now <= WARN_BEFORE:
            yield Status.CHANGING, f"A temporary edit by {edit.by} ends at {edit.until:%H:%M} UTC."
    if seen.live is not None:
        yield Status.CHANGING, f"A change of its scaling is under way, asked for by {seen.live.requested_by}."


def _hindered(seen: ServiceScaling, scaling: Scaling) -> Iterator[tuple[Status, str]]:
    """What keeps a registered target from scaling."""
    newest = next((line for line in seen.lines if line.at is not None and line.kind is not Kind.ALARM), None)
    if newest is not None and newest.kind is Kind.FAILED:
        yield Status.DEGRADED, newest.ours
    held = {
        "scaling out": scaling.scale_out_suspended,
        "scaling in": scaling.scale_in_suspended,
        "scheduled actions": scaling.scheduled_suspended,
    }
    if names := [name for name, suspended in held.items() if suspended]:
        yield Status.PAUSED, f"Suspended: {listed(names)}."
    if not scaling.policies:
        yield Status.PAUSED, "It has no policy: only bounds and schedules change its count."
    if blind := {line.policy for line in seen.lines if line.kind is Kind.ALARM and "INSUFFICIENT" in line.theirs}:
        yield Status.UNKNOWN, f"AWS has no data for {listed(sorted(blind))}: nothing scales on it."


def _moving(service: FargateService) -> Iterator[tuple[Status, str]]:
    if any(deployment.rollout == "IN_PROGRESS" for deployment in service.deployments):
        yield Status.CHANGING, "A deployment is rolling out; meanwhile nothing scales in."
    if service.running < service.desired and service_state(service).status is Status.CHANGING:
        yield Status.CHANGING, f"{counted(service.desired - service.running, 'task')} more to start."
    elif service.running > service.desired:
        yield Status.CHANGING, f"{counted(service.running - service.desired, 'task')} too many, being stopped."


def _steady(seen: ServiceScaling, now: datetime) -> str:
    """Why nothing moves."""
    scaled = next((line for line in seen.lines if line.kind is Kind.SCALED and line.at is not None), None)
    if scaled is None or scaled.at is None:
        return "Every policy is met. It has not scaled as far as is known."
    return f"Every policy is met. Last scaled {moment(scaled.at, now)}: {scaled.ours}"
