"""Several plots over one time axis: what each shows goes in, everything its SVG is made of comes out. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from portal.charts import paths
from portal.charts.scale import Moment, Scale, levels, moments
from portal.charts.signs import Event, Sign, signs
from services.domain.scaling.series import Series

LATE = 5
"""Minutes that AWS may take to tell a metric: at the right end they are no gap."""
_HEAD, _TITLE, _FOOT = 24, 26, 26
_ROOM = 12
"""Labels of an axis nearer than this would touch."""


@dataclass(frozen=True)
class Layer:
    """One series of a plot. `draws` is `area`, `steps` or `line`; `cls` its class; `word` what a reader calls it,
    empty where the plot's title says it."""

    series: Series
    draws: str
    cls: str
    word: str = ""


@dataclass(frozen=True)
class Plot:
    """What one plot shows; the first layer is the one whose gaps are drawn. `least` is the smallest top of its axis;
    `named` are (value, word) told on the axis, such as bounds."""

    title: str
    note: str
    layers: Sequence[Layer]
    height: int
    unit: str = ""
    target: float | None = None
    whole: bool = False
    least: float = 1.0
    named: Sequence[tuple[float, str]] = ()


@dataclass(frozen=True)
class Shape:
    """One path with its class."""

    cls: str
    d: str


@dataclass(frozen=True)
class Drawn:
    """One plot, drawn between `top` and `base`. `labels` are (place, word) of its axis, `now` its newest values."""

    title: str
    note: str
    now: str
    top: float
    base: float
    labels: Sequence[tuple[float, str]]
    shapes: Sequence[Shape]
    target: float | None
    gaps: Sequence[tuple[float, float]]
    empty: bool


@dataclass(frozen=True)
class Chart:
    """Everything the SVG is made of."""

    width: int
    height: int
    left: int
    right: int
    plots: Sequence[Drawn]
    ticks: Sequence[Moment]
    signs: Sequence[Sign]
    words: str

    @property
    def lines(self) -> Sequence[Sign]:
        """The signs that lines go down from: none when there are so many that the lines would hide the chart."""
        found = [sign for sign in self.signs if sign.drops]
        return found if len(found) <= self.width // 50 else ()


def draw(
    plots: Sequence[Plot], since: int, until: int, *, width: int, left: int, events: Sequence[Event] = (), words: str
) -> Chart:
    """The chart of the minutes from `since` to `until`. `words` say it to who cannot see it."""
    right = width - 8
    x, top = Scale(since, until, left, right), _HEAD
    made = []
    for plot in plots:
        made.append(_plot(plot, x, top + _TITLE))
        top += _TITLE + plot.height
    roomy = width > 500
    found = signs(events, x, words=roomy)
    return Chart(
        width, top + _FOOT, left, right, made, moments(since, until, x, 8 if roomy else 4), found, words
    )  # fmt: skip


def readout(plots: Sequence[Plot], since: int, until: int) -> dict[str, Any]:
    """The plots' numbers for the page's script, place by place of the first layer's step. None is a gap."""
    step = plots[0].layers[0].series.step
    places = range(since // step * step, until, step)
    return {
        "first": places.start,
        "step": step,
        "since": since,
        "until": until,
        "plots": [
            {
                "title": plot.title,
                "unit": plot.unit,
                "layers": [
                    {"word": layer.word, "values": [_short(layer.series.at(minute)) for minute in places]}
                    for layer in plot.layers
                ],
            }
            for plot in plots
        ],
    }


def said(value: float | None, unit: str = "") -> str:
    """A value with its unit: no more digits than it needs."""
    if value is None:
        return "no data"
    return f"{_short(value):,}{unit}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _short(value: float | None) -> float | None:
    if value is None:
        return None
    digits = 0 if abs(value) >= 100 else 1
    made = round(value, digits)
    return int(made) if made == int(made) else made


def _plot(plot: Plot, x: Scale, top: float) -> Drawn:
    known = [v for layer in plot.layers for v in layer.series.values if v is not None]
    highest = max([*known, plot.least, *((plot.target * 1.15,) if plot.target else ())])
    axis = levels(highest, 3 if plot.height > 70 else 2, whole=plot.whole)
    y, first = Scale(0, axis[-1], top + plot.height, top + 6), plot.layers[0].series
    return Drawn(
        title=plot.title,
        note=plot.note,
        now=_now(plot),
        top=top,
        base=top + plot.height,
        labels=_labels(plot, axis, y),
        shapes=tuple(_shapes(plot, x, y)),
        target=y(plot.target) if plot.target is not None else None,
        gaps=paths.gaps(first, x, late=max(LATE, first.step)),
        empty=not any(v is not None for v in first.values),
    )


def _shapes(plot: Plot, x: Scale, y: Scale) -> Iterator[Shape]:
    drawn: dict[str, Callable[..., str]] = {"area": paths.area, "steps": paths.steps, "line": paths.line}
    for layer in plot.layers:
        if plot.target is not None and layer.draws == "line":
            yield Shape("area-over", paths.above(layer.series, plot.target, x, y))
        yield Shape(layer.cls, drawn[layer.draws](layer.series, x, y))


def _labels(plot: Plot, axis: Sequence[float], y: Scale) -> tuple[tuple[float, str], ...]:
    """What the axis names: first what matters, then round values that do not touch it."""
    wanted = [*plot.named]
    if plot.target is not None:
        wanted.append((plot.target, said(plot.target, plot.unit)))
    wanted += [(value, said(value, plot.unit)) for value in axis]
    made: list[tuple[float, str]] = []
    for value, word in wanted:
        if value <= axis[-1] and all(abs(y(value) - other) >= _ROOM for other, _ in made):
            made.append((y(value), word))
    return tuple(made)


def _now(plot: Plot) -> str:
    """The newest values, unless they are no longer new."""
    told = []
    for layer in plot.layers:
        last = layer.series.values[-(LATE // layer.series.step + 2) :]
        newest = next((v for v in reversed(last) if v is not None), None)
        if newest is not None and not layer.cls.startswith("bound"):
            told.append(" ".join(part for part in (said(newest, plot.unit), layer.word) if part))
    return ", ".join(told) or "no data"
