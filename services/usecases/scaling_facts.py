"""Gathers what the guards of a scaling change are judged on, for the person's preview and for the worker alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.check import Answer, Check
from services.domain.environment import NAME, Environment
from services.domain.errors import NotFound, NotNow
from services.domain.failover.connections import connections_of, parameters_of
from services.domain.freeze import freezing
from services.domain.operation import State
from services.domain.pause import holding
from services.domain.scaling import load, measured
from services.domain.scaling.change import ScalingChange, ScalingState, after, state_of
from services.domain.scaling.guards import Bounds
from services.domain.scaling.judging import Facts, judged, rooms_of, uses_of
from services.domain.scaling.load import Recording, peak_need
from services.domain.scaling.series import minute_of
from services.domain.scaling.tracking import rules_of
from services.domain.snapshot import Database, DatabaseCluster, FargateService, Part, ScheduledAction, Snapshot
from services.ports import Store

PEAK_OVER = timedelta(days=14)
LATE = timedelta(minutes=5)
"""CloudWatch's newest point of a minute may be this late."""
METRICS = {load.CPU: measured.CPU, load.MEMORY: measured.MEMORY, load.REQUESTS: measured.REQUESTS}
"""The metric types of target tracking -> what they are called where they are measured."""
DEFAULT_QUOTA = "This is AWS's default; the account's own quota was not read."
ALREADY = "It is so already, and this does not make it worse."
_OF_BOUNDS = frozenset({"bounds", "never-zero", "zones", "quota", "connections", "addresses"})
"""The checks that need nothing but bounds."""
_FACTS = (Part.SERVICES, Part.SCALING)


@dataclass(frozen=True)
class Asked:
    """What is judged: a change of a service on the state it has, in a snapshot, at a time. `desired` is how many tasks
    are desired now."""

    environment: Environment
    snapshot: Snapshot
    service: FargateService
    state: ScalingState
    desired: int
    change: ScalingChange
    now: datetime
    stale_after: timedelta


def seen(store: Store, name: str) -> tuple[Environment, Snapshot]:
    """An environment with its newest snapshot. Raises NotFound; NotNow before it was first read."""
    environment = store.environments.get(name) if NAME.fullmatch(name) else None
    if environment is None:
        raise NotFound(f"There is no environment {name[:32]}.")
    snapshot = store.snapshots.newest(name)
    if snapshot is None:
        raise NotNow(f"{name} has not been read from AWS yet.")
    return environment, snapshot


def service_of(snapshot: Snapshot, name: str) -> FargateService:
    """A service by its name in Haven. Raises NotFound."""
    found = next((service for service in snapshot.services if service.name == name), None)
    if found is None:
        raise NotFound(f"{snapshot.environment} has no service called {name[:64]}.")
    return found


def registered(service: FargateService) -> ScalingState:
    """What scales a service, as read. Raises NotFound when nothing does."""
    if service.scaling is None:
        raise NotFound(f"{service.name} is not registered as a scalable target: its stack's template does that.")
    return state_of(service.scaling)


def checks_of(store: Store, asked: Asked) -> tuple[Check, ...]:
    """Every check of a change, in the order a person reads them."""
    bounds, then = _bounds(asked.service, asked.state), _bounds(asked.service, after(asked.change, asked.state))
    facts = _facts(store, asked, bounds, then)
    found = judged(facts)
    if then.max_capacity <= bounds.max_capacity and then.min_capacity >= bounds.min_capacity:
        still = {check.key: check for check in judged(_at(facts, asked, bounds))}
        found = tuple(_softened(check, still[check.key]) for check in found)
    by_schedule = (check for action in asked.change.scheduled for check in _scheduled(facts, asked, then, action))
    return (_fresh(asked), *(_worded(check) for check in found), *by_schedule, *_around(store, asked))


def _at(facts: Facts, asked: Asked, bounds: Bounds) -> Facts:
    """The same facts with other bounds after."""
    endpoint, _, _ = _database(asked.snapshot, asked.service)
    return replace(facts, after=bounds, uses=uses_of(asked.snapshot, endpoint, facts.service, bounds))


def _scheduled(facts: Facts, asked: Asked, then: Bounds, action: ScheduledAction) -> Iterator[Check]:
    """What a scheduled action will set, judged now: nobody is asked when it runs."""
    low = then.min_capacity if action.min_capacity is None else action.min_capacity
    high = then.max_capacity if action.max_capacity is None else action.max_capacity
    bounds = replace(then, min_capacity=low, max_capacity=high)
    for check in judged(replace(_at(facts, asked, bounds), before=bounds)):
        if check.key in _OF_BOUNDS:
            yield replace(_worded(check), key=f"{check.key}/{action.name}", title=f"{action.name}: {check.title}")


def _facts(store: Store, asked: Asked, bounds: Bounds, then: Bounds) -> Facts:
    service, snapshot = asked.service, asked.snapshot
    rules = rules_of(after(asked.change, asked.state).scaling)
    rooms = rooms_of(snapshot, service)
    endpoint, most, source = _database(snapshot, service)
    return Facts(
        service=service.name,
        before=bounds,
        after=then,
        desired=asked.desired,
        zones=len(rooms) or len(snapshot.zones),
        protected=asked.environment.protected,
        needs=_needs(asked, {policy.metric: policy.target for policy in rules.policies}),
        peak=_peak(store, asked),
        uses=uses_of(snapshot, endpoint, service.name, then),
        most=most,
        source=source,
        rooms=rooms,
        desired_once=asked.change.desired_once,
    )


def _bounds(service: FargateService, state: ScalingState) -> Bounds:
    return Bounds(state.scaling.min_capacity, state.scaling.max_capacity, service.maximum_percent)


def _needs(asked: Asked, targets: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """By policy's metric its newest reading and target; one whose reading is too old is not known, and left out."""
    found = dict[str, tuple[float, float]]()
    for metric, target in targets.items():
        newest = asked.snapshot.metric(asked.service.name, METRICS.get(metric, metric))
        if newest is not None and asked.now - newest.at <= asked.stale_after + LATE:
            found[metric] = (newest.value, target)
    return found


def _peak(store: Store, asked: Asked) -> int | None:
    """The most tasks that were needed in the last 14 days, by the targets the change leaves."""
    rules = rules_of(after(asked.change, asked.state).scaling)
    wanted = {METRICS[policy.metric]: policy.metric for policy in rules.policies if policy.metric in METRICS}
    names = (measured.TASKS, *wanted)
    since, until = minute_of(asked.now - PEAK_OVER), minute_of(asked.now)
    kept = store.metrics.read(asked.environment.name, asked.service.name, names, since, until, 1)
    readings = {wanted[name]: series for name, series in kept.items() if name in wanted}
    need = peak_need(Recording(kept[measured.TASKS], readings), rules)
    return need[0] if need else None


def _database(snapshot: Snapshot, service: FargateService) -> tuple[str | None, int | None, str]:
    """The endpoint of the database a service uses, how many connections it can be planned to hold, and by what."""
    said = parameters_of(snapshot, service).get("DatabaseEndpoint")
    stores: list[Database | DatabaseCluster] = [*snapshot.databases, *snapshot.clusters]
    found = [store for store in stores if store.endpoint and said in (store.endpoint, None)]
    if len(found) != 1:
        return said, None, "the database it uses"
    most, source = connections_of(found[0])
    return found[0].endpoint, most, source


def _softened(check: Check, before: Check) -> Check:
    """A change that makes nothing worse may be let pass where the same is wrong without it."""
    if check.answer is Answer.PASS or before.answer is not check.answer or check.overridable:
        return check
    return replace(check, overridable=True, fact=f"{check.fact} {ALREADY}")


def _worded(check: Check) -> Check:
    return replace(check, fact=f"{check.fact} {DEFAULT_QUOTA}") if check.key == "quota" else check


def _fresh(asked: Asked) -> Check:
    """What it is judged on was read lately; nothing lets old facts pass."""
    title = "What is known is fresh"
    times = [asked.snapshot.reading(part).read_at for part in _FACTS]
    oldest = min((at for at in times if at is not None), default=None)
    if oldest is None or None in times:
        return Check("fresh", title, Answer.UNKNOWN, "Its scaling has never been read.", None, "Wait for a reading.")
    age = asked.now - oldest
    if age > asked.stale_after:
        seconds = age.total_seconds()
        told = f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
        return Check("fresh", title, Answer.UNKNOWN, f"It was last read {told} ago.", oldest, "Wait for a reading.")
    return Check("fresh", title, Answer.PASS, f"It was read at {oldest:%H:%M:%S} UTC.", oldest)


def _around(store: Store, asked: Asked) -> Iterator[Check]:
    name, now = asked.environment.name, asked.now
    own = (each for each in asked.snapshot.stacks if each.name == f"service-{asked.service.name}")
    going = next((stack for stack in own if stack.status.endswith("_IN_PROGRESS")), None)
    fact = f"{going.stack_name} is {going.status}: it may overwrite what is changed here." if going else ""
    deploying = store.operations.on(name, name)
    if (
        not fact
        and deploying is not None
        and deploying.kind == "deploy"
        and deploying.state in (State.RUNNING, State.STUCK)
    ):
        fact = f"{deploying.what} is {deploying.state} ({deploying.id}): it may overwrite what is changed here."
    mend = "Wait until the deployment is over."
    yield _held("stack", "Its stack is at rest", fact, "No deployment of it runs.", mend, overridable=True)
    pause = holding(store.pauses.current(now), name, now)
    fact = f"Paused by {pause.by} until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.reason}" if pause else ""
    mend = "Lift the pause, or wait until it ends."
    yield _held("pause", "Haven is not paused", fact, "No pause holds this environment.", mend)
    freeze = freezing(store.freezes.current(now), name, now)
    fact = f"“{freeze.name}” is on until {freeze.ends:%Y-%m-%d %H:%M} UTC: {freeze.reason}" if freeze else ""
    mend = "Wait until it ends, or say why this cannot wait."
    yield _held("freeze", "No change freeze is on", fact, "No change freeze is on.", mend, overridable=True)


def _held(key: str, title: str, fact: str, otherwise: str, mend: str, *, overridable: bool = False) -> Check:
    if not fact:
        return Check(key, title, Answer.PASS, otherwise)
    return Check(key, title, Answer.FAIL, fact, None, mend, overridable)
