"""When scheduled actions run: at(), rate() and cron() of Application Auto Scaling, in a time zone.

Clock times that a change to summer time skips do not happen, and those that the change back repeats happen once, the
first time. Only at() and cron() know a zone; without one it is UTC.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count as numbers
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.domain.errors import Invalid
from services.domain.scaling.cron import Cron, parse_cron
from services.domain.snapshot import ScheduledAction

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_SHAPE = re.compile(r"\s*(at|rate|cron)\((.*)\)\s*", re.DOTALL)
_AT = "%Y-%m-%dT%H:%M:%S"
_AHEAD = timedelta(days=366 * 41)
"""Every date and weekday comes round within 40 years, whatever a century does to leap years."""
MOST = 1000


@dataclass(frozen=True)
class Schedule:
    """A parsed schedule: a clock time, an interval or a cron, with the zone its clock is in."""

    expression: str
    zone: ZoneInfo
    when: datetime | timedelta | Cron

    def runs(
        self,
        after: datetime,
        count: int,
        *,
        began: datetime | None = None,
        starts: datetime | None = None,
        ends: datetime | None = None,
    ) -> tuple[datetime, ...]:
        """The next runs after a time, at most `count` (up to 1000), in UTC. `began` is when a rate was first counted
        from: the action's start, or its creation; without it, `after`. Nothing runs before `starts` or after `ends`."""
        if not 0 <= count <= MOST:
            raise ValueError(f"Ask for 0 to {MOST} runs.")
        found = self._all(max(after, starts - timedelta(microseconds=1)) if starts else after, began or starts or after)
        return tuple(islice(takewhile(lambda run: ends is None or run <= ends, found), count))

    def _all(self, after: datetime, began: datetime) -> Iterator[datetime]:
        if isinstance(self.when, Cron):
            return self._by_cron(self.when, after)
        if isinstance(self.when, timedelta):
            return _each(self.when, after, began)
        run = _instant(self.when, self.zone)
        return iter([run] if run is not None and run > after else [])

    def _by_cron(self, cron: Cron, after: datetime) -> Iterator[datetime]:
        day = after.astimezone(self.zone).date()
        last = min(day + _AHEAD, date(max(cron.years), 12, 31))
        while day <= last:
            if cron.falls_on(day):
                clocks = (datetime.combine(day, time(h, m)) for h in cron.hours for m in cron.minutes)
                found = (_instant(clock, self.zone) for clock in clocks)
                yield from sorted(run for run in found if run is not None and run > after)
            day += timedelta(days=1)


def parse(expression: str, timezone: str | None = None) -> Schedule:
    """A schedule of AWS's expression. Raises Invalid that says what to write instead."""
    zone = _zone(timezone)
    found = _SHAPE.fullmatch(expression)
    if found is None:
        raise _wrong("Write at(2026-12-24T18:00:00), rate(5 minutes) or cron(30 6 ? * MON-FRI *).")
    kind, inner = found[1], found[2].strip()
    if kind == "cron":
        return Schedule(expression, zone, parse_cron(inner))
    if kind == "rate":
        return Schedule(expression, zone, _rate(inner))
    return Schedule(expression, zone, _at(inner, zone))


def next_runs(action: ScheduledAction, after: datetime, count: int = 3) -> tuple[datetime, ...]:
    """The next runs of an action that was read, in UTC. Raises Invalid for an expression Haven does not understand."""
    return parse(action.schedule, action.timezone).runs(after, count)


def _each(every: timedelta, after: datetime, began: datetime) -> Iterator[datetime]:
    passed = (after - began) // every + 1 if after >= began else 0
    return ((began + every * number).astimezone(UTC) for number in numbers(passed))


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{name!r} is no time zone: write an IANA name such as Europe/Berlin."
        raise Invalid(message, {"timezone": message}) from None


def _rate(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,5})\s+(minute|hour|day)(s?)", text)
    if found is None:
        raise _wrong("rate takes a whole number from 1 and minutes, hours or days, as in rate(5 minutes).")
    number, unit = int(found[1]), found[2]
    if (number == 1) == bool(found[3]):
        raise _wrong(f"Write rate({number} {unit}{'' if number == 1 else 's'}): one is singular, more are plural.")
    return _UNITS[unit] * number


def _at(text: str, zone: ZoneInfo) -> datetime:
    try:
        clock = datetime.strptime(text, _AT)  # noqa: DTZ007 - a clock time of the schedule's own zone
    except ValueError:
        raise _wrong("at takes a date and time as in at(2026-12-24T18:00:00).") from None
    if _instant(clock, zone) is None:
        raise _wrong(f"{text} does not exist in {zone.key}: clocks skip it. Choose a time an hour later.")
    return clock


def _instant(clock: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment of a clock time, the first of two; None for one that the clocks skip."""
    moment = clock.replace(tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == clock else None


def _wrong(message: str) -> Invalid:
    return Invalid(message, {"schedule": message})
