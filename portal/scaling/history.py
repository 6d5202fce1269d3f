"""What a service did over a window: its charts, wide and narrow, the list of what happened, the numbers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.charts import paths
from portal.charts.chart import Chart, Layer, Plot, draw, readout, said
from portal.charts.scale import Scale, length
from portal.charts.signs import Event
from portal.charts.table import Column, Table, table
from portal.scaling.windows import Window
from services.domain.scaling import load, measured
from services.domain.scaling.measured import HOW
from services.domain.scaling.series import How, Series, coarser, combined, minute_of
from services.domain.snapshot import FargateService
from services.domain.wording import counted
from services.usecases.scalings import Mark, Measurements

WIDE, NARROW = 836, 330
MOST_PLACES = 480
"""Places drawn at most: more would be finer than a pixel."""
LETTERS = {"scaled": "S", "not scaled": "N", "deployment": "D", "failover": "F", "edit": "E"}
WORDS = {"S": "scaled", "N": "did not scale", "D": "deployment", "F": "failover", "E": "edit"}
_POLICIES = {measured.CPU: load.CPU, measured.MEMORY: load.MEMORY, measured.REQUESTS: load.REQUESTS}


@dataclass(frozen=True)
class Happened:
    """One mark as it is listed. `kind` is the mark's."""

    mark: Mark
    letter: str
    kind: str


@dataclass(frozen=True)
class History:
    """Everything the section of charts shows. `happened` newest first."""

    measured: Measurements
    wide: Chart
    narrow: Chart
    readout: Mapping[str, Any]
    table: Table
    happened: Sequence[Happened]
    notes: Sequence[str]
    empty: bool


def history(service: FargateService, found: Measurements, window: Window) -> History:
    """The charts of a service's measurements."""
    series = _aligned(found)
    plots = tuple(_plots(service, series))
    since, until = minute_of(found.since), minute_of(found.until)
    words = _words(service, plots, window)
    events = tuple(_event(mark) for mark in found.marks)
    wide = draw(plots, since, until, width=WIDE, left=50, events=events, words=words)
    narrow = draw(plots, since, until, width=NARROW, left=40, events=events, words=words)
    happened = [Happened(mark, LETTERS.get(mark.kind, "?"), mark.kind) for mark in reversed(found.marks)]
    numbers = table(tuple(_columns(series)))
    notes = _notes(series[measured.CPU], numbers)
    empty = not any(known for each in series.values() for known in each.points)
    return History(found, wide, narrow, readout(plots, since, until), numbers, happened, notes, empty)


def spark(found: Mapping[str, Series], width: int = 132, height: int = 28) -> tuple[str, str, str]:
    """A small line of tasks: what runs as an area, what is desired as a line, and words for who cannot see it."""
    running, wanted = (found.get(name, Series(0)) for name in (measured.TASKS, measured.DESIRED))
    known = [v for each in (running, wanted) for v in each.values if v is not None]
    if not known:
        return "", "", "no data of its tasks"
    x, y = Scale(wanted.start, wanted.end, 0, width), Scale(0, max(known) * 1.15 or 1, height, 1)
    told = [v for v in (running if running.points else wanted).values if v is not None]
    words = f"{said(min(told))} to {said(max(told))} tasks" if min(told) != max(told) else f"{said(told[0])} tasks"
    return paths.area(running, x, y), paths.steps(wanted, x, y), words


def _of(found: Measurements, name: str) -> Series:
    """A series, all gap where nothing of it was read."""
    start = minute_of(found.since) // found.step * found.step
    places = -(-(minute_of(found.until) - start) // found.step)
    return found.series.get(name, Series(start, (None,) * max(places, 1), found.step))


def _aligned(found: Measurements) -> dict[str, Series]:
    """Every series by name, in places that are few enough to draw."""
    names = (*measured.FROM_AWS, *measured.OWN)
    series = {name: _of(found, name) for name in names}
    places = max(len(each.values) for each in series.values())
    step = found.step * max(1, -(-places // MOST_PLACES))
    if step != found.step:
        series = {name: coarser(each, step, HOW.get(name, How.MEAN)) for name, each in series.items()}
    series[measured.ERRORS] = _errors(series[measured.ERRORS], series[measured.REQUESTS])
    milli = series[measured.RESPONSE_TIME]
    series[measured.RESPONSE_TIME] = combined(milli, milli, lambda one, _: one * 1000)
    return series


def _errors(errors: Series, requests: Series) -> Series:
    """The load balancer tells of errors only when there are some: with requests and none told, there were none."""
    pairs = ((errors.at(m), requests.at(m)) for m in range(errors.start, errors.end, errors.step))
    return Series(errors.start, tuple(0.0 if e is None and r is not None else e for e, r in pairs), errors.step)


def _plots(service: FargateService, series: Mapping[str, Series]) -> Sequence[Plot]:
    scaling = service.scaling
    bounds: tuple[tuple[float, str], ...] = ()
    if scaling:
        low, high = scaling.min_capacity, scaling.max_capacity
        bounds = ((high, f"max {high}"), (low, f"min {low}"))
    tasks = Plot(
        "Tasks",
        "running (filled), desired (line), bounds (dotted)",
        (
            Layer(series[measured.TASKS], "area", "area", "running"),
            Layer(series[measured.DESIRED], "steps", "series", "desired"),
            Layer(series[measured.MIN], "steps", "bound", "min"),
            Layer(series[measured.MAX], "steps", "bound", "max"),
        ),
        120,
        whole=True,
        least=float(scaling.max_capacity if scaling else service.desired) or 1.0,
        named=bounds,
    )
    return (
        tasks,
        _metric(service, series, measured.CPU, "CPU", "of what its tasks may use", " %", 90),
        _metric(service, series, measured.MEMORY, "Memory", "of what its tasks may use", " %", 74),
        _metric(service, series, measured.REQUESTS, "Requests per target", "a minute", "", 64),
        _metric(service, series, measured.RESPONSE_TIME, "Response time", "mean", " ms", 64),
        _metric(service, series, measured.ERRORS, "5xx of its tasks", "a place of the chart", "", 48),
    )


def _metric(
    service: FargateService, series: Mapping[str, Series], name: str, title: str, note: str, unit: str, height: int
) -> Plot:
    policies = service.scaling.policies if service.scaling else ()
    target = next((p.target for p in policies if p.metric and p.metric == _POLICIES.get(name)), None)
    note = f"{note}, target {said(target, unit)}" if target is not None else note
    if name == measured.ERRORS:
        note = f"in {length(series[name].step)}"
        return Plot(title, note, (Layer(series[name], "area", "area-errors"),), height, unit, whole=True)
    share = 20.0 if unit == " %" else 1.0
    return Plot(title, note, (Layer(series[name], "line", "series"),), height, unit, target, least=share)


def _columns(series: Mapping[str, Series]) -> Sequence[Column]:
    told = (
        (measured.TASKS, "Running", ""),
        (measured.DESIRED, "Desired", ""),
        (measured.MIN, "Min", ""),
        (measured.MAX, "Max", ""),
        (measured.CPU, "CPU", " %"),
        (measured.MEMORY, "Memory", " %"),
        (measured.REQUESTS, "Requests per target", ""),
        (measured.RESPONSE_TIME, "Response time", " ms"),
        (measured.ERRORS, "5xx", ""),
    )
    return [Column(word, series[name], unit, HOW.get(name, How.MEAN)) for name, word, unit in told]


def _event(mark: Mark) -> Event:
    return Event(mark.at, LETTERS.get(mark.kind, "?"), _few(mark), mark.said, drops=mark.kind != "not scaled")


def _few(mark: Mark) -> str:
    """A few words for beside its sign."""
    if mark.kind == "scaled":
        return mark.said.partition(", because")[0].removeprefix("Desired count set ").removeprefix("AWS says ")
    if mark.kind == "edit":
        return mark.said.partition(": ")[2] or mark.said
    return {"not scaled": "did not scale", "deployment": "deployment"}.get(mark.kind, mark.kind)


def _notes(cpu: Series, numbers: Table) -> Sequence[str]:
    made = [] if cpu.step == 1 else [f"Each point is the mean of {length(cpu.step)}, errors are summed."]
    if numbers.blank:
        rows = counted(numbers.blank, "row")
        made.append(f"Hatched: no data; so {'is' if numbers.blank == 1 else 'are'} {rows} of the table.")
    return made


def _words(service: FargateService, plots: Sequence[Plot], window: Window) -> str:
    ranges = []
    for plot in plots:
        known = [v for v in plot.layers[0].series.values if v is not None]
        told = f"{said(min(known), plot.unit)} to {said(max(known), plot.unit)}" if known else "no data"
        ranges.append(f"{plot.title} {told}")
    return f"{service.name} over {window.word}: {'; '.join(ranges)}. The values are in the table below."
