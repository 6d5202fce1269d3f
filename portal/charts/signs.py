"""Signs over a chart: letters at their times, drawn together where they would lie on each other. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.charts.scale import Scale
from services.domain.scaling.series import minute_of

_APART = 24
"""Signs nearer than this are one."""
_HALF = 9
_LETTER = 7.2
"""A letter of the chart's small type is at most so wide, in the widest system font."""
_SHORTEST = 6


@dataclass(frozen=True)
class Event:
    """Something that happened. `letter` is its kind's; `short` a few words, `said` the whole sentence; `drops` whether
    a line goes down from it through the chart."""

    at: datetime
    letter: str
    short: str
    said: str
    drops: bool = True


@dataclass(frozen=True)
class Sign:
    """One sign at `x`, half as wide as `half`; `text` stands beside it where there is room."""

    x: float
    half: float
    letters: str
    text: str
    title: str
    drops: bool


def signs(events: Sequence[Event], x: Scale, *, words: bool = True) -> tuple[Sign, ...]:
    """Those of the scale's span, from left to right."""
    seen = sorted((e for e in events if x.low <= minute_of(e.at) <= x.high), key=lambda event: event.at)
    groups: list[list[Event]] = []
    for event in seen:
        place = x(event.at.timestamp() / 60)
        if groups and place - x(groups[-1][0].at.timestamp() / 60) < _APART:
            groups[-1].append(event)
        else:
            groups.append([event])
    made = [_sign(group, x) for group in groups]
    if not words or not made:
        return tuple(made)
    ends = [sign.x - sign.half - 6 for sign in made[1:]] + [x.end]
    return tuple(
        _worded(sign, group, end) if len(group) == 1 else sign
        for sign, group, end in zip(made, groups, ends, strict=True)
    )


def _sign(group: Sequence[Event], x: Scale) -> Sign:
    kinds = "".join(dict.fromkeys(event.letter for event in group))
    letters = kinds if len(kinds) == len(group) else f"{kinds[:2]}{len(group)}"
    title = "; ".join(event.said for event in group[:4]) + (f"; and {len(group) - 4} more" if len(group) > 4 else "")
    half = max(_HALF, round(len(letters) * _LETTER / 2 + 4, 1))
    place = min(max(x(group[0].at.timestamp() / 60), x.start + half), x.end - half)
    return Sign(round(place, 1), half, letters, "", title, any(event.drops for event in group))


def _worded(sign: Sign, group: Sequence[Event], end: float) -> Sign:
    room = int((end - sign.x - sign.half - 5) / _LETTER)
    text = group[0].short
    if len(text) > room:
        text = "" if room < _SHORTEST else f"{text[: room - 1].rstrip()}…"
    return Sign(sign.x, sign.half, sign.letters, text, sign.title, sign.drops)
