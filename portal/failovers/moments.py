"""The time line of an incident, so that it can be read: what matters first, and what is the same thirty times as one
line. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from portal.operations import telling
from services.domain.failover.episode import Episode
from services.usecases.failover_history import Incident, Moment

BEFORE, AFTER = timedelta(minutes=5), timedelta(minutes=10)
LEAST_ALIKE = 3
"""So many of the same in a row become one line."""
_ALWAYS = frozenset({"rds", "elasticache", "scaling", "haven", "ledger", "probe"})
_TRACKING = "TargetTracking-"
"""Alarms that only steer scaling begin so; they ring all the time and say nothing about a failover."""
_UNHEALTHY = re.compile(r"unhealthy|failed|unable|stopped", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One line: a moment, or several of the same in a row (`more`, the first of them included)."""

    moment: Moment
    sentence: str
    words: str = ""
    more: tuple[Moment, ...] = ()


@dataclass(frozen=True)
class TimeLine:
    """What is shown. `hidden` moments of `total` are left out; `narrowed` says that this is the short form."""

    lines: tuple[Line, ...]
    total: int
    hidden: int
    narrowed: bool


def time_line(incident: Incident, sources: Collection[str], *, every: bool) -> TimeLine:
    """All moments of the chosen sources; without a choice those that matter near the failover, unless `every`."""
    narrowed = not sources and not every
    told = [m for m in incident.moments if telling.told(m.sentence)]
    chosen = [
        m
        for m in told
        if (m.source in sources if sources else every or (_near(m, incident.episode) and matters(m)))
    ]  # fmt: skip
    lost = {m.link: at for m in reversed(told) if (at := _lost(m))}
    return TimeLine(tuple(_lines(chosen, lost)), len(told), len(told) - len(chosen), narrowed)


def matters(moment: Moment) -> bool:
    """Whether it may have to do with a failover: databases, Haven, people, alarms that are meant for people, targets
    and zones. Deployments and the coming and going of tasks are one click away."""
    if moment.source in _ALWAYS:
        return True
    if moment.source == "cloudwatch":
        return not moment.subject.startswith(_TRACKING) and not moment.words.startswith("INSUFFICIENT_DATA")
    if moment.source == "picture":
        if moment.subject.startswith("alarm-"):
            return moment.sentence.endswith(" ALARM") and not moment.subject.startswith(f"alarm-{_TRACKING}")
        return not moment.subject.startswith("stack-") and not moment.sentence.endswith(" appeared")
    return bool(_UNHEALTHY.search(moment.sentence))


def _near(moment: Moment, episode: Episode) -> bool:
    return episode.started_at - BEFORE <= moment.at <= (episode.completed_at or episode.started_at) + AFTER


def _lost(moment: Moment) -> str:
    _, found, value = moment.sentence.partition("writes lost at: ")
    return value if found else ""


def _lines(moments: Sequence[Moment], lost: Mapping[str, str]) -> Iterator[Line]:
    for _, run in groupby(moments, _shape):
        alike = tuple(run)
        if len(alike) >= LEAST_ALIKE:
            yield Line(alike[0], _together(alike), "", alike)
        else:
            yield from (Line(m, _sentence(m, lost.get(m.link, "")), m.words) for m in alike)


def _sentence(moment: Moment, lost: str) -> str:
    return telling.alarm(moment.words) if moment.source == "cloudwatch" else telling.told(moment.sentence, lost)


def _shape(moment: Moment) -> tuple[str, str, str]:
    """What is the same in moments that are told as one: the source and the sentence without the name of its subject."""
    if moment.source == "cloudwatch":
        return moment.source, telling.alarm(moment.words), ""
    if moment.source == "picture":
        kind, _, rest = _parts(moment)
        return moment.source, kind, rest
    return moment.source, moment.sentence, ""


def _parts(moment: Moment) -> tuple[str, str, str]:
    """The kind of thing, its name, and what became of it: `alarm`, `production-rbac-cpu`, ` appeared`."""
    _, _, name = moment.subject.partition("-")
    kind, found, rest = moment.sentence.partition(f"{name} ") if name else (moment.sentence, "", "")
    if not found:
        kind, found, rest = moment.sentence.partition(f"{name}:") if name else (moment.sentence, "", "")
        rest = f":{rest}"
    return (kind.strip(), name, rest.strip()) if found else (moment.sentence, "", "")


def _together(alike: Sequence[Moment]) -> str:
    first, number = alike[0], len(alike)
    if first.source == "cloudwatch":
        return f"{number} alarms, each: {telling.alarm(first.words)}"
    if first.source == "picture":
        kind, name, rest = _parts(first)
        if name:
            return f"{number} {kind or 'service'}s{'' if rest.startswith(':') else ' '}{rest}"
    return f"{first.sentence} ({number} times)"


def span(incident: Incident, line: TimeLine) -> tuple[datetime, datetime]:
    """From when to when the time line reaches."""
    episode = incident.episode
    if not line.narrowed:
        return incident.since, incident.until
    return episode.started_at - BEFORE, (episode.completed_at or episode.started_at) + AFTER
