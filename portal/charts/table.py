"""A chart's numbers as a table: its text equivalent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.charts.chart import said
from services.domain.scaling.series import How, Series, coarser, time_of

MOST_ROWS = 100


@dataclass(frozen=True)
class Column:
    """One series of the table."""

    word: str
    series: Series
    unit: str = ""
    how: How = How.MEAN


@dataclass(frozen=True)
class Table:
    """`rows` are (time, cells), oldest first; `every` the minutes of a row, `blank` how many rows are all gap."""

    words: Sequence[str]
    rows: Sequence[tuple[datetime, Sequence[str]]]
    every: int
    blank: int


def table(columns: Sequence[Column], most: int = MOST_ROWS) -> Table:
    """Columns of one step and length, made coarser until at most so many rows are left."""
    if not columns:
        raise ValueError("A table has a column at least.")
    first = columns[0].series
    every = first.step
    while _rows(first, every) > most:
        every += first.step
    made = [(column, coarser(column.series, every, column.how)) for column in columns]
    minutes = range(made[0][1].start, made[0][1].end, every)
    rows = [(time_of(m), [said(series.at(m), column.unit) for column, series in made]) for m in minutes]
    return Table(
        tuple(column.word for column in columns), rows, every, sum(set(cells) == {"no data"} for _, cells in rows)
    )


def _rows(of: Series, every: int) -> int:
    """Places start at even multiples of their length, so that one may lie half before the first point."""
    return -(-of.end // every) - of.start // every
