"""Who changed when, as bars over one time axis: the stacks of a deployment, and the resources of each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.deployments.stands import Stand
from portal.topology.shapes import fit
from services.domain.status import Status

WIDTH, LABEL, ROW, HEAD = 760, 214, 22, 22
MOST = 60
"""Resources that are drawn; the table has all."""
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


@dataclass(frozen=True)
class Bar:
    """One thing. Places are in the picture's units; `expected` is where it usually ends, 0 where that is not known."""

    label: str
    name: str
    type: str
    status: Status
    word: str
    began_at: datetime
    ended_at: datetime | None
    seconds: float
    y: float
    x: float
    width: float
    expected: float = 0.0


@dataclass(frozen=True)
class Gantt:
    """The chart. `bars` are drawn, `rest` are in the table alone; `ticks` are (place, words)."""

    bars: Sequence[Bar]
    rest: Sequence[Bar]
    height: float
    ticks: Sequence[tuple[float, str]]
    words: str
    running: bool

    @property
    def all(self) -> Sequence[Bar]:
        """Drawn or not."""
        return [*self.bars, *self.rest]


def of_stacks(found: Sequence[Stand], now: datetime) -> Gantt | None:
    """One bar a stack that has begun; None before any has."""
    begun = [stand for stand in found if stand.rollout]
    things = [
        _Thing(
            stand.plan.name,
            "",
            stand.status,
            stand.word,
            stand.rollout.began_at,
            stand.rollout.ended_at,
            stand.typical.total_seconds() if stand.typical else 0.0,
        )
        for stand in begun
        if stand.rollout
    ]
    return _chart("Stacks", things, now)


def of_resources(stand: Stand, now: datetime) -> Gantt | None:
    """One bar a resource of a stack; None before any has begun."""
    things = [
        _Thing(name, kind, *_status(status, ended), began, ended) for name, kind, began, ended, status in stand.spans
    ]
    return _chart(f"Resources of {stand.plan.name}", things, now)


@dataclass(frozen=True)
class _Thing:
    name: str
    type: str
    status: Status
    word: str
    began_at: datetime
    ended_at: datetime | None
    typical: float = 0.0


def _status(words: str, ended: datetime | None) -> tuple[Status, str]:
    if words.endswith("_FAILED"):
        return Status.DOWN, words
    if ended is None:
        return Status.CHANGING, words
    return (Status.DEGRADED if "ROLLBACK" in words else Status.HEALTHY), words


def _chart(title: str, things: Sequence[_Thing], now: datetime) -> Gantt | None:
    if not things:
        return None
    since = min(each.began_at for each in things)
    ends = [(each.ended_at or now) for each in things]
    usual = [(each.began_at - since).total_seconds() + each.typical for each in things]
    whole = max(1.0, (max(ends) - since).total_seconds(), *usual) * 1.02

    def place(seconds: float) -> float:
        return round(LABEL + seconds / whole * (WIDTH - LABEL - 1), 1)

    bars = []
    for number, (each, end) in enumerate(zip(things, ends, strict=True)):
        begins = (each.began_at - since).total_seconds()
        took = max(0.0, (end - each.began_at).total_seconds())
        bars.append(
            Bar(
                label=fit(each.name, LABEL - 30, 12) or each.name[:3],
                name=each.name,
                type=each.type,
                status=each.status,
                word=each.word,
                began_at=each.began_at,
                ended_at=each.ended_at,
                seconds=took,
                y=HEAD + number * ROW,
                x=place(begins),
                width=round(max(2.0, place(begins + took) - place(begins)), 1),
                expected=place(begins + each.typical) if each.typical else 0.0,
            )
        )
    step = next((each for each in _STEPS if whole / each <= 6), _STEPS[-1])
    ticks = [(place(n * step), _said(n * step)) for n in range(int(whole // step) + 1)]
    running = any(each.ended_at is None for each in things)
    told = "; ".join(f"{bar.name} {_said(round(bar.seconds))}, {bar.word}" for bar in bars[:MOST])
    drawn = bars[:MOST]
    return Gantt(drawn, bars[MOST:], HEAD + len(drawn) * ROW + 4, ticks, f"{title} over time. {told}.", running)


def _said(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds % 60 == 0 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
