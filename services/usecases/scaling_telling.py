"""Reads out of the store what the scaling desk tells: a service's scaling now, and its measurements with marks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from services.domain.environment import Environment
from services.domain.errors import Invalid
from services.domain.operation import Operation
from services.domain.scaling import measured
from services.domain.scaling.change import difference
from services.domain.scaling.difference import Row
from services.domain.scaling.edited import edited_live
from services.domain.scaling.measured import HOW
from services.domain.scaling.schedule import next_runs
from services.domain.scaling.series import How, Series, coarser, minute_of, time_of
from services.domain.scaling.temporary import LIVE
from services.domain.scaling.why import Activity, Kind, at_max, why
from services.domain.scaling.why import told as told_of
from services.domain.snapshot import FargateService, ScheduledAction, Snapshot
from services.ports import Store
from services.usecases.scaling_documents import read_change, read_state
from services.usecases.scaling_records import KIND
from services.usecases.scaling_shapes import Mark, Measurements, NextRuns, ServiceScaling

LINES = 200
REMEMBERED = timedelta(days=455)
AT_MAX_WITHIN = timedelta(days=1)
PLACES = 1500
COARSER = (360, 1440)
"""Minutes a place may have beyond the steps that are kept."""


def told(
    store: Store, environment: Environment, snapshot: Snapshot, service: FargateService, now: datetime
) -> ServiceScaling:
    """Everything about one service's scaling."""
    name = environment.name
    activities = store.activities.between(name, service.name, now - REMEMBERED, now + timedelta(minutes=5), limit=LINES)
    deploying = any(deployment.rollout == "IN_PROGRESS" for deployment in service.deployments)
    scaling = service.scaling
    read_until = store.metrics.read_until(name, 1)
    return ServiceScaling(
        environment,
        service,
        snapshot.taken_at,
        why(scaling, activities, snapshot.alarms, deploying=deploying),
        tuple(_runs(action, now) for action in (scaling.scheduled if scaling else ())),
        edited_live(snapshot, service),
        store.edits.list(environment=name, service=service.name, states=LIVE),
        store.operations.on(name, service.name),
        _at_max(service, activities, now),
        None if read_until is None else time_of(read_until),
    )


def tasks(store: Store, snapshot: Snapshot, since: datetime, until: datetime) -> Mapping[str, Mapping[str, Series]]:
    """What ran and what was desired of every service, minute by minute, over at most a day. Raises Invalid."""
    if not timedelta(0) < until - since <= timedelta(days=1):
        raise Invalid("A window of tasks is a day at most.", {"since": "Choose a later beginning."})
    first, last, names = minute_of(since), minute_of(until), (measured.TASKS, measured.DESIRED)
    return {
        service.name: store.metrics.read(snapshot.environment, service.name, names, first, last, 1)
        for service in snapshot.services
    }


def measurements(
    store: Store, snapshot: Snapshot, service: FargateService, since: datetime, until: datetime, now: datetime
) -> Measurements:
    """The kept metrics of a window with what happened in it. Raises Invalid."""
    if not since < until:
        raise Invalid("The window ends before it begins.", {"until": "Choose an end after the beginning."})
    if until - since > REMEMBERED:
        raise Invalid(f"A window has {REMEMBERED.days} days at most.", {"since": "Choose a later beginning."})
    kept, step = _step(since, until, now)
    names = (*measured.FROM_AWS, *measured.OWN)
    first = minute_of(since) // step * step
    found = store.metrics.read(snapshot.environment, service.name, names, first, minute_of(until), kept)
    series = {name: _coarse(name, each, kept, step) for name, each in found.items()}
    read_until = store.metrics.read_until(snapshot.environment, kept)
    marks = sorted(_marks(store, snapshot, service, since, until), key=lambda mark: (mark.at, mark.kind, mark.said))
    return Measurements(step, since, until, series, marks, None if read_until is None else time_of(read_until))


def _step(since: datetime, until: datetime, now: datetime) -> tuple[int, int]:
    """The step that is read, and that of the places: the finest that is kept that far back and has few enough."""
    minutes = (until - since) / timedelta(minutes=1)
    for step, days in measured.STEPS:
        if since >= now - timedelta(days=days, minutes=step) and minutes / step < PLACES:
            return step, step
    kept = measured.STEPS[-1][0]
    return kept, next((step for step in (kept, *COARSER) if minutes / step < PLACES), COARSER[-1])


def _coarse(name: str, each: Series, kept: int, step: int) -> Series:
    return each if kept == step else coarser(each, step, HOW.get(name, How.MEAN))


def _marks(
    store: Store, snapshot: Snapshot, service: FargateService, since: datetime, until: datetime
) -> Iterator[Mark]:
    name = snapshot.environment
    for activity in store.activities.between(name, service.name, since, until):
        line = told_of(activity, service.scaling)
        yield Mark("not scaled" if line.kind is Kind.NOT_SCALED else "scaled", activity.at, line.ours)
    yield from _deployments(store, snapshot, service, since, until)
    for episode in store.episodes.list(environment=name, since=since, until=until):
        yield Mark("failover", episode.started_at, f"Failover of {episode.target}, {episode.origin}.", episode.id)
    for operation in _changes(store, name, service.name, since, until):
        yield Mark("edit", operation.started_at or operation.requested_at, _said(operation), operation.id)


def _deployments(
    store: Store, snapshot: Snapshot, service: FargateService, since: datetime, until: datetime
) -> Iterator[Mark]:
    """By ECS's own events, and by the newest snapshot where none came of them."""
    heard = [
        event
        for event in store.events.between(snapshot.environment, since, until)
        if (event.source, event.source_type, event.subject) == ("ecs", "deployment", service.name)
    ]
    yield from (Mark("deployment", event.at, event.message) for event in heard)
    for each in service.deployments:
        begun = each.created_at
        if begun is None or not since <= begun <= until:
            continue
        if not any(abs(event.at - begun) < timedelta(minutes=2) for event in heard):
            yield Mark("deployment", begun, f"Deployment {each.deployment_id} began.")


def _changes(store: Store, environment: str, service: str, since: datetime, until: datetime) -> Sequence[Operation]:
    found = store.operations.list(environment=environment, kind=KIND, before=until, limit=500)
    return [each for each in found if each.target == service and each.requested_at >= since and each.irreversible]


def _said(operation: Operation) -> str:
    """Who changed what, such as `ada: Maximum 12 → 20`."""
    change, before = read_change(operation.wants("change")), read_state(operation.wants("opened"))
    said = "; ".join(_row(row) for row in difference(change, before)[:4])
    once = f"desired count set to {change.desired_once}" if change.desired_once is not None else ""
    return f"{operation.requested_by}: {'; '.join(part for part in (said, once) if part)}"


def _row(row: Row) -> str:
    return f"{row.label} {row.before} → {row.after}"


def _runs(action: ScheduledAction, now: datetime) -> NextRuns:
    try:
        return NextRuns(action, next_runs(action, now))
    except Invalid as problem:
        return NextRuns(action, (), problem.message)


def _at_max(service: FargateService, activities: Sequence[Activity], now: datetime) -> Activity | None:
    """AWS says once that it is at its maximum, and not again while it stays there."""
    if service.scaling is None or service.desired < service.scaling.max_capacity:
        return None
    return at_max(activities, now - AT_MAX_WITHIN)
