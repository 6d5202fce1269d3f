"""Bounds that a scheduled action set on purpose: they differ from the template's and are nobody's edit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.errors import Invalid
from services.domain.scaling.schedule import MOST, parse
from services.domain.snapshot import Scaling, ScheduledAction

_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=8), timedelta(days=32), timedelta(days=366))


@dataclass(frozen=True)
class ByAction:
    """A bound (`minimum` or `maximum`) that is what a scheduled action's last run made it."""

    bound: str
    value: int
    action: str
    at: datetime


def by_actions(scaling: Scaling, now: datetime) -> tuple[ByAction, ...]:
    """The bounds that still are what the last scheduled run that gave them made them."""
    ran = [(run, action) for action in scaling.scheduled if (run := last_run(action, now)) is not None]
    return tuple(_still(scaling, sorted(ran, key=lambda each: each[0])))


def last_run(action: ScheduledAction, now: datetime) -> datetime | None:
    """When it last ran, within a year; None when it did not, or Haven does not understand its schedule."""
    try:
        schedule = parse(action.schedule, action.timezone)
    except Invalid:
        return None
    for back in _BACK:
        if runs := schedule.runs(now - back, MOST, ends=now):
            return runs[-1]
    return None


def _still(scaling: Scaling, ran: list[tuple[datetime, ScheduledAction]]) -> Iterator[ByAction]:
    low = [(at, each.name, each.min_capacity) for at, each in ran if each.min_capacity is not None]
    high = [(at, each.name, each.max_capacity) for at, each in ran if each.max_capacity is not None]
    for bound, live, found in (("minimum", scaling.min_capacity, low), ("maximum", scaling.max_capacity, high)):
        if found and found[-1][2] == live:
            at, name, value = found[-1]
            yield ByAction(bound, value, name, at)
