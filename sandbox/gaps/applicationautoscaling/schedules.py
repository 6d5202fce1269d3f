"""When a scheduled action runs: AWS's at(), rate() and cron() in a time zone (aws-facts 4.4). Pure; times are seconds
since the epoch.

A clock time that a change to summer time skips does not come; one that the change back repeats comes once, at first.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEK = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
UNITS = {"minute": 60, "hour": 3600, "day": 86_400}
DAYS_AHEAD = 366 * 41
"""Far enough that every date has met every weekday."""
Falls = Callable[[date], bool]


@dataclass(frozen=True)
class Once:
    """at(...)."""

    moment: float

    def after(self, at: float, began: float) -> float | None:
        """The run after a time."""
        return self.moment if self.moment > at else None


@dataclass(frozen=True)
class Every:
    """rate(...): counted from when it began."""

    seconds: int

    def after(self, at: float, began: float) -> float | None:
        """The first run after a time."""
        return began if at < began else began + ((at - began) // self.seconds + 1) * self.seconds


@dataclass(frozen=True)
class Calendar:
    """cron(...): days of a calendar and times of their clocks."""

    zone: ZoneInfo
    falls: Falls
    clocks: tuple[time, ...]
    last: int

    def after(self, at: float, began: float) -> float | None:
        """The first run after a time, None if there is none in the next 41 years."""
        first = datetime.fromtimestamp(at, self.zone).date()
        for number in range(DAYS_AHEAD):
            day = first + timedelta(days=number)
            if day.year > self.last:
                return None
            if self.falls(day):
                moments = [moment_of(datetime.combine(day, clock), self.zone) for clock in self.clocks]
                later = [moment for moment in moments if moment is not None and moment > at]
                if later:
                    return min(later)
        return None


Schedule = Once | Every | Calendar


def read(expression: str, timezone: str | None) -> Schedule:
    """The schedule of an expression. Raises ValueError with what is wrong."""
    try:
        zone = ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"The timezone {timezone} is not valid.") from None
    found = re.fullmatch(r"(at|rate|cron)\((.*)\)", expression.strip())
    if found is None:
        raise ValueError(f"Invalid schedule expression: {expression}. Use at(...), rate(...) or cron(...).")
    kind, inner = found[1], found[2].strip()
    try:
        return {"at": _once, "rate": _every, "cron": _calendar}[kind](inner, zone)
    except ValueError as problem:
        raise ValueError(f"Invalid schedule expression: {expression}. {problem}") from None


def moment_of(clock: datetime, zone: ZoneInfo) -> float | None:
    """The moment of a clock time without zone; None for one that the clocks skip."""
    moment = clock.replace(tzinfo=zone).timestamp()
    return moment if datetime.fromtimestamp(moment, zone).replace(tzinfo=None, fold=0) == clock else None


def _once(text: str, zone: ZoneInfo) -> Schedule:
    moment = moment_of(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S"), zone)  # noqa: DTZ007 - of the zone given
    if moment is None:
        raise ValueError(f"{text} does not exist in {zone.key}.")
    return Once(moment)


def _every(text: str, zone: ZoneInfo) -> Schedule:
    found = re.fullmatch(r"([1-9]\d{0,5})\s+(?:(minute|hour|day)|(minute|hour|day)s)", text)
    if found is None or (found[1] == "1") != bool(found[2]):
        raise ValueError("A rate is a positive whole number and minute(s), hour(s) or day(s).")
    return Every(int(found[1]) * UNITS[found[2] or found[3]])


def _calendar(text: str, zone: ZoneInfo) -> Schedule:
    parts = text.upper().split()
    if len(parts) != 6:
        raise ValueError("A cron expression has six fields.")
    minute, hour, day, month, weekday, year = parts
    if [day, weekday].count("?") != 1:
        raise ValueError("One of day-of-month and day-of-week must be ?, and not both.")
    minutes, hours = numbers(minute, 0, 59), numbers(hour, 0, 23)
    months, years = numbers(month, 1, 12, MONTHS), numbers(year, 1970, 2199)
    falls = _by_weekday(weekday) if day == "?" else _by_day(day)
    clocks = tuple(time(h, m) for h in sorted(hours) for m in sorted(minutes))
    return Calendar(zone, lambda d: d.month in months and d.year in years and falls(d), clocks, max(years))


def numbers(text: str, least: int, most: int, names: list[str] | None = None) -> set[int]:
    """The numbers a cron field stands for. Raises ValueError."""
    found = set[int]()
    for item in text.split(","):
        span, slash, step = item.partition("/")
        first, dash, last = span.partition("-")
        if slash and (not step.isdecimal() or int(step) == 0):
            raise ValueError(f"{item} has no step.")
        if span == "*":
            low, high = least, most
        else:
            low = _number(first, least, most, names)
            high = _number(last, least, most, names) if dash else most if slash else low
        row = list(range(low, high + 1))
        if low > high:
            if names is None:
                raise ValueError(f"{item} runs backwards.")
            row = [*range(low, most + 1), *range(least, high + 1)]
        found.update(row[:: int(step or 1)])
    return found


def _number(text: str, least: int, most: int, names: list[str] | None) -> int:
    if names and text in names:
        return names.index(text) + 1
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise ValueError(f"{text or 'nothing'} is not in {least}-{most}.")
    return int(text)


def _by_day(text: str) -> Falls:
    rules = list[Falls]()
    for item in text.split(","):
        if item == "L":
            rules.append(lambda d: d.day == _length(d))
        elif item.endswith("W"):
            wanted = _number(item[:-1], 1, 31, None)
            rules.append(lambda d, n=wanted: n <= _length(d) and _working(d.replace(day=n)) == d)  # type: ignore[misc]
        else:
            plain = numbers(item, 1, 31)
            rules.append(lambda d, days=plain: d.day in days)  # type: ignore[misc]
    return lambda d: any(rule(d) for rule in rules)


def _by_weekday(text: str) -> Falls:
    rules = list[Falls]()
    for item in text.split(","):
        name, sharp, place = item.partition("#")
        if sharp:
            if place not in {"1", "2", "3", "4", "5"}:
                raise ValueError(f"{item} is no day of the month's weeks.")
            weekday, nth = _number(name, 1, 7, WEEK), int(place)
            rules.append(lambda d, w=weekday, n=nth: _weekday(d) == w and -(-d.day // 7) == n)  # type: ignore[misc]
        elif item.endswith("L") and item != "L":
            weekday = _number(item[:-1], 1, 7, WEEK)
            rules.append(lambda d, w=weekday: _weekday(d) == w and d.day > _length(d) - 7)  # type: ignore[misc]
        else:
            plain = {7} if item == "L" else numbers(item, 1, 7, WEEK)
            rules.append(lambda d, days=plain: _weekday(d) in days)  # type: ignore[misc]
    return lambda d: any(rule(d) for rule in rules)


def _weekday(day: date) -> int:
    """1 is Sunday."""
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _working(day: date) -> date:
    """The working day nearest to a day, in its month."""
    near = {6: -1, 7: 1}.get(day.isoweekday(), 0)
    moved = day + timedelta(days=near)
    return moved if moved.month == day.month else day + timedelta(days=-2 * near)


def stamp(at: float) -> str:
    """A time as AWS writes it in texts."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
