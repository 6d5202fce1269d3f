"""One failover's page as data: the verdict, its phases on a strip, what it cost, the time line around it. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.failovers import moments
from portal.failovers.moments import TimeLine
from portal.failovers.page import RESULTS, SOURCES
from portal.failovers.preview import Said, seconds
from services.domain.budget import Budget
from services.domain.failover.episode import Episode, Origin, Result
from services.usecases.failover_history import Incident

WIDTH = 520
_LEAST = 3.0
SOURCE_WORDS = {
    "rds": "RDS", "elasticache": "ElastiCache", "ecs": "ECS", "alb": "Load balancer", "cloudwatch": "CloudWatch",
    "scaling": "Scaling", "cloudformation": "CloudFormation", "haven": "Haven", "ledger": "Ledger", "probe": "Probe",
    "picture": "Topology",
}  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """A stretch of the strip: from one phase to the next. `took` is None for what is still going on."""

    name: str
    at: datetime
    words: str
    x: float
    width: float
    took: float | None
    band: str


@dataclass(frozen=True)
class IncidentPage:
    """Everything the page shows. `sources` are those present on the time line, with how many each has."""

    incident: Incident
    said: Said
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    words: str
    sources: tuple[tuple[str, str, int], ...]
    line: TimeLine
    span: tuple[datetime, datetime]
    chosen: frozenset[str]
    source: str
    budget: Budget | None

    @property
    def share(self) -> float | None:
        """Percent of its month's budget; None when the outage or the budget is not known."""
        lost = self.incident.episode.outage_seconds
        return self.budget.share(lost) if self.budget and lost is not None else None


def make(incident: Incident, asked: Collection[str], budget: Budget | None, *, every: bool = False) -> IncidentPage:
    """The page; `asked` are the sources to show. Without any the time line holds what matters, or `every` moment."""
    counts = Counter(moment.source for moment in incident.moments)
    chosen = frozenset(asked) & counts.keys()
    bars, ticks = _strip(incident.episode)
    line = moments.time_line(incident, chosen, every=every)
    return IncidentPage(
        incident=incident,
        said=verdict(incident.episode),
        bars=bars,
        ticks=ticks,
        words="; ".join(f"{bar.name} {f'{seconds(bar.took)}' if bar.took is not None else 'not over'}" for bar in bars),
        sources=tuple((source, SOURCE_WORDS.get(source, source), number) for source, number in sorted(counts.items())),
        line=line,
        span=moments.span(incident, line),
        chosen=chosen,
        source=SOURCES.get(incident.episode.outage_source, incident.episode.outage_source),
        budget=budget,
    )


def verdict(episode: Episode) -> Said:
    """How it went, in two sentences."""
    where = f"from {episode.from_zone or episode.from_member or 'a place not known'} to "
    where += episode.to_zone or episode.to_member or "a place not known yet"
    lost = "how long writes were out is not known"
    if episode.outage_seconds is not None:
        lost = f"writes were out for {seconds(episode.outage_seconds)}"
    strong = {
        Result.RUNNING: f"{episode.target} is failing over.",
        Result.COMPLETED: f"{episode.target} failed over.",
        Result.ABANDONED: f"AWS abandoned the failover of {episode.target}.",
        Result.FAILED: f"The failover of {episode.target} failed.",
        Result.UNFINISHED: f"Nobody saw how the failover of {episode.target} ended.",
    }[episode.result]
    line = f"It moved {where}; {lost}." if episode.result is Result.COMPLETED else ""
    return Said(
        RESULTS[episode.result], strong, line, " ".join(part for part in (episode.meaning, _who(episode)) if part)
    )


def _who(episode: Episode) -> str:
    if episode.origin is Origin.HAVEN:
        return f"Asked for in Haven by {episode.who}." if episode.who else "Asked for in Haven."
    if episode.origin is Origin.OUTSIDE:
        return f"Asked for outside Haven{f' by {episode.who}' if episode.who else ''}."
    return "AWS began it by itself." if episode.origin is Origin.AUTOMATIC else "Who began it is not known yet."


def _strip(episode: Episode) -> tuple[tuple[Bar, ...], tuple[tuple[float, str], ...]]:
    """Detection apart from recovery; each phase lasts up to the next."""
    marks: list[tuple[str, datetime, str, str]] = []
    if episode.detected_at and episode.detected_at < episode.started_at:
        marks.append(("first sign of trouble", episode.detected_at, "", "degraded"))
    if not episode.phases:
        marks.append(("started", episode.started_at, "", "changing"))
    for phase in episode.phases:
        over = episode.completed_at is not None and phase.at >= episode.completed_at
        marks.append((phase.name, phase.at, phase.words, "healthy" if over else "changing"))
    marks.sort(key=lambda mark: mark[1])
    begin = marks[0][1]
    end = max(marks[-1][1], episode.completed_at or begin)
    span = max(1.0, (end - begin).total_seconds())

    def x(at: datetime) -> float:
        return round(WIDTH * (at - begin).total_seconds() / span, 1)

    bars = []
    for index, (name, at, words, band) in enumerate(marks):
        following = marks[index + 1][1] if index + 1 < len(marks) else None
        stop = following or (end if episode.result is not Result.RUNNING else None)
        took = (stop - at).total_seconds() if stop else None
        left = min(x(at), WIDTH - _LEAST)
        width = max(_LEAST, x(stop) - left) if stop else WIDTH - left
        bars.append(Bar(name, at, words, left, min(width, WIDTH - left), took, band))
    return tuple(bars), tuple(_ticks(span))


def _ticks(span: float) -> Sequence[tuple[float, str]]:
    """Round numbers of seconds, at most eight."""
    step = next((s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800) if span / s <= 8), 3600)
    number = int(span // step)
    return [(round(WIDTH * i * step / span, 1), str(timedelta(seconds=i * step))[2:]) for i in range(number + 1)]
