"""Replay: the recorded load of a service against the scaling of today and a proposed one. Simulated; writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.environment import NAME, Environment
from services.domain.errors import Invalid, NotFound, NotNow
from services.domain.failover.connections import parameters_of
from services.domain.prices import Price, task_hour
from services.domain.scaling import load, measured
from services.domain.scaling.change import ScalingChange, after, check_change, state_of
from services.domain.scaling.judging import rooms_of
from services.domain.scaling.load import Recording
from services.domain.scaling.replay import Assumed, Replay, Settings, assumptions, replay, settings_of
from services.domain.scaling.series import Series, minute_of, time_of
from services.domain.scaling.tracking import rules_of
from services.domain.snapshot import FargateService, Scaling, Snapshot
from services.domain.wording import counted
from services.ports import Catalogue, Clock, UnitOfWork

DAYS = (1, 7, 14)
FEWEST = 60
"""Minutes that must be known before anything is replayed."""
_METRICS = {load.CPU: measured.CPU, load.MEMORY: measured.MEMORY, load.REQUESTS: measured.REQUESTS}
"""AWS's metric type -> the name it is kept under."""


@dataclass(frozen=True)
class Compared:
    """Two replays of the same minutes. A side is None when it cannot be replayed (`why_not`). `known` is the share of
    minutes with data, 0 to 1; `assumed` what is taken for granted, as sentences; `price_source` where the price of a
    task-hour is from, empty when it is not known."""

    since: datetime
    until: datetime
    recording: Recording
    today: Replay | None
    proposed: Replay | None
    assumed: Sequence[str]
    known: float
    zone_lost: bool
    why_not: str = ""
    price_source: str = ""


class Replays:
    """Reads kept metrics only."""

    def __init__(self, unit: UnitOfWork, clock: Clock, catalogue: Catalogue) -> None:
        self._unit, self._clock, self._catalogue = unit, clock, catalogue

    def compare(
        self,
        actor: Actor,
        environment: str,
        service: str,
        change: ScalingChange,
        *,
        days: int = 1,
        zone_lost: bool = False,
    ) -> Compared:
        """The last days (one of DAYS) up to the newest reading. A change of nothing compares today with itself. Raises
        NotFound, NotNow, Invalid."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        if days not in DAYS:
            said = f"From the last {', '.join(map(str, DAYS))} days."
            raise Invalid("That many days are not replayed.", {"days": said})
        now = self._clock.now()
        with self._unit(readonly=True) as store:
            known = store.environments.get(environment) if NAME.fullmatch(environment) else None
            snapshot = store.snapshots.newest(environment) if known else None
            read_until = store.metrics.read_until(environment, 1) if known else None
            until = minute_of(now) if read_until is None else min(read_until, minute_of(now))
            since = minute_of(time_of(until) - timedelta(days=days))
            names = (measured.TASKS, *_METRICS.values())
            found = store.metrics.read(environment, service, names, since, until, 1) if snapshot else {}
        if known is None:
            raise NotFound(f"There is no environment {environment}.")
        if snapshot is None:
            raise NotNow(f"{environment} was not read yet.")
        recording = _recording(found)
        found_service = _service(snapshot, service)
        price = self.task_hour(known, snapshot, found_service)
        return _compared(snapshot, found_service, change, recording, now, price, zone_lost)

    def task_hour(self, environment: Environment, snapshot: Snapshot, service: FargateService) -> Price | None:
        """What one of the service's tasks costs an hour, by the size its stack says; None when that is not known."""
        said = parameters_of(snapshot, service)
        sizes = said.get("Cpu", ""), said.get("Memory", "")
        return task_hour(self._catalogue.prices(environment.region), *sizes, said.get("Architecture", "X86_64"))


def _service(snapshot: Snapshot, name: str) -> FargateService:
    found = next((each for each in snapshot.services if each.name == name), None)
    if found is None:
        raise NotFound(f"{snapshot.environment} has no service {name}.")
    return found


def _recording(found: Mapping[str, Series]) -> Recording:
    """What is kept, in the engine's terms; a metric without any point is left out."""
    readings = {
        metric: found[name] for metric, name in _METRICS.items() if any(v is not None for v in found[name].values)
    }
    return Recording(found[measured.TASKS], readings)


def _compared(
    snapshot: Snapshot,
    service: FargateService,
    change: ScalingChange,
    recording: Recording,
    now: datetime,
    price: Price | None,
    zone_lost: bool,
) -> Compared:
    zones = _zones(snapshot, service) if zone_lost else None
    known = _known(recording)
    made = Compared(
        time_of(recording.tasks.start),
        time_of(recording.tasks.end),
        recording,
        None,
        None,
        (),
        known / max(1, len(recording.tasks.values)),
        zone_lost,
        price_source=price.source if price else "",
    )
    if service.scaling is None:
        return replace(made, why_not=f"{service.name} has no scaling that could be replayed.")
    state = state_of(service.scaling)
    then = state if change == ScalingChange() else after(check_change(change, state, now), state)
    if known < FEWEST:
        few = f"Only {counted(known, 'minute')} of it are known, with tasks and load; {FEWEST} are needed."
        return replace(made, why_not=few)
    if zone_lost and not zones:
        return replace(made, why_not=f"It is not known over how many zones {service.name} stands.")
    assumed = Assumed(hourly=price.hourly if price else None, lost_of_zones=zones)
    settings = [_settings(each) for each in (service.scaling, then.scaling)]
    today = replay(recording, settings[0], assumed)
    proposed = today if settings[1] == settings[0] else replay(recording, settings[1], assumed)
    return replace(made, today=today, proposed=proposed, assumed=_assumed(recording, settings, assumed))


def _settings(scaling: Scaling) -> Settings:
    names = [policy.name for policy in scaling.policies]
    return settings_of(rules_of(scaling), scaling.scheduled, scaling.scheduled_suspended, names)


def _assumed(recording: Recording, settings: Sequence[Settings], assumed: Assumed) -> Sequence[str]:
    said = [*assumptions(recording, settings, assumed), "No deployment is assumed: during one, ECS does not scale in."]
    if any(each.scheduled and not each.scheduled_suspended for each in settings):
        said.append("The bounds are those given until the first scheduled action changes them.")
    return said


def _known(recording: Recording) -> int:
    """The minutes in which tasks and at least one metric are known."""
    rows = zip(recording.tasks.values, *(each.values for each in recording.readings.values()), strict=True)
    return sum(tasks is not None and any(v is not None for v in readings) for tasks, *readings in rows)


def _zones(snapshot: Snapshot, service: FargateService) -> int:
    """Over how many zones the service may stand; by its tasks where the network was not read, 0 when nothing says."""
    return len(rooms_of(snapshot, service)) or len({task.zone for task in service.tasks if task.zone})
