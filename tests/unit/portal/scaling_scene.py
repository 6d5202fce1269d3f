"""production as scaling has left it: rbac grew from 8 to 10 with a temporary edit of its maximum and an alarm that is
quiet again, audit is at its maximum and wants more, identity-sync does not scale out. Metrics of fifteen days with
minutes nobody measured."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from math import sin

from services.domain.operation import Operation, State, Target
from services.domain.scaling import measured
from services.domain.scaling.change import ScalingChange, state_of
from services.domain.scaling.measured import STEPS, Measured
from services.domain.scaling.series import Series, minute_of
from services.domain.scaling.temporary import Edit
from services.domain.scaling.why import Activity, NotScaled
from services.domain.snapshot import Alarm, FargateService, ScheduledAction, Snapshot
from services.usecases.scaling_documents import change_text, state_text
from tests import builders as b
from tests.unit.portal.house import House

GREW = b.NOW - timedelta(minutes=48)
GAP = (b.NOW - timedelta(minutes=95), b.NOW - timedelta(minutes=88))
EDITED = b.NOW - timedelta(minutes=110)
ENDS = b.NOW + timedelta(minutes=90)
MORNING = ScheduledAction("morning", "cron(30 7 ? * MON-FRI *)", "Europe/Berlin", 8, None)
EVENING = ScheduledAction("evening", "cron(0 20 * * ? *)", "Europe/Berlin", 6, None)


def snapshot() -> Snapshot:
    """The newest one."""
    zones = (b.ZONES[0],) * 4 + (b.ZONES[1],) * 3 + (b.ZONES[2],) * 3
    own = tuple(replace(policy, name=policy.name.removeprefix("production-")) for policy in b.scaling().policies)
    own = (replace(own[0], scale_in_cooldown=600), own[1])
    rbac = b.service(zones=zones, scaling=b.scaling(min_capacity=6, policies=own, scheduled=(EVENING, MORNING)))
    audit = b.service("audit", zones=b.ZONES * 2, scaling=b.scaling("audit", max_capacity=6))
    sync = b.service("identity-sync", scaling=b.scaling("identity-sync", scale_out_suspended=True))
    parameters = {
        "Scaling": "true", "MinTasks": "6", "MaxTasks": "10", "CpuTarget": "60", "MemoryTarget": "60",
        "ScaleOutCooldown": "60", "ScaleInCooldown": "300", "BusySchedule": "", "BusyMinTasks": "0",
        "QuietSchedule": "", "ScheduleTimezone": "UTC", "Cpu": "1024", "Memory": "2048", "PoolSize": "10",
        "EnvironmentName": "production",
    }  # fmt: skip
    made = b.snapshot()
    stacks = tuple(
        replace(each, parameters=tuple(parameters.items())) if each.name == "service-rbac" else each
        for each in made.stacks
    )
    alarms = [alarm for service in (rbac, audit, sync) for alarm in _alarms(service)]
    return replace(made, services=(rbac, audit, sync), stacks=stacks, alarms=(*made.alarms, *alarms))


def fill(house: House) -> None:
    """Put all of it into a house."""
    house.put(snapshot())
    rbac, audit, sync = snapshot().services
    with house.unit() as store:
        for service, shape in ((rbac, _rbac), (audit, _audit), (sync, _calm)):
            for step, days in STEPS:
                span = {1: timedelta(days=1), 5: timedelta(days=7), 60: timedelta(days=15)}[step]
                store.metrics.put("production", _measured(service.name, shape, step, min(span, timedelta(days=days))))
        for step in (1, 5, 60):
            store.metrics.set_read_until("production", step, minute_of(b.NOW))
        store.activities.put("production", "rbac", _activities())
        store.activities.put("production", "audit", [_at_max()])
        store.edits.add(edit())
        store.operations.add(_edit_operation())


def edit() -> Edit:
    """The maximum raised from 10 to 12 until later."""
    before = state_of(b.scaling(min_capacity=6, max_capacity=10))
    change = ScalingChange(max_capacity=12, until=ENDS)
    return Edit("op-edit", "production", "rbac", "admin", "Sign-in peak after holiday", EDITED, ENDS, before, change)


def _edit_operation() -> Operation:
    made = edit()
    wanted = (("change", change_text(made.change)), ("opened", state_text(made.before)))
    return b.operation(
        "op-edit", kind="scaling", target_kind=Target.SERVICE, target="rbac", requested_by="admin", requested_at=EDITED,
        started_at=EDITED, finished_at=EDITED, state=State.SUCCEEDED, reason=made.reason, wanted=wanted,
        sent_at=EDITED, seen=(("RegisterScalableTarget", EDITED),),
    )  # fmt: skip


def _activities() -> list[Activity]:
    alarm = "TargetTracking-rbac-cpu-AlarmHigh"
    cause = f"monitor alarm {alarm} in state ALARM triggered policy rbac-cpu"
    done = "Successfully set desired count to 10. Change successfully fulfilled by ecs."
    low = cause.replace("AlarmHigh", "AlarmLow")
    day = timedelta(days=1)
    return [
        Activity("a-1", GREW, "Successful", "Setting desired count to 10.", cause, done, GREW + timedelta(minutes=2)),
        Activity(
            "a-2", EDITED, "Successful", "Setting min capacity to 6 and max capacity to 12",
            "maximum capacity was set to 12", "Successfully set min capacity to 6 and max capacity to 12",
        ),
        Activity("a-3", b.NOW - 3 * day, "Successful", "Setting desired count to 8.", low, "Successfully set."),
        Activity("a-4", b.NOW - 5 * day, "Successful", "Setting desired count to 9.", cause, "Successfully set."),
        Activity(
            "a-5", b.NOW - 6 * day, "Successful", "Attempting to scale due to alarm triggered", cause,
            not_scaled=(NotScaled("AlreadyAtMaxCapacity", most=9, current=9),),
        ),
    ]  # fmt: skip


def _at_max() -> Activity:
    cause = "monitor alarm TargetTracking-audit-cpu-AlarmHigh in state ALARM triggered policy production-audit-cpu"
    return Activity(
        "a-9", b.NOW - timedelta(minutes=21), "Successful", "Attempting to scale due to alarm triggered", cause,
        not_scaled=(NotScaled("AlreadyAtMaxCapacity", most=6, current=6),),
    )  # fmt: skip


def _alarms(service: FargateService) -> list[Alarm]:
    made = []
    for policy in service.scaling.policies if service.scaling else ():
        for name in policy.alarms:
            low = "AlarmLow" in name
            rings = (service.name == "audit" and "cpu-AlarmHigh" in name) or (low and service.name == "rbac")
            state = "ALARM" if rings else "OK"
            reason = "Threshold Crossed: 15 datapoints were less than the threshold (54.0)." if low else None
            since = b.NOW - timedelta(minutes=21)
            made.append(b.alarm(name, state=state, reason=reason, since=since, description=None, scaling=True))
    return made


Shape = Callable[[str, datetime], float | None]


@cache
def _measured(service: str, shape: Shape, step: int, span: timedelta) -> tuple[Measured, ...]:
    """Worked out once: a hundred thousand points, the same in every test."""
    first = minute_of(b.NOW - span) // step * step
    times = [b.NOW - span + timedelta(minutes=step * n) for n in range(int(span / timedelta(minutes=step)))]
    names = (*measured.FROM_AWS, *measured.OWN)
    return tuple(
        Measured(service, name, Series(first, tuple(_gapped(shape, name, at) for at in times), step)) for name in names
    )


def _gapped(shape: Shape, name: str, at: datetime) -> float | None:
    if name in measured.FROM_AWS and GAP[0] <= at < GAP[1]:
        return None
    value = shape(name, at)
    return None if value is None else round(value, 3)


def _rbac(name: str, at: datetime) -> float | None:
    ago = (b.NOW - at) / timedelta(minutes=1)
    noise, day = sin(ago * 1.7) + sin(ago * 0.61), sin(ago / 229)
    ramp = 16 * max(0.0, 1 - abs(ago - 62) / 45) if ago > 46 else 4.0
    tasks = 10.0 if at >= GREW else 8.0
    values: dict[str, float | None] = {
        measured.CPU: 52 + ramp + noise * 1.6 + (day * 4 if ago > 300 else 0),
        measured.MEMORY: 50 + ramp / 2 + noise * 0.5,
        measured.REQUESTS: 96 + ramp * 2 + noise * 3,
        measured.RESPONSE_TIME: (0.058 + ramp / 1000 + noise / 900) + (0.07 if 50 < ago < 53 else 0),
        measured.ERRORS: 14.0 if 50 < ago < 53 else None,
        measured.TASKS: tasks if not at - GREW < timedelta(minutes=2) or at < GREW else 9.0,
        measured.DESIRED: tasks,
        measured.PENDING: 0.0,
        measured.MIN: 6.0,
        measured.MAX: 12.0 if at >= EDITED else 10.0,
    }
    return values[name]


def _audit(name: str, at: datetime) -> float | None:
    ago = (b.NOW - at) / timedelta(minutes=1)
    tasks = 6.0 if ago < 30 else 4.0
    return {**_flat(tasks, 3.0, 6.0), measured.CPU: 74 - ago / 40 + sin(ago)}.get(name)


def _calm(name: str, at: datetime) -> float | None:
    ago = (b.NOW - at) / timedelta(minutes=1)
    return {**_flat(3.0, 3.0, 12.0), measured.CPU: 30 + sin(ago / 3) * 3}.get(name)


def _flat(tasks: float, low: float, high: float) -> dict[str, float]:
    counts = {measured.TASKS: tasks, measured.DESIRED: tasks, measured.PENDING: 0.0, measured.MIN: low}
    return counts | {measured.MAX: high, measured.MEMORY: 44.0, measured.REQUESTS: 60.0, measured.RESPONSE_TIME: 0.04}
