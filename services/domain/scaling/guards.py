"""The guards of a scaling change, each with its arithmetic and with the nearest value that would pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from services.domain.check import Answer, Check
from services.domain.failover.connections import RESERVED
from services.domain.wording import capital, counted, listed

MOST_TASKS = 5000
"""ECS's default quota of tasks per service."""


@dataclass(frozen=True)
class Bounds:
    """What a change would leave: min, max, and the deployment's maximumPercent."""

    min_capacity: int
    max_capacity: int
    maximum_percent: int = 200

    @property
    def surge(self) -> int:
        """The most tasks there can be while a deployment runs."""
        return surge(self.max_capacity, self.maximum_percent)


@dataclass(frozen=True)
class Use:
    """What a service may hold of a database: its max, maximumPercent and pool size, None where it is not known."""

    service: str
    max_capacity: int
    maximum_percent: int
    pool: int | None


@dataclass(frozen=True)
class Room:
    """Free addresses of a service's subnets in a zone, and how many of its own tasks stand there."""

    zone: str
    free: int
    tasks: int


def surge(tasks: int, maximum_percent: int) -> int:
    """ceil(tasks × maximumPercent ÷ 100), at least the tasks themselves."""
    return max(tasks, -(-tasks * maximum_percent // 100))


def ordered(bounds: Bounds) -> Check:
    """min ≤ max."""
    low, high = bounds.min_capacity, bounds.max_capacity
    mend = f"Lower the minimum to {high}, or raise the maximum to {low}."
    return _of("bounds", "The minimum is not above the maximum", low <= high, f"{low} ≤ {high}", mend)


def never_none(bounds: Bounds) -> Check:
    """A service never scales to nothing."""
    low, high = bounds.min_capacity, bounds.max_capacity
    fact = f"minimum {low} ≥ 1 and maximum {high} ≥ 1"
    return _of("never-zero", "At least one task always runs", min(low, high) >= 1, fact, "Give 1 or more for both.")


def every_zone(bounds: Bounds, zones: int, protected: bool) -> Check:
    """Where it is protected, a task in every zone even at rest."""
    title = "The minimum covers every Availability Zone"
    fact = f"minimum {bounds.min_capacity} ≥ {counted(zones, 'zone')}"
    if not protected:
        return Check("zones", title, Answer.PASS, f"The environment is not protected: {fact} is not asked for.")
    return _of("zones", title, bounds.min_capacity >= zones, fact, f"Raise the minimum to {zones}.")


def within_quota(bounds: Bounds, quota: int | None, name: str = "tasks per service") -> Check:
    """The surge of a deployment at the maximum is within AWS's quota of tasks, None when it was not read."""
    title, key = "The maximum is within the quota", "quota"
    if quota is None:
        return Check(key, title, Answer.UNKNOWN, f"Not known: the quota of {name} was not read.", overridable=True)
    fact = f"ceil({_percent(bounds)}) = {bounds.surge} ≤ {quota:,} ({name})"
    return _of(key, title, bounds.surge <= quota, fact, _lower(fits(quota, bounds.maximum_percent)))


def small_step(before: Bounds, after: Bounds, desired: tuple[int, int] | None = None) -> Check:
    """Nothing falls by more than half at once; overriding it is the confirmation. `desired` is (now, asked for)."""
    pairs = [
        ("minimum", before.min_capacity, after.min_capacity),
        ("maximum", before.max_capacity, after.max_capacity),
        *([("desired count", *desired)] if desired else []),
    ]
    steep = [(name, was, to) for name, was, to in pairs if to * 2 < was]
    fact = ", ".join(f"{name} {was} → {to}" + (f" < {was} ÷ 2" if to * 2 < was else "") for name, was, to in pairs)
    mend = f"Confirm it, or lower no further than {listed([f'{name} {-(-was // 2)}' for name, was, _ in steep])}."
    return _of("step", "Nothing is lowered by more than half", not steep, fact, mend, overridable=True)


def current_need(bounds: Bounds, desired: int, needs: Mapping[str, tuple[float, float]]) -> Check:
    """The maximum carries what is asked for now. `needs`: metric → (newest reading, target), of `desired` tasks."""
    key, title = "need", "The maximum carries the load of now"
    if not needs:
        said = "Not known: no policy's metric has a reading."
        return Check(key, title, Answer.UNKNOWN, said, mend="Wait for metrics.", overridable=True)
    sums = {m: ceil(desired * value / target - 1e-9) for m, (value, target) in needs.items()}
    worst = max(sums, key=lambda metric: sums[metric])
    value, target = needs[worst]
    fact = f"ceil({desired} × {value:g} ÷ {target:g}) = {sums[worst]} by {worst} ≤ maximum {bounds.max_capacity}"
    mend = f"Set the maximum to {max(1, sums[worst])} or more."
    return _of(key, title, sums[worst] <= bounds.max_capacity, fact, mend, overridable=True)


def connections(uses: Sequence[Use], service: str, most: int | None, source: str, reserve: int = RESERVED) -> Check:
    """Every pool of every service fits the database when all deploy at their maximum. `uses` hold the changed values of
    `service`; `most` is max_connections, None when not known, `source` says where it is from."""
    key, title = "connections", "The database can hold every connection"
    unsaid = [use.service for use in uses if use.pool is None]
    if unsaid:
        said = f"Not known: the stack of {listed(unsaid)} has no PoolSize."
        return Check(key, title, Answer.UNKNOWN, said, mend="Set PoolSize in the service's stack.", overridable=True)
    if most is None:
        said = f"Not known: how many connections {source} holds."
        return Check(key, title, Answer.UNKNOWN, said, mend="Look up SHOW max_connections.", overridable=True)
    held = {u.service: surge(u.max_capacity, u.maximum_percent) * (u.pool or 0) for u in uses}
    total = sum(held.values()) + reserve
    terms = [f"ceil({u.max_capacity} × {u.maximum_percent}/100) × {u.pool} ({u.service})" for u in uses]
    fact = f"{' + '.join([*terms, f'{reserve} reserved'])} = {total:,} ≤ {most:,} ({source})"
    mine = next((use for use in uses if use.service == service), None)
    mend = "Make the pools smaller, or the database larger."
    if mine is not None and mine.pool:
        left = (most - total + held[service]) // mine.pool
        mend = _lower(fits(left, mine.maximum_percent), mend)
    return _of(key, title, total <= most, fact, mend)


def without_a_zone(bounds: Bounds, zones: int, peak: int | None, days: int = 14) -> Check:
    """With one zone gone, what is left of the maximum carries the most that was needed in the last days."""
    key, title = "one-zone-gone", "Without one zone the maximum carries the peak"
    if peak is None:
        said = f"Not known: no load of the last {days} days was recorded."
        return Check(key, title, Answer.UNKNOWN, said, mend="Wait for metrics.", overridable=True)
    high = bounds.max_capacity
    left = high - ceil(high / zones) if zones else 0
    fact = f"{high} - ceil({high} ÷ {zones}) = {left} ≥ {peak}, the peak of the last {days} days"
    mend = "Use two zones or more." if zones < 2 else f"Raise the maximum to {_carrying(peak, zones)}."
    return _of(key, title, left >= peak, fact, mend, overridable=True)


def addresses(bounds: Bounds, rooms: Sequence[Room]) -> Check:
    """Each zone has an address for its share of the surge; what the service's tasks hold already counts."""
    key, title = "addresses", "The subnets have the free addresses"
    if not rooms:
        said = "Not known: the service's subnets were not read."
        return Check(key, title, Answer.UNKNOWN, said, mend="Wait for the next reading.", overridable=True)
    share = ceil(bounds.surge / len(rooms))
    tight = min(rooms, key=lambda room: (room.free + room.tasks, room.zone))
    room = tight.free + tight.tasks
    fact = (
        f"ceil({bounds.surge} ÷ {len(rooms)} zones) = {share} ≤ {tight.free} free + {tight.tasks} own = {room} "
        f"in {tight.zone}"
    )
    mend = _lower(fits(room * len(rooms), bounds.maximum_percent), "Add larger subnets.")
    return _of(key, title, share <= room, fact, mend)


def fits(tasks: int, maximum_percent: int) -> int:
    """The largest maximum whose surge is at most `tasks`; 0 when none is."""
    return max(0, min(tasks, tasks * 100 // max(1, maximum_percent)))


def _carrying(peak: int, zones: int) -> int:
    """The smallest maximum that carries the peak without one of at least two zones."""
    return -(-peak * zones // (zones - 1))


def _percent(bounds: Bounds) -> str:
    return f"{bounds.max_capacity} × {bounds.maximum_percent}/100"


def _lower(most: int, otherwise: str = "Ask AWS for a higher quota.") -> str:
    return f"Lower the maximum to {most}. {otherwise}" if most >= 1 else otherwise


def _of(key: str, title: str, holds: bool, fact: str, mend: str, *, overridable: bool = False) -> Check:
    # A formula keeps its letters.
    shown = fact if fact.startswith("ceil(") else capital(fact)
    said = shown if holds else f"Not so: {fact}"
    return Check(
        key, title, Answer.PASS if holds else Answer.FAIL, f"{said}.", None, "" if holds else mend, overridable
    )
