"""Where a value stands on an axis, and which values the axis names. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from math import ceil, floor, log10

from services.domain.scaling.series import time_of

_DAY = 1440
_MOMENTS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, _DAY, 2 * _DAY, 3 * _DAY, 5 * _DAY, 10 * _DAY, 30 * _DAY)
"""Minutes between two named moments of a time axis."""


@dataclass(frozen=True)
class Scale:
    """From values between `low` and `high` to places between `start` and `end`, to a tenth of a unit."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.0
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True)
class Moment:
    """A named moment of a time axis; `anchor` is `start`, `mid` or `end`, so that no word leaves the picture."""

    at: float
    word: str
    anchor: str = "mid"


def levels(top: float, most: int, *, whole: bool = False) -> tuple[float, ...]:
    """Round values from 0 up to the first one at or above `top`, in at most `most` equal steps. `whole` for what comes
    in whole numbers."""
    if most < 1:
        raise ValueError("An axis has a step at least.")
    step = _round_up(max(top, 1e-9) / most)
    if whole:
        step = max(1.0, ceil(step))
    count = max(1, ceil(round(top / step, 9)))
    return tuple(round(step * n, 10) for n in range(count + 1))


def _round_up(step: float) -> float:
    """The next of 1, 2, 2.5, 5 and 10 times a power of ten."""
    power = 10.0 ** floor(log10(step))
    return next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= step * (1 - 1e-9))


def moments(since: int, until: int, at: Scale, most: int) -> tuple[Moment, ...]:
    """At most `most` moments of the minutes from `since` to `until`, at even times of the day, UTC. A midnight is told
    by its date."""
    every = next((e for e in _MOMENTS if (until - since) / e <= most), _MOMENTS[-1])
    return tuple(_moments(since, until, every, at))


def _moments(since: int, until: int, every: int, at: Scale) -> Iterator[Moment]:
    minute = -(-since // every) * every
    while minute <= until:
        place, when = at(minute), time_of(minute).astimezone(UTC)
        midnight = when.hour == when.minute == 0
        word = f"{when.day} {when:%b}" if midnight or every >= _DAY else f"{when:%H:%M}"
        anchor = "start" if place < at.start + 16 else "end" if place > at.end - 16 else "mid"
        yield Moment(place, word, anchor)
        minute += every


def length(minutes: float) -> str:
    """A length of time in words for a person: 5 minutes, 1 hour, 6 hours."""
    span = timedelta(minutes=minutes)
    hours = span / timedelta(hours=1)
    number, word = (hours, "hour") if hours >= 1 and hours == int(hours) else (minutes, "minute")
    return f"{number:g} {word}{'' if number == 1 else 's'}"
