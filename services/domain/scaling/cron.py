"""AWS's cron fields: minutes, hours, day of month, month, day of week, year. Days of the week count from Sunday, 1."""

import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from services.domain.errors import Invalid

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class Field:
    """One field: its name, its range and the words that stand for its numbers."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()


_MINUTE, _HOUR, _DAY = Field("minutes", 0, 59), Field("hours", 0, 23), Field("day of month", 1, 31)
_MONTH, _WEEKDAY = Field("month", 1, 12, _MONTHS), Field("day of week", 1, 7, _DAYS)
_YEAR = Field("year", 1970, 2199)


@dataclass(frozen=True)
class Days:
    """Which days: the `plain` numbers, and rules that depend on the month. `any` stands for `*` and `?`."""

    plain: frozenset[int] = frozenset()
    last: bool = False
    """The last day of the month."""
    near: frozenset[int] = frozenset()
    """The weekday nearest to this day of the month, in the same month."""
    nth: frozenset[tuple[int, int]] = frozenset()
    """(day of week, how manieth in the month); 0 for the last."""


@dataclass(frozen=True)
class Cron:
    """A parsed expression. Of `days` and `weekdays` exactly one is given, the other is None."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days | None
    months: frozenset[int]
    weekdays: Days | None
    years: frozenset[int]

    def falls_on(self, day: date) -> bool:
        """Whether it runs on this day."""
        if day.year not in self.years or day.month not in self.months:
            return False
        return _on_day(self.days, day) if self.days is not None else _on_weekday(self.weekdays or Days(), day)


def parse_cron(text: str) -> Cron:
    """The six fields between the parentheses of `cron(...)`. Raises Invalid saying what is wrong and what to write."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise _wrong(f"cron takes six fields (minutes hours day-of-month month day-of-week year), not {len(fields)}.")
    minutes, hours, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise _wrong("Of day of month and day of week give one, and write ? for the other.")
    return Cron(
        tuple(sorted(_numbers(_MINUTE, minutes))),
        tuple(sorted(_numbers(_HOUR, hours))),
        None if day == "?" else _days(day),
        _numbers(_MONTH, month),
        None if weekday == "?" else _weekdays(weekday),
        _numbers(_YEAR, year),
    )


def _numbers(field: Field, text: str) -> frozenset[int]:
    return frozenset(number for part in text.split(",") for number in _part(field, part))


def _part(field: Field, text: str) -> Collection[int]:
    found = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", text)
    if found is None or (found[1] == "*" and found[2]):
        raise _wrong(f"{text or 'nothing'!r} is no {field.name}: write a number, a-b, a/step, a list of them, or *.")
    step = int(found[3] or 1)
    if step < 1:
        raise _wrong(f"The step in {text!r} is 1 or more.")
    if found[1] == "*":
        return range(field.least, field.most + 1, step)
    first = _number(field, found[1])
    last = _number(field, found[2]) if found[2] else (field.most if found[3] else first)
    if last >= first:
        return range(first, last + 1, step)
    if not field.words:
        raise _wrong(f"{text!r} runs backwards: the first of the {field.name} is the smaller one.")
    around = [*range(first, field.most + 1), *range(field.least, last + 1)]  # FRI-MON, NOV-FEB
    return around[::step]


def _number(field: Field, text: str) -> int:
    number = str(field.words.index(text) + 1) if text in field.words else text
    if not (number.isascii() and number.isdigit()) or not field.least <= int(number) <= field.most:
        words = f" or {field.words[0]}-{field.words[-1]}" if field.words else ""
        raise _wrong(f"{text!r} is no {field.name}: it is {field.least} to {field.most}{words}.")
    return int(number)


def _days(text: str) -> Days:
    plain, near, last = set[int](), set[int](), False
    for part in text.split(","):
        if part == "L":
            last = True
        elif part.endswith("W"):
            near.add(_number(_DAY, part[:-1]))
        else:
            plain.update(_part(_DAY, part))
    return Days(frozenset(plain), last, frozenset(near))


def _weekdays(text: str) -> Days:
    plain, nth = set[int](), set[tuple[int, int]]()
    for part in text.split(","):
        day, mark, number = part.partition("#")
        if mark:
            if number not in ("1", "2", "3", "4", "5"):
                raise _wrong(f"{part!r}: after # comes 1 to 5, as in 3#2 for the second Tuesday.")
            nth.add((_number(_WEEKDAY, day), int(number)))
        elif part == "L":
            plain.add(7)
        elif part.endswith("L"):
            nth.add((_number(_WEEKDAY, part[:-1]), 0))
        else:
            plain.update(_part(_WEEKDAY, part))
    return Days(frozenset(plain), nth=frozenset(nth))


def _on_day(days: Days, day: date) -> bool:
    last = monthrange(day.year, day.month)[1]
    if day.day in days.plain or (days.last and day.day == last):
        return True
    return any(near <= last and _nearest(day.replace(day=near), last) == day for near in days.near)


def _nearest(day: date, last: int) -> date:
    """The weekday nearest to a day within its month."""
    if day.isoweekday() == 6:
        return day + timedelta(days=2) if day.day == 1 else day - timedelta(days=1)
    if day.isoweekday() == 7:
        return day - timedelta(days=2) if day.day == last else day + timedelta(days=1)
    return day


def _on_weekday(days: Days, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1
    is_last = day.day + 7 > monthrange(day.year, day.month)[1]
    week = (day.day - 1) // 7 + 1
    return weekday in days.plain or (weekday, week) in days.nth or (is_last and (weekday, 0) in days.nth)


def _wrong(message: str) -> Invalid:
    return Invalid(message, {"schedule": message})


__all__ = ["Cron", "Days", "parse_cron"]
