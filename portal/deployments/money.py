"""The price of a plan as a table, with what redundancy costs beside the budget that it defends. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.deployment.cost import Estimate, Line
from services.domain.deployment.pricing_origins import Origin
from services.domain.wording import counted


@dataclass(frozen=True)
class PriceRow:
    """One resource. `difference` is None where a side is not known."""

    line: Line
    difference: float | None


@dataclass(frozen=True)
class SourceRow:
    """One list price, with the resources whose lines it is in."""

    origin: Origin
    used_by: Sequence[str]


@dataclass(frozen=True)
class Sources:
    """Every list price that is in some lines."""

    rows: Sequence[SourceRow]

    @property
    def said(self) -> str:
        """`7 list prices, 5 of them not AWS’s own word`."""
        quoted, many = sum(not row.origin.aws for row in self.rows), len(self.rows) > 1
        whose = "not AWS’s own word" if quoted else "AWS’s own word"
        each = (f"{quoted} of them " if quoted else "all of them ") if many else ""
        return f"{counted(len(self.rows), 'list price')}, {each}{whose}"


@dataclass(frozen=True)
class Price:
    """The whole table, what changes first. `same` are lines that cost the same before and after; `unknown` counts those
    without a price, which no sum holds. `redundancy` is USD a month after, `minutes` the month's budget, `a_minute`
    what a minute of it costs in redundancy; None where the budget is not known. `sources` are the list prices in it,
    the least sure first."""

    estimate: Estimate
    rows: Sequence[PriceRow]
    same: Sequence[PriceRow]
    unknown: int
    redundancy: float
    minutes: float | None
    a_minute: float | None
    sources: Sources

    @property
    def difference(self) -> float:
        """USD a month more, of what is known on both sides; negative is less."""
        return self.estimate.change


def price(estimate: Estimate, budget_seconds: float | None) -> Price:
    """The table of an estimate."""
    rows = [PriceRow(line, _difference(line)) for line in estimate.lines]
    redundancy = sum(line.redundancy for line in estimate.lines)
    minutes = budget_seconds / 60 if budget_seconds is not None else None
    return Price(
        estimate=estimate,
        rows=[row for row in rows if row.difference != 0],
        same=[row for row in rows if row.difference == 0],
        unknown=sum(bool(line.unknown) for line in estimate.lines),
        redundancy=redundancy,
        minutes=minutes,
        a_minute=redundancy / minutes if minutes and redundancy else None,
        sources=sources(estimate.lines),
    )


def sources(lines: Sequence[Line]) -> Sources:
    """Where the prices of these lines come from: each price once, those that are not AWS's own first."""
    used: dict[Origin, dict[str, None]] = {}
    for line in lines:
        for origin in line.origins:
            used.setdefault(origin, {})[line.logical_id] = None
    rows = (SourceRow(origin, list(names)) for origin, names in used.items())
    return Sources(sorted(rows, key=lambda row: row.origin.aws))


def usd(amount: float) -> str:
    """`USD 1,204` from a hundred on, `USD 12.40` below."""
    number = f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.2f}"
    return f"USD\N{NO-BREAK SPACE}{number}"


def more(amount: float) -> str:
    """A difference with its sign: `+ USD 480`, `− USD 12.00`, `no change`."""
    if round(amount, 2) == 0:
        return "no change"
    sign = "+" if amount > 0 else "\N{MINUS SIGN}"
    return f"{sign}\N{NO-BREAK SPACE}{usd(abs(amount))}"


def _difference(line: Line) -> float | None:
    if line.unknown:
        return None
    return round((line.after or 0.0) - (line.before or 0.0), 2)
